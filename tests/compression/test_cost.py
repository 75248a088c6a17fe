from __future__ import annotations

import time

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.compression import cost, macs, pruned, speedup, stored_bytes, take_turns
from mgrlib.errors import MgrError
from mgrlib.models.luo2021 import MeanLSTM, ShallowCNN
from mgrlib.models.reddy2024 import Keras1Gru
from mgrlib.models.wei2023 import FeatureMlp57, ResNet18


def test_products_of_a_linear_layer_are_its_weights():
    assert macs(FeatureMlp57(10, (57,)), (57,)) == 202_826 - (512 + 256 + 128 + 64 + 10)


def test_products_of_a_convolution_are_its_weights_at_every_position():
    conv, linear = 128 * 128 * 21 * 1004, 10 * 9088
    assert macs(ShallowCNN(10, (128, 1024)), (128, 1024)) == conv + linear


def test_a_resnet18_makes_the_products_that_the_literature_counts():
    """1.814 G for a picture of 224 pixels with 1,000 classes; ten classes save 990 x 512."""
    n_products = macs(ResNet18(10, (3, 224, 224)), (3, 224, 224))
    assert n_products == pytest.approx(1.814e9 - 990 * 512, rel=1e-3)


def test_products_of_an_lstm_are_four_gates_at_every_step():
    assert macs(MeanLSTM(10, (128, 50)), (128, 50)) == 50 * 4 * 128 * (128 + 128) + 1280


def test_products_of_recurrent_layers_of_any_kind_are_counted():
    gru = nn.GRU(6, 5, num_layers=2, bidirectional=True, batch_first=True)
    weights = 2 * 3 * 5 * (6 + 5) + 2 * 3 * 5 * (10 + 5)
    assert macs(gru, (7, 6)) == 7 * weights
    assert macs(Keras1Gru(6, 5), (7, 6)) == 7 * 15 * (6 + 5)


def test_a_layer_that_cannot_be_counted_is_named():
    class Odd(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.weight = nn.Parameter(torch.ones(4, 4))

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return x @ self.weight

    with pytest.raises(MgrError, match="Odd"):
        macs(Odd(), (4,))


def test_pruning_changes_non_zeros_and_gzip_but_not_stored_bytes():
    model = FeatureMlp57(10, (57,))
    full, cut = (cost(network, (57,), rounds=0) for network in (model, pruned(model, 0.9)))
    assert cut.parameters == full.parameters == 202_826
    assert cut.nonzeros < 0.11 * full.nonzeros
    assert cut.stored == full.stored == 4 * 202_826
    assert cut.gzipped < full.gzipped / 4
    assert cut.packed < full.packed / 4


def test_statistics_of_normalization_are_stored_too():
    assert stored_bytes(nn.BatchNorm1d(8)) == 4 * 4 * 8


def test_counting_leaves_the_model_in_its_mode():
    model = FeatureMlp57(10, (57,)).train()
    cost(model, (57,), rounds=1)
    assert model.training
    assert not model._forward_hooks


def test_the_slower_of_two_takes_longer_and_each_round_counts():
    def busy(n: int) -> None:
        end = time.thread_time() + n / 1e4
        while time.thread_time() < end:
            pass

    times = take_turns({"slow": lambda: busy(20), "fast": lambda: busy(5)}, rounds=5)
    assert {len(values) for values in times.values()} == {5}
    middle, low, high = speedup(times["slow"], times["fast"])
    assert low <= middle <= high
    assert middle > 2


def test_rounds_are_compared_within_themselves():
    slow, fast = np.array([10.0, 20.0, 40.0]), np.array([5.0, 10.0, 20.0])
    assert speedup(slow, fast) == (2.0, 2.0, 2.0)


def test_threads_are_as_before(monkeypatch):
    torch.set_num_threads(2)
    thread_counts = []
    take_turns({"a": lambda: thread_counts.append(torch.get_num_threads())}, rounds=1, warm_up=0)
    assert (thread_counts, torch.get_num_threads()) == ([1], 2)
    torch.set_num_threads(1)


def test_nothing_to_measure_is_refused():
    with pytest.raises(MgrError, match="a function and a round"):
        take_turns({})
