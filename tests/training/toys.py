"""A problem that a small network solves, for the tests of training and for their subprocesses."""

from __future__ import annotations

import torch
from torch import nn

from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, seeded

CONFIG = TrainConfig(epochs=6, batch_size=8, lr=0.02, schedule="cosine", patience=4, seed=5)


def toy(n: int = 40, seed: int = 0, flip: bool = False) -> Segments:
    """Two classes, (S, 4): far apart along the diagonal. `flip` swaps the labels."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    x = torch.randn(n, 4, generator=generator) + 4.0 * (2 * y[:, None] - 1)
    clip = torch.arange(n)
    ids = tuple(f"clip{i}" for i in range(n))
    return Segments((x,), 1 - y if flip else y, clip, ids, ("low", "high"))


def small(seed: int = 0) -> nn.Sequential:
    """A network with all that has a state of its own: dropout, and batch normalization."""
    with seeded(seed):
        return nn.Sequential(
            nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2)
        )


def same(first: nn.Module, other: nn.Module) -> bool:
    """Whether two networks have the same parameters and buffers."""
    a, b = first.state_dict(), other.state_dict()
    return list(a) == list(b) and all(torch.equal(a[name], b[name]) for name in a)


def jitter(inputs, y, generator):
    """An augmentation with random numbers of both sources: the generator given, and torch's."""
    (x,) = inputs
    return (x + 0.1 * torch.randn(x.shape, generator=generator) + 0.1 * torch.randn(x.shape),), y
