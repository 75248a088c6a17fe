from __future__ import annotations

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import ShapeError
from mgrlib.models.contract import breaches, count_parameters
from mgrlib.models.reddy2024 import Crnn, Fcn5, FrameNorm, Keras1Gru, OneBiasGru, pooled
from mgrlib.training.seeds import seeded

SMALL = (24, 330)  # bands and frames that every pooling of both networks leaves something of
SLIM = {"widths": (2, 3, 3, 4), "n_hidden": 3}


def network(model: type[nn.Module], **options) -> nn.Module:
    with seeded(0):
        return model(3, SMALL, **options).eval()


def some_input(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(0))


def slim_crnn(**options) -> nn.Module:
    pools = ((2, 2), (3, 3), (2, 4), (2, 4))
    return network(Crnn, pools=pools, **{**SLIM, **options})


@pytest.mark.parametrize("gru", ["torch", "keras1"])
def test_the_crnn_has_as_many_parameters_as_the_published_one(gru):
    assert count_parameters(Crnn(50, (96, 1366), gru=gru)) == 396_786


def test_the_cnn_has_as_many_parameters_as_the_published_one():
    assert count_parameters(Fcn5(50, (96, 1366))) == 865_950


def test_the_last_pooling_of_the_cnn_is_the_papers_at_the_papers_input():
    model = Fcn5(50, (96, 1366), widths=(2, 2, 2, 2, 2)).eval()
    shapes = []
    model.blocks[4].pool.register_forward_hook(lambda _, inputs, __: shapes.append(inputs[0].shape))
    with torch.inference_mode():
        model(torch.zeros(1, 96, 1366))
    assert shapes[0][2:] == (4, 4)


def test_the_map_of_the_crnn_is_fifteen_steps_of_one_band_as_printed():
    model = Crnn(50, (96, 1366), widths=(2, 2, 2, 128)).eval()
    with torch.inference_mode():
        assert model.activations(torch.zeros(1, 96, 1366))["pool4"].shape == (1, 128, 1, 15)


def test_pooling_before_elu_equals_elu_before_pooling():
    block = network(Fcn5, widths=(4, 3, 3, 3, 3)).blocks[0]
    x = some_input(2, 1, *SMALL)
    with torch.inference_mode():
        assert torch.equal(block(x), block.pool(nn.functional.elu(block.norm(block.conv(x)))))


def test_frames_are_normalized_each_by_itself():
    x = some_input(6, 5, 4) + torch.arange(4) * 10.0  # frame t has mean 10 t
    y = FrameNorm(4)(x)
    assert torch.allclose(y.mean((0, 1)), torch.zeros(4), atol=1e-5)
    assert torch.allclose(y.std((0, 1), correction=0), torch.ones(4), atol=1e-4)


@pytest.mark.parametrize("model", [slim_crnn, lambda: network(Fcn5, widths=(2, 2, 3, 3, 4))])
def test_activations_end_where_the_linear_layer_begins(model):
    net, x = model(), some_input(2, *SMALL)
    with torch.inference_mode():
        last = list(net.activations(x).values())[-1]
        assert torch.equal(net(x), net.linear(pooled(last)))


def test_activations_are_named_in_the_order_of_the_layers():
    with torch.inference_mode():
        activations = slim_crnn().activations(some_input(2, *SMALL))
    assert list(activations) == ["pool1", "pool2", "pool3", "pool4", "gru1", "gru2"]
    assert [x.shape[1] for x in map(pooled, activations.values())] == [2, 3, 3, 4, 3, 3]


def test_the_one_bias_is_the_weight_of_a_constant_input():
    with seeded(0):
        unit, twin = OneBiasGru(4, 3), nn.GRU(4, 3, batch_first=True)
    with torch.no_grad():
        twin.weight_ih_l0.copy_(unit.weight_ih_l0[:, :4])
        twin.bias_ih_l0.copy_(unit.weight_ih_l0[:, 4])
        twin.weight_hh_l0.copy_(unit.weight_hh_l0)
        twin.bias_hh_l0.zero_()
        x = some_input(2, 5, 4)
        assert torch.allclose(unit(x), twin(x)[0], atol=1e-6)


def by_hand(x: np.ndarray, unit: Keras1Gru) -> np.ndarray:
    """The recurrent unit of Keras 1 one value at a time: (T, D) -> (T, H)."""
    w, u, b = (p.detach().double().numpy() for p in unit.parameters())
    n_hidden = len(u)
    state, states = np.zeros(n_hidden), []
    for row in x:
        new, r = np.empty(n_hidden), np.empty(n_hidden)
        for j in range(n_hidden):
            k = n_hidden + j
            r[j] = min(1.0, max(0.0, 0.2 * (row @ w[:, k] + state @ u[:, k] + b[k]) + 0.5))
        for j in range(n_hidden):
            k = 2 * n_hidden + j
            z = min(1.0, max(0.0, 0.2 * (row @ w[:, j] + state @ u[:, j] + b[j]) + 0.5))
            candidate = np.tanh(row @ w[:, k] + (r * state) @ u[:, k] + b[k])
            new[j] = z * state[j] + (1 - z) * candidate
        state = new
        states.append(state)
    return np.array(states)


def test_the_recurrent_unit_of_keras_1_is_that_of_its_equations():
    with seeded(0):
        unit = Keras1Gru(4, 3).double()
        nn.init.normal_(unit.bias)
    x = 3 * some_input(1, 7, 4).double()  # large enough to reach the flat ends of the sigmoid
    with torch.inference_mode():
        assert np.allclose(unit(x)[0].numpy(), by_hand(x[0].numpy(), unit), atol=1e-12)


def test_the_recurrent_unit_of_keras_1_is_not_pytorchs():
    with seeded(0):
        unit, twin = Keras1Gru(4, 3), nn.GRU(4, 3, batch_first=True)
    order = [slice(3, 6), slice(0, 3), slice(6, 9)]  # torch: reset, update, candidate
    with torch.no_grad():
        twin.weight_ih_l0.copy_(torch.cat([unit.weight_in[:, gate] for gate in order], 1).T)
        twin.weight_hh_l0.copy_(torch.cat([unit.weight_state[:, gate] for gate in order], 1).T)
        for bias in (twin.bias_ih_l0, twin.bias_hh_l0):
            bias.zero_()
        x = some_input(1, 7, 4)
        assert (unit(x) - twin(x)[0]).abs().max() > 0.01


def test_the_crnn_with_the_published_unit_keeps_the_contract():
    with seeded(0):
        make = partial(Crnn, 3, SMALL, gru="keras1", pools=((2, 2),) * 4, **SLIM)
        assert breaches(make, 3, SMALL) == []


def test_more_bands_than_the_pooling_takes_away_stay_beside_each_other():
    with torch.inference_mode():
        assert network(Crnn, pools=((2, 2),) * 4, **SLIM)(some_input(2, *SMALL)).shape == (2, 3)


@pytest.mark.parametrize(("model", "size"), [(Fcn5, (96, 300)), (Crnn, (64, 1366))])
def test_an_input_that_pooling_uses_up_is_refused_with_the_remedy(model, size):
    with pytest.raises(ShapeError, match=rf"^{model.__name__}: .*Hint: use longer segments"):
        model(10, size)


@pytest.mark.parametrize("model", [Fcn5, Crnn])
def test_another_number_of_frames_is_refused(model):
    with pytest.raises(ShapeError, match=r"T=1366.*got \(2, 96, 1365\)"):
        model(10, (96, 1366))(torch.zeros(2, 96, 1365))
