"""Maps of networks whose answers are known to depend on certain cells."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import EvaluationError
from mgrlib.evaluation.attribution import (
    MAPS,
    agreement,
    gradient_map,
    gradient_times_input,
    log_odds,
    occlusion_map,
    pointing,
    randomized,
)

F, T = 16, 32


class OneBand(nn.Module):
    """Two classes: the mean level of one band decides."""

    def __init__(self, band: int = 5) -> None:
        super().__init__()
        self.band, self.linear = band, nn.Linear(1, 2)
        with torch.no_grad():
            self.linear.weight.copy_(torch.tensor([[0.0], [2.0]]))
            self.linear.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> (B, 2)."""
        return self.linear(x[:, self.band].mean(1, keepdim=True))


@pytest.fixture
def x():
    return torch.randn(F, T, generator=torch.Generator().manual_seed(0)) + 3.0


@pytest.mark.parametrize("name", MAPS)
def test_every_map_finds_the_only_band_that_is_looked_at(name, x):
    options = {"patch": (1, 4)} if name == "occlusion" else {}
    values = MAPS[name](OneBand(), x, 1, **options)
    assert values.shape == (F, T)
    assert not values[np.arange(F) != 5].any()
    truth = np.zeros((F, T), dtype=bool)
    truth[5] = True
    assert pointing(values, truth) > 0.9


def test_the_gradient_of_a_linear_network_is_its_weights(x):
    np.testing.assert_allclose(gradient_map(OneBand(), x, 1)[5], 2.0 / T, rtol=1e-5)
    np.testing.assert_allclose(gradient_map(OneBand(), x, 0)[5], -2.0 / T, rtol=1e-5)


def test_what_cells_add_sums_to_the_log_odds_of_a_linear_network(x):
    score = log_odds(OneBand()(x[None]), 1).item()
    assert gradient_times_input(OneBand(), x, 1).sum() == pytest.approx(score, rel=1e-4)


def test_covering_a_patch_takes_away_what_its_cells_add(x):
    model = OneBand()
    falls = occlusion_map(model, x, 1, patch=(4, 8))
    added = gradient_times_input(model, x, 1)
    assert falls[5, 0] == pytest.approx(added[4:8, :8].sum(), abs=1e-4)
    assert (falls[4:8, :8] == falls[5, 0]).all()


def test_patches_at_the_edge_are_smaller_and_the_batch_size_changes_nothing(x):
    model = nn.Sequential(nn.Flatten(), nn.Linear(F * T, 3))
    maps = [occlusion_map(model, x, 2, patch=(5, 7), batch_size=size) for size in (1, 64)]
    np.testing.assert_allclose(*maps, atol=1e-4)
    assert np.isfinite(maps[0]).all()


@pytest.mark.parametrize("name", MAPS)
def test_a_map_leaves_the_network_and_its_modes_alone(name, x):
    model = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(F * T, 3)).train()
    before = model[2].weight.detach().clone()
    first, second = (MAPS[name](model, x, 0) for _ in range(2))
    np.testing.assert_array_equal(first, second)  # no dropout
    assert model[1].training
    assert torch.equal(model[2].weight, before)
    assert model[2].weight.grad is None


def test_random_weights_reach_as_many_layers_as_asked_for_and_the_original_none():
    model = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.BatchNorm1d(4), nn.Linear(4, 2))
    with torch.no_grad():
        for value in model.parameters():
            value.fill_(7.0)
    last = randomized(model, 0, n_last=1)
    assert (last[0].weight == 7).all() and not (last[3].weight == 7).any()
    every = randomized(model, 0)
    assert not any((value == 7).any() for value in every.parameters())
    assert all((value == 7).all() for value in model.parameters())
    assert torch.equal(every[0].weight, randomized(model, 0)[0].weight)
    with pytest.raises(EvaluationError, match="0 to 3 layers"):
        randomized(model, 0, n_last=4)


def test_agreement_is_of_magnitudes_and_ranks():
    values = np.arange(12.0).reshape(3, 4)
    assert agreement(values, -(values**3)) == pytest.approx(1.0)
    assert agreement(values, values[::-1, ::-1]) == pytest.approx(-1.0)
    assert agreement(values, np.ones((3, 4))) == 0.0
    with pytest.raises(EvaluationError, match="one shape"):
        agreement(values, values.T)


def test_pointing_is_an_auc():
    truth = np.array([[True, False], [False, False]])
    assert pointing(np.array([[4, 1], [2, 3]]), truth) == 1.0
    assert pointing(np.array([[1, 2], [3, 4]]), truth) == 0.0
    assert pointing(np.ones((2, 2)), truth) == 0.5
    with pytest.raises(EvaluationError, match="0 and 4"):
        pointing(np.ones((2, 2)), np.zeros((2, 2), dtype=bool))


@pytest.mark.parametrize("name", MAPS)
def test_a_batch_is_refused(name, x):
    with pytest.raises(EvaluationError, match="one segment"):
        MAPS[name](OneBand(), x[None], 1)
