from __future__ import annotations

import pytest
import torch
from torch import nn

from mgrlib.compression import binarized, pack, straight_through_sign
from mgrlib.errors import MgrError
from mgrlib.training import TrainConfig, fit


def test_a_sign_is_never_zero():
    x = torch.tensor([-2.0, -0.0, 0.0, 3.0])
    assert straight_through_sign(x).tolist() == [-1.0, 1.0, 1.0, 1.0]


def test_the_gradient_passes_a_sign_unchanged():
    x = torch.tensor([-2.0, 0.5], requires_grad=True)
    (straight_through_sign(x) * torch.tensor([3.0, -4.0])).sum().backward()
    assert x.grad.tolist() == [3.0, -4.0]


def test_weights_are_plus_or_minus_the_mean_magnitude():
    layer = nn.Linear(2, 2, bias=False)
    with torch.no_grad():
        layer.weight.copy_(torch.tensor([[1.0, -2.0], [3.0, -6.0]]))
    assert binarized(layer).weight.tolist() == [[3.0, -3.0], [3.0, -3.0]]


def test_layers_may_be_kept(model):
    binary_model = binarized(model, keep=["output"])
    assert torch.equal(binary_model.output.weight, model.output.weight)
    assert binary_model.hidden.weight.unique().numel() == 2


def test_an_unknown_layer_is_refused(model):
    with pytest.raises(MgrError, match="'outptu'"):
        binarized(model, keep=["outptu"])


def test_training_turns_signs_and_keeps_the_two_values(model, segments):
    binary_model = binarized(model)
    before = binary_model.hidden.weight.detach().sign()
    run = fit(binary_model, segments, config=TrainConfig(epochs=10, lr=0.01))
    after = binary_model.hidden.weight.detach()
    assert after.unique().numel() == 2
    assert 0 < int((after.sign() != before).sum()) < after.numel()
    assert run.history["train_loss"].iloc[-1] < run.history["train_loss"].iloc[0]


def test_real_weights_stay_where_a_step_can_turn_them(model, segments):
    binary_model = binarized(model)
    fit(binary_model, segments, config=TrainConfig(epochs=5, lr=0.5))
    rule = binary_model.hidden.parametrizations.weight
    binary_model.train()(segments.inputs[0])
    assert float(rule.original.detach().abs().max()) <= float(rule[0].factor)


def test_looking_in_evaluation_mode_changes_nothing(model, segments):
    binary_model = binarized(model).eval()
    original = binary_model.hidden.parametrizations.weight.original
    with torch.no_grad():
        original[0, 0] = 100.0
    binary_model(segments.inputs[0])
    assert float(original[0, 0].detach()) == 100.0


def test_a_binary_weight_takes_a_bit():
    layer = nn.Linear(1000, 80, bias=False)
    assert len(pack(binarized(layer))) == pytest.approx(80_000 / 8, abs=40)
