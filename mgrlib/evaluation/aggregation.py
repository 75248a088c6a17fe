"""Functions that combine the predictions for the segments of a clip into one prediction.

Each takes `probs` (S, K), `clip` (S,), which is the row of each segment's clip in 0..M-1, and
`n_clips` M. It returns (M, K), and each row sums to 1. You can pass your own function with these
arguments to `predict` instead.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pandas as pd

from mgrlib.errors import ShapeError, explain, some

Aggregate = Callable[[np.ndarray, np.ndarray, int], np.ndarray]

FLOOR = 1e-12  # so that a single zero does not rule out a genre for the whole clip
TIE = 1e-3  # weight of the mean in a vote; it breaks ties among fewer than 1,000 segments


def mean_probs(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The mean probability over a clip's segments, (S, K) -> (M, K), which is the usual choice.

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

    A few unusual segments (silence, applause) hardly change it. If all medians of a clip are 0, the
    mean is used instead.

    >>> probs = np.array([[.6, .4], [.6, .4], [0., 1.]])
    >>> median(probs, np.zeros(3, dtype=int), 1), mean_probs(probs, np.zeros(3, dtype=int), 1)
    (array([[0.6, 0.4]]), array([[0.4, 0.6]]))
    """
    _segments_per_clip(probs, clip, n_clips)
    medians = pd.DataFrame(probs).groupby(np.asarray(clip)).median().to_numpy()
    empty = medians.sum(axis=1, keepdims=True) <= 0
    medians = np.where(empty, mean_probs(probs, clip, n_clips), medians)
    return medians / medians.sum(axis=1, keepdims=True)


def vote(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The fraction of a clip's segments that are classified as each genre, (S, K) -> (M, K).

    The mean probability is added with a weight of 1/1000 to break ties. Without it, a tie would
    always go to the genre that comes first in the alphabet.

    >>> probs = np.array([[.6, .4], [.6, .4], [0., 1.]])
    >>> vote(probs, np.zeros(3, dtype=int), 1).round(2)
    array([[0.67, 0.33]])
    """
    choices = np.eye(probs.shape[1])[probs.argmax(axis=1)]
    votes = mean_probs(choices, clip, n_clips)
    return (votes + TIE * mean_probs(probs, clip, n_clips)) / (1 + TIE)


def geometric_mean(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """The geometric mean over segments, scaled to sum to 1, (S, K) -> (M, K).

    This is the product rule, which treats segments as independent, with the power 1/S. A single
    confident segment counts more than in the mean. Probabilities below 1e-12 are set to 1e-12.

    >>> geometric_mean(np.array([[.8, .2], [.2, .8]]), np.zeros(2, dtype=int), 1)
    array([[0.5, 0.5]])
    """
    log_mean = mean_probs(np.log(np.maximum(probs, FLOOR)), clip, n_clips)
    ratios = np.exp(log_mean - log_mean.max(axis=1, keepdims=True))
    return ratios / ratios.sum(axis=1, keepdims=True)


def nearest(
    train_probs: np.ndarray,
    train_y: np.ndarray,
    *,
    k: int = 15,
) -> Aggregate:
    """Return an aggregation by the k nearest neighbors among the scores of training segments.

    Each segment is compared with the training segments by its scores (K,). The genres of the `k`
    nearest training segments are counted, and the fractions are averaged over the clip. A genre
    that is always confused in the same way can thus be recognized by its confusions. Reddy et al.
    (n.d.), "Multiframe", mention it next to the mean. Pass scores of segments that the classifier
    was *not* trained on, because its scores on its own training segments are too good.

    Args:
        train_probs: (S', K) scores of training segments.
        train_y: (S',) their class numbers.
        k: the number of neighbors; if there are fewer segments, all are used.

    Raises:
        ShapeError: if the shapes of scores and class numbers do not match.

    >>> train = np.array([[.9, .1], [.6, .4], [.55, .45]])
    >>> by_neighbors = nearest(train, np.array([0, 1, 1]), k=2)
    >>> by_neighbors(np.array([[.58, .42]]), np.array([0]), 1)
    array([[0., 1.]])
    """
    from sklearn.neighbors import NearestNeighbors  # slow to import

    K = train_probs.shape[1] if train_probs.ndim == 2 else 0
    if not K or train_y.shape != train_probs.shape[:1] or not len(train_y):
        expected = "scores (S, K) and classes (S,)"
        got = f"{train_probs.shape} and {train_y.shape}"
        raise ShapeError(explain("nearest", expected, got))
    index = NearestNeighbors(n_neighbors=min(k, len(train_y))).fit(train_probs)
    one_hot = np.eye(K)[train_y]  # (S', K)

    def aggregate(
        probs: np.ndarray,
        clip: np.ndarray,
        n_clips: int,
    ) -> np.ndarray:
        neighbors = index.kneighbors(probs, return_distance=False)  # (S, k)
        return mean_probs(one_hot[neighbors].mean(axis=1), clip, n_clips)

    return aggregate


def _segments_per_clip(probs: np.ndarray, clip: np.ndarray, n_clips: int) -> np.ndarray:
    """Check the arguments of an aggregation, and return the number of segments per clip, (M,)."""
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
