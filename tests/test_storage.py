from __future__ import annotations

import errno
import hashlib
import http.server
import io
import os
import subprocess
import sys
import tarfile
import threading
import time
import zipfile
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgrlib import storage
from mgrlib.errors import ChecksumError, DownloadError, StorageError

CONTENT = b"some music\n" * 1000
DIGEST = "sha256:" + hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def mirror(tmp_path: Path) -> Iterator[str]:
    """The address of a server on this machine that has song.bin and a broken copy of it."""
    shelf = tmp_path / "mirror"
    shelf.mkdir()
    (shelf / "song.bin").write_bytes(CONTENT)
    (shelf / "broken.bin").write_bytes(CONTENT[:500])

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            """Say nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=shelf))
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_home_follows_the_variable_and_is_not_made_by_looking(tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "store"))
    assert storage.home() == tmp_path / "store"
    assert not (tmp_path / "store").exists()


def test_a_write_makes_its_folder_and_leaves_nothing_beside_the_file(tmp_path):
    path = tmp_path / "new" / "file.txt"
    with storage.atomic_write(path) as part:
        part.write_text("whole")
        assert not path.exists()
    assert path.read_text() == "whole"
    assert os.listdir(path.parent) == ["file.txt"]


def test_a_write_that_fails_leaves_the_old_file(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    with pytest.raises(RuntimeError, match="on purpose"), storage.atomic_write(path) as part:
        part.write_text("half")
        raise RuntimeError("on purpose")
    assert path.read_text() == "old"
    assert os.listdir(tmp_path) == ["file.txt"]


def test_a_full_disk_is_named_with_the_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    path = tmp_path / "file.txt"
    with pytest.raises(StorageError, match="MGRLIB_HOME") as caught, storage.atomic_write(path):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
    assert str(path) in str(caught.value)
    assert "No space left" in str(caught.value)
    assert os.listdir(tmp_path) == []


def test_a_read_only_folder_is_named_with_the_remedy(tmp_path, monkeypatch):
    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

    monkeypatch.setattr(storage.tempfile, "mkstemp", refuse)
    path = tmp_path / "file.txt"
    with pytest.raises(StorageError, match="Read-only") as caught, storage.atomic_write(path):
        pass
    assert str(path) in str(caught.value)


def test_only_a_file_of_the_store_is_helped_by_another_store(tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "store"))
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageError) as caught, storage.atomic_write(tmp_path / "file" / "out.csv"):
        pass
    assert "MGRLIB_HOME" not in str(caught.value)
    assert "a folder that you may write to" in str(caught.value)


def test_a_file_where_the_folder_should_be_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    (tmp_path / "store").write_text("not a folder")
    path = tmp_path / "store" / "file.txt"
    with pytest.raises(StorageError, match="MGRLIB_HOME"), storage.atomic_write(path):
        pass
    with pytest.raises(StorageError, match="MGRLIB_HOME"), storage.lock(path):
        pass


def test_a_lock_that_cannot_be_taken_is_refused(tmp_path):
    with storage.lock(tmp_path / "file"):
        other = storage.lock(tmp_path / "file", timeout_seconds=0.05)
        with pytest.raises(StorageError, match="locking"), other:
            pass


WRITER = """
import sys, time
from pathlib import Path
from mgrlib import storage
with storage.lock(Path(sys.argv[1])), storage.atomic_write(Path(sys.argv[1])) as part:
    part.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_a_killed_writer_leaves_the_old_file_and_blocks_nobody(tmp_path):
    path = tmp_path / "file.txt"
    path.write_text("old")
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == "writing\n"
    writer.kill()
    writer.wait()
    writer.stdout.close()
    assert path.read_text() == "old"
    with storage.lock(path, timeout_seconds=5), storage.atomic_write(path) as part:
        part.write_text("new")
    assert path.read_text() == "new"
    rest = [name for name in os.listdir(tmp_path) if name not in ("file.txt", "file.txt.lock")]
    assert all(name.endswith(".part") for name in rest)


ABANDON = """
import os, sys
from pathlib import Path
from mgrlib import storage
with storage.atomic_write(Path(sys.argv[1])) as part:
    part.write_text("half", encoding="utf-8")
    os._exit(9)
"""


