"""The feature store: one file for each clip and feature, with a checksum.

A file holds a clip's segments, a stack (S, ...) of float32, in NumPy's `.npy` form. Eight more
bytes at its end are a checksum, which NumPy does not look at. The file's folder is named after the
feature's settings and the cutting, and the file itself after the clip's content.

Every clip has a file of its own, rather than one large file for each corpus, for four reasons. A
file is written atomically, so that any number of processes and computers may write to one folder
and a killed one leaves what it finished. Two corpora that share a clip share its file. Nothing is
stored twice, and nothing has to be assembled at the end. And files are read row by row, not mapped
into memory: a mapped file counts as the process's memory as soon as it is touched, and one that is
larger than the allowed address space cannot be mapped at all.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from pathlib import Path
from typing import BinaryIO

import numpy as np
import torch

from mgrlib.errors import StorageError, explain
from mgrlib.rows import page_tensor
from mgrlib.storage import atomic_write, home

STORE_VERSION = 1
SEAL = b"crc3"  # precedes the checksum at the end; files of the first edition have neither
SEAL_BYTES = 8
SEAL_BLOCK = 1 << 20
HINT = "set MGRLIB_HOME to a folder that you may read and write, on a disk with free space."


def feature_folder(feature_key: str, cutting: object) -> Path:
    """The folder for a feature of clips that are cut in this way, with one file per clip."""
    kind = hashlib.sha256(f"{STORE_VERSION}|{feature_key}|{cutting}".encode()).hexdigest()[:16]
    return home() / "features" / kind


def clip_file(fingerprint: str) -> str:
    """The name of the file of a clip with this content."""
    return hashlib.sha256(fingerprint.encode()).hexdigest()[:32] + ".npy"


@dataclass(frozen=True, slots=True)
class StoredStack:
    """A stack in the store: its folder, its file, its shape, and its offset in the file."""

    folder: Path
    name: str
    shape: tuple[int, ...]
    offset: int


def read_stack(folder: Path, name: str) -> StoredStack | None:
    """Check a file of the store; warn and return None if it is damaged, or only the latter.

    Raises:
        StorageError: if the file cannot be read.
    """
    path = folder / name
    try:
        with path.open("rb") as stream:
            header = stream.read(10)
            header += stream.read(int.from_bytes(header[8:], "little"))
            shape, n_bytes = _parse_header(header)
            size = os.fstat(stream.fileno()).st_size - len(header) - n_bytes
            if size == 0 or (size == SEAL_BYTES and _seal_fits(stream, header, n_bytes)):
                return StoredStack(folder, name, shape, len(header))
        reason = "its checksum or length does not fit its content"
    except FileNotFoundError:
        return None
    except OSError as error:
        got = error.strerror or str(error)
        raise StorageError(explain(f"reading {path}", "a readable file", got, HINT)) from error
    except Exception as error:  # a damaged header can make the parser fail in any way
        reason = str(error)
    warnings.warn(f"{path} is damaged ({reason}); it is computed again", stacklevel=2)
    return None


@lru_cache(maxsize=1024)
def _parse_header(header: bytes) -> tuple[tuple[int, ...], int]:
    """The shape and the number of bytes of the array after this header of an `.npy` file.

    Raises:
        Exception: of any kind, if it is not the header of a float32 array in C order.
    """
    stream = io.BytesIO(header)
    if np.lib.format.read_magic(stream) != (1, 0):
        raise ValueError("not a file that this package writes")
    shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream)
    if dtype != np.float32 or fortran or stream.tell() != len(header):
        raise ValueError("its header does not fit its content")
    return shape, 4 * math.prod(shape)


def _seal_fits(stream: BinaryIO, header: bytes, n_bytes: int) -> bool:
    """Whether the rest of a file agrees with the checksum in its last bytes."""
    checksum = zlib.crc32(header)
    while n_bytes:
        block = stream.read(min(n_bytes, SEAL_BLOCK))
        if not block:  # another process shortened the file
            return False
        n_bytes -= len(block)
        checksum = zlib.crc32(block, checksum)
    return stream.read() == SEAL + checksum.to_bytes(4, "little")


def write_stack(folder: Path, name: str, stack: np.ndarray) -> StoredStack:
    """Write a stack to the store atomically.

    Raises:
        StorageError: if the folder cannot be written to, or the disk is full.
    """
    with atomic_write(folder / name) as part, part.open("w+b") as stream:
        np.save(stream, stack)
        offset = stream.tell() - stack.nbytes
        stream.seek(0)
        checksum = zlib.crc32(stack.tobytes(), zlib.crc32(stream.read(offset)))
        stream.seek(0, os.SEEK_END)
        stream.write(SEAL + checksum.to_bytes(4, "little"))
    return StoredStack(folder, name, stack.shape, offset)


class StoredRows:
    """The stacks of many clips as one array (S, ...), whose rows are read when they are needed.

    Checksums were compared when the stacks were looked up, and are not compared again.

    Args:
        stacks: of one folder and with rows of one shape.
    """

    def __init__(self, stacks: Sequence[StoredStack]) -> None:
        counts = [stack.shape[0] for stack in stacks]
        self.folder, self.names = stacks[0].folder, [stack.name for stack in stacks]
        self.offset = np.array([stack.offset for stack in stacks])
        self.stack = np.repeat(np.arange(len(stacks)), counts)  # of each row, (S,)
        self.first = np.concatenate([[0], np.cumsum(counts)])  # row of each stack
        self.shape = (len(self.stack), *stacks[0].shape[1:])

    def __getitem__(self, index: torch.Tensor) -> torch.Tensor:
        """Read rows by their numbers, (B,) int64 -> (B, ...) float32.

        Raises:
            StorageError: if a file is missing or shorter than it was.
        """
        batch = page_tensor((len(index), *self.shape[1:]))
        places, runs = batch.numpy(), _runs(index.numpy(), self.stack)
        for start, end in pairwise(runs.tolist()):
            self._read(int(index[start]), places[start:end])
        return batch

    def _read(self, row: int, place: np.ndarray) -> None:
        """Fill `place` with the rows from `row` on, which are in one file."""
        number = int(self.stack[row])
        path = self.folder / self.names[number]
        row_bytes = 4 * math.prod(self.shape[1:])
        try:
            with path.open("rb", buffering=0) as stream:
                stream.seek(int(self.offset[number]) + (row - int(self.first[number])) * row_bytes)
                n_bytes = stream.readinto(place.data.cast("B")) if place.nbytes else 0
        except OSError as error:
            got = error.strerror or str(error)
            hint = "cut the corpus again, which computes what is missing."
            raise StorageError(explain(f"reading {path}", "a readable file", got, hint)) from error
        if n_bytes != place.nbytes:
            got = "a file that became shorter in the meantime"
            raise StorageError(explain(f"reading {path}", "a complete file", got, HINT))


def _runs(index: np.ndarray, stack: np.ndarray) -> np.ndarray:
    """Where runs of consecutive rows of one file start, with the end of the last, (n + 1,)."""
    breaks = (np.diff(index) != 1) | (np.diff(stack[index]) != 0)
    starts = np.flatnonzero(breaks) + 1
    return np.concatenate([[0], starts, [len(index)]]) if len(index) else np.zeros(1, dtype=int)
