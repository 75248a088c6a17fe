"""Rhythm features: onset strength, tempogram, tempo and beats.

The numbers are those of librosa (`onset_strength`, `tempogram`, `tempo`, `beat_track`). The code
needs no compilation, so the first call is as fast as the second.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

import numpy as np
import scipy.fft

from mgrlib.features.base import Framewise, fit_frames, settle_choice
from mgrlib.features.mel import LogMel
from mgrlib.features.spectrum import FloatArray, Sound, check_waveform, hann_window

START_BPM = 120.0  # the mean of the prior; half and double are one standard deviation away
MAX_BPM = 320.0
WINDOW_SECONDS = 8.0  # the length of sound over which the autocorrelation is computed
TIGHTNESS = 100.0  # the weight of the beat tracker's penalty for beats that are off the tempo
N_MELS = 128


@dataclass(frozen=True, kw_only=True)
class OnsetStrength(Framewise):
    """The increase of the mel bands since the previous frame, (N,) -> (1, T) in dB.

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        aggregate: "mean" over the bands (librosa's `onset_strength`) or "median" (its
            `beat_track`).
    """

    aggregate: Literal["mean", "median"] = "mean"

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_choice(self, "aggregate", ("mean", "median"))

    @property
    def n_rows(self) -> int:
        """The number of rows, 1."""
        return 1

    def of(self, sound: Sound) -> FloatArray:
        """(1, T), sharing the sound's spectra."""
        log_mel = LogMel(
            self.sample_rate,
            n_mels=N_MELS,
            n_fft=self.n_fft,
            hop_length=self.hop_length,
            pad_mode=self.pad_mode,
        ).frames_of(sound)
        rises = np.maximum(np.diff(log_mel, axis=0), 0.0)
        strength = np.median(rises, axis=1) if self.aggregate == "median" else rises.mean(axis=1)
        # A rise appears when the frame's end reaches it, half a frame before its center does.
        delay = 1 + self.n_fft // (2 * self.hop_length)
        strength = np.pad(strength, (delay, 0))[: len(log_mel)]
        return fit_frames(strength[np.newaxis], self.n_frames)


