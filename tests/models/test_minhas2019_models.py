"""The three networks of Minhas et al. (2019), against the sizes that the paper prints."""

from __future__ import annotations

import pytest
import torch

from mgrlib.errors import ShapeError
from mgrlib.models.contract import count_parameters
from mgrlib.models.minhas2019 import FeatureMlp, MelCnn, RowsMlp
from mgrlib.training.seeds import seeded


def test_the_dense_layers_are_those_of_the_paper():
    layers = ("dense1", "dense2", "output")
    widths = {
        model.__name__: [getattr(model(10, shape), name).out_features for name in layers]
        for model, shape in ((FeatureMlp, (26,)), (RowsMlp, (128,)))
    }
    assert widths == {"FeatureMlp": [64, 32, 10], "RowsMlp": [128, 64, 10]}


def test_without_pooling_nearly_all_weights_lie_in_the_last_layer():
    model = MelCnn(10, (128, 216))
    convolutions = (9 + 1) * 64 + (9 * 64 + 1) * 32
    assert count_parameters(model) == convolutions + 10 * (32 * 124 * 212 + 1)
    assert convolutions / count_parameters(model) < 0.003


def test_pooling_before_relu_equals_relu_before_pooling():
    with seeded(0):
        model = MelCnn(3, (20, 24), widths=(4, 2), pool=2).eval()
    x = torch.randn(2, 20, 24, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        y = model.pool(torch.relu(model.conv1(x[:, None])))
        y = model.pool(torch.relu(model.conv2(y)))
        assert torch.allclose(model(x), model.output(y.flatten(1)), atol=1e-6)


def test_the_order_in_memory_changes_no_answer():
    with seeded(0):
        model = MelCnn(3, (12, 14), widths=(4, 2)).eval()
    x = torch.randn(2, 12, 14, generator=torch.Generator().manual_seed(0))
    with torch.inference_mode():
        y = torch.nn.functional.conv2d(
            x[:, None], model.conv1.weight.contiguous(), model.conv1.bias
        )
        y = torch.relu(y)
        y = torch.relu(
            torch.nn.functional.conv2d(y, model.conv2.weight.contiguous(), model.conv2.bias)
        )
        assert torch.allclose(model(x), model.output(y.flatten(1)), atol=1e-5)


@pytest.mark.parametrize(
    ("model", "shape", "wrong"),
    [(FeatureMlp, (26,), (2, 27)), (RowsMlp, (128,), (2, 128, 1)), (MelCnn, (8, 9), (2, 1, 8, 9))],
)
def test_another_shape_is_refused_by_the_models_own_name(model, shape, wrong):
    with pytest.raises(ShapeError, match=f"^{model.__name__}"):
        model(3, shape)(torch.zeros(wrong))
