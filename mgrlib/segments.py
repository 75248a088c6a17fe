"""Segments, the inputs of models, and `cut`, which computes them from a corpus.

This is the only module in which data and features meet. Each feature of a clip is computed once and
written atomically to `mgrlib.storage.home() / "features"`. Its file is identified by the clip's
content, the feature's settings and how the clip was cut.
"""

from __future__ import annotations

import hashlib
import io
import math
import os
import sys
import warnings
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from pathlib import Path
from typing import BinaryIO

import numpy as np
import pandas as pd
import torch
from torch.utils.data import Dataset
from tqdm.auto import tqdm

from mgrlib.data.corpus import AudioSource, Corpus, FeatureSource
from mgrlib.errors import (
    AudioError,
    CorpusError,
    FeatureError,
    ShapeError,
    StorageError,
    explain,
    some,
)
from mgrlib.features.base import Feature
from mgrlib.features.scale import Standardize
from mgrlib.parallel import parallel
from mgrlib.storage import atomic_write, home

__all__ = ["Cut", "Segments", "cut", "standardize"]

STORE_VERSION = 1
SEAL = b"crc3"  # precedes the checksum at the end; files of the first edition have neither
SEAL_BYTES = 8
SEAL_BLOCK = 1 << 20
HINT = "set MGRLIB_HOME to a folder that you may read and write, on a disk with free space."


@dataclass(frozen=True, eq=False)
class Segments(Dataset):
    """Model inputs with the clip of each segment: a torch `Dataset` of (*inputs, y).

    Args:
        inputs: one tensor per modality, each (S, ...) float32.
        y: class numbers (S,) int64, or targets (S, K) float32 for multi-label classification.
        clip: the index in `clip_ids` of each segment's clip, (S,) int64.
        clip_ids: the M clips.
        genres: the K classes.

    Raises:
        ShapeError: if the numbers of segments differ, or if an index is outside `clip_ids`.
    """

    inputs: tuple[torch.Tensor, ...]
    y: torch.Tensor
    clip: torch.Tensor
    clip_ids: tuple[str, ...]
    genres: tuple[str, ...]

    def __post_init__(self) -> None:
        lengths = [len(x) for x in self.inputs] + [len(self.y), len(self.clip)]
        if not self.inputs or len(set(lengths)) != 1:
            raise ShapeError(explain("Segments", "one length S for all parts", str(lengths)))
        if len(self.clip) and not 0 <= int(self.clip.min()) <= int(self.clip.max()) < self.n_clips:
            got = f"numbers up to {int(self.clip.max())} for {self.n_clips} clips"
            raise ShapeError(explain("Segments", "clip numbers below n_clips", got))

    def __len__(self) -> int:
        return len(self.y)

    def __getitem__(self, i: int) -> tuple[torch.Tensor, ...]:
        return (*(x[i] for x in self.inputs), self.y[i])

    def __repr__(self) -> str:
        shapes = ", ".join(str(tuple(x.shape)) for x in self.inputs)
        return f"Segments({shapes}, {self.n_clips} clips, {len(self.genres)} genres)"

    @property
    def n_clips(self) -> int:
        """M, the number of clips."""
        return len(self.clip_ids)

    @property
    def n_classes(self) -> int:
        """K, the number of genres."""
        return len(self.genres)

    @property
    def input_shape(self) -> tuple[int, ...]:
        """The shape of one segment of the first modality, an argument of every model."""
        return tuple(self.inputs[0].shape[1:])

    def of(self, clip_ids: Sequence[str]) -> Segments:
        """Select the segments of these clips, clip by clip in this order.

        Raises:
            ShapeError: if a clip has no segments.
        """
        number = {clip_id: m for m, clip_id in enumerate(self.clip_ids)}
        missing = [c for c in clip_ids if c not in number]
        if missing:
            raise ShapeError(explain("Segments.of", "clips that were cut", some(missing)))
        numbers = torch.tensor([number[c] for c in clip_ids], dtype=torch.int64)
        rows = [torch.nonzero(self.clip == m).flatten() for m in numbers]
        index = torch.cat(rows) if rows else torch.empty(0, dtype=torch.int64)
        clip = torch.repeat_interleave(
            torch.arange(len(numbers)), torch.tensor([len(r) for r in rows], dtype=torch.int64)
        )
        return replace(
            self,
            inputs=tuple(x[index] for x in self.inputs),
            y=self.y[index],
            clip=clip,
            clip_ids=tuple(clip_ids),
        )

    def map(self, *functions: Callable[[torch.Tensor], torch.Tensor] | None) -> Segments:
        """Apply a function to each modality; None leaves the modality unchanged."""
        if len(functions) != len(self.inputs):
            got = f"{len(functions)} for {len(self.inputs)} modalities"
            raise ShapeError(explain("Segments.map", "one function per modality", got))
        pairs = zip(functions, self.inputs, strict=True)
        return replace(self, inputs=tuple(x if f is None else f(x) for f, x in pairs))


