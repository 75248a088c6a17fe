"""The random stretch that Minhas et al. (2019) take of each clip."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import Dropped, LogMel, Vector26
from mgrlib.features.base import Feature
from mgrlib.features.crop import Crop

RATE = 22050
CROP = Crop(LogMel(RATE, n_mels=32), seconds=1.0)


def test_a_crop_is_a_feature_that_keeps_its_promise_of_a_shape(y):
    assert isinstance(CROP, Feature)
    assert CROP(y).shape == CROP.shape(len(y) / RATE) == (32, 44)


def test_five_seconds_make_the_papers_picture_of_128_by_216():
    assert Crop(LogMel(RATE), seconds=5.0).shape(30.0) == (128, 216)


def test_a_sound_gives_the_same_stretch_again_and_other_seeds_give_others(y):
    assert np.array_equal(CROP.stretch(y), CROP.stretch(y.copy()))
    starts = {float(replace(CROP, seed=seed).stretch(y)[0]) for seed in range(5)}
    assert len(starts) == 5


def test_the_sign_of_a_zero_does_not_move_the_stretch(y):
    """A rendered sound has zeros of both signs; read from a store, it has one kind."""
    silent_start = np.concatenate([np.zeros(1000, dtype=y.dtype), y])
    signed = silent_start.copy()
    signed[:1000] = -0.0
    crop = Crop(Vector26(RATE), seconds=1.0)
    assert np.array_equal(crop.stretch(signed), crop.stretch(silent_start))


def test_two_sounds_are_cropped_at_different_places():
    ramp = np.linspace(-0.5, 0.5, 4 * RATE, dtype=np.float32)
    starts = [CROP.stretch(ramp + shift)[0] - shift for shift in (0.0, 0.1, 0.2)]
    assert len({round(float(start), 4) for start in starts}) == 3


def test_the_stretch_is_a_piece_of_the_sound(y):
    piece = CROP.stretch(y)
    windows = np.lib.stride_tricks.sliding_window_view(y, RATE)
    assert (windows[:, :8] == piece[:8]).all(axis=1).sum() == 1


def test_a_crop_of_all_of_the_sound_is_the_sound(y):
    crop = Crop(LogMel(RATE, n_mels=32), seconds=len(y) / RATE)
    assert np.array_equal(crop(y), LogMel(RATE, n_mels=32)(y))


def test_a_clean_and_a_damaged_feature_are_taken_from_the_same_stretch(y):
    clean, damaged = (
        Crop(f, seconds=1.0) for f in (CROP.feature, Dropped(CROP.feature, fraction=0))
    )
    assert np.allclose(clean(y), damaged(y), atol=1e-3)


def test_columns_are_those_of_the_feature():
    assert Crop(Vector26(RATE), seconds=5.0).columns == Vector26.columns
    assert CROP.columns == ()


def test_a_sound_that_is_too_short_is_refused(y):
    with pytest.raises(FeatureError, match=r"at least 60 s of sound, got 4\.00 s"):
        Crop(LogMel(RATE), seconds=60.0)(y)
