from __future__ import annotations

import copy

import pytest
import torch
from torch import nn

from mgrlib.compression import cubic_schedule, magnitude_masks, plain, pruned, sparsity
from mgrlib.errors import MgrError
from mgrlib.training import TrainConfig, fit


def zeros_of(model: nn.Module) -> dict[str, torch.Tensor]:
    return {
        name: layer.weight.detach() == 0
        for name, layer in model.named_modules()
        if isinstance(layer, nn.Linear | nn.Conv1d)
    }


def test_the_smallest_magnitudes_become_zero():
    masks = magnitude_masks({"a": torch.tensor([[0.1, -4.0], [-0.2, 3.0]])}, 0.5)
    assert masks["a"].tolist() == [[0.0, 1.0], [0.0, 1.0]]


def test_a_global_share_takes_more_from_the_layer_of_small_weights():
    weights = {"small": torch.tensor([0.1, 0.2]), "large": torch.tensor([5.0, 6.0])}
    masks = magnitude_masks(weights, 0.5, scope="global")
    assert (masks["small"].sum(), masks["large"].sum()) == (0, 2)
    masks = magnitude_masks(weights, 0.5, scope="layer")
    assert (masks["small"].sum(), masks["large"].sum()) == (1, 1)


def test_equal_magnitudes_are_counted_out_exactly():
    assert magnitude_masks({"a": torch.ones(10)}, 0.3)["a"].sum() == 7


@pytest.mark.parametrize("scope", ["layer", "global"])
def test_the_share_of_zeros_is_the_one_asked_for(model, scope):
    assert sparsity(pruned(model, 0.75, scope=scope)) == pytest.approx(0.75, abs=0.01)


def test_pruning_leaves_the_original_alone(model):
    before = copy.deepcopy(model.state_dict())
    pruned(pruned(model, 0.5), 0.8)
    plain(pruned(model, 0.5))
    assert sparsity(model) == 0
    assert all(torch.equal(before[name], x) for name, x in model.state_dict().items())


def test_zeros_survive_training_with_momentum_and_weight_decay(model, segments):
    cut = pruned(model, 0.8)
    before = zeros_of(cut)
    weights = cut.conv.weight.detach().clone()
    fit(cut, segments, config=TrainConfig(epochs=3, optimizer="adamw", weight_decay=0.1))
    after = zeros_of(cut)
    assert all(bool(after[name][zero].all()) for name, zero in before.items())
    assert not torch.equal(cut.conv.weight, weights)


def test_pruning_further_keeps_the_zeros_there_are(model):
    once = pruned(model, 0.5)
    twice = pruned(once, 0.9)
    after = zeros_of(twice)
    assert all(bool(after[name][zero].all()) for name, zero in zeros_of(once).items())


def test_plain_computes_the_same_with_ordinary_weights(model, segments):
    cut = pruned(model, 0.7)
    plain_model = plain(cut)
    x = segments.inputs[0]
    assert torch.equal(plain_model(x), cut(x))
    assert set(plain_model.state_dict()) == set(model.state_dict())
    assert type(plain_model.conv) is nn.Conv1d


def test_a_plain_copy_leaves_the_mask_of_its_original(model, segments):
    cut = pruned(model, 0.7)
    plain(cut)
    assert sparsity(cut) == pytest.approx(0.7, abs=0.01)
    cut(segments.inputs[0])


def test_the_schedule_rises_fast_and_ends_where_it_should():
    shares = cubic_schedule(0.9, 10)
    steps = [b - a for a, b in zip([0.0, *shares], shares, strict=False)]
    assert shares[-1] == pytest.approx(0.9)
    assert steps == sorted(steps, reverse=True)


@pytest.mark.parametrize("share", [-0.1, 1.0])
def test_an_impossible_share_is_refused(model, share):
    with pytest.raises(MgrError, match="from 0 to below 1"):
        pruned(model, share)


def test_an_unknown_scope_is_refused():
    with pytest.raises(MgrError, match="'model'"):
        magnitude_masks({"a": torch.ones(2)}, 0.5, scope="model")


def test_a_model_without_such_layers_is_refused():
    with pytest.raises(MgrError, match="a ReLU without"):
        pruned(nn.ReLU(), 0.5)
