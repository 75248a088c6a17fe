"""Waveform to array: every representation is a frozen, callable dataclass.

>>> import numpy as np
>>> feature = LogMel(22050, n_mels=64)
>>> feature(np.zeros(22050)).shape == feature.shape(1.0) == (64, 44)
True
"""

from mgrlib.features.base import Feature
from mgrlib.features.hpss import Harmonic, Percussive
from mgrlib.features.mel import LogMel, Mfcc, mel_filterbank
from mgrlib.features.rhythm import BeatVector, OnsetStrength, Tempo, Tempogram, beat_times
from mgrlib.features.spectral import (
    Chroma,
    Rms,
    SpectralBandwidth,
    SpectralCentroid,
    SpectralContrast,
    SpectralFlatness,
    SpectralRolloff,
    Stft,
    ZeroCrossingRate,
)
from mgrlib.features.vectors import MelRows128, Vector26, Vector57

__all__ = [
    "BeatVector",
    "Chroma",
    "Feature",
    "Harmonic",
    "LogMel",
    "MelRows128",
    "Mfcc",
    "OnsetStrength",
    "Percussive",
    "Rms",
    "SpectralBandwidth",
    "SpectralCentroid",
    "SpectralContrast",
    "SpectralFlatness",
    "SpectralRolloff",
    "Stft",
    "Tempo",
    "Tempogram",
    "Vector26",
    "Vector57",
    "ZeroCrossingRate",
    "beat_times",
    "mel_filterbank",
]
