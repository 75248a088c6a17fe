"""Blocks that at least two models share."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["pad_channels"]


def pad_channels(x: torch.Tensor, n_channels: int) -> torch.Tensor:
    """(B, C, T) with zeros appended up to `n_channels` channels: a shortcut without parameters."""
    return nn.functional.pad(x, (0, 0, 0, n_channels - x.shape[1]))
