from __future__ import annotations

import errno
import hashlib
import os
import subprocess
import sys
import textwrap
import warnings
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.utils.data import DataLoader

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.folder import folder
from mgrlib.errors import AudioError, CorpusError, FeatureError, ShapeError, StorageError
from mgrlib.features import LogMel, Mfcc
from mgrlib.segments import Cut, Segments, cut, standardize

RATE = 8000
MEL = LogMel(RATE, n_fft=256, hop_length=128, n_mels=8)
READ: Counter[str] = Counter()


@dataclass(frozen=True)
class Tones:
    """Clips that are a constant, the table's `level`, for as many seconds as the table says."""

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        READ[f"{row.name} {sample_rate}"] += 1
        return np.full(round(row["seconds"] * sample_rate), row["level"], dtype=np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        return f"tone {row['level']} {row['seconds']}"


@dataclass(frozen=True)
class Level:
    """One row with the waveform's first sample times `gain`, or whatever `rows` says."""

    sample_rate: int
    gain: float = 1.0
    rows: int = 1

    @property
    def key(self) -> str:
        return repr(self)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        return np.full((self.rows, 3), y[0] * self.gain, dtype=np.float32)

    def shape(self, seconds: float) -> tuple[int, ...]:
        return (self.rows, 3)


@dataclass(frozen=True)
class Frames(Level):
    """As many columns as there are samples."""

    def __call__(self, y: np.ndarray) -> np.ndarray:
        return y[None]


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for each test; what is read is counted from zero."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    READ.clear()
    return tmp_path / "home" / "features"


def tones(n: int = 4, seconds: float = 1.0) -> Corpus:
    """Clips a, b, c, ... at levels 0.1, 0.2, ..., of two genres in turn."""
    table = pd.DataFrame(
        {
            "path": "",
            "genre": ["jazz" if i % 2 else "blues" for i in range(n)],
            "group": [str(i) for i in range(n)],
            "seconds": seconds,
            "level": [(i + 1) / 10 for i in range(n)],
        },
        index=pd.Index([chr(ord("a") + i) for i in range(n)], name="clip_id"),
    )
    return Corpus("tones", ("blues", "jazz"), table, Tones())


@pytest.fixture
def files(tmp_path: Path) -> Callable[..., Corpus]:
    """Write each waveform to a file of its name, and return the corpus of these clips."""

    def write(rate: int = RATE, subtype: str = "PCM_16", **clips: np.ndarray) -> Corpus:
        (tmp_path / "audio").mkdir(exist_ok=True)
        for name, y in clips.items():
            sf.write(tmp_path / "audio" / f"{name}.wav", y, rate, subtype=subtype)
        return corpus_of(tmp_path / "audio", *clips)

    return write


def corpus_of(place: Path, *names: str) -> Corpus:
    """The files of these names as a corpus, whatever is in them."""
    table = pd.DataFrame(
        {
            "path": [str(place / f"{name}.wav") for name in names],
            "genre": ["blues", *["jazz"] * (len(names) - 1)],
            "group": list(names),
            "seconds": 1.0,
        },
        index=pd.Index(names, name="clip_id"),
    )
    return Corpus("files", ("blues", "jazz"), table, FileSource())


def noise(seconds: float = 1.0, rate: int = RATE, seed: int = 0) -> np.ndarray:
    return 0.1 * np.random.default_rng(seed).standard_normal(round(seconds * rate))


def in_store(store: Path) -> list[Path]:
    return sorted(path for path in store.rglob("*") if path.is_file())


def digest(segments: Segments) -> str:
    return hashlib.sha256(b"".join(x.numpy().tobytes() for x in segments.inputs)).hexdigest()


# --- cutting one waveform


@pytest.mark.parametrize(
    ("how", "starts", "length"),
    [
        (Cut(), [0], 100),
        (Cut(3.0), [0, 30, 60], 30),
        (Cut(5.0), [0, 50], 50),
        (Cut(4.0, hop_seconds=2.0), [0, 20, 40, 60], 40),
        (Cut(4.0, hop_seconds=5.0), [0, 50], 40),
        (Cut(trim_seconds=1.0), [10], 80),
        (Cut(4.0, trim_seconds=1.0), [10, 50], 40),
        (Cut(10.0), [0], 100),
    ],
)
def test_a_clip_of_ten_seconds_is_cut_where_it_should_be(how, starts, length):
    pieces = how(np.arange(100), 10)
    assert [int(piece[0]) for piece in pieces] == starts
    assert {len(piece) for piece in pieces} == {length}


def test_padding_fills_a_short_clip_with_zeros_behind():
    (piece,) = Cut(1.0, pad=True)(np.array([1.0, 2.0, 3.0]), 5)
    assert piece.tolist() == [1.0, 2.0, 3.0, 0.0, 0.0]


def test_padding_changes_nothing_where_the_clip_is_long_enough():
    assert [len(p) for p in Cut(1.0, pad=True)(np.ones(12), 5)] == [5, 5]


def test_a_short_clip_is_refused_with_the_remedy():
    with pytest.raises(AudioError, match=r"at least 2 s, got 1\.00 s after trimming.*pad=True"):
        Cut(2.0, trim_seconds=1.0)(np.ones(30), 10)


def test_trimming_more_than_there_is_leaves_nothing_to_cut():
    with pytest.raises(AudioError, match=r"got 0\.00 s"):
        Cut(trim_seconds=7.0)(np.ones(100), 10)


@pytest.mark.parametrize(
    "settings", [{"segment_seconds": 0}, {"hop_seconds": -1}, {"trim_seconds": -0.1}]
)
def test_impossible_cuts_are_refused_when_they_are_written(settings):
    with pytest.raises(FeatureError, match=next(iter(settings))):
        Cut(**settings)


# --- cutting a corpus


def test_segments_remember_clip_and_label():
    segments = cut(tones(3), Level(RATE), how=Cut(0.5))
    assert segments.inputs[0].shape == (6, 1, 3)
    assert segments.inputs[0].dtype == torch.float32
    assert segments.inputs[0][:, 0, 0].tolist() == pytest.approx([0.1, 0.1, 0.2, 0.2, 0.3, 0.3])
    assert segments.clip.tolist() == [0, 0, 1, 1, 2, 2]
    assert segments.y.tolist() == [0, 0, 1, 1, 0, 0]
    assert segments.clip_ids == ("a", "b", "c")
    assert segments.genres == ("blues", "jazz")


def test_clips_come_in_the_order_asked_for():
    segments = cut(tones(), Level(RATE), clip_ids=["d", "a"])
    assert segments.clip_ids == ("d", "a")
    assert segments.inputs[0][:, 0, 0].tolist() == pytest.approx([0.4, 0.1])


def test_a_feature_is_computed_as_it_computes_itself(files):
    y = noise()
    segments = cut(files(x=y, y=noise(seed=1), subtype="FLOAT"), MEL)
    assert np.array_equal(segments.inputs[0][0], MEL(y.astype(np.float32)))


def test_two_features_at_two_rates_read_the_audio_once_a_rate():
    segments = cut(tones(1 + 1), Level(RATE), Level(RATE, gain=2.0), Level(4000), how=Cut(0.25))
    assert [tuple(x.shape) for x in segments.inputs] == [(8, 1, 3)] * 3
    assert READ == {"a 8000": 1, "a 4000": 1, "b 8000": 1, "b 4000": 1}


def test_without_a_feature_there_is_nothing_to_cut():
    with pytest.raises(FeatureError, match="at least one feature"):
        cut(tones())


def test_without_a_clip_there_is_nothing_to_cut():
    with pytest.raises(CorpusError, match="at least one clip"):
        cut(tones(), Level(RATE), clip_ids=[])


def test_an_unknown_clip_is_refused():
    with pytest.raises(CorpusError, match="'z'"):
        cut(tones(), Level(RATE), clip_ids=["a", "z"])


def test_unequal_shapes_are_refused_with_both_clips_named():
    corpus = tones(2)
    corpus.clips.loc["b", "seconds"] = 2.0
    with pytest.raises(ShapeError, match=r"'a': \(1, 8000\), 'b': \(1, 16000\).*segment_seconds"):
        cut(corpus, Frames(RATE))


def test_features_that_disagree_about_the_number_of_segments_are_refused_by_clip():
    @dataclass(frozen=True)
    class Uneven(Tones):
        def audio(self, row, sample_rate):
            return super().audio(row, sample_rate)[: -1 if sample_rate == 4000 else None]

    corpus = Corpus("uneven", ("blues", "jazz"), tones().clips, Uneven())
    with pytest.raises(ShapeError, match=r"'a', 'b', 'c' and 1 more, the first \[2, 1\]") as caught:
        cut(corpus, Level(RATE), Level(4000), how=Cut(0.5))
    assert len(str(caught.value)) < 300


# --- bad and odd audio


@pytest.mark.parametrize("store_it", [True, False])
def test_an_error_names_the_clip_and_the_file(files, store_it):
    corpus = files(good=noise(), short=noise(0.2))
    with pytest.raises(AudioError, match=r"clip 'short'.*0\.20 s"):
        cut(corpus, MEL, how=Cut(0.5), store=store_it)
    Path(corpus.clips.loc["good", "path"]).unlink()
    with pytest.raises(AudioError, match=r"clip 'good'.*good\.wav"):
        cut(corpus, MEL, store=store_it)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "empty"),
        (b"not music at all, but text", "an audio file"),
        (None, "cut off|shorter|whole"),
    ],
)
def test_a_broken_file_is_refused_by_name(files, content, message):
    corpus = files(good=noise(), bad=noise())
    bad = Path(corpus.clips.loc["bad", "path"])
    bad.write_bytes(bad.read_bytes()[:3000] if content is None else content)
    with pytest.raises(AudioError, match=rf"clip 'bad': .*bad\.wav.*({message})"):
        cut(corpus, MEL)


