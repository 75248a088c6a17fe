"""Harmonic and percussive parts of a sound, by medians of its spectrogram (Fitzgerald 2010).

A steady tone is a horizontal line of the spectrogram, and a drum hit is a vertical line. A median
over 31 frames keeps the horizontal lines and removes the vertical ones; a median over 31 bins does
the opposite. Each cell is divided between the two parts in proportion to the medians' squares.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np
import scipy.fft

from mgrlib.features.base import key_of, n_samples, settle_choice, settle_integer
from mgrlib.features.medians import sliding_median
from mgrlib.features.spectrum import (
    PAD_MODES,
    FloatArray,
    Sound,
    Spectrum,
    frozen_array,
    hann_window,
)


def harmonic_mask(magnitude: np.ndarray) -> FloatArray:
    """The harmonic fraction of each cell, (T, F) -> (T, F) in [0, 1].

    The percussive fraction is 1 minus it. Cells in which both medians are zero are divided equally.
    """
    harmonic = sliding_median(magnitude)
    percussive = np.ascontiguousarray(sliding_median(np.ascontiguousarray(magnitude.T)).T)
    np.square(harmonic, out=harmonic)
    total = np.square(percussive, out=percussive)
    total += harmonic
    silent = total == 0.0
    if silent.any():
        harmonic[silent], total[silent] = 0.5, 1.0
    return np.divide(harmonic, total, out=harmonic)


def inverse_stft(
    stft: np.ndarray, n_fft: int, hop_length: int, length: int | None = None
) -> FloatArray:
    """The waveform of a centered STFT: (T, F) complex, overwritten -> (length,) float32.

    As in `librosa.istft`, frames are multiplied by the window, added where they overlap, and
    divided by the sum of the squared windows. Without `length`, the waveform has
    hop_length * (T - 1) samples and ends at the center of the last frame.
    """
    frames = scipy.fft.irfft(stft, n=n_fft, axis=1, overwrite_x=True)
    frames *= hann_window(n_fft)
    y = _overlap_add(frames, hop_length)
    y /= _window_power(len(frames), n_fft, hop_length)
    start = n_fft // 2
    return y[start : start + (hop_length * (len(frames) - 1) if length is None else length)]


def _overlap_add(frames: np.ndarray, hop_length: int) -> FloatArray:
    """(T, n_fft) -> (n_fft + hop_length * (T - 1),): add each frame at its position."""
    n_frames, n_fft = frames.shape
    n_pieces = -(-n_fft // hop_length)
    out = np.zeros((n_frames + n_pieces - 1, hop_length), dtype=np.float32)
    for i in range(n_pieces):
        piece = frames[:, i * hop_length : (i + 1) * hop_length]
        out[i : i + n_frames, : piece.shape[1]] += piece
    return out.reshape(-1)[: n_fft + hop_length * (n_frames - 1)]


@lru_cache(maxsize=8)
def _window_power(n_frames: int, n_fft: int, hop_length: int) -> FloatArray:
    """The sum of the squared windows over each sample, and 1 where no window reaches."""
    windows = np.broadcast_to(np.square(hann_window(n_fft)), (n_frames, n_fft))
    power = _overlap_add(windows, hop_length)
    return frozen_array(np.where(power > np.finfo(np.float32).tiny, power, np.float32(1.0)))


def harmonic_and_percussive(
    y: FloatArray, spectrum: Spectrum, *, length: int | None = None
) -> tuple[FloatArray, FloatArray]:
    """Split a waveform into its harmonic and its percussive part, which add up to it.

    The two fractions of a cell add up to 1. The percussive part is therefore the waveform minus the
    harmonic part, and a single inverse transform is enough.

    Args:
        y: (N,).
        spectrum: of `y`.
        length: of the parts, as in `inverse_stft`.
    """
    stft = spectrum.stft * harmonic_mask(spectrum.magnitude)
    harmonic = inverse_stft(stft, spectrum.n_fft, spectrum.hop_length, length)[: len(y)]
    return harmonic, y[: len(harmonic)] - harmonic


@dataclass(frozen=True)
class _Part:
    """One part of a sound, as long as the sound."""

    version: ClassVar[int] = 1
    needs_phase: ClassVar[bool] = True

    sample_rate: int
    _: KW_ONLY
    n_fft: int = 2048
    hop_length: int = 512
    pad_mode: str = "constant"

    def __post_init__(self) -> None:
        settle_integer(self, "sample_rate")
        settle_integer(self, "n_fft", low=2)
        settle_integer(self, "hop_length", high=self.n_fft // 2, hint="frames have to overlap.")
        settle_choice(self, "pad_mode", PAD_MODES)

    @property
    def key(self) -> str:
        """Text that names the class, its version and every setting."""
        return key_of(self)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(N,)."""
        return (n_samples(seconds, self.sample_rate),)

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform -> (N,) float32."""
        return self.of(Sound(y, self.sample_rate, where=type(self).__name__))

    def of(self, sound: Sound) -> FloatArray:
        """(N,), sharing the sound's spectra."""
        raise NotImplementedError

    def _parts(self, sound: Sound) -> tuple[FloatArray, FloatArray]:
        settings = (self.n_fft, self.hop_length, self.pad_mode)
        parts: tuple[FloatArray, FloatArray] = sound.cached(
            ("parts", *settings),
            lambda: harmonic_and_percussive(
                sound.y, sound.spectrum(*settings), length=len(sound.y)
            ),
        )
        return parts


@dataclass(frozen=True)
class Harmonic(_Part):
    """The harmonic part, mostly steady tones, (N,) -> (N,): `librosa.effects.harmonic`."""

    def of(self, sound: Sound) -> FloatArray:
        """(N,), sharing the sound's spectra."""
        return self._parts(sound)[0]


@dataclass(frozen=True)
class Percussive(_Part):
    """The percussive part, mostly short strokes, (N,) -> (N,): `librosa.effects.percussive`."""

    def of(self, sound: Sound) -> FloatArray:
        """(N,), sharing the sound's spectra."""
        return self._parts(sound)[1]
