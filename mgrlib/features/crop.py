"""A stretch of a sound, drawn at random but always the same for the same sound."""

from __future__ import annotations

import zlib
from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import Feature, key_of, n_samples, settle_real, settle_whole
from mgrlib.features.spectrum import check_waveform


@dataclass(frozen=True)
class Crop:
    """A feature of a random stretch of the sound, (N,) -> the feature's shape for that stretch.

    Minhas et al. (2019) take 5 s at random from each clip of 30 s. Where the stretch begins depends
    on `seed` and on the sound: a clip always gives the same one, and other clips give others.

    Args:
        feature: any feature.
        seconds: length of the stretch.
        seed: another seed is another draw for every sound.

    >>> from mgrlib.features import Vector26
    >>> Crop(Vector26(22050), seconds=5.0).shape(30.0)
    (26,)
    """

    version: ClassVar[int] = 1

    feature: Feature
    _: KW_ONLY
    seconds: float
    seed: int = 0

    def __post_init__(self) -> None:
        settle_real(self, "seconds", low=1e-3, high=1e5)
        settle_whole(self, "seed", low=0)

    @property
    def sample_rate(self) -> int:
        """The rate in Hz that the feature wants."""
        return self.feature.sample_rate

    @property
    def key(self) -> str:
        """Stable text that names the feature and the draw."""
        return key_of(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the feature's values, if it has names."""
        return tuple(getattr(self.feature, "columns", ()))

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The feature's shape for the stretch, however long the sound is."""
        return self.feature.shape(self.seconds)

    def stretch(self, y: np.ndarray) -> np.ndarray:
        """The samples that the feature is given, (N,) -> (seconds * sample_rate,).

        Raises:
            FeatureError: a sound shorter than the stretch.
        """
        y, length = check_waveform("Crop", y), n_samples(self.seconds, self.sample_rate)
        if len(y) < length:
            got = f"{len(y) / self.sample_rate:.2f} s"
            hint = "shorten `seconds`, or pad the sound."
            raise FeatureError(explain("Crop", f"at least {self.seconds:g} s of sound", got, hint))
        rng = np.random.default_rng([self.seed, zlib.crc32(y.tobytes())])
        start = int(rng.integers(len(y) - length + 1))
        return y[start : start + length]

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) float waveform -> the feature of the stretch."""
        return self.feature(self.stretch(y))
