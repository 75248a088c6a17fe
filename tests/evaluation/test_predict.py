import numpy as np
import pytest
import torch
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.svm import LinearSVC
from torch import nn

from mgrlib.errors import ShapeError
from mgrlib.evaluation import EvaluationError, predict, predict_sklearn, vote
from mgrlib.segments import Segments

GENRES = ("blues", "jazz", "pop")


def five_segments(**changes):
    """Clips a (2 segments), b (1) and c (2); the inputs are the log-probabilities to be given."""
    probs = torch.tensor(
        [[0.8, 0.1, 0.1], [0.4, 0.5, 0.1], [0.1, 0.8, 0.1], [0.5, 0.25, 0.25], [0.1, 0.2, 0.7]]
    )
    content = {
        "inputs": (probs.log(),),
        "y": torch.tensor([0, 0, 1, 2, 2]),
        "clip": torch.tensor([0, 0, 1, 2, 2]),
        "clip_ids": ("a", "b", "c"),
        "genres": GENRES,
    }
    return Segments(**{**content, **changes})


def test_predict_gives_the_mean_probability_of_each_clip():
    p = predict(nn.Identity(), five_segments())
    assert p.clip_ids == ("a", "b", "c")
    assert p.truth.tolist() == [0, 1, 2]
    expected = [[0.6, 0.3, 0.1], [0.1, 0.8, 0.1], [0.3, 0.225, 0.475]]
    np.testing.assert_allclose(p.probs, expected, atol=1e-6)  # the inputs are float32


@pytest.mark.parametrize("batch_size", [1, 2, 5, 64])
def test_the_batch_size_changes_nothing(batch_size):
    torch.manual_seed(0)
    model = nn.Linear(3, 3)
    predictions = predict(model, five_segments(), batch_size=5)
    parts = predict(model, five_segments(), batch_size=batch_size)
    np.testing.assert_allclose(
        parts.probs, predictions.probs, atol=1e-6
    )  # float32 sums in other order


def test_another_aggregation_is_a_function_given():
    p = predict(nn.Identity(), five_segments(), aggregate=vote)
    np.testing.assert_allclose(p.probs[1], [0, 1, 0], atol=1e-3)
    np.testing.assert_allclose(p.probs[0], [0.5, 0.5, 0], atol=1e-3)


def test_a_model_of_two_modalities_gets_both():
    class Sum(nn.Module):
        def forward(self, x, z):
            return x + z

    x = five_segments().inputs[0]
    p = predict(Sum(), five_segments(inputs=(x / 2, x / 2)))
    np.testing.assert_allclose(p.probs[1], [0.1, 0.8, 0.1], atol=1e-6)


def test_only_clips_with_segments_get_a_row():
    segments = five_segments(clip=torch.tensor([0, 0, 3, 2, 2]), clip_ids=("a", "b", "c", "d"))
    assert predict(nn.Identity(), segments).clip_ids == ("a", "c", "d")


def test_order_is_that_of_the_clips_not_of_the_segments():
    mixed = five_segments().of(["c", "a"])
    p = predict(nn.Identity(), mixed)
    assert p.clip_ids == ("c", "a")
    assert p.truth.tolist() == [2, 0]


def test_each_layer_is_afterwards_in_the_mode_it_was_in():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(0.5), nn.Linear(3, 3))
    model.train()
    model[0].eval()  # frozen, as in transfer learning
    before = model[0].running_mean.clone()
    first, second = predict(model, five_segments()), predict(model, five_segments())
    assert model.training
    assert model[1].training
    assert not model[0].training
    assert torch.equal(model[0].running_mean, before)
    np.testing.assert_array_equal(first.probs, second.probs)  # no drop-out while predicting


def test_a_model_that_fails_is_put_back_into_training():
    model = nn.Sequential(nn.Dropout(), nn.Linear(7, 3)).train()
    with pytest.raises(RuntimeError):
        predict(model, five_segments())
    assert model.training
    assert model[0].training


def test_logits_of_another_number_of_classes_are_refused():
    with pytest.raises(ShapeError, match=r"logits \(S=5, K=3\), got \(5, 4\)"):
        predict(nn.Linear(3, 4), five_segments())


def test_logits_that_are_not_finite_are_refused_with_their_clips():
    x = five_segments().inputs[0].clone()
    x[3, 0] = float("nan")
    with pytest.raises(EvaluationError, match="finite logits, got NaN or infinite ones for 'c'"):
        predict(nn.Identity(), five_segments(inputs=(x,)))


def test_a_clip_with_two_labels_is_refused():
    with pytest.raises(EvaluationError, match="one label per clip, got several for 'a'"):
        predict(nn.Identity(), five_segments(y=torch.tensor([0, 1, 1, 2, 2])))


def test_multi_label_targets_are_refused():
    with pytest.raises(EvaluationError, match="one class number per segment"):
        predict(nn.Identity(), five_segments(y=torch.eye(3)[[0, 0, 1, 2, 2]]))


def test_no_segment_is_refused():
    nothing = five_segments().of([])
    with pytest.raises(EvaluationError, match="at least one segment"):
        predict(nn.Identity(), nothing)
    with pytest.raises(EvaluationError, match="at least one segment"):
        predict_sklearn(DummyClassifier(), nothing)


def test_sklearn_predictions_are_those_of_the_estimator():
    generator = np.random.default_rng(0)
    x, y = generator.normal(size=(60, 4)), np.arange(60) % 3
    x[:, 0] += 3 * y
    ids = tuple(f"clip{i}" for i in range(60))
    inputs = (torch.from_numpy(x.reshape(60, 2, 2)),)
    segments = Segments(inputs, torch.from_numpy(y), torch.arange(60), ids, GENRES)
    estimator = LogisticRegression().fit(x, y)
    p = predict_sklearn(estimator, segments)
    np.testing.assert_allclose(p.probs, estimator.predict_proba(x), atol=1e-12)
    margin_only = LinearSVC().fit(x, y)
    assert (predict_sklearn(margin_only, segments).predicted == margin_only.predict(x)).all()


def test_a_genre_that_sklearn_never_saw_gets_probability_zero():
    estimator = DummyClassifier(strategy="prior").fit(np.zeros((4, 3)), [0, 2, 2, 2])
    p = predict_sklearn(estimator, five_segments())
    np.testing.assert_allclose(p.probs, [[0.25, 0, 0.75]] * 3)


def test_sklearn_fitted_on_names_is_refused():
    estimator = DummyClassifier().fit(np.zeros((2, 3)), ["blues", "jazz"])
    with pytest.raises(EvaluationError, match=r"fit it on `segments\.y`"):
        predict_sklearn(estimator, five_segments())
