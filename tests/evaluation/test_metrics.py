import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics as sk

from mgrlib.errors import EvaluationError
from mgrlib.evaluation import (
    Predictions,
    accuracy,
    accuracy_interval,
    chance,
    confusion,
    f1,
    genre_f1,
    genre_precision,
    genre_recall,
    majority,
    per_genre,
    precision,
    recall,
    summary,
    wilson,
)


def of_answers(truth, answers, K):
    """Predictions with all probability on the answers."""
    ids = tuple(f"clip{i}" for i in range(len(truth)))
    genres = tuple(f"genre{k}" for k in range(K))
    return Predictions(ids, np.array(truth), np.eye(K)[np.array(answers)], genres)


# truth 0 0 0 1 1 2, predicted 0 0 1 1 2 2
#            predicted 0  1  2
#   truth 0           2  1  0
#         1           0  1  1
#         2           0  0  1
SIX = of_answers([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2], 3)


def test_six_clips_counted_by_hand():
    assert accuracy(SIX) == pytest.approx(4 / 6)
    assert confusion(SIX).tolist() == [[2, 1, 0], [0, 1, 1], [0, 0, 1]]
    np.testing.assert_allclose(genre_precision(SIX), [1, 1 / 2, 1 / 2])
    np.testing.assert_allclose(genre_recall(SIX), [2 / 3, 1 / 2, 1])
    np.testing.assert_allclose(genre_f1(SIX), [4 / 5, 1 / 2, 2 / 3])
    assert precision(SIX) == pytest.approx(2 / 3)
    assert recall(SIX) == pytest.approx(13 / 18)
    assert f1(SIX) == pytest.approx((4 / 5 + 1 / 2 + 2 / 3) / 3)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 2**32 - 1), st.integers(2, 10), st.integers(0, 60))
def test_metrics_are_those_of_scikit_learn_when_every_genre_has_clips(seed, K, extra):
    generator = np.random.default_rng(seed)
    truth = np.concatenate([np.arange(K), generator.integers(K, size=extra)])
    answers = generator.integers(K, size=len(truth))
    p = of_answers(truth, answers, K)
    p_k, r_k, f_k, _ = sk.precision_recall_fscore_support(
        truth, answers, labels=np.arange(K), zero_division=0
    )
    assert (confusion(p) == sk.confusion_matrix(truth, answers)).all()
    assert accuracy(p) == pytest.approx(sk.accuracy_score(truth, answers))
    for metric, expected in ((genre_precision, p_k), (genre_recall, r_k), (genre_f1, f_k)):
        np.testing.assert_allclose(metric(p), expected, atol=1e-12)
    for metric, expected in ((precision, p_k), (recall, r_k), (f1, f_k)):
        assert metric(p) == pytest.approx(expected.mean())


def test_a_genre_never_predicted_has_precision_zero():
    p = of_answers([0, 1], [0, 0], 2)
    assert genre_precision(p).tolist() == [0.5, 0.0]
    assert precision(p) == 0.25


def test_a_genre_without_clips_has_no_recall_and_is_left_out_of_the_mean():
    p = of_answers([0, 1, 1], [0, 1, 2], 4)
    assert np.isnan(genre_recall(p)[2:]).all()
    assert recall(p) == pytest.approx(0.75)
    assert genre_precision(p)[2] == 0  # predicted once, wrongly
    assert np.isnan(genre_precision(p)[3])  # neither there nor predicted
    assert precision(p) == 1.0
    table = per_genre(p)
    assert table.loc["genre3", "n"] == 0
    assert np.isnan(table.loc["genre3", "accuracy"])


def test_per_genre_shows_counts_and_wilson_bounds():
    table = per_genre(SIX)
    assert table["n"].tolist() == [3, 2, 1]
    assert table["correct"].tolist() == [2, 1, 1]
    np.testing.assert_allclose(table["accuracy"], genre_recall(SIX))
    assert table.loc["genre0", "low"] == wilson(2, 3).low
    assert table.loc["genre0", "high"] == wilson(2, 3).high


def test_summary_gives_each_metric_its_interval():
    table = summary(SIX)
    assert table.index.tolist() == ["accuracy", "precision", "recall", "f1"]
    assert table["n"].tolist() == [6] * 4
    assert (table["low"] <= table["value"]).all()
    assert (table["value"] <= table["high"]).all()
    assert table.loc["accuracy", "low"] == accuracy_interval(SIX).low == wilson(4, 6).low


def test_baselines():
    assert chance(("a", "b", "c", "d", "e")) == 0.2
    assert majority(SIX) == 0.5
    with pytest.raises(EvaluationError, match="at least one genre"):
        chance(())
