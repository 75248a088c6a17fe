"""The order in memory of the weights of 2-D convolutions."""

from __future__ import annotations

import torch
from torch import nn

__all__ = ["lay_out"]


def lay_out(model: nn.Module, memory_format: torch.memory_format) -> None:
    """Put the model's 4-D weights into this order in place; their values stay the same."""
    for weights in model.parameters():
        if weights.ndim == 4:
            weights.data = weights.data.contiguous(memory_format=memory_format)
