"""Log-mel and MFCC: known answers, and the same numbers as librosa."""

import librosa
import numpy as np
import pytest
import soundfile

from mgrlib.errors import FeatureError
from mgrlib.features import Feature, LogMel, Mfcc, mel_filterbank
from mgrlib.features.mel import dct_matrix, hz_to_mel, mel_to_hz, power_to_db

DB = 1e-3  # the transform runs in float32, librosa's in float64


def test_filterbank_is_librosas_for_several_settings():
    for rate, n_fft, n_mels, fmin, fmax in [
        (22050, 2048, 128, 0.0, None),
        (12000, 512, 96, 0.0, 6000.0),
        (8000, 1024, 40, 60.0, 3800.0),
    ]:
        expected = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=n_mels, fmin=fmin, fmax=fmax)
        np.testing.assert_allclose(
            mel_filterbank(rate, n_fft, n_mels, fmin, fmax), expected, atol=1e-7
        )


def test_filterbank_is_shared_and_so_cannot_be_written_to():
    with pytest.raises(ValueError, match="read-only"):
        mel_filterbank(22050, 2048, 128)[0, 0] = 1.0


def test_mel_scale_goes_there_and_back():
    hz = np.array([0.0, 440.0, 1000.0, 4000.0, 11025.0])
    np.testing.assert_allclose(mel_to_hz(hz_to_mel(hz)), hz, rtol=1e-12)
    np.testing.assert_allclose(hz_to_mel(hz), librosa.hz_to_mel(hz), rtol=1e-12)


def test_dct_matrix_is_orthonormal():
    matrix = dct_matrix(128, 128)
    np.testing.assert_allclose(matrix @ matrix.T, np.eye(128), atol=1e-6)


def test_log_mel_is_librosas(y):
    expected = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050))
    np.testing.assert_allclose(LogMel(22050)(y), expected, atol=DB)


def test_log_mel_is_librosas_with_other_settings(music):
    sound = music(sample_rate=12000)
    values = LogMel(
        12000, n_mels=96, n_fft=512, hop_length=256, fmin=30.0, fmax=5000.0, pad_mode="reflect"
    )
    expected = librosa.feature.melspectrogram(
        y=sound, sr=12000, n_mels=96, n_fft=512, hop_length=256, fmin=30, fmax=5000,
        pad_mode="reflect",
    )  # fmt: skip
    np.testing.assert_allclose(values(sound), librosa.power_to_db(expected), atol=DB)


def test_log_mel_without_a_relative_floor_is_librosas(y):
    expected = librosa.power_to_db(librosa.feature.melspectrogram(y=y, sr=22050), top_db=None)
    np.testing.assert_allclose(LogMel(22050, top_db=None)(y), expected, atol=DB)


def test_extra_square_is_of_the_mel_power(y):
    power = librosa.feature.melspectrogram(y=y, sr=22050)
    np.testing.assert_allclose(
        LogMel(22050, exponent=2.0)(y), librosa.power_to_db(power.astype(float) ** 2), atol=2 * DB
    )


def test_sine_is_loudest_in_the_band_around_it(sine):
    centers = mel_to_hz(np.linspace(0, hz_to_mel(11025.0), 130))[1:-1]
    for band in (20, 64, 110):
        log_mel = LogMel(22050)(sine(centers[band]))
        assert np.all(log_mel[:, 10:-10].argmax(axis=0) == band)


def test_sine_at_a_bin_center_has_the_power_of_its_window(sine):
    # A sine of amplitude 1 at the center of a bin puts (n_fft / 4)^2 into it under a Hann window,
    # and a quarter of that into each neighbor.
    bin_hz = 22050 / 2048
    log_mel = LogMel(22050, n_mels=8, top_db=None)(sine(100 * bin_hz))[:, 20]
    weights = mel_filterbank(22050, 2048, 8)
    power = weights[:, 100] * 512.0**2 + (weights[:, 99] + weights[:, 101]) * 256.0**2
    loudest = int(power.argmax())
    assert log_mel[loudest] == pytest.approx(10 * np.log10(power[loudest]), abs=0.01)


