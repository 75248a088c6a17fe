from __future__ import annotations

import json
import os
import pickle
import shutil
import subprocess
import sys
import threading
import time
import warnings
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import TINY, clips_of_tones_and_noise

from mgrlib.data.corpus import Corpus
from mgrlib.errors import FeatureError, ShapeError, StorageError
from mgrlib.feature_store import StoredRows, read_stack, write_stack
from mgrlib.features import LogMel
from mgrlib.features.scale import MinMax, Standardize
from mgrlib.rows import Rows, ahead, applied, in_memory, memory_bytes, page_tensor, settled
from mgrlib.segments import Segments, cut
from mgrlib.systems import learn, segments_of
from mgrlib.systems.classifiers import flat
from mgrlib.systems.prepare import Preparation, RowMeans
from mgrlib.systems.prepare import Standardize as StandardizeStep
from mgrlib.training.loop import batches

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture
def nothing_fits(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every array counts as larger than memory."""
    monkeypatch.setenv("MGRLIB_MEMORY_MB", "0")


@pytest.fixture
def stored(tmp_path: Path) -> tuple[Rows, torch.Tensor]:
    """Thirteen rows in files of 3, 1, 0, 4 and 5 rows, and the same rows as a tensor."""
    rng = np.random.default_rng(0)
    arrays = [rng.normal(-40, 12, (n, 4, 6)).astype(np.float32) for n in (3, 1, 0, 4, 5)]
    stacks = [write_stack(tmp_path, f"{i}.npy", array) for i, array in enumerate(arrays)]
    return Rows.of(StoredRows(stacks)), torch.from_numpy(np.concatenate(arrays))


INDICES = [
    0,
    -1,
    slice(2, 9),
    slice(None),
    slice(0, 0),
    torch.tensor([5, 5, 0, 12, 11]),
    [3, 2, 1],
    torch.arange(13) % 3 == 0,
]


@pytest.mark.parametrize("index", INDICES)
def test_rows_are_indexed_as_a_tensor_is(stored, index):
    rows, tensor = stored
    assert torch.equal(rows[index], tensor[index])


@pytest.mark.parametrize("index", INDICES[2:])
def test_a_selection_of_rows_reads_nothing_until_it_is_indexed(stored, index, monkeypatch):
    rows, tensor = stored
    with monkeypatch.context() as patch:
        patch.setattr(StoredRows, "_read", lambda *_: pytest.fail("a file was read"))
        selection = rows.select(index)
        assert selection.shape == tuple(tensor[index].shape)
    assert torch.equal(selection[:], tensor[index])


def test_changes_are_made_batch_by_batch_in_their_order(stored):
    rows, tensor = stored
    changed = rows.apply(lambda x: x + 1).apply(lambda x: x.flatten(1)[:, :5] * 2)
    assert changed.shape == (13, 5)
    assert torch.equal(changed[[12, 0]], ((tensor + 1).flatten(1)[:, :5] * 2)[[12, 0]])


def test_a_change_that_loses_rows_is_refused(stored):
    with pytest.raises(ShapeError, match="one row for each row"):
        stored[0].apply(lambda x: torch.cat([x, x]))


def test_rows_name_the_remedy_where_a_tensor_is_needed(stored):
    with pytest.raises(AttributeError, match=r"\.mean.*`rows\[:\]` reads all"):
        stored[0].mean()


def test_rows_can_be_sent_to_another_process(stored):
    rows, tensor = stored
    assert torch.equal(pickle.loads(pickle.dumps(rows))[:], tensor)


def test_rows_become_an_array_of_numpy(stored):
    rows, tensor = stored
    assert np.array_equal(np.asarray(rows), tensor.numpy())
    assert np.array_equal(rows.apply(torch.neg).numpy(), -tensor.numpy())


def test_small_results_are_tensors_and_large_ones_are_not(stored, monkeypatch):
    rows, tensor = stored
    assert torch.equal(settled(rows), tensor)
    monkeypatch.setenv("MGRLIB_MEMORY_MB", "0")
    assert settled(rows) is rows
    assert isinstance(applied(rows, torch.neg), Rows)
    assert torch.equal(applied(tensor, torch.neg), -tensor)


@pytest.mark.parametrize("text", ["-1", "much", "1.5"])
def test_an_odd_size_of_memory_is_refused(monkeypatch, text):
    monkeypatch.setenv("MGRLIB_MEMORY_MB", text)
    with pytest.raises(StorageError, match="MGRLIB_MEMORY_MB"):
        memory_bytes()


def test_a_file_that_went_missing_names_the_remedy(stored):
    rows, _ = stored
    (rows.source.folder / "3.npy").unlink()
    assert rows[:3].shape == (3, 4, 6)
    with pytest.raises(StorageError, match=r"3\.npy.*cut the corpus again"):
        rows[4:6]


def test_a_file_that_became_shorter_is_refused(stored):
    rows, _ = stored
    path = rows.source.folder / "4.npy"
    path.write_bytes(path.read_bytes()[:-60])
    with pytest.raises(StorageError, match=r"4\.npy.*shorter"):
        rows[:]


# --- statistics


@pytest.mark.parametrize(
    "shape", [(70, 8, 64), (130, 13, 33), (200, 3, 5, 7), (65, 1, 40), (90, 5)]
)
@pytest.mark.parametrize("per", ["coefficient", "array"])
def test_streamed_statistics_are_those_of_the_whole_tensor(shape, per):
    x = torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape))) * 12 - 40
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # more threads add up in another order
    try:
        expected = Standardize.fit(x, per=per, eps=1e-5)
        streamed = Standardize.fit(Rows.of(x), per=per, eps=1e-5)
    finally:
        torch.set_num_threads(threads)
    if per == "coefficient" and shape[1] > 1:
        assert np.array_equal(streamed.mean, expected.mean)
        assert np.array_equal(streamed.std, expected.std)
    else:  # torch adds up in an order that depends on the processor
        np.testing.assert_allclose(streamed.mean, expected.mean, rtol=1e-6)
        np.testing.assert_allclose(streamed.std, expected.std, rtol=1e-6)
    assert streamed.mean.shape == expected.mean.shape == streamed.std.shape
    for a, b in zip(
        vars(MinMax.fit(Rows.of(x))).values(), vars(MinMax.fit(x)).values(), strict=True
    ):
        assert np.array_equal(a, b) and a.dtype == b.dtype


def test_a_band_that_never_changes_becomes_zero_in_a_stream_too():
    x = torch.full((130, 3, 2), 7.1)
    assert not Standardize.fit(Rows.of(x))(x).any()


def test_values_that_are_not_finite_are_refused_in_a_stream_too():
    x = torch.zeros(130, 3, 2)
    x[100, 1, 1] = float("nan")
    with pytest.raises(FeatureError, match="finite"):
        Standardize.fit(Rows.of(x))


# --- reading ahead


def test_results_come_in_order_while_threads_work_on_the_next():
    threads = set()

    def job(i: int) -> int:
        threads.add(threading.get_ident())
        time.sleep(0.01 * (i % 3))
        return i

    assert list(ahead(partial(job, i) for i in range(12))) == list(range(12))
    assert threading.get_ident() not in threads


def test_an_error_in_a_thread_is_raised_where_its_result_is_taken():
    def job(i: int) -> float:
        return 1 / (3 - i)

    results = ahead(partial(job, i) for i in range(5))
    assert [next(results) for _ in range(3)] == [1 / 3, 1 / 2, 1.0]
    with pytest.raises(ZeroDivisionError):
        next(results)


def test_whoever_stops_early_leaves_no_thread_behind():
    before = threading.active_count()
    results = ahead(partial(int, i) for i in range(1000))
    next(results)
    results.close()
    assert threading.active_count() == before


# --- segments, systems


@pytest.fixture(scope="module")
def clips(tmp_path_factory) -> Corpus:
    return clips_of_tones_and_noise(tmp_path_factory.mktemp("clips"))


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    return tmp_path


def both(clips: Corpus, monkeypatch: pytest.MonkeyPatch) -> tuple[Segments, Segments]:
    """The segments of the same clips in memory, and in files."""
    held = segments_of(TINY, clips)
    monkeypatch.setenv("MGRLIB_MEMORY_MB", "0")
    return held, segments_of(TINY, clips)


def test_segments_of_a_large_corpus_are_indices_into_files(clips, store, monkeypatch):
    held, streamed = both(clips, monkeypatch)
    (rows,) = streamed.inputs
    assert isinstance(rows, Rows) and isinstance(rows.source, StoredRows)
    ids = held.clip_ids[5:2:-1]
    with monkeypatch.context() as patch:
        patch.setattr(StoredRows, "_read", lambda *_: pytest.fail("a file was read"))
        part = streamed.of(ids)
    assert torch.equal(part.in_memory().inputs[0], held.of(ids).inputs[0])
    assert torch.equal(part[1][0], held.of(ids)[1][0])
    assert repr(streamed) == repr(held)


def test_batches_of_a_large_corpus_are_those_in_memory(clips, store, monkeypatch):
    held, streamed = both(clips, monkeypatch)
    orders = [torch.Generator().manual_seed(3) for _ in range(2)]
    pairs = zip(batches(held, 5, orders[0]), batches(streamed, 5, orders[1]), strict=True)
    for (x_file, y_one), (x_memory, y_other) in pairs:
        assert torch.equal(x_file[0], x_memory[0]) and torch.equal(y_one, y_other)


def test_a_system_learns_the_same_digits_from_files_as_in_memory(clips, store, monkeypatch):
    held, streamed = both(clips, monkeypatch)
    train, test = held.clip_ids[:8], held.clip_ids[8:]
    from_memory = learn(TINY, held.of(train), held.of(test), seed=4)
    other = learn(TINY, streamed.of(train), streamed.of(test), seed=4)
    assert from_memory.training.history.equals(other.training.history)
    predictions = [s.predict(x.of(test)) for s, x in ((from_memory, held), (other, streamed))]
    assert np.array_equal(predictions[0].probs, predictions[1].probs)
    assert np.array_equal(other.predict(clips).probs, from_memory.predict(clips).probs)


def test_vectors_of_a_large_corpus_are_computed_once(clips, store, monkeypatch):
    held, streamed = both(clips, monkeypatch)
    steps = (StandardizeStep(), RowMeans())
    expected = Preparation.fit(steps, held)(held)
    preparation = Preparation.fit(steps, streamed)
    monkeypatch.delenv("MGRLIB_MEMORY_MB")
    vectors = preparation(streamed)
    assert isinstance(vectors.inputs[0], torch.Tensor)
    assert torch.equal(vectors.inputs[0], expected.inputs[0])


def test_rows_of_scikit_learn_are_read_in_batches(clips, store, monkeypatch):
    held, streamed = both(clips, monkeypatch)
    assert torch.equal(flat(streamed).inputs[0], flat(held).inputs[0])
    assert flat(streamed.of([])).inputs[0].shape == (0, flat(held).inputs[0].shape[1])


def test_a_corpus_without_a_store_is_read_from_memory_in_batches(clips, nothing_fits):
    segments = cut(clips, *TINY.features, how=TINY.cut, store=False)
    (rows,) = segments.inputs
    assert isinstance(rows, Rows) and isinstance(rows.source, torch.Tensor)
    assert torch.equal(in_memory(rows.select([3, 1])), rows.source[[3, 1]])


def test_a_damaged_file_of_the_store_is_not_taken_for_a_good_one(tmp_path):
    write_stack(tmp_path, "a.npy", np.ones((1, 2, 2), dtype=np.float32))
    content = bytearray((tmp_path / "a.npy").read_bytes())
    content[-12] ^= 1
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.warns(UserWarning, match="damaged"):
        assert read_stack(tmp_path, "a.npy") is None


# --- limits of a computer


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 64 kB, where the tests may mount one."""
    folder = tmp_path / "disk"
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if shutil.which("mount") is None or subprocess.call(command, stderr=subprocess.DEVNULL):
        pytest.skip("no right to mount a small disk")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def test_a_full_disk_keeps_what_was_finished_and_a_larger_one_goes_on(
    clips, small_disk, tmp_path, monkeypatch
):
    feature = LogMel(8000, n_fft=256, hop_length=16, n_mels=16)
    monkeypatch.setenv("MGRLIB_HOME", str(small_disk))
    with pytest.raises(StorageError, match=r"No space left.*MGRLIB_HOME"):
        cut(clips, feature)
    finished = [path for path in small_disk.rglob("*") if path.is_file()]
    assert 0 < len(finished) < len(clips)
    assert all(path.suffix == ".npy" for path in finished)
    shutil.copytree(small_disk, tmp_path / "larger")
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "larger"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = cut(clips, feature)
    assert torch.equal(after.inputs[0], cut(clips, feature, store=False).inputs[0])


def peak_memory(n_clips: int, store: Path) -> int:
    """The peak memory in kB of a process that learns from so many clips of 256 kB."""
    environment = {**os.environ, "MGRLIB_HOME": str(store), "MGRLIB_MEMORY_MB": "0"}
    environment |= {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, str(ROOT / "tests/peak_memory.py"), str(n_clips)]
    return int(subprocess.check_output(command, env=environment, text=True))


@pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from Linux")
def test_a_thousand_clips_need_as_much_memory_as_a_hundred(tmp_path):
    hundred, thousand = (peak_memory(n, tmp_path) for n in (100, 1000))
    assert thousand < 1.1 * hundred


@pytest.mark.nightly
def test_memory_of_a_network_does_not_grow_with_the_corpus(tmp_path):
    command = [sys.executable, "-m", "benchmarks.scale", "--clips", "100", "1000", "--json"]
    subprocess.run([*command, str(tmp_path / "scale.json")], check=True, cwd=ROOT)
    peaks = [r["peak_mb"] for r in json.loads((tmp_path / "scale.json").read_text("utf-8"))]
    assert max(peaks) < 1.1 * min(peaks)


def test_a_tensor_on_its_own_pages_can_be_written_and_sent_elsewhere():
    tensor = page_tensor((3, 1 << 18)).fill_(2.0)
    assert tensor.shape == (3, 1 << 18) and float(tensor.sum()) == 6 << 18
    assert torch.equal(pickle.loads(pickle.dumps(tensor)), tensor)
    assert page_tensor((0, 5)).shape == (0, 5)


def test_large_batches_are_changed_piece_by_piece_with_the_same_digits(tmp_path):
    array = np.random.default_rng(1).normal(-40, 12, (11, 128, 1024)).astype(np.float32)
    tensor = torch.from_numpy(array)
    stacks = [write_stack(tmp_path, f"{i}.npy", array[i : i + 1]) for i in range(11)]
    scale, sizes = Standardize.fit(tensor), []
    rows = Rows.of(StoredRows(stacks)).apply(scale).apply(lambda x: sizes.append(len(x)) or x)
    sizes.clear()
    assert torch.equal(
        rows[torch.tensor([10, 3, 3, 0, 1, 2, 9])], scale(tensor)[[10, 3, 3, 0, 1, 2, 9]]
    )
    assert sizes == [4, 3]