def test_nan_samples_are_refused_by_name(files):
    y = noise()
    y[100] = np.nan
    with pytest.raises(AudioError, match=r"clip 'bad'.*bad\.wav.*NaN"):
        cut(files(good=noise(), bad=y, subtype="FLOAT"), MEL)


def test_one_sample_is_refused_by_name(files):
    with pytest.raises(AudioError, match=r"clip 'one'.*one\.wav.*1 samples"):
        cut(files(good=noise(), one=np.ones(1)), MEL)


def test_silence_gives_finite_features(files):
    segments = cut(files(silent=np.zeros(RATE), loud=noise()), MEL)
    assert torch.isfinite(segments.inputs[0]).all()
    assert len(segments.inputs[0][0].unique()) == 1


@pytest.mark.parametrize("rate", [8000, 48_000])
def test_any_native_rate_gives_the_shape_of_the_rate_asked_for(files, rate):
    feature = LogMel(22_050, n_mels=16)
    segments = cut(files(rate, x=noise(1.0, rate), y=noise(1.0, rate, 1)), feature)
    assert segments.input_shape == feature.shape(1.0)


def test_stereo_is_averaged(files):
    y = np.round(noise() * 2**10) / 2**15
    mono = cut(files(x=y, z=y), MEL, store=False)
    stereo = cut(files(x=np.stack([2 * y, 0 * y], 1), z=np.stack([y, y], 1)), MEL, store=False)
    assert torch.equal(mono.inputs[0], stereo.inputs[0])


