"""Recognizing a recording again: landmarks of its spectrogram, and where two clips line up.

A landmark is a pair of spectral peaks: two frequencies and the time between them. MP3, level,
noise and band limits leave most of them in place, and a copy that starts elsewhere has them all
later by the same time. So two clips of one recording agree in hundreds of landmarks at one lag,
and two clips of different music in fewer than ten. After Wang, An industrial-strength audio search
algorithm (ISMIR 2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.fft import irfft, next_fast_len, rfft
from scipy.ndimage import maximum_filter1d
from scipy.signal import get_window

RATE = 11_025
"""Hz at which clips are compared."""

N_FFT, HOP = 1024, 256  # 93 ms and 23 ms
LOWEST = 4  # bins below 43 Hz hold hum and rumble
REACH_FRAMES, REACH_BINS = 5, 9  # a peak is the largest value this far around
FLOOR_NEPERS = 12.0  # peaks 104 dB below the strongest are none
PEAKS_PER_SECOND, FAN_OUT = 25, 6
MAX_STEP, MAX_LEAP = 63, 63  # frames and bins from a peak to its partner
LOOK_AHEAD = 60  # peaks tried as partners

WINDOW_SECONDS, N_WINDOWS = 1.5, 9


@dataclass(frozen=True, eq=False)
class Landmarks:
    """The landmarks of a clip: `hashes` (L,) int32, and the frame of each, `frames` (L,) int32."""

    hashes: np.ndarray
    frames: np.ndarray


@dataclass(frozen=True)
class Match:
    """Two clips with `votes` landmarks in common where `b` runs `lag_seconds` behind `a`."""

    a: int
    b: int
    votes: int
    lag_seconds: float


def landmarks(y: np.ndarray) -> Landmarks:
    """The landmarks of a waveform (N,) at `RATE` Hz: about 140 per second, none in silence."""
    frames, bins = _peaks(y)
    n = len(frames)
    n_partners = np.zeros(n, dtype=np.int64)
    hashes, times = [], []
    for step in range(1, min(LOOK_AHEAD, n)):
        near = np.arange(n - step)
        wait, leap = frames[step:] - frames[:-step], bins[step:] - bins[:-step]
        fits = (wait >= 2) & (wait <= MAX_STEP) & (np.abs(leap) <= MAX_LEAP)
        near = near[fits & (n_partners[:-step] < FAN_OUT)]
        n_partners[near] += 1
        partner = near + step
        wait, leap = frames[partner] - frames[near], bins[partner] - bins[near]
        hashes.append((bins[near] << 14) | ((leap + 64) << 7) | wait)
        times.append(frames[near])
    joined = (np.concatenate(part or [np.zeros(0)]).astype(np.int32) for part in (hashes, times))
    return Landmarks(*joined)


def _peaks(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Frames and bins of the strongest local maxima of the log spectrogram, in order of time."""
    if len(y) < N_FFT or not np.any(y):
        return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64)
    window = get_window("hann", N_FFT).astype(np.float32)
    framed = np.lib.stride_tricks.sliding_window_view(y, N_FFT)[::HOP]
    blocks = [np.abs(rfft(framed[i : i + 64] * window)) for i in range(0, len(framed), 64)]
    level = np.concatenate(blocks)[:, LOWEST:].astype(np.float32)  # (T, F)
    level = np.log(np.maximum(level, 1e-9))
    around = maximum_filter1d(level, 2 * REACH_BINS + 1, axis=1)
    around = maximum_filter1d(around, 2 * REACH_FRAMES + 1, axis=0)
    frames, bins = np.nonzero((level == around) & (level > level.max() - FLOOR_NEPERS))
    second = frames * HOP // RATE
    order = np.lexsort((-level[frames, bins], second))
    rank = np.arange(len(order)) - np.searchsorted(second[order], second[order])
    strongest = np.sort(order[rank < PEAKS_PER_SECOND])
    return frames[strongest], bins[strongest]


