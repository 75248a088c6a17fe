"""What one frame sounds like: known answers, and the same numbers as librosa."""

import librosa
import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import (
    Chroma,
    Rms,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralContrast,
    SpectralFlatness,
    SpectralRolloff,
    Stft,
    ZeroCrossingRate,
)
from mgrlib.features.spectral import chroma_filterbank, estimate_tuning
from mgrlib.features.spectrum import Sound

RATE = 22050
BIN = RATE / 2048
ALL = (
    Chroma,
    Rms,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralContrast,
    SpectralFlatness,
    SpectralRolloff,
    Stft,
    ZeroCrossingRate,
)
reference = librosa.feature


# Tolerances: librosa transforms in float64, we in float32, so cells that are 100 dB below the
# loudest of their frame (valleys of the contrast, logarithms in the flatness) differ a little.
@pytest.mark.parametrize(
    ("feature", "plain", "tolerance"),
    [
        (SpectralCentroid, lambda y, **kw: reference.spectral_centroid(y=y, sr=RATE, **kw), 1e-5),
        (SpectralBandwidth, lambda y, **kw: reference.spectral_bandwidth(y=y, sr=RATE, **kw), 1e-5),
        (SpectralFlatness, lambda y, **kw: reference.spectral_flatness(y=y, **kw), 2e-3),
        (SpectralContrast, lambda y, **kw: reference.spectral_contrast(y=y, sr=RATE, **kw), 5e-3),
        (Rms, lambda y, **kw: reference.rms(y=y, **kw), 1e-5),
        (Chroma, lambda y, **kw: reference.chroma_stft(y=y, sr=RATE, **kw), 1e-4),
    ],
)
@pytest.mark.parametrize("pad_mode", ["constant", "reflect"])
def test_numbers_are_librosas(y, feature, plain, tolerance, pad_mode):
    array = feature(RATE, pad_mode=pad_mode)(y)
    np.testing.assert_allclose(array, plain(y, pad_mode=pad_mode), rtol=tolerance, atol=1e-4)


def test_rolloff_is_librosas_to_the_bin(y):
    difference = np.abs(SpectralRolloff(RATE)(y) - reference.spectral_rolloff(y=y, sr=RATE))
    assert difference.max() <= BIN + 1e-3  # where the sum meets the threshold to seven digits
    assert np.mean(difference > 1e-2) < 0.02


def test_zero_crossing_rate_is_librosas_exactly(y):
    np.testing.assert_array_equal(
        ZeroCrossingRate(RATE)(y), reference.zero_crossing_rate(y).astype(np.float32)
    )


def test_stft_is_librosas(y):
    magnitude = np.abs(librosa.stft(y))
    np.testing.assert_allclose(Stft(RATE, scale="magnitude")(y), magnitude, atol=1e-4)
    np.testing.assert_allclose(
        Stft(RATE, scale="power")(y), magnitude**2, rtol=1e-4, atol=1e-4 * magnitude.max()
    )
    np.testing.assert_allclose(Stft(RATE)(y), librosa.amplitude_to_db(magnitude), atol=0.02)


def test_stft_of_odd_settings_is_librosas(y):
    values = Stft(RATE, scale="magnitude", n_fft=1001, hop_length=333)(y)
    np.testing.assert_allclose(
        values, np.abs(librosa.stft(y, n_fft=1001, hop_length=333)), atol=1e-4
    )


def test_chroma_weights_are_librosas():
    for tuning in (0.0, -0.31, 0.49):
        np.testing.assert_allclose(
            chroma_filterbank(RATE, 2048, 12, tuning),
            librosa.filters.chroma(sr=RATE, n_fft=2048, tuning=tuning),
            atol=1e-6,
        )


@pytest.mark.parametrize("cents", [-40, -10, 0, 25])
def test_tuning_is_found(sine, cents):
    detuned = sum(sine(hz * 2 ** (cents / 1200), 2.0) for hz in (220.0, 440.0, 880.0))
    power = Sound(detuned, RATE).spectrum(2048, 512).power
    tuning = estimate_tuning(power, RATE, 2048)
    assert tuning == pytest.approx(librosa.estimate_tuning(S=power.T, sr=RATE), abs=1e-6)
    assert tuning == pytest.approx(cents / 100, abs=0.05)


def test_tuning_of_silence_is_none():
    assert estimate_tuning(np.zeros((5, 1025), dtype=np.float32), RATE, 2048) == 0.0


def test_the_note_a_is_in_the_tenth_pitch_class(sine):
    chroma = Chroma(RATE)(sine(440.0))
    assert np.all(chroma.argmax(axis=0) == 9)
    assert np.all(chroma.max(axis=0) == 1.0)


