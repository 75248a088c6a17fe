"""How good a tagger is: the area under the ROC curve, tag by tag."""

from __future__ import annotations

import numpy as np
from scipy.stats import rankdata

from mgrlib.errors import ShapeError, explain

__all__ = ["tag_auc"]


def tag_auc(scores: np.ndarray, tags: np.ndarray) -> np.ndarray:
    """The ROC-AUC of each tag, (M, K) and (M, K) -> (K,).

    It is the chance that a clip with the tag is scored above one without it, ties counting half:
    .5 is guessing, and no threshold has to be chosen. A tag that every clip has, or none, has no
    AUC (NaN).

    Args:
        scores: any numbers that rise with the belief in a tag: logits or probabilities.
        tags: true or 1 where a clip has the tag.

    Raises:
        ShapeError: arrays of unequal shape.

    >>> tag_auc(np.array([[.9], [.4], [.6], [.1]]), np.array([[1], [1], [0], [0]]))
    array([0.75])
    """
    scores, has = np.asarray(scores, dtype=np.float64), np.asarray(tags) > 0.5
    if scores.ndim != 2 or scores.shape != has.shape:
        got = f"{scores.shape} and {has.shape}"
        raise ShapeError(explain("tag_auc", "scores and tags (M, K)", got))
    n_with, n_without = has.sum(axis=0), (~has).sum(axis=0)
    ranks = rankdata(scores, axis=0)
    above = (ranks * has).sum(axis=0) - n_with * (n_with + 1) / 2
    pairs = n_with * n_without
    return np.where(pairs > 0, above / np.maximum(pairs, 1), np.nan)
