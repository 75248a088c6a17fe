"""From segments to clips: ways to join what a model says of the pieces of one clip.

Each takes `probs` (S, K), `clip` (S,), the row of each segment's clip in 0..M-1, and `n_clips` M,
and returns (M, K) with rows that sum to 1. A function of your own with these arguments can be given
to `predict` in their place.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mgrlib.errors import ShapeError, explain, some

__all__ = ["Aggregate", "geometric_mean", "mean_probs", "median", "nearest", "vote"]

Aggregate = Callable[[np.ndarray, np.ndarray, int], np.ndarray]

FLOOR = 1e-12  # one segment's zero may not veto a genre for the whole clip
TIE = 1e-3  # weight of the mean in a vote: decides ties among fewer than 1,000 segments


def mean_probs(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The mean probability over a clip's segments, (S, K) -> (M, K): the usual choice.

    >>> mean_probs(np.array([[.9, .1], [.5, .5], [.2, .8]]), np.array([0, 0, 1]), 2)
    array([[0.7, 0.3],
           [0.2, 0.8]])
    """
    counts = _segments_per_clip(probs, clip, n_clips)
    sums = np.zeros((n_clips, probs.shape[1]))
    np.add.at(sums, clip, probs)
    return sums / counts[:, None]


def median(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The median of each genre's probability, scaled to sum to 1, (S, K) -> (M, K).

    A few strange segments (silence, applause) hardly move it. Where every median is 0, the mean
    is taken.

    >>> probs = np.array([[.6, .4], [.6, .4], [0., 1.]])
    >>> median(probs, np.zeros(3, dtype=int), 1), mean_probs(probs, np.zeros(3, dtype=int), 1)
    (array([[0.6, 0.4]]), array([[0.4, 0.6]]))
    """
    _segments_per_clip(probs, clip, n_clips)
    middle = pd.DataFrame(probs).groupby(np.asarray(clip)).median().to_numpy()
    empty = middle.sum(axis=1, keepdims=True) <= 0
    middle = np.where(empty, mean_probs(probs, clip, n_clips), middle)
    return middle / middle.sum(axis=1, keepdims=True)


def vote(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The share of a clip's segments that choose each genre, (S, K) -> (M, K).

    The mean probability takes part with a weight of a thousandth, so that it decides ties: without
    it a tie would always go to the genre that comes first in the alphabet.

    >>> probs = np.array([[.6, .4], [.6, .4], [0., 1.]])
    >>> vote(probs, np.zeros(3, dtype=int), 1).round(2)
    array([[0.67, 0.33]])
    """
    chosen = np.eye(probs.shape[1])[probs.argmax(axis=1)]
    votes = mean_probs(chosen, clip, n_clips)
    return (votes + TIE * mean_probs(probs, clip, n_clips)) / (1 + TIE)


def geometric_mean(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The geometric mean over segments, scaled to sum to 1, (S, K) -> (M, K).

    The product rule: segments as independent witnesses, taken to the power 1/S. One confident
    segment weighs more than in the mean. Probabilities below 1e-12 count as 1e-12.

    >>> geometric_mean(np.array([[.8, .2], [.2, .8]]), np.zeros(2, dtype=int), 1)
    array([[0.5, 0.5]])
    """
    log_mean = mean_probs(np.log(np.maximum(probs, FLOOR)), clip, n_clips)
    unscaled = np.exp(log_mean - log_mean.max(axis=1, keepdims=True))
    return unscaled / unscaled.sum(axis=1, keepdims=True)


def nearest(train_probs: np.ndarray, train_y: np.ndarray, *, k: int = 15) -> Aggregate:
    """The aggregation by k nearest neighbours among the scores of training segments.

    A segment's scores (K,) are taken for a place; the `k` training segments nearest to it tell
    their genres, and the shares are averaged over the clip. So a genre that is always mistaken in
    the same way can be told by its mistakes. Reddy et al. (n.d.), "Multiframe", name it beside the
    mean. Give it scores of segments that the classifier was *not* trained on: those it was trained
    on it knows too well.

    Args:
        train_probs: (S', K) scores of training segments.
        train_y: (S',) their class numbers.
        k: how many neighbours tell; all of them if there are fewer.

    Raises:
        ShapeError: scores and classes that do not fit together.

    >>> train = np.array([[.9, .1], [.6, .4], [.55, .45]])
    >>> by_neighbours = nearest(train, np.array([0, 1, 1]), k=2)
    >>> by_neighbours(np.array([[.58, .42]]), np.array([0]), 1)
    array([[0., 1.]])
    """
    from sklearn.neighbors import NearestNeighbors  # slow to import, and only needed here

    K = train_probs.shape[1] if train_probs.ndim == 2 else 0
    if not K or train_y.shape != train_probs.shape[:1] or not len(train_y):
        got = f"{train_probs.shape} and {train_y.shape}"
        raise ShapeError(explain("nearest", "scores (S, K) and classes (S,)", got))
    places = NearestNeighbors(n_neighbors=min(k, len(train_y))).fit(train_probs)
    told = np.eye(K)[train_y]  # (S', K)

    def aggregate(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
        neighbours = places.kneighbors(probs, return_distance=False)  # (S, k)
        return mean_probs(told[neighbours].mean(axis=1), clip, n_clips)

    return aggregate


def _segments_per_clip(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """(M,) counts, all at least 1; what cannot be joined is refused."""
    if probs.ndim != 2 or clip.shape != probs.shape[:1]:
        got = f"{probs.shape} and {clip.shape}"
        raise ShapeError(explain("aggregate", "probs (S, K) and clip (S,)", got))
    if clip.size and not 0 <= clip.min() <= clip.max() < n_clips:
        got = f"{clip.min()}..{clip.max()}"
        raise ShapeError(explain("aggregate", f"clip rows in 0..{n_clips - 1}", got))
    counts = np.bincount(clip, minlength=n_clips)
    if (counts == 0).any():
        got = f"none in rows {some(np.flatnonzero(counts == 0).tolist())}"
        raise ShapeError(explain("aggregate", "a segment for every clip", got))
    return counts
