"""The folder for caches and downloads, and functions that write files atomically.

One folder contains everything that mgrlib computes or downloads: the one named by the variable
`MGRLIB_HOME` or, without it, the platform's cache folder. It can be deleted at any time; its files
are then computed or downloaded again.
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

STORE_HINT = "set MGRLIB_HOME to a folder that you may write to, on a disk with free space."
OTHER_HINT = "give a path in a folder that you may write to, on a disk with free space."
TABLES = (".parquet", ".csv")

PART_SUFFIX = ".mgrlib.part"
PART_NAME = 40  # characters of the file's name in the name of its part, which must stay short
ABANDONED_SECONDS = 10.0  # time since the last write of a process that has ended
ABANDONED_SECONDS_ELSEWHERE = 86_400.0  # the same if the process is on another computer

BROKEN = (EOFError, zlib.error, tarfile.TarError, zipfile.BadZipFile)
MAX_UNPACKED = 8 << 30
"""The largest size of an unpacked archive, in bytes; GTZAN, the largest data set, has 1.3e9."""

DISK = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EIO)


def home() -> Path:
    """The folder for caches and downloads; it is created when the first file is written."""
    folder = os.environ.get("MGRLIB_HOME")
    return Path(folder).expanduser() if folder else Path(pooch.os_cache("mgrlib"))


@contextmanager
def atomic_write(path: Path) -> Iterator[Path]:
    """Yield a temporary path in the folder of `path`, which replaces `path` if the block succeeds.

    A reader sees the old file or the new one, never a part of it. A killed process leaves at most a
    file whose name ends in `.part`; it is never read, and the next process that writes to the
    folder deletes it.

    Raises:
        StorageError: if the folder cannot be created or written to, or the disk is full.
    """
    part = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _remove_old_parts(path.parent.absolute())
        part = _new_part(path)
        yield part
        os.chmod(part, 0o666 & ~_umask())  # mkstemp's 0600 would exclude other users
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
    """Create a file in the folder of `path` whose name contains its computer and process."""
    suffix = f".{_computer()}-{os.getpid()}{PART_SUFFIX}"
    prefix = path.name[:PART_NAME] + "."
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=prefix, suffix=suffix)
    os.close(handle)
    return Path(name)


@cache
def _computer() -> str:
    return hashlib.sha256(platform.node().encode()).hexdigest()[:8]


@lru_cache(maxsize=256)  # a folder can contain thousands of files, so it is searched only once
def _remove_old_parts(folder: Path) -> None:
    """Delete the parts in a folder whose processes have ended."""
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(PART_SUFFIX) and _is_abandoned(entry):
                with suppress(OSError):
                    os.unlink(entry.path)


def _is_abandoned(part: os.DirEntry[str]) -> bool:
    """Whether the process that wrote a part has ended; only local processes can be checked."""
    writer = part.name.removesuffix(PART_SUFFIX).rpartition(".")[2]
    computer, _, pid = writer.partition("-")
    try:
        age = time.time() - part.stat(follow_symlinks=False).st_mtime
        if computer != _computer() or os.name != "posix":
            return age > ABANDONED_SECONDS_ELSEWHERE
        os.kill(int(pid), 0)  # signal 0 only checks whether the process exists
    except ProcessLookupError:
        return age > ABANDONED_SECONDS
    except (OSError, ValueError, OverflowError):
        return False
    return False


def _hint(path: Path) -> str:
    """The hint for a path that cannot be written, which differs for paths in the store."""
    in_store = path.absolute().is_relative_to(home().absolute())
    return STORE_HINT if in_store else OTHER_HINT


def check_table(path: Path) -> Path:
    """Check that `write_table` can write a path, and return it.

    Raises:
        StorageError: if the name ends in neither .csv nor .parquet.
    """
    if path.suffix.lower() not in TABLES:
        raise StorageError(
            explain(f"writing {path}", f"a name ending in {' or '.join(TABLES)}", path.name)
        )
    return path


def write_table(table: pd.DataFrame, path: Path) -> Path:
    """Write a table without its index atomically, and return the path.

    A .csv file is encoded in UTF-8 on every platform. Characters that UTF-8 cannot encode, as in
    the names of some files, are escaped.

    Raises:
        StorageError: if the file cannot be written, or its name ends in neither .csv nor .parquet.
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
    """Write a value as JSON with its checksum atomically, and return the path.

    Raises:
        StorageError: if the file cannot be written.
    """
    text = json.dumps(content)
    with atomic_write(path) as part:
        part.write_text(_seal(text), encoding="utf-8")
    return path


