"""Evaluation mode for a while: the one place where a network's modes are kept and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

__all__ = ["evaluating"]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Evaluation mode without gradients; afterwards each layer is in the mode it was in.

    Yields:
        The device where the weights are.
    """
    modes = [(layer, layer.training) for layer in model.modules()]
    tensors = [*model.parameters(), *model.buffers()]
    model.eval()
    try:
        with torch.inference_mode():
            yield tensors[0].device if tensors else torch.device("cpu")
    finally:
        for layer, training in modes:
            layer.training = training  # train(mode) would also switch frozen layers
