from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from mgrlib.errors import ShapeError
from mgrlib.evaluation.tagging import drawn_counts, mean_auc, tag_auc


def test_perfect_order_is_one_and_reversed_order_zero():
    scores = np.array([[0.1, 0.9], [0.2, 0.8], [0.7, 0.3], [0.8, 0.2]])
    tags = np.array([[0, 0], [0, 0], [1, 1], [1, 1]])
    assert tag_auc(scores, tags).tolist() == [1.0, 0.0]


def test_ties_count_half():
    assert tag_auc(np.zeros((4, 1)), np.array([[1], [0], [1], [0]])).tolist() == [0.5]


def test_a_tag_without_contrast_has_no_auc():
    assert np.isnan(tag_auc(np.random.default_rng(0).random((3, 2)), np.array([[0, 1]] * 3))).all()


def test_it_is_scikit_learns():
    rng = np.random.default_rng(0)
    scores, tags = rng.random((50, 4)).round(1), rng.random((50, 4)) < 0.3
    assert np.allclose(tag_auc(scores, tags), roc_auc_score(tags, scores, average=None))


def test_arrays_of_unequal_shape_are_refused():
    with pytest.raises(ShapeError, match="tag_auc"):
        tag_auc(np.zeros((3, 2)), np.zeros((3, 1)))


def test_a_clip_drawn_twice_counts_twice():
    scores, tags = np.array([[0.9], [0.4], [0.5], [0.1]]), np.array([[1], [1], [0], [0]])
    counts = np.array([[1, 1, 1, 1], [0, 2, 1, 0]])
    assert tag_auc(scores, tags, counts).tolist() == [[0.75], [0.0]]  # .4 against .5, twice


def test_draws_give_the_auc_of_the_clips_drawn():
    rng = np.random.default_rng(0)
    scores, tags = rng.integers(0, 5, (40, 3)).astype(float), rng.random((40, 3)) < 0.3
    rows = rng.integers(40, size=40)
    counts = np.stack([np.ones(40), np.bincount(rows, minlength=40)])
    table = tag_auc(scores, tags, counts)
    assert np.allclose(table, [tag_auc(scores, tags), tag_auc(scores[rows], tags[rows])])
    mean = mean_auc(np.vstack([table, table[1:]]), 40)
    assert (mean.value, mean.n) == (table[0].mean(), 40)
    assert mean.low == pytest.approx(table[1].mean())


def test_draws_keep_the_clips_of_an_artist_together():
    artists = np.array(["a", "b", "a", "c", "b", "d"])
    counts = drawn_counts(artists, 40, seed=1)
    assert (counts[0] == 1).all()
    assert (counts[:, 0] == counts[:, 2]).all() and (counts[:, 1] == counts[:, 4]).all()
    assert (counts[1:, [0, 1, 3, 5]].sum(axis=1) == 4).all()
