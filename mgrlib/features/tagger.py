"""The front end of Choi's taggers: 29.12 s at 12 kHz as 96 mel bands by 1366 frames, in dB.

Three of its steps look like slips and are part of the recipe, since the networks were trained with
them: the mel *power* is squared once more, so that the floor 80 dB below the loudest cell is 40 dB
of real power; frames at the ends are centred by reflection; and the networks of 2016 read each clip
with its own mean taken off and divided by its own deviation, which no published program does.
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

TAGGER_RATE = 12_000
TAGGER_SECONDS = 29.12


def standardize_clips(x: Any) -> Any:
    """Each clip by itself brought to mean 0 and deviation 1: (..., F, T) -> the same, float32.

    A clip that is one value throughout, such as silence, becomes zeros. Takes arrays and tensors,
    and returns what it was given.

    >>> standardize_clips(np.array([[[0.0, 2.0]], [[-80.0, -80.0]]]))
    array([[[-1.,  1.]],
    <BLANKLINE>
           [[ 0.,  0.]]], dtype=float32)
    """
    if hasattr(x, "new_tensor"):  # in torch's own operations, which an ONNX file can have too
        values = x.double()
        mean = values.mean(dim=(-2, -1), keepdim=True)
        deviation = values.std(dim=(-2, -1), correction=0, keepdim=True)
        z = (values - mean) / deviation.where(deviation > 1e-6, math.inf)
        return z.float()
    values = np.asarray(x, dtype=np.float64)
    mean = values.mean(axis=(-2, -1), keepdims=True)
    deviation = values.std(axis=(-2, -1), keepdims=True)
    z = (values - mean) / np.where(deviation > 1e-6, deviation, np.inf)
    return z.astype(np.float32)


@dataclass(frozen=True)
class TaggerMel:
    """The mel spectrogram that Choi's taggers read, (N,) -> (96, 1366).

    Args:
        sample_rate: 12000, written out as everywhere; the networks know no other.
        part: of a sound longer than 29.12 s, its "centre" (Choi) or its "start" (Jiménez and José,
            on clips of 30 s). A shorter one is filled up with zeros behind.
        scale: "clip" takes each clip's mean off and divides by its deviation, "none" leaves dB.
        exponent: the mel power is raised to this; 1 leaves out the square.
        top_db: nothing is left further than this below the loudest cell; None for no such floor.

    >>> TaggerMel(12000).shape(30.0)
    (96, 1366)
    """

    version: ClassVar[int] = 1

    sample_rate: int
    _: KW_ONLY
    part: Literal["centre", "start"] = "centre"
    scale: Literal["clip", "none"] = "clip"
    exponent: float = 2.0
    top_db: float | None = 80.0

    def __post_init__(self) -> None:
        settle_choice(self, "sample_rate", (TAGGER_RATE,))
        settle_choice(self, "part", ("centre", "start"))
        settle_choice(self, "scale", ("clip", "none"))
        settle_real(self, "exponent", low=1e-3, high=10.0)
        settle_real(self, "top_db", low=1.0, high=1000.0, optional=True)

    @property
    def key(self) -> str:
        """Stable text that names the class, its version and every setting."""
        return key_of(self)

    @property
    def log_mel(self) -> LogMel:
        """The same without the cutting to length and the scaling."""
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
            FeatureError: a waveform that is empty, not one-dimensional, or not finite.
        """
        y = check_waveform("TaggerMel", y)
        length = n_samples(TAGGER_SECONDS, self.sample_rate)
        centred = self.part == "centre" and len(y) > length
        db = self.log_mel(pad_or_truncate(y, length, where="centre" if centred else "end"))
        return standardize_clips(db) if self.scale == "clip" else db
