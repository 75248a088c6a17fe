"""Plots of sounds drawn into an array: Wei et al. (n.d.) feed plots of clips to a ResNet18.

A plotting library takes a tenth of a second per picture and adds margins and fonts. These pictures
contain the plot only, with the same curve and the same color map. Lines are anti-aliased: a pixel
that is half covered gets half of the color.

**What the paper leaves open and what we chose:** the plots have no axes, titles or margins, which
would be the same on every picture. Curves fill the height (the default of plotting libraries), so
the pictures do not show loudness. Spectrogram and MFCC use librosa's color maps, over the range of
each picture.
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import lru_cache
from typing import Any, ClassVar, Literal

import numpy as np

from mgrlib.features.base import (
    key_of,
    settle_choice,
    settle_integer,
    settle_real,
)
from mgrlib.features.levels import LevelSound
from mgrlib.features.mel import LogMel, Mfcc
from mgrlib.features.spectral import ZeroCrossingRate
from mgrlib.features.spectrum import PAD_MODES, FloatArray, Sound, frozen_array
from mgrlib.levels import LevelMap

BLUE = (31 / 255, 119 / 255, 180 / 255)  # the first color of matplotlib's cycle

# Every eighth color of matplotlib's maps; linear interpolation is off by at most 2 of 255.
MAGMA = (
    "000004 030312 0a0822 130d34 1d1147 29115a 36106b 440f76 51127c 5d177f 6a1c81 762181 "
    "832681 902a81 9c2e7f aa337d b73779 c23b75 cf4070 db476a e55064 ee5b5e f4695c f9785d "
    "fb8761 fd9668 fea571 feb47b fec287 fed194 fde0a1 fceeb0 fcfdbf "
)
COOLWARM = (
    "3b4cc0 445acc 4e68d8 5875e1 6282ea 6c8ff1 779af7 82a6fb 8db0fe 98b9ff a3c2fe aec9fc "
    "b9d0f9 c3d5f4 ccd9ed d5dbe5 dddcdc e4d9d2 ebd3c6 f1cdba f4c5ad f7bca1 f7b194 f7a688 "
    "f49a7b f18d6f ec7f63 e57058 de614d d55042 cb3e38 c0282f b40426 "
)


@lru_cache(maxsize=4)
def color_map(name: str) -> FloatArray:
    """The 256 colors of the map "magma" or "coolwarm" from low to high, (256, 3) in [0, 1].

    >>> color_map("magma")[[0, -1]].round(1)
    array([[0. , 0. , 0. ],
           [1. , 1. , 0.7]], dtype=float32)
    """
    anchors = {"magma": MAGMA, "coolwarm": COOLWARM}[name].split()
    colors = np.array([list(bytes.fromhex(anchor)) for anchor in anchors]) / 255.0
    places = np.linspace(0, 255, len(anchors)).round()
    steps = [np.interp(np.arange(256), places, channel) for channel in colors.T]
    return frozen_array(np.stack(steps, axis=1).astype(np.float32))


def colorize(values: np.ndarray, name: str) -> FloatArray:
    """(H, W) -> (H, W, 3): the map's first color for the lowest value, its last for the highest.

    A constant picture gets the first color.
    """
    low, high = float(values.min()), float(values.max())
    places = (values - low) * (255.0 / (high - low) if high > low else 0.0)
    colors: FloatArray = color_map(name)[np.rint(places).astype(np.intp)]
    return colors


@lru_cache(maxsize=64)
def _overlap_weights(n_from: int, n_to: int) -> FloatArray:
    """The fraction of each of `n_to` new cells that lies over each of `n_from` old ones."""
    edges = np.linspace(0, n_from, n_to + 1)
    low, high = edges[:-1, np.newaxis], edges[1:, np.newaxis]
    cells = np.arange(n_from)
    overlap = np.clip(np.minimum(high, cells + 1) - np.maximum(low, cells), 0.0, None)
    return frozen_array((overlap / overlap.sum(axis=1, keepdims=True)).astype(np.float32))


def resize(values: np.ndarray, height: int, width: int) -> FloatArray:
    """(H, W) -> (height, width): each new cell is the mean of the values that it covers.

    >>> resize(np.array([[1.0, 3.0], [5.0, 7.0]]), 1, 4)
    array([[3., 3., 5., 5.]], dtype=float32)
    """
    small = values.astype(np.float32, copy=False) @ _overlap_weights(values.shape[1], width).T
    return np.asarray(_overlap_weights(values.shape[0], height) @ small)


def fill_between(low: np.ndarray, high: np.ndarray, height: int) -> FloatArray:
    """Draw a blue area on white, (height, W, 3), from `low` to `high` in every column.

    Args:
        low, high: (W,) heights above the lower edge, in pixels.
        height: of the picture, in pixels.
    """
    floors = np.arange(height - 1, -1, -1, dtype=np.float32)[:, np.newaxis]
    coverage = np.clip(np.minimum(high, floors + 1) - np.maximum(low, floors), 0.0, 1.0)
    color = np.array(BLUE, dtype=np.float32)
    return np.asarray(1.0 - coverage[..., np.newaxis] * (1.0 - color), dtype=np.float32)


def _extremes(values: np.ndarray, width: int) -> tuple[np.ndarray, np.ndarray]:
    """The smallest and the largest value of a curve within each of `width` columns.

    Each column also includes the first point of the next one, so that the line has no gaps.
    """
    points, n_points = values, max(len(values), width + 1)
    if n_points > len(values):
        places = np.linspace(0, len(values) - 1, n_points)
        points = np.interp(places, np.arange(len(values)), values)
    starts = (np.arange(width) * (n_points - 1)) // width
    low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
    next_points = points[np.append(starts[1:], n_points - 1)]
    return np.minimum(low, next_points), np.maximum(high, next_points)


@dataclass(frozen=True)
class _Picture:
    """The settings that all pictures have in common.

    Args:
        sample_rate: samples per second, in Hz.
        size: height and width in pixels.
        channels: "last" gives (size, size, 3), for display; "first" (3, size, size), for networks.
        n_fft, hop_length, pad_mode: of the frames, as in `Framewise`.
    """

    version: ClassVar[int] = 1

    sample_rate: int
    _: KW_ONLY
    size: int = 224
    channels: Literal["first", "last"] = "last"
    n_fft: int = 2048
    hop_length: int = 512
    pad_mode: str = "constant"

    def __post_init__(self) -> None:
        settle_integer(self, "sample_rate", hint="the rate of your audio in Hz, such as 22050.")
        settle_integer(self, "size")
        settle_choice(self, "channels", ("first", "last"))
        settle_integer(self, "n_fft", low=2)
        settle_integer(self, "hop_length")
        settle_choice(self, "pad_mode", PAD_MODES)

    @property
    def key(self) -> str:
        """Text that names the class, its version and every setting."""
        return key_of(self)

    def shape(self, seconds: float) -> tuple[int, ...]:
        """The shape of the picture, for a sound of any length."""
        last = (self.size, self.size, 3)
        return last if self.channels == "last" else (3, self.size, self.size)

    def __call__(self, y: np.ndarray) -> FloatArray:
        """(N,) float waveform -> picture, float32 from 0 (black) to 1 (white)."""
        return self.of(Sound(y, self.sample_rate, where=type(self).__name__))

    def of_levels(self, levels: LevelMap) -> FloatArray:
        """The picture drawn from another picture's levels, if it shows mel levels or MFCC.

        Raises:
            FeatureError: a picture that needs the sound.
        """
        return self.of(LevelSound(levels))

    def of(self, sound: Sound) -> FloatArray:
        """The picture, sharing the sound's spectra."""
        picture = self._draw(sound)
        return (
            picture if self.channels == "last" else np.ascontiguousarray(np.moveaxis(picture, 2, 0))
        )

    def _draw(self, sound: Sound) -> FloatArray:
        raise NotImplementedError

    @property
    def _frames(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in ("n_fft", "hop_length", "pad_mode")}


