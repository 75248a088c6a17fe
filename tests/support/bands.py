"""A small convolutional recipe on half a second of sound, as files and pages of models take it."""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.features import LogMel
from mgrlib.systems import Recipe
from mgrlib.systems.prepare import Standardize
from mgrlib.training import TrainConfig

RATE = 8000
MEL = LogMel(RATE, n_fft=512, hop_length=256, n_mels=20, n_frames=16)  # half a second


class Bands(nn.Module):
    """One convolution over time and the mean of what it finds."""

    def __init__(self, n_classes: int, input_shape: tuple[int, int]) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv1d(input_shape[0], 8, 3), nn.Linear(8, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        return self.linear(torch.relu(self.conv(x)).mean(2))


BANDS = Recipe(
    "test/bands",
    "one convolution",
    (MEL,),
    Bands,
    TrainConfig(epochs=3, batch_size=4),
    prepare=(Standardize(),),
)