# --- the store


def test_the_store_gives_the_same_bytes_without_reading_the_audio(store):
    first = cut(tones(), Level(RATE), how=Cut(0.5))
    READ.clear()
    second = cut(tones(), Level(RATE), how=Cut(0.5))
    assert not READ
    assert digest(first) == digest(second)
    assert digest(first) == digest(cut(tones(), Level(RATE), how=Cut(0.5), store=False))


@pytest.mark.parametrize(
    "again",
    [
        lambda: cut(tones(2), Level(RATE, gain=2.0)),
        lambda: cut(tones(2), Level(4000)),
        lambda: cut(tones(2), Frames(RATE)),
        lambda: cut(tones(2), Level(RATE), how=Cut(0.5)),
        lambda: cut(tones(2), Level(RATE), how=Cut(trim_seconds=0.1)),
        lambda: cut(tones(2, seconds=1.5), Level(RATE)),
    ],
)
def test_another_setting_is_another_key(store, again):
    cut(tones(2), Level(RATE))
    assert len(in_store(store)) == 2
    again()
    assert len(in_store(store)) == 4
    assert all(n == 1 or n == 2 for n in READ.values())


def test_only_what_is_missing_is_computed(store):
    cut(tones(2), Level(RATE))
    READ.clear()
    cut(tones(3), Level(RATE), Level(4000))
    assert READ == {"a 4000": 1, "b 4000": 1, "c 8000": 1, "c 4000": 1}


