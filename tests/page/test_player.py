"""Players: what is heard is what was given, small and described."""

from __future__ import annotations

import base64
import io
import re

import numpy as np
import pytest
import soundfile as sf

from mgrlib.errors import AudioError
from mgrlib.page import listen, listen_grid
from mgrlib.page.player import SAMPLE_RATES, mp3_bytes


def sine(seconds: float, sample_rate: int, hz: float = 440.0, peak: float = 0.5) -> np.ndarray:
    t = np.arange(int(seconds * sample_rate)) / sample_rate
    return peak * np.sin(2 * np.pi * hz * t)


def decoded(player: object) -> tuple[np.ndarray, int]:
    data = re.search(r"data:audio/mpeg;base64,([^\"]+)", player.data)[1]
    return sf.read(io.BytesIO(base64.b64decode(data)))


@pytest.mark.parametrize("sample_rate", SAMPLE_RATES)
def test_player_holds_the_tone_at_every_rate_that_mp3_knows(sample_rate):
    y, rate = decoded(listen(sine(1.0, sample_rate), sample_rate, title="tone"))
    spectrum = np.abs(np.fft.rfft(y[:sample_rate] * np.hanning(min(len(y), sample_rate))))
    assert rate == sample_rate
    assert abs(len(y) - sample_rate) <= 2 * 1152  # MP3 comes in frames of 1,152 samples
    assert abs(spectrum.argmax() * sample_rate / min(len(y), sample_rate) - 440) < 2


def test_quiet_music_stays_quiet_and_loud_music_is_not_clipped():
    quiet, _ = decoded(listen(sine(1, 22050, peak=0.05), 22050, title="quiet"))
    loud, _ = decoded(listen(sine(1, 22050, peak=4.0), 22050, title="loud"))
    middle = slice(4000, 18000)
    assert np.abs(quiet[middle]).max() == pytest.approx(0.05, rel=0.25)  # MP3 is lossy
    assert np.abs(loud[middle]).max() == pytest.approx(1.0, rel=0.25)


def test_same_samples_give_the_same_bytes():
    y = np.random.default_rng(0).normal(0, 0.1, 22050)
    assert mp3_bytes(y, 22050) == mp3_bytes(y, 22050)


def test_ten_seconds_take_less_than_a_hundred_kilobytes():
    t = np.arange(220500) / 22050
    partials = sum(np.sin(2 * np.pi * 110 * k * t) / k for k in range(1, 20))
    assert len(listen(0.3 * partials, 22050, title="rich").data) < 100_000


def test_stereo_stays_stereo():
    y, _ = decoded(listen(np.stack([sine(1, 22050), 0 * sine(1, 22050)], axis=1), 22050, title="l"))
    assert y.shape[1] == 2
    assert np.abs(y[4000:18000, 0]).max() > 10 * np.abs(y[4000:18000, 1]).max()


def test_description_is_read_out_and_escaped():
    player = listen(sine(0.2, 8000), 8000, title='a "b" <c>', description="`x` & *y*")
    assert 'aria-label="a &quot;b&quot; &lt;c&gt;, 0 seconds: x &amp; y"' in player.data
    assert "<code>x</code> &amp; <em>y</em>" in player.data
    assert "<c>" not in player.data


@pytest.mark.parametrize(
    ("y", "sample_rate", "message"),
    [
        (np.zeros(0), 22050, "shape (0,)"),
        (np.zeros((2, 100)), 22050, "transpose"),
        (np.zeros((1, 1, 9)), 22050, "shape (1, 1, 9)"),
        (np.array([0.0, np.nan, np.inf]), 22050, "NaN or infinity at 1, 2"),
        (np.zeros(100), 22000, "resample"),
    ],
)
def test_player_refuses_what_cannot_be_heard(y, sample_rate, message):
    with pytest.raises(AudioError, match=re.escape(message)):
        listen(y, sample_rate, title="bad")


def test_grid_holds_each_player_once_and_refuses_none():
    grid = listen_grid([listen(sine(0.2, 8000), 8000, title=f"t{k}") for k in range(10)])
    assert grid.data.count("<audio") == 10
    assert grid.data.count("<style>") == 1
    with pytest.raises(AudioError, match="at least one player"):
        listen_grid([])
