"""The area under the ROC curve per tag, a metric for taggers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgrlib.errors import ShapeError, explain
from mgrlib.evaluation.intervals import Interval, percentile_bounds


def tag_auc(scores: np.ndarray, tags: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """The ROC-AUC of each tag, (M, K) and (M, K) -> (K,).

    It is the probability that a random clip with the tag has a higher score than a random clip
    without it, where ties count half. Guessing gives .5, and no threshold is needed. If every clip
    has the tag, or none has, the AUC is undefined (NaN).

    Args:
        scores: logits, probabilities or other numbers that increase with confidence in the tag.
        tags: true or 1 where a clip has the tag.
        counts: how often each clip counts, (R, M), such as R bootstrap samples. The result is then
            (R, K).

    Raises:
        ShapeError: if the shapes of the arrays do not match.

    >>> tag_auc(np.array([[.9], [.4], [.6], [.1]]), np.array([[1], [1], [0], [0]]))
    array([0.75])
    """
    scores, has = np.asarray(scores, dtype=np.float64), np.asarray(tags) > 0.5
    if scores.ndim != 2 or scores.shape != has.shape:
        got = f"{scores.shape} and {has.shape}"
        raise ShapeError(explain("tag_auc", "scores and tags (M, K)", got))
    weights = np.ones((1, len(scores))) if counts is None else np.asarray(counts, dtype=np.float64)
    if weights.ndim != 2 or weights.shape[1] != len(scores):
        raise ShapeError(explain("tag_auc", f"counts (R, {len(scores)})", f"{weights.shape}"))
    table = np.empty((len(weights), scores.shape[1]))
    for k in range(scores.shape[1]):
        table[:, k] = _auc(scores[:, k], has[:, k], weights)
    return table[0] if counts is None else table


def _auc(score: np.ndarray, has: np.ndarray, counts: np.ndarray) -> np.ndarray:
    """One tag's AUC for each row of counts: (M,), (M,) and (R, M) -> (R,)."""
    order = np.argsort(score, kind="stable")
    starts = np.unique(score[order], return_index=True)[1]  # of each level of the score
    ups = np.add.reduceat((counts * has)[:, order], starts, axis=1)  # (R, levels)
    downs = np.add.reduceat((counts * ~has)[:, order], starts, axis=1)
    wins = (ups * (downs.cumsum(axis=1) - downs / 2)).sum(axis=1)
    pairs = ups.sum(axis=1) * downs.sum(axis=1)
    return np.where(pairs > 0, wins / np.maximum(pairs, 1), np.nan)


def drawn_counts(groups: Sequence[str] | np.ndarray, n: int, *, seed: int = 0) -> np.ndarray:
    """How often each clip counts in n bootstrap samples that draw whole groups, (1 + n, M).

    The first row counts every clip once. `tag_auc` takes the result as its `counts`. In a sample
    that lacks all clips with a tag, the AUC of this tag is undefined.

    Args:
        groups: the artist of each clip, (M,); each clip for itself where artists are not known.
        n: number of samples.
        seed: of the draws.

    >>> drawn_counts(["a", "a", "b"], 2).shape
    (3, 3)
    """
    number = np.unique(np.asarray(groups), return_inverse=True)[1]  # (M,)
    G = int(number.max()) + 1
    draws = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), size=n)  # (n, G)
    return np.vstack([np.ones(len(number)), draws[:, number]])


def mean_auc(table: np.ndarray, n_clips: int) -> Interval:
    """The mean AUC over tags with its percentile bootstrap interval.

    Args:
        table: AUCs (1 + R, K) from `tag_auc`. The first row is computed from the clips themselves,
            the others from R bootstrap samples. Undefined AUCs are left out of each row's mean.
        n_clips: the number of clips.
    """
    means = np.nanmean(table, axis=1)
    return Interval(float(means[0]), *percentile_bounds(means[1:]), n_clips, unit="clips")
