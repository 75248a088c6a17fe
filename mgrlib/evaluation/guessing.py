"""Baselines: the accuracies of classifiers that do not look at the input."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.predictions import Predictions


def chance(genres: Sequence[str]) -> float:
    """The expected accuracy of a uniformly random genre, 1/K for any distribution of the clips.

    Raises:
        EvaluationError: if there is no genre.

    >>> chance(("blues", "jazz", "metal", "pop"))
    0.25
    """
    if not len(genres):
        raise EvaluationError(explain("chance", "at least one genre", "none"))
    return 1 / len(genres)


def majority(predictions: Predictions) -> float:
    """The accuracy of always predicting the most frequent genre of these clips.

    No constant prediction has a higher accuracy. It is above `chance` if the genres have different
    numbers of clips.

    >>> p = Predictions(("a", "b", "c"), np.array([0, 1, 1]), np.full((3, 2), .5), ("jazz", "pop"))
    >>> round(majority(p), 3)
    0.667
    """
    return float(np.bincount(predictions.truth).max() / predictions.n)