def _autocorrelation_spectra(strength: FloatArray, n_lags: int) -> Iterator[np.ndarray]:
    """Yield power spectra of the windows around each frame, each divided by the window's power.

    Their inverse transforms are the autocorrelations, which are 1 at lag 0.
    """
    n_fft = scipy.fft.next_fast_len(2 * n_lags - 1, real=True)
    padded = np.pad(strength, n_lags // 2, mode="linear_ramp")
    windows = np.lib.stride_tricks.sliding_window_view(padded, n_lags)[: len(strength)]
    for start in range(0, len(windows), 64):
        block = windows[start : start + 64] * hann_window(n_lags)
        power = np.einsum("tn,tn->t", block, block)
        spectrum = scipy.fft.rfft(block, n=n_fft, axis=1)
        power_spectrum = spectrum.real**2 + spectrum.imag**2
        yield power_spectrum / np.where(power > 0, power, 1.0)[:, np.newaxis]


def _n_lags(sample_rate: int, hop_length: int) -> int:
    return max(2, int(WINDOW_SECONDS * sample_rate) // hop_length)


def _regularity(strength: FloatArray, n_lags: int) -> np.ndarray:
    """The mean autocorrelation of all windows, (n_lags,), by a single inverse transform."""
    n_fft = scipy.fft.next_fast_len(2 * n_lags - 1, real=True)
    total = sum(
        block.sum(axis=0, dtype=np.float64) for block in _autocorrelation_spectra(strength, n_lags)
    )
    return np.asarray(scipy.fft.irfft(total, n=n_fft)[:n_lags] / len(strength))


@dataclass(frozen=True, kw_only=True)
class Tempogram(OnsetStrength):
    """How strongly the music around each frame repeats after each lag, (N,) -> (n_lags, T).

    Lag l is l * hop_length samples long, up to 8 s. The value is 1 for perfect repetition, as at
    lag 0.
    """

    @property
    def n_rows(self) -> int:
        """The number of lags."""
        return _n_lags(self.sample_rate, self.hop_length)

    def of(self, sound: Sound) -> FloatArray:
        """(n_lags, T), sharing the sound's spectra."""
        strength = super().of(sound)[0]
        n_fft = scipy.fft.next_fast_len(2 * self.n_rows - 1, real=True)
        rows = [
            scipy.fft.irfft(block, n=n_fft, axis=1)[:, : self.n_rows]
            for block in _autocorrelation_spectra(strength, self.n_rows)
        ]
        return fit_frames(np.concatenate(rows).T, self.n_frames)


def tempo_of(strength: FloatArray, sample_rate: int, hop_length: int) -> float:
    """The tempo in beats per minute of an onset strength (T,), and 0 if it is zero everywhere.

    It corresponds to the lag after which the music repeats most strongly, weighted towards 120
    beats per minute.
    """
    if not strength.any():
        return 0.0
    n_lags = _n_lags(sample_rate, hop_length)
    bpm = 60.0 * sample_rate / hop_length / np.arange(1, n_lags)
    log_prior = -0.5 * np.log2(bpm / START_BPM) ** 2
    log_prior[bpm >= MAX_BPM] = -np.inf
    regularity = np.maximum(_regularity(strength, n_lags)[1:], 0.0)
    return float(bpm[np.argmax(np.log1p(1e6 * regularity) + log_prior)])


@dataclass(frozen=True, kw_only=True)
class Tempo(OnsetStrength):
    """The tempo in beats per minute, (N,) -> (1,), as in `librosa.feature.tempo`; 0 for silence.

    With `aggregate="median"` it is the tempo of `librosa.beat.beat_track`. `n_frames` must be None.
    It is one of the seven features of Minhas et al. (2019).

    >>> Tempo(22050).shape(30.0)
    (1,)
    """

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_choice(self, "n_frames", (None,))

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(1,)."""
        return (1,)

    def of(self, sound: Sound) -> FloatArray:
        """(1,), sharing the sound's spectra."""
        strength = super().of(sound)[0]
        return np.array([tempo_of(strength, self.sample_rate, self.hop_length)], dtype=np.float32)


def beat_frames(strength: FloatArray, bpm: float, frame_rate: float) -> np.ndarray:
    """Find the frames of the beats by dynamic programming (Ellis 2007).

    Args:
        strength: onset strength, (T,).
        bpm: tempo in beats per minute; 0 or less gives no beats.
        frame_rate: frames per second.
    """
    if bpm <= 0 or not strength.any():
        return np.empty(0, dtype=np.int64)
    period = int(np.round(frame_rate * 60.0 / bpm))
    spread = np.exp(-0.5 * (np.arange(-period, period + 1) * 32.0 / period) ** 2)
    normal = strength / (strength.std(ddof=1) + np.finfo(np.float32).tiny)
    score = np.convolve(normal, spread)[period : period + len(normal)]
    total, previous = _best_chains(score, period)
    beats = _walk_back(total, previous)
    return _trim(beats, score)


def _best_chains(score: np.ndarray, period: int) -> tuple[np.ndarray, np.ndarray]:
    """For each frame, the score of the best chain of beats ending there and its previous beat."""
    steps = np.arange(int(np.round(period / 2)), 2 * period + 1)
    cost = TIGHTNESS * np.log(np.maximum(steps, 1) / period) ** 2
    total, previous = score.astype(np.float64), np.full(len(score), -1)
    has_begun = False
    for frame in range(len(score)):
        steps_back = steps[: max(0, frame - steps[0] + 1)]
        has_begun = has_begun or score[frame] >= 0.01 * score.max()
        if steps_back.size:
            chains = total[frame - steps_back] - cost[: steps_back.size]
            best = int(chains.argmax())
            total[frame] += chains[best]
            if has_begun:
                previous[frame] = frame - steps_back[best]
    return total, previous


def _walk_back(total: np.ndarray, previous: np.ndarray) -> np.ndarray:
    """The chain that ends at the last peak whose total is at least half the peaks' median."""
    next_total = np.append(total[1:], -np.inf)
    peaks = np.flatnonzero((total[1:] > total[:-1]) & (total[1:] >= next_total[1:])) + 1
    if not peaks.size:
        return np.empty(0, dtype=np.int64)
    frame = int(peaks[total[peaks] >= 0.5 * np.median(total[peaks])][-1])
    beats = []
    while frame >= 0:
        beats.append(frame)
        frame = int(previous[frame])
    return np.array(beats[::-1])


def _trim(beats: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Remove the beats before the music begins and after it ends."""
    smooth = np.convolve(score[beats], np.hanning(5))[2:]
    loud = np.flatnonzero(score > 0.5 * np.sqrt(np.mean(smooth**2)))
    return beats[(beats >= loud[0]) & (beats <= loud[-1])] if loud.size else beats[:0]


def beat_times(y: np.ndarray, sample_rate: int, *, hop_length: int = 512) -> np.ndarray:
    """The times of the beats in seconds, as in `librosa.beat.beat_track`; silence has no beats.

    Args:
        y: (N,) float waveform.
        sample_rate: in Hz.
        hop_length: samples per frame; times are multiples of it.
    """
    sound = Sound(check_waveform("beat_times", y), sample_rate)
    onsets = OnsetStrength(sample_rate, hop_length=hop_length, aggregate="median")
    strength = onsets.of(sound)[0]
    bpm = tempo_of(strength, sample_rate, hop_length)
    return beat_frames(strength, bpm, sample_rate / hop_length) * hop_length / sample_rate
