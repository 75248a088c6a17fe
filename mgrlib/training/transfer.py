"""Transfer learning in small parts: features of a trained network, or the network trained on.

What a network has learnt on one task can serve another in two ways, Reddy et al. (n.d.), "Transfer
Learning". As a feature extractor, it stays as it is, and an SVM or a softmax learns from what its
layers say:

    rows = layer_features(tagger, segments)

Fine-tuned, it gets a new last layer, keeps its first layers fixed, and goes on learning at a lower
rate than before:

    model = freeze(new_head(tagger, n_classes=10, seed=0), n_layers=5)
    run = fit(model, train, config=by_depth(config, model, decay=0.5))

All of them return new values; the network that they are given stays as it was.
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

__all__ = [
    "INITIALISERS",
    "LayerRates",
    "by_depth",
    "falling_rates",
    "freeze",
    "initialised",
    "layer_features",
    "layers",
    "new_head",
]


class Layered(Protocol):
    """A network that tells what each of its layers leaves, by name in order of execution."""

    def activations(self, x: torch.Tensor) -> dict[str, torch.Tensor]:
        """(B, F, T) -> a tensor (B, ...) a layer."""


def layers(model: nn.Module) -> tuple[str, ...]:
    """The names of the layers that can be frozen, in order: a block is one, the head is the last.

    A layer is a child of the model that has parameters; of lists of blocks, each block.

    >>> layers(nn.Sequential(nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)))
    ('0', '2')
    """
    found = []
    for name, child in model.named_children():
        listed = isinstance(child, nn.ModuleList | nn.Sequential)
        inner = [f"{name}.{part}" for part, _ in child.named_children()] if listed else [name]
        found += [one for one in inner if any(True for _ in model.get_submodule(one).parameters())]
    return tuple(found)


def layer_features(
    model: nn.Module,
    segments: Segments,
    names: Sequence[str] | None = None,
    *,
    pool: Callable[[torch.Tensor], torch.Tensor] = pooled,
    batch_size: int = 64,
) -> Segments:
    """The segments as a trained network hears them: one row (S, D) a segment, for any classifier.

    Each layer's activations are pooled to a vector, and the vectors stand side by side, as in Choi
    et al. (2017b), *Transfer learning for music classification and regression tasks*.

    Args:
        model: one with `activations`, such as `Crnn` or `Fcn5`; it is not changed.
        names: the layers, in the order wanted; all of them if None.
        pool: an activation (B, ...) -> (B, D): the mean over bands and frames.

    Raises:
        TrainingError: a model that does not tell its activations, or no such layer.
    """
    if not hasattr(model, "activations"):
        hint = "write a method `activations(x)` that returns a tensor a layer, by name."
        got = type(model).__name__
        raise TrainingError(explain("layer_features", "a model with activations", got, hint))
    hearing = copy.deepcopy(model).eval()  # a copy, so that no layer's mode has to be put back
    rows = []
    with torch.inference_mode():
        for (x,), _ in batches(replace(segments, inputs=segments.inputs[:1]), batch_size):
            heard = cast(Layered, hearing).activations(x)
            unknown = [name for name in names or () if name not in heard]
            if unknown:
                raise TrainingError(
                    explain("layer_features", f"layers among {tuple(heard)}", some(unknown))
                )
            rows.append(torch.cat([pool(heard[name]) for name in names or heard], dim=1))
    return replace(segments, inputs=(torch.cat(rows).clone(),))


def new_head(model: nn.Module, n_classes: int, *, seed: int) -> nn.Module:
    """A copy of the model with a fresh last layer for `n_classes`; all else keeps its weights.

    Raises:
        TrainingError: the last layer is not linear.
    """
    twin, name = copy.deepcopy(model), layers(model)[-1]
    old = twin.get_submodule(name)
    if not isinstance(old, nn.Linear):
        got = f"{name!r}, {type(old).__name__}"
        raise TrainingError(explain("new_head", "a linear last layer", got))
    parent, _, last = name.rpartition(".")
    with seeded(seed):
        setattr(twin.get_submodule(parent), last, nn.Linear(old.in_features, n_classes))
    return twin


def freeze(model: nn.Module, n_layers: int) -> nn.Module:
    """A copy of the model in which the first `n_layers` of `layers(model)` are fixed.

    `fit` keeps a layer whose parameters are all fixed in evaluation mode: neither its weights nor
    the statistics of its batch normalisation move, and its dropout does nothing.

    Raises:
        TrainingError: a number that leaves nothing to train.
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
    """A TrainConfig in which each layer learns at a rate of its own.

    Args:
        factors: pairs of a layer's name and what `lr` is multiplied by for it; layers that are not
            named learn at `lr`.

    Raises:
        TrainingError: a factor that is not above 0 (freeze the layer), or, in `fit`, no such layer.
    """

    factors: tuple[tuple[str, float], ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        wrong = [name for name, factor in self.factors if not factor > 0]
        if wrong:
            hint = "to keep a layer as it is, `freeze` it."
            raise TrainingError(explain("LayerRates", "factors above 0", some(wrong), hint))

    def parameters(self, model: nn.Module) -> list[Any]:
        """Groups of parameters that are not frozen, one a rate, the highest first."""
        factor, known = dict(self.factors), layers(model)
        unknown = [name for name in factor if name not in known]
        if unknown:
            raise TrainingError(explain("LayerRates", f"layers among {known}", some(unknown)))
        owner = {id(p): n for n in known for p in model.get_submodule(n).parameters()}
        groups: dict[float, list[nn.Parameter]] = {}
        for p in model.parameters():
            if p.requires_grad:
                groups.setdefault(factor.get(owner.get(id(p), ""), 1.0), []).append(p)
        return [{"params": groups[f], "lr": f * self.lr} for f in sorted(groups, reverse=True)]


def by_depth(config: TrainConfig, model: nn.Module, decay: float) -> LayerRates:
    """The config with rates that fall from the head, which learns at `lr`, to the first layer.

    Each layer learns `decay` times as fast as the one after it: early layers are general, and
    should change least.
    """
    return falling_rates(config, layers(model), decay)


def falling_rates(config: TrainConfig, names: Sequence[str], decay: float) -> LayerRates:
    """The same for layers by name, in order of execution; needs no network."""
    factors = tuple((name, decay**depth) for depth, name in enumerate(reversed(names)))
    return LayerRates(**{**config_dict(config), "factors": factors})


def _small(values: torch.Tensor) -> torch.Tensor:
    """Normal values of deviation .01: what was usual before anyone asked."""
    return nn.init.normal_(values, std=0.01)


INITIALISERS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "Xavier": nn.init.xavier_uniform_,
    "Kaiming": nn.init.kaiming_normal_,
    "orthogonal": nn.init.orthogonal_,
    "normal .01": _small,
}
"""Ways to draw first weights, by the name that tables give them."""


def initialised(model: nn.Module, how: str, *, seed: int) -> nn.Module:
    """A copy of the model with every weight of two or more axes drawn anew, and biases of 0.

    Batch normalisation keeps its scale and shift.

    Raises:
        TrainingError: no such initialisation.
    """
    if how not in INITIALISERS:
        raise TrainingError(explain("initialised", f"one of {tuple(INITIALISERS)}", repr(how)))
    twin = copy.deepcopy(model)
    with seeded(seed), torch.no_grad():
        for layer in twin.modules():
            if isinstance(layer, nn.modules.batchnorm._NormBase):
                continue
            for value in layer.parameters(recurse=False):
                if value.ndim > 1:
                    drawn = torch.empty(value.shape)  # whatever the value's memory format
                    value.copy_(INITIALISERS[how](drawn))
                else:
                    value.zero_()
    return twin
