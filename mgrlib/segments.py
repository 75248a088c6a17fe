"""Segments: what a model eats; `cut` makes them from a corpus, and a store on disk keeps them.

The only place where data and features meet. A feature of a clip is computed once, written whole
to `mgrlib.storage.home() / "features"`, and found again by what went into it: the clip's content,
the feature's settings and the way the clip was cut.
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

from mgrlib.data.corpus import AudioSource, Corpus
from mgrlib.data.tables import TableSource
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
from mgrlib.features.vectors import Vector57
from mgrlib.parallel import parallel
from mgrlib.storage import atomic_write, home

__all__ = ["Cut", "Segments", "cut", "standardize"]

STORE_VERSION = 1
SEAL = b"crc3"  # stands behind the array, with a checksum; files of the first edition have none
SEAL_BYTES = 8
SEAL_BLOCK = 1 << 20
HINT = "set MGRLIB_HOME to a folder on a disk with room that you may read and write."


@dataclass(frozen=True, eq=False)
class Segments(Dataset):
    """Model inputs that remember their clip: a torch `Dataset` of (*inputs, y).

    Args:
        inputs: one tensor a modality, each (S, ...) float32.
        y: class numbers (S,) int64, or targets (S, K) float32 for multi-label work.
        clip: the number of each segment's clip, (S,) int64, an index into `clip_ids`.
        clip_ids: the clips, M of them.
        genres: the classes, K of them.

    Raises:
        ShapeError: the parts disagree about the number of segments, or a clip number has no clip.
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
        """The shape of one segment of the first modality: what a model's constructor asks for."""
        return tuple(self.inputs[0].shape[1:])

    def of(self, clip_ids: Sequence[str]) -> Segments:
        """The segments of these clips, clip by clip in the order asked for.

        Raises:
            ShapeError: a clip that is not here.
        """
        number = {clip_id: m for m, clip_id in enumerate(self.clip_ids)}
        missing = [c for c in clip_ids if c not in number]
        if missing:
            raise ShapeError(explain("Segments.of", "clips that were cut", some(missing)))
        wanted = torch.tensor([number[c] for c in clip_ids], dtype=torch.int64)
        where = [torch.nonzero(self.clip == m).flatten() for m in wanted]
        index = torch.cat(where) if where else torch.empty(0, dtype=torch.int64)
        renumbered = torch.repeat_interleave(
            torch.arange(len(wanted)), torch.tensor([len(w) for w in where], dtype=torch.int64)
        )
        return replace(
            self,
            inputs=tuple(x[index] for x in self.inputs),
            y=self.y[index],
            clip=renumbered,
            clip_ids=tuple(clip_ids),
        )

    def map(self, *functions: Callable[[torch.Tensor], torch.Tensor] | None) -> Segments:
        """The same segments with each modality put through its function (None keeps it)."""
        if len(functions) != len(self.inputs):
            got = f"{len(functions)} for {len(self.inputs)} modalities"
            raise ShapeError(explain("Segments.map", "one function a modality", got))
        pairs = zip(functions, self.inputs, strict=True)
        return replace(self, inputs=tuple(x if f is None else f(x) for f, x in pairs))


