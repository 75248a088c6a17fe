from __future__ import annotations

import numpy as np
import pytest
import torch

from mgrlib.compression import kmeans, pack, pruned, shared, sparsity
from mgrlib.errors import MgrError
from mgrlib.training import TrainConfig, fit


def test_kmeans_finds_the_means_of_clear_groups():
    values = torch.tensor([0.0, 0.1, 0.2, 9.0, 9.2])
    assert kmeans(values, 2).tolist() == pytest.approx([0.1, 9.1])


def test_kmeans_ends_where_no_mean_can_move():
    values = torch.randn(500, generator=torch.Generator().manual_seed(0))
    means = kmeans(values, 8, n_rounds=500)
    code = (values[:, None] - means).abs().argmin(1)
    for k in range(8):
        assert float(means[k]) == pytest.approx(float(values[code == k].mean()), abs=1e-5)


def test_every_layer_takes_as_many_values_as_asked_for(model):
    shared_model = shared(model, 4)
    assert shared_model.hidden.weight.unique().numel() == 4
    assert shared_model.conv.weight.unique().numel() == 4


def test_a_layer_of_fewer_values_keeps_them(model):
    with torch.no_grad():
        model.output.weight.copy_(torch.where(model.output.weight > 0, 0.5, -0.25))
    assert torch.equal(shared(model, 16).output.weight, model.output.weight)


def test_zeros_of_pruning_stay_zero_through_sharing_and_training(model, segments):
    shared_model = shared(pruned(model, 0.7), 8)
    assert sparsity(shared_model) == pytest.approx(0.7, abs=0.01)
    zeros = shared_model.hidden.weight == 0
    fit(shared_model, segments, config=TrainConfig(epochs=2, lr=0.01))
    assert bool((shared_model.hidden.weight[zeros] == 0).all())


def test_training_moves_the_values_and_keeps_the_groups(model, segments):
    shared_model = shared(model, 4)
    before = shared_model.hidden.weight.detach().clone()
    fit(shared_model, segments, config=TrainConfig(epochs=2, lr=0.01))
    after = shared_model.hidden.weight.detach()
    pairs = {(float(a), float(b)) for a, b in zip(before.flatten(), after.flatten(), strict=True)}
    assert len(pairs) == 4
    assert not torch.equal(before, after)


def test_the_gradient_of_a_value_is_the_sum_over_its_weights(model):
    shared_model = shared(model, 2)
    weight = shared_model.output.weight
    weight.retain_grad()
    (weight * torch.arange(18.0).reshape(3, 6)).sum().backward()
    rule = shared_model.output.parametrizations.weight[0]
    sums = np.bincount(rule.code.flatten(), weights=torch.arange(18.0), minlength=3)
    assert shared_model.output.parametrizations.weight.original.grad.tolist() == pytest.approx(
        sums[1:]
    )


def test_sixteen_values_take_about_four_bits():
    layer = torch.nn.Linear(300, 100, bias=False)
    assert len(pack(shared(layer, 16))) == pytest.approx(30_000 / 2, rel=0.1)


@pytest.mark.parametrize("n_codes", [0, 256])
def test_a_number_of_values_that_no_byte_holds_is_refused(model, n_codes):
    with pytest.raises(MgrError, match="1 to 255"):
        shared(model, n_codes)
