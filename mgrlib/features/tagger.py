"""The front end of Choi's taggers: 29.12 s at 12 kHz as 96 mel bands by 1366 frames, in dB.

Three of its steps look like mistakes, but the networks were trained with them. The mel *power* is
squared once more, so that the floor of 80 dB below the loudest cell corresponds to 40 dB of power.
The ends of the sound are mirrored rather than filled with zeros. And the networks of 2016 expect
each clip standardized by its own mean and standard deviation, which no published program does.
"""

from __future__ import annotations

import math
from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar, Literal

import numpy as np

from mgrlib.features.base import key_of, n_samples, settle_choice, settle_real
from mgrlib.features.framing import pad_or_truncate
from mgrlib.features.mel import LogMel
from mgrlib.features.spectrum import FloatArray, check_waveform
from mgrlib.levels import LevelMap

TAGGER_RATE = 12_000
TAGGER_SECONDS = 29.12


def standardize_clips(x: Any) -> Any:
    """Scale each clip to mean 0 and standard deviation 1: (..., F, T) -> the same shape, float32.

    A constant clip, such as silence, becomes zeros. An array gives an array, a tensor a tensor.

    >>> standardize_clips(np.array([[[0.0, 2.0]], [[-80.0, -80.0]]]))
    array([[[-1.,  1.]],
    <BLANKLINE>
           [[ 0.,  0.]]], dtype=float32)
    """
    if hasattr(x, "new_tensor"):  # torch operations only, which can be exported to ONNX
        values = x.double()
        mean = values.mean(dim=(-2, -1), keepdim=True)
        std = values.std(dim=(-2, -1), correction=0, keepdim=True)
        scores = (values - mean) / std.where(std > 1e-6, math.inf)
        return scores.float()
    values = np.asarray(x, dtype=np.float64)
    mean = values.mean(axis=(-2, -1), keepdims=True)
    std = values.std(axis=(-2, -1), keepdims=True)
    scores = (values - mean) / np.where(std > 1e-6, std, np.inf)
    return scores.astype(np.float32)


@dataclass(frozen=True)
class TaggerMel:
    """The mel spectrogram that Choi's taggers take as input, (N,) -> (96, 1366).

    Args:
        sample_rate: 12000, the only rate that the networks were trained for.
        part: which 29.12 s of a longer sound are taken: its "center" (Choi) or its "start" (Jiménez
            and José, on clips of 30 s). A shorter sound is filled up with zeros at the end.
        scale: "clip" standardizes each clip, "none" leaves the values in dB.
        exponent: the power to which the mel power is raised; 1 leaves out the square.
        top_db: values further than this below the loudest cell are raised to this floor; None sets
            no such floor.

    >>> TaggerMel(12000).shape(30.0)
    (96, 1366)
    """

    version: ClassVar[int] = 1

    sample_rate: int
    _: KW_ONLY
    part: Literal["center", "start"] = "center"
    scale: Literal["clip", "none"] = "clip"
    exponent: float = 2.0
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        settle_choice(self, "sample_rate", (TAGGER_RATE,))
        settle_choice(self, "part", ("center", "start"))
        settle_choice(self, "scale", ("clip", "none"))
        settle_real(self, "exponent", low=1e-3, high=10.0)
        settle_real(self, "top_db", low=1.0, high=1000.0, optional=True)

    @property
    def key(self) -> str:
        """Text that names the class, its version and every setting."""
        return key_of(self)

    @property
    def log_mel(self) -> LogMel:
        """The log-mel spectrogram before the cut to 29.12 s and the scaling."""
        return LogMel(
            self.sample_rate,
            n_fft=512,
            hop_length=256,
            n_mels=96,
            pad_mode="reflect",
            exponent=self.exponent,
            top_db=self.top_db,
        )

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(96, 1366) for a sound of any length."""
        return self.log_mel.shape(TAGGER_SECONDS)

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform at 12 kHz -> (96, 1366) float32.

        Raises:
            FeatureError: if the waveform is empty, not one-dimensional, or not finite.
        """
        y = check_waveform("TaggerMel", y)
        length = n_samples(TAGGER_SECONDS, self.sample_rate)
        where: Literal["center", "end"] = "end"
        if self.part == "center" and len(y) > length:
            where = "center"
        db = self.log_mel(pad_or_truncate(y, length, where=where))
        return standardize_clips(db) if self.scale == "clip" else db

    def of_levels(self, levels: LevelMap) -> FloatArray:
        """The same for a spectrogram's picture; a shorter one is continued with its floor."""
        spare = levels.length - TAGGER_SECONDS
        start = spare / 2 if self.part == "center" and spare > 0 else 0.0
        db = self.log_mel.of_levels(levels.part(start, TAGGER_SECONDS))
        return standardize_clips(db) if self.scale == "clip" else db
