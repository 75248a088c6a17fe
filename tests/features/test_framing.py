"""Waveforms of one length, and how far segments lie apart."""

import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import pad_or_truncate, segment_distances


def ramp(n):
    return np.arange(n, dtype=np.float32)


@pytest.mark.parametrize("where", ["end", "center"])
@pytest.mark.parametrize("length", [1, 4, 9, 10, 11, 25])
def test_padding_and_truncation_give_the_length_asked_for(where, length):
    out = pad_or_truncate(ramp(10) + 1, length, where=where)
    assert out.shape == (length,)
    assert set(out) <= {0.0, *range(1, 11)}
    assert np.count_nonzero(out) == min(length, 10)


def test_a_center_crop_takes_as_much_from_both_ends():
    np.testing.assert_array_equal(pad_or_truncate(ramp(10), 4, where="center"), [3, 4, 5, 6])
    np.testing.assert_array_equal(pad_or_truncate(ramp(2) + 1, 4, where="center"), [0, 1, 2, 0])


def test_what_is_cut_to_length_is_a_copy():
    y = ramp(6)
    pad_or_truncate(y, 3)[:] = -1
    np.testing.assert_array_equal(y, ramp(6))


def test_distances_are_known_ones():
    x = np.array([[1.0, 2.0, 3.0], [2.0, 4.0, 6.0], [3.0, 2.0, 1.0]])
    np.testing.assert_allclose(segment_distances(x)[0], [0, np.sqrt(14), np.sqrt(8)])
    np.testing.assert_allclose(segment_distances(x, metric="correlation")[0], [0, 0, 2], atol=1e-12)


def test_distances_are_of_whole_arrays():
    x = np.random.default_rng(0).normal(size=(4, 13, 20))
    distances = segment_distances(x)
    assert distances.shape == (4, 4)
    assert distances[1, 2] == pytest.approx(np.linalg.norm(x[1] - x[2]))


@pytest.mark.parametrize("bad", [np.zeros(3), np.zeros((0, 3)), np.array([[np.nan, 1.0]])])
def test_distances_of_what_are_no_segments_are_refused(bad):
    with pytest.raises(FeatureError, match="segment_distances"):
        segment_distances(bad)


def test_flat_segments_have_no_correlation():
    with pytest.raises(FeatureError, match="segment 1"):
        segment_distances(np.array([[1.0, 2.0], [3.0, 3.0]]), metric="correlation")
    with pytest.raises(FeatureError, match="metric"):
        segment_distances(np.eye(3), metric="cosine")  # type: ignore[arg-type]
