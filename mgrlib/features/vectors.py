"""Hand-made vectors: a sound in 26, 57 or 128 numbers.

All parts of a vector share one STFT. `columns` names the numbers, in order.

**What Minhas et al. (2019) leave open and what we chose:** frame and hop are librosa's defaults;
chroma and contrast are averaged over bands as well as frames, since each has to be one number; the
tempo is `librosa.feature.tempo`.

**What the public GTZAN table does not say and its numbers give away:** 22,050 Hz, sound mirrored at
the ends (librosa before 0.10), variance by N, the tempo of `beat_track`, and "harmony" and
"perceptr" are mean and variance of the two *waveforms*, whose means say next to nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from mgrlib.features.base import Framewise, settle_choice
from mgrlib.features.hpss import harmonic_and_percussive
from mgrlib.features.mel import LogMel, Mfcc
from mgrlib.features.rhythm import Tempo
from mgrlib.features.spectral import (
    Chroma,
    Rms,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralContrast,
    SpectralFlatness,
    SpectralRolloff,
    ZeroCrossingRate,
)
from mgrlib.features.spectrum import FloatArray, Sound

N_MFCC = 20


@dataclass(frozen=True)
class _Vector(Framewise):
    """A feature without a time axis, made of others that have one."""

    columns: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_choice(self, "n_frames", (None,))

    @property
    def n_rows(self) -> int:
        """The number of values."""
        return len(self.columns)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The number of columns, whatever the length."""
        return (self.n_rows,)

    @property
    def _frames(self) -> dict[str, Any]:
        """The settings of the parts, all with the same frames."""
        return {name: getattr(self, name) for name in ("n_fft", "hop_length", "pad_mode")}


@dataclass(frozen=True)
class Vector26(_Vector):
    """Tempo, five spectral means and 20 MFCC means, (N,) -> (26,): Minhas et al. (2019).

    The sample rate must be above 12,800 Hz, for the highest band of the spectral contrast. Scale
    the vectors by `MinMax` fitted on training data, then `UnitNorm`, as the paper does.
    """

    columns: ClassVar[tuple[str, ...]] = (
        "tempo",
        "zero_crossing_rate",
        "spectral_centroid",
        "spectral_flatness",
        "chroma",
        "spectral_contrast",
        *(f"mfcc{i}" for i in range(1, N_MFCC + 1)),
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        SpectralContrast(self.sample_rate, **self._frames)

    def of(self, sound: Sound) -> FloatArray:
        """(26,), sharing the sound's spectra."""
        sound.share()
        parts = (
            Tempo,
            ZeroCrossingRate,
            SpectralCentroid,
            SpectralFlatness,
            Chroma,
            SpectralContrast,
        )
        means = [part(self.sample_rate, **self._frames).of(sound).mean() for part in parts]
        mfcc = Mfcc(self.sample_rate, n_mfcc=N_MFCC, **self._frames).of(sound)
        return np.array([*means, *mfcc.mean(axis=1)], dtype=np.float32)


def _mean_and_var(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{name}_{kind}" for name in names for kind in ("mean", "var"))


@dataclass(frozen=True)
class Vector57(_Vector):
    """The columns of the public GTZAN table, (N,) -> (57,): mean and variance of 28 features.

    For 30 s clips as for 3 s segments (Wei et al. classify the latter). Rows of the table itself
    are reproduced from 22,050 Hz sound; segment i of a clip there is
    `y[i * 66150 : i * 66150 + 66149]`.
    """

    columns: ClassVar[tuple[str, ...]] = (
        *_mean_and_var(
            (
                "chroma_stft",
                "rms",
                "spectral_centroid",
                "spectral_bandwidth",
                "rolloff",
                "zero_crossing_rate",
                "harmony",
                "perceptr",
            )
        ),
        "tempo",
        *_mean_and_var(tuple(f"mfcc{i}" for i in range(1, N_MFCC + 1))),
    )

    needs_phase: ClassVar[bool] = True

    pad_mode: str = "reflect"

    def of(self, sound: Sound) -> FloatArray:
        """(57,), sharing the sound's spectra."""
        sound.share()
        spectrum = sound.spectrum(self.n_fft, self.hop_length, self.pad_mode)
        waveforms = harmonic_and_percussive(sound.y, spectrum)  # first: it wants the phases too
        parts = (
            Chroma,
            Rms,
            SpectralCentroid,
            SpectralBandwidth,
            SpectralRolloff,
            ZeroCrossingRate,
        )
        rows = [part(self.sample_rate, **self._frames).of(sound) for part in parts]
        values = [value for row in rows for value in (row.mean(), row.var())]
        for waveform in waveforms:
            values += _moments_of_padded(waveform, len(sound.y))
        tempo = Tempo(self.sample_rate, aggregate="median", **self._frames).of(sound)
        mfcc = Mfcc(self.sample_rate, n_mfcc=N_MFCC, **self._frames).of(sound)
        moments = np.stack([mfcc.mean(axis=1), mfcc.var(axis=1)], axis=1)
        return np.array([*values, *tempo, *moments.ravel()], dtype=np.float32)


def _moments_of_padded(waveform: FloatArray, length: int) -> list[float]:
    """Mean and variance of a waveform with zeros added up to that length."""
    mean = float(waveform.sum(dtype=np.float64)) / length
    mean_square = float(np.dot(waveform, waveform)) / length
    return [mean, mean_square - mean**2]


@dataclass(frozen=True)
class MelRows128(_Vector):
    """The mean of each row of the log-mel spectrogram in dB, (N,) -> (128,).

    The second input of Minhas et al. (2019): what is left of the picture without its time axis.
    """

    columns: ClassVar[tuple[str, ...]] = tuple(f"mel{i}" for i in range(1, 129))

    def of(self, sound: Sound) -> FloatArray:
        """(128,), sharing the sound's spectra."""
        log_mel = LogMel(self.sample_rate, n_mels=128, **self._frames).frames_of(sound)
        return log_mel.mean(axis=0)
