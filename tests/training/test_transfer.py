from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import TrainingError
from mgrlib.models.reddy2024 import Crnn, Fcn5
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, fit, seeded
from mgrlib.training.config import config_dict
from mgrlib.training.transfer import (
    INITIALIZERS,
    LayerRates,
    by_depth,
    freeze,
    initialize,
    layer_features,
    layers,
    new_head,
)

SHAPE = (96, 72)
SMALL = {"widths": (4, 4, 4, 4), "n_hidden": 4}
NAMES = (
    *("frame_norm", "blocks.0", "blocks.1", "blocks.2", "blocks.3"),
    *("gru1", "gru2", "linear"),
)


def network(n_classes: int = 5, seed: int = 0) -> Crnn:
    with seeded(seed):
        return Crnn(n_classes, SHAPE, **SMALL)


def noise(n: int = 6, n_classes: int = 3, seed: int = 1) -> Segments:
    generator = torch.Generator().manual_seed(seed)
    x = 3.0 + torch.randn(n, *SHAPE, generator=generator)
    ids = tuple(f"clip{i}" for i in range(n))
    genres = tuple("abcdefgh"[:n_classes])
    return Segments((x,), torch.arange(n) % n_classes, torch.arange(n), ids, genres)


def changed(before: nn.Module, after: nn.Module) -> set[str]:
    """The layers of which any weight or running statistic differs."""
    names = layers(before)
    pairs = [(n, before.get_submodule(n).state_dict(), after.get_submodule(n)) for n in names]
    return {
        name
        for name, state, layer in pairs
        if any(not torch.equal(value, layer.state_dict()[key]) for key, value in state.items())
    }


def test_layers_stand_in_order_and_blocks_count_one_by_one():
    assert layers(network()) == NAMES


def test_features_of_all_layers_stand_side_by_side():
    rows = layer_features(network(), noise())
    assert rows.inputs[0].shape == (6, 4 * 4 + 4 + 4)
    assert rows.clip_ids == noise().clip_ids
    assert torch.equal(rows.y, noise().y)


def test_features_are_the_pooled_activations_in_evaluation_mode():
    model, segments = network(), noise()
    rows = layer_features(model, segments, ["gru2", "pool2"], batch_size=4)
    activations = model.eval().activations(segments.inputs[0])
    expected = torch.cat([activations["gru2"], activations["pool2"].mean((2, 3))], 1)
    assert torch.allclose(rows.inputs[0], expected, atol=1e-5)


def test_hearing_does_not_change_the_model():
    model = network().train()
    layer_features(model, noise())
    assert model.training
    assert changed(network(), model) == set()


def test_a_layer_that_is_not_there_is_named():
    with pytest.raises(TrainingError, match="pool9"):
        layer_features(network(), noise(), ["pool9"])


def test_a_model_without_activations_is_refused():
    with pytest.raises(TrainingError, match="activations"):
        layer_features(nn.Linear(2, 2), noise())


@pytest.mark.parametrize("make", [network, lambda: Fcn5(5, (96, 400), widths=(2, 2, 2, 2, 2))])
def test_a_new_head_changes_the_last_layer_only(make):
    model = make()
    twin = new_head(model, 3, seed=0)
    assert twin.linear.weight.shape[0] == 3
    twin.linear = model.linear
    assert changed(model, twin) == set()


def test_a_new_head_depends_on_its_seed_alone():
    first, same, other = (new_head(network(), 3, seed=s).linear.weight for s in (0, 0, 1))
    assert torch.equal(first, same)
    assert not torch.equal(first, other)


def test_a_model_that_does_not_end_in_a_linear_layer_is_refused():
    with pytest.raises(TrainingError, match="linear last layer"):
        new_head(nn.Sequential(nn.Linear(2, 2), nn.Conv1d(2, 2, 1)), 3, seed=0)


@pytest.mark.parametrize("n_frozen", [0, 1, 3, 7])
def test_frozen_layers_stay_as_they_are_statistics_included(n_frozen):
    model = freeze(new_head(network(), 3, seed=0), n_frozen)
    before = new_head(network(), 3, seed=0)
    fit(model, noise(), config=TrainConfig(epochs=2, batch_size=3, lr=0.01))
    assert changed(before, model) == set(NAMES[n_frozen:])


def test_freezing_returns_a_copy():
    model = network()
    freeze(model, 4)
    assert all(p.requires_grad for p in model.parameters())


@pytest.mark.parametrize("n_layers", [-1, 8])
def test_freezing_must_leave_the_head(n_layers):
    with pytest.raises(TrainingError, match="0 to 7"):
        freeze(network(), n_layers)


def test_a_frozen_layer_does_not_drop_values_in_training():
    frozen = freeze(network(), 7)
    values = []
    frozen.blocks[0].register_forward_hook(lambda layer, x, y: values.append(layer.training))
    fit(frozen, noise(), config=TrainConfig(epochs=1, batch_size=6))
    assert values[0] is False


def test_each_layer_learns_at_its_own_rate():
    model = nn.Sequential(nn.Linear(1, 1, bias=False), nn.Linear(1, 1, bias=False))
    config = LayerRates(lr=0.5, optimizer="sgd", factors=(("0", 0.1),))
    optimizer = config.make_optimizer(model)
    rates = {id(p): g["lr"] for g in optimizer.param_groups for p in g["params"]}
    assert [rates[id(p)] for p in model.parameters()] == [0.05, 0.5]
    assert optimizer.param_groups[0]["lr"] == 0.5  # what the history of a run tells


def test_rates_fall_from_the_head_down():
    config = by_depth(TrainConfig(epochs=3, lr=0.2), network(), 0.5)
    assert config.epochs == 3
    assert dict(config.factors)["linear"] == 1.0
    assert dict(config.factors)["frame_norm"] == 0.5**7


def test_frozen_layers_have_no_rate():
    groups = by_depth(TrainConfig(), network(), 0.5).parameters(freeze(network(), 6))
    assert [round(g["lr"] / 1e-3, 3) for g in groups] == [1.0, 0.5]


def test_equal_rates_train_as_a_plain_config_does():
    plain = TrainConfig(epochs=2, batch_size=3)
    a = fit(network(3), noise(), config=plain)
    b = fit(network(3), noise(), config=LayerRates(**config_dict(plain)))
    assert a.history.equals(b.history)


def test_a_rate_for_no_layer_is_refused():
    with pytest.raises(TrainingError, match="conv9"):
        fit(network(3), noise(), config=LayerRates(factors=(("conv9", 0.1),)))


def test_a_rate_of_zero_is_refused():
    with pytest.raises(TrainingError, match="freeze"):
        LayerRates(factors=(("linear", 0.0),))


@pytest.mark.parametrize("how", sorted(INITIALIZERS))
def test_an_initialization_draws_all_weights_and_leaves_normalization(how):
    model = network()
    twin = initialize(model, how, seed=0)
    assert "frame_norm" not in changed(model, twin)
    assert changed(model, twin) == set(NAMES[1:])
    assert not twin.blocks[0].conv.bias.any()
    assert torch.equal(twin.gru1.weight_hh_l0, initialize(model, how, seed=0).gru1.weight_hh_l0)


def test_orthogonal_weights_are_orthogonal():
    weight = initialize(network(), "orthogonal", seed=0).gru2.weight_hh_l0.detach().numpy()
    assert np.allclose(weight.T @ weight, np.eye(4), atol=1e-5)


def test_an_unknown_initialization_is_refused():
    with pytest.raises(TrainingError, match="Xavier"):
        initialize(network(), "zeros", seed=0)
