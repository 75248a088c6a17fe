"""Hand-crafted feature vectors of 26, 57 or 128 numbers.

All parts of a vector use the same STFT. `columns` lists the names of the numbers in order.

**What Minhas et al. (2019) leave open and what we chose:** frame and hop length are librosa's
defaults. Chroma and contrast are averaged over bands as well as frames, because the paper counts
each as one number. The tempo is `librosa.feature.tempo`.

**What the public GTZAN table does not say, and what its numbers imply:** the sample rate is
22,050 Hz; the ends of the sound are mirrored (as in librosa before 0.10); variances are divided by
N; the tempo is that of `beat_track`; "harmony" and "perceptr" are the mean and variance of the two
*waveforms*, and the mean of a waveform carries almost no information.
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
    """A feature without a time axis, computed from features that have one."""

    columns: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_choice(self, "n_frames", (None,))

    @property
    def n_rows(self) -> int:
        """The number of values."""
        return len(self.columns)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The number of columns, for any length."""
        return (self.n_rows,)

    @property
    def _frames(self) -> dict[str, Any]:
        """The settings of the parts, all with the same frames."""
        return {name: getattr(self, name) for name in ("n_fft", "hop_length", "pad_mode")}


@dataclass(frozen=True)
class Vector26(_Vector):
    """Tempo, five spectral means and 20 MFCC means, (N,) -> (26,): Minhas et al. (2019).

    The sample rate must be above 12,800 Hz because of the highest band of the spectral contrast.
    The paper scales the vectors with `MinMax`, fitted on training data, and then with `UnitNorm`.
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
        sound.keep_spectra()
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

    It is used for clips of 30 s and for segments of 3 s (which Wei et al. classify). To reproduce
    rows of the table, compute it at 22,050 Hz; segment i of a clip is
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
        sound.keep_spectra()
        spectrum = sound.spectrum(self.n_fft, self.hop_length, self.pad_mode)
        waveforms = harmonic_and_percussive(sound.y, spectrum)  # first, since it needs the phases
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
            values += _moments_after_padding(waveform, len(sound.y))
        tempo = Tempo(self.sample_rate, aggregate="median", **self._frames).of(sound)
        mfcc = Mfcc(self.sample_rate, n_mfcc=N_MFCC, **self._frames).of(sound)
        moments = np.stack([mfcc.mean(axis=1), mfcc.var(axis=1)], axis=1)
        return np.array([*values, *tempo, *moments.ravel()], dtype=np.float32)


def _moments_after_padding(waveform: FloatArray, length: int) -> list[float]:
    """Mean and variance of a waveform that is padded with zeros to this length."""
    mean = float(waveform.sum(dtype=np.float64)) / length
    mean_square = float(np.dot(waveform, waveform)) / length
    return [mean, mean_square - mean**2]


@dataclass(frozen=True)
class MelRows128(_Vector):
    """The mean of each row of the log-mel spectrogram in dB, (N,) -> (128,).

    This is the second input of Minhas et al. (2019): the spectrogram averaged over time.
    """

    columns: ClassVar[tuple[str, ...]] = tuple(f"mel{i}" for i in range(1, 129))

    def of(self, sound: Sound) -> FloatArray:
        """(128,), sharing the sound's spectra."""
        log_mel = LogMel(self.sample_rate, n_mels=128, **self._frames).frames_of(sound)
        return log_mel.mean(axis=0)
