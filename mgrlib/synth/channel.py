"""The recording channel: mastering, bandwidth, hiss, hum, crackle, and level.

Mastering moves the spectrum of the mix towards the balance of the genre and the artist, in octaves
and within limits; then the bandwidth is limited. Both are done by one linear-phase filter, which is
designed for each mix.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import gcd

import numpy as np
from scipy import fft

from mgrlib.synth.effects import compress, limit, wobble
from mgrlib.synth.instruments import Wave
from mgrlib.synth.styles.style import BANDS_HZ

_MOST_DB = 14.0
_TAPS = 2047
_FRAME = 2048
_HISS = 100_003  # a prime: its repetition does not lock to any beat


@dataclass(frozen=True)
class Channel:
    """The recording of one clip; hiss and hum are in dB relative to the music.

    `balance` is the target of mastering, in dB at `styles.style.BANDS_HZ`, and `strength` how
    closely it is reached; `ripple_db` is the frequency response of microphones and rooms, evenly
    spaced on a logarithmic axis.
    """

    balance: tuple[float, ...]
    strength: float
    ripple_db: tuple[float, ...]
    bandwidth_hz: float
    low_cut_hz: float
    hiss_db: float
    hum_db: float
    crackle: float
    squash: float
    loudness_db: float
    wobble_cents: float

    def filter(self, y: Wave, rate: int) -> Wave:
        """The impulse response of mastering and band limits for this mix, (2047,)."""
        hertz = fft.rfftfreq(_TAPS + 1, 1 / rate)
        error = np.array(self.balance) - band_levels(y, rate)
        gain_db = np.clip(self.strength * (error - np.median(error)), -_MOST_DB, _MOST_DB)
        octaves = np.log2(np.maximum(hertz, 20.0))
        knots = np.linspace(octaves[0], octaves[-1], 200)
        coarse = _smooth(np.interp(knots, np.log2(BANDS_HZ), gain_db))
        places = np.linspace(octaves[0], octaves[-1], len(self.ripple_db))
        coarse += np.interp(knots, places, self.ripple_db)
        shape = 10 ** (np.interp(octaves, knots, coarse) / 20)
        shape /= 1 + (self.low_cut_hz / np.maximum(hertz, 1.0)) ** 4
        shape /= 1 + (hertz / self.bandwidth_hz) ** 60
        return np.roll(fft.irfft(shape), _TAPS // 2)[:_TAPS] * np.hanning(_TAPS + 2)[1:-1]

    def add_noise(self, y: Wave, rate: int, rng: np.random.Generator) -> None:
        """Add hiss, hum and crackle to music, in place, by the music's RMS."""
        n, loudness = len(y), rms(y)
        hiss = loudness * 10 ** (self.hiss_db / 20) * rng.standard_normal(_HISS)
        for start in range(0, n, _HISS):
            y[start : start + _HISS] += hiss[: n - start]
        if self.hum_db > -60:
            period = rate // gcd(rate, 100)
            hum = np.sin(2 * np.pi * 100.0 / rate * np.arange(period))
            hum *= loudness * 10 ** (self.hum_db / 20)
            end = n // period * period  # of the last whole period
            y[:end].reshape(-1, period)[:] += hum
            y[end:] += hum[: n - end]
        if self.crackle:
            clicks = rng.integers(0, n, rng.poisson(self.crackle * n / rate))
            y[clicks] += loudness * rng.normal(0, 3.0, len(clicks))

    def finish(self, y: Wave, rate: int, rng: np.random.Generator) -> Wave:
        """Compress the sound, set its loudness, and limit it to (-1, 1), (N,) float64."""
        y = compress(y, self.squash, rate)
        if self.wobble_cents > 0.5:
            y = wobble(y, self.wobble_cents, rng.uniform(0.5, 1.5), rate, rng)
        target = 10 ** (self.loudness_db / 20)
        gain = target / (rms(y) + 1e-12)
        # Limiting lowers the level; compensate for it, using every eighth sample.
        samples = y[::8].copy()
        for _ in range(2):
            gain *= min(1.5, target / (rms(limit(gain * samples)) + 1e-12))
        y *= gain
        return limit(y)


def rms(y: Wave) -> float:
    """The root of the mean square."""
    return float(np.sqrt(np.dot(y, y) / max(1, len(y))))


def band_levels(y: Wave, rate: int) -> Wave:
    """The mean level over time of each of `BANDS_HZ` in dB, (8,)."""
    n_frames = max(1, len(y) // _FRAME)
    frames = np.pad(y, (0, max(0, _FRAME - len(y))))[: n_frames * _FRAME].reshape(n_frames, _FRAME)
    frames = frames[::2]  # half of them are enough
    spectrum = fft.rfft(frames * np.hanning(_FRAME), axis=1)
    power = spectrum.real**2 + spectrum.imag**2
    floor = 1e-8 * np.mean(power)
    edges = [(int(hz / 1.3 * _FRAME / rate), int(hz * 1.3 * _FRAME / rate)) for hz in BANDS_HZ]
    bands = [power[:, max(1, low) : high + 1].mean(axis=1) for low, high in edges]
    return np.array([np.mean(10 * np.log10(band + floor + 1e-20)) for band in bands])


def _smooth(curve: Wave) -> Wave:
    kernel = np.hanning(23)
    padded = np.pad(curve, 11, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
