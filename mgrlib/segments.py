"""Segments, the inputs of models, and `cut`, which computes them from a corpus.

This is the only module in which data and features meet. Each feature of a clip is computed once and
written atomically to `mgrlib.storage.home() / "features"`. Its file is identified by the clip's
content, the feature's settings and how the clip was cut.

A corpus may be larger than memory: see `mgrlib.rows`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

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
    explain,
    some,
)
from mgrlib.feature_store import (
    StoredRows,
    StoredStack,
    clip_file,
    feature_folder,
    read_stack,
    write_stack,
)
from mgrlib.features.base import Feature
from mgrlib.features.scale import Standardize
from mgrlib.parallel import parallel
from mgrlib.rows import Array, Rows, ahead, applied, in_memory, memory_bytes, selected, settled

Inputs = tuple[torch.Tensor, ...]


@dataclass(frozen=True, eq=False)
class Segments(Dataset):
    """Model inputs with the clip of each segment: a torch `Dataset` of (*inputs, y).

    Args:
        inputs: one array per modality, each (S, ...) float32: a tensor, or `Rows` of an array that
            is larger than memory.
        y: class numbers (S,) int64, or targets (S, K) float32 for multi-label classification.
        clip: the index in `clip_ids` of each segment's clip, (S,) int64.
        clip_ids: the M clips.
        genres: the K classes.

    Raises:
        ShapeError: if the numbers of segments differ, or if an index is outside `clip_ids`.
    """

    inputs: tuple[Array, ...]
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
        counts = torch.bincount(self.clip, minlength=self.n_clips).tolist()
        rows_by_clip = torch.argsort(self.clip, stable=True).split(counts)
        rows = [rows_by_clip[number[c]] for c in clip_ids]
        index = torch.cat(rows) if rows else torch.empty(0, dtype=torch.int64)
        n_rows = torch.tensor([len(r) for r in rows], dtype=torch.int64)
        return replace(
            self.select(index),
            clip=torch.repeat_interleave(torch.arange(len(rows)), n_rows),
            clip_ids=tuple(clip_ids),
        )

    def select(self, index: torch.Tensor) -> Segments:
        """Select segments by their numbers, in this order; the clips stay as they are.

        From arrays that are larger than memory, nothing is read or copied.
        """
        return replace(
            self,
            inputs=tuple(selected(x, index) for x in self.inputs),
            y=self.y[index],
            clip=self.clip[index],
        )

    def batches(self, parts: Iterable[Any]) -> Iterator[tuple[Inputs, torch.Tensor]]:
        """Yield (inputs, y) for each index, a slice or numbers of segments.

        What has to be read from files is read while the caller works on the batch before.
        """
        jobs = (partial(self._batch, part) for part in parts)
        if any(isinstance(x, Rows) for x in self.inputs):
            return ahead(jobs)
        return (job() for job in jobs)

    def _batch(self, index: Any) -> tuple[Inputs, torch.Tensor]:
        return tuple(x[index] for x in self.inputs), self.y[index]

    def in_order(self, batch_size: int = 64) -> Iterator[Inputs]:
        """Yield the inputs of all segments in batches."""
        slices = (slice(i, i + batch_size) for i in range(0, len(self), batch_size))
        return (inputs for inputs, _ in self.batches(slices))

    def in_memory(self) -> Segments:
        """The same segments with every array as a tensor, however large it is."""
        return replace(self, inputs=tuple(in_memory(x) for x in self.inputs))

    def map(self, *functions: Callable[[torch.Tensor], torch.Tensor] | None) -> Segments:
        """Apply a function to each modality; None leaves the modality unchanged.

        A function treats each segment alike, whatever the others are: an array that is larger than
        memory goes through it in batches. For functions that do not, begin with `in_memory()`.
        """
        if len(functions) != len(self.inputs):
            got = f"{len(functions)} for {len(self.inputs)} modalities"
            raise ShapeError(explain("Segments.map", "one function per modality", got))
        pairs = zip(functions, self.inputs, strict=True)
        return replace(self, inputs=tuple(x if f is None else applied(x, f) for f, x in pairs))


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
    """Cut the clips of a corpus into segments and compute features, one array per feature.

    An array that is larger than memory stays in the store, from where each batch is read.

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
    folders = [feature_folder(feature.key, how) for feature in features] if store else None
    jobs = (
        partial(_segments_of, corpus.source, row, features, how, folders)
        for _, row in corpus.rows(ids).iterrows()
    )
    bar = tqdm(
        parallel(jobs), total=len(ids), desc="features", disable=not progress, file=sys.stdout
    )
    per_clip = list(bar)
    inputs = tuple(_joined([parts[i] for parts in per_clip], ids) for i in range(len(features)))
    clip = np.repeat(np.arange(len(ids)), _counts(per_clip, ids))
    y = corpus.labels(ids)[clip]
    return Segments(inputs, torch.from_numpy(y), torch.from_numpy(clip), ids, corpus.genres)


