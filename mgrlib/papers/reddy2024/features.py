"""What the systems read: the published taggers' spectrogram, and what is computed from it.

What the paper leaves open and what we chose:

- *What is trimmed* of a song. "N seconds" in the paper, 20 at either end in the report that it
  follows.
- *A smaller network on shorter segments*, so that a CPU trains it in minutes: `SHORT`, the first
  6.6 seconds of a clip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import cast

import numpy as np
import torch

from mgrlib.data.songs import FRAME_SECONDS, TRIM_SECONDS
from mgrlib.features import LogMel, standardize_clips
from mgrlib.models.pretrained import layer_vectors, load_tagger
from mgrlib.models.published import FILES
from mgrlib.models.reddy2024 import Crnn
from mgrlib.segments import Cut

FRAME = LogMel(
    12000, n_fft=512, hop_length=256, n_mels=96, n_frames=1366, pad_mode="reflect", exponent=2.0
)
"""The published taggers' spectrogram of a frame, in dB."""

SHORT = replace(FRAME, n_frames=310)
"""The same of 6.6 s: with its padding 384 columns, 4 after pooling."""

FRAMES = Cut(segment_seconds=FRAME_SECONDS, trim_seconds=TRIM_SECONDS)
START = Cut(segment_seconds=FRAME_SECONDS)
"""Of a clip of 30 s: all of it that a frame holds."""

PIECES = Cut(segment_seconds=5.0)
"""Of clips of half a minute, which are one frame: six shorter ones."""

LAYERS = ("pool1", "pool2", "pool3", "pool4", "gru2")


def band_statistics(x: torch.Tensor) -> torch.Tensor:
    """Mean, deviation and mean step of each band, (S, F, T) -> (S, 3 F)."""
    return torch.cat([x.mean(2), x.std(2), x.diff(dim=2).abs().mean(2)], dim=1)


@lru_cache(maxsize=1)
def published_network() -> Crnn:
    """The published CRNN of 50 tags, its convolutions' normalization folded; read once."""
    return cast(Crnn, load_tagger("msd-crnn").folded().network)


@dataclass(frozen=True)
class BandStatistics:
    """Mean, deviation and mean step of 96 mel bands, (N,) -> (288,): no network is needed."""

    sample_rate: int = 12000
    n_frames: int = 1366

    @property
    def spectrogram(self) -> LogMel:
        """What the statistics are taken of."""
        return replace(FRAME, n_frames=self.n_frames)

    @property
    def key(self) -> str:
        """The name of this feature and of the spectrogram below it."""
        return f"BandStatistics-v1({self.spectrogram.key})"

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(288,) for a sound of any length."""
        return (3 * FRAME.n_mels,)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at 12 kHz -> (288,)."""
        return band_statistics(torch.from_numpy(self.spectrogram(y))[None])[0].numpy()


@dataclass(frozen=True)
class _Published:
    """A feature that the published CRNN computes of a standardized frame; needs its file."""

    sample_rate: int = 12000

    @property
    def key(self) -> str:
        """The name of this feature and the content of the weights."""
        return f"{type(self).__name__}-v1({FRAME.key}, {FILES['msd-crnn'].digest})"

    def input(self, y: np.ndarray) -> torch.Tensor:
        """(N,) waveform at 12 kHz -> (1, 96, 1366), what the network reads."""
        return torch.from_numpy(standardize_clips(FRAME(y)))[None]


@dataclass(frozen=True)
class PublishedLayers(_Published):
    """What five layers of the published CRNN say, pooled, (N,) -> (480,); needs its file."""

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(480,) for a sound of any length."""
        return (480,)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at 12 kHz -> (480,)."""
        return layer_vectors(published_network(), self.input(y), LAYERS)[0].numpy()


@dataclass(frozen=True)
class PublishedMaps(_Published):
    """What the last pooling of the published CRNN leaves, (N,) -> (15, 128); needs its file."""

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(15, 128) for a sound of any length."""
        return (15, 128)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at 12 kHz -> (15, 128): steps by channels."""
        with torch.inference_mode():
            maps = published_network().activations(self.input(y))["pool4"]  # (1, 128, 1, 15)
        return maps[0, :, 0].T.contiguous().numpy()


@dataclass(frozen=True)
class PublishedTags(_Published):
    """The published CRNN's logits of its 50 tags, (N,) -> (50,); needs its file."""

    def shape(self, seconds: float) -> tuple[int, ...]:
        """(50,) for a sound of any length."""
        return (50,)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at 12 kHz -> (50,)."""
        with torch.inference_mode():
            logits: np.ndarray = published_network()(self.input(y))[0].numpy()
        return logits
