"""How long a sound file says that it is, held against the bytes that it has.

libsndfile reads a file that was cut off without a word, and some that are whole not at all. Here
each container states where its samples end; one rule, `_settled`, says what follows from that.
"""

from __future__ import annotations

import io
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate, pairwise
from mmap import mmap
from typing import BinaryIO, Literal, NamedTuple

from mgrlib.data.formats import SLACK_BYTES, note
from mgrlib.errors import AudioError, explain

OPEN_LENGTH = 0x7F00_0000
"""A length of 32 bits from here on in a file that does not have it is a writer's placeholder:
0x7FFFF000 is sox's, 0xFFFFFFFF ffmpeg's, 0x7FFFFFFF and 0x80000000 are others'."""

REPLACE = "replace the file by a whole copy, or take it out of the folder."


class CutOffError(AudioError):
    """A sound file that ends before it says it does."""


@dataclass(frozen=True)
class Plan:
    """How a file is handed to the decoder.

    Args:
        links: one recording after the other, each the bytes, and ranges of the file's own bytes,
            that a decoder gets in place of the file; none hands over the file as it is.
        notes: what is odd about it.
        n_frames: samples of each channel, where they were counted.
    """

    links: tuple[tuple[bytes | range, ...], ...] = ()
    notes: tuple[str, ...] = ()
    n_frames: int | None = None


@dataclass(frozen=True)
class Extent:
    """What a header says of the samples: their first byte, and how many bytes they are.

    `length` is None where the header leaves it open, and counts `prefix` bytes that are no samples;
    it takes `width` bytes at `place`, in the byte order `order`.
    """

    start: int
    length: int | None
    place: int = 0
    width: int = 4
    order: Literal["little", "big"] = "little"
    prefix: int = 0


@dataclass(frozen=True)
class _Chunks:
    """A container that is a list of chunks, each a name, a length and that many bytes."""

    data: bytes
    first: int = 12
    width: int = 4
    order: Literal["little", "big"] = "little"
    align: int = 2
    inclusive: bool = False  # the length counts the name and itself
    prefix: int = 0  # bytes at the start of the data that are no samples


_W64_DATA = b"data\xf3\xac\xd3\x11\x8c\xd1\x00\xc0\x4f\x8e\xdb\x8a"
_CHUNKED = {
    b"RIFF": _Chunks(b"data"),
    b"RF64": _Chunks(b"data"),
    b"RIFX": _Chunks(b"data", order="big"),
    b"FORM": _Chunks(b"SSND", order="big", prefix=8),
    b"caff": _Chunks(b"data", first=8, width=8, order="big", align=1, prefix=4),
    b"riff": _Chunks(_W64_DATA, first=40, width=8, align=8, inclusive=True),
}

CONTAINERS = (*_CHUNKED, b".snd", b"dns.", b"OggS", b"fLaC")
"""The first four bytes of files in which frames of an mp3 are not looked for."""


def plan(stream: BinaryIO | mmap, size: int, where: str) -> Plan:
    """How the file is read: as it is, or with a corrected length in its header.

    Files of other containers are left as they are: their decoder notices what is missing.

    Args:
        stream: the file, open; its position is changed.
        size: its bytes.
        where: its name in messages.

    Raises:
        CutOffError: the file has fewer bytes than its header states.
    """
    stream.seek(0)
    magic = stream.read(4)
    if magic == b"OggS":
        return _ogg_plan(stream, size, where)
    if magic in _CHUNKED:
        extent = _chunk_extent(stream, size, _CHUNKED[magic])
    elif magic in (b".snd", b"dns."):
        extent = _au_extent(stream, "little" if magic == b"dns." else "big")
    else:
        extent = None
    return Plan() if extent is None else _settled(extent, size, where, stream)


def _settled(extent: Extent, size: int, where: str, stream: BinaryIO | mmap) -> Plan:
    """Decide how to read a file, from the length in its header and its real size."""
    there = size - extent.start
    if extent.length is not None and extent.length <= extent.prefix < there:
        if _is_chunk_list(stream, extent, size):
            return Plan()
        return Plan((_corrected(extent, size),), (note("length 0"),))
    if extent.length is None:
        links = (_corrected(extent, size),) if extent.width == 8 else ()
        return Plan(links, (note("open length"),))
    missing = extent.length - there
    if missing <= 0:
        return Plan()
    if missing <= SLACK_BYTES:
        return Plan(notes=(note("miscounted", f"{missing}"),))
    promise = f"{extent.start + extent.length} bytes"
    raise cut_off(where, f"at least {promise}", f"{size}")


def cut_off(where: str, promise: str, got: str) -> CutOffError:
    """The error that says that a file has less than it states."""
    expectation = f"a whole file of {promise}, as its header states"
    return CutOffError(explain(where, expectation, f"{got}: it was cut off", REPLACE))


def _corrected(extent: Extent, size: int) -> tuple[bytes | range, ...]:
    """The file's pieces with the real length in the header."""
    length = (size - extent.start).to_bytes(extent.width, extent.order)
    return range(extent.place), length, range(extent.place + extent.width, size)


