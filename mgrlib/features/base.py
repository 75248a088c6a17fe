"""What a feature is, and the parts that all of mgrlib's features share.

A feature is a value: two with the same settings are equal, have the same hash and the same `key`,
and give the same array for the same waveform. Anything that fits the `Feature` protocol works
wherever mgrlib expects one; there is nothing to inherit and nowhere to register.
"""

from __future__ import annotations

import operator
from dataclasses import KW_ONLY, dataclass, fields
from typing import Any, ClassVar, Protocol, runtime_checkable

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.spectrum import PAD_MODES, FloatArray, Sound


@runtime_checkable
class Feature(Protocol):
    """A representation of sound: a waveform in, an array out.

    `sample_rate` is the rate in Hz at which the waveform must be given; a feature cannot see the
    rate of an array, so whoever loads the sound has to ask for this one.
    """

    @property
    def sample_rate(self) -> int:
        """Samples a second, in Hz."""

    @property
    def key(self) -> str:
        """Stable text that names the class, its version and every setting; the store hashes it."""

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) float waveform -> array of `shape(N / sample_rate)`."""

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of the array for a waveform of that length."""


def key_of(feature: Any) -> str:
    """The text that identifies a feature dataclass: class, version, every field.

    The version is the class attribute `version`; it rises when the same settings come to give
    other numbers, so that arrays stored before are not taken for new ones.

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


def settle_whole(
    feature: Any,
    name: str,
    *,
    low: int = 1,
    high: int | None = None,
    optional: bool = False,
    hint: str = "",
) -> None:
    """Check that the field `name` is a whole number from `low` to `high`, and store it as int."""
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
    """Check that the field `name` is a number from `low` to `high`, and store it as float."""
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
        listed = ", ".join(repr(choice) for choice in choices)
        raise FeatureError(
            explain(f"{type(feature).__name__}.{name}", f"one of {listed}", repr(value))
        )


def n_samples(seconds: float, sample_rate: int) -> int:
    """The number of samples in that many seconds, rounded to the nearest."""
    return round(seconds * sample_rate)


@dataclass(frozen=True)
class Framewise:
    """The settings that every feature with a time axis shares; its own are added by subclasses.

    Args:
        sample_rate: samples a second, in Hz; there is no default, since a wrong one is silent.
        n_fft: samples in a frame. 2048 samples are 93 ms at 22,050 Hz.
        hop_length: samples from the start of one frame to the start of the next.
        n_frames: keep the first so many frames, and fill up with what silence would give when the
            sound is shorter; None keeps the frames there are, 1 + N // hop_length.
        pad_mode: how half a frame is added before and after, so that frame t is centred at sample
            t * hop_length: "constant" (zeros, librosa since 0.10) or "reflect" (before).
    """

    version: ClassVar[int] = 1

    sample_rate: int
    _: KW_ONLY
    n_fft: int = 2048
    hop_length: int = 512
    n_frames: int | None = None
    pad_mode: str = "constant"

    def __post_init__(self) -> None:
        settle_whole(self, "sample_rate", hint="the rate of your audio in Hz, such as 22050.")
        settle_whole(self, "n_fft", low=2)
        settle_whole(self, "hop_length")
        settle_whole(self, "n_frames", optional=True)
        settle_choice(self, "pad_mode", PAD_MODES)

    @property
    def key(self) -> str:
        """Stable text that names the class, its version and every setting."""
        return key_of(self)

    @property
    def n_rows(self) -> int:
        """Rows of the array: what one frame is described by."""
        raise NotImplementedError

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform -> (n_rows, T) float32.

        Raises:
            FeatureError: a waveform that is empty, not one-dimensional, not of floating point, or
                not finite.
        """
        return self.of(Sound(y, self.sample_rate, where=type(self).__name__))

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of the array for a waveform of that length."""
        return self.n_rows, self.n_frames or frames_in(self, seconds)

    def of(self, sound: Sound) -> FloatArray:
        """The same for a sound whose spectra other features have computed already."""
        raise NotImplementedError


def frames_in(feature: Any, seconds: float) -> int:
    """The number of centred frames in that many seconds."""
    return 1 + n_samples(seconds, feature.sample_rate) // int(feature.hop_length)


def fit_frames(x: np.ndarray, n_frames: int | None, fill: Any = 0.0) -> FloatArray:
    """(F, T) -> (F, n_frames): the first frames, and columns of `fill` where there are too few.

    >>> fit_frames(np.ones((2, 3)), 5, fill=-1.0)
    array([[ 1.,  1.,  1., -1., -1.],
           [ 1.,  1.,  1., -1., -1.]], dtype=float32)
    """
    if n_frames is None or x.shape[1] == n_frames:
        return np.ascontiguousarray(x, dtype=np.float32)
    out = np.empty((x.shape[0], n_frames), dtype=np.float32)
    kept = min(n_frames, x.shape[1])
    out[:, :kept] = x[:, :kept]
    out[:, kept:] = np.reshape(np.asarray(fill, dtype=np.float32), (-1, 1))
    return out
