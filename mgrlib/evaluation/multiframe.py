"""Whole songs as many frames: predictions of frames, joined to predictions of songs.

What papers on whole songs call a *frame* is a segment of half a minute here. A frame's prediction
is a row of `Predictions` like any other; its name tells its song:

    frames = predict(model, as_clips(segments))       # "jazz.00003#0", "jazz.00003#1", ...
    songs = joined(frames, mean_probs)                # "jazz.00003"

Frames of one song are no independent witnesses: for intervals of frame-level figures, draw songs,
`bootstrap(frames, accuracy, groups=songs_of(frames))`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from mgrlib.errors import EvaluationError, explain, some
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.predictions import Predictions
from mgrlib.segments import Segments

__all__ = ["as_clips", "joined", "songs_of", "thinned"]

MARK = "#"


def as_clips(segments: Segments, places: np.ndarray | None = None) -> Segments:
    """The same segments, each a clip of its own by the name of its clip and its number there.

    Args:
        places: take these segments only, in this order.

    >>> x, song = torch.zeros(3, 1), torch.tensor([0, 0, 1])
    >>> as_clips(Segments((x,), song, song, ("a", "b"), ("jazz", "pop"))).clip_ids
    ('a#0', 'a#1', 'b#0')
    """
    clip = np.asarray(segments.clip)
    number = _numbers(clip)
    ids = tuple(f"{segments.clip_ids[m]}{MARK}{i}" for m, i in zip(clip, number, strict=True))
    if places is None:
        return replace(segments, clip=torch.arange(len(segments)), clip_ids=ids)
    index = torch.from_numpy(np.asarray(places, dtype=np.int64))
    return Segments(
        tuple(x[index] for x in segments.inputs),
        segments.y[index],
        torch.arange(len(index)),
        tuple(ids[i] for i in index.tolist()),
        segments.genres,
    )


def _numbers(clip: np.ndarray) -> np.ndarray:
    """Each segment's number within its clip, (S,), counted in the order given."""
    number = np.zeros(len(clip), dtype=np.int64)
    for m in np.unique(clip):
        number[clip == m] = np.arange((clip == m).sum())
    return number


def songs_of(frames: Predictions) -> tuple[str, ...]:
    """The song of each frame, by name.

    Raises:
        EvaluationError: a name that `as_clips` did not give.
    """
    strange = [clip_id for clip_id in frames.clip_ids if MARK not in clip_id]
    if strange:
        hint = "predict on `as_clips(segments)`."
        raise EvaluationError(explain("songs_of", "names like 'song#3'", some(strange), hint))
    return tuple(clip_id.rpartition(MARK)[0] for clip_id in frames.clip_ids)


def joined(frames: Predictions, aggregate: Aggregate = mean_probs) -> Predictions:
    """One row a song: what its frames say, joined; songs in the order of their first frames.

    Raises:
        EvaluationError: a song whose frames are of several genres.
    """
    names = songs_of(frames)
    songs = tuple(dict.fromkeys(names))
    row = {song: m for m, song in enumerate(songs)}
    clip = np.array([row[name] for name in names], dtype=np.int64)
    first = np.unique(clip, return_index=True)[1]
    truth = frames.truth[first]
    mixed = np.unique(clip[frames.truth != truth[clip]])
    if mixed.size:
        got = f"several for {some(songs[m] for m in mixed)}"
        raise EvaluationError(explain("joined", "one genre a song", got))
    return Predictions(songs, truth, aggregate(frames.probs, clip, len(songs)), frames.genres)


def thinned(frames: Predictions, n_frames: int) -> Predictions:
    """At most `n_frames` frames of each song, evenly spread over it; one is the middle one."""
    if n_frames < 1:
        raise EvaluationError(explain("thinned", "at least one frame a song", str(n_frames)))
    names = np.asarray(songs_of(frames), dtype=object)
    kept = []
    for song in dict.fromkeys(names):
        rows = np.flatnonzero(names == song)
        n = min(n_frames, len(rows))
        kept += rows[((np.arange(n) + 0.5) * len(rows) / n).astype(int)].tolist()
    return frames.select([frames.clip_ids[i] for i in kept])
