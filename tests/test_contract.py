"""Every model keeps the contract, found by walking `mgrlib.models`; and the contract has teeth."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import typing
from collections.abc import Iterator

import pytest
import torch
from torch import nn

import mgrlib.models
from mgrlib.models.contract import breaches, count_parameters, shape_table
from mgrlib.models.luo2021 import MeanLSTM, ResNet1d, ShallowCNN
from mgrlib.training.seeds import seeded

K = 5
# What a model is tried on, by the number of dimensions that its constructor's annotation names:
# a vector, a spectrogram, a picture.
SHAPES = {1: (57,), 2: (128, 1024), 3: (3, 96, 96)}


def models() -> Iterator[type[nn.Module]]:
    """The public classes of `mgrlib.models` that are built as `Model(n_classes, ...)`."""
    for module in pkgutil.iter_modules(mgrlib.models.__path__, "mgrlib.models."):
        content = importlib.import_module(module.name)
        for name, thing in vars(content).items():
            own = isinstance(thing, type) and thing.__module__ == module.name
            is_model = own and issubclass(thing, nn.Module) and not name.startswith("_")
            if is_model and "n_classes" in inspect.signature(thing).parameters:
                yield thing


def input_shapes(model: type[nn.Module]) -> list[tuple[int, ...]]:
    """A shape for each modality: the positional arguments after `n_classes`."""
    parameters = list(inspect.signature(model).parameters.values())[1:]
    names = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    hints = typing.get_type_hints(model.__init__)
    return [SHAPES[len(typing.get_args(hints[name]))] for name in names]


MODELS = sorted(models(), key=lambda model: model.__name__)


def test_the_walk_finds_the_models_of_luo2021():
    assert {"ShallowCNN", "MeanLSTM", "ResNet1d", "DilatedCNN"} <= {m.__name__ for m in MODELS}


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_model_keeps_the_contract(model):
    shapes = input_shapes(model)
    with seeded(0):
        assert breaches(lambda: model(K, *shapes), K, *shapes) == []


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_a_model_is_built_the_same_by_the_same_seed(model):
    twins = []
    for _ in range(2):
        with seeded(3):
            twins.append(model(K, *input_shapes(model)).state_dict())
    assert all(torch.equal(twins[0][name], twins[1][name]) for name in twins[0])


@pytest.mark.parametrize("model", MODELS, ids=lambda m: m.__name__)
def test_hyperparameters_are_keywords(model):
    parameters = list(inspect.signature(model).parameters.values())
    positional = [p.name for p in parameters if p.kind is p.POSITIONAL_OR_KEYWORD]
    assert positional[0] == "n_classes"
    assert all("shape" in name for name in positional[1:])
    assert all(p.default is not p.empty for p in parameters if p.kind is p.KEYWORD_ONLY)


@pytest.mark.parametrize(
    ("model", "n_bands", "n"),
    [
        (ShallowCNN, 128, 435_338),
        (ShallowCNN, 16, 134_282),
        (MeanLSTM, 128, 133_386),
        (MeanLSTM, 16, 76_042),
        (ResNet1d, 128, 2_389_386),
        (ResNet1d, 16, 2_346_378),
    ],
)
def test_parameters_are_as_many_as_the_paper_prints(model, n_bands, n):
    assert count_parameters(model(10, (n_bands, 1024))) == n


def test_frozen_parameters_are_not_counted():
    model = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    model[0].requires_grad_(False)
    assert count_parameters(model) == 3 * 2 + 2


class Good(nn.Module):
    """Four features to K logits; the models below each break one clause of it."""

    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, K)

    def forward(self, x):
        return self.linear(x)


class Probabilities(Good):
    def forward(self, x):
        return self.linear(x).softmax(1)


class LogProbabilities(Good):
    def forward(self, x):
        return self.linear(x).log_softmax(1)


class Tuple(Good):
    def forward(self, x):
        return self.linear(x), x


class TooFew(Good):
    def forward(self, x):
        return self.linear(x)[:, :-1]


class Infinite(Good):
    def forward(self, x):
        return self.linear(x) / 0.0


class Dead(Good):
    def __init__(self) -> None:
        super().__init__()
        self.unused = nn.Linear(2, 2)


class ZeroGradient(Good):
    def __init__(self) -> None:
        super().__init__()
        self.shift = nn.Parameter(torch.zeros(1))

    def forward(self, x):
        return self.linear(x) + 0.0 * self.shift


class Mixing(Good):
    def forward(self, x):
        return self.linear(x - x.mean(0))


class Shared(Good):
    def __deepcopy__(self, memo):
        return self


class Outside(Good):
    def __init__(self) -> None:
        super().__init__()
        self.scale = torch.randn(4)

    def forward(self, x):
        return self.linear(x * self.scale)


class TwoInputs(Good):
    def forward(self, x, z):
        return self.linear(x + z)


@pytest.mark.parametrize(
    ("model", "clause"),
    [
        (Probabilities, "like probabilities"),
        (LogProbabilities, "like probabilities"),
        (Tuple, "returns a tuple"),
        (TooFew, "shape (4, 4), not (B=4, K=5)"),
        (Infinite, "not finite"),
        (Dead, "unused.weight, unused.bias"),
        (ZeroGradient, "reaches shift"),
        (Mixing, "change with its batch"),
        (Shared, "a deep copy changes the original"),
        (Outside, "the same state_dict gives different logits"),
    ],
)
def test_a_broken_clause_is_named(model, clause):
    with seeded(0):
        messages = breaches(model, K, (4,))
    assert any(clause in sentence for sentence in messages)


def test_a_model_that_keeps_all_clauses_is_told_nothing():
    with seeded(0):
        assert breaches(Good, K, (4,)) == []


def test_a_model_of_two_modalities_is_held_to_the_contract_too():
    with seeded(0):
        assert breaches(TwoInputs, K, (4,), (4,)) == []


def test_a_shape_table_leaves_the_model_as_it_was():
    model = nn.Sequential(nn.BatchNorm1d(3), nn.Dropout(), nn.Linear(3, 2))
    model[0].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    shape_table(model, (3,))
    assert [layer.training for layer in model] == [False, True, True]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert not any(layer._forward_hooks for layer in model)
