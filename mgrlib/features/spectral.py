"""Features of single frames: the spectrum, and numbers that summarize it.

Each class computes what the function of the same name in `librosa.feature` does, with a time axis:
(N,) -> (rows, T). Frames added by `n_frames` have the values of silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import (
    Framewise,
    fit_frames,
    settle_choice,
    settle_integer,
    settle_real,
)
from mgrlib.features.mel import power_to_db, silence_db
from mgrlib.features.spectrum import FloatArray, Sound, Spectrum, frozen_array

TINY = np.finfo(np.float32).tiny  # librosa treats divisors below this as zero


@lru_cache(maxsize=16)
def bin_frequencies(sample_rate: int, n_fft: int) -> np.ndarray:
    """The center frequency of each bin in Hz, (F,) float64."""
    frequencies: np.ndarray = frozen_array(np.arange(n_fft // 2 + 1) * (sample_rate / n_fft))
    return frequencies


@dataclass(frozen=True)
class _OneRow(Framewise):
    """A feature with one number per frame."""

    @property
    def n_rows(self) -> int:
        """The number of rows, 1."""
        return 1

    def _spectrum(self, sound: Sound) -> Spectrum:
        return sound.spectrum(self.n_fft, self.hop_length, self.pad_mode)

    def _fit_row(self, values: np.ndarray, fill: float = 0.0) -> FloatArray:
        return fit_frames(values[np.newaxis], self.n_frames, fill)


@dataclass(frozen=True, kw_only=True)
class Stft(Framewise):
    """The spectrogram, (N,) -> (n_fft // 2 + 1, T).

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        scale: "magnitude", "power" (its square) or "db" (of the power, against 1).
        top_db: for "db" only: values further than this below the loudest cell are raised to this
            floor; None sets no such floor.

    >>> Stft(22050).shape(1.0)
    (1025, 44)
    """

    scale: Literal["magnitude", "power", "db"] = "db"
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_choice(self, "scale", ("magnitude", "power", "db"))
        settle_real(self, "top_db", low=0.0, high=1e4, optional=True)

    @property
    def n_rows(self) -> int:
        """The number of frequency bins."""
        return self.n_fft // 2 + 1

    def of(self, sound: Sound) -> FloatArray:
        """(F, T), sharing the sound's spectra."""
        spectrum = sound.spectrum(self.n_fft, self.hop_length, self.pad_mode)
        if self.scale == "magnitude":
            return fit_frames(spectrum.magnitude.T, self.n_frames)
        if self.scale == "power":
            return fit_frames(spectrum.power.T, self.n_frames)
        db = power_to_db(spectrum.power, top_db=self.top_db)
        return fit_frames(db.T, self.n_frames, silence_db(db, self.top_db))


def _moments(spectrum: Spectrum, sample_rate: int) -> tuple[np.ndarray, np.ndarray]:
    """The mean frequency and the mean squared frequency of each frame, (T,) each.

    They are float64 because the bandwidth of a pure tone is the small difference of two large
    numbers.
    """
    frequencies = bin_frequencies(sample_rate, spectrum.n_fft)
    powers = np.stack([np.ones_like(frequencies), frequencies, frequencies**2], axis=1)
    moments = np.empty((len(spectrum.frames), 3))
    for block, magnitude in _blocks(spectrum.magnitude):
        moments[block] = magnitude.astype(np.float64) @ powers
    total, first, second = moments.T
    total = np.where(total < TINY, np.inf, total)
    return first / total, second / total


@dataclass(frozen=True)
class SpectralCentroid(_OneRow):
    """The mean frequency in Hz, weighted by magnitude, (N,) -> (1, T): a measure of brightness.

    It is 0 for silence, and one of the seven features of Minhas et al. (2019).
    """

    def of(self, sound: Sound) -> FloatArray:
        """(1, T), sharing the sound's spectra."""
        mean, _ = _cached_moments(self, sound)
        return self._fit_row(mean)


@dataclass(frozen=True)
class SpectralBandwidth(_OneRow):
    """The standard deviation of frequency in Hz, weighted by magnitude, (N,) -> (1, T)."""

    def of(self, sound: Sound) -> FloatArray:
        """(1, T), sharing the sound's spectra."""
        mean, mean_square = _cached_moments(self, sound)
        return self._fit_row(np.sqrt(np.maximum(mean_square - mean**2, 0.0)))


def _cached_moments(feature: _OneRow, sound: Sound) -> tuple[np.ndarray, np.ndarray]:
    name = ("moments", feature.n_fft, feature.hop_length, feature.pad_mode)
    moments: tuple[np.ndarray, np.ndarray] = sound.cached(
        name, lambda: _moments(feature._spectrum(sound), feature.sample_rate)
    )
    return moments


@dataclass(frozen=True, kw_only=True)
class SpectralRolloff(_OneRow):
    """The frequency in Hz below which a given fraction of the magnitude lies, (N,) -> (1, T).

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        fraction: of the frame's total magnitude, between 0 and 1.
    """

    fraction: float = 0.85

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_real(self, "fraction", low=1e-6, high=1 - 1e-6)

    def of(self, sound: Sound) -> FloatArray:
        """(1, T), sharing the sound's spectra."""
        spectrum = self._spectrum(sound)
        bins = np.empty(len(spectrum.frames), dtype=np.intp)
        for block, magnitude in _blocks(spectrum.magnitude):
            sums = np.cumsum(magnitude, axis=1)
            limit = np.float32(self.fraction) * sums[:, -1:]
            bins[block] = np.count_nonzero(sums < limit, axis=1)
        return self._fit_row(bin_frequencies(self.sample_rate, self.n_fft)[bins])


@dataclass(frozen=True)
class SpectralFlatness(_OneRow):
    """The ratio of the power's geometric to its arithmetic mean, (N,) -> (1, T).

    It is near 0 for a pure tone, about 0.56 for a frame of white noise, whose bins fluctuate, and 1
    for silence, whose spectrum is flat. It is one of the seven features of Minhas et al. (2019).
    """

    def of(self, sound: Sound) -> FloatArray:
        """(1, T), sharing the sound's spectra."""
        spectrum = self._spectrum(sound)
        out = np.empty(len(spectrum.frames), dtype=np.float32)
        for block, power in _blocks(spectrum.power):
            power = np.maximum(power, np.float32(1e-10))
            arithmetic = power.mean(axis=1)
            out[block] = np.exp(np.log(power, out=power).mean(axis=1)) / arithmetic
        return self._fit_row(out, fill=1.0)


def _blocks(x: np.ndarray, n_rows: int = 64) -> list[tuple[slice, np.ndarray]]:
    """Divide an array into blocks of rows that fit into the processor's cache."""
    blocks = [slice(start, start + n_rows) for start in range(0, len(x), n_rows)]
    return [(block, x[block]) for block in blocks]


@dataclass(frozen=True, kw_only=True)
class SpectralContrast(Framewise):
    """The difference between peaks and valleys in octave bands, (N,) -> (n_bands + 1, T) in dB.

    In each band the loudest 2 % of the bins are compared with the quietest 2 % (Jiang et al. 2002).
    It is one of the seven features of Minhas et al. (2019).

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        n_bands: the number of octaves above `fmin`; the frequencies below are one more band.
        fmin: lower edge of the first octave in Hz.
    """

    n_bands: int = 6
    fmin: float = 200.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_integer(self, "n_bands")
        settle_real(self, "fmin", low=1e-3, high=self.sample_rate / 2)
        top = self.fmin * 2.0 ** (self.n_bands - 1)
        if top >= self.sample_rate / 2:
            raise FeatureError(
                explain(
                    "SpectralContrast",
                    f"bands below half the sample rate of {self.sample_rate} Hz",
                    f"one that begins at {top:g} Hz",
                    "use fewer n_bands, a lower fmin or a higher sample rate.",
                )
            )
        empty = [i for i, (low, high, _) in enumerate(_octaves(self)) if high <= low]
        if empty:
            raise FeatureError(
                explain(
                    "SpectralContrast",
                    "at least two frequency bins in every band",
                    f"too few in band {empty[0]}",
                    "use a larger n_fft.",
                )
            )

    @property
    def n_rows(self) -> int:
        """The number of bands."""
        return self.n_bands + 1

    def of(self, sound: Sound) -> FloatArray:
        """(n_bands + 1, T), sharing the sound's spectra."""
        spectrum = sound.spectrum(self.n_fft, self.hop_length, self.pad_mode)
        peaks = np.empty((self.n_rows, len(spectrum.frames)), dtype=np.float32)
        valleys = np.empty_like(peaks)
        for block, magnitude in _blocks(spectrum.magnitude):
            for band, (low, high, n_extreme) in enumerate(_octaves(self)):
                values = np.sort(magnitude[:, low:high], axis=1)
                valleys[band, block] = values[:, :n_extreme].sum(axis=1) / n_extreme
                peaks[band, block] = values[:, -n_extreme:].sum(axis=1) / n_extreme
        peaks_db, valleys_db = power_to_db(peaks), power_to_db(valleys)
        silence = silence_db(peaks_db, 80.0) - silence_db(valleys_db, 80.0)
        return fit_frames(peaks_db - valleys_db, self.n_frames, silence)


@lru_cache(maxsize=16)
def _octaves(feature: SpectralContrast) -> list[tuple[int, int, int]]:
    """First bin, end bin and number of extreme bins of each band, as librosa chooses them.

    A band begins one bin early and, unless it is the last, ends one bin early. The extremes are 2 %
    of its bins before its end is moved, and at least one.
    """
    frequencies = bin_frequencies(feature.sample_rate, feature.n_fft)
    edges = [0.0, *(feature.fmin * 2.0**octave for octave in range(feature.n_bands + 1))]
    octaves = []
    for band, (low_hz, high_hz) in enumerate(pairwise(edges)):
        low = int(np.searchsorted(frequencies, low_hz, side="left")) - (band > 0)
        last = band == feature.n_bands
        high = len(frequencies) if last else int(np.searchsorted(frequencies, high_hz, "right"))
        n_extreme = max(1, round(0.02 * (high - low)))
        octaves.append((low, high if last else high - 1, n_extreme))
    return octaves


@dataclass(frozen=True)
class ZeroCrossingRate(_OneRow):
    """The fraction of samples at which the sign changes, (N,) -> (1, T), from 0 to 1.

    A sine of f Hz crosses zero 2 f times per second. The ends are extended with their last value,
    so `pad_mode` has no effect. It is one of the seven features of Minhas et al. (2019).
    """

    def of(self, sound: Sound) -> FloatArray:
        """(1, T); needs no spectrum."""
        half = self.n_fft // 2
        negative = np.pad(sound.y < -1e-10, half, mode="edge")
        changes = np.cumsum(negative[1:] != negative[:-1], dtype=np.int32)
        crossings = np.concatenate([np.zeros(1, dtype=np.int32), changes])
        starts = np.arange(0, max(1, len(negative) - self.n_fft + 1), self.hop_length)
        ends = np.minimum(starts + self.n_fft - 1, len(crossings) - 1)
        return self._fit_row((crossings[ends] - crossings[starts]) / self.n_fft)


@dataclass(frozen=True)
class Rms(_OneRow):
    """The root of the mean squared amplitude, (N,) -> (1, T): a rough measure of loudness.

    It is 0.707 for a sine of amplitude 1.
    """

    def of(self, sound: Sound) -> FloatArray:
        """(1, T), sharing the sound's frames."""
        frames = self._spectrum(sound).frames
        return self._fit_row(np.sqrt(np.einsum("tn,tn->t", frames, frames) / self.n_fft))


@dataclass(frozen=True, kw_only=True)
class Chroma(Framewise):
    """The power in each pitch class, starting with C, (N,) -> (n_chroma, T), in [0, 1].

    Each frame is divided by its largest value; silent frames are 0. Chroma is one of the seven
    features of Minhas et al. (2019).

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        n_chroma: pitch classes per octave.
        tuning: how far A is from 440 Hz, as a fraction of a pitch class; None estimates it for each
            sound.
    """

    n_chroma: int = 12
    tuning: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_integer(self, "n_chroma")
        settle_real(self, "tuning", low=-0.5, high=0.5, optional=True)

    @property
    def n_rows(self) -> int:
        """The number of pitch classes."""
        return self.n_chroma

    def of(self, sound: Sound) -> FloatArray:
        """(n_chroma, T), sharing the sound's spectra."""
        power = sound.spectrum(self.n_fft, self.hop_length, self.pad_mode).power
        tuning = self.tuning
        if tuning is None:
            tuning = estimate_tuning(power, self.sample_rate, self.n_fft, self.n_chroma)
        weights = chroma_filterbank(self.sample_rate, self.n_fft, self.n_chroma, tuning)
        chroma = power @ weights.T
        largest = chroma.max(axis=1, keepdims=True)
        chroma /= np.where(largest < TINY, 1.0, largest)
        return fit_frames(chroma.T, self.n_frames)


@lru_cache(maxsize=128)
def chroma_filterbank(
    sample_rate: int, n_fft: int, n_chroma: int = 12, tuning: float = 0.0
) -> FloatArray:
    """The weight of each bin in each pitch class, (n_chroma, F), as in `librosa.filters.chroma`.

    The weights of a bin are a bell curve, two classes wide, around its pitch. Bins far from the
    fifth octave, which contains most of the music, have smaller weights.
    """
    frequencies = np.arange(1, n_fft) * (sample_rate / n_fft)
    pitches = n_chroma * np.log2(frequencies / 27.5) - tuning
    pitches = np.concatenate([[pitches[0] - 1.5 * n_chroma], pitches])  # 0 Hz has no pitch
    widths = np.append(np.maximum(np.diff(pitches), 1.0), 1.0)
    half = np.round(n_chroma / 2)
    distances = np.remainder(pitches - np.arange(n_chroma)[:, np.newaxis] + half, n_chroma) - half
    weights = np.exp(-0.5 * (2.0 * distances / widths) ** 2)
    weights /= np.sqrt((weights**2).sum(axis=0))
    weights *= np.exp(-0.5 * ((pitches / n_chroma - 5.0) / 2.0) ** 2)
    from_c = np.roll(weights, -3 * (n_chroma // 12), axis=0)  # the classes above began with A
    return frozen_array(from_c[:, : n_fft // 2 + 1].astype(np.float32))


def estimate_tuning(power: np.ndarray, sample_rate: int, n_fft: int, n_chroma: int = 12) -> float:
    """Estimate how far the tuning is from A = 440 Hz, in pitch classes from -0.5 to 0.5.

    As in `librosa.estimate_tuning`, it is the most frequent deviation, in steps of 0.01, among the
    louder half of all spectral peaks from 150 to 4000 Hz. It is 0 if there is no peak.

    Args:
        power: (T, F).
        sample_rate, n_fft: the settings with which `power` was computed.
        n_chroma: pitch classes per octave.
    """
    peaks = [_spectral_peaks(block, sample_rate, n_fft) for _, block in _blocks(power)]
    pitches, heights = (np.concatenate(parts) for parts in zip(*peaks, strict=True))
    if not pitches.size:
        return 0.0
    pitches = pitches[heights >= np.median(heights)]
    deviations = np.mod(n_chroma * np.log2(pitches / 27.5), 1.0)
    deviations[deviations >= 0.5] -= 1.0
    edges = np.linspace(-0.5, 0.5, 101)
    counts = np.bincount(np.searchsorted(edges, deviations, side="right") - 1, minlength=100)
    return float(edges[counts[:100].argmax()])


def _spectral_peaks(
    power: np.ndarray, sample_rate: int, n_fft: int
) -> tuple[FloatArray, FloatArray]:
    """Frequency in Hz and height of all peaks of at least a tenth of their frame's maximum.

    Both are those of the parabola through the peak and its two neighbors.
    """
    frequencies = bin_frequencies(sample_rate, n_fft)
    inside = np.flatnonzero((frequencies >= 150.0) & (frequencies < min(4000.0, sample_rate / 2)))
    if not inside.size or len(frequencies) < 3:
        return np.empty(0, dtype=np.float32), np.empty(0, dtype=np.float32)
    low, high = max(1, inside[0]), min(inside[-1] + 1, len(frequencies) - 1)
    middle = power[:, low:high]
    left, right = power[:, low - 1 : high - 1], power[:, low + 1 : high + 1]
    least = np.float32(0.1) * power.max(axis=1, keepdims=True)
    peaks = np.nonzero((middle > least) & (middle > left) & (middle >= right))
    top, slope = middle[peaks], (right[peaks] - left[peaks]) / 2
    curve = left[peaks] + right[peaks] - 2 * top
    shift = np.where(np.abs(slope) >= np.abs(curve), 0.0, -slope / np.where(curve == 0, 1, curve))
    shift = shift.astype(np.float32)
    pitches = (peaks[1] + low + shift) * np.float64(sample_rate) / n_fft
    return pitches.astype(np.float32), top + np.float32(0.5) * slope * shift