def test_silence_gives_the_floor():
    assert np.all(LogMel(22050)(np.zeros(22050)) == -100.0)
    mfcc = Mfcc(22050)(np.zeros(22050))
    # Sums of 128 products in float32: each order of summation rounds its own way, by up to
    # 128 * 6e-8 of the sum of the magnitudes.
    np.testing.assert_allclose(mfcc[0], -100.0 * np.sqrt(128), rtol=1e-5)
    np.testing.assert_allclose(mfcc[1:], 0.0, atol=1e-2)


def test_first_frames_are_kept(y):
    frames = LogMel(22050)(y)
    np.testing.assert_array_equal(LogMel(22050, n_frames=50)(y), frames[:, :50])
    unfloored = LogMel(22050, top_db=None)
    np.testing.assert_allclose(
        LogMel(22050, top_db=None, n_frames=50)(y), unfloored(y)[:, :50], atol=1e-4
    )


@pytest.mark.parametrize("top_db", [80.0, None])
def test_missing_frames_hold_what_silence_would(y, top_db):
    followed_by_silence = np.concatenate([y, np.zeros(22050, dtype=np.float32)])
    for feature in (
        LogMel(22050, n_frames=200, top_db=top_db),
        Mfcc(22050, n_frames=200, top_db=top_db),
    ):
        padded, silent = feature(y), feature(followed_by_silence)
        assert padded.shape == feature.shape(4.0)
        np.testing.assert_allclose(padded[:, 180:], silent[:, 180:], atol=1e-3)


def test_luos_shapes():
    sound = np.zeros(30 * 22050, dtype=np.float32)
    assert LogMel(22050, n_frames=1024)(sound).shape == (128, 1024)
    assert Mfcc(22050, n_mfcc=16, n_frames=1024)(sound).shape == (16, 1024)


def test_mfcc_is_librosas(y):
    expected = librosa.feature.mfcc(y=y, sr=22050, n_mfcc=20)
    np.testing.assert_allclose(Mfcc(22050)(y), expected, rtol=1e-3, atol=1e-3)


def test_mfcc_without_c0_is_the_rest(y):
    with_c0 = Mfcc(22050, n_mfcc=14)(y)
    np.testing.assert_allclose(Mfcc(22050, n_mfcc=13, c0=False)(y), with_c0[1:], atol=1e-4)


def test_deltas_are_librosas(y):
    mfcc = librosa.feature.mfcc(y=y, sr=22050, n_mfcc=13)
    expected = [mfcc, librosa.feature.delta(mfcc), librosa.feature.delta(mfcc, order=2)]
    values = Mfcc(22050, n_mfcc=13, n_deltas=2)(y)
    np.testing.assert_allclose(values, np.concatenate(expected), rtol=1e-3, atol=1e-3)


def test_deltas_are_there_for_a_sound_of_few_frames(sine):
    assert Mfcc(22050, n_deltas=2)(sine(440.0, 0.05)).shape == (60, 3)


@pytest.mark.parametrize("feature", [LogMel(22050), Mfcc(22050, n_mfcc=13, n_deltas=1)])
@pytest.mark.parametrize("n", [1, 511, 512, 2048, 22050, 30001])
def test_shape_foretells_the_array(feature, n, music):
    array = feature(music(2.0)[:n])
    assert array.shape == feature.shape(n / 22050)
    assert array.dtype == np.float32
    assert array.flags.c_contiguous
    assert np.isfinite(array).all()


@pytest.mark.parametrize("pad_mode", ["constant", "reflect"])
def test_one_sample_gives_one_frame(pad_mode):
    assert LogMel(22050, pad_mode=pad_mode)(np.array([0.5])).shape == (128, 1)


def test_low_rates_work(music):
    assert LogMel(8000)(music(1.0, sample_rate=8000)).shape == (128, 16)


def test_features_are_values():
    assert LogMel(22050, n_mels=64) == LogMel(22050, n_mels=64)
    assert hash(LogMel(22050, n_mels=64)) == hash(LogMel(22050, n_mels=64))
    assert LogMel(22050) != LogMel(16000)
    assert isinstance(LogMel(22050), Feature)
    with pytest.raises(AttributeError):
        LogMel(22050).n_mels = 3  # type: ignore[misc]


