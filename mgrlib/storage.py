"""Where files are kept, and how they get there whole or not at all.

One folder holds everything that mgrlib computes or downloads: `MGRLIB_HOME` if that variable is
set, the platform's cache folder otherwise. Deleting it loses time, never results.
"""

from __future__ import annotations

import errno
import glob
import hashlib
import json
import os
import platform
import shutil
import tarfile
import tempfile
import time
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pooch
from filelock import FileLock

from mgrlib.errors import ChecksumError, DownloadError, StorageError, explain, printable, some

if TYPE_CHECKING:
    import pandas as pd

__all__ = [
    "atomic_write",
    "check_table",
    "checksum",
    "download",
    "home",
    "lock",
    "read_json",
    "unpack",
    "write_json",
    "write_table",
]

STORE_HINT = "set MGRLIB_HOME to a folder on a disk with room that you may write to."
OTHER_HINT = "give a path in a folder that you may write to, on a disk with room."
TABLES = (".parquet", ".csv")

PART_SUFFIX = ".mgrlib.part"
PART_NAME = 40  # characters of a file's name in its part's, which must not become too long
ABANDONED_SECONDS = 10.0  # without a write, by a process that is gone
ABANDONED_SECONDS_ELSEWHERE = 86_400.0  # by a process that cannot be asked for

BROKEN = (EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile)
MAX_UNPACKED = 8 << 30
"""Bytes that an archive may unpack to; GTZAN, the largest data set that is fetched, has 1.3e9."""

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def home() -> Path:
    """The folder for caches and downloads (not created until something is written)."""
    chosen = os.environ.get("MGRLIB_HOME")
    return Path(chosen).expanduser() if chosen else Path(pooch.os_cache("mgrlib"))


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """A temporary path beside `path` that replaces it when the block ends without an error.

    A reader sees the old file or the new one, never half of one; a killed process leaves at most
    a file whose name ends in `.part`, which nobody reads and the next process that writes to the
    folder removes.

    Raises:
        StorageError: the folder cannot be made or written, or the disk is full.
    """
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_abandoned(path.parent.absolute())
        part = _new_part(path)
        yield part
        os.chmod(part, 0o666 & ~_umask())  # mkstemp's 0600 would shut other users out of the file
        os.replace(part, path)
    except OSError as error:
        if isinstance(error, StorageError | DownloadError):
            raise
        reason = error.strerror or str(error)
        hint = _hint(path)
        raise StorageError(explain(f"writing {path}", "a writable file", reason, hint)) from error
    finally:
        if part is not None:
            part.unlink(missing_ok=True)


def _new_part(path: Path) -> Path:
    """A new file beside `path` whose name tells who writes it."""
    suffix = f".{_computer()}-{os.getpid()}{PART_SUFFIX}"
    prefix = path.name[:PART_NAME] + "."
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
    os.close(handle)
    return Path(name)


@cache
def _computer() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


@lru_cache(maxsize=256)  # a folder may hold many thousand files: look through it once
def _remove_abandoned(folder: Path) -> None:
    """Delete the parts in a folder whose writers died."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(PART_SUFFIX) and _abandoned(entry):
                with suppress(OSError):
                    os.unlink(entry.path)


def _abandoned(part: os.DirEntry[str]) -> bool:
    """Whether a part's writer is gone; a computer knows only its own processes."""
    writer = part.name.removesuffix(PART_SUFFIX).rpartition(".")[2]
    computer, _, pid = writer.partition("-")
    try:
        age = time.time() - part.stat(follow_symlinks=False).st_mtime
        if computer != _computer() or os.name != "posix":
            return age > ABANDONED_SECONDS_ELSEWHERE
        os.kill(int(pid), 0)  # asks whether the process is there, and does nothing to it
    except ProcessLookupError:
        return age > ABANDONED_SECONDS
    except (OSError, ValueError, OverflowError):
        return False
    return False


def _hint(path: Path) -> str:
    """What to do about a path that cannot be written: the store's can be moved as a whole."""
    in_store = path.absolute().is_relative_to(home().absolute())
    return STORE_HINT if in_store else OTHER_HINT


def check_table(path: Path) -> Path:
    """The path itself, if `write_table` knows its kind.

    Raises:
        StorageError: a name that ends in neither .csv nor .parquet.
    """
    if path.suffix.lower() not in TABLES:
        raise StorageError(
            explain(f"writing {path}", f"a name ending in {' or '.join(TABLES)}", path.name)
        )
    return path


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table without its index, whole or not at all; returns the path.

    A .csv file is in UTF-8 everywhere. What UTF-8 cannot hold, as in some files' names, is escaped.

    Raises:
        StorageError: the file cannot be written, or its name ends in neither .csv nor .parquet.
    """
    check_table(path)
    texts = table.map(lambda value: printable(value) if isinstance(value, str) else value)
    with atomic_write(path) as part:
        if path.suffix.lower() == ".csv":
            texts.to_csv(part, index=False, encoding="utf-8")
        else:
            texts.to_parquet(part, index=False)
    return path


def write_json(content: Any, path: Path) -> Path:
    """Write a value as JSON with its checksum, whole or not at all; returns the path.

    Raises:
        StorageError: the file cannot be written.
    """
    text = json.dumps(content)
    with atomic_write(path) as part:
        part.write_text(_sealed(text), encoding="utf-8")
    return path


def _sealed(text: str) -> str:
    return f'{{"crc32": "{zlib.crc32(text.encode()):08x}", "content": {text}}}\n'


def read_json(path: Path) -> Any:
    """The value of a file that `write_json` wrote; JSON without a checksum is read as it is.

    Raises:
        StorageError: no such file, or one that is damaged.
    """
    try:
        text = path.read_bytes().decode("utf-8")
        value = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise StorageError(explain(str(path), "a JSON file", reason)) from error
    start, middle = '{"crc32": "', '", "content": '
    if not text.startswith(start) and text[len(start) + 8 :][: len(middle)] != middle:
        return value
    content = text[len(start) + 8 + len(middle) : -2]
    if text != _sealed(content):
        got = "a file that was changed"
        raise StorageError(explain(str(path), "content that fits its checksum", got))
    return value["content"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def lock(path: Path, timeout_seconds: float = 600.0) -> Iterator[None]:
    """Hold a lock between processes for the length of the block, in a file beside `path`.

    The operating system frees it when its holder dies, so a killed run blocks nobody.

    Raises:
        StorageError: the folder cannot be made or written, or another process kept the lock too
            long.
    """
    guard = FileLock(str(path) + ".lock", timeout=timeout_seconds)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        guard.acquire()
    except OSError as error:  # filelock's Timeout is one too
        reason = error.strerror or str(error)
        where = f"locking {path}"
        raise StorageError(explain(where, "a writable folder", reason, _hint(path))) from error
    try:
        yield
    finally:
        guard.release()


def checksum(path: Path, algorithm: str = "sha256") -> str:
    """The hexadecimal digest of a file's content."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, algorithm).hexdigest()