def test_a_moved_file_is_found_again_and_a_changed_one_is_not(files, store, tmp_path):
    corpus = files(x=noise(), y=noise(seed=1))
    before = cut(corpus, MEL)
    (tmp_path / "audio").rename(tmp_path / "elsewhere")
    assert digest(cut(corpus_of(tmp_path / "elsewhere", "x", "y"), MEL)) == digest(before)
    assert len(in_store(store)) == 2
    changed = cut(files(x=noise(seed=2), y=noise(seed=1)), MEL)
    assert not torch.equal(changed.inputs[0][0], before.inputs[0][0])
    assert torch.equal(changed.inputs[0][1], before.inputs[0][1])
    assert len(in_store(store)) == 3


def test_without_the_store_nothing_is_written(tmp_path):
    cut(tones(), Level(RATE), store=False)
    assert not (tmp_path / "home").exists()


def _header_byte(content: bytes, old: bytes, new: bytes) -> bytes:
    assert old in content[:128]
    return content.replace(old, new, 1)


@pytest.mark.parametrize(
    "damage",
    [
        lambda content: b"",
        lambda content: content[:10],
        lambda content: content[:-1],
        lambda content: content + b"x",
        lambda content: b"PK\x03\x04" + content,
        lambda content: b"nonsense" * 20,
        lambda content: _header_byte(content, b"(1, 1, 3)", b"(1, 1, 2)"),
        lambda content: _header_byte(content, b"<f4", b"<i4"),
        lambda content: _header_byte(content, b"False", b"True "),
        lambda content: content[:6] + b"\x02" + content[7:],
        lambda content: _header_byte(content, b"'descr'", b"(descr'"),
    ],
)
def test_a_damaged_file_is_announced_and_computed_again(store, damage):
    before = cut(tones(2), Level(RATE))
    path = in_store(store)[0]
    path.write_bytes(damage(path.read_bytes()))
    with pytest.warns(UserWarning, match=f"{path.name} is damaged"):
        after = cut(tones(2), Level(RATE))
    assert digest(after) == digest(before)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        cut(tones(2), Level(RATE))


