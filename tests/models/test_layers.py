from __future__ import annotations

import torch
from torch import nn

from mgrlib.models.layers import store_channels_last


def test_weights_with_channels_last_have_the_same_values_and_give_the_same_output():
    model = nn.Sequential(nn.Conv2d(4, 8, 3), nn.Flatten(1), nn.Linear(8, 2))
    x = torch.randn(2, 4, 3, 3, generator=torch.Generator().manual_seed(0))
    weight, before = model[0].weight.clone(), model(x)
    store_channels_last(model)
    assert model[0].weight.is_contiguous(memory_format=torch.channels_last)
    assert not model[0].weight.is_contiguous()
    assert torch.equal(model[0].weight, weight)
    torch.testing.assert_close(model(x), before)