def download(name: str, urls: Sequence[str], digest: str, *, folder: Path | None = None) -> Path:
    """The path of a file fetched from the first mirror that has it whole.

    Args:
        name: what the file is called in `folder` (default: `home() / "downloads"`).
        urls: mirrors, tried in this order.
        digest: `"sha256:..."` or `"md5:..."` of the content; a file already there that has it is
            used.

    Raises:
        ChecksumError: something came from a mirror, and it was not the file.
        DownloadError: nothing came from any mirror.
        StorageError: the folder cannot be written.
    """
    path = (folder or home() / "downloads") / name
    algorithm, expected = digest.split(":")
    failures: list[Exception] = []
    with lock(path):
        if path.is_file() and checksum(path, algorithm) == expected:
            return path
        for url in urls:
            try:
                _fetch(url, path, algorithm, expected)
            except (StorageError, ChecksumError) as error:
                if isinstance(error, StorageError):
                    raise
                failures.append(error)
            except Exception as error:  # a mirror can fail in any way; the message below tells how
                failures.append(error)
            else:
                return path
    reasons = "; ".join(f"{u}: {e}" for u, e in zip(urls, failures, strict=True))
    kind = ChecksumError if any(isinstance(e, ChecksumError) for e in failures) else DownloadError
    hint = f"check the network, or fetch the file by hand and place it at {path}."
    want = f"one working mirror of {len(urls)}"
    raise kind(explain(f"downloading {name}", want, reasons.rstrip("."), hint))


def _fetch(url: str, path: Path, algorithm: str, expected: str) -> None:
    with atomic_write(path) as part:
        fetch = pooch.core.choose_downloader(url, progressbar=True)
        try:
            fetch(url, str(part), None)
        except OSError as error:  # requests' errors are of this type, and so is a full disk's
            if error.errno in DISK:
                raise
            raise DownloadError(str(error)) from error
        came = checksum(part, algorithm)
        if came != expected:
            hint = "the file changed or the transfer broke; it was not kept."
            raise ChecksumError(explain(url, f"{algorithm} {expected}", came, hint))


def unpack(archive: Path, folder: Path) -> Path:
    """`folder`, holding what the zip or tar archive holds; made in one step or not at all.

    Members that would land outside the folder, links that leave it and devices are refused, and
    so is an archive that unpacks to more than `MAX_UNPACKED` bytes.

    Raises:
        StorageError: not an archive, an unsafe member, too much in it, or no room.
    """
    with lock(folder):
        if folder.is_dir():
            return folder
        prefix = f".unpack-{folder.name[:PART_NAME]}-"
        for abandoned in folder.parent.glob(f"{glob.escape(prefix)}*"):  # we hold the lock
            shutil.rmtree(abandoned, ignore_errors=True)
        with tempfile.TemporaryDirectory(dir=_made(folder.parent), prefix=prefix) as work:
            whole = Path(work) / "whole"
            try:
                _extract(archive, whole)
                os.replace(whole, folder)
            except (*BROKEN, OSError) as error:
                if isinstance(error, StorageError):
                    raise
                hint = f"delete {archive} and run again, or make room on the disk."
                raise StorageError(
                    explain(str(archive), "a whole archive", str(error), hint)
                ) from error
    return folder


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _extract(archive: Path, folder: Path) -> None:
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as source:
            unsafe = [n for n in source.namelist() if _leaves(n)]
            if unsafe:
                raise StorageError(explain(str(archive), "paths inside it", some(unsafe)))
            _check_unpacked(archive, sum(member.file_size for member in source.infolist()))
            source.extractall(folder)
    elif tarfile.is_tarfile(archive):
        with tarfile.open(archive) as source_tar:
            total = 0
            for member in source_tar:  # its length is known only when all of it has been unpacked
                total += member.size
                _check_unpacked(archive, total)
                source_tar.extract(member, folder, filter="data")
    else:
        raise StorageError(explain(str(archive), "a zip or tar archive", "something else"))


def _check_unpacked(archive: Path, n_bytes: int) -> None:
    if n_bytes > MAX_UNPACKED:
        want = f"at most {MAX_UNPACKED / 2**30:g} GB when unpacked"
        hint = f"delete {archive}: it is not the data set that it should be."
        raise StorageError(explain(str(archive), want, "more", hint))


def _leaves(name: str) -> bool:
    parts = Path(name.replace("\\", "/")).parts
    return ".." in parts or name.startswith(("/", "\\")) or ":" in name
