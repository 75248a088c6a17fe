"""Features of features: `Concat` joins several, `Dropped` masks the spectrogram of one."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from typing import Any, ClassVar

import numpy as np

from mgrlib.errors import FeatureError, explain
from mgrlib.features.base import (
    Feature,
    checksum,
    key_of,
    settle_choice,
    settle_integer,
    settle_real,
)
from mgrlib.features.hpss import inverse_stft
from mgrlib.features.spectrum import PAD_MODES, FloatArray, Sound

PROBE_SECONDS = 10.0  # the length of sound for which the parts' shapes are compared


def of(feature: Feature, sound: Sound) -> np.ndarray:
    """Compute a feature of a sound, from the sound's spectra if the feature can use them."""
    method = getattr(feature, "of", None)
    return np.asarray(method(sound) if method else feature(sound.y))


@dataclass(frozen=True, init=False)
class Concat:
    """Several features stacked along the first axis, (N,) -> (F1 + F2 + ..., ...), from one STFT.

    Vectors are joined to a longer vector. Features with a time axis need the same number of frames.

    >>> from mgrlib.features import Chroma, Mfcc
    >>> Concat(Mfcc(22050, n_mfcc=13), Chroma(22050)).shape(3.0)
    (25, 130)
    """

    version: ClassVar[int] = 1

    parts: tuple[Feature, ...]

    def __init__(self, *parts: Feature) -> None:
        object.__setattr__(self, "parts", parts)
        if not parts:
            raise FeatureError(explain("Concat", "at least one feature", "none"))
        rates = sorted({part.sample_rate for part in parts})
        if len(rates) > 1:
            hint = "compute them separately, as two modalities."
            raise FeatureError(
                explain("Concat", "features of one sample rate", f"{rates} Hz", hint)
            )
        shapes = [part.shape(PROBE_SECONDS) for part in parts]
        if len({shape[1:] for shape in shapes}) > 1:
            hint = "give those with a time axis the same hop_length and n_frames."
            got = f"{shapes} for {PROBE_SECONDS:g} s"
            raise FeatureError(explain("Concat", "shapes that differ in rows only", got, hint))

    @property
    def sample_rate(self) -> int:
        """The sample rate of all parts, in Hz."""
        return self.parts[0].sample_rate

    @property
    def key(self) -> str:
        """Text that names every part."""
        return key_of(self)

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of all parts' values."""
        names = (getattr(part, "columns", ()) for part in self.parts)
        return tuple(name for part_names in names for name in part_names)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of the array for a waveform of this length."""
        shapes = [part.shape(seconds) for part in self.parts]
        return (sum(shape[0] for shape in shapes), *shapes[0][1:])

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform -> the parts' arrays, joined along the first axis."""
        return self.of(Sound(y, self.sample_rate, where="Concat"))

    def of(self, sound: Sound) -> FloatArray:
        """The parts' arrays, joined along the first axis, sharing the sound's spectra."""
        sound.keep_spectra()
        # Parts that need the phases come first: power follows from the STFT, but not vice versa.
        n = len(self.parts)
        order = sorted(range(n), key=lambda i: not getattr(self.parts[i], "needs_phase", False))
        arrays = {i: of(self.parts[i], sound) for i in order}
        return np.concatenate([arrays[i] for i in range(n)]).astype(np.float32, copy=False)


@dataclass(frozen=True)
class Dropped:
    """A feature of a sound after random cells of its spectrogram are set to zero.

    Its array has the shape of the feature's. Minhas et al. (2019) set 25, 50 or 75 % of a
    spectrogram's pixels to zero and compute features again, without saying how. Here they come from
    the remaining cells; those that need a waveform come from the inverse transform. The probe "lost
    cells" of `mgrlib.evaluation.probes` is the other reading: it computes all features from the
    waveform, in which overlapping frames fill the holes.

    Args:
        feature: any feature.
        fraction: the fraction of cells that are set to zero, 0 to 1.
        seed: the masked cells depend on it and on the sound, so that the same sound always loses
            the same cells.
        n_fft, hop_length, pad_mode: of the spectrogram; features with the same frames are computed
            from its remaining cells directly.
    """

    version: ClassVar[int] = 1

    feature: Feature
    _: KW_ONLY
    fraction: float
    seed: int = 0
    n_fft: int = 2048
    hop_length: int = 512
    pad_mode: str = "constant"

    def __post_init__(self) -> None:
        settle_real(self, "fraction", low=0.0, high=1.0)
        settle_integer(self, "seed", low=0)
        settle_integer(self, "n_fft", low=2)
        settle_integer(self, "hop_length", high=self.n_fft // 2, hint="frames have to overlap.")
        settle_choice(self, "pad_mode", PAD_MODES)

    @property
    def sample_rate(self) -> int:
        """The feature's sample rate, in Hz."""
        return self.feature.sample_rate

    @property
    def key(self) -> str:
        """Text that names the feature and how its spectrogram is masked."""
        return key_of(self)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The feature's own shape."""
        return self.feature.shape(seconds)

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform -> the feature of the masked sound."""
        sound = Sound(y, self.sample_rate, where="Dropped")
        return np.asarray(of(self.feature, self.masked_sound(sound)), dtype=np.float32)

    def masked_sound(self, sound: Sound) -> Sound:
        """The sound after masking, together with its masked spectrum."""
        frames: tuple[Any, ...] = (self.n_fft, self.hop_length, self.pad_mode)
        stft = sound.spectrum(*frames).stft.copy()
        rng = np.random.default_rng([self.seed, checksum(sound.y)])
        stft[rng.random(stft.shape, dtype=np.float32) < self.fraction] = 0
        y = inverse_stft(stft.copy(), self.n_fft, self.hop_length, len(sound.y))
        masked = Sound(y, self.sample_rate)
        masked.spectrum(*frames).stft = stft
        return masked
