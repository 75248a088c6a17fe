"""Functions that at least two models use."""

from __future__ import annotations

import torch
from torch import nn


def pad_channels(x: torch.Tensor, n_channels: int) -> torch.Tensor:
    """Append channels of zeros to (B, C, T), for a shortcut without parameters."""
    return nn.functional.pad(x, (0, 0, 0, n_channels - x.shape[1]))


def store_channels_last(model: nn.Module) -> None:
    """Reorder the weights of a model's 2-D convolutions in memory, so that channels come last.

    Many processors compute such convolutions faster. Shapes and values stay as they are.
    """
    model.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