@dataclass(frozen=True)
class Cut:
    """How a clip is cut into segments.

    Samples at the end of the clip that do not fill a segment are left out.

    Args:
        segment_seconds: length of a segment; with None the whole clip is one segment.
        hop_seconds: time from the start of one segment to the start of the next; with None the
            segments do not overlap.
        trim_seconds: time that is first cut off at both ends of the clip.
        pad: whether to pad a clip shorter than one segment with zeros at its end; otherwise it
            raises an error.
    """

    segment_seconds: float | None = None
    hop_seconds: float | None = None
    trim_seconds: float = 0.0
    pad: bool = False

    def __post_init__(self) -> None:
        for name in ("segment_seconds", "hop_seconds"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise FeatureError(explain("Cut", f"{name} above 0", str(value)))
        if self.trim_seconds < 0:
            raise FeatureError(explain("Cut", "trim_seconds of at least 0", str(self.trim_seconds)))

    @property
    def whole(self) -> bool:
        """Whether each clip is one segment, nothing left out."""
        return self.segment_seconds is None and self.trim_seconds == 0

    def __call__(self, y: np.ndarray, sample_rate: int) -> list[np.ndarray]:
        """(N,) waveform -> its segments, each (N',).

        >>> [len(s) for s in Cut(segment_seconds=2.0, hop_seconds=1.0)(np.zeros(50), 10)]
        [20, 20, 20, 20]
        """
        trim = round(self.trim_seconds * sample_rate)
        y = y[trim : len(y) - trim]
        if self.segment_seconds is None:
            length = max(len(y), 1)
        else:
            length = max(round(self.segment_seconds * sample_rate), 1)
        if len(y) < length:
            if not self.pad:
                seconds = f"{len(y) / sample_rate:.2f} s after trimming"
                hint = "shorten segment_seconds, or write pad=True to fill with silence."
                expected = f"at least {length / sample_rate:g} s"
                raise AudioError(explain("Cut", expected, seconds, hint))
            y = np.pad(y, (0, length - len(y)))
        hop = length if self.hop_seconds is None else max(round(self.hop_seconds * sample_rate), 1)
        n_segments = 1 + (len(y) - length) // hop
        return [y[i * hop : i * hop + length] for i in range(n_segments)]


def cut(
    corpus: Corpus,
    *features: Feature,
    how: Cut | None = None,
    clip_ids: Sequence[str] | None = None,
    store: bool = True,
    progress: bool = False,
) -> Segments:
    """Cut the clips of a corpus into segments and compute features, one tensor per feature.

    Clips are processed by joblib: one after the other by default, on all cores inside
    `with joblib.parallel_config(n_jobs=-1):`, and on a cluster with its `"dask"` backend.

    Args:
        corpus: the clips.
        features: one feature per modality; all must give the same number of segments.
        how: how each clip is cut; by default the whole clip is one segment.
        clip_ids: the clips to cut; by default all clips of the corpus.
        store: whether to read features from the store on disk and to write new ones to it.
        progress: whether to show a progress bar.

    Raises:
        AudioError, FeatureError: if a clip cannot be read or is too short; the message names it.
        CorpusError: if there is no clip, or an unknown one.
        ShapeError: if segments have different shapes, such as whole clips of different lengths.
        StorageError: if the store cannot be read or written.
    """
    if not features:
        raise FeatureError(explain("cut", "at least one feature", "none"))
    ids = tuple(corpus.clips.index if clip_ids is None else clip_ids)
    if not ids:
        raise CorpusError(explain("cut", "at least one clip", "none", "check `clip_ids`."))
    how = how or Cut()
    folders = [_folder(feature, how) for feature in features] if store else None
    jobs = (
        partial(_segments_of, corpus.source, row, features, how, folders)
        for _, row in corpus.rows(ids).iterrows()
    )
    bar = tqdm(
        parallel(jobs), total=len(ids), desc="features", disable=not progress, file=sys.stdout
    )
    per_clip = list(bar)
    inputs = tuple(_stack([parts[i] for parts in per_clip], ids) for i in range(len(features)))
    clip = np.repeat(np.arange(len(ids)), _counts(per_clip, ids))
    y = corpus.labels(ids)[clip]
    return Segments(inputs, torch.from_numpy(y), torch.from_numpy(clip), ids, corpus.genres)


def _segments_of(
    source: AudioSource,
    row: pd.Series,
    features: Sequence[Feature],
    how: Cut,
    folders: Sequence[Path] | None,
) -> list[_StoredStack] | list[np.ndarray]:
    """A stack (S, ...) of one clip's segments per feature, as files of the store or as arrays."""
    try:
        if isinstance(source, FeatureSource):
            return [source.segments(row, feature, how) for feature in features]
        if folders is None:
            return [stack for _, stack in _compute(source, row, features, how)]
        name = hashlib.sha256(source.fingerprint(row).encode()).hexdigest()[:32] + ".npy"
        paths = [folder / name for folder in folders]
        files = [_read_header(path) for path in paths]
        missing = [f for f, file in zip(features, files, strict=True) if file is None]
        stacks = _compute(source, row, missing, how)
        return [
            _write(path, next(stacks)[1]) if file is None else file
            for path, file in zip(paths, files, strict=True)
        ]
    except (AudioError, FeatureError, ShapeError) as error:
        raise type(error)(f"clip {row.name!r}: {error}") from error
    except (MemoryError, RecursionError) as error:
        got = str(error) or type(error).__name__
        hint = "cut it into segments (`segment_seconds`), or leave the clip out."
        expected = "features that fit into memory"
        raise FeatureError(explain(f"clip {row.name!r}", expected, got, hint)) from error


def _compute(
    source: AudioSource, row: pd.Series, features: Sequence[Feature], how: Cut
) -> Iterator[tuple[Feature, np.ndarray]]:
    """Yield each feature with its stack (S, ...) float32; audio is read once per sample rate."""
    pieces: dict[int, list[np.ndarray]] = {}
    for feature in features:
        rate = feature.sample_rate
        if rate not in pieces:
            pieces[rate] = how(source.audio(row, rate), rate)
        stack = np.stack([feature(y) for y in pieces[rate]]).astype(np.float32, copy=False)
        yield feature, stack


def _folder(feature: Feature, how: Cut) -> Path:
    """The folder of the store for a feature of clips cut in this way, with one file per clip."""
    kind = hashlib.sha256(f"{STORE_VERSION}|{feature.key}|{how}".encode()).hexdigest()[:16]
    return home() / "features" / kind


@dataclass(frozen=True)
class _StoredStack:
    """A stack in the store: its file, its shape, and its offset in the file."""

    path: Path
    shape: tuple[int, ...]
    offset: int

    def read_into(self, place: np.ndarray) -> None:
        """Read the stack into an array of the same shape, without another copy in memory."""
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            if stream.readinto(place.data.cast("B")) != place.nbytes:
                got = "a file that became shorter in the meantime"
                raise StorageError(explain(f"reading {self.path}", "a complete file", got, HINT))


_Stack = _StoredStack | np.ndarray


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


def _read_header(path: Path) -> _StoredStack | None:
    """Check a file of the store and read its header; warn and return None if it is damaged."""
    try:
        with path.open("rb") as stream:
            header = stream.read(10)
            header += stream.read(int.from_bytes(header[8:], "little"))
            shape, n_bytes = _parse_header(header)
            size = os.fstat(stream.fileno()).st_size - len(header) - n_bytes
            if size == 0 or (size == SEAL_BYTES and _seal_fits(stream, header, n_bytes)):
                return _StoredStack(path, shape, len(header))
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


def _write(path: Path, stack: np.ndarray) -> _StoredStack:
    """Write a stack to the store atomically."""
    with atomic_write(path) as part, part.open("w+b") as stream:
        np.save(stream, stack)
        offset = stream.tell() - stack.nbytes
        stream.seek(0)
        checksum = zlib.crc32(stack.tobytes(), zlib.crc32(stream.read(offset)))
        stream.seek(0, os.SEEK_END)
        stream.write(SEAL + checksum.to_bytes(4, "little"))
    return _StoredStack(path, stack.shape, offset)


def _counts(per_clip: Sequence[Sequence[_Stack]], clip_ids: Sequence[str]) -> np.ndarray:
    """The number of segments of each clip, (M,), which must be the same for every feature."""
    counts = np.array([[item.shape[0] for item in parts] for parts in per_clip])
    unequal = np.flatnonzero((counts != counts[:, :1]).any(axis=1))
    if unequal.size:
        got = f"{some(clip_ids[int(i)] for i in unequal)}, the first {counts[unequal[0]].tolist()}"
        hint = "rounding at different sample rates can cost a segment: shorten `segment_seconds`."
        raise ShapeError(explain("cut", "as many segments from every feature", got, hint))
    return counts[:, 0]


def _stack(items: Sequence[_Stack], clip_ids: Sequence[str]) -> torch.Tensor:
    """Join all clips' stacks in one tensor (S, ...), reading files straight into the tensor."""
    shapes = [item.shape for item in items]
    unequal = [i for i, shape in enumerate(shapes) if shape[1:] != shapes[0][1:]]
    if unequal:
        i = unequal[0]
        got = f"{clip_ids[0]!r}: {shapes[0][1:]}, {clip_ids[i]!r}: {shapes[i][1:]}"
        hint = "give the feature `n_frames`, or cut with `segment_seconds`."
        raise ShapeError(explain("cut", "segments of one shape", got, hint))
    values = np.empty((sum(s[0] for s in shapes), *shapes[0][1:]), dtype=np.float32)
    start = 0
    for item, shape in zip(items, shapes, strict=True):
        place = values[start : start + shape[0]]
        if isinstance(item, _StoredStack):
            item.read_into(place)
        else:
            place[...] = item
        start += shape[0]
    return torch.from_numpy(values)


def standardize(
    train: Segments,
    *others: Segments,
    per: str = "coefficient",
    eps: float = 1e-5,
) -> tuple[Segments, ...]:
    """Standardize the first modality by its mean and standard deviation *in the training part*.

    Args:
        train: the training segments.
        others: segments that are scaled in the same way.
        per: "coefficient" uses a mean and a standard deviation for each row (mel band, MFCC) over
            all segments and frames; "array" uses one pair for all values, which keeps the
            differences between the rows.
        eps: added to the standard deviation, so that a nearly constant row is not blown up.

    Raises:
        FeatureError: if `per` is neither of the two, or if the training segments are empty or not
            finite.
    """
    scale = Standardize.fit(train.inputs[0], per=per, eps=eps)
    unchanged = (None,) * (len(train.inputs) - 1)
    return tuple(part.map(scale, *unchanged) for part in (train, *others))