def matches(clips: Sequence[Landmarks], min_votes: int) -> list[Match]:
    """The pairs of clips that agree in at least `min_votes` landmarks at one lag.

    Time grows with the landmarks that pairs share by chance: 1,000 clips take half a minute.
    """
    lengths = [len(clip.hashes) for clip in clips]
    if not sum(lengths):
        return []
    hashes = np.concatenate([clip.hashes for clip in clips])
    order = np.argsort(hashes, kind="stable")  # stable: within a hash, clips in order
    hashes = hashes[order]
    owner = np.repeat(np.arange(len(clips), dtype=np.int32), lengths)[order]
    frame = np.concatenate([clip.frames for clip in clips])[order]
    pairs = []
    for b, clip in enumerate(clips):
        first = np.searchsorted(hashes, clip.hashes, "left")
        count = np.searchsorted(hashes, clip.hashes, "right") - first
        starts = np.cumsum(count) - count
        hit = np.arange(count.sum()) + np.repeat(first - starts, count)
        lag = np.repeat(clip.frames, count) - frame[hit]
        earlier = owner[hit] < b
        pairs += _votes(owner[hit][earlier], lag[earlier], b, min_votes)
    return pairs


def _votes(owner: np.ndarray, lag: np.ndarray, b: int, min_votes: int) -> list[Match]:
    """The best lag of each earlier clip, counted over two neighboring lags."""
    if not len(owner):
        return []
    span = np.int64(1) << 32
    keys, counts = np.unique(owner * span + lag + (span >> 1), return_counts=True)
    beside = np.append(np.where(np.diff(keys) == 1, counts[1:], 0), 0)
    votes = counts + beside
    enough = votes >= min_votes
    best: dict[int, Match] = {}
    for key, n in zip(keys[enough], votes[enough], strict=True):
        a, frames = int(key // span), int(key % span - (span >> 1))
        if a not in best or n > best[a].votes:
            best[a] = Match(a, b, int(n), frames * HOP / RATE)
    return list(best.values())


def alignment(y_a: np.ndarray, y_b: np.ndarray, lag_seconds: float) -> tuple[float, float]:
    """How similar two waveforms are where they overlap, and how long they overlap.

    The median, over windows of 1.5 s, of the largest correlation within two frames of the lag:
    1 for the same samples whatever their level or sign, 0.9 and more for a re-encoded copy, and
    near 0.2 for different music.

    Args:
        y_a, y_b: (N,) at `RATE` Hz.
        lag_seconds: how much later the same sound occurs in `y_b` than in `y_a`.

    Returns:
        The correlation in [0, 1], and the overlap in seconds.
    """
    lag = round(lag_seconds * RATE)
    y_a, y_b = y_a[max(0, -lag) :], y_b[max(0, lag) :]
    n = min(len(y_a), len(y_b))
    width = min(round(WINDOW_SECONDS * RATE), n)
    if width <= 4 * HOP:
        return 0.0, n / RATE
    starts = np.linspace(0, n - width, N_WINDOWS).astype(np.int64)
    window_values = [_correlation(y_a[s : s + width], y_b[s : s + width]) for s in starts]
    correlations = [value for value in window_values if value is not None]
    return float(np.median(correlations)) if correlations else 0.0, n / RATE


def _correlation(a: np.ndarray, b: np.ndarray) -> float | None:
    """The largest |correlation| within two frames; None where one of them is silent."""
    a, b = a[2 * HOP : -2 * HOP].astype(np.float64), b.astype(np.float64)
    if not (a.any() and b.any()):
        return None
    size = next_fast_len(len(a) + len(b))
    product = irfft(np.conj(rfft(a, size)) * rfft(b, size), size)[: 4 * HOP + 1]
    power = np.cumsum(np.concatenate([[0.0], b**2]))
    energy = power[len(a) : len(a) + 4 * HOP + 1] - power[: 4 * HOP + 1]
    scale = np.sqrt(np.maximum(energy, 1e-12) * np.sum(a**2))
    return float(min(1.0, np.max(np.abs(product) / scale)))