@settings(
    deadline=None, max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(position=st.integers(0), bit=st.integers(0, 7))
def test_one_changed_bit_is_announced_and_computed_again(store, position, bit):
    before = cut(tones(2), Level(RATE))
    path = in_store(store)[0]
    content = bytearray(path.read_bytes())
    content[position % len(content)] ^= 1 << bit
    path.write_bytes(content)
    with pytest.warns(UserWarning, match=f"{path.name} is damaged"):
        assert digest(cut(tones(2), Level(RATE))) == digest(before)


def test_a_file_without_a_checksum_is_read_as_before(store, monkeypatch):
    before = cut(tones(2), Level(RATE))
    for path in in_store(store):
        path.write_bytes(path.read_bytes()[:-8])
    monkeypatch.setattr(Level, "__call__", lambda *_: pytest.fail("computed again"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert digest(cut(tones(2), Level(RATE))) == digest(before)


def test_a_folder_where_a_file_should_be_is_a_storage_error(store):
    cut(tones(2), Level(RATE))
    path = in_store(store)[0]
    path.unlink()
    path.mkdir()
    with pytest.raises(StorageError, match=path.name):
        cut(tones(2), Level(RATE))


def test_a_full_disk_names_the_remedy_and_leaves_nothing(store, monkeypatch):
    def full(stream, array):
        stream.write(b"half")
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(np, "save", full)
    with pytest.raises(StorageError, match=r"No space left.*MGRLIB_HOME"):
        cut(tones(), Level(RATE))
    assert in_store(store) == []


@pytest.mark.parametrize("code", [errno.EROFS, errno.EACCES])
def test_a_store_that_cannot_be_written_names_the_remedy(monkeypatch, code):
    def refuse(*args, **options):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("tempfile.mkstemp", refuse)
    with pytest.raises(StorageError, match="MGRLIB_HOME"):
        cut(tones(), Level(RATE))


def test_a_store_in_the_place_of_a_file_names_the_remedy(tmp_path, monkeypatch):
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "file"))
    with pytest.raises(StorageError, match="MGRLIB_HOME"):
        cut(tones(), Level(RATE))


# --- several processes


def test_two_workers_write_what_one_would(files, store):
    corpus = files(**{f"clip{i}": noise(seed=i) for i in range(6)})
    alone = cut(corpus, MEL, how=Cut(0.25), store=False)
    with joblib.parallel_config(backend="loky", n_jobs=2):
        shared = cut(corpus, MEL, how=Cut(0.25))
    assert digest(shared) == digest(alone)
    assert len(in_store(store)) == 6


def test_an_error_in_a_worker_names_the_clip(files):
    corpus = files(good=noise(), short=noise(0.2))
    with (
        joblib.parallel_config(backend="loky", n_jobs=2),
        pytest.raises(AudioError, match="clip 'short'"),
    ):
        cut(corpus, MEL, how=Cut(0.5))


# A process cuts the files below its first argument and prints a digest; `hinder` comes before.
SCRIPT = """
import hashlib, os, sys
import numpy as np
from mgrlib.data.folder import folder
from mgrlib.features import LogMel
from mgrlib.segments import Cut, cut
{hinder}
corpus = folder(sys.argv[1])
mel = LogMel(8000, n_fft=256, hop_length=128, n_mels=8)
x = cut(corpus, mel, how=Cut(0.25)).inputs[0].numpy()
print(hashlib.sha256(x.tobytes()).hexdigest())
"""
DIES_WRITING_THE_THIRD = """
whole, saved = np.save, []
def save(stream, array):
    saved.append(1)
    if len(saved) == 3:
        stream.write(b"\\x93NUMPY half a file")
        stream.flush()
        os._exit(9)
    whole(stream, array)
np.save = save
"""


def start(music: Path, hinder: str = "") -> subprocess.Popen:
    return subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(SCRIPT.format(hinder=hinder)), str(music)],
        stdout=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def genres(tmp_path: Path) -> Path:
    """A folder with two genres of four files each."""
    for genre in ("blues", "jazz"):
        (tmp_path / "music" / genre).mkdir(parents=True)
        for i in range(4):
            path = tmp_path / "music" / genre / f"{i}.wav"
            sf.write(path, noise(seed=i + 10 * len(genre)), RATE)
    return tmp_path / "music"


def test_two_processes_at_once_leave_a_whole_store(genres):
    racing = [start(genres), start(genres)]
    outputs = {process.communicate(timeout=300)[0] for process in racing}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        alone = cut(folder(genres), MEL, how=Cut(0.25), store=False)
        segments = cut(folder(genres), MEL, how=Cut(0.25))
    assert outputs == {digest(alone) + "\n"}
    assert digest(segments) == digest(alone)