@dataclass(frozen=True)
class Cut:
    """How a clip is cut into segments.

    Args:
        segment_seconds: length of a segment; None takes the whole clip as one.
        hop_seconds: from one segment's start to the next; None means no overlap.
        trim_seconds: dropped at both ends of the clip first.
        pad: a clip shorter than one segment is padded with zeros at its end instead of refused.

    A rest at the end that is shorter than a segment is dropped.
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
                wanted = f"at least {length / sample_rate:g} s"
                raise AudioError(explain("Cut", wanted, seconds, hint))
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
    """All segments of a corpus, one tensor a feature.

    Clips are shared out by joblib: one after the other by default, over all cores inside
    `with joblib.parallel_config(n_jobs=-1):`, over a cluster with its `"dask"` backend.

    Args:
        features: one or more, all of the same number of segments; several make a multimodal set.
        how: the cutting; default: each whole clip is one segment.
        clip_ids: only these clips; default: all.
        store: look into the store on disk first and write what was missing to it.
        progress: show a bar.

    Raises:
        AudioError, FeatureError: a clip cannot be read or is too short; the message names it.
        CorpusError: no clip, or an unknown one.
        ShapeError: segments of unequal shape, as from whole clips of unequal length.
        StorageError: the store cannot be read or written.
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
) -> list[_Kept] | list[np.ndarray]:
    """One clip's segments, a stack (S, ...) a feature: as files of the store, or as arrays."""
    try:
        if isinstance(source, TableSource):
            return [_rows(source, row, feature, how) for feature in features]
        if folders is None:
            return [stack for _, stack in _compute(source, row, features, how)]
        name = hashlib.sha256(source.fingerprint(row).encode()).hexdigest()[:32] + ".npy"
        paths = [folder / name for folder in folders]
        found = [_kept(path) for path in paths]
        missing = [f for f, kept in zip(features, found, strict=True) if kept is None]
        stacks = _compute(source, row, missing, how)
        return [
            _keep(path, next(stacks)[1]) if kept is None else kept
            for path, kept in zip(paths, found, strict=True)
        ]
    except (AudioError, FeatureError, ShapeError) as error:
        raise type(error)(f"clip {row.name!r}: {error}") from error
    except (MemoryError, RecursionError) as error:
        got = str(error) or type(error).__name__
        hint = "cut it into segments (`segment_seconds`), or leave the clip out."
        want = "features that fit into memory"
        raise FeatureError(explain(f"clip {row.name!r}", want, got, hint)) from error


def _rows(source: TableSource, row: pd.Series, feature: Feature, how: Cut) -> np.ndarray:
    """What a feature table holds of a clip, (S, 57), if that is what was asked for."""
    if feature != Vector57(22050) or how != Cut():
        hint = "the table's rows are its segments, and other features need the recordings."
        want = "Vector57(22050) of whole clips from a feature table"
        raise FeatureError(explain("cut", want, f"{feature}, {how}", hint))
    return source.rows(str(row.name))


def _compute(
    source: AudioSource, row: pd.Series, features: Sequence[Feature], how: Cut
) -> Iterator[tuple[Feature, np.ndarray]]:
    """Each feature with its stack (S, ...) float32; the audio is read once a sample rate."""
    pieces: dict[int, list[np.ndarray]] = {}
    for feature in features:
        rate = feature.sample_rate
        if rate not in pieces:
            pieces[rate] = how(source.audio(row, rate), rate)
        stack = np.stack([feature(y) for y in pieces[rate]]).astype(np.float32, copy=False)
        yield feature, stack


def _folder(feature: Feature, how: Cut) -> Path:
    """Where the store keeps a feature of clips cut like this: a file a clip."""
    kind = hashlib.sha256(f"{STORE_VERSION}|{feature.key}|{how}".encode()).hexdigest()[:16]
    return home() / "features" / kind


@dataclass(frozen=True)
class _Kept:
    """A stack in the store: its file, its shape, and where in the file it begins."""

    path: Path
    shape: tuple[int, ...]
    offset: int

    def read_into(self, place: np.ndarray) -> None:
        """Fill an array of the same shape from the file: one copy, and no more memory."""
        with self.path.open("rb") as stream:
            stream.seek(self.offset)
            if stream.readinto(place.data.cast("B")) != place.nbytes:
                got = "a file that became shorter meanwhile"
                raise StorageError(explain(f"reading {self.path}", "a whole file", got, HINT))


_Found = _Kept | np.ndarray


