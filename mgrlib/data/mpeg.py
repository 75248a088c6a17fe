"""MPEG audio (mp1, mp2, mp3) frame by frame: what of a file is sound, and how much it is.

Without a count in its first frame, the length of an mp3 is an estimate from the first frame's bit
rate: a variable bit rate, cover art or a tail of other bytes make it wrong by any factor, and
libsndfile stops reading where the estimate says. So the frames are found and counted here, and a
decoder gets nothing but them, behind a frame that states their number.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby, pairwise
from mmap import mmap

from mgrlib.data.containers import Plan, cut_off
from mgrlib.data.formats import note

SEARCH_BYTES = 1 << 22  # how far into a file its first frame is looked for
LOST_FRACTION = 0.01  # of the stated frames may be missing before a file counts as cut off
LOST_FRAMES = 2  # encoders disagree on whether to count the frame that holds the count
TAGS = (b"TAG", b"APETAGEX", b"LYRICSBEGIN", b"ID3", b"3DI")

LARGEST_TAIL = 4096  # bytes behind the last frame that are not worth a word
LAYER_3 = 1  # in the bits of a header; 3 is layer I

Kind = tuple[int, int, int, bool]  # version bits, layer bits, rate in Hz, mono

_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_KBPS = {
    (1, 3): (32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448),
    (1, 2): (32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384),
    (1, 1): (32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    (2, 3): (32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256),
    (2, 2): (8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
_KBPS[2, 1] = _KBPS[2, 2]


@dataclass(frozen=True)
class Frames:
    """Frames of one kind: a whole file, but for files that were joined out of different ones.

    Args:
        kind: of all of them.
        runs: ranges of bytes that hold nothing but frames; the first begins with the frame of
            the count, if there is one.
        n: how many frames of sound.
        n_samples: samples of one frame, of each channel.
        stated: how many frames of sound the first frame says there are; None if it does not say.
        exact: the count stands where every decoder looks for it.
        header: the bytes of the frame that holds the count; 0 without one.
    """

    kind: Kind
    runs: tuple[range, ...]
    n: int
    n_samples: int
    stated: int | None
    exact: bool
    header: int


def _table() -> dict[tuple[int, int], tuple[tuple[int, int, int], int, int]]:
    """Version, layer, rate, size and samples of a frame, by bytes 2 and 3 of its header."""
    table = {}
    for version, rates in _RATES.items():
        for layer in (1, 2, 3):  # as the header has it
            for number, kbps in enumerate(_KBPS[1 if version == 3 else 2, layer], start=1):
                for k, rate in enumerate(rates):
                    for padding in (0, 1):
                        n = {3: 384, 2: 1152, 1: 1152 if version == 3 else 576}[layer]
                        size = n // 8 * 1000 * kbps // rate + padding
                        if layer == 3:
                            size = (12_000 * kbps // rate + padding) * 4
                        second = 0xE0 | version << 3 | layer << 1
                        third = number << 4 | k << 2 | padding << 1
                        table[second, third] = ((version, layer, rate), size, n)
    return table


_TABLE = _table()


def _frame(data: mmap, at: int) -> tuple[Kind, int, int] | None:
    if at + 4 > len(data) or data[at] != 0xFF:
        return None
    entry = _TABLE.get((data[at + 1] & 0xFE, data[at + 2] & 0xFE))
    if entry is None:
        return None
    return (*entry[0], data[at + 3] >> 6 == 3), entry[1], entry[2]


def frames(data: mmap) -> tuple[Frames, ...]:
    """The frames of a file by kind; none if it is not MPEG audio (or of free bit rate)."""
    start = _next(data, after_tags(data), None, SEARCH_BYTES)
    if start is None:
        return ()
    parts: list[Frames] = []
    for kind, runs in groupby(_runs(data, start), key=lambda run: run[0]):
        ranges, counts = zip(*((span, n) for _, span, n in runs), strict=True)
        parts.append(_frames(data, kind, ranges, sum(counts)))
    return tuple(parts)


def _frames(data: mmap, kind: Kind, runs: tuple[range, ...], n: int) -> Frames:
    start = runs[0].start
    _, size, n_samples = _frame(data, start) or (kind, 0, 0)
    stated, exact = _count(data, start, kind)
    header = size if stated is not None else 0
    return Frames(kind, runs, n - bool(header), n_samples, stated or None, exact, header)


def after_tags(data: mmap) -> int:
    """The offset of the first byte behind the ID3v2 tags that a file begins with."""
    at = 0
    while data[at : at + 3] == b"ID3" and at + 10 <= len(data):
        size = sum((byte & 0x7F) << 7 * k for k, byte in enumerate(data[at + 9 : at + 5 : -1]))
        at += 10 + size + (10 if data[at + 5] & 0x10 else 0)
    return at if at < len(data) else 0


def _followed(data: mmap, at: int, kind: Kind, n: int) -> bool:
    """Whether a frame of this kind starts here, followed by `n` more or by the end."""
    for _ in range(n + 1):
        frame = _frame(data, at)
        if frame is None or frame[0] != kind or at + frame[1] > len(data):
            return False
        at += frame[1]
        if at == len(data):
            return True
    return True


def _runs(data: mmap, start: int) -> Iterator[tuple[Kind, range, int]]:
    """Yield ranges of complete frames of one kind, with the kind and the number of frames."""
    at: int | None = start
    while at is not None:
        kind, _, _ = _frame(data, at) or ((0, 0, 0, False), 0, 0)
        first, n = at, 0
        while (frame := _frame(data, at)) and frame[0] == kind and at + frame[1] <= len(data):
            at += frame[1]
            n += 1
        yield kind, range(first, at), n
        at = _next(data, at, kind)


def _next(data: mmap, at: int, kind: Kind | None, reach: int | None = None) -> int | None:
    """Find the next frame from this offset on.

    It must be followed by one more frame of the kind before it, or by two of another kind.
    """
    limit = len(data) if reach is None else min(len(data), at + reach)
    while (at := data.find(b"\xff", at, limit)) >= 0:
        frame = _frame(data, at)
        if frame and _followed(data, at, frame[0], 1 if frame[0] == kind else 2):
            return at
        at += 1
    return None


def _count(data: mmap, at: int, kind: Kind) -> tuple[int | None, bool]:
    """The count in the first frame (0 if empty), and whether it is a Xing header."""
    version, layer, _, mono = kind
    if layer != 1:
        return None, False
    xing = at + 4 + _side_bytes(version, mono)
    if data[xing : xing + 4] in (b"Xing", b"Info"):
        has_count = data[xing + 7] & 1
        return (int.from_bytes(data[xing + 8 : xing + 12], "big") if has_count else 0), True
    if data[at + 36 : at + 40] == b"VBRI":
        return int.from_bytes(data[at + 50 : at + 54], "big"), False
    return None, False


def _side_bytes(version: int, mono: bool) -> int:
    """The bytes between a frame's header and its sound."""
    return (17 if mono else 32) if version == 3 else (9 if mono else 17)


