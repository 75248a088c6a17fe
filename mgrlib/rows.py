"""Arrays that are larger than memory: `Rows`, of which a batch is read when it is needed.

A `Segments` has one array (S, ...) per modality. One that fits into memory is a torch tensor. A
larger one is a `Rows`: what it is read from, the numbers of its rows, and the functions that each
batch is put through after reading. To select rows gives other numbers, to standardize them adds a
function, and neither reads anything. Batches are tensors in both cases, with the same digits.
"""

from __future__ import annotations

import math
import mmap
import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, Protocol, TypeVar

import numpy as np
import torch

from mgrlib.errors import ShapeError, StorageError, explain

Change = Callable[[torch.Tensor], torch.Tensor]
Item = TypeVar("Item")
MEMORY_MB = 256
BATCH = 64  # rows changed together; networks that prepare inputs have the same batch size
BLOCK_BYTES = 8 << 20
PIECE_BYTES = 2 << 20  # of a batch, read and changed together: what a change needs stays small
PAGE_TENSOR_BYTES = 1 << 20
MAX_THREADS = 4


def memory_bytes() -> int:
    """The size up to which an array is held in memory, in bytes.

    It is 256 MB, or what the variable `MGRLIB_MEMORY_MB` says; with 0 every array is read in
    batches.

    Raises:
        StorageError: if the variable is not a number of at least 0.
    """
    text = os.environ.get("MGRLIB_MEMORY_MB", "") or str(MEMORY_MB)
    if not text.isdecimal():
        raise StorageError(explain("MGRLIB_MEMORY_MB", "a whole number of megabytes", repr(text)))
    return int(text) << 20


def page_tensor(shape: Sequence[int]) -> torch.Tensor:
    """A float32 tensor, its values not set, whose memory goes back to the system when it is freed.

    The C library keeps freed arrays of some megabytes for later ones. Batches that are allocated in
    one thread and freed in another scatter there, so that a process grows with the number of its
    batches, up to some hundred megabytes. A tensor of at least 1 MB therefore has memory pages of
    its own.
    """
    n_bytes = 4 * math.prod(shape)
    if n_bytes < PAGE_TENSOR_BYTES:
        return torch.empty(tuple(shape))
    private = {"flags": mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS} if os.name == "posix" else {}
    return torch.frombuffer(mmap.mmap(-1, n_bytes, **private), dtype=torch.float32).view(*shape)


class Source(Protocol):
    """An array (S, ...) that gives rows by their numbers: a tensor, or files of the store."""

    @property
    def shape(self) -> Sequence[int]:
        """S and the shape of a row."""

    def __getitem__(self, index: torch.Tensor) -> torch.Tensor:
        """(B,) int64 -> (B, ...) float32."""


