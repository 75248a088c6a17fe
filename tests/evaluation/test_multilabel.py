"""Metrics of several genres a clip, on tables small enough to check by hand."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn import metrics
from torch import nn

from mgrlib.errors import EvaluationError, ShapeError
from mgrlib.evaluation import bootstrap, multilabel
from mgrlib.evaluation.multilabel import LabelPredictions, predict_labels
from mgrlib.segments import Segments

GENRES = ("blues", "jazz", "pop")
TRUTH = np.array([[1, 1, 0], [0, 1, 0], [1, 0, 1], [0, 1, 1]])
PROBS = np.array([[0.9, 0.6, 0.1], [0.2, 0.8, 0.4], [0.7, 0.6, 0.3], [0.1, 0.3, 0.4]])


def table(truth=TRUTH, probs=PROBS):
    ids = tuple(f"clip{i}" for i in range(len(truth)))
    return LabelPredictions(ids, np.asarray(truth), np.asarray(probs), GENRES)


def test_all_found_asks_for_as_many_of_the_most_probable_genres_as_there_are():
    assert multilabel.all_found(table()) == 3 / 4


def test_all_found_is_accuracy_where_each_clip_has_one_genre():
    truth = np.eye(3)[[0, 1, 2, 2]]
    assert multilabel.all_found(table(truth)) == 3 / 4


def test_micro_f1_is_that_of_scikit_learn():
    expected = metrics.f1_score(TRUTH, PROBS >= 0.5, average="micro", zero_division=0)
    assert multilabel.micro_f1(table()) == pytest.approx(expected)


def test_clips_of_equal_probability_have_the_same_rank():
    tied = table(np.eye(3)[[0, 1, 0]], [[0.9, 0.1, 0.0], [0.9, 0.6, 0.0], [0.7, 0.2, 0.0]])
    # jazz and blues share the first rank: precision 1/2, then 2/3
    assert multilabel.average_precision(tied)[0] == pytest.approx((1 / 2 + 2 / 3) / 2)


def test_a_genre_that_no_clip_has_is_left_out_of_the_means():
    without = table(TRUTH[:2], PROBS[:2])
    assert np.isnan(multilabel.average_precision(without)[2])
    assert multilabel.mean_average_precision(without) == 1.0


def test_a_lower_threshold_decides_for_more_genres():
    assert table().decisions(0.3).sum() == 9 > table().decisions().sum() == 5


def test_the_interval_holds_the_value_and_narrows_with_more_clips():
    narrow = table(np.tile(TRUTH, (25, 1)), np.tile(PROBS, (25, 1)))
    wide, slim = (bootstrap(t, multilabel.micro_f1, n=200) for t in (table(), narrow))
    assert wide.low <= wide.value <= wide.high
    assert slim.margin < wide.margin


def test_drawing_whole_groups_widens_the_interval():
    many = table(np.tile(TRUTH, (25, 1)), np.tile(PROBS, (25, 1)))
    groups = np.arange(100) % 4
    alone, grouped = (
        bootstrap(many, multilabel.all_found, n=200, groups=g) for g in (None, groups)
    )
    assert grouped.margin > 2 * alone.margin


class Echo(nn.Module):
    """The logits are the input."""

    def forward(self, x):
        return x


def segments(targets, clip):
    logits = torch.tensor(PROBS[: len(clip)]).logit().float()
    n = max(clip) + 1
    ids = tuple(f"clip{i}" for i in range(n))
    return Segments((logits,), torch.tensor(targets), torch.tensor(clip), ids, GENRES)


def test_labels_are_predicted_by_the_sigmoid_of_each_logit():
    predictions = predict_labels(Echo(), segments(TRUTH.astype(np.float32), [0, 1, 2, 3]))
    assert np.allclose(predictions.probs, PROBS, atol=1e-6)
    assert np.array_equal(predictions.truth, TRUTH)


def test_the_segments_of_a_clip_are_joined():
    same = np.array([[1, 1, 0]] * 2, dtype=np.float32)
    predictions = predict_labels(Echo(), segments(same, [0, 0]))
    assert np.allclose(predictions.probs, PROBS[:2].mean(axis=0), atol=1e-6)


def test_class_numbers_are_no_targets():
    with pytest.raises(EvaluationError, match=r"targets \(S, K\)"):
        predict_labels(Echo(), segments(np.array([0, 1]), [0, 1]))


@pytest.mark.parametrize(
    ("truth", "probs", "error", "message"),
    [
        (TRUTH, PROBS[:, :2], ShapeError, "both"),
        (TRUTH * 2, PROBS, EvaluationError, "truth of 0 and 1"),
        (TRUTH * 0, PROBS, EvaluationError, "a genre for each clip"),
        (TRUTH, PROBS * 2, EvaluationError, "probabilities from 0 to 1"),
    ],
)
def test_a_table_that_does_not_hold_together_is_refused(truth, probs, error, message):
    with pytest.raises(error, match=message):
        table(truth, probs)