def _foreign(data: mmap, runs: list[range]) -> int:
    """The number of bytes between and after frames, without tags and padding."""
    between = sum(after.start - before.stop for before, after in pairwise(runs))
    at = runs[-1].stop
    is_tail = data[at : at + 11].startswith(TAGS) or len(data) - at < LARGEST_TAIL
    return between + (0 if is_tail else len(data) - at)


def _stating_frame(data: mmap, part: Frames) -> bytes:
    """A silent first frame that states the number of frames, as encoders write it."""
    start = part.runs[0].start
    version, _, _, mono = part.kind
    second, third, fourth = data[start + 1] | 1, data[start + 2] & 0x0C, data[start + 3]
    sizes = [(_TABLE[second & 0xFE, number << 4 | third][1], number) for number in range(1, 15)]
    size, number = next((s, k) for s, k in sizes if s >= 64)
    head = bytes([0xFF, second, number << 4 | third, fourth]) + bytes(_side_bytes(version, mono))
    return (head + b"Info" + (1).to_bytes(4, "big") + part.n.to_bytes(4, "big")).ljust(size, b"\0")


def mpeg_plan(data: mmap, parts: tuple[Frames, ...], where: str) -> Plan:
    """How an MPEG file is read: its frames and nothing else, behind a frame with their number.

    Raises:
        CutOffError: it states more frames than it has.
    """
    n, stated = sum(part.n for part in parts), parts[0].stated
    if stated is not None and stated - n > max(LOST_FRAMES, LOST_FRACTION * stated):
        raise cut_off(where, f"{stated} frames", f"{n}")
    agrees = stated is not None and abs(stated - n) <= LOST_FRAMES
    notes = []
    if parts[0].kind[1] == LAYER_3 and not agrees:
        says = "no count" if stated is None else f"{stated} frames"
        notes.append(note("count", f"{says}, {n} found"))
    foreign = _foreign(data, [run for part in parts for run in part.runs])
    if foreign:
        notes.append(note("foreign bytes", f"{foreign}"))
    if len(parts) > 1:
        notes.append(note("chain", f"{len(parts)}"))
    if agrees and parts[0].exact and len(parts) == 1:
        return Plan((parts[0].runs,), tuple(notes))
    links = tuple(_link(data, part) for part in parts)
    # A layer without stating frames leaves the decoder to estimate: then the count decides.
    n_samples = sum(part.n * part.n_samples for part in parts)
    estimated = all(part.kind[1] != LAYER_3 for part in parts)
    return Plan(links, tuple(notes), n_samples if estimated else None)


def _link(data: mmap, part: Frames) -> tuple[bytes | range, ...]:
    """The bytes that the decoder gets; layer III gets a frame with the count first."""
    if part.kind[1] != LAYER_3:
        return part.runs
    sound = range(part.runs[0].start + part.header, part.runs[0].stop)
    return (_stating_frame(data, part), sound, *part.runs[1:])
