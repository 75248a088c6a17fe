"""Which clips several runs classify correctly."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.evaluation import EvaluationError, Predictions, accuracy_by_clip
from mgrlib.evaluation.runs import correct_by_run


def run(**correct: int) -> Predictions:
    """Two genres; the true one is the first and is predicted where there is a 1."""
    probs = np.eye(2)[[1 - right for right in correct.values()]]
    return Predictions(tuple(correct), np.zeros(len(correct), int), probs, ("jazz", "pop"))


RUNS = [run(a=1, b=1, c=0), run(c=0, b=0, a=1), run(a=1, b=0, c=0)]


def test_the_accuracy_of_a_clip_is_the_fraction_of_runs_that_classify_it_correctly():
    accuracies = accuracy_by_clip(RUNS)
    assert accuracies.to_dict() == {"a": 1, "b": pytest.approx(1 / 3), "c": 0}
    assert accuracies.mean() == pytest.approx(np.mean([r.correct.mean() for r in RUNS]))


def test_two_divisions_subtract_clip_by_clip():
    loss = accuracy_by_clip(RUNS) - accuracy_by_clip([run(d=1, c=1, a=0)])
    assert loss.dropna().to_dict() == {"a": 1, "c": -1}


def test_runs_have_a_row_each_and_clips_a_column_in_the_order_asked_for():
    assert correct_by_run(RUNS).tolist() == [[1, 1, 0], [1, 0, 0], [1, 0, 0]]
    assert correct_by_run(RUNS[:1], like=RUNS[1]).tolist() == [[0, 1, 1]]


def test_no_run_and_runs_on_other_clips_are_refused():
    with pytest.raises(EvaluationError, match="at least one run"):
        accuracy_by_clip([])
    with pytest.raises(EvaluationError, match="the same clips"):
        accuracy_by_clip([run(a=1), run(b=1)])
