"""Stores that are filled on several computers and joined."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import sys
import threading
import time
import zlib
from pathlib import Path

import numpy as np
import pytest
from joblib.externals.loky import get_reusable_executor
from tiny import MEL, clips_of_tones_and_noise

from mgrlib.cli import main
from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import StorageError, WorkerError
from mgrlib.feature_store import SEAL
from mgrlib.features import LogMel
from mgrlib.parallel import cluster
from mgrlib.segments import Cut, Segments, cut
from mgrlib.storage import write_json
from mgrlib.stores import fill, join_stores

QUARTER = Cut(0.25)


@pytest.fixture
def corpus(tmp_path: Path) -> Corpus:
    return clips_of_tones_and_noise(tmp_path)


@pytest.fixture
def use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Make a folder of this name the store of this process, and return it."""

    def use_store(name: str) -> Path:
        monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / name))
        return tmp_path / name

    return use_store


def digest(segments: Segments) -> str:
    return hashlib.sha256(segments.inputs[0].numpy().tobytes()).hexdigest()


def files(store: Path) -> dict[str, bytes]:
    paths = sorted(path for path in store.rglob("*") if path.is_file())
    return {path.relative_to(store).as_posix(): path.read_bytes() for path in paths}


@pytest.fixture
def halves(corpus: Corpus, use) -> tuple[Path, Path]:
    """Two stores, which together hold a feature of every clip, and four clips both."""
    ids = list(corpus.clips.index)
    paths = []
    for name, part in (("one", ids[:8]), ("two", ids[4:])):
        paths.append(use(name))
        fill(corpus.select(clip_ids=part), MEL, how=QUARTER)
    use("home")
    return paths[0], paths[1]


def test_joined_stores_hold_what_one_store_would(corpus, halves, use, monkeypatch):
    report = join_stores(halves)
    assert (report.copied, report.present, report.damaged) == (12, 0, ())
    store = files(use("home"))
    use("alone")
    fill(corpus, MEL, how=QUARTER)
    assert store == files(use("alone"))
    use("home")
    monkeypatch.setattr(type(MEL), "__call__", None)  # nothing may be computed
    assert cut(corpus, MEL, how=QUARTER).n_clips == 12


def test_joining_twice_copies_nothing_more(halves):
    join_stores(halves)
    again = join_stores(halves)
    assert (again.copied, again.present) == (0, 12)


def test_contents_that_contradict_are_refused_before_anything_is_copied(halves, use):
    first, second = halves
    shared = next(p for p in first.rglob("*.npy") if (second / p.relative_to(first)).exists())
    shared.write_bytes(_sealed(np.load(shared) + 1))
    with pytest.raises(StorageError, match=r"1 that differ, the first .*Hint: nothing was copied"):
        join_stores(halves)
    assert not use("home").exists()


def _sealed(values: np.ndarray) -> bytes:
    """The bytes of a file of the store with this content."""
    stream = io.BytesIO()
    np.save(stream, values)
    body = stream.getvalue()
    return body + SEAL + zlib.crc32(body).to_bytes(4, "little")


def test_a_damaged_file_is_named_and_replaced_by_a_whole_one(halves):
    first, second = halves
    shared = [path for path in first.rglob("*.npy") if (second / path.relative_to(first)).exists()]
    shared[0].write_bytes(shared[0].read_bytes()[:-20])
    report = join_stores(halves)
    assert report.damaged == (shared[0],)
    assert report.copied == 12
    alone = [
        path for path in first.rglob("*.npy") if not (second / path.relative_to(first)).exists()
    ]
    alone[0].write_bytes(b"nothing")
    assert len(join_stores(halves).damaged) == 2


def test_finished_folds_are_joined_too(tmp_path, use):
    for name, fold in (("one", 0), ("two", 1)):
        write_json(
            {"fold": fold}, tmp_path / name / "runs" / "luo2021" / "x" / f"0-fold-{fold}.json"
        )
    join_stores([tmp_path / "one", tmp_path / "two"], tmp_path / "all")
    assert len(files(tmp_path / "all" / "runs")) == 2
    write_json({"fold": 7}, tmp_path / "two" / "runs" / "luo2021" / "x" / "0-fold-0.json")
    with pytest.raises(StorageError, match=r"0-fold-0\.json"):
        join_stores([tmp_path / "two"], tmp_path / "all")


