"""Attacks: small changes of the input that are computed to mislead a network.

- `fgsm`: one step of a fixed size against the network (Goodfellow et al., 2015);
- `pgd`: several smaller steps within the same distance (Madry et al., 2018);
- `noise`: a random change of the same size, without which no attack should be judged.

They work on any input with gradients. `FromWaveform` puts the front end into the network, so that
the same functions attack the sound. `adversarial` makes attacks a part of training.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
import torch
from torch import nn

from mgrlib.errors import EvaluationError, explain
from mgrlib.features.differentiable import log_mel_tensor
from mgrlib.features.mel import LogMel
from mgrlib.models.modes import evaluation_mode

Size = float | torch.Tensor
Norm = Literal["largest", "power"]


def fgsm(model: nn.Module, x: torch.Tensor, y: torch.Tensor, size: Size) -> torch.Tensor:
    """The fast gradient sign method: x + size · sign(slope of the loss), (B, ...) -> (B, ...).

    Args:
        model: a network that returns logits (B, K); it runs in evaluation mode.
        x: inputs, (B, ...).
        y: their true classes, (B,).
        size: how far each value moves; a number, or a tensor that fits to `x`, such as one size
            per band.

    Raises:
        EvaluationError: if a size is negative.
    """
    _check_size("fgsm", size)
    with evaluation_mode(model):
        return x + size * _slopes(model, x, y).sign()


def pgd(
    model: nn.Module,
    x: torch.Tensor,
    y: torch.Tensor,
    size: Size,
    *,
    norm: Norm = "largest",
    n_steps: int = 10,
    seed: int = 0,
) -> torch.Tensor:
    """Projected gradient descent: several steps that stay within a distance, (B, ...) -> (B, ...).

    The attack begins at a random point within the distance. Each step has a quarter of the
    distance; after each, the change is brought back to within the distance.

    Args:
        model, x, y: as in `fgsm`.
        size: the distance. For `norm="largest"` no value moves further than it; for "power" the
            change has at most this root of the sum of squares, one number per example, (B, 1, ...).
        norm: how the distance is measured.
        n_steps: number of steps, at least 1.
        seed: of the starting point.

    Raises:
        EvaluationError: if a size is negative, or for no step or an unknown norm.
    """
    _check_size("pgd", size)
    if n_steps < 1 or norm not in ("largest", "power"):
        got = f"{n_steps} steps, norm {norm!r}"
        raise EvaluationError(explain("pgd", 'steps, and norm "largest" or "power"', got))
    start = torch.rand(x.shape, generator=torch.Generator().manual_seed(seed)).to(x) * 2 - 1
    change = start * size if norm == "largest" else _of_length(start, size) / 2
    with evaluation_mode(model):
        for _ in range(n_steps):
            slopes = _slopes(model, x + change, y)
            if norm == "largest":
                change = change + size * slopes.sign() / 4
                change = torch.maximum(torch.minimum(change, x * 0 + size), x * 0 - size)
            else:
                change = change + _of_length(slopes, size) / 4
                change = change * (size / _length(change).clamp_min(1e-20)).clamp_max(1.0)
    return x + change


def noise(x: torch.Tensor, size: Size, *, norm: Norm = "largest", seed: int = 0) -> torch.Tensor:
    """A random change of the size of an attack, (B, ...) -> (B, ...).

    Args:
        x: inputs, (B, ...).
        size: as in `pgd`.
        norm: for "largest" each value moves by exactly `size`, up or down; for "power" the change
            is white noise with exactly this root of the sum of squares.
        seed: of the change.

    Raises:
        EvaluationError: if a size is negative.
    """
    _check_size("noise", size)
    values = torch.randn(x.shape, generator=torch.Generator().manual_seed(seed)).to(x)
    return x + (size * values.sign() if norm == "largest" else _of_length(values, size))


def snr_db(clean: np.ndarray | torch.Tensor, changed: np.ndarray | torch.Tensor) -> float:
    """The signal-to-noise ratio of a changed sound in dB: the power of the sound by the change's.

    >>> snr_db(np.ones(4), np.ones(4) + 0.01)
    40.0
    """
    y, other = (np.asarray(x, dtype=np.float64) for x in (clean, changed))
    change = float(np.square(other - y).sum())
    if not change:
        return float("inf")
    return round(10 * float(np.log10(np.square(y).sum() / change)), 6)


def within_snr(y: torch.Tensor, snr: float) -> torch.Tensor:
    """The size, for `norm="power"`, of a change at this signal-to-noise ratio, (B, N) -> (B, 1)."""
    return _length(y) * 10.0 ** (-snr / 20.0)


class FromWaveform(nn.Module):
    """A network with its front end: from waveforms to logits, (B, N) -> (B, K).

    Args:
        network: from prepared log-mel spectrograms (B, F, T) to logits.
        feature: the front end; without `n_frames` and `top_db`.
        mean, std: of the standardization between the two, (F, 1).
    """

    def __init__(
        self, network: nn.Module, feature: LogMel, mean: np.ndarray, std: np.ndarray
    ) -> None:
        super().__init__()
        self.mean: torch.Tensor
        self.std: torch.Tensor
        self.network, self.feature = network, feature
        self.register_buffer("mean", torch.as_tensor(mean, dtype=torch.float32))
        self.register_buffer("std", torch.as_tensor(std, dtype=torch.float32))

    def forward(self, y: torch.Tensor) -> torch.Tensor:
        """(B, N) -> logits (B, K)."""
        x = (log_mel_tensor(y, self.feature) - self.mean) / self.std  # (B, F, T)
        logits: torch.Tensor = self.network(x)  # (B, K)
        return logits


def adversarial(
    model: nn.Module, size: Size, *, n_steps: int = 1
) -> Callable[..., tuple[tuple[torch.Tensor, ...], torch.Tensor]]:
    """An `augment` of `fit` that replaces each batch by attacks on the network.

    Args:
        model: the network that is being trained.
        size: as in `pgd`.
        n_steps: 1 is one step of full size from a random start; more are `pgd`.
    """

    def augment(
        inputs: tuple[torch.Tensor, ...],
        y: torch.Tensor,
        generator: torch.Generator,
    ) -> tuple[tuple[torch.Tensor, ...], torch.Tensor]:
        x, others = inputs[0], inputs[1:]
        seed = int(torch.randint(0, 2**31, (1,), generator=generator))
        if n_steps > 1:
            attacked = pgd(model, x, y, size, n_steps=n_steps, seed=seed)
            return (attacked, *others), y
        start = torch.rand(x.shape, generator=generator).to(x) * 2 - 1
        with evaluation_mode(model):
            slopes = _slopes(model, x + start * size, y)
        moved = start * size + size * slopes.sign()
        moved = torch.maximum(torch.minimum(moved, x * 0 + size), x * 0 - size)
        return (x + moved, *others), y

    return augment


def _slopes(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """The gradient of the summed cross-entropy with respect to the inputs, (B, ...)."""
    x = x.detach().clone().requires_grad_()
    loss = nn.functional.cross_entropy(model(x), y, reduction="sum")
    (slopes,) = torch.autograd.grad(loss, x)
    return slopes


def _length(x: torch.Tensor) -> torch.Tensor:
    """The root of the sum of squares of each example, (B, ...) -> (B, 1, ...)."""
    return x.square().sum(dim=tuple(range(1, x.ndim)), keepdim=True).sqrt()


def _of_length(x: torch.Tensor, size: Size) -> torch.Tensor:
    return x * (size / _length(x).clamp_min(1e-20))


def _check_size(where: str, size: Size) -> None:
    if float(torch.as_tensor(size).min()) < 0:
        raise EvaluationError(explain(where, "a size of at least 0", str(size)))