@lru_cache(maxsize=1024)
def _described(header: bytes) -> tuple[tuple[int, ...], int]:
    """The shape of the array that follows this header of an `.npy` file, and its bytes.

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


def _kept(path: Path) -> _Kept | None:
    """What the store has in this file, if whole; a damaged one is announced and computed anew."""
    try:
        with path.open("rb") as stream:
            header = stream.read(10)
            header += stream.read(int.from_bytes(header[8:], "little"))
            shape, n_bytes = _described(header)
            size = os.fstat(stream.fileno()).st_size - len(header) - n_bytes
            if size == 0 or (size == SEAL_BYTES and _seal_fits(stream, header, n_bytes)):
                return _Kept(path, shape, len(header))
        reason = "its checksum or length does not fit its content"
    except FileNotFoundError:
        return None
    except OSError as error:
        got = error.strerror or str(error)
        raise StorageError(explain(f"reading {path}", "a readable file", got, HINT)) from error
    except Exception as error:  # to a parser, damage can look like anything
        reason = str(error)
    warnings.warn(f"{path} is damaged ({reason}); it is computed again", stacklevel=2)
    return None


def _seal_fits(stream: BinaryIO, header: bytes, n_bytes: int) -> bool:
    """Whether the rest of a file is what its last bytes say."""
    checksum = zlib.crc32(header)
    while n_bytes:
        block = stream.read(min(n_bytes, SEAL_BLOCK))
        if not block:  # another process made it shorter
            return False
        n_bytes -= len(block)
        checksum = zlib.crc32(block, checksum)
    return stream.read() == SEAL + checksum.to_bytes(4, "little")


def _keep(path: Path, stack: np.ndarray) -> _Kept:
    """Write a stack to the store, whole or not at all."""
    with atomic_write(path) as part, part.open("w+b") as stream:
        np.save(stream, stack)
        offset = stream.tell() - stack.nbytes
        stream.seek(0)
        checksum = zlib.crc32(stack.tobytes(), zlib.crc32(stream.read(offset)))
        stream.seek(0, os.SEEK_END)
        stream.write(SEAL + checksum.to_bytes(4, "little"))
    return _Kept(path, stack.shape, offset)


def _counts(per_clip: Sequence[Sequence[_Found]], clip_ids: Sequence[str]) -> np.ndarray:
    """The number of segments of each clip, (M,), the same from every feature."""
    counts = np.array([[item.shape[0] for item in parts] for parts in per_clip])
    odd = np.flatnonzero((counts != counts[:, :1]).any(axis=1))
    if odd.size:
        got = f"{some(clip_ids[int(i)] for i in odd)}, the first {counts[odd[0]].tolist()}"
        hint = "rounding at different sample rates can cost one: shorten `segment_seconds`."
        raise ShapeError(explain("cut", "as many segments from every feature", got, hint))
    return counts[:, 0]


def _stack(items: Sequence[_Found], clip_ids: Sequence[str]) -> torch.Tensor:
    """All clips' stacks in one tensor (S, ...), read from the store straight into its place."""
    shapes = [item.shape for item in items]
    odd = [i for i, shape in enumerate(shapes) if shape[1:] != shapes[0][1:]]
    if odd:
        first = f"{clip_ids[0]!r}: {shapes[0][1:]}, {clip_ids[odd[0]]!r}: {shapes[odd[0]][1:]}"
        hint = "give the feature `n_frames`, or cut with `segment_seconds`."
        raise ShapeError(explain("cut", "segments of one shape", first, hint))
    whole = np.empty((sum(s[0] for s in shapes), *shapes[0][1:]), dtype=np.float32)
    start = 0
    for item, shape in zip(items, shapes, strict=True):
        place = whole[start : start + shape[0]]
        if isinstance(item, _Kept):
            item.read_into(place)
        else:
            place[...] = item
        start += shape[0]
    return torch.from_numpy(whole)


def standardize(
    train: Segments,
    *others: Segments,
    per: str = "coefficient",
    eps: float = 1e-5,
) -> tuple[Segments, ...]:
    """All of them with the first modality brought to mean 0 and deviation 1 *of the training part*.

    Args:
        per: "coefficient" has one mean and deviation a row (band, MFCC), over all frames and
            segments; "array" has one for everything and keeps the rows' differences.
        eps: added to the deviation, so that a row that hardly changes stays small.

    Raises:
        FeatureError: another `per`, or training segments that nothing can be fitted to.
    """
    scale = Standardize.fit(train.inputs[0], per=per, eps=eps)
    rest = (None,) * (len(train.inputs) - 1)
    return tuple(part.map(scale, *rest) for part in (train, *others))
