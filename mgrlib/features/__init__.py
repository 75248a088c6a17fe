"""Waveform to array: every representation is a frozen, callable dataclass.

>>> import numpy as np
>>> feature = LogMel(22050, n_mels=64)
>>> feature(np.zeros(22050)).shape == feature.shape(1.0) == (64, 44)
True
"""

from mgrlib.features.base import Feature
from mgrlib.features.mel import LogMel, Mfcc, mel_filterbank

__all__ = ["Feature", "LogMel", "Mfcc", "mel_filterbank"]
