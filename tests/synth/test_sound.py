from __future__ import annotations

import numpy as np
import pytest

from mgrlib.errors import CorpusError
from mgrlib.synth.drums import DRUMS, KITS, hit
from mgrlib.synth.effects import convolve, echo
from mgrlib.synth.instruments import Memory, damped_partials, steady
from mgrlib.synth.orchestra import INSTRUMENTS, instrument

RATE = 22_050


def spectrum(y: np.ndarray) -> np.ndarray:
    return np.abs(np.fft.rfft(y * np.hanning(len(y))))


def test_damped_partials_equal_the_sum_of_sines_written_out() -> None:
    hertz, gains, decays = np.array([220.0, 447.0]), np.array([1.0, 0.5]), np.array([2.0, 9.0])
    phases = np.array([0.3, 1.1])
    t = np.arange(3000) / RATE
    expected = sum(
        g * np.exp(-d * t) * np.cos(2 * np.pi * f * t + p)
        for f, g, d, p in zip(hertz, gains, decays, phases, strict=True)
    )
    # 1e-9: both are float64; the phase at 3,000 samples loses four digits.
    np.testing.assert_allclose(
        damped_partials(hertz, gains, decays, phases, 3000, RATE), expected, atol=1e-9
    )


@pytest.mark.parametrize("name", sorted(set(INSTRUMENTS) - {"metal scream"}))  # half of it is noise
def test_every_instrument_sounds_at_its_pitch(name: str) -> None:
    y = instrument(name).tone((220.0,), 0.6, "", RATE, seed=1)
    assert np.isfinite(y).all()
    strength = spectrum(y[2000:12000])
    hertz = np.fft.rfftfreq(10_000, 1 / RATE)
    # A pitch is a few lines in the spectrum that hold most of the power.
    lines = np.sort(strength**2)[::-1]
    assert lines[:150].sum() > 0.6 * lines.sum()
    assert strength[(hertz > 60) & (hertz < 5000)].max() == strength.max()


def test_a_note_ends_in_silence() -> None:
    for name in ("piano", "violin", "metal guitar", "electric piano"):
        y = instrument(name).tone((196.0,), 0.5, "", RATE, seed=0)
        assert abs(y[-1]) < 1e-3 * np.abs(y).max()


def test_distortion_does_not_fold_back_between_the_harmonics() -> None:
    f0 = 1378.125  # bins of 10,000 samples fall on its harmonics, so what lies between is aliasing
    y = instrument("metal guitar").tone((f0,), 1.0, "", RATE, seed=0)
    strength = spectrum(y[4000:20000])
    hertz = np.fft.rfftfreq(16_000, 1 / RATE)
    between = np.abs(hertz / f0 - np.round(hertz / f0)) > 0.2
    assert strength[between].max() < 0.003 * strength.max()  # -50 dB


def test_a_short_note_of_a_steady_instrument_is_the_beginning_of_a_long_one() -> None:
    for name in ("piano", "metal guitar", "organ"):
        played = instrument(name)
        assert steady(played)
        short, long = (played.tone((196.0,), s, "", RATE, seed=3) for s in (0.3, 0.8))
        n = round(0.25 * RATE)
        # 1e-9: both are float64. The amplifier follows the loudest moment, which both have.
        np.testing.assert_allclose(short[:n], long[:n], atol=1e-9 * np.abs(long).max())


def test_chords_that_share_a_string_sound_as_if_each_were_made_alone() -> None:
    piano = instrument("piano")
    memory: Memory = {}
    piano.tone((196.0, 246.9), 0.8, "", RATE, 3, memory)
    shared = piano.tone((196.0, 293.7), 0.5, "", RATE, 3, memory)
    np.testing.assert_allclose(shared, piano.tone((196.0, 293.7), 0.5, "", RATE, 3), atol=1e-9)


def test_block_convolution_equals_the_direct_sum() -> None:
    rng = np.random.default_rng(0)
    y, response = rng.standard_normal(5000), rng.standard_normal(700)
    expected = np.convolve(y, response)[:5000]
    np.testing.assert_allclose(convolve(y, response), expected, atol=1e-10)


def test_an_echo_repeats_later_quieter_and_darker() -> None:
    y = np.zeros(2000)
    y[0] = 1.0
    repeats = echo(y, 0.01, 0.5, RATE)  # 220.5 samples: 220 by rounding to even
    assert not repeats[:220].any()
    sums = [repeats[k * 220 : (k + 1) * 220].sum() for k in (1, 2, 3)]
    assert sums == pytest.approx([0.5, 0.25, 0.125], rel=1e-3)
    peaks = [repeats[k * 220 : (k + 1) * 220].max() for k in (1, 2, 3)]
    assert peaks[1] < 0.5 * peaks[0]


def test_an_unknown_instrument_is_refused_by_name() -> None:
    with pytest.raises(CorpusError, match="kazoo"):
        instrument("kazoo")


@pytest.mark.parametrize("drum", DRUMS)
def test_every_drum_of_every_kit_rings_and_stops(drum: str) -> None:
    for kit in KITS.values():
        y = hit(kit, drum, np.random.default_rng(0), RATE)
        assert np.isfinite(y).all()
        assert 0.5 < np.abs(y).max() < 2.0
        assert abs(y[-1]) < 0.01


def test_a_kick_is_low_and_a_hat_is_high() -> None:
    kit = KITS["rock"]
    centroids = {}
    for drum in ("kick", "snare", "hat"):
        y = hit(kit, drum, np.random.default_rng(0), RATE)
        power = np.abs(np.fft.rfft(y)) ** 2
        centroids[drum] = np.sum(power * np.fft.rfftfreq(len(y), 1 / RATE)) / power.sum()
    assert centroids["kick"] < 300 < centroids["snare"] < centroids["hat"]
    assert centroids["hat"] > 5000


def test_an_unknown_drum_is_refused_by_name() -> None:
    with pytest.raises(CorpusError, match="gong"):
        hit(KITS["rock"], "gong", np.random.default_rng(0), RATE)
