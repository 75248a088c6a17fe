import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgrlib.errors import ShapeError
from mgrlib.evaluation import EvaluationError, Predictions

GENRES = ("blues", "jazz", "pop")


def three_clips(**changes):
    """Truth blues, jazz, pop; the first two predicted rightly, pop taken for jazz."""
    content = {
        "clip_ids": ("a", "b", "c"),
        "truth": np.array([0, 1, 2]),
        "probs": np.array([[0.8, 0.1, 0.1], [0.2, 0.5, 0.3], [0.1, 0.6, 0.3]]),
        "genres": GENRES,
    }
    return Predictions(**{**content, **changes})


def test_predicted_is_the_genre_with_the_highest_probability():
    p = three_clips()
    assert p.predicted.tolist() == [0, 1, 1]
    assert p.correct.tolist() == [True, True, False]
    assert p.n == len(p) == 3


def test_a_tie_goes_to_the_first_genre():
    p = three_clips(probs=np.full((3, 3), 1 / 3))
    assert p.predicted.tolist() == [0, 0, 0]


def test_arrays_are_copies_that_cannot_be_written_to():
    probs = np.full((3, 3), 1 / 3)
    p = three_clips(probs=probs)
    probs[0, 0] = 0.9
    assert p.probs[0, 0] == 1 / 3
    with pytest.raises(ValueError, match="read-only"):
        p.probs[0, 0] = 1.0
    with pytest.raises(ValueError, match="read-only"):
        p.truth[0] = 1


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"truth": np.array([0, 1])}, ShapeError, r"truth \(M=3,\)"),
        ({"probs": np.full((3, 2), 0.5)}, ShapeError, r"probs \(M=3, K=3\)"),
        ({"clip_ids": ("a", "b", "a")}, EvaluationError, "each clip once, got 'a'"),
        ({"truth": np.array([0, 1, 3])}, EvaluationError, "labels .* 'c'"),
        ({"truth": np.array([-1, 1, 2])}, EvaluationError, "labels .* 'a'"),
        ({"truth": np.array([0.5, 1.0, 2.0])}, EvaluationError, "integer labels, got .* float64"),
        ({"truth": np.array(["blues", "jazz", "pop"])}, EvaluationError, "integer labels"),
    ],
)
def test_what_does_not_fit_together_is_refused_and_named(changes, error, message):
    with pytest.raises(error, match=message):
        three_clips(**changes)


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ([0.5, 0.5, 0.01], "sum to 1, got different values for 'b'. Hint: apply softmax"),
        ([1.2, -0.1, -0.1], "no negative probability, got different values for 'b'"),
        ([np.nan, 0.5, 0.5], "finite probabilities, got different values for 'b'"),
        ([np.inf, 0.0, 0.0], "finite probabilities"),
        ([0.0, 0.0, 0.0], "sum to 1"),
    ],
)
def test_a_row_that_is_no_distribution_is_refused_with_its_clip(row, message):
    probs = np.full((3, 3), 1 / 3)
    probs[1] = row
    with pytest.raises(EvaluationError, match=message):
        three_clips(probs=probs)


def test_no_clip_is_refused():
    with pytest.raises(EvaluationError, match="at least one clip"):
        Predictions((), np.empty(0, dtype=int), np.empty((0, 3)), GENRES)


def test_folds_join_in_order():
    first, second = three_clips(), three_clips(clip_ids=("d", "e", "f"))
    both = Predictions.concat([first, second])
    assert both.clip_ids == ("a", "b", "c", "d", "e", "f")
    assert both.predicted.tolist() == [0, 1, 1, 0, 1, 1]


def test_concat_refuses_a_clip_of_two_folds():
    with pytest.raises(EvaluationError, match="each clip once, got 'a', 'b', 'c'"):
        Predictions.concat([three_clips(), three_clips()])


def test_concat_refuses_other_genres_and_nothing():
    other = three_clips(clip_ids=("d", "e", "f"), genres=("blues", "jazz", "rock"))
    with pytest.raises(EvaluationError, match="rock"):
        Predictions.concat([three_clips(), other])
    with pytest.raises(EvaluationError, match="at least one part"):
        Predictions.concat([])


def test_select_gives_the_order_asked_for_and_refuses_strangers():
    assert three_clips().select(["c", "a"]).truth.tolist() == [2, 0]
    with pytest.raises(EvaluationError, match="unknown 'z'"):
        three_clips().select(["z"])


def test_frame_names_the_genres():
    frame = three_clips().frame()
    assert frame.index.name == "clip_id"
    assert frame.loc["c", ["truth", "predicted"]].tolist() == ["pop", "jazz"]
    assert frame.loc["c", "confidence"] == 0.6
    assert list(frame.columns[-3:]) == list(GENRES)


def test_json_keeps_ids_truth_and_four_digits():
    p = three_clips()
    back = Predictions.from_dict(json.loads(json.dumps(p.to_dict())))
    assert back.clip_ids == p.clip_ids
    assert back.genres == p.genres
    assert back.truth.tolist() == p.truth.tolist()
    np.testing.assert_allclose(back.probs, p.probs, atol=1e-12)  # these have one digit


def test_damaged_json_is_refused():
    content = three_clips().to_dict()
    without = {k: v for k, v in content.items() if k != "probs"}
    with pytest.raises(EvaluationError, match="no 'probs'"):
        Predictions.from_dict(without)
    content["probs"][2][0] = 0.5  # the row now sums to 1.4: not a matter of rounding
    with pytest.raises(EvaluationError, match="sum to 1, got different values for 'c'"):
        Predictions.from_dict(content)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 2**32 - 1), st.integers(2, 60), st.sampled_from([0.01, 1.0, 1e4]))
def test_rounding_never_changes_what_is_predicted(seed, K, concentration):
    # concentration 1e4 gives rows that are flat to the fourth digit: ties once rounded
    generator = np.random.default_rng(seed)
    probs = generator.dirichlet(np.full(K, concentration), size=5)
    truth = generator.integers(K, size=5)
    p = Predictions(tuple("abcde"), truth, probs, tuple(map(str, range(K))))
    back = Predictions.from_dict(json.loads(json.dumps(p.to_dict())))
    assert back.predicted.tolist() == p.predicted.tolist()
    np.testing.assert_allclose(back.probs.sum(axis=1), 1, atol=1e-12)
    # half a unit of the last digit, one unit for a broken tie, and the rescaling by their sum
    np.testing.assert_allclose(back.probs, p.probs, atol=1.6e-4 + 1e-4 * (K / 2 + 1))
