"""Onsets, tempo, beats: known tempi, and the same numbers as librosa."""

import librosa
import numpy as np
import pytest
import soundfile

from mgrlib.errors import FeatureError
from mgrlib.features import OnsetStrength, Tempo, Tempogram, beat_times

RATE = 22050


@pytest.mark.parametrize(("aggregate", "function"), [("mean", np.mean), ("median", np.median)])
def test_onset_strength_is_librosas(y, aggregate, function):
    expected = librosa.onset.onset_strength(y=y, sr=RATE, aggregate=function)
    values = OnsetStrength(RATE, aggregate=aggregate)(y)[0]
    np.testing.assert_allclose(values, expected, atol=2e-3)  # differences of two levels in dB


def test_tempogram_is_librosas(y):
    strength = librosa.onset.onset_strength(y=y, sr=RATE)
    expected = librosa.feature.tempogram(onset_envelope=strength, sr=RATE, win_length=344)
    np.testing.assert_allclose(Tempogram(RATE)(y), expected, atol=1e-3)
    assert Tempogram(RATE).shape(4.0) == expected.shape


@pytest.mark.parametrize("bpm", [70.0, 95.0, 120.0, 150.0])
def test_the_tempo_of_regular_music_is_found(music, bpm):
    sound = music(12.0, beats_per_minute=bpm)
    frames_a_beat = 60 * RATE / 512 / bpm
    tempo = Tempo(RATE)(sound)[0]
    assert tempo == pytest.approx(np.ravel(librosa.feature.tempo(y=sound, sr=RATE))[0], rel=1e-6)
    assert tempo == pytest.approx(bpm, rel=0.6 / frames_a_beat)  # tempi are whole lags


def test_median_tempo_is_the_beat_trackers(music):
    sound = music(8.0, beats_per_minute=104.0)
    expected, _ = librosa.beat.beat_track(y=sound, sr=RATE)
    assert Tempo(RATE, aggregate="median")(sound)[0] == pytest.approx(
        float(np.ravel(expected)[0]), rel=1e-6
    )


@pytest.mark.parametrize("seed", range(4))
def test_beats_are_librosas(music, seed):
    sound = music(10.0, beats_per_minute=80.0 + 20 * seed, seed=seed)
    _, expected = librosa.beat.beat_track(y=sound, sr=RATE, units="time")
    np.testing.assert_allclose(beat_times(sound, RATE), expected)


def test_beats_fall_on_the_beat(music):
    beats = beat_times(music(10.0, beats_per_minute=120.0), RATE)
    assert len(beats) > 15
    assert np.abs((beats + 0.25) % 0.5 - 0.25).max() < 0.06


def test_silence_has_no_tempo_and_no_beats():
    silence = np.zeros(3 * RATE, dtype=np.float32)
    assert Tempo(RATE)(silence) == 0.0
    assert len(beat_times(silence, RATE)) == 0


@pytest.mark.parametrize("n", [1, 600, 5000, 44100])
@pytest.mark.parametrize("feature", [OnsetStrength, Tempogram, Tempo])
def test_shape_foretells_the_array(feature, n, y):
    array = feature(RATE)(y[:n])
    assert array.shape == feature(RATE).shape(n / RATE)
    assert array.dtype == np.float32
    assert np.isfinite(array).all()


def test_a_tempo_has_no_frames():
    with pytest.raises(FeatureError, match="n_frames"):
        Tempo(RATE, n_frames=10)


@pytest.mark.realdata
def test_tempo_and_beats_of_real_clips_are_librosas(realdata):
    for path in sorted((realdata / "gtzan_sample/genres").glob("*/*.flac"))[::5]:
        sound, rate = soundfile.read(path, dtype="float32", stop=20 * RATE)
        bpm, expected = librosa.beat.beat_track(y=sound, sr=rate, units="time")
        assert Tempo(rate, aggregate="median")(sound)[0] == np.float32(np.ravel(bpm)[0])
        np.testing.assert_allclose(beat_times(sound, rate), expected)
