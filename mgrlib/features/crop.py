"""Features of a random excerpt that is always the same for the same sound."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import ClassVar

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import (
    Feature,
    checksum,
    key_of,
    n_samples,
    settle_integer,
    settle_real,
)
from mgrlib.features.spectrum import check_waveform
from mgrlib.levels import LevelMap


@dataclass(frozen=True)
class Crop:
    """A feature of a random excerpt of the sound, (N,) -> the feature's shape for that excerpt.

    Minhas et al. (2019) take a random 5 s from each clip of 30 s. The start of the excerpt depends
    on `seed` and on the sound, so the same clip always gives the same excerpt.

    Args:
        feature: any feature.
        seconds: length of the excerpt.
        seed: of the random starts.

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
        settle_integer(self, "seed", low=0)

    @property
    def sample_rate(self) -> int:
        """The feature's sample rate, in Hz."""
        return self.feature.sample_rate

    @property
    def key(self) -> str:
        """Text that names the feature, the length and the seed."""
        return key_of(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the feature's values, or () if it has none."""
        return tuple(getattr(self.feature, "columns", ()))

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The feature's shape for the excerpt, which does not depend on the sound's length."""
        return self.feature.shape(self.seconds)

    def stretch(self, y: np.ndarray) -> np.ndarray:
        """The excerpt that the feature is computed from, (N,) -> (seconds * sample_rate,).

        Raises:
            FeatureError: if the sound is shorter than the excerpt.
        """
        y, length = check_waveform("Crop", y), n_samples(self.seconds, self.sample_rate)
        if len(y) < length:
            got = f"{len(y) / self.sample_rate:.2f} s"
            hint = "shorten `seconds`, or pad the sound."
            raise FeatureError(explain("Crop", f"at least {self.seconds:g} s of sound", got, hint))
        rng = np.random.default_rng([self.seed, checksum(y)])
        start = int(rng.integers(len(y) - length + 1))
        return y[start : start + length]

    def of_levels(self, levels: LevelMap) -> np.ndarray:
        """The same for a spectrogram's picture.

        Raises:
            FeatureError: if the feature needs the sound, or the picture is too short.
        """
        of_levels = getattr(self.feature, "of_levels", None)
        spare = levels.length - self.seconds
        if of_levels is None or spare < 0:
            want = f"a feature of mel levels and {self.seconds:g} s of sound"
            got = f"{self.feature}, {levels.length:.2f} s"
            raise FeatureError(explain("Crop of a level map", want, got))
        rng = np.random.default_rng([self.seed, checksum(levels.db)])
        return np.asarray(of_levels(levels.part(float(rng.uniform(0, spare)), self.seconds)))

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) float waveform -> the feature of the excerpt."""
        return self.feature(self.stretch(y))
