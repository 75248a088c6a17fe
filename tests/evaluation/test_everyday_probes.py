"""Codec, room, key and tempo do to a sound what they say."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.evaluation.attacks import snr_db
from mgrlib.evaluation.probes import EVERYDAY, PROBES

RATE = 22050
TIME = np.arange(2 * RATE) / RATE


def tone(hz):
    return (0.3 * np.sin(2 * np.pi * hz * TIME)).astype(np.float32)


def pitch(y):
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return float(np.fft.rfftfreq(len(y), 1 / RATE)[spectrum.argmax()])


@pytest.mark.parametrize("probe", EVERYDAY.values(), ids=EVERYDAY)
def test_length_type_and_repetition(probe):
    y = tone(440)
    for level in probe.levels:
        first, second = (probe(y, RATE, level, seed=2) for _ in range(2))
        assert (first.shape, first.dtype) == (y.shape, np.float32)
        assert np.array_equal(first, second)
        assert np.isfinite(first).all()


def test_fewer_kilobits_are_further_from_the_sound_and_never_late():
    rng = np.random.default_rng(0)
    y = (tone(440) + 0.05 * rng.standard_normal(len(TIME))).astype(np.float32)
    ratios = [snr_db(y, EVERYDAY["mp3"](y, RATE, level)) for level in (64.0, 32.0, 16.0)]
    assert ratios == sorted(ratios, reverse=True)
    assert ratios[-1] > 3  # a late copy of a tone and noise would be below 0 dB


def test_twelve_semitones_are_an_octave():
    assert pitch(EVERYDAY["pitch shift"](tone(440), RATE, 12.0)) == pytest.approx(880, rel=0.01)


def test_a_faster_tempo_brings_the_second_click_sooner_and_keeps_the_pitch():
    assert pitch(EVERYDAY["tempo"](tone(440), RATE, 30.0)) == pytest.approx(440, rel=0.01)
    clicks = np.zeros(2 * RATE, dtype=np.float32)
    clicks[[4000, 30_000]] = 1.0
    faster = np.abs(EVERYDAY["tempo"](clicks, RATE, 25.0))
    assert abs(int(faster[10_000:30_000].argmax()) + 10_000 - 24_000) < 1500


def test_a_small_loudspeaker_has_no_bass():
    low, middle = (EVERYDAY["re-recording"](tone(hz), RATE, 40.0) for hz in (40.0, 1000.0))
    assert pitch(middle) == pytest.approx(1000, rel=0.01)
    level = [np.abs(np.fft.rfft(y))[round(hz * 2)] for y, hz in ((low, 40), (middle, 1000))]
    assert level[0] < 0.5 * level[1]


def test_the_two_kinds_of_probes_do_not_share_names():
    assert not set(EVERYDAY) & set(PROBES)
