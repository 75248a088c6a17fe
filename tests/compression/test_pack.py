from __future__ import annotations

import numpy as np
import pytest
import torch
from nets import Small, small
from torch import nn

from mgrlib.compression import binarized, pack, plain, pruned, shared, unpack
from mgrlib.compression.pack import FORMS as NAMES
from mgrlib.errors import MgrError, ShapeError

FORMS = {
    "whole": lambda model: model,
    "pruned": lambda model: pruned(model, 0.9),
    "shared": lambda model: shared(model, 16),
    "pruned and shared": lambda model: shared(pruned(model, 0.8), 8),
    "binary": binarized,
    "empty": lambda model: pruned(model, 0.9999),
}


@pytest.mark.parametrize("compress", FORMS.values(), ids=FORMS)
def test_what_is_packed_is_unpacked_to_the_bit(model, compress):
    small_model = compress(model)
    back = unpack(pack(small_model), Small())
    expected = plain(small_model).state_dict()
    for name, x in back.state_dict().items():
        assert torch.equal(x, expected[name]) or name.endswith("batches_tracked"), name
    x = torch.randn(3, 4, 12)
    assert torch.equal(back.eval()(x), small_model.eval()(x))


def form_of(layer):
    """The form of a layer's only tensor, from the number after the file's first five bytes."""
    return NAMES[pack(layer)[5]]


def test_each_form_is_chosen_where_it_is_shortest():
    layer = nn.Linear(100, 100, bias=False)
    forms = [
        form_of(variant)
        for variant in (layer, pruned(layer, 0.9), shared(layer, 8), shared(pruned(layer, 0.95), 8))
    ]
    assert forms == ["raw", "sparse", "codes", "sparse codes"]


def test_a_long_run_of_zeros_is_bridged():
    layer = nn.Linear(50_000, 1, bias=False)
    places = [0, 255, 511, 768, 1025, 20_000, 49_999]  # gaps of 254, 255, 256 zeros and of many
    with torch.no_grad():
        layer.weight.zero_()
        layer.weight[0, places] = torch.arange(1.0, 8.0)
    assert form_of(layer) == "sparse codes"
    back = unpack(pack(layer), nn.Linear(50_000, 1, bias=False))
    assert torch.equal(back.weight, layer.weight)


def test_raw_weights_take_four_bytes_each():
    layer = nn.Linear(30, 7)
    assert len(pack(layer)) == 5 + 2 + 4 * (30 * 7 + 7)


def test_a_network_of_another_shape_is_refused(model):
    with pytest.raises(ShapeError, match=r"packed|below"):
        unpack(pack(pruned(model, 0.9)), Small(input_shape=(4, 10)))


def test_something_else_is_refused(model):
    with pytest.raises(MgrError, match="a packed network"):
        unpack(b"PK\x03\x04 something", model)


def test_a_file_cut_off_is_refused(model):
    data = pack(shared(model, 16))
    with pytest.raises(MgrError, match=r"bytes|symbols"):
        unpack(data[: len(data) // 2], Small())


def test_packing_is_the_same_every_time():
    assert pack(shared(small(), 16)) == pack(shared(small(), 16))
    assert np.frombuffer(pack(small()), dtype=np.uint8).size > 1000
