"""How good a tagger is: the area under the ROC curve, tag by tag."""

from __future__ import annotations

import numpy as np

from mgrlib.errors import ShapeError, explain
from mgrlib.evaluation.intervals import Interval

__all__ = ["mean_auc", "tag_auc"]


def tag_auc(scores: np.ndarray, tags: np.ndarray, counts: np.ndarray | None = None) -> np.ndarray:
    """The ROC-AUC of each tag, (M, K) and (M, K) -> (K,).

    It is the chance that a clip with the tag is scored above one without it, ties counting half:
    .5 is guessing, and no threshold has to be chosen. A tag that every clip has, or none, has no
    AUC (NaN).

    Args:
        scores: any numbers that rise with the belief in a tag: logits or probabilities.
        tags: true or 1 where a clip has the tag.
        counts: how often each clip counts, (R, M), for R results at once, (R, K): the draws of a
            bootstrap.

    Raises:
        ShapeError: arrays of unequal shape.

    >>> tag_auc(np.array([[.9], [.4], [.6], [.1]]), np.array([[1], [1], [0], [0]]))
    array([0.75])
    """
    scores, has = np.asarray(scores, dtype=np.float64), np.asarray(tags) > 0.5
    if scores.ndim != 2 or scores.shape != has.shape:
        got = f"{scores.shape} and {has.shape}"
        raise ShapeError(explain("tag_auc", "scores and tags (M, K)", got))
    each = np.ones((1, len(scores))) if counts is None else np.asarray(counts, dtype=np.float64)
    if each.ndim != 2 or each.shape[1] != len(scores):
        raise ShapeError(explain("tag_auc", f"counts (R, {len(scores)})", f"{each.shape}"))
    table = np.empty((len(each), scores.shape[1]))
    for k in range(scores.shape[1]):
        table[:, k] = _auc(scores[:, k], has[:, k], each)
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


def mean_auc(table: np.ndarray, n_clips: int) -> Interval:
    """The mean AUC over tags, with the quantiles of its draws as bounds.

    Args:
        table: AUCs (1 + R, K) of `tag_auc`: the first row of the clips as they are, the others of
            clips drawn. Tags without an AUC are left out, row by row.
        n_clips: behind the first row.
    """
    means = np.nanmean(table, axis=1)
    low, high = np.quantile(means[1:], [0.025, 0.975])
    return Interval(float(means[0]), float(low), float(high), n_clips, unit="clips")
