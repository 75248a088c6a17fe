"""The `Feature` protocol and the settings and checks that mgrlib's features have in common.

A feature is a value: two features with the same settings are equal, have the same hash and the same
`key`, and compute the same array from the same waveform. Any object that follows the `Feature`
protocol works wherever mgrlib expects a feature; there is no base class and no registry.
"""

from __future__ import annotations

import operator
import zlib
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.levels import LevelSound
from mgrlib.features.spectrum import PAD_MODES, FloatArray, Sound
from mgrlib.levels import LevelMap


@runtime_checkable
class Feature(Protocol):
    """A function from a waveform to an array.

    `sample_rate` is the rate in Hz that the waveform must have. A feature cannot read the rate from
    the array, so the code that loads the sound has to resample it to this rate.
    """

    @property
    def sample_rate(self) -> int:
        """Samples per second, in Hz."""

    @property
    def key(self) -> str:
        """Text that names the class, its version and every setting; the store hashes it."""

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) float waveform -> array of `shape(N / sample_rate)`."""

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of the array for a waveform of this length."""


def key_of(feature: Any) -> str:
    """Return the text that identifies a feature dataclass: its class, version and fields.

    The version is the class attribute `version`. It is raised when the same settings begin to give
    different numbers, so that arrays stored earlier are not mistaken for new ones.

    >>> from mgrlib.features import LogMel
    >>> print(key_of(LogMel(22050, n_mels=64)))
    LogMel-v1(sample_rate=22050, n_fft=2048, hop_length=512, n_frames=None,
    pad_mode='constant', n_mels=64, fmin=0.0, fmax=None, top_db=80.0, exponent=1.0)
    """
    settings = ", ".join(
        f"{field.name}={_key_text(getattr(feature, field.name))}" for field in fields(feature)
    )
    return f"{type(feature).__name__}-v{getattr(feature, 'version', 1)}({settings})"


def _key_text(value: Any) -> str:
    if isinstance(value, tuple):
        return "(" + ", ".join(_key_text(item) for item in value) + ")"
    return str(value.key) if hasattr(value, "key") else repr(value)


def settle_integer(
    feature: Any,
    name: str,
    *,
    low: int = 1,
    high: int | None = None,
    optional: bool = False,
    hint: str = "",
) -> None:
    """Check that the field `name` is an integer from `low` to `high`, and store it as an int."""
    value = getattr(feature, name)
    if value is None and optional:
        return
    limits = f"a whole number of at least {low}" + (f" and at most {high}" if high else "")
    try:
        number = operator.index(value)
        fits = number >= low and (high is None or number <= high) and not isinstance(value, bool)
    except TypeError:
        fits = False
    if not fits:
        raise FeatureError(explain(f"{type(feature).__name__}.{name}", limits, repr(value), hint))
    object.__setattr__(feature, name, number)


def settle_real(
    feature: Any,
    name: str,
    *,
    low: float,
    high: float,
    optional: bool = False,
    hint: str = "",
) -> None:
    """Check that the field `name` is a number from `low` to `high`, and store it as a float."""
    value = getattr(feature, name)
    if value is None and optional:
        return
    try:
        number = float(value)
        fits = low <= number <= high
    except (TypeError, ValueError):
        fits = False
    if not fits:
        limits = f"a number from {low:g} to {high:g}"
        raise FeatureError(explain(f"{type(feature).__name__}.{name}", limits, repr(value), hint))
    object.__setattr__(feature, name, number)


def settle_choice(feature: Any, name: str, choices: tuple[Any, ...]) -> None:
    """Check that the field `name` is one of the choices."""
    value = getattr(feature, name)
    if value not in choices:
        choice_list = ", ".join(repr(choice) for choice in choices)
        raise FeatureError(
            explain(f"{type(feature).__name__}.{name}", f"one of {choice_list}", repr(value))
        )


def n_samples(seconds: float, sample_rate: int) -> int:
    """The number of samples in a duration, rounded to the nearest integer."""
    return round(seconds * sample_rate)


@dataclass(frozen=True)
class Framewise:
    """The settings common to every feature with a time axis; subclasses add their own.

    Args:
        sample_rate: samples per second, in Hz. It has no default, because a wrong rate would go
            unnoticed.
        n_fft: samples per frame. 2048 samples are 93 ms at 22,050 Hz.
        hop_length: samples from the start of one frame to the start of the next.
        n_frames: the number of frames to return: the first ones of a longer sound; a shorter sound
            is filled up with the values of silence. None returns all 1 + N // hop_length frames.
        pad_mode: how the sound is extended by half a frame at both ends, so that frame t is
            centered at sample t * hop_length: "constant" (zeros, as librosa does since version
            0.10) or "reflect" (as earlier versions did).
    """

    version: ClassVar[int] = 1

    sample_rate: int
    _: KW_ONLY
    n_fft: int = 2048
    hop_length: int = 512
    n_frames: int | None = None
    pad_mode: str = "constant"

    def __post_init__(self) -> None:
        settle_integer(self, "sample_rate", hint="the rate of your audio in Hz, such as 22050.")
        settle_integer(self, "n_fft", low=2)
        settle_integer(self, "hop_length")
        settle_integer(self, "n_frames", optional=True)
        settle_choice(self, "pad_mode", PAD_MODES)

    @property
    def key(self) -> str:
        """Text that names the class, its version and every setting."""
        return key_of(self)

    @property
    def n_rows(self) -> int:
        """The number of rows of the array, which is the number of values per frame."""
        raise NotImplementedError

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform -> (n_rows, T) float32.

        Raises:
            FeatureError: if the waveform is empty, not one-dimensional, not of floating point, or
                not finite.
        """
        return self.of(Sound(y, self.sample_rate, where=type(self).__name__))

    def of_levels(self, levels: LevelMap) -> FloatArray:
        """Compute the array from a picture's levels, if the feature is made of mel levels.

        Raises:
            FeatureError: a feature that needs the sound.
        """
        return self.of(LevelSound(levels))

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of the array for a waveform of this length."""
        return self.n_rows, self.n_frames or frames_in(self, seconds)

    def of(self, sound: Sound) -> FloatArray:
        """Compute the array from a `Sound`, reusing spectra that other features have computed."""
        raise NotImplementedError


def frames_in(feature: Any, seconds: float) -> int:
    """The number of centered frames in a sound of this length."""
    return 1 + n_samples(seconds, feature.sample_rate) // int(feature.hop_length)


def fit_frames(x: np.ndarray, n_frames: int | None, fill: Any = 0.0) -> FloatArray:
    """(F, T) -> (F, n_frames): cut to the first frames, or append columns of `fill`.

    >>> fit_frames(np.ones((2, 3)), 5, fill=-1.0)
    array([[ 1.,  1.,  1., -1., -1.],
           [ 1.,  1.,  1., -1., -1.]], dtype=float32)
    """
    if n_frames is None or x.shape[1] == n_frames:
        return np.ascontiguousarray(x, dtype=np.float32)
    out = np.empty((x.shape[0], n_frames), dtype=np.float32)
    n_copied = min(n_frames, x.shape[1])
    out[:, :n_copied] = x[:, :n_copied]
    out[:, n_copied:] = np.reshape(np.asarray(fill, dtype=np.float32), (-1, 1))
    return out


def checksum(values: np.ndarray) -> int:
    """Return a checksum that is the same for equal values; -0.0 counts as 0.0.

    A rendered sound has zeros of both signs; read from a store or a file, it may have one kind.

    >>> checksum(np.array([0.5, -0.0])) == checksum(np.array([0.5, 0.0]))
    True
    """
    return zlib.crc32((values + 0.0).tobytes())
