"""A network's weights as bytes, each tensor in the form that takes least, and back again.

Four forms. Every ratio in the book that says "Deep compression" is the length of such a file.

- *raw*: each value as float32, four bytes.
- *codes*: a table of the distinct values, and for each weight its number, Huffman coded.
- *sparse codes*: the same for non-zero weights only, and the gaps between them, Huffman coded.
- *sparse*: the gaps, Huffman coded, and the non-zero weights as float32.

A gap counts the zeros passed over. Where more than 255 are, a zero is written as if it were a
weight: Han et al. (2016), figure 2, with a byte in place of their three to eight bits, since the
Huffman code makes short what is frequent.
"""

from __future__ import annotations

import struct

import numpy as np
import torch
from torch import nn

from mgrlib.compression import huffman
from mgrlib.compression.weights import plain
from mgrlib.errors import MgrError, ShapeError, explain

MAGIC = b"MGRW1"
FORMS = ("raw", "codes", "sparse codes", "sparse")
MAX_GAP = 255
MAX_VALUES = 255


def float_tensors(model: nn.Module) -> dict[str, torch.Tensor]:
    """What a trained network needs to answer: weights, biases, normalization; sorted by name.

    Counters of training are left out.
    """
    state = plain(model).state_dict()
    return {name: state[name].detach().cpu() for name in sorted(state) if state[name].ndim}


def pack(model: nn.Module) -> bytes:
    """The weights of a model in as few bytes as the four forms allow, without loss.

    `unpack` gives them back to the bit.
    """
    return MAGIC + b"".join(_packed(x) for x in float_tensors(model).values())


def unpack(data: bytes, like: nn.Module) -> nn.Module:
    """A copy of `like` with the weights that `pack` wrote.

    Args:
        like: a model of the same layers and shapes, trained or not.

    Raises:
        MgrError: not a packed network, or a truncated one.
        ShapeError: the packed network has other shapes.
    """
    if not data.startswith(MAGIC):
        raise MgrError(explain("unpack", "a packed network", f"{data[:8]!r} ..."))
    network = plain(like)
    state = network.state_dict()
    reader = _Reader(data, len(MAGIC))
    for name in sorted(state):
        if state[name].ndim:
            x = torch.from_numpy(_unpacked(reader, state[name].numel()))
            state[name].copy_(x.reshape(state[name].shape))
    if reader.place != len(data):
        got = f"{len(data) - reader.place} bytes more"
        raise ShapeError(explain("unpack", f"a packed {type(like).__name__}", got))
    return network


def _packed(x: torch.Tensor) -> bytes:
    """Encode the tensor in the shortest of the four forms."""
    flat = x.contiguous().reshape(-1).numpy().astype("<f4")
    candidates = [_raw(flat), _sparse(flat)]
    values = np.unique(flat[flat != 0])
    if len(values) <= MAX_VALUES:
        candidates += [_codes(flat, values), _sparse_codes(flat, values)]
    return min(candidates, key=len)


def _raw(flat: np.ndarray) -> bytes:
    return bytes([0]) + flat.tobytes()


def _codes(flat: np.ndarray, values: np.ndarray) -> bytes:
    return _head(1, values) + _sized(huffman.encode(_numbers(flat, values)))


def _sparse_codes(flat: np.ndarray, values: np.ndarray) -> bytes:
    entries, gaps = _entries(flat)
    gap_stream, stream = huffman.encode(gaps), huffman.encode(_numbers(flat[entries], values))
    return _head(2, values) + struct.pack("<I", len(entries)) + _sized(gap_stream) + _sized(stream)


def _sparse(flat: np.ndarray) -> bytes:
    entries, gaps = _entries(flat)
    head = bytes([3]) + struct.pack("<I", len(entries))
    return head + _sized(huffman.encode(gaps)) + flat[entries].tobytes()


def _head(form: int, values: np.ndarray) -> bytes:
    return bytes([form, len(values)]) + values.astype("<f4").tobytes()


def _sized(stream: bytes) -> bytes:
    return struct.pack("<I", len(stream)) + stream


def _numbers(flat: np.ndarray, values: np.ndarray) -> np.ndarray:
    """0 for zeros, otherwise 1 + the index among the sorted values."""
    return np.where(flat == 0, 0, 1 + np.searchsorted(values, flat)) if len(values) else 0 * flat


def _entries(flat: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The positions of the entries, and the number of zeros before each."""
    there = np.flatnonzero(flat)
    before = np.diff(there, prepend=-1) - 1
    n_fill = before // (MAX_GAP + 1)
    gaps = np.full(len(there) + n_fill.sum(), MAX_GAP, dtype=np.int64)
    gaps[np.arange(len(there)) + np.cumsum(n_fill)] = before - n_fill * (MAX_GAP + 1)
    return np.cumsum(gaps + 1) - 1, gaps


class _Reader:
    """Reads bytes field by field."""

    def __init__(self, data: bytes, place: int) -> None:
        self.data, self.place = data, place

    def take(self, n: int) -> bytes:
        if self.place + n > len(self.data):
            got = f"{len(self.data)} bytes"
            hint = "the file was cut off, or is of another network."
            raise MgrError(explain("unpack", f"{self.place + n} bytes or more", got, hint))
        self.place += n
        return self.data[self.place - n : self.place]

    def number(self) -> int:
        return int(struct.unpack("<I", self.take(4))[0])

    def floats(self, n: int) -> np.ndarray:
        return np.frombuffer(self.take(4 * n), dtype="<f4").astype(np.float32)

    def symbols(self, n: int) -> np.ndarray:
        return huffman.decode(self.take(self.number()), n)


def _unpacked(reader: _Reader, n: int) -> np.ndarray:
    """Decode the n values of the next tensor."""
    form = FORMS[min(reader.take(1)[0], len(FORMS) - 1)]
    if form == "raw":
        return reader.floats(n)
    table = np.zeros(1, dtype=np.float32)
    if form != "sparse":
        table = np.concatenate([table, reader.floats(reader.take(1)[0])])
    if form == "codes":
        return table[reader.symbols(n)]
    flat = np.zeros(n, dtype=np.float32)
    n_entries = reader.number()
    where = np.cumsum(reader.symbols(n_entries).astype(np.int64) + 1) - 1
    if n_entries and where[-1] >= n:
        raise ShapeError(explain("unpack", f"weights below {n}", f"one at {where[-1]}"))
    flat[where] = reader.floats(n_entries) if form == "sparse" else table[reader.symbols(n_entries)]
    return flat
