"""Context managers that set a network to evaluation mode and restore its modes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def evaluation_mode(model: nn.Module) -> Iterator[None]:
    """Set evaluation mode, with gradients, and restore every layer's mode afterwards."""
    modes = [(layer, layer.training) for layer in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for layer, training in modes:
            layer.training = training  # train(mode) would also switch frozen layers


@contextmanager
def evaluating(model: nn.Module) -> Iterator[torch.device]:
    """Set evaluation mode without gradients, and restore every layer's mode afterwards.

    Yields:
        The device of the weights.
    """
    tensors = [*model.parameters(), *model.buffers()]
    with evaluation_mode(model), torch.inference_mode():
        yield tensors[0].device if tensors else torch.device("cpu")
