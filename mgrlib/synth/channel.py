"""The recording: mastering, bandwidth, hiss, hum, crackle, level. What is left of a band on a disc.

The mastering engineer brings the spectrum of the whole mix towards the balance that the genre and
the artist like, in octaves and within limits; then come the medium's band limits. All of it is one
multiplication of the mix's spectrum.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from mgrlib.synth.effects import compress, limit, wobble
from mgrlib.synth.instruments import Wave
from mgrlib.synth.styles.style import BANDS_HZ

_MOST_DB = 16.0


@dataclass(frozen=True)
class Channel:
    """One clip's way from the mixing desk to the file; levels in dB below full scale.

    `balance` is what mastering aims at, in dB at `styles.style.BANDS_HZ`; `strength` how closely.
    """

    balance: tuple[float, ...]
    strength: float
    bandwidth_hz: float
    low_cut_hz: float
    hiss_db: float
    hum_db: float
    crackle: float
    squash: float
    loudness_db: float
    wobble_cents: float

    def response(self, spectrum: Wave, n: int, rate: int) -> Wave:
        """The gain at each bin of a mix's spectrum: mastering and band limits."""
        hertz = fft.rfftfreq(n, 1 / rate)
        log_hz = np.log2(np.maximum(hertz, 20.0))
        levels = np.array([_band_db(spectrum, hz, n, rate) for hz in BANDS_HZ])
        error = np.array(self.balance) - levels
        error -= np.average(error, weights=np.maximum(levels - levels.max() + 40, 0.1))
        gain_db = np.clip(self.strength * error, -_MOST_DB, _MOST_DB)
        # Interpolate on a coarse grid: the curve is smooth and there are 300,000 bins.
        knots = np.linspace(log_hz[0], log_hz[-1], 200)
        coarse = _smooth(np.interp(knots, np.log2(BANDS_HZ), gain_db))
        low = 1 / (1 + (self.low_cut_hz / 2**knots) ** 4)
        # The steep upper limit is too sharp for that grid.
        shape = np.interp(log_hz, knots, 10 ** (coarse / 20) * low)
        edge = int(0.8 * self.bandwidth_hz * n / rate)
        shape[edge:] /= 1 + (hertz[edge:] / self.bandwidth_hz) ** 60
        return shape

    def noise(self, n: int, loudness: float, rate: int, rng: np.random.Generator) -> Wave:
        """(n,): hiss, hum and crackle under music of this RMS."""
        y = rng.standard_normal(n)
        y *= loudness * 10 ** ((self.hiss_db + 20) / 20)
        t = np.arange(n)
        hum = 10 ** ((self.hum_db + 20) / 20) * loudness
        if hum > 1e-3 * loudness:
            y += hum * np.sin(2 * np.pi * 100.0 / rate * t)
        if self.crackle:
            clicks = rng.integers(0, n, rng.poisson(self.crackle * n / rate))
            y[clicks] += loudness * rng.normal(0, 3.0, len(clicks))
        return y

    def finish(self, y: Wave, rate: int, rng: np.random.Generator) -> Wave:
        """(N,): compressed, brought to its loudness, limited; float64 in (-1, 1)."""
        y = compress(y, self.squash, rate)
        if self.wobble_cents > 0.5:
            y = wobble(y, self.wobble_cents, rng.uniform(0.5, 1.5), rate, rng)
        target = 10 ** (self.loudness_db / 20)
        y = y * (target / (np.sqrt(np.mean(y**2)) + 1e-12))
        y = limit(y)
        # Limiting costs level; make up for it once.
        return limit(y * min(2.0, target / (np.sqrt(np.mean(y**2)) + 1e-12)))


def _band_db(spectrum: Wave, hz: float, n: int, rate: int) -> float:
    """Mean power density (dB) in the octave around a frequency."""
    first, last = int(hz / 1.42 * n / rate), int(min(hz * 1.42, 0.49 * rate) * n / rate)
    part = spectrum[first : last + 1]
    power = np.mean(part.real**2 + part.imag**2)
    return float(10 * np.log10(power + 1e-20))


def _smooth(curve: Wave) -> Wave:
    kernel = np.hanning(23)
    padded = np.pad(curve, 11, mode="edge")
    return np.convolve(padded, kernel / kernel.sum(), mode="valid")
