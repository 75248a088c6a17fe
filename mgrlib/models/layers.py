"""Functions that at least two models use."""

from __future__ import annotations

import torch
from torch import nn


def pad_channels(x: torch.Tensor, n_channels: int) -> torch.Tensor:
    """Append channels of zeros to (B, C, T), for a shortcut without parameters."""
    return nn.functional.pad(x, (0, 0, 0, n_channels - x.shape[1]))
