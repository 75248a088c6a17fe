"""Recommendations of artists to listeners, and who gets recommended.

A recommender gives each listener a score for each artist. `recommend` takes the best that the
listener has not played; the measures then ask two different questions: does the listener get what
was held out (`hit_rate`), and do rare artists get a share of the recommendations (`share_of`)?
"""

from __future__ import annotations

import numpy as np

from mgrlib.errors import EvaluationError, explain


def by_popularity(plays: np.ndarray) -> np.ndarray:
    """The same scores for every listener: how many listeners an artist has, (L, A) -> (L, A)."""
    return np.tile((plays > 0).sum(axis=0).astype(np.float64), (len(plays), 1))


def by_neighbors(plays: np.ndarray) -> np.ndarray:
    """How similar an artist's listeners are to those of a listener's artists, (L, A) -> (L, A).

    Two artists are as similar as the cosine between the sets of their listeners.
    """
    listens = (plays > 0).astype(np.float64)
    length = np.maximum(np.sqrt(listens.sum(axis=0)), 1e-9)
    similar = (listens.T @ listens) / np.outer(length, length)
    np.fill_diagonal(similar, 0.0)
    return np.asarray(listens @ similar)


def by_content(plays: np.ndarray, vectors: np.ndarray) -> np.ndarray:
    """How similar an artist sounds to a listener's artists, (L, A) and (A, D) -> (L, A)."""
    centered = vectors - vectors.mean(axis=0)
    unit = centered / np.maximum(np.linalg.norm(centered, axis=1, keepdims=True), 1e-9)
    similar = unit @ unit.T
    np.fill_diagonal(similar, 0.0)
    return np.asarray((plays > 0).astype(np.float64) @ similar)


def recommend(scores: np.ndarray, plays: np.ndarray, n: int) -> np.ndarray:
    """The n artists with the highest scores among those not yet played, (L, n).

    Raises:
        EvaluationError: shapes that differ, or a listener with fewer than n unplayed artists.
    """
    if scores.shape != plays.shape:
        got = f"{scores.shape} and {plays.shape}"
        raise EvaluationError(explain("recommend", "scores and plays (L, A)", got))
    fewest = int((plays == 0).sum(axis=1).min())
    if not 1 <= n <= fewest:
        raise EvaluationError(explain("recommend", f"1 to {fewest} recommendations", str(n)))
    open_scores = np.where(plays > 0, -np.inf, scores)
    return np.argsort(-open_scores, axis=1, kind="stable")[:, :n]


def hit_rate(recommended: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The fraction of each listener's target artists that are recommended, (L,).

    Args:
        recommended: (L, n) artists.
        targets: (L, A) bool; a listener without any gets NaN.
    """
    hits = np.take_along_axis(targets, recommended, axis=1).sum(axis=1)
    total = targets.sum(axis=1)
    return np.where(total > 0, hits / np.maximum(total, 1), np.nan)


def share_of(recommended: np.ndarray, members: np.ndarray) -> np.ndarray:
    """The fraction of each listener's recommendations that are among some artists, (L,).

    Args:
        recommended: (L, n) artists.
        members: (A,) bool, as in `listening.thirds() == 2`.

    >>> share_of(np.array([[0, 1], [1, 2]]), np.array([True, False, False])).tolist()
    [0.5, 0.0]
    """
    return np.asarray(members[recommended].mean(axis=1))
