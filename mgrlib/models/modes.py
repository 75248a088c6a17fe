"""A context manager that sets a network to evaluation mode and restores its modes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn

__all__ = ["evaluating"]


@contextmanager
def evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Set evaluation mode without gradients, and restore every layer's mode afterwards.

    Yields:
        The device of the weights.
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
