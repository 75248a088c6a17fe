from __future__ import annotations

import pytest
import torch

from mgrlib.errors import ShapeError
from mgrlib.models.contract import count_parameters
from mgrlib.models.tang2018 import StackedLstm
from mgrlib.training.seeds import seeded


def network(**options) -> StackedLstm:
    with seeded(0):
        return StackedLstm(6, (13, 40), n_hidden=(8, 4), **options).eval()


def test_parameters_are_those_of_the_papers_layers():
    def lstm(n_in, n):  # four gates; PyTorch has two biases a gate
        return 4 * n * (n_in + n + 2)

    expected = lstm(13, 128) + lstm(128, 32) + 32 * 6 + 6
    assert count_parameters(StackedLstm(6, (13, 1293))) == expected


def test_one_step_is_the_papers_equations():
    model = network()
    x = torch.randn(1, 13, 1, generator=torch.Generator().manual_seed(1))
    lower = model.lstm1
    gates = x[:, :, 0] @ lower.weight_ih_l0.T + lower.bias_ih_l0 + lower.bias_hh_l0
    i, _, u, o = gates.chunk(4, dim=1)  # the forget gate meets an empty cell
    h = torch.tanh(torch.sigmoid(i) * torch.tanh(u)) * torch.sigmoid(o)
    assert torch.allclose(h, lower(x.transpose(1, 2))[0][:, 0], atol=1e-6)


def test_the_last_state_knows_the_order_and_depends_on_the_end_most():
    model = network()
    x = torch.randn(1, 13, 40, generator=torch.Generator().manual_seed(1))
    start, end = x.clone(), x.clone()
    start[:, :, 0] += 5
    end[:, :, -1] += 5
    moved = [float((model.embed(y) - model.embed(x)).detach().abs().max()) for y in (start, end)]
    assert moved[1] > 100 * moved[0]
    assert not torch.allclose(model(x), model(x.flip(2)))


def test_the_mean_of_the_states_is_their_mean():
    model = network(read="mean")
    x = torch.randn(2, 13, 40, generator=torch.Generator().manual_seed(1))
    states = model.lstm2(model.lstm1(x.transpose(1, 2))[0])[0]
    assert torch.allclose(model.embed(x), states.mean(1), atol=1e-6)


def test_pooling_averages_neighboring_frames():
    x = torch.randn(1, 13, 40, generator=torch.Generator().manual_seed(1))
    pooled = x.reshape(1, 13, 10, 4).mean(3)
    assert torch.allclose(network(pool=4)(x), network()(pooled), atol=1e-6)


def test_logits_are_the_linear_layer_on_the_embedding():
    model = network()
    x = torch.zeros(3, 13, 40)
    assert model.embed(x).shape == (3, 4)
    assert torch.equal(model.linear(model.embed(x)), model(x))


def test_it_refuses_another_number_of_coefficients_and_another_read():
    with pytest.raises(ShapeError, match=r"F=13.*\(2, 14, 40\)"):
        network()(torch.zeros(2, 14, 40))
    with pytest.raises(ShapeError, match="'first'"):
        network(read="first")
