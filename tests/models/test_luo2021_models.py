from __future__ import annotations

import pytest
import torch
from torch import nn

from mgrlib.errors import ShapeError
from mgrlib.models.layers import pad_channels
from mgrlib.models.luo2021 import DilatedCNN, MeanLSTM, ResNet1d, ShallowCNN
from mgrlib.training.seeds import seeded

MODELS = (ShallowCNN, MeanLSTM, ResNet1d, DilatedCNN)


@pytest.fixture
def x() -> torch.Tensor:
    """Two segments of 6 bands and 1024 frames, (B, F, T)."""
    return torch.randn(2, 6, 1024, generator=torch.Generator().manual_seed(0))


def network(model: type[nn.Module], *shape: int, **options: int) -> nn.Module:
    with seeded(0):
        return model(3, shape, **options).eval()


def test_pooling_before_relu_equals_relu_before_pooling(x):
    model = network(ShallowCNN, 6, 1024, n_filters=4)
    with torch.inference_mode():
        as_printed = model.pool(torch.relu(model.norm(model.conv(x))))
        assert torch.equal(model(x), model.linear(as_printed.flatten(1)))


def test_both_strides_that_fit_the_paper_leave_71_positions():
    for options in ({}, {"stride": 2, "pool": 7}):
        assert network(ShallowCNN, 16, 1024, **options).linear.in_features == 128 * 71


def test_the_lstm_answers_with_the_mean_of_its_hidden_states(x):
    model = network(MeanLSTM, 6, 1024, n_hidden=4)
    with torch.inference_mode():
        hidden, _ = model.lstm(x.transpose(1, 2))
        assert torch.allclose(model(x), model.linear(sum(hidden[:, t] for t in range(1024)) / 1024))


def test_the_lstm_takes_any_number_of_frames(x):
    model = network(MeanLSTM, 6, 1024)
    with torch.inference_mode():
        assert model(x[:, :, :10]).shape == (2, 3)


def test_the_resnet_shortens_1024_frames_to_one():
    model = network(ResNet1d, 6, 1024)
    lengths = []
    for layer in (model.stem, model.pool):
        layer.register_forward_hook(lambda _, __, output: lengths.append(output.shape[-1]))
    with torch.inference_mode():
        model(torch.zeros(1, 6, 1024))
    assert [1024, *lengths] == [1024, 341, 113, 37, 12, 4, 1]


@pytest.mark.parametrize("n_frames", [729, 1457])
def test_the_resnet_comes_down_to_one_position_between_729_and_1457_frames(n_frames):
    model = network(ResNet1d, 6, 1024)
    lengths = []
    model.conv.register_forward_hook(lambda _, inputs, __: lengths.append(inputs[0].shape[-1]))
    with torch.inference_mode():
        model(torch.zeros(1, 6, n_frames))
    assert lengths == [1]


@pytest.mark.parametrize("dilations", [(1,), (1, 2, 4), (1, 2, 4, 8, 16, 32)])
def test_the_field_of_view_is_what_a_gradient_reaches(dilations):
    model = network(DilatedCNN, 2, 1024, width=4, dilations=dilations)
    for block in model.blocks:  # so that no ReLU shuts a path that the layers leave open
        nn.init.ones_(block.conv.weight)
        nn.init.constant_(block.conv.bias, 100.0)
    x = torch.rand(1, 2, 1024, generator=torch.Generator().manual_seed(0)).requires_grad_()
    y = model.stem(x)
    for block in model.blocks:
        y = block(y)
    y[0, :, 128].sum().backward()
    reached = torch.nonzero(x.grad[0].abs().sum(0)).flatten()
    assert reached.max() - reached.min() + 1 == model.field_of_view


@pytest.mark.parametrize("model", MODELS)
def test_a_channel_axis_too_many_is_refused_with_the_remedy(model):
    with pytest.raises(ShapeError, match=rf"^{model.__name__}: expected shape \(B, F=6.*Hint: "):
        network(model, 6, 1024)(torch.zeros(2, 1, 6, 1024))


@pytest.mark.parametrize("model", MODELS)
def test_another_number_of_bands_is_refused(model):
    with pytest.raises(ShapeError, match=r"F=6.*got \(2, 7, 1024\)"):
        network(model, 6, 1024)(torch.zeros(2, 7, 1024))


def test_the_shallow_cnn_refuses_another_number_of_frames():
    with pytest.raises(ShapeError, match=r"T=1024.*got \(2, 6, 1023\)"):
        network(ShallowCNN, 6, 1024)(torch.zeros(2, 6, 1023))


def test_channels_are_padded_with_zeros_behind():
    x = torch.ones(1, 2, 3)
    padded = pad_channels(x, 4)
    assert padded.shape == (1, 4, 3)
    assert torch.equal(padded[:, :2], x)
    assert not padded[:, 2:].any()