def test_a_process_killed_while_writing_leaves_what_was_whole_and_the_next_goes_on(genres, store):
    dying = start(genres, DIES_WRITING_THE_THIRD)
    dying.communicate(timeout=300)
    assert dying.returncode == 9
    assert len([path for path in in_store(store) if path.suffix == ".npy"]) == 2
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        after = cut(folder(genres), MEL, how=Cut(0.25))
    assert digest(after) == digest(cut(folder(genres), MEL, how=Cut(0.25), store=False))


@dataclass(frozen=True)
class DiesOnce(FileSource):
    """Files, but whoever first reads the third clip is killed."""

    mark: str

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        if row.name == "clip2" and not Path(self.mark).exists():
            Path(self.mark).touch()
            os._exit(9)
        return super().audio(row, sample_rate)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_a_cluster_that_loses_a_worker_finishes_with_the_same_segments(files, store, tmp_path):
    distributed = pytest.importorskip("distributed")
    plain = files(**{f"clip{i}": noise(seed=i) for i in range(6)})
    corpus = Corpus("files", plain.genres, plain.clips, DiesOnce(str(tmp_path / "died")))
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None
        ) as cluster,
        distributed.Client(cluster),
        joblib.parallel_config(backend="dask"),
    ):
        shared = cut(corpus, MEL, how=Cut(0.25))
    assert (tmp_path / "died").exists()
    assert digest(shared) == digest(cut(plain, MEL, how=Cut(0.25), store=False))


# --- segments


def some_segments(n: int = 6, clips: int = 3, modalities: int = 1) -> Segments:
    """Segment i is the number i; clip i % clips; labels the clip's."""
    clip = torch.arange(n) % clips
    inputs = tuple(torch.arange(n).float().reshape(n, 1, 1) * 10**m for m in range(modalities))
    return Segments(inputs, clip % 2, clip, tuple("abcdefgh"[:clips]), ("x", "y"))


def test_the_segments_of_clips_come_clip_by_clip_in_the_order_asked_for():
    selection = some_segments().of(["c", "a"])
    assert selection.inputs[0].flatten().tolist() == [2, 5, 0, 3]
    assert selection.clip.tolist() == [0, 0, 1, 1]
    assert selection.y.tolist() == [0, 0, 0, 0]
    assert selection.clip_ids == ("c", "a")


def test_the_segments_of_no_clip_are_none():
    nothing = some_segments().of([])
    assert len(nothing) == nothing.n_clips == 0
    assert nothing.input_shape == (1, 1)


def test_a_clip_that_was_not_cut_is_refused():
    with pytest.raises(ShapeError, match="'z'"):
        some_segments().of(["a", "z"])


def test_map_puts_each_modality_through_its_function():
    mapped = some_segments(modalities=2).map(None, lambda x: x + 1)
    assert mapped.inputs[0].flatten().tolist() == [0, 1, 2, 3, 4, 5]
    assert mapped.inputs[1].flatten().tolist() == [1, 11, 21, 31, 41, 51]


def test_map_wants_a_function_for_each_modality():
    with pytest.raises(ShapeError, match="1 for 2 modalities"):
        some_segments(modalities=2).map(None)


def test_a_segment_is_its_inputs_and_its_label():
    x, z, y = some_segments(modalities=2)[4]
    assert (x.item(), z.item(), y.item()) == (4, 40, 1)


def test_torch_loads_segments_in_batches():
    batches = list(DataLoader(some_segments(modalities=2), batch_size=4))
    assert [tuple(x.shape) for x, _, _ in batches] == [(4, 1, 1), (2, 1, 1)]
    assert torch.cat([y for _, _, y in batches]).tolist() == [0, 1, 0, 0, 1, 0]