def test_centroid_of_a_sine_is_its_frequency_and_it_has_no_bandwidth(sine):
    y = sine(100 * BIN)
    assert SpectralCentroid(RATE)(y)[0, 20] == pytest.approx(100 * BIN, abs=0.1)
    # The window spreads it over three bins (1/4, 1/2, 1/4: 0.71 bins); rounding adds a little.
    assert 0.7 * BIN < SpectralBandwidth(RATE)(y)[0, 20] < BIN
    assert SpectralRolloff(RATE)(y)[0, 20] == pytest.approx(101 * BIN, abs=0.1)


def test_noise_is_flat_and_a_tone_is_not(sine):
    noise = np.random.default_rng(0).normal(size=RATE)
    assert SpectralFlatness(RATE)(noise)[0, 20] > 0.4
    assert SpectralFlatness(RATE)(sine(1000.0))[0, 20] < 1e-4


def test_a_sine_crosses_zero_twice_a_period(sine):
    assert ZeroCrossingRate(RATE)(sine(1000.0))[0, 20] == pytest.approx(2000 / RATE, rel=0.01)


def test_rms_of_a_sine(sine):
    assert Rms(RATE)(sine(1000.0))[0, 20] == pytest.approx(np.sqrt(0.5), rel=1e-3)


def test_contrast_of_a_tone_is_higher_than_that_of_noise(sine):
    noise = np.random.default_rng(0).normal(size=RATE).astype(np.float32)
    tone = SpectralContrast(RATE)(sine(1000.0) + 0.001 * noise)
    assert tone[3, 20] > 1.5 * SpectralContrast(RATE)(noise)[3, 20]  # 800 to 1600 Hz


@pytest.mark.parametrize(
    ("feature", "value"),
    [
        (SpectralCentroid, 0.0),
        (SpectralBandwidth, 0.0),
        (SpectralRolloff, 0.0),
        (SpectralFlatness, 1.0),
        (SpectralContrast, 0.0),
        (ZeroCrossingRate, 0.0),
        (Rms, 0.0),
        (Chroma, 0.0),
        (Stft, -100.0),
    ],
)
def test_silence_gives_the_documented_value_in_frames_and_in_padding(feature, value):
    silent = feature(RATE, n_frames=100)(np.zeros(RATE))
    np.testing.assert_allclose(silent, value, atol=1e-6)


@pytest.mark.parametrize("feature", ALL)
def test_missing_frames_hold_what_silence_would(feature, y):
    followed = np.concatenate([y, np.zeros(RATE, dtype=np.float32)])
    kwargs = {"tuning": 0.0} if feature is Chroma else {}
    settled = feature(RATE, n_frames=210, **kwargs)
    np.testing.assert_allclose(settled(y)[:, 180:], settled(followed)[:, 180:], atol=1e-3)


@pytest.mark.parametrize("feature", ALL)
@pytest.mark.parametrize("n", [1, 513, 2048, 30001])
def test_shape_foretells_the_array(feature, n, y):
    for settings in ({}, {"pad_mode": "reflect"}, {"hop_length": 700}, {"n_frames": 7}):
        array = feature(RATE, **settings)(y[:n])
        assert array.shape == feature(RATE, **settings).shape(n / RATE)
        assert array.dtype == np.float32
        assert np.isfinite(array).all()


@pytest.mark.parametrize("feature", ALL)
@pytest.mark.parametrize(
    "bad", [np.zeros((2, 9)), np.zeros(0), np.ones(9, dtype=np.int16), np.array([0.0, np.nan])]
)
def test_bad_waveforms_are_refused_by_name(feature, bad):
    with pytest.raises(FeatureError, match=feature.__name__):
        feature(RATE)(bad)


def test_all_but_contrast_work_at_8_khz(music):
    sound = music(1.0, sample_rate=8000)
    for feature in ALL:
        if feature is not SpectralContrast:
            assert np.isfinite(feature(8000)(sound)).all()
    assert SpectralContrast(8000, n_bands=4)(sound).shape == (5, 16)


@pytest.mark.parametrize(
    "make",
    [
        lambda: SpectralContrast(8000),
        lambda: SpectralContrast(RATE, n_fft=64),
        lambda: SpectralContrast(RATE, fmin=0.0),
        lambda: SpectralRolloff(RATE, fraction=1.0),
        lambda: Stft(RATE, scale="amplitude"),
        lambda: Chroma(RATE, tuning=2.0),
        lambda: Chroma(RATE, n_chroma=0),
        lambda: Rms(0),
    ],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(FeatureError):
        make()
