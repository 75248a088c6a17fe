from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mgrlib.compression import Chain, chains, cost, narrowed
from mgrlib.errors import MgrError
from mgrlib.models.contract import breaches, count_parameters
from mgrlib.models.luo2021 import ResNet1d, ShallowCNN
from mgrlib.models.wei2023 import FeatureMlp57, ResNet18, SegmentCnn
from mgrlib.training import TrainConfig, fit

SHAPE = (4, 12)


class Forked(nn.Module):
    """A layer that two layers read."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b, self.c = nn.Linear(4, 8), nn.Linear(8, 3), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = torch.relu(self.a(x))
        return self.b(x) + self.c(x)


class Shifted(nn.Module):
    """An activation that makes something of a silent channel."""

    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 8), nn.Linear(8, 3)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.b(torch.sigmoid(self.a(x)))


def test_chains_name_maker_normalization_and_reader(model):
    assert chains(model, SHAPE) == [
        Chain("conv", ("norm",), "hidden"),
        Chain("hidden", (), "output"),
    ]


def test_a_layer_that_two_read_is_no_chain():
    assert chains(Forked(), (4,)) == []


def test_in_a_residual_block_only_the_inside_is_a_chain():
    producers = [chain.producer for chain in chains(ResNet1d(3, (8, 729)), (8, 729))]
    assert producers == [f"blocks.{i}.conv1" for i in range(5)] + ["conv"]


def test_channels_really_go(model):
    half = narrowed(model, 0.5, SHAPE)
    assert (half.conv.weight.shape, half.norm.weight.shape) == ((4, 4, 3), (4,))
    assert (half.hidden.weight.shape, half.output.weight.shape) == ((3, 40), (3, 3))
    assert count_parameters(half) < count_parameters(model) / 2
    assert cost(half, SHAPE, rounds=0).macs < cost(model, SHAPE, rounds=0).macs / 2


def test_the_strongest_channels_stay_in_their_order(model):
    with torch.no_grad():
        model.hidden.weight[[1, 4]] *= 100
    narrow_model = narrowed(model, 2 / 3, SHAPE, among=[Chain("hidden", (), "output")])
    assert torch.equal(narrow_model.hidden.weight, model.hidden.weight[[1, 4]])
    assert torch.equal(narrow_model.output.weight, model.output.weight[:, [1, 4]])


def test_taking_out_silent_channels_changes_nothing(model):
    with torch.no_grad():
        for values in (model.conv.weight, model.conv.bias, model.norm.weight, model.norm.bias):
            values[[0, 3, 5, 6]] = 0.0
    x = torch.randn(5, *SHAPE)
    small = narrowed(model, 0.5, SHAPE, among=[Chain("conv", ("norm",), "hidden")])
    assert torch.allclose(small(x), model(x), atol=1e-5)  # sums in another order


def test_the_original_is_left_alone(model):
    before = copy.deepcopy(model.state_dict())
    narrowed(model, 0.5, SHAPE)
    assert all(torch.equal(before[name], x) for name, x in model.state_dict().items())


def test_a_narrow_network_trains_on(model, segments):
    half = narrowed(model, 0.5, SHAPE)
    run = fit(half, segments, config=TrainConfig(epochs=8, lr=0.01))
    assert run.history["train_loss"].iloc[-1] < run.history["train_loss"].iloc[0]


@pytest.mark.parametrize(
    ("make", "shape"),
    [
        (ShallowCNN, (16, 100)),
        (SegmentCnn, (13, 130)),
        (FeatureMlp57, (57,)),
        (ResNet18, (3, 32, 32)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_the_papers_networks_become_narrow_and_keep_the_contract(make, shape):
    model = make(10, shape)
    half = narrowed(model, 0.5, shape)
    assert count_parameters(half) < 0.7 * count_parameters(model)
    assert breaches(lambda: copy.deepcopy(half), 10, shape) == []


def test_one_channel_is_left_at_least(model):
    assert narrowed(model, 0.99, SHAPE).conv.weight.shape[0] == 1


def test_chains_that_are_none_are_refused():
    with pytest.raises(MgrError, match="silent channels"):
        narrowed(Shifted(), 0.5, (4,))
    with pytest.raises(MgrError, match="none in Forked"):
        narrowed(Forked(), 0.5, (4,))
    with pytest.raises(MgrError, match="from 0 to below 1"):
        narrowed(Shifted(), 1.0, (4,))
