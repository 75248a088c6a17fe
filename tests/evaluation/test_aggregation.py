import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgrlib.errors import ShapeError
from mgrlib.evaluation import geometric_mean, mean_probs, median, vote

ALL = [mean_probs, median, vote, geometric_mean]


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 2**32 - 1), st.integers(1, 8), st.integers(0, 20), st.integers(1, 6))
def test_every_aggregation_gives_distributions_whatever_the_order(seed, n_clips, extra, K):
    generator = np.random.default_rng(seed)
    clip = np.concatenate([np.arange(n_clips), generator.integers(n_clips, size=extra)])
    probs = generator.dirichlet(np.full(K, 0.1), size=len(clip))
    order = generator.permutation(len(clip))
    for aggregate in ALL:
        joined = aggregate(probs, clip, n_clips)
        assert joined.shape == (n_clips, K)
        assert (joined >= 0).all()
        np.testing.assert_allclose(joined.sum(axis=1), 1, atol=1e-9)
        shuffled = aggregate(probs[order], clip[order], n_clips)
        np.testing.assert_allclose(joined, shuffled, atol=1e-9)


@pytest.mark.parametrize("aggregate", ALL)
def test_one_segment_a_clip_predicts_as_the_segment(aggregate):
    probs = np.random.default_rng(1).dirichlet(np.ones(5), size=20)
    joined = aggregate(probs, np.arange(20), 20)
    assert (joined.argmax(axis=1) == probs.argmax(axis=1)).all()
    if aggregate is not vote:
        np.testing.assert_allclose(joined, probs, atol=1e-12)


def test_the_four_differ_where_they_should():
    # two mild votes for the first genre, one certain vote against it
    probs = np.array([[0.6, 0.4], [0.6, 0.4], [0.001, 0.999]])
    clip = np.zeros(3, dtype=int)
    assert mean_probs(probs, clip, 1).argmax() == 1  # .400 against .600
    assert median(probs, clip, 1).argmax() == 0  # .6 against .4
    assert vote(probs, clip, 1).argmax() == 0  # two to one
    assert geometric_mean(probs, clip, 1).argmax() == 1


def test_geometric_mean_is_the_root_of_the_product():
    probs = np.array([[0.9, 0.1], [0.4, 0.6]])
    root = np.sqrt([0.36, 0.06])
    joined = geometric_mean(probs, np.zeros(2, dtype=int), 1)
    np.testing.assert_allclose(joined[0], root / root.sum(), atol=1e-12)


def test_a_zero_of_one_segment_vetoes_nothing():
    probs = np.array([[0.0, 1.0], [1.0, 0.0]])
    joined = geometric_mean(probs, np.zeros(2, dtype=int), 1)
    np.testing.assert_allclose(joined, [[0.5, 0.5]])


def test_median_falls_back_on_the_mean_when_all_medians_are_zero():
    joined = median(np.eye(3), np.zeros(3, dtype=int), 1)
    np.testing.assert_allclose(joined, [[1 / 3] * 3])


def test_a_tied_vote_goes_to_the_more_probable_genre():
    probs = np.array([[0.51, 0.49], [0.1, 0.9]])
    assert vote(probs, np.zeros(2, dtype=int), 1).argmax() == 1


def test_the_mean_never_outweighs_a_vote():
    # 500 against 499 votes, the losing side far more certain
    probs = np.repeat([[0.501, 0.499], [0.0, 1.0]], [500, 499], axis=0)
    assert vote(probs, np.zeros(999, dtype=int), 1).argmax() == 0


def test_a_clip_without_segments_and_a_clip_out_of_range_are_refused():
    probs = np.full((2, 2), 0.5)
    with pytest.raises(ShapeError, match="a segment for every clip, got none in rows 1"):
        mean_probs(probs, np.array([0, 2]), 3)
    with pytest.raises(ShapeError, match=r"0\.\.1"):
        mean_probs(probs, np.array([0, 2]), 2)
    with pytest.raises(ShapeError, match=r"clip \(S,\)"):
        mean_probs(probs, np.array([0]), 1)
