"""What a studio adds to a mix: a room, echoes, compression, a limiter."""

from __future__ import annotations

import numpy as np
from scipy import signal

from mgrlib.synth.instruments import Wave

_HOP = 256


def room(seconds: float, darkness: float, rate: int, rng: np.random.Generator) -> Wave:
    """(N,): the impulse response of a room: noise that decays, its treble sooner.

    `seconds` is the reverberation time (-60 dB); `darkness` is how many times faster 5 kHz decays
    than 500 Hz.
    """
    n = round(min(seconds, 3.0) * rate)
    t = np.arange(n) / rate
    white = rng.standard_normal(n)
    low = signal.lfilter([0.12], [1, -0.88], white)
    tail = 3.0 * low * np.exp(-6.9 * t / seconds)
    tail += 0.7 * (white - low) * np.exp(-6.9 * t * darkness / seconds)
    tail *= 1 - np.exp(-t / 0.008)
    return tail / np.sqrt(np.sum(tail**2))


def echo(y: Wave, delay_seconds: float, feedback: float, rate: int, n_echoes: int = 4) -> Wave:
    """(N,): the echoes alone, each `feedback` times the one before."""
    wet = np.zeros_like(y)
    for i in range(1, n_echoes + 1):
        lag = round(i * delay_seconds * rate)
        if lag < len(y):
            wet[lag:] += feedback**i * y[: len(y) - lag]
    return wet


def compress(y: Wave, amount: float, rate: int) -> Wave:
    """(N,): loud passages turned down and quiet ones up; `amount` from 0 (nothing) to 1.

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
    after = np.append(gain[1:], gain[-1])
    ramp = np.arange(_HOP) / _HOP
    blocks *= gain[:, None] + ramp * (after - gain)[:, None]
    return padded[: len(y)]


def limit(y: Wave, ceiling: float = 0.97) -> Wave:
    """(N,): peaks rounded off below the ceiling; what is quiet passes unchanged."""
    return ceiling * np.tanh(y / ceiling)


def wobble(y: Wave, cents: float, speed_hz: float, rate: int, rng: np.random.Generator) -> Wave:
    """(N,): a tape whose speed wavers by so many cents."""
    n = len(y)
    t = np.arange(n) / rate
    depth = (2 ** (cents / 1200) - 1) * rate / (2 * np.pi * speed_hz)
    shift = depth * np.sin(2 * np.pi * (speed_hz * t + rng.random()))
    place = np.clip(np.arange(n) + shift, 0, n - 2)
    index = place.astype(np.int64)
    return y[index] + (place - index) * (y[index + 1] - y[index])
