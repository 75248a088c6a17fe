"""Small networks whose compression can be checked by hand."""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.segments import Segments


class Small(nn.Module):
    """A convolution with normalization, a hidden layer, and an output."""

    def __init__(self, n_classes: int = 3, input_shape: tuple[int, int] = (4, 12)) -> None:
        super().__init__()
        self.conv = nn.Conv1d(input_shape[0], 8, 3)
        self.norm = nn.BatchNorm1d(8)
        self.hidden = nn.Linear(8 * (input_shape[1] - 2), 6)
        self.output = nn.Linear(6, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        x = torch.relu(self.norm(self.conv(x)))
        return self.output(torch.relu(self.hidden(x.flatten(1))))


def small(seed: int = 0) -> Small:
    """A `Small` whose normalization is not the trivial one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        model = Small()
        model.train()
        with torch.no_grad():
            model(2.0 + 3.0 * torch.randn(64, 4, 12))
            model.norm.weight.uniform_(0.5, 1.5)
            model.norm.bias.uniform_(-0.5, 0.5)
    return model.eval()


def toy(n: int = 48, seed: int = 0) -> Segments:
    """Three genres that differ in the mean of one row, two segments a clip."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) // 2 % 3
    x = torch.randn(n, 4, 12, generator=generator)
    x[torch.arange(n), y] += 1.0
    ids = tuple(f"clip{i}" for i in range(n // 2))
    return Segments((x,), y, torch.arange(n) // 2, ids, ("a", "b", "c"))
