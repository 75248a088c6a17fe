from __future__ import annotations

import numpy as np
import pytest
import soundfile as sf

from mgrlib.data.audio import audio_info, load_audio
from mgrlib.data.convert import FORMATS, convert
from mgrlib.errors import AudioError

RATE = 22_050


@pytest.fixture
def tone(tmp_path):
    """A second of 440 Hz in stereo at 44.1 kHz, the right channel silent."""
    y = 0.5 * np.sin(2 * np.pi * 440 * np.arange(44_100) / 44_100)
    path = tmp_path / "tone.wav"
    sf.write(path, np.stack([y, 0 * y], axis=1), 44_100)
    return path


@pytest.mark.parametrize("ending", sorted(FORMATS))
def test_every_format_comes_out_mono_at_the_rate_asked_for(tone, tmp_path, ending):
    info = audio_info(convert(tone, tmp_path / f"out{ending}", sample_rate=RATE))
    assert (info.sample_rate, info.channels) == (RATE, 1)
    assert info.seconds == pytest.approx(1.0, abs=0.1)


def test_the_sound_is_the_mean_of_the_channels(tone, tmp_path):
    y = load_audio(convert(tone, tmp_path / "out.flac", sample_rate=RATE), RATE)
    expected = 0.25 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)
    assert np.allclose(y[500:-500], expected[500:-500], atol=2e-3)


def test_sixteen_bits_keep_the_samples(tone, tmp_path):
    once = convert(tone, tmp_path / "once.wav", sample_rate=RATE)
    twice = convert(once, tmp_path / "twice.flac", sample_rate=RATE)
    assert np.array_equal(load_audio(once, RATE), load_audio(twice, RATE))


def test_a_format_that_cannot_be_written_is_refused(tone, tmp_path):
    with pytest.raises(AudioError, match=r"\.wav"):
        convert(tone, tmp_path / "out.xyz", sample_rate=RATE)


def test_a_source_that_is_not_there_leaves_no_target(tmp_path):
    with pytest.raises(AudioError, match="no such file"):
        convert(tmp_path / "none.wav", tmp_path / "out.wav", sample_rate=RATE)
    assert not (tmp_path / "out.wav").exists()
