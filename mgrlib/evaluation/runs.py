"""Several runs of a system on the same clips, and which clips they classify correctly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.predictions import Predictions


def align(first: Predictions, second: Predictions) -> Predictions:
    """Sort the clips of `second` like those of `first`.

    Raises:
        EvaluationError: if clips, genres or true labels differ.
    """
    if set(first.clip_ids) != set(second.clip_ids):
        unpaired = sorted(set(first.clip_ids) ^ set(second.clip_ids))
        got = f"{unpaired[:3]} in only one of them ({len(unpaired)} such clips)"
        hint = "compare on the common clips: `predictions.select(clip_ids)`."
        raise EvaluationError(explain("paired comparison", "the same clips", got, hint))
    second = second.select(first.clip_ids)
    if first.genres != second.genres or (first.truth != second.truth).any():
        got = "different ones; was one corpus relabeled?"
        raise EvaluationError(explain("paired comparison", "the same genres and labels", got))
    return second


def same_clips(runs: Sequence[Predictions]) -> bool:
    """Whether all runs tested the same clips, as folds do; random holdouts do not."""
    return all(set(run.clip_ids) == set(runs[0].clip_ids) for run in runs)


def correct_by_run(runs: Sequence[Predictions], *, like: Predictions | None = None) -> np.ndarray:
    """1 where a run classifies a clip correctly and 0 elsewhere, (R, M) float64.

    Args:
        runs: R predictions of the same M clips, in any order.
        like: the predictions whose order the columns have; default: the first run.

    Raises:
        EvaluationError: if there is no run, or if clips, genres or true labels differ.
    """
    if not runs:
        raise EvaluationError(explain("correct_by_run", "at least one run", "none"))
    first = runs[0] if like is None else like
    return np.stack([align(first, run).correct for run in runs]).astype(float)


def accuracy_by_clip(runs: Sequence[Predictions]) -> pd.Series:
    """For each clip, the fraction of runs that classify it correctly.

    The mean over the clips is the mean accuracy of the runs. Two such series subtract clip by clip,
    with NaN where only one of them has a clip.

    Args:
        runs: R predictions of the same M clips, in any order.

    Returns:
        (M,) float64 by `clip_id`, in the order of the first run.

    Raises:
        EvaluationError: if there is no run, or if clips, genres or true labels differ.

    >>> ids, truth = ("a", "b"), np.array([0, 1])
    >>> first = Predictions(ids, truth, np.array([[0.9, 0.1], [0.6, 0.4]]), ("jazz", "pop"))
    >>> second = Predictions(ids, truth, np.array([[0.8, 0.2], [0.3, 0.7]]), ("jazz", "pop"))
    >>> accuracy_by_clip([first, second])
    clip_id
    a    1.0
    b    0.5
    Name: accuracy, dtype: float64
    """
    means = correct_by_run(runs).mean(axis=0)
    return pd.Series(means, pd.Index(runs[0].clip_ids, name="clip_id"), name="accuracy")
