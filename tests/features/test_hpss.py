"""Sliding medians and the two parts of a sound."""

import librosa
import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import Harmonic, Percussive
from mgrlib.features.hpss import harmonic_mask, inverse_stft
from mgrlib.features.medians import sliding_median
from mgrlib.features.spectrum import Spectrum

RATE = 22050


def medians_by_hand(x):
    padded = np.pad(x, ((15, 15), (0, 0)), mode="symmetric")
    return np.stack([np.median(padded[i : i + 31], axis=0) for i in range(len(x))])


@pytest.mark.parametrize("length", [1, 2, 3, 14, 15, 16, 17, 30, 31, 33, 130, 300])
@pytest.mark.parametrize("width", [1, 5, 600])
def test_medians_are_exact(length, width):
    rng = np.random.default_rng(length * 1000 + width)
    x = rng.normal(size=(length, width)).astype(np.float32)
    x[rng.random(x.shape) < 0.3] = 0.0  # ties
    np.testing.assert_array_equal(sliding_median(x), medians_by_hand(x))


def test_medians_of_many_pieces_are_exact():
    x = np.random.default_rng(0).gamma(0.3, size=(700, 1025)).astype(np.float32)
    np.testing.assert_array_equal(sliding_median(x)[::97], medians_by_hand(x)[::97])


def test_medians_leave_their_input_alone():
    x = np.random.default_rng(0).normal(size=(40, 3)).astype(np.float32)
    before = x.copy()
    sliding_median(x)
    np.testing.assert_array_equal(x, before)


def test_shares_are_librosas(y):
    magnitude = np.abs(librosa.stft(y))
    expected, _ = librosa.decompose.hpss(magnitude, mask=True)
    np.testing.assert_allclose(harmonic_mask(magnitude.T).T, expected, atol=1e-5)


def test_silent_cells_are_shared_equally():
    assert np.all(harmonic_mask(np.zeros((40, 50), dtype=np.float32)) == 0.5)


@pytest.mark.parametrize("hop_length", [512, 700])
def test_inverse_gives_the_sound_back(y, hop_length):
    spectrum = Spectrum(y, 2048, hop_length, "constant")
    back = inverse_stft(spectrum.stft.copy(), 2048, hop_length)
    assert len(back) == hop_length * (len(spectrum.frames) - 1)
    np.testing.assert_allclose(back, y[: len(back)], atol=1e-6)
    sound = inverse_stft(spectrum.stft.copy(), 2048, hop_length, len(y))
    np.testing.assert_allclose(sound, y, atol=1e-5)


def test_parts_are_librosas_and_add_up(y):
    harmonic, percussive = Harmonic(RATE)(y), Percussive(RATE)(y)
    expected = librosa.effects.hpss(y)
    np.testing.assert_allclose(harmonic, expected[0], atol=1e-5)
    np.testing.assert_allclose(percussive, expected[1], atol=1e-5)
    np.testing.assert_allclose(harmonic + percussive, y, atol=1e-6)


def test_a_tone_is_harmonic_and_a_click_percussive(sine):
    tone, clicks = sine(440.0, 2.0), np.zeros(2 * RATE, dtype=np.float32)
    clicks[4000::10000] = 1.0
    assert np.sum(Harmonic(RATE)(tone) ** 2) > 0.95 * np.sum(tone**2)
    assert np.sum(Percussive(RATE)(clicks) ** 2) > 0.95 * np.sum(clicks**2)


@pytest.mark.parametrize("part", [Harmonic, Percussive])
def test_a_part_is_as_long_as_the_sound(part, y):
    for n in (1, 100, 2048, 30001):
        assert part(RATE)(y[:n]).shape == part(RATE).shape(n / RATE) == (n,)


def test_frames_have_to_overlap():
    with pytest.raises(FeatureError, match="hop_length"):
        Harmonic(RATE, n_fft=512, hop_length=512)