def _seal(text: str) -> str:
    """Wrap JSON text in an object with its checksum."""
    return f'{{"crc32": "{zlib.crc32(text.encode()):08x}", "content": {text}}}\n'


def read_json(path: Path) -> Any:
    """Read a file that `write_json` wrote; JSON without a checksum is not checked.

    Raises:
        StorageError: if the file does not exist or is damaged.
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
    if text != _seal(content):
        got = "a changed file"
        raise StorageError(explain(str(path), "content that fits its checksum", got))
    return value["content"]


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


@contextmanager
def lock(path: Path, timeout_seconds: float = 600.0) -> Iterator[None]:
    """Hold a lock between processes during the block, in a file in the folder of `path`.

    The operating system releases the lock when its process ends, so a killed run blocks no other.

    Raises:
        StorageError: if the folder cannot be created or written to, or if another process held the
            lock for longer than `timeout_seconds`.
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
    """Download a file from the first mirror that provides it, and return its path.

    Args:
        name: of the file in the folder.
        urls: the mirrors, in the order in which they are tried.
        digest: `"sha256:..."` or `"md5:..."`, the checksum of the content; an existing file with
            this checksum is not downloaded again.
        folder: the default is `home() / "downloads"`.

    Raises:
        ChecksumError: if a mirror sent a file with a different checksum.
        DownloadError: if no mirror sent a file.
        StorageError: if the folder cannot be written to.
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
            except Exception as error:  # a mirror can fail in any way; the message gives reasons
                failures.append(error)
            else:
                return path
    reasons = "; ".join(f"{u}: {e}" for u, e in zip(urls, failures, strict=True))
    kind = ChecksumError if any(isinstance(e, ChecksumError) for e in failures) else DownloadError
    hint = f"check the network, or download the file by hand and put it at {path}."
    expected = f"one working mirror of {len(urls)}"
    raise kind(explain(f"downloading {name}", expected, reasons.rstrip("."), hint))


def _fetch(url: str, path: Path, algorithm: str, expected: str) -> None:
    with atomic_write(path) as part:
        fetch = pooch.core.choose_downloader(url, progressbar=True)
        try:
            fetch(url, str(part), None)
        except OSError as error:  # errors of requests are OSErrors too, not only those of the disk
            if error.errno in DISK:
                raise
            raise DownloadError(str(error)) from error
        digest = checksum(part, algorithm)
        if digest != expected:
            hint = "the file on the server changed or the transfer failed; it was not stored."
            raise ChecksumError(explain(url, f"{algorithm} {expected}", digest, hint))


def unpack(archive: Path, folder: Path) -> Path:
    """Unpack a zip or tar archive to `folder` atomically, and return the folder.

    Members outside the folder, links to paths outside it and devices are refused, and so is an
    archive whose content is larger than `MAX_UNPACKED` bytes.

    Raises:
        StorageError: if the file is not an archive, has an unsafe member or is too large, or if the
            disk is full.
    """
    with lock(folder):
        if folder.is_dir():
            return folder
        prefix = f".unpack-{folder.name[:PART_NAME]}-"
        for old in folder.parent.glob(f"{glob.escape(prefix)}*"):  # of processes that have ended
            shutil.rmtree(old, ignore_errors=True)
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=prefix) as work:
            content = Path(work) / "content"
            try:
                _extract(archive, content)
                os.replace(content, folder)
            except (*BROKEN, OSError) as error:
                if isinstance(error, StorageError):
                    raise
                hint = f"delete {archive} and run again, or free space on the disk."
                raise StorageError(
                    explain(str(archive), "a complete archive", str(error), hint)
                ) from error
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
            for member in source_tar:  # the total is known only after unpacking the whole archive
                total += member.size
                _check_unpacked(archive, total)
                source_tar.extract(member, folder, filter="data")
    else:
        raise StorageError(explain(str(archive), "a zip or tar archive", "something else"))


def _check_unpacked(archive: Path, n_bytes: int) -> None:
    if n_bytes > MAX_UNPACKED:
        expected = f"at most {MAX_UNPACKED / 2**30:g} GB when unpacked"
        hint = f"delete {archive}: it is not the expected data set."
        raise StorageError(explain(str(archive), expected, "more", hint))


def _leaves(name: str) -> bool:
    parts = Path(name.replace("\\", "/")).parts
    return ".." in parts or name.startswith(("/", "\\")) or ":" in name