def test_what_segments_say_of_themselves():
    segments = some_segments()
    assert (len(segments), segments.n_clips, segments.n_classes) == (6, 3, 2)
    assert repr(segments) == "Segments((6, 1, 1), 3 clips, 2 genres)"


@pytest.mark.parametrize(
    "wrong",
    [
        {"inputs": ()},
        {"y": torch.zeros(5)},
        {"clip": torch.zeros(7, dtype=torch.int64)},
        {"clip": torch.full((6,), 3)},
        {"clip": torch.full((6,), -1)},
    ],
)
def test_parts_that_do_not_fit_together_are_refused(wrong):
    parts = {
        name: getattr(some_segments(), name)
        for name in ("inputs", "y", "clip", "clip_ids", "genres")
    }
    with pytest.raises(ShapeError, match="Segments"):
        Segments(**{**parts, **wrong})


# --- standardizing


def of_values(x: torch.Tensor) -> Segments:
    n = len(x)
    clip = torch.arange(n)
    return Segments((x,), torch.zeros(n, dtype=torch.int64), clip, tuple(map(str, clip)), ("x",))


def random_values(seed: int, n: int = 20) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    scale, shift = torch.tensor([1.0, 5.0, 0.1]), torch.tensor([0.0, -40.0, 3.0])
    return torch.randn(n, 3, 7, generator=generator) * scale[:, None] + shift[:, None]


def test_each_coefficient_of_the_training_part_gets_mean_0_and_deviation_1():
    (train,) = standardize(of_values(random_values(0)))
    x = train.inputs[0].transpose(0, 1).flatten(1)
    assert torch.allclose(x.mean(1), torch.zeros(3), atol=1e-5)
    assert torch.allclose(x.std(1, correction=0), torch.ones(3), atol=2e-4)  # eps is 1e-5 of 0.1


def test_per_array_keeps_the_differences_between_rows():
    x = random_values(0)
    (train,) = standardize(of_values(x), per="array")
    expected = (x - x.mean()) / (x.std(correction=0) + 1e-5)
    assert torch.allclose(train.inputs[0], expected, atol=1e-5)


@pytest.mark.parametrize("per", ["coefficient", "array"])
def test_test_clips_do_not_leak_into_the_scale(per):
    x, other, wild = random_values(0), random_values(1), 1000 * random_values(2)
    train, tested = standardize(of_values(x), of_values(other), per=per)
    again, _ = standardize(of_values(x), of_values(wild), per=per)
    alone, of_one = standardize(of_values(x), of_values(other[:1]), per=per)
    assert torch.equal(train.inputs[0], again.inputs[0])
    assert torch.equal(train.inputs[0], alone.inputs[0])
    assert torch.equal(tested.inputs[0][:1], of_one.inputs[0])


def test_a_row_that_never_changes_becomes_zero():
    (train,) = standardize(of_values(torch.full((4, 3, 2), 7.0)))
    assert not train.inputs[0].any()


def test_an_empty_part_stays_empty():
    _, empty = standardize(some_segments(), some_segments().of([]))
    assert len(empty) == 0


def test_only_the_first_modality_is_scaled():
    (train,) = standardize(some_segments(modalities=2))
    assert train.inputs[0].mean() == pytest.approx(0.0, abs=1e-6)
    assert torch.equal(train.inputs[1], some_segments(modalities=2).inputs[1])


def test_another_way_to_standardize_is_refused():
    with pytest.raises(FeatureError, match="'clip'"):
        standardize(some_segments(), per="clip")


def test_two_features_of_one_clip_are_two_modalities(files):
    mfcc = Mfcc(RATE, n_mfcc=4, n_fft=256, hop_length=128, n_mels=8)
    segments = cut(files(x=noise(), y=noise(seed=1)), MEL, mfcc)
    assert [x.shape[1] for x in segments.inputs] == [8, 4]
    x, z, _ = segments[1]
    assert torch.equal(x, segments.inputs[0][1]) and torch.equal(z, segments.inputs[1][1])