def test_what_a_dead_writer_left_is_removed_and_nothing_else(tmp_path):
    path = tmp_path / "file.txt"
    subprocess.run([sys.executable, "-c", ABANDON, str(path)], check=False)
    (abandoned,) = tmp_path.glob("*.part")
    hour_ago = time.time() - 3600
    os.utime(abandoned, (hour_ago, hour_ago))
    strange = [tmp_path / "film.part", tmp_path / f"x.{'0' * 8}-1{storage.PART_SUFFIX}"]
    for other in strange:
        other.write_text("another's", encoding="utf-8")
        os.utime(other, (hour_ago, hour_ago))
    with storage.atomic_write(tmp_path / "other.txt") as living:
        os.utime(living, (hour_ago, hour_ago))
        storage._remove_old_parts.cache_clear()
        with storage.atomic_write(path) as part:
            part.write_text("whole", encoding="utf-8")
        assert living.exists()
    assert not abandoned.exists()
    assert all(other.exists() for other in strange)


@given(
    name=st.text(min_size=1, max_size=120)
    .map(lambda text: text.replace("/", "-").replace("\0", "-"))
    .filter(lambda text: text not in (".", ".."))
)
def test_any_name_that_can_be_a_file_can_be_written(tmp_path_factory, name):
    path = tmp_path_factory.mktemp("names") / name
    try:
        path.write_text("x", encoding="utf-8")
    except (OSError, UnicodeError):
        return
    with storage.atomic_write(path) as part:
        part.write_text("y", encoding="utf-8")
    assert path.read_text(encoding="utf-8") == "y"


@given(
    content=st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
        max_leaves=10,
    ),
    position=st.integers(0),
    bit=st.integers(0, 7),
)
def test_a_value_comes_back_as_it_was_and_a_changed_bit_is_noticed(
    tmp_path_factory, content, position, bit
):
    path = storage.write_json(content, tmp_path_factory.mktemp("json") / "value.json")
    assert storage.read_json(path) == content
    changed = bytearray(path.read_bytes())
    changed[position % len(changed)] ^= 1 << bit
    path.write_bytes(changed)
    with pytest.raises(StorageError) as caught:
        storage.read_json(path)
    assert str(path) in str(caught.value)


def test_json_without_a_checksum_is_read_as_it_is(tmp_path):
    (tmp_path / "old.json").write_text('{"a": [1, 2]}', encoding="utf-8")
    assert storage.read_json(tmp_path / "old.json") == {"a": [1, 2]}
    with pytest.raises(StorageError, match="nowhere"):
        storage.read_json(tmp_path / "nowhere.json")


RACER = """
import sys
from pathlib import Path
from mgrlib import storage
for turn in range(200):
    with storage.atomic_write(Path(sys.argv[1])) as part:
        part.write_text(sys.argv[2] * 100_000)
"""


def test_two_processes_racing_never_show_half_a_file(tmp_path):
    path = tmp_path / "file.txt"
    racers = [subprocess.Popen([sys.executable, "-c", RACER, str(path), letter]) for letter in "ab"]
    contents = set()
    while any(racer.poll() is None for racer in racers):
        if path.exists():
            contents.add(path.read_text())
        time.sleep(0.001)
    assert [racer.returncode for racer in racers] == [0, 0]
    assert contents <= {"a" * 100_000, "b" * 100_000}
    assert contents
    assert os.listdir(tmp_path) == ["file.txt"]


COUNTER = """
import sys
from pathlib import Path
from mgrlib import storage
path = Path(sys.argv[1])
for turn in range(100):
    with storage.lock(path):
        path.write_text(str(int(path.read_text()) + 1))
"""


def test_a_lock_keeps_two_processes_apart(tmp_path):
    path = tmp_path / "count.txt"
    path.write_text("0")
    workers = [subprocess.Popen([sys.executable, "-c", COUNTER, str(path)]) for _ in range(2)]
    assert [worker.wait() for worker in workers] == [0, 0]
    assert path.read_text() == "200"


def test_a_download_is_checked_and_kept(tmp_path, mirror):
    path = storage.download("song.bin", [f"{mirror}/song.bin"], DIGEST, folder=tmp_path)
    assert path.read_bytes() == CONTENT
    again = storage.download("song.bin", ["http://127.0.0.1:9/gone"], DIGEST, folder=tmp_path)
    assert again == path


@pytest.mark.parametrize("dead", ["http://127.0.0.1:9/song.bin", "{}/no-such.bin", "odd://song"])
def test_a_dead_first_mirror_falls_to_the_second(tmp_path, mirror, dead):
    urls = [dead.format(mirror), f"{mirror}/song.bin"]
    path = storage.download("song.bin", urls, DIGEST, folder=tmp_path)
    assert path.read_bytes() == CONTENT


def test_a_corrupted_download_is_refused_and_not_kept(tmp_path, mirror):
    with pytest.raises(ChecksumError, match=r"broken\.bin"):
        storage.download("song.bin", [f"{mirror}/broken.bin"], DIGEST, folder=tmp_path / "d")
    assert os.listdir(tmp_path / "d") == ["song.bin.lock"]