@dataclass(frozen=True, eq=False)
class Rows:
    """An array (S, ...) of float32 that is read and changed in batches.

    `rows[index]` gives a tensor, for a number, a slice, or a tensor or list of numbers or booleans.

    Args:
        source: what the rows are read from.
        index: the number of each row in the source, (S,) int64.
        row_shape: the shape of a row after all changes.
        changes: functions of a batch (B, ...), which treat each row alike, whatever the others are.
    """

    source: Source
    index: torch.Tensor
    row_shape: tuple[int, ...]
    changes: tuple[Change, ...] = ()

    @classmethod
    def of(cls, source: Source) -> Rows:
        """All rows of a source."""
        return cls(source, torch.arange(source.shape[0]), tuple(source.shape[1:]))

    @property
    def shape(self) -> tuple[int, ...]:
        """S and the shape of a row."""
        return (len(self.index), *self.row_shape)

    @property
    def ndim(self) -> int:
        """The number of axes, with that of the rows."""
        return 1 + len(self.row_shape)

    @property
    def nbytes(self) -> int:
        """The bytes of all rows."""
        return 4 * math.prod(self.shape)

    def __len__(self) -> int:
        return len(self.index)

    def __repr__(self) -> str:
        return f"Rows{self.shape}"

    def __getitem__(self, index: Any) -> torch.Tensor:
        numbers = self.index[index]
        if numbers.ndim == 0:
            return self[[index]][0]
        if not self.changes:
            return self.source[numbers]
        row_bytes = 4 * math.prod(self.source.shape[1:])
        pieces = numbers.split(max(PIECE_BYTES // max(row_bytes, 1), 1))
        if len(pieces) == 1:
            return self._changed(numbers)
        batch = page_tensor((len(numbers), *self.row_shape))
        for place, piece in zip(batch.split(len(pieces[0])), pieces, strict=True):
            place.copy_(self._changed(piece))
        return batch

    def _changed(self, numbers: torch.Tensor) -> torch.Tensor:
        """Rows of the source after all changes, by their numbers there."""
        batch = self.source[numbers]
        for change in self.changes:
            batch = change(batch)
        return batch

    def __getattr__(self, name: str) -> Any:
        hint = f"`rows[:100].{name}` is that of the first hundred, `rows[:]` reads all into memory."
        raise AttributeError(explain("Rows", "an index first", f".{name}", hint))

    def select(self, index: Any) -> Rows:
        """Some of the rows, by an index as of a tensor; nothing is read."""
        return replace(self, index=self.index[index])

    def apply(self, change: Change) -> Rows:
        """All rows with one more change; only the first row is read, to learn the new shape.

        Raises:
            ShapeError: if the change does not give one row for each row.
        """
        changes = (*self.changes, change)
        if not len(self):
            return replace(self, changes=changes)
        sample = change(self[:1])
        if len(sample) != 1:
            got = f"{len(sample)} for one"
            raise ShapeError(explain("Rows.apply", "one row for each row", got))
        return replace(self, row_shape=tuple(sample.shape[1:]), changes=changes)

    def blocks(self, size: int | None = None) -> Iterator[torch.Tensor]:
        """Yield the rows in order, in tensors of `size` rows; the last may have fewer.

        By default, a tensor has about 8 MB.
        """
        size = size or min(max(BLOCK_BYTES // (4 * math.prod(self.row_shape)), 1), BATCH)
        starts = range(0, len(self), size)
        return ahead(partial(self.__getitem__, slice(i, i + size)) for i in starts)

    def numpy(self) -> np.ndarray:
        """All rows, read into memory."""
        return in_memory(self).numpy()

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        return self.numpy().astype(dtype or np.float32, copy=False)


Array = torch.Tensor | Rows


def in_memory(x: Array) -> torch.Tensor:
    """All rows as a tensor."""
    if isinstance(x, torch.Tensor):
        return x
    if not x.changes:
        return x.source[x.index]
    values, start = torch.empty(x.shape), 0
    for block in x.blocks(BATCH):
        values[start : start + len(block)] = block
        start += len(block)
    return values


def settled(rows: Rows) -> Array:
    """The rows as a tensor if they fit into memory, and otherwise as they are."""
    return in_memory(rows) if rows.nbytes <= memory_bytes() else rows


def selected(x: Array, index: Any) -> Array:
    """Some rows; those of a tensor are copied."""
    return x.select(index) if isinstance(x, Rows) else x[index]


def applied(x: Array, change: Change) -> Array:
    """A tensor changed at once, or `Rows` whose batches will be; small results are computed now."""
    return settled(x.apply(change)) if isinstance(x, Rows) else change(x)


def ahead(jobs: Iterator[Callable[[], Item]]) -> Iterator[Item]:
    """Yield the results of some jobs in order, while threads work on the next ones.

    There is a thread for every other processor core, up to four, and as many results at most wait.
    """
    n_threads = max(1, min(MAX_THREADS, (os.cpu_count() or 1) // 2))
    with ThreadPoolExecutor(n_threads, thread_name_prefix="mgrlib-rows") as pool:
        waiting: deque[Future[Item]] = deque()
        try:
            for job in jobs:
                waiting.append(pool.submit(job))
                if len(waiting) > n_threads:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:  # whoever stops early does not wait for the rest
            for future in waiting:
                future.cancel()
