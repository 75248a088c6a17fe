"""Studio effects: a room, echoes, compression, a limiter."""

from __future__ import annotations

import numpy as np
from scipy import fft, signal

from mgrlib.synth.instruments import Wave

_HOP = 256
_ROWS = 32  # blocks that fit into the processor's cache


def convolve(y: Wave, response: Wave) -> Wave:
    """Filter `y` by an impulse response, and return the first N samples, (N,).

    It uses overlap-add in blocks that fit into the processor's cache.

    >>> convolve(np.array([1.0, 0.0, 2.0]), np.array([1.0, 0.5])).round(6).tolist()
    [1.0, 0.5, 2.0]
    """
    size = 1 << max(10, int(np.ceil(np.log2(2.5 * len(response)))))
    step = size - len(response) + 1
    spectrum = fft.rfft(response, size)
    out = np.zeros(len(y) + size)
    for start in range(0, len(y), step):
        block = fft.rfft(y[start : start + step], size)
        block *= spectrum
        out[start : start + size] += fft.irfft(block, size, overwrite_x=True)
    return out[: len(y)]


def room(seconds: float, darkness: float, rate: int, rng: np.random.Generator) -> Wave:
    """The impulse response of a room, (N,): decaying noise, whose treble decays faster.

    `seconds` is the reverberation time (-60 dB); 5 kHz decays `darkness` times faster than 500 Hz.
    The response ends when it has fallen by 45 dB.
    """
    n = round(0.75 * min(seconds, 4.0) * rate)
    t = np.arange(n) / rate
    white = rng.standard_normal(n)
    low = signal.lfilter([0.12], [1, -0.88], white)
    tail = 3.0 * low * np.exp(-6.9 * t / seconds)
    tail += 0.7 * (white - low) * np.exp(-6.9 * t * darkness / seconds)
    tail *= 1 - np.exp(-t / 0.008)
    return tail / np.sqrt(np.sum(tail**2))


def echo(y: Wave, delay_seconds: float, feedback: float, rate: int, n_echoes: int = 6) -> Wave:
    """A tape echo without the dry sound, (N,); each repeat is softer, by `feedback`, and darker."""
    lag = round(delay_seconds * rate)
    wet, repeat = np.zeros_like(y), y
    for i in range(1, n_echoes + 1):
        if i * lag >= len(y):
            break
        repeat = feedback * signal.lfilter([0.55], [1.0, -0.45], repeat[: len(y) - i * lag])
        wet[i * lag :] += repeat
    return wet


def compress(y: Wave, amount: float, rate: int) -> Wave:
    """Lower loud passages and raise quiet ones, (N,); `amount` is from 0 (no change) to 1.

    The level is measured in blocks of 256 samples and smoothed over about 60 ms.
    """
    n_blocks = -(-len(y) // _HOP)
    padded = np.zeros(n_blocks * _HOP)
    padded[: len(y)] = y
    blocks = padded.reshape(n_blocks, _HOP)
    power = np.einsum("ij,ij->i", blocks, blocks) / _HOP
    keep = np.exp(-_HOP / (0.06 * rate))
    smooth = signal.lfilter([1 - keep], [1, -keep], power, zi=[keep * power.mean()])[0]
    reference = power.mean()
    gain = ((smooth + 0.01 * reference + 1e-12) / (reference + 1e-12)) ** (-0.25 * amount)
    next_gain = np.append(gain[1:], gain[-1])
    ramp = np.arange(_HOP) / _HOP
    for start in range(0, n_blocks, _ROWS):
        part = slice(start, start + _ROWS)
        blocks[part] *= gain[part, None] + ramp * (next_gain - gain)[part, None]
    return padded[: len(y)]


def limit(y: Wave, ceiling: float = 0.97) -> Wave:
    """Round off peaks below the ceiling, (N,); quiet samples hardly change."""
    return ceiling * np.tanh(y / ceiling)


def wobble(y: Wave, cents: float, speed_hz: float, rate: int, rng: np.random.Generator) -> Wave:
    """Vary the speed of the tape by this many cents, (N,)."""
    n = len(y)
    n_blocks = -(-n // _HOP)
    t = np.arange(n_blocks + 1) * _HOP / rate
    depth = (2 ** (cents / 1200) - 1) * rate / (2 * np.pi * speed_hz)
    shift = depth * np.sin(2 * np.pi * (speed_hz * t + rng.random()))
    corners = shift + np.arange(n_blocks + 1) * _HOP
    ramp = np.arange(_HOP) / _HOP
    out = np.zeros((n_blocks, _HOP))
    for start in range(0, n_blocks, _ROWS):
        points = corners[start : start + _ROWS + 1, None]
        place = np.clip(points[:-1] + np.diff(points, axis=0) * ramp, 0, n - 2)
        index = place.astype(np.int64)
        place -= index
        sample = y[index]
        out[start : start + _ROWS] = sample + place * (y[index + 1] - sample)
    return out.ravel()[:n]
