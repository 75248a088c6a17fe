"""Which weights are compressed, and how a compressed layer becomes a plain one again."""

from __future__ import annotations

import copy
from typing import cast

from torch import nn
from torch.nn.utils import parametrize

from mgrlib.errors import MgrError, explain

Layer = nn.Linear | nn.Conv1d | nn.Conv2d

LAYERS = (nn.Linear, nn.Conv1d, nn.Conv2d)
"""The layers whose `weight` is compressed. Biases and normalization hold a few values in a hundred
and cost accuracy; the weights of recurrent layers stay as they are."""


def weight_layers(model: nn.Module) -> dict[str, Layer]:
    """The linear and convolutional layers of a model by name, in the order of their definition.

    Raises:
        MgrError: the model has none.
    """
    layers = {name: layer for name, layer in model.named_modules() if isinstance(layer, LAYERS)}
    if not layers:
        expectation = "a linear or convolutional layer"
        raise MgrError(explain("weight_layers", expectation, f"a {type(model).__name__} without"))
    return layers


def layer_of(model: nn.Module, name: str) -> Layer:
    """One linear or convolutional layer."""
    return cast(Layer, model.get_submodule(name))


def plain(model: nn.Module) -> nn.Module:
    """A copy whose masks, codebooks and signs have become ordinary weights.

    The copy computes the same values; training it further would fill the zeros again.
    """
    plain_model = copy.deepcopy(model)
    for layer in plain_model.modules():
        _unwrap(layer)
    return plain_model


def reparametrized(model: nn.Module, name: str, rule: nn.Module) -> None:
    """Let `rule` compute the weight of one layer from now on, in place of an earlier rule."""
    layer = model.get_submodule(name)
    _unwrap(layer)
    # Unsafe means unchecked: a codebook's original has another shape than the weight it stands for.
    parametrize.register_parametrization(layer, "weight", rule, unsafe=True)


def _unwrap(layer: nn.Module) -> None:
    """Make what a layer's rules compute its ordinary parameters, in this layer alone.

    torch's own `remove_parametrizations` changes the class that deep copies of a layer share.
    """
    if not parametrize.is_parametrized(layer):
        return
    ruled = cast(nn.ModuleDict, layer.parametrizations)
    values = {name: getattr(layer, name).detach().clone() for name in ruled}
    del layer.parametrizations
    layer.__class__ = type(layer).__bases__[0]
    for name, value in values.items():
        layer.register_parameter(name, nn.Parameter(value))
