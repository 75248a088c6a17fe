"""Weight sharing: a layer's weights take few values, and each weight stores only which one.

Han et al. (2016), *Deep compression*: the weights that pruning left are grouped by k-means, layer
by layer, and each becomes the mean of its group. The means go on training: the gradient of a mean
is the sum of the gradients of its weights, which a parametrization gives without a line of code.
"""

from __future__ import annotations

import copy

import torch
from torch import nn

from mgrlib.compression.weights import reparametrized, weight_layers
from mgrlib.errors import MgrError, explain

MAX_CODES = 255  # a code is one byte, and zero has one of its own


def kmeans(values: torch.Tensor, n_codes: int, *, n_rounds: int = 30) -> torch.Tensor:
    """The means of `n_codes` groups of numbers, (n,) -> (n_codes,) sorted, by Lloyd's algorithm.

    It starts from means evenly spaced between the extremes, which keeps the few large weights that
    matter most: Han et al. (2016), section 3.2. A group that runs empty keeps its mean.

    >>> kmeans(torch.tensor([0.0, 0.2, 5.0, 5.2]), 2)
    tensor([0.1000, 5.1000])
    """
    if n_codes < 1 or not len(values):
        got = f"{n_codes} groups of {len(values)} values"
        raise MgrError(explain("kmeans", "at least one group and one value", got))
    values = values.detach().double()
    means = torch.linspace(float(values.min()), float(values.max()), n_codes, dtype=torch.float64)
    for _ in range(n_rounds):
        code = nearest(values, means)
        size = torch.bincount(code, minlength=n_codes)
        total = torch.bincount(code, weights=values, minlength=n_codes)
        moved = torch.where(size > 0, total / size.clamp(min=1), means)
        if torch.equal(moved, means):
            break
        means = moved
    return means.float()


def nearest(values: torch.Tensor, means: torch.Tensor) -> torch.Tensor:
    """The number of the nearest mean of each value; the means are sorted."""
    between = (means[1:] + means[:-1]) / 2
    return torch.bucketize(values, between)


class Codebook(nn.Module):
    """The rule weight = table[code]: the means are trained, the codes are fixed.

    Code 0 is the zero of pruned weights and stays zero.
    """

    code: torch.Tensor

    def __init__(self, weight: torch.Tensor, n_codes: int) -> None:
        super().__init__()
        nonzero = weight != 0
        n_codes = min(n_codes, max(1, int(weight[nonzero].unique().numel())))
        means = kmeans(weight[nonzero], n_codes) if nonzero.any() else torch.zeros(1)
        code = torch.zeros(weight.shape, dtype=torch.int64)
        code[nonzero] = 1 + nearest(weight[nonzero], means)
        self.register_buffer("code", code)
        self.start = means

    def forward(self, means: torch.Tensor) -> torch.Tensor:
        """The weight, from the means (n_codes,)."""
        return torch.cat([means.new_zeros(1), means])[self.code]

    def right_inverse(self, weight: torch.Tensor) -> torch.Tensor:
        """The means to begin with."""
        return self.start.clone()


def shared(model: nn.Module, n_codes: int = 16) -> nn.Module:
    """A copy of the model in which every weight of a layer is one of `n_codes` values, or zero.

    Zeros remain zeros, so prune first. Training the copy changes the values, not the grouping.

    Args:
        n_codes: values per layer, up to 255; 16 take four bits per weight, and 32 take five.

    Raises:
        MgrError: fewer than one value, or more than 255.
    """
    if not 1 <= n_codes <= MAX_CODES:
        raise MgrError(explain("shared", f"1 to {MAX_CODES} values a layer", str(n_codes)))
    shared_model = copy.deepcopy(model)
    for name, layer in weight_layers(shared_model).items():
        reparametrized(shared_model, name, Codebook(layer.weight.detach(), n_codes))
    return shared_model
