"""Mel spectrograms in dB and the MFCCs computed from them.

The numbers agree with librosa's (`librosa.feature.melspectrogram`, `power_to_db`, `mfcc`, `delta`)
within 0.001 dB. The filter bank is written out because the book builds it by hand.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import Framewise, fit_frames, frames_in, settle_integer, settle_real
from mgrlib.features.levels import LevelSound
from mgrlib.features.spectrum import FloatArray, Sound, Spectrum, frozen_array

FLOOR_DB = -100.0  # librosa's amin=1e-10, in dB
DELTA_WIDTH = 9  # frames over which a slope is fitted


def hz_to_mel(hz: Any) -> Any:
    """Slaney's mel scale: linear up to 1000 Hz (15 mel), logarithmic above.

    >>> hz_to_mel(np.array([0.0, 1000.0, 6400.0]))
    array([ 0., 15., 42.])
    """
    hz = np.asarray(hz, dtype=np.float64)
    logarithmic = 15.0 + 27.0 * np.log(np.maximum(hz, 1000.0) / 1000.0) / np.log(6.4)
    return np.where(hz < 1000.0, hz * 3.0 / 200.0, logarithmic)[()]


def mel_to_hz(mel: Any) -> Any:
    """Convert mel (Slaney's scale) to Hz; the inverse of `hz_to_mel`."""
    mel = np.asarray(mel, dtype=np.float64)
    exponential = 1000.0 * np.exp((np.maximum(mel, 15.0) - 15.0) * np.log(6.4) / 27.0)
    return np.where(mel < 15.0, mel * 200.0 / 3.0, exponential)[()]


def mel_edges(n_mels: int, fmin: float, fmax: float) -> np.ndarray:
    """The n_mels + 2 edges of the mel bands in Hz, evenly spaced in mel.

    The weights of band m rise from edge m to edge m + 1 and fall to edge m + 2.
    """
    return np.asarray(mel_to_hz(np.linspace(hz_to_mel(fmin), hz_to_mel(fmax), n_mels + 2)))


@lru_cache(maxsize=32)
def mel_filterbank(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float = 0.0, fmax: float | None = None
) -> FloatArray:
    """Triangular weights (n_mels, F), F = n_fft // 2 + 1, each band of the same area (Slaney).

    Args:
        sample_rate: in Hz.
        n_fft: samples per frame.
        n_mels: number of bands.
        fmin, fmax: lower edge of the first and upper edge of the last band, in Hz; fmax None is
            half the sample rate.
    """
    edges = mel_edges(n_mels, fmin, fmax or sample_rate / 2)[:, np.newaxis]
    bins = np.arange(n_fft // 2 + 1) * (sample_rate / n_fft)
    rising = (bins - edges[:-2]) / (edges[1:-1] - edges[:-2])
    falling = (edges[2:] - bins) / (edges[2:] - edges[1:-1])
    triangles = np.maximum(0.0, np.minimum(rising, falling))
    return frozen_array((triangles * 2.0 / (edges[2:] - edges[:-2])).astype(np.float32))


@lru_cache(maxsize=32)
def _band_groups(
    sample_rate: int, n_fft: int, n_mels: int, fmin: float, fmax: float | None
) -> list[tuple[slice, slice, FloatArray]]:
    """The filter bank as blocks (bands, bins, weights), since most of the matrix is zero."""
    weights = mel_filterbank(sample_rate, n_fft, n_mels, fmin, fmax)
    groups = []
    for start in range(0, n_mels, 16):
        bands = slice(start, min(start + 16, n_mels))
        support = np.flatnonzero(weights[bands].any(axis=0))
        bins = slice(int(support[0]), int(support[-1]) + 1)
        groups.append((bands, bins, np.ascontiguousarray(weights[bands, bins].T)))
    return groups


def mel_power(
    spectrum: Spectrum,
    sample_rate: int,
    bands: tuple[int, float, float | None],
    *,
    n_frames: int | None = None,
) -> FloatArray:
    """The power in each mel band, (T, n_mels), of the first `n_frames` frames (None: all).

    `bands` are n_mels, fmin and fmax, as in `mel_filterbank`.
    """
    n_frames = min(n_frames or len(spectrum.frames), len(spectrum.frames))
    groups = _band_groups(sample_rate, spectrum.n_fft, *bands)
    out = np.empty((n_frames, bands[0]), dtype=np.float32)
    for block, power in spectrum.power_blocks(n_frames):
        for rows, bins, weights in groups:
            out[block, rows] = power[:, bins] @ weights
    return out


def power_to_db(
    power: np.ndarray, *, top_db: float | None = 80.0, exponent: float = 1.0
) -> FloatArray:
    """Decibels against 1: 10 log10(power ** exponent), never below -100 dB.

    Args:
        power: any shape, not negative.
        top_db: values further than this below the loudest cell are raised to this floor; None sets
            no such floor.
        exponent: applied to the power first. Choi et al. (2016) square the mel power once more.

    >>> power_to_db(np.array([1.0, 0.1, 0.0]))
    array([  0., -10., -80.], dtype=float32)
    >>> power_to_db(np.array([1.0, 0.1, 0.0]), top_db=None)
    array([   0.,  -10., -100.], dtype=float32)
    """
    smallest = 10.0 ** (FLOOR_DB / 10.0 / exponent)
    out = np.maximum(power, smallest, dtype=np.float32)
    np.log10(out, out=out)
    out *= np.float32(10.0 * exponent)
    np.maximum(out, silence_db(out, top_db), out=out)
    return out


def silence_db(db: FloatArray, top_db: float | None) -> np.float32:
    """The value in dB of a silent cell in this array, which is the floor."""
    return np.float32(FLOOR_DB if top_db is None else max(FLOOR_DB, float(db.max()) - top_db))


@dataclass(frozen=True, kw_only=True)
class _MelSettings(Framewise):
    """The settings that log-mel and MFCC have in common."""

    n_mels: int = 128
    fmin: float = 0.0
    fmax: float | None = None
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_integer(self, "n_mels")
        half = self.sample_rate / 2
        hint = f"the highest frequency is half the sample rate of {self.sample_rate} Hz."
        settle_real(self, "fmax", low=0.0, high=half, optional=True, hint=hint)
        settle_real(self, "fmin", low=0.0, high=self.fmax or half, hint=hint)
        settle_real(self, "top_db", low=0.0, high=1e4, optional=True)
        self._refuse_empty_bands()

    def _refuse_empty_bands(self) -> None:
        edges = mel_edges(self.n_mels, self.fmin, self.fmax or self.sample_rate / 2)
        if edges[-1] <= edges[0]:
            raise FeatureError(
                explain(type(self).__name__, "fmin below fmax", f"{edges[0]:g} Hz and above")
            )
        width = self.sample_rate / self.n_fft
        first_inside = np.floor(edges[:-2] / width) + 1
        empty = np.flatnonzero(first_inside * width >= edges[2:])
        if empty.size:
            raise FeatureError(
                explain(
                    type(self).__name__,
                    f"every mel band wider than a frequency bin ({width:.1f} Hz)",
                    f"{empty.size} of {self.n_mels} bands without a bin, the first being "
                    f"band {empty[0]}",
                    "use a larger n_fft or fewer n_mels.",
                )
            )

    def _log_mel(self, sound: Sound, *, n_frames: int | None, exponent: float = 1.0) -> FloatArray:
        """(T, n_mels) in dB. The floor depends on the loudest cell of the whole sound."""
        if isinstance(sound, LevelSound):
            return self._of_map(sound, exponent)
        n_frames = n_frames if self.top_db is None else None
        bands = (self.n_mels, self.fmin, self.fmax)
        frames = (self.n_fft, self.hop_length, self.pad_mode)

        def compute() -> FloatArray:
            spectrum = sound.spectrum(*frames)
            power = mel_power(spectrum, self.sample_rate, bands, n_frames=n_frames)
            return power_to_db(power, top_db=self.top_db, exponent=exponent)

        log_mel: FloatArray = sound.cached(
            ("log_mel", *bands, *frames, n_frames, self.top_db, exponent), compute
        )
        return log_mel

    def _of_map(self, sound: LevelSound, exponent: float) -> FloatArray:
        """(T, n_mels) in dB below the loudest cell, read off a level map at the bands' centers."""
        centers = mel_edges(self.n_mels, self.fmin, self.fmax or self.sample_rate / 2)[1:-1]
        levels = sound.levels
        spacing = hz_to_mel(levels.top_hz) / (len(levels.db) + 1)  # of the map's own centers
        frames = np.arange(frames_in(self, levels.length))
        seconds = frames * (self.hop_length / self.sample_rate)
        rows = hz_to_mel(centers) / spacing - 1.0
        return sound.log_mel(rows, seconds, top_db=self.top_db, exponent=exponent)


@dataclass(frozen=True, kw_only=True)
class LogMel(_MelSettings):
    """The log-mel spectrogram, (N,) -> (n_mels, T), in dB against a power of 1.

    With default arguments it equals `librosa.power_to_db(librosa.feature.melspectrogram(...))`. Luo
    (2021) uses the first 1024 frames of 128 bands, Choi et al. (2016) 96 bands of 12 kHz sound.

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        n_mels: number of bands.
        fmin, fmax: lower edge of the first and upper edge of the last band, in Hz; fmax None is
            half the sample rate.
        top_db: values further than this below the loudest cell of the sound are raised to this
            floor, and frames added by `n_frames` have its value; with None the only floor is
            -100 dB.
        exponent: the power to which the mel power is raised first; 2 is Choi's extra square.

    >>> LogMel(22050, n_frames=1024).shape(30.0)
    (128, 1024)
    >>> LogMel(12000, n_mels=96, n_fft=512, hop_length=256).shape(29.12)
    (96, 1366)
    """

    exponent: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_real(self, "exponent", low=1e-3, high=10.0)

    @property
    def n_rows(self) -> int:
        """The number of mel bands."""
        return self.n_mels

    def of(self, sound: Sound) -> FloatArray:
        """(n_mels, T), sharing the sound's spectra."""
        log_mel = self.frames_of(sound)
        return fit_frames(log_mel.T, self.n_frames, silence_db(log_mel, self.top_db))

    def frames_of(self, sound: Sound) -> FloatArray:
        """The log-mel spectrogram as (T, n_mels), for features that are computed from it."""
        return self._log_mel(sound, n_frames=self.n_frames, exponent=self.exponent)


@lru_cache(maxsize=32)
def dct_matrix(n_coefficients: int, n_mels: int) -> FloatArray:
    """The first rows of the orthonormal discrete cosine transform, (n_coefficients, n_mels)."""
    middles = (np.arange(n_mels) + 0.5) / n_mels
    matrix = np.cos(np.pi * np.outer(np.arange(n_coefficients), middles)) * np.sqrt(2.0 / n_mels)
    matrix[0] = np.sqrt(1.0 / n_mels)
    return frozen_array(matrix.astype(np.float32))


def delta(x: np.ndarray, order: int = 1) -> FloatArray:
    """The slope (order 1) or curvature (2) along the last axis, fitted over nine frames.

    This is `librosa.feature.delta`, except that fewer than nine frames are extended with the last
    one, where librosa raises an error.
    """
    from scipy.signal import savgol_filter  # a slow import that few callers need

    mode = "interp" if x.shape[-1] >= DELTA_WIDTH else "nearest"
    slopes = savgol_filter(x, DELTA_WIDTH, polyorder=order, deriv=order, axis=-1, mode=mode)
    return np.asarray(slopes, dtype=np.float32)


@dataclass(frozen=True, kw_only=True)
class Mfcc(_MelSettings):
    """Mel-frequency cepstral coefficients, (N,) -> (n_mfcc * (1 + n_deltas), T).

    They are the cosine transform of each column of the log-mel spectrogram, as in
    `librosa.feature.mfcc`. Luo (2021) uses 16 coefficients of the first 1024 frames; Tang et al.
    (2018) use 13 coefficients without C0, or 14 with it.

    Args:
        sample_rate, n_fft, hop_length, n_frames, pad_mode: as in `Framewise`.
        n_mfcc: number of coefficients, including C0 if it is kept.
        c0: whether to keep C0, the loudness; without it the coefficients are C1 to C(n_mfcc).
        n_deltas: 1 appends the slopes of the coefficients over time, 2 also their curvatures.
        n_mels, fmin, fmax, top_db: of the log-mel spectrogram, as in `LogMel`.

    >>> Mfcc(22050, n_mfcc=16, n_frames=1024).shape(30.0)
    (16, 1024)
    >>> Mfcc(22050, n_mfcc=13, c0=False, n_deltas=2).shape(30.0)
    (39, 1292)
    """

    n_mfcc: int = 20
    c0: bool = True
    n_deltas: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        hint = "there are only as many coefficients as mel bands."
        settle_integer(self, "n_mfcc", high=self.n_mels - (not self.c0), hint=hint)
        settle_integer(self, "n_deltas", low=0, high=2)

    @property
    def n_rows(self) -> int:
        """The number of coefficients, with their deltas."""
        return self.n_mfcc * (1 + self.n_deltas)

    def of(self, sound: Sound) -> FloatArray:
        """(n_rows, T), sharing the sound's spectra."""
        log_mel = self._log_mel(sound, n_frames=None if self.n_deltas else self.n_frames)
        first = 0 if self.c0 else 1
        matrix = dct_matrix(self.n_mfcc + first, self.n_mels)[first:]
        mfcc = matrix @ log_mel.T
        rows = [mfcc, *(delta(mfcc, order) for order in range(1, self.n_deltas + 1))]
        silence = np.zeros(self.n_rows, dtype=np.float32)
        silence[: self.n_mfcc] = matrix.sum(axis=1) * silence_db(log_mel, self.top_db)
        return fit_frames(np.concatenate(rows), self.n_frames, silence)
