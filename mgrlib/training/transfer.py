"""Tools for transfer learning: feature extraction and fine-tuning.

A network trained on one task can be used for another in two ways (Reddy et al., n.d., "Transfer
Learning"). As a feature extractor it is not changed, and an SVM or a softmax layer is trained on
the activations of its layers:

    rows = layer_features(tagger, segments)

For fine-tuning, it gets a new last layer, its first layers are frozen, and the others are trained
at a lower learning rate:

    model = freeze(new_head(tagger, n_classes=10, seed=0), n_layers=5)
    run = fit(model, train, config=by_depth(config, model, decay=0.5))

The functions return new networks and never change their argument.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, cast

import torch
from torch import nn

from mgrlib.errors import TrainingError, explain, some
from mgrlib.models.reddy2024 import pooled
from mgrlib.segments import Segments
from mgrlib.training.config import TrainConfig, config_dict
from mgrlib.training.loop import batches
from mgrlib.training.seeds import seeded


class HasActivations(Protocol):
    """A network that returns the activations of its layers by name, in order of execution."""

    def activations(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, F, T) -> a tensor (B, ...) per layer."""


def layers(model: nn.Module) -> tuple[str, ...]:
    """The names of the layers that can be frozen, in order; the head is the last.

    A layer is a child of the model that has parameters. In a list of blocks, each block is a layer.

    >>> layers(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
    ('0', '2')
    """
    names = []
    for name, child in model.named_children():
        if isinstance(child, nn.ModuleList | nn.Sequential):
            names += [f"{name}.{part}" for part, _ in child.named_children()]
        else:
            names.append(name)
    return tuple(n for n in names if any(True for _ in model.get_submodule(n).parameters()))


def layer_features(
    model: nn.Module,
    segments: Segments,
    names: Sequence[str] | None = None,
    *,
    pool: Callable[[torch.Tensor], torch.Tensor] = pooled,
    batch_size: int = 64,
) -> Segments:
    """Compute the activations of a trained network as features, one row (S, D) per segment.

    Each layer's activations are pooled to a vector, and the vectors of all layers are concatenated,
    as in Choi et al. (2017b), *Transfer learning for music classification and regression tasks*.

    Args:
        model: a network with a method `activations`, such as `Crnn` or `Fcn5`; it is not changed.
        segments: the segments.
        names: the layers, in the order of the result; None uses all layers.
        pool: an activation (B, ...) -> (B, D); the default is the mean over bands and frames.
        batch_size: segments per batch.

    Raises:
        TrainingError: if the model has no method `activations`, or if a layer does not exist.
    """
    if not hasattr(model, "activations"):
        hint = "write a method `activations(x)`: layer names to tensors."
        expected, got = "a model with activations", type(model).__name__
        raise TrainingError(explain("layer_features", expected, got, hint))
    network = copy.deepcopy(model).eval()  # keeps the modes of `model`
    first_input = replace(segments, inputs=segments.inputs[:1])
    rows = []
    with torch.inference_mode():
        for (x,), _ in batches(first_input, batch_size):
            activations = cast(HasActivations, network).activations(x)
            unknown = [name for name in names or () if name not in activations]
            if unknown:
                expected = f"layers among {tuple(activations)}"
                got = some(unknown)
                raise TrainingError(explain("layer_features", expected, got))
            vectors = [pool(activations[name]) for name in names or activations]
            rows.append(torch.cat(vectors, dim=1))
    return replace(segments, inputs=(torch.cat(rows).clone(),))


def new_head(model: nn.Module, n_classes: int, *, seed: int) -> nn.Module:
    """Copy the model and replace its last layer by an untrained one for `n_classes`.

    Raises:
        TrainingError: if the last layer is not linear.
    """
    twin, name = copy.deepcopy(model), layers(model)[-1]
    old = twin.get_submodule(name)
    if not isinstance(old, nn.Linear):
        got = f"{name!r}, {type(old).__name__}"
        raise TrainingError(explain("new_head", "a linear last layer", got))
    parent, _, last = name.rpartition(".")
    with seeded(seed):
        head = nn.Linear(old.in_features, n_classes)
    setattr(twin.get_submodule(parent), last, head)
    return twin


