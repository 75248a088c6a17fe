"""The four scikit-learn pipelines that networks are measured against."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mgrlib.evaluation import predict_sklearn
from mgrlib.models.baselines import boosted_trees, k_nn, linear, rbf_svm
from mgrlib.segments import Segments

each = pytest.mark.parametrize("make", [linear, k_nn, rbf_svm, boosted_trees])


@pytest.fixture(scope="module")
def rows() -> Segments:
    """Three clouds of 20 rows of 4 values, one a genre, the first value a thousand times larger."""
    rng = np.random.default_rng(0)
    y = np.arange(60) % 3
    x = rng.normal(size=(60, 4)) + 6.0 * np.eye(4)[y]
    x[:, 0] *= 1000.0
    clip_ids = tuple(f"clip{i}" for i in range(60))
    inputs = (torch.from_numpy(x).float(),)
    return Segments(inputs, torch.from_numpy(y), torch.arange(60), clip_ids, ("a", "b", "c"))


@each
def test_a_baseline_learns_three_separate_clouds_whatever_their_scale(make, rows):
    train, test = rows.of(rows.clip_ids[:45]), rows.of(rows.clip_ids[45:])
    estimator = make(0).fit(train.inputs[0].numpy(), train.y.numpy())
    assert predict_sklearn(estimator, test).correct.mean() > 0.9


@each
def test_a_baseline_answers_the_same_for_the_same_seed(make, rows):
    x, y = rows.inputs[0].numpy(), rows.y.numpy()
    twins = [predict_sklearn(make(3).fit(x, y), rows).probs for _ in range(2)]
    assert np.array_equal(*twins)


def test_one_neighbor_repeats_the_training_label():
    x, y = np.array([[0.0], [1.0], [10.0]]), np.array([0, 1, 0])
    assert k_nn(0, n_neighbors=1).fit(x, y).predict([[1.2], [9.0]]).tolist() == [1, 0]


def test_a_gaussian_kernel_separates_what_a_line_cannot():
    x = np.array([[0, 0], [0, 1], [1, 0], [1, 1]] * 5, dtype=float)
    y = np.logical_xor(x[:, 0], x[:, 1]).astype(int)
    assert (linear(0).fit(x, y).predict(x) == y).mean() < 1.0
    assert (rbf_svm(0).fit(x, y).predict(x) == y).mean() == 1.0


def test_trees_do_not_ask_for_a_scale(rows):
    x, y = rows.inputs[0].numpy(), rows.y.numpy()
    answers = [boosted_trees(0).fit(f(x), y).predict(f(x)) for f in (np.asarray, lambda v: 8 * v)]
    assert np.array_equal(*answers)
