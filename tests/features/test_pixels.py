"""The mel picture of Minhas et al. (2019): zero is the loudest cell."""

from __future__ import annotations

import librosa
import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import LogMel
from mgrlib.features.pixels import MelPixels

RATE = 22050


def test_the_loudest_cell_is_zero_and_silence_is_80_decibels_times_the_contrast(y):
    y = np.append(y, np.zeros(RATE, np.float32))
    picture = MelPixels(RATE)(y)
    assert picture.min() == 0
    assert picture.max() == pytest.approx(360)
    assert np.unravel_index(picture.argmin(), picture.shape) == np.unravel_index(
        LogMel(RATE)(y).argmax(), picture.shape
    )


def test_it_is_what_librosa_gives_against_the_maximum_times_four_and_a_half(y):
    mel = librosa.feature.melspectrogram(y=y, sr=RATE, n_fft=2048, hop_length=512)
    expected = np.abs(librosa.power_to_db(mel, ref=np.max)) * 4.5
    assert np.allclose(MelPixels(RATE)(y), expected, atol=0.02)


def test_a_louder_sound_has_the_same_picture(y):
    assert np.allclose(MelPixels(RATE)(y), MelPixels(RATE)(4 * y), atol=1e-2)


def test_five_seconds_are_128_by_216():
    assert MelPixels(RATE).shape(5.0) == (128, 216)


def test_a_contrast_of_nothing_is_refused():
    with pytest.raises(FeatureError, match="contrast"):
        MelPixels(RATE, contrast=0.0)
