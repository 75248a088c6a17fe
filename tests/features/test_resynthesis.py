"""A log-mel spectrogram made audible again."""

import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import LogMel, noise_like, with_gains

RATE = 22050
FEATURE = LogMel(RATE, n_mels=32)


def test_a_spectrograms_sound_has_much_the_same_spectrogram(y):
    before = FEATURE(y)
    sound = noise_like(before, FEATURE)
    assert sound.shape == (512 * (before.shape[1] - 1),)
    assert sound.dtype == np.float32
    after = FEATURE(sound)[:, : before.shape[1]]
    loud = before > before.max() - 40
    # random phases move power between neighboring frames: close on average, not cell by cell
    assert np.corrcoef(before[loud], after[loud])[0, 1] > 0.9


@pytest.mark.parametrize("hop_length", [128, 256, 512, 1024])
def test_steady_noise_keeps_its_level_in_every_band(hop_length):
    feature = LogMel(RATE, n_mels=16, hop_length=hop_length)
    noise = np.random.default_rng(0).normal(0, 0.1, 4 * RATE).astype(np.float32)
    again = feature(noise_like(feature(noise), feature))
    power = [(10 ** (x[:, 20:-20] / 10)).mean(axis=1) for x in (feature(noise), again)]
    # both are noise: the power of the narrowest bands wanders by half a decibel
    np.testing.assert_allclose(10 * np.log10(power[1] / power[0]), 0.0, atol=1.0)


def test_the_same_seed_gives_the_same_sound(y):
    log_mel = FEATURE(y[:RATE])
    same = [noise_like(log_mel, FEATURE, seed=3) for _ in range(2)]
    np.testing.assert_array_equal(*same)
    assert not np.array_equal(same[0], noise_like(log_mel, FEATURE, seed=4))


def test_other_bands_and_frames_that_do_not_overlap_are_refused(y):
    with pytest.raises(FeatureError, match=r"F=32.*\(40, 10\)"):
        noise_like(np.zeros((40, 10)), FEATURE)
    wide = LogMel(RATE, n_mels=32, hop_length=2048)
    with pytest.raises(FeatureError, match="overlap"):
        noise_like(np.zeros((32, 10)), wide)


def test_gains_of_zero_decibels_give_the_sound_back(y):
    gains = np.zeros_like(FEATURE(y))
    np.testing.assert_allclose(with_gains(y, gains, FEATURE), y, atol=1e-5)  # float32


def test_every_band_louder_by_six_decibels_is_the_sound_louder_by_six_decibels(y):
    louder = with_gains(y, np.full_like(FEATURE(y), 6.0), FEATURE)
    np.testing.assert_allclose(louder, 10 ** (6 / 20) * y, atol=1e-5)  # float32


def test_bands_without_gain_are_gone_and_others_stay():
    time = np.arange(RATE) / RATE
    low, high = (0.3 * np.sin(2 * np.pi * hz * time).astype(np.float32) for hz in (300, 4000))
    gains = np.zeros_like(FEATURE(low))
    gains[16:] = -np.inf
    sound = with_gains(low + high, gains, FEATURE)
    inside = slice(2048, -2048)
    np.testing.assert_allclose(sound[inside], low[inside], atol=0.01)


def test_gains_of_another_shape_are_refused(y):
    with pytest.raises(FeatureError, match="gains"):
        with_gains(y, np.zeros((32, 3)), FEATURE)