def _is_chunk_list(stream: BinaryIO | mmap, extent: Extent, size: int) -> bool:
    """Whether other chunks follow, as in a recording without any sample."""
    at = extent.start + (extent.length or 0)
    while at + 4 + extent.width <= size:
        stream.seek(at)
        head = stream.read(4 + extent.width)
        length = int.from_bytes(head[4:], extent.order)
        if not head[:4].isascii() or at + len(head) + length > size:
            return False
        at += len(head) + length + length % 2
    return at >= size


def _chunk_extent(stream: BinaryIO | mmap, size: int, form: _Chunks) -> Extent | None:
    """The extent of the samples in a list of chunks; None if it has none."""
    at, long_length = form.first, 0
    n_name, overhead = len(form.data), len(form.data) + form.width
    while at + overhead <= size:
        stream.seek(at)
        head = stream.read(overhead)
        length = int.from_bytes(head[n_name:], form.order) - overhead * form.inclusive
        if head[:4] == b"ds64":  # RF64: lengths of 64 bits, and the chunks' own are all ones
            long_length = int.from_bytes(stream.read(16)[8:], "little")
        if head[:n_name] == form.data:
            stated = long_length if long_length and length == 0xFFFF_FFFF else length
            open_end = _left_open(stated, at + overhead, size, form)
            place = at + n_name
            length_stated = None if open_end else stated
            start = at + overhead
            return Extent(start, length_stated, place, form.width, form.order, form.prefix)
        if length < 0:
            return None
        at += overhead + length
        at += -at % form.align if form.align > 1 else 0
    return None


def _left_open(length: int, start: int, size: int, form: _Chunks) -> bool:
    if start + length <= size:
        return False
    return length >= (1 << 63) - 1 if form.width == 8 else length >= OPEN_LENGTH


def _au_extent(stream: BinaryIO | mmap, order: Literal["little", "big"]) -> Extent:
    head = stream.read(8)
    start, length = (int.from_bytes(head[k : k + 4], order) for k in (0, 4))
    return Extent(start, None if length >= OPEN_LENGTH else length, 8, 4, order)


def _ogg_plan(stream: BinaryIO | mmap, size: int, where: str) -> Plan:
    """The plan for an Ogg file, which may hold several recordings one after the other."""
    pages = list(_ogg_pages(stream, size))
    last = pages[-1]
    if last.stop > size:
        raise cut_off(where, f"at least {last.stop} bytes", f"{size}")
    notes = () if last.flags & _OGG_LAST else (note("no last page"),)
    starts = [pages[0].start]
    for before, page in pairwise(pages):
        if page.flags & _OGG_FIRST and not before.flags & _OGG_FIRST:
            starts.append(page.start)
    if len(starts) == 1:
        return Plan(notes=notes)
    links = tuple((range(a, b),) for a, b in pairwise([*starts, size]))
    return Plan(links, (*notes, note("chain", f"{len(links)}")))


_OGG_FIRST, _OGG_LAST = 2, 4


class _Page(NamedTuple):
    start: int
    stop: int  # beyond the end of the file if the page is not all there
    flags: int


def _ogg_pages(stream: BinaryIO | mmap, size: int) -> Iterator[_Page]:
    """Yield the pages of an Ogg file, and skip the bytes between them."""
    at = 0
    while 0 <= at < size:
        stream.seek(at)
        head = stream.read(27 + 255)
        if not head.startswith(b"OggS"):
            stream.seek(at + 1)
            near = stream.read(1 << 17).find(b"OggS")  # pages have 65,307 bytes at most
            at = at + 1 + near if near >= 0 else size
            continue
        n_lacing = head[26] if len(head) > 26 else 1
        lacing = head[27 : 27 + n_lacing]
        missing = n_lacing - len(lacing)
        stop = at + 27 + n_lacing + sum(lacing) + missing
        yield _Page(at, stop, head[5] if len(head) > 5 else 0)
        at = stop


class Pieces(io.RawIOBase):
    """A file for reading that consists of bytes and of ranges of another file's bytes."""

    def __init__(self, source: bytes | mmap, pieces: Sequence[bytes | range]) -> None:
        self._source = memoryview(source)
        self._pieces = [p for p in pieces if len(p)]
        self._ends = list(accumulate(len(p) for p in self._pieces))
        self._at = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def seekable(self) -> bool:
        """Yes."""
        return True

    def tell(self) -> int:
        """The position in bytes."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to a position in bytes, and return it."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._length()}[whence]
        self._at = max(0, base + offset)
        return self._at

    def readinto(self, buffer) -> int:  # type: ignore[no-untyped-def]
        """Fill the buffer with what follows, and return how many bytes that was."""
        place = memoryview(buffer).cast("B")
        n = 0
        while n < len(place) and self._at < self._length():
            number = bisect_right(self._ends, self._at)
            piece = self._pieces[number]
            offset = self._at - (self._ends[number] - len(piece))
            count = min(len(place) - n, len(piece) - offset)
            place[n : n + count] = self._part(piece, offset, count)
            n += count
            self._at += count
        return n

    def close(self) -> None:
        """Let go of the other file's bytes."""
        self._source.release()
        super().close()

    def _part(self, piece: bytes | range, offset: int, count: int) -> memoryview | bytes:
        if isinstance(piece, range):
            return self._source[piece.start + offset : piece.start + offset + count]
        return piece[offset : offset + count]

    def _length(self) -> int:
        return self._ends[-1] if self._ends else 0
