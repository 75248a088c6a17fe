"""Cutting waveforms, and how different the pieces are."""

import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import (
    pad_or_truncate,
    segment_distances,
    split_into_segments,
    trim_ends,
)


def ramp(n):
    return np.arange(n, dtype=np.float32)


@pytest.mark.parametrize("where", ["end", "centre"])
@pytest.mark.parametrize("length", [1, 4, 9, 10, 11, 25])
def test_padding_and_truncation_give_the_length_asked_for(where, length):
    out = pad_or_truncate(ramp(10) + 1, length, where=where)
    assert out.shape == (length,)
    assert set(out) <= {0.0, *range(1, 11)}
    assert np.count_nonzero(out) == min(length, 10)


def test_a_centre_crop_takes_as_much_from_both_ends():
    np.testing.assert_array_equal(pad_or_truncate(ramp(10), 4, where="centre"), [3, 4, 5, 6])
    np.testing.assert_array_equal(pad_or_truncate(ramp(2) + 1, 4, where="centre"), [0, 1, 2, 0])


def test_both_ends_are_trimmed():
    np.testing.assert_array_equal(trim_ends(ramp(10), 2, 1.5), [3, 4, 5, 6])
    np.testing.assert_array_equal(trim_ends(ramp(10), 2, 0.0), ramp(10))


@pytest.mark.parametrize("seconds", [2.5, 100.0, -1.0])
def test_trimming_everything_is_refused(seconds):
    with pytest.raises(FeatureError, match="trim_ends"):
        trim_ends(ramp(10), 2, seconds)


def test_segments_follow_each_other_and_the_rest_is_dropped():
    segments = split_into_segments(ramp(10), 1, 3.0)
    np.testing.assert_array_equal(segments, [[0, 1, 2], [3, 4, 5], [6, 7, 8]])


def test_the_rest_is_padded_on_request():
    segments = split_into_segments(ramp(4) + 1, 1, 3.0, rest="pad")
    np.testing.assert_array_equal(segments, [[1, 2, 3], [4, 0, 0]])
    assert split_into_segments(ramp(6), 1, 3.0, rest="pad").shape == (2, 3)
    assert split_into_segments(ramp(1), 1, 3.0, rest="pad").shape == (1, 3)


def test_overlap_repeats_its_share_of_a_segment():
    segments = split_into_segments(ramp(10), 1, 4.0, overlap=0.75)
    np.testing.assert_array_equal(segments[:, 0], np.arange(7))


def test_a_sound_shorter_than_a_segment_is_refused_unless_padded():
    with pytest.raises(FeatureError, match="pad"):
        split_into_segments(ramp(2), 1, 3.0)


@pytest.mark.parametrize(
    "settings", [{"overlap": 1.0}, {"overlap": -0.1}, {"rest": "keep"}, {"segment_seconds": 0.0}]
)
def test_impossible_cuts_are_refused(settings):
    with pytest.raises(FeatureError):
        split_into_segments(ramp(10), 1, **{"segment_seconds": 2.0, **settings})


def test_pieces_are_copies():
    y = ramp(6)
    for piece in (split_into_segments(y, 1, 3.0), pad_or_truncate(y, 3), trim_ends(y, 1, 1.0)):
        piece[:] = -1
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
