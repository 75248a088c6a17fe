"""The mel spectrogram as an image of gray values, dark where the sound is loud."""

from __future__ import annotations

from dataclasses import dataclass

from mgrlib.features.base import settle_real
from mgrlib.features.mel import LogMel
from mgrlib.features.spectrum import FloatArray, Sound


@dataclass(frozen=True, kw_only=True)
class MelPixels(LogMel):
    """How far each cell of the mel spectrogram lies below the loudest, (N,) -> (n_mels, T).

    This is the input image of Minhas et al. (2019). The paper says that pixel values are multiplied
    by a scalar to increase contrast. In the authors' public code a pixel is the number of decibels
    below the loudest cell, times 4.5, so that 0 is the loudest cell and 360 is silence.

    The other arguments are those of `LogMel`; `top_db` limits how dark a pixel can be.

    Args:
        contrast: the factor by which the decibels are multiplied.

    >>> MelPixels(22050).shape(5.0)
    (128, 216)
    """

    contrast: float = 4.5

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_real(self, "contrast", low=1e-6, high=1e6)

    def of(self, sound: Sound) -> FloatArray:
        """(n_mels, T) from 0 (loudest) to `contrast * top_db`, sharing the sound's spectra."""
        log_mel = super().of(sound)
        return self.contrast * (log_mel.max() - log_mel)