@dataclass(frozen=True, kw_only=True)
class WavePlot(_Picture):
    """The waveform's envelope over time, blue on white, (N,) -> (224, 224, 3).

    As in `librosa.display.waveshow`, each column extends from minus to plus the largest magnitude.

    Args:
        limit: the amplitude at the upper edge; None uses each sound's largest amplitude, so that
            the picture does not show loudness.
    """

    limit: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_real(self, "limit", low=1e-6, high=1e6, optional=True)

    def _draw(self, sound: Sound) -> FloatArray:
        _, envelope = _extremes(np.abs(sound.y), self.size)
        limit = self.limit or float(envelope.max()) or 1.0
        half = self.size / 2
        reach = np.maximum(half * np.minimum(envelope / limit, 1.0), 0.5)  # silence is a line
        return fill_between(half - reach, half + reach, self.size)


@dataclass(frozen=True, kw_only=True)
class ZcrPlot(_Picture):
    """The zero-crossing rate over time, a blue line on white, (N,) -> (224, 224, 3).

    Args:
        limit: the rate at the upper edge, up to 1; None uses each sound's largest rate.
        line_width: in pixels.
    """

    limit: float | None = None
    line_width: float = 1.5

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_real(self, "limit", low=1e-6, high=1.0, optional=True)
        settle_real(self, "line_width", low=0.1, high=100.0)

    def _draw(self, sound: Sound) -> FloatArray:
        rate = ZeroCrossingRate(self.sample_rate, **self._frames).of(sound)[0]
        low, high = _extremes(rate, self.size)
        limit = self.limit or float(high.max()) or 1.0
        scale = (self.size - self.line_width) / limit
        half = self.line_width / 2
        low, high = np.minimum(low, limit) * scale, np.minimum(high, limit) * scale + 2 * half
        return fill_between(low, high, self.size)


@dataclass(frozen=True, kw_only=True)
class MelPicture(_Picture):
    """The log-mel spectrogram in librosa's color map (magma), (N,) -> (224, 224, 3).

    The lowest band is at the bottom. Black is 80 dB below the loudest cell.

    Args:
        n_mels: number of bands.
    """

    n_mels: int = 128

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_integer(self, "n_mels")
        self._log_mel()

    def _log_mel(self) -> LogMel:
        return LogMel(self.sample_rate, n_mels=self.n_mels, **self._frames)

    def _draw(self, sound: Sound) -> FloatArray:
        log_mel = self._log_mel().of(sound)
        return colorize(resize(log_mel[::-1], self.size, self.size), "magma")


@dataclass(frozen=True, kw_only=True)
class MfccPicture(_Picture):
    """The MFCCs over time in librosa's color map (coolwarm), (N,) -> (224, 224, 3).

    C0 is at the bottom. It is so much larger than the other coefficients that it takes up most of
    the range, as in librosa's plots.

    Args:
        n_mfcc: number of coefficients.
    """

    n_mfcc: int = 20

    def __post_init__(self) -> None:
        super().__post_init__()
        settle_integer(self, "n_mfcc")
        self._mfcc()

    def _mfcc(self) -> Mfcc:
        return Mfcc(self.sample_rate, n_mfcc=self.n_mfcc, **self._frames)

    def _draw(self, sound: Sound) -> FloatArray:
        mfcc = self._mfcc().of(sound)
        return colorize(resize(mfcc[::-1], self.size, self.size), "coolwarm")