def test_a_folder_that_is_no_store_is_refused(tmp_path):
    with pytest.raises(StorageError, match="no such folder"):
        join_stores([tmp_path / "none"])
    with pytest.raises(StorageError, match="features or runs"):
        join_stores([tmp_path])


def test_the_command_line_joins_stores(halves, tmp_path, capsys):
    arguments = ["join", *map(str, halves), "--into", str(tmp_path / "all")]
    assert main(arguments) == 0
    assert "12 files copied, 0 there before" in capsys.readouterr().out
    next(halves[0].rglob("*.npy")).write_bytes(b"")
    assert main(arguments) == 2
    assert "is damaged" in capsys.readouterr().err


def test_the_command_line_prepares_recipes(tmp_path, use, capsys):
    store = use("home")
    get_reusable_executor().shutdown(wait=True)  # workers of earlier tests have other homes
    options = ["--data", "synthetic", "--per-genre", "1", "--jobs", "2"]
    assert main(["prepare", "minhas2019/features", *options]) == 0
    assert len(list((store / "features").rglob("*.npy"))) == 10
    assert "1 recipes prepared" in capsys.readouterr().out


def start(*words: str, **environment: str) -> subprocess.Popen:
    """A command of Dask's, as a process of its own."""
    code = "import sys; from dask.__main__ import main; sys.argv[0] = 'dask'; main()"
    return subprocess.Popen(
        [sys.executable, "-c", code, *words],
        env={**os.environ, **environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


@pytest.fixture
def dask(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The address of a scheduler, and three workers with a store each."""
    pytest.importorskip("distributed", reason="needs the extra mgrlib[cluster]")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
    place = tmp_path / "scheduler.json"
    quiet = ("--scheduler-file", str(place), "--no-dashboard")
    scheduler = start("scheduler", "--host", "127.0.0.1", "--port", "0", *quiet)
    alone = ("--no-nanny", "--nthreads", "1", "--local-directory", str(tmp_path))
    workers = [
        start("worker", *quiet, *alone, MGRLIB_HOME=str(tmp_path / f"store{i}")) for i in range(3)
    ]
    while not (place.exists() and place.read_text()):
        time.sleep(0.05)
        assert scheduler.poll() is None
    yield json.loads(place.read_text())["address"], workers
    for process in (*workers, scheduler):
        process.kill()
        process.wait()


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_three_workers_fill_stores_of_their_own_and_one_is_killed(dask, tmp_path, use):
    from distributed import get_client

    address, workers = dask
    corpus = synthetic(n_per_genre=3, seconds=2.0)
    mel = LogMel(22050)
    use("client")
    with cluster(address):
        get_client().wait_for_workers(3, timeout=30)
        mortal = tmp_path / "store0" / "features"

        def kill_the_first() -> None:
            while not list(mortal.rglob("*.npy")):
                time.sleep(0.01)
            workers[0].kill()

        killer = threading.Thread(target=kill_the_first, daemon=True)
        killer.start()
        fill(corpus, mel)
        killer.join(10)
    assert workers[0].wait(10) != 0
    sizes = [len(list((tmp_path / f"store{i}").rglob("features/*/*.npy"))) for i in range(3)]
    assert all(sizes) and sum(sizes) >= 30
    report = join_stores([tmp_path / f"store{i}" for i in range(3)])
    assert report.copied == 30 and not report.damaged
    expected = cut(corpus, mel, store=False)
    before = files(use("client"))
    assert digest(cut(corpus, mel)) == digest(expected)
    assert files(use("client")) == before


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
def test_an_address_without_a_scheduler_is_an_error(monkeypatch):
    pytest.importorskip("distributed", reason="needs the extra mgrlib[cluster]")
    monkeypatch.setattr("mgrlib.parallel.CONNECT_SECONDS", 0.5)
    with pytest.raises(WorkerError, match="dask scheduler"), cluster("tcp://127.0.0.1:1"):
        pass