def test_a_corrupted_mirror_falls_to_the_next(tmp_path, mirror):
    urls = [f"{mirror}/broken.bin", f"{mirror}/song.bin"]
    path = storage.download("song.bin", urls, DIGEST, folder=tmp_path / "d")
    assert path.read_bytes() == CONTENT


def test_a_damaged_copy_is_fetched_again(tmp_path, mirror):
    (tmp_path / "song.bin").write_bytes(CONTENT[:10])
    path = storage.download("song.bin", [f"{mirror}/song.bin"], DIGEST, folder=tmp_path)
    assert path.read_bytes() == CONTENT


def test_no_working_mirror_names_all_of_them_and_the_place(tmp_path, mirror):
    urls = ["http://127.0.0.1:9/one", f"{mirror}/two"]
    with pytest.raises(DownloadError, match="by hand") as caught:
        storage.download("song.bin", urls, DIGEST, folder=tmp_path)
    assert all(part in str(caught.value) for part in [*urls, str(tmp_path / "song.bin")])


def test_a_full_disk_during_a_download_does_not_blame_the_mirror(tmp_path, mirror, monkeypatch):
    def full(url: str, **kwargs: object) -> object:
        def fetch(url: str, path: str, pooch: object) -> None:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

        return fetch

    monkeypatch.setattr(storage.pooch.core, "choose_downloader", full)
    with pytest.raises(StorageError, match="No space left"):
        storage.download("song.bin", [f"{mirror}/song.bin"], DIGEST, folder=tmp_path)


def zip_of(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


def tar_of(path: Path, members: dict[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, content in members.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    return path


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_an_archive_is_unpacked_once(tmp_path, pack):
    archive = pack(tmp_path / "archive", {"genres/blues/blues.00000.wav": CONTENT})
    folder = storage.unpack(archive, tmp_path / "out")
    assert (folder / "genres/blues/blues.00000.wav").read_bytes() == CONTENT
    archive.unlink()
    assert storage.unpack(archive, folder) == folder


@pytest.mark.parametrize("pack", [zip_of, tar_of])
@pytest.mark.parametrize("name", ["../outside.txt", "/tmp/mgrlib-outside.txt", "a/../../b.txt"])
def test_an_archive_that_reaches_outside_its_folder_is_refused(tmp_path, pack, name):
    archive = pack(tmp_path / "archive", {"fine.txt": b"fine", name: b"not fine"})
    if pack is tar_of and name.startswith("/"):  # tarfile takes the leading slash off: harmless
        storage.unpack(archive, tmp_path / "deep" / "out")
        assert not Path(name).exists()
        return
    with pytest.raises(StorageError, match="archive"):
        storage.unpack(archive, tmp_path / "deep" / "out")
    assert not (tmp_path / "deep" / "out").exists()
    assert not list(tmp_path.glob("**/outside.txt"))


def test_a_link_that_leaves_the_folder_is_refused(tmp_path):
    with tarfile.open(tmp_path / "archive", "w") as archive:
        entry = tarfile.TarInfo("link")
        entry.type, entry.linkname = tarfile.SYMTYPE, "../../secret"
        archive.addfile(entry)
    with pytest.raises(StorageError, match="archive"):
        storage.unpack(tmp_path / "archive", tmp_path / "out")


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_half_an_archive_leaves_nothing_behind(tmp_path, pack):
    rng = np.random.default_rng(0)
    members = {f"{k}.bin": rng.bytes(5000) for k in range(20)}
    archive = pack(tmp_path / "archive", members)
    archive.write_bytes(archive.read_bytes()[:30_000])
    with pytest.raises(StorageError, match="archive"):
        storage.unpack(archive, tmp_path / "out")
    assert sorted(os.listdir(tmp_path)) == ["archive", "out.lock"]


@pytest.mark.parametrize("pack", [zip_of, tar_of])
def test_an_archive_that_unpacks_to_too_much_is_refused(tmp_path, pack, monkeypatch):
    monkeypatch.setattr(storage, "MAX_UNPACKED", 1_000_000)
    archive = pack(tmp_path / "archive", {f"{k}.bin": bytes(400_000) for k in range(3)})
    with pytest.raises(StorageError, match=r"at most .* when unpacked"):
        storage.unpack(archive, tmp_path / "out")
    assert sorted(os.listdir(tmp_path)) == ["archive", "out.lock"]


def test_what_is_not_an_archive_is_refused(tmp_path):
    (tmp_path / "archive").write_text("404: not found")
    with pytest.raises(StorageError, match="zip or tar"):
        storage.unpack(tmp_path / "archive", tmp_path / "out")
