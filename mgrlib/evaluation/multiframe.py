"""Predictions for the frames of whole songs, and how to combine them into predictions for songs.

Papers on whole songs call a segment of half a minute a *frame*. Each frame is a row of
`Predictions`, and its name contains the name of its song:

    frames = predict(model, as_clips(segments))       # "jazz.00003#0", "jazz.00003#1", ...
    songs = joined(frames, mean_probs)                # "jazz.00003"

Frames of the same song are not independent. To compute an interval for a frame-level metric,
resample whole songs: `bootstrap(frames, accuracy, groups=songs_of(frames))`.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from mgrlib.errors import EvaluationError, explain, some
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.predictions import Predictions
from mgrlib.rows import selected
from mgrlib.segments import Segments

MARK = "#"


def as_clips(segments: Segments, places: np.ndarray | None = None) -> Segments:
    """Turn every segment into a clip, named after its clip and its number within the clip.

    Args:
        segments: the segments.
        places: select only the segments at these indices, in this order.

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
        tuple(selected(x, index) for x in segments.inputs),
        segments.y[index],
        torch.arange(len(index)),
        tuple(ids[i] for i in index.tolist()),
        segments.genres,
    )


def _numbers(clip: np.ndarray) -> np.ndarray:
    """Each segment's number within its clip, (S,), in the order of the segments."""
    number = np.zeros(len(clip), dtype=np.int64)
    for m in np.unique(clip):
        number[clip == m] = np.arange((clip == m).sum())
    return number


def songs_of(frames: Predictions) -> tuple[str, ...]:
    """The name of each frame's song.

    Raises:
        EvaluationError: if a name does not come from `as_clips`.
    """
    unmarked = [clip_id for clip_id in frames.clip_ids if MARK not in clip_id]
    if unmarked:
        hint = "predict on `as_clips(segments)`."
        raise EvaluationError(explain("songs_of", "names like 'song#3'", some(unmarked), hint))
    return tuple(clip_id.rpartition(MARK)[0] for clip_id in frames.clip_ids)


def joined(frames: Predictions, aggregate: Aggregate = mean_probs) -> Predictions:
    """Combine the frames of each song into one row; songs are in the order of their first frames.

    Raises:
        EvaluationError: if the frames of a song have different genres.
    """
    names = songs_of(frames)
    songs = tuple(dict.fromkeys(names))
    row = {song: m for m, song in enumerate(songs)}
    clip = np.array([row[name] for name in names], dtype=np.int64)
    first = np.unique(clip, return_index=True)[1]
    truth = frames.truth[first]
    conflicts = np.unique(clip[frames.truth != truth[clip]])
    if conflicts.size:
        got = f"several for {some(songs[m] for m in conflicts)}"
        raise EvaluationError(explain("joined", "one genre per song", got))
    return Predictions(songs, truth, aggregate(frames.probs, clip, len(songs)), frames.genres)


def thinned(frames: Predictions, n_frames: int) -> Predictions:
    """Select at most `n_frames` evenly spaced frames of each song; a single one is the middle."""
    if n_frames < 1:
        raise EvaluationError(explain("thinned", "at least one frame per song", str(n_frames)))
    names = np.asarray(songs_of(frames), dtype=object)
    selection = []
    for song in dict.fromkeys(names):
        rows = np.flatnonzero(names == song)
        n = min(n_frames, len(rows))
        selection += rows[((np.arange(n) + 0.5) * len(rows) / n).astype(int)].tolist()
    return frames.select([frames.clip_ids[i] for i in selection])
