"""Magnitude pruning: the smallest weights become zero and stay zero while the rest is trained on.

A mask is a *parametrization*: the layer computes its weight as `original * mask` each time it is
asked for it. Nothing in `fit`, in an optimizer or in a file of weights needs to know, the gradient
of a masked weight is zero, and no step of training can bring it back.

Han et al. (2015) prune, train on, and prune again; Zhu and Gupta (2017) raise the share of zeros
along a cubic curve, layer by layer, which is what the toolkit used by Wei et al. (n.d.) does.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Literal

import torch
from torch import nn

from mgrlib.compression.weights import reparametrized, weight_layers
from mgrlib.errors import MgrError, explain

Scope = Literal["layer", "global"]


class Mask(nn.Module):
    """The rule weight = original * mask."""

    mask: torch.Tensor

    def __init__(self, mask: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("mask", mask)

    def forward(self, original: torch.Tensor) -> torch.Tensor:
        """The weight with its masked values at zero."""
        return original * self.mask


def magnitude_masks(
    weights: Mapping[str, torch.Tensor], share: float, *, scope: Scope = "layer"
) -> dict[str, torch.Tensor]:
    """For each weight a tensor of its shape: 0 for the smallest `share` of values, 1 for the rest.

    Args:
        weights: the layers' weights by name.
        share: how many values become zero, from 0 to below 1; rounded to whole values.
        scope: "layer" takes that share of every layer, "global" of all layers together, so that
            layers of small weights lose more.

    Raises:
        MgrError: another scope, or a share outside [0, 1).

    >>> masks = magnitude_masks({"a": torch.tensor([3.0, -1.0, 0.5, -2.0])}, 0.5)
    >>> masks["a"]
    tensor([1., 0., 0., 1.])
    """
    if not 0 <= share < 1:
        raise MgrError(explain("magnitude_masks", "a share from 0 to below 1", str(share)))
    if scope not in ("layer", "global"):
        raise MgrError(explain("magnitude_masks", 'scope "layer" or "global"', repr(scope)))
    if scope == "layer":
        return {name: _mask(weight, share) for name, weight in weights.items()}
    flat = _mask(torch.cat([weight.flatten() for weight in weights.values()]), share)
    parts = flat.split([weight.numel() for weight in weights.values()])
    return {
        name: part.reshape(weight.shape)
        for (name, weight), part in zip(weights.items(), parts, strict=True)
    }


def _mask(weight: torch.Tensor, share: float) -> torch.Tensor:
    """Zero for the round(share * n) smallest magnitudes, the first of equal ones."""
    mask = torch.ones(weight.numel())
    order = weight.detach().abs().flatten().argsort(stable=True)
    mask[order[: round(share * weight.numel())]] = 0.0
    return mask.reshape(weight.shape)


def pruned(model: nn.Module, share: float, *, scope: Scope = "layer") -> nn.Module:
    """A copy of the model whose smallest weights are zero, masked so that training leaves them so.

    Pruning a pruned model further keeps its zeros, since no magnitude is smaller. `plain` makes
    an ordinary model of the result.

    Args:
        share, scope: as in `magnitude_masks`, over all linear and convolutional layers.

    >>> from mgrlib.compression.prune import sparsity
    >>> sparsity(pruned(nn.Linear(10, 4), 0.75))
    0.75
    """
    pruned_model = copy.deepcopy(model)
    weights = {name: layer.weight.detach() for name, layer in weight_layers(pruned_model).items()}
    for name, mask in magnitude_masks(weights, share, scope=scope).items():
        reparametrized(pruned_model, name, Mask(mask))
    return pruned_model


def sparsity(model: nn.Module) -> float:
    """The share of zeros among the weights of linear and convolutional layers."""
    weights = [layer.weight.detach() for layer in weight_layers(model).values()]
    zeros = sum(int((weight == 0).sum()) for weight in weights)
    return zeros / sum(weight.numel() for weight in weights)


def cubic_schedule(final: float, n_steps: int, *, start: float = 0.0) -> list[float]:
    """The shares of zeros after each of `n_steps`: fast at first, slow near the end.

    s_i = final + (start - final) (1 - i/n)^3, i = 1 ... n: Zhu and Gupta (2017), equation 1.

    Raises:
        MgrError: no step, or shares outside [0, 1).

    >>> [round(s, 3) for s in cubic_schedule(0.8, 4)]
    [0.463, 0.7, 0.788, 0.8]
    """
    if n_steps < 1 or not 0 <= start <= final < 1:
        got = f"{n_steps} steps from {start} to {final}"
        raise MgrError(explain("cubic_schedule", "0 <= start <= final < 1 and a step", got))
    return [final + (start - final) * (1 - i / n_steps) ** 3 for i in range(1, n_steps + 1)]
