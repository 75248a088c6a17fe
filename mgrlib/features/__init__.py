"""Waveform to array: every representation is a frozen, callable dataclass.

>>> import numpy as np
>>> feature = LogMel(22050, n_mels=64)
>>> feature(np.zeros(22050)).shape == feature.shape(1.0) == (64, 44)
True
"""

from mgrlib.features.base import Feature
from mgrlib.features.compose import Concat, Dropped
from mgrlib.features.crop import Crop
from mgrlib.features.framing import pad_or_truncate, segment_distances
from mgrlib.features.hpss import Harmonic, Percussive
from mgrlib.features.mel import LogMel, Mfcc, mel_filterbank
from mgrlib.features.pictures import MelPicture, MfccPicture, WavePlot, ZcrPlot
from mgrlib.features.pixels import MelPixels
from mgrlib.features.resynthesis import noise_like, with_gains
from mgrlib.features.rhythm import OnsetStrength, Tempo, Tempogram, beat_times
from mgrlib.features.scale import MinMax, Standardize, UnitNorm
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
from mgrlib.features.stored import Stored
from mgrlib.features.tagger import TaggerMel, standardize_clips
from mgrlib.features.vectors import MelRows128, Vector26, Vector57

__all__ = [
    "Chroma",
    "Concat",
    "Crop",
    "Dropped",
    "Feature",
    "Harmonic",
    "LogMel",
    "MelPicture",
    "MelPixels",
    "MelRows128",
    "Mfcc",
    "MfccPicture",
    "MinMax",
    "OnsetStrength",
    "Percussive",
    "Rms",
    "SpectralBandwidth",
    "SpectralCentroid",
    "SpectralContrast",
    "SpectralFlatness",
    "SpectralRolloff",
    "Standardize",
    "Stft",
    "Stored",
    "TaggerMel",
    "Tempo",
    "Tempogram",
    "UnitNorm",
    "Vector26",
    "Vector57",
    "WavePlot",
    "ZcrPlot",
    "ZeroCrossingRate",
    "beat_times",
    "mel_filterbank",
    "noise_like",
    "pad_or_truncate",
    "segment_distances",
    "standardize_clips",
    "with_gains",
]