def test_key_does_not_depend_on_how_a_number_was_written():
    assert LogMel(np.int64(22050), fmin=0).key == LogMel(22050, fmin=0.0).key
    assert "np." not in LogMel(np.int64(22050), fmax=np.float32(8000)).key


def test_keys_differ_wherever_settings_do():
    features = [LogMel(22050), LogMel(16000), LogMel(22050, top_db=None), Mfcc(22050)]
    features += [Mfcc(22050, c0=False), LogMel(22050, n_frames=5), LogMel(22050, fmin=20.0)]
    assert len({feature.key for feature in features}) == len(features)


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (np.zeros((2, 100)), "mono"),
        (np.zeros(0), "at least one sample"),
        (np.zeros(100, dtype=np.int16), "floating-point"),
        (np.array([0.0, np.nan, 1.0]), "sample 1"),
        (np.array([0.0, np.inf]), "NaN or infinite"),
        (np.array([np.nan, 0.0, -np.inf]), "2 NaN or infinite of 3"),
        (np.array([0.0, -1e300]), "NaN or infinite"),
        (np.array([0.0, -1e20]), "full scale is 1"),
        (np.zeros(10, dtype=complex), "floating-point"),
    ],
)
def test_bad_waveforms_are_refused(bad, message):
    for feature in (LogMel(22050), Mfcc(22050)):
        with pytest.raises(FeatureError, match=message):
            feature(bad)


def test_samples_of_integer_scale_and_faint_ones_are_computed(y):
    for scale in (32768.0, 1e9, 1e-20):
        assert np.isfinite(LogMel(22050)((y / np.abs(y).max() * scale).astype(np.float32))).all()


def test_the_waveform_is_left_alone(y):
    before = y.copy()
    LogMel(22050)(y)
    np.testing.assert_array_equal(y, before)


@pytest.mark.parametrize(
    "settings",
    [
        {"sample_rate": 0},
        {"sample_rate": 22050.5},
        {"sample_rate": "22050"},
        {"n_mels": 0},
        {"n_fft": 1},
        {"hop_length": -1},
        {"n_frames": 0},
        {"fmin": -1.0},
        {"fmax": 12000.0},
        {"fmin": 5000.0, "fmax": 4000.0},
        {"top_db": -3.0},
        {"top_db": float("nan")},
        {"pad_mode": "edge"},
        {"exponent": 0.0},
        {"n_mels": 128, "n_fft": 256},
    ],
)
def test_impossible_settings_are_refused(settings):
    with pytest.raises(FeatureError, match="LogMel"):
        LogMel(**{"sample_rate": 22050, **settings})


def test_more_coefficients_than_bands_are_refused():
    with pytest.raises(FeatureError, match="n_mfcc"):
        Mfcc(22050, n_mfcc=41, n_mels=40)
    with pytest.raises(FeatureError, match="n_mfcc"):
        Mfcc(22050, n_mfcc=40, n_mels=40, c0=False)


def test_settings_other_than_the_rate_go_by_name():
    with pytest.raises(TypeError):
        LogMel(22050, 64)  # type: ignore[misc]


def test_power_to_db_does_not_write_on_its_input():
    power = np.ones(3, dtype=np.float32)
    power_to_db(power * 0.5)
    np.testing.assert_array_equal(power, 1.0)
    assert power_to_db(power, top_db=None) is not power


@pytest.mark.realdata
def test_real_clips_agree_with_librosa(realdata):
    for path in sorted((realdata / "gtzan_sample/genres").glob("*/*.flac"))[::4]:
        sound, rate = soundfile.read(path, dtype="float32")
        log_mel = librosa.power_to_db(librosa.feature.melspectrogram(y=sound, sr=rate))
        np.testing.assert_allclose(LogMel(rate)(sound), log_mel, atol=DB)
        mfcc = librosa.feature.mfcc(y=sound, sr=rate)
        np.testing.assert_allclose(Mfcc(rate)(sound), mfcc, rtol=1e-3, atol=1e-3)