def freeze(model: nn.Module, n_layers: int) -> nn.Module:
    """Copy the model and freeze the first `n_layers` of `layers(model)`.

    `fit` keeps frozen layers in evaluation mode: neither their weights nor the statistics of their
    batch normalization change, and they apply no dropout.

    Raises:
        TrainingError: if no layer would be left to train.
    """
    names = layers(model)
    if not 0 <= n_layers < len(names):
        expected = f"0 to {len(names) - 1} layers, so that the head can learn"
        raise TrainingError(explain("freeze", expected, str(n_layers)))
    twin = copy.deepcopy(model)
    for name in names[:n_layers]:
        twin.get_submodule(name).requires_grad_(False)
    return twin


@dataclass(frozen=True)
class LayerRates(TrainConfig):
    """A TrainConfig with a learning rate for each layer.

    Args:
        factors: pairs of a layer's name and the factor by which `lr` is multiplied for it; the
            other layers learn at `lr`.

    Raises:
        TrainingError: if a factor is not above 0 (freeze the layer instead) or, in `fit`, if a
            layer does not exist.
    """

    factors: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong = [name for name, factor in self.factors if not factor > 0]
        if wrong:
            hint = "to keep a layer unchanged, `freeze` it."
            raise TrainingError(explain("LayerRates", "factors above 0", some(wrong), hint))

    def parameters(self, model: nn.Module) -> list[Any]:
        """The parameters that are not frozen, in one group per rate, the highest rate first."""
        factor, names = dict(self.factors), layers(model)
        unknown = [name for name in factor if name not in names]
        if unknown:
            raise TrainingError(explain("LayerRates", f"layers among {names}", some(unknown)))
        owner = {id(p): n for n in names for p in model.get_submodule(n).parameters()}
        groups: dict[float, list[nn.Parameter]] = {}
        for p in model.parameters():
            if p.requires_grad:
                groups.setdefault(factor.get(owner.get(id(p), ""), 1.0), []).append(p)
        return [{"params": groups[f], "lr": f * self.lr} for f in sorted(groups, reverse=True)]


def by_depth(config: TrainConfig, model: nn.Module, decay: float) -> LayerRates:
    """Add learning rates that decrease from the head, which learns at `lr`, to the first layer.

    The rate of each layer is `decay` times that of the next one, because early layers are more
    general and should change less.
    """
    return falling_rates(config, layers(model), decay)


def falling_rates(config: TrainConfig, names: Sequence[str], decay: float) -> LayerRates:
    """Do the same as `by_depth` for a list of layer names in order of execution."""
    factors = tuple((name, decay**depth) for depth, name in enumerate(reversed(names)))
    return LayerRates(**{**config_dict(config), "factors": factors})


def _small(values: torch.Tensor) -> torch.Tensor:
    """Draw normal values with standard deviation .01, once the usual initialization."""
    return nn.init.normal_(values, std=0.01)


INITIALIZERS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Xavier": nn.init.xavier_uniform_,
    "Kaiming": nn.init.kaiming_normal_,
    "orthogonal": nn.init.orthogonal_,
    "normal .01": _small,
}
"""Ways to initialize weights, by their name in tables."""


def initialize(model: nn.Module, how: str, *, seed: int) -> nn.Module:
    """Copy the model, draw new weights, and set biases to 0.

    The scale and shift of batch normalization are not changed.

    Raises:
        TrainingError: if `how` is not among `INITIALIZERS`.
    """
    if how not in INITIALIZERS:
        raise TrainingError(explain("initialize", f"one of {tuple(INITIALIZERS)}", repr(how)))
    twin = copy.deepcopy(model)
    with seeded(seed), torch.no_grad():
        for layer in twin.modules():
            if isinstance(layer, nn.modules.batchnorm._NormBase):
                continue
            for value in layer.parameters(recurse=False):
                if value.ndim > 1:
                    weights = torch.empty(value.shape)  # independent of the value's memory format
                    value.copy_(INITIALIZERS[how](weights))
                else:
                    value.zero_()
    return twin