def _segments_of(
    source: AudioSource,
    row: pd.Series,
    features: Sequence[Feature],
    how: Cut,
    folders: Sequence[Path] | None,
) -> list[StoredStack] | list[np.ndarray]:
    """A stack (S, ...) of one clip's segments per feature, as files of the store or as arrays."""
    try:
        if isinstance(source, FeatureSource):
            return [source.segments(row, feature, how) for feature in features]
        if folders is None:
            return [stack for _, stack in _compute(source, row, features, how)]
        name = clip_file(source.fingerprint(row))
        files = [read_stack(folder, name) for folder in folders]
        missing = [f for f, file in zip(features, files, strict=True) if file is None]
        stacks = _compute(source, row, missing, how)
        return [
            write_stack(folder, name, next(stacks)[1]) if file is None else file
            for folder, file in zip(folders, files, strict=True)
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


_Stack = StoredStack | np.ndarray


def _counts(per_clip: Sequence[Sequence[_Stack]], clip_ids: Sequence[str]) -> np.ndarray:
    """The number of segments of each clip, (M,), which must be the same for every feature."""
    counts = np.array([[item.shape[0] for item in parts] for parts in per_clip])
    unequal = np.flatnonzero((counts != counts[:, :1]).any(axis=1))
    if unequal.size:
        got = f"{some(clip_ids[int(i)] for i in unequal)}, the first {counts[unequal[0]].tolist()}"
        hint = "rounding at different sample rates can cost a segment: shorten `segment_seconds`."
        raise ShapeError(explain("cut", "as many segments from every feature", got, hint))
    return counts[:, 0]


def _joined(stacks: Sequence[_Stack], clip_ids: Sequence[str]) -> Array:
    """All clips' stacks as one array (S, ...), which is a tensor if it fits into memory."""
    shapes = [stack.shape for stack in stacks]
    unequal = [i for i, shape in enumerate(shapes) if shape[1:] != shapes[0][1:]]
    if unequal:
        i = unequal[0]
        got = f"{clip_ids[0]!r}: {shapes[0][1:]}, {clip_ids[i]!r}: {shapes[i][1:]}"
        hint = "give the feature `n_frames`, or cut with `segment_seconds`."
        raise ShapeError(explain("cut", "segments of one shape", got, hint))
    files = [stack for stack in stacks if isinstance(stack, StoredStack)]
    arrays = [stack for stack in stacks if isinstance(stack, np.ndarray)]
    if files:
        return settled(Rows.of(StoredRows(files)))
    values = torch.from_numpy(np.concatenate(arrays, dtype=np.float32))
    return values if values.nbytes <= memory_bytes() else Rows.of(values)


def joined_segments(parts: Sequence[Segments]) -> Segments:
    """The segments of several corpora with the same genres, one corpus after the other.

    Each clip's name begins with the number of its corpus, so that equal names stay apart.
    """
    starts = np.cumsum([0, *(part.n_clips for part in parts)]).tolist()
    modalities = zip(*(part.inputs for part in parts), strict=True)
    return Segments(
        tuple(torch.cat([in_memory(x) for x in arrays]) for arrays in modalities),
        torch.cat([part.y for part in parts]),
        torch.cat([part.clip + start for part, start in zip(parts, starts, strict=False)]),
        tuple(f"{i}/{clip_id}" for i, part in enumerate(parts) for clip_id in part.clip_ids),
        parts[0].genres,
    )


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
