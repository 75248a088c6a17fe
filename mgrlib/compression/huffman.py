"""Huffman coding: frequent symbols get short codes; to the bit, and with the way back.

Codes are canonical: the lengths alone determine them, so a file needs one byte a symbol for its
table. Among codes of whole bits none is shorter on average (Huffman, 1952).
"""

from __future__ import annotations

import heapq
from itertools import count

import numpy as np

from mgrlib.errors import MgrError, explain

MAX_SYMBOLS = 256


def code_lengths(counts: np.ndarray) -> np.ndarray:
    """How many bits each symbol's code has, (K,) counts -> (K,) int64; 0 for symbols not used.

    Two of the rarest are joined until one tree is left; a symbol's depth is its length. A symbol
    that is alone gets one bit.

    >>> code_lengths(np.array([5, 2, 1, 0, 1]))
    array([1, 2, 3, 0, 3])
    """
    counts = np.asarray(counts)
    lengths = np.zeros(len(counts), dtype=np.int64)
    order = count()
    heap = [(int(n), next(order), [symbol]) for symbol, n in enumerate(counts) if n]
    heapq.heapify(heap)
    if len(heap) == 1:
        lengths[heap[0][2]] = 1
    while len(heap) > 1:
        n_a, _, a = heapq.heappop(heap)
        n_b, _, b = heapq.heappop(heap)
        lengths[a + b] += 1
        heapq.heappush(heap, (n_a + n_b, next(order), a + b))
    return lengths


def canonical_codes(lengths: np.ndarray) -> np.ndarray:
    """The codes that belong to these lengths, (K,) int64: in order of length, then of symbol.

    >>> [f"{code:0{n}b}" for code, n in zip(canonical_codes([1, 2, 3, 3]), [1, 2, 3, 3])]
    ['0', '10', '110', '111']
    """
    lengths = np.asarray(lengths, dtype=np.int64)
    codes = np.zeros(len(lengths), dtype=np.int64)
    code = previous = 0
    for symbol in np.lexsort((np.arange(len(lengths)), lengths)):
        if lengths[symbol]:
            code <<= int(lengths[symbol]) - previous
            codes[symbol] = code
            code, previous = code + 1, int(lengths[symbol])
    return codes


def entropy_bits(counts: np.ndarray) -> float:
    """The least bits a symbol that any code could do with on average.

    >>> entropy_bits(np.array([2, 1, 1]))
    1.5
    """
    share = np.asarray(counts, dtype=np.float64)
    share = share[share > 0] / share.sum()
    return float(-(share * np.log2(share)).sum()) + 0.0


def encode(symbols: np.ndarray) -> bytes:
    """Symbols below 256, (n,), as a table of code lengths and the bits of their codes.

    One byte says how many lengths follow less one, then come the lengths, a byte each, then the
    bits, filled up to whole bytes. How many symbols there are is for the reader to know.
    """
    symbols = np.asarray(symbols, dtype=np.int64)
    if not symbols.size:
        return b""
    if symbols.min() < 0 or symbols.max() >= MAX_SYMBOLS:
        got = f"{symbols.min()} to {symbols.max()}"
        raise MgrError(explain("huffman.encode", f"symbols from 0 to {MAX_SYMBOLS - 1}", got))
    lengths = code_lengths(np.bincount(symbols))
    codes = canonical_codes(lengths)
    n_bits = lengths[symbols]
    ends = np.cumsum(n_bits)
    owner = np.repeat(np.arange(symbols.size), n_bits)
    place = ends[owner] - 1 - np.arange(ends[-1])  # of each bit in its code, from the right
    bits = (codes[symbols][owner] >> place) & 1
    table = bytes([len(lengths) - 1, *lengths.tolist()])
    return table + np.packbits(bits.astype(np.uint8)).tobytes()


def decode(data: bytes, n_symbols: int) -> np.ndarray:
    """The `n_symbols` symbols of what `encode` wrote, (n,) uint8.

    Raises:
        MgrError: the data end too early.

    >>> decode(encode(np.array([3, 0, 3, 3])), 4)
    array([3, 0, 3, 3], dtype=uint8)
    """
    if not n_symbols:
        return np.empty(0, dtype=np.uint8)
    n_table = data[0] + 2 if data else 1
    lengths = np.frombuffer(data[1:n_table], dtype=np.uint8).astype(np.int64)
    symbol_at, length_at = _at_every_bit(data[n_table:], lengths)
    symbols, place = np.empty(n_symbols, dtype=np.uint8), 0
    for i in range(n_symbols):
        if place >= len(symbol_at):
            got = f"{i} in {len(data)} bytes"
            raise MgrError(explain("huffman.decode", f"{n_symbols} symbols", got))
        symbols[i] = symbol_at[place]
        place += length_at[place]
    if place > 8 * (len(data) - n_table):  # the last code borrowed zeros from beyond the end
        raise MgrError(explain("huffman.decode", f"{n_symbols} symbols", f"{len(data)} bytes"))
    return symbols


def _at_every_bit(data: bytes, lengths: np.ndarray) -> tuple[list[int], list[int]]:
    """The symbol and the length of the code that would begin at each bit.

    Canonical codes, filled up with zeros to one length, are in ascending order: the code that a
    stretch of bits begins with is the last one not above it.
    """
    widest = int(lengths.max(initial=1))
    symbols = np.lexsort((np.arange(len(lengths)), lengths))
    symbols = symbols[lengths[symbols] > 0]
    codes = canonical_codes(lengths)[symbols] << (widest - lengths[symbols])
    bits = np.unpackbits(np.frombuffer(data, dtype=np.uint8)).astype(np.int64)
    padded = np.concatenate([bits, np.zeros(widest, dtype=np.int64)])
    window = np.zeros(len(bits), dtype=np.int64)
    for i in range(widest):
        window = (window << 1) | padded[i : i + len(bits)]
    which = symbols[np.searchsorted(codes, window, side="right") - 1]
    return which.tolist(), lengths[which].tolist()
