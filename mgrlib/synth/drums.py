"""Acoustic and electronic drums and percussion.

A `Kit` is a handful of numbers (how the drums are tuned, damped and how bright they are); `hit`
makes one drum of it. A hit is a few damped modes for what is struck and a burst of filtered noise
for snares, sticks and metal.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import fft

from mgrlib.errors import CorpusError, explain
from mgrlib.synth.instruments import Wave, damped_partials

DRUMS = (
    "kick", "snare", "hat", "open", "ride", "crash", "tom", "lowtom", "rim", "clap", "brush",
    "shaker", "tambourine", "cowbell", "conga", "timpani",
)  # fmt: skip


@dataclass(frozen=True)
class Kit:
    """How a drum set sounds.

    Args:
        kick_hz, kick_drop, kick_seconds: final pitch, how far above it starts (factor), time in
            which it falls by 60 dB, as all lengths here.
        click: level of the beater.
        snare_hz, snare_seconds: pitch of the shell and length of the rattle.
        rattle: the fraction of noise in the snare, 0 to 1.
        snare_tone: (low Hz, high Hz) of the rattle's band.
        metal_hz: where the cymbals' noise is centerd; `metal_seconds`: length of a closed hat.
        electronic: square-wave metal and noise with sharp edges instead of struck ones.
        room: level of an ambience on every drum.
    """

    kick_hz: float = 52.0
    kick_drop: float = 3.0
    kick_seconds: float = 0.45
    click: float = 0.3
    snare_hz: float = 185.0
    snare_seconds: float = 0.4
    rattle: float = 0.7
    snare_tone: tuple[float, float] = (1200.0, 9000.0)
    metal_hz: float = 7500.0
    metal_seconds: float = 0.11
    electronic: bool = False
    room: float = 0.1


# The kits that styles name; an artist's own kit is a variation of one of these.
KITS: dict[str, Kit] = {
    "jazz": Kit(62, 1.8, 0.4, 0.15, 210, 0.43, 0.6, (900, 8500), 6500, 0.132, False, 0.15),
    "vintage": Kit(60, 2.0, 0.32, 0.2, 190, 0.31, 0.55, (800, 6000), 6000, 0.11, False, 0.12),
    "rock": Kit(56, 2.8, 0.43, 0.35, 180, 0.48, 0.7, (1000, 9000), 7000, 0.132, False, 0.3),
    "metal": Kit(58, 4.0, 0.29, 0.9, 195, 0.43, 0.7, (1500, 9500), 7500, 0.11, False, 0.15),
    "disco": Kit(60, 2.2, 0.29, 0.4, 200, 0.29, 0.65, (1200, 9000), 8000, 0.099, False, 0.06),
    "pop": Kit(54, 3.2, 0.43, 0.4, 190, 0.48, 0.75, (1200, 10000), 8500, 0.088, False, 0.2),
    "reggae": Kit(58, 2.0, 0.36, 0.2, 240, 0.22, 0.45, (1500, 8000), 7500, 0.088, False, 0.08),
    "boombap": Kit(60, 2.6, 0.36, 0.6, 200, 0.34, 0.8, (900, 8000), 7000, 0.077, False, 0.1),
    "808": Kit(46, 2.5, 0.91, 0.2, 180, 0.36, 0.75, (1500, 10000), 8500, 0.077, True, 0.0),
    "909": Kit(52, 4.5, 0.5, 0.5, 190, 0.43, 0.8, (1200, 10000), 8500, 0.088, True, 0.02),
    "country": Kit(62, 1.9, 0.29, 0.2, 210, 0.34, 0.6, (1200, 8000), 7500, 0.088, False, 0.12),
    "orchestra": Kit(62, 1.5, 0.78, 0.05, 180, 0.6, 0.8, (1500, 8000), 6000, 0.22, False, 0.3),
}


def _noise(
    rng: np.random.Generator, n: int, low: float, high: float, decay: float, rate: int
) -> Wave:
    """(n,): noise between two frequencies that falls by 60 dB in `decay` seconds."""
    size = fft.next_fast_len(n, real=True)
    spectrum = fft.rfft(rng.standard_normal(size))
    hertz = fft.rfftfreq(size, 1 / rate)
    shape = 1 / (1 + (low / np.maximum(hertz, 1.0)) ** 4) / (1 + (hertz / high) ** 6)
    wave = fft.irfft(spectrum * shape, size)[:n]
    wave *= np.exp(-6.9 * np.arange(n) / (decay * rate))
    return wave / (np.max(np.abs(wave)) + 1e-12)


def _modes(hertz: tuple[float, ...], seconds: float, n: int, rate: int) -> Wave:
    f = np.array(hertz)
    gains = 1.0 / np.arange(1, len(f) + 1)
    decays = np.asarray(6.9 / seconds * (1 + 0.5 * np.arange(len(f))))
    return damped_partials(f, gains, decays, np.full(len(f), -np.pi / 2), n, rate)


def _sweep(start: float, end: float, fall: float, seconds: float, n: int, rate: int) -> Wave:
    """(n,): a sine falling from `start` to `end` Hz within about `fall` seconds."""
    t = np.arange(n) / rate
    hertz = end + (start - end) * np.exp(-t / fall)
    return np.sin(2 * np.pi * np.cumsum(hertz) / rate) * np.exp(-6.9 * t / seconds)


def _metal(kit: Kit, rng: np.random.Generator, n: int, seconds: float, rate: int) -> Wave:
    """(n,): a cymbal: noise and a clang of unrelated partials."""
    noise = _noise(rng, n, 0.6 * kit.metal_hz, 0.48 * rate, seconds, rate)
    clang = np.array([0.31, 0.42, 0.53, 0.68, 0.83, 1.0, 1.21]) * kit.metal_hz
    clang = clang[clang < 0.46 * rate]
    ring = _modes(tuple(clang), seconds * 1.3, n, rate)
    return noise + (0.6 if kit.electronic else 0.1) * ring


def _kick(kit: Kit, rng: np.random.Generator, rate: int) -> Wave:
    n = round(1.3 * kit.kick_seconds * rate)
    body = _sweep(kit.kick_hz * kit.kick_drop, kit.kick_hz, 0.02, kit.kick_seconds, n, rate)
    m = round(0.015 * rate)
    body[:m] += kit.click * _noise(rng, m, 800, 5000, 0.01, rate)
    return body


def _snare(kit: Kit, rng: np.random.Generator, rate: int) -> Wave:
    n = round(1.4 * kit.snare_seconds * rate) + 1
    low, high = kit.snare_tone
    rattle = _noise(rng, n, low, high, kit.snare_seconds, rate)
    shell = _modes((kit.snare_hz, 1.6 * kit.snare_hz, 2.2 * kit.snare_hz), 0.3, n, rate)
    return kit.rattle * rattle + (1 - kit.rattle) * shell


def _clap(kit: Kit, rng: np.random.Generator, rate: int) -> Wave:
    n = round(0.4 * rate)
    y = np.zeros(n)
    for at, seconds in ((0.0, 0.03), (0.011, 0.03), (0.022, 0.35)):
        i = round(at * rate)
        y[i:] += _noise(rng, n - i, 700, 3500, seconds, rate)
    return y


def _struck(kit: Kit, drum: str, rng: np.random.Generator, rate: int) -> Wave:
    n = round(0.6 * rate)
    if drum in ("tom", "lowtom"):
        f = kit.snare_hz * (0.75 if drum == "tom" else 0.5)
        y = _sweep(1.4 * f, f, 0.04, 0.6, n, rate)
        y[: n // 8] += 0.2 * _noise(rng, n // 8, 400, 4000, 0.03, rate)
        return y
    if drum == "rim":
        return _modes((1700.0, 2500.0, 480.0), 0.1, n // 4, rate)
    if drum == "cowbell":
        return _modes((560.0, 845.0, 1690.0, 2535.0), 0.4, n, rate)
    if drum == "timpani":
        return _modes((98.0, 147.0, 196.0, 245.0), 1.2, 3 * n, rate)
    return _sweep(1.15 * 2.2 * kit.snare_hz, 2.0 * kit.snare_hz, 0.02, 0.4, n, rate)  # conga


def hit(kit: Kit, drum: str, rng: np.random.Generator, rate: int) -> Wave:
    """Render a single hit of a drum, (N,), with a peak of about 1.

    Raises:
        CorpusError: if no kit has this drum.
    """
    if drum == "kick":
        y = _kick(kit, rng, rate)
    elif drum == "snare":
        y = _snare(kit, rng, rate)
    elif drum == "clap":
        y = _clap(kit, rng, rate)
    elif drum in ("tom", "lowtom", "rim", "cowbell", "timpani", "conga"):
        y = _struck(kit, drum, rng, rate)
    elif drum in ("shaker", "tambourine"):
        y = _noise(rng, round(0.2 * rate), 4500, 10500, 0.12 if drum == "shaker" else 0.2, rate)
        y *= 1 - np.exp(-np.arange(len(y)) / ((0.012 if drum == "shaker" else 0.001) * rate))
    elif drum == "brush":
        y = _noise(rng, round(0.25 * rate), 1500, 7500, 0.3, rate) * np.hanning(round(0.25 * rate))
    elif drum in DRUMS:
        seconds = {"hat": kit.metal_seconds, "open": 0.7, "ride": 1.1, "crash": 1.8}[drum]
        y = _metal(kit, rng, round(0.8 * seconds * rate), seconds, rate)
        if drum == "ride":
            m = round(0.3 * rate)
            y[:m] = (
                0.8 * y[:m] + 0.3 * _modes((0.55 * kit.metal_hz, 3100.0), 0.3, m, rate)[: len(y)]
            )
    else:
        raise CorpusError(explain("hit", f"one of {list(DRUMS)}", repr(drum)))
    y = y / (np.max(np.abs(y)) + 1e-12)
    if kit.room:
        tail = _noise(rng, round(0.25 * rate), 200, 5000, 0.35, rate)
        y = np.append(y, np.zeros(max(0, len(tail) - len(y))))
        y[: len(tail)] += 0.4 * kit.room * tail
    tail_n = min(len(y), 64)
    y[-tail_n:] *= np.linspace(1, 0, tail_n)
    return y
