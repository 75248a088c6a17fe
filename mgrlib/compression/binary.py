"""Binary weights: each weight is +1 or -1, times one number for the whole layer.

Courbariaux et al. (2015), *BinaryConnect*: real weights are kept while training, their signs are
what the network computes with, and the gradient of a sign goes to the real weight behind it as if
the sign were not there (the straight-through estimator). Real weights are held within [-1, 1],
where a step can still turn a sign.

**What the paper leaves open and what we chose**: the factor of a layer. The paper's layers are
followed by batch normalization, which undoes any factor; ours need not be, so the signs are
multiplied by the mean magnitude of the weights that the layer began with, and real weights are
held within that many times [-1, 1]. Signs are deterministic, the paper's first variant.
"""

from __future__ import annotations

import copy
from collections.abc import Collection

import torch
from torch import nn

from mgrlib.compression.weights import reparametrized, weight_layers
from mgrlib.errors import MgrError, explain, some


class _Sign(torch.autograd.Function):
    """The sign of each value, +1 at zero; its gradient is passed on unchanged."""

    @staticmethod
    def forward(ctx: object, x: torch.Tensor) -> torch.Tensor:
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx: object, gradient: torch.Tensor) -> torch.Tensor:
        return gradient


def straight_through_sign(x: torch.Tensor) -> torch.Tensor:
    """+1 where x >= 0, else -1, with the gradient of the identity.

    >>> x = torch.tensor([-0.3, 0.0, 2.0], requires_grad=True)
    >>> y = straight_through_sign(x)
    >>> (y * torch.tensor([1.0, 2.0, 3.0])).sum().backward()
    >>> y.detach(), x.grad
    (tensor([-1.,  1.,  1.]), tensor([1., 2., 3.]))
    """
    signs: torch.Tensor = _Sign.apply(x)
    return signs


class Signs(nn.Module):
    """The rule weight = factor * sign(original); while training, originals stay within bounds."""

    factor: torch.Tensor

    def __init__(self, weight: torch.Tensor) -> None:
        super().__init__()
        self.register_buffer("factor", weight.abs().mean())

    def forward(self, original: torch.Tensor) -> torch.Tensor:
        """The weight, of two values."""
        if self.training:
            with torch.no_grad():
                original.clamp_(-self.factor, self.factor)
        return self.factor * straight_through_sign(original)


def binarized(model: nn.Module, *, keep: Collection[str] = ()) -> nn.Module:
    """A copy of the model whose linear and convolutional layers have weights of two values.

    Training the copy updates the real weights behind the signs.

    Args:
        keep: names of layers that stay unchanged, often the first and the last.

    Raises:
        MgrError: `keep` names a layer that the model does not have.
    """
    binary_model = copy.deepcopy(model)
    layers = weight_layers(binary_model)
    unknown = [name for name in keep if name not in layers]
    if unknown:
        raise MgrError(explain("binarized", f"layers among {list(layers)}", some(unknown)))
    for name, layer in layers.items():
        if name not in keep:
            reparametrized(binary_model, name, Signs(layer.weight.detach()))
    return binary_model
