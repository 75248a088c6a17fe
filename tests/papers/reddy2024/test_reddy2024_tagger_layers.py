from __future__ import annotations

from mgrlib.papers.reddy2024.tagger import LAYERS, small_crnn
from mgrlib.training import TrainConfig
from mgrlib.training.transfer import by_depth, falling_rates, layers


def test_the_layers_of_the_small_tagger_are_named_in_order():
    network = small_crnn(10)
    assert layers(network) == LAYERS
    config = TrainConfig()
    assert by_depth(config, network, 0.5) == falling_rates(config, LAYERS, 0.5)
