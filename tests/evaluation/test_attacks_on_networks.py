"""Attacks on networks for which the best attack is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import EvaluationError, FeatureError
from mgrlib.evaluation.attacks import (
    FromWaveform,
    adversarial,
    fgsm,
    noise,
    pgd,
    snr_db,
    within_snr,
)
from mgrlib.features import LogMel
from mgrlib.features.differentiable import log_mel_tensor

RATE = 8000
MEL = LogMel(RATE, n_fft=256, hop_length=128, n_mels=16, top_db=None)


@pytest.fixture
def model():
    torch.manual_seed(0)
    return nn.Sequential(nn.Flatten(), nn.Linear(12, 2)).double()


@pytest.fixture
def batch():
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(6, 3, 4, generator=generator, dtype=torch.float64)
    return x, torch.tensor([0, 1, 0, 1, 0, 1])


def margin(model, x, y):
    """Logit of the true class minus that of the other."""
    logits = model(x)
    rows = torch.arange(len(y))
    return (logits[rows, y] - logits[rows, 1 - y]).detach()


@pytest.mark.parametrize("attack", [fgsm, pgd])
def test_on_a_linear_network_an_attack_lowers_the_margin_by_size_times_sum_of_weights(
    attack, model, batch
):
    """No change of this size can do more: sum |w| · size."""
    x, y = batch
    weight = model[1].weight[0] - model[1].weight[1]
    lowered = margin(model, x, y) - margin(model, attack(model, x, y, 0.1), y)
    torch.testing.assert_close(lowered, (0.1 * weight.abs().sum()).expand(6).detach())


def test_on_a_linear_network_the_best_attack_of_a_power_is_along_the_weights(model, batch):
    x, y = batch
    weight = model[1].weight[0] - model[1].weight[1]
    size = torch.full((6, 1, 1), 0.5, dtype=torch.float64)
    moved = pgd(model, x, y, size, norm="power", n_steps=40)
    lengths = (moved - x).square().sum(dim=(1, 2)).sqrt()
    assert (lengths <= 0.5 + 1e-9).all()
    lowered = margin(model, x, y) - margin(model, moved, y)
    # the random start is turned towards the best direction, but never quite
    torch.testing.assert_close(lowered, (0.5 * weight.norm()).expand(6).detach(), rtol=0.02, atol=0)


@pytest.mark.parametrize("size", [0.3, torch.tensor([[0.1], [0.2], [0.0]])])
def test_no_value_moves_further_than_its_size(size, model, batch):
    x, y = batch
    for moved in (fgsm(model, x, y, size), pgd(model, x, y, size), noise(x, size)):
        assert ((moved - x).abs() <= torch.as_tensor(size) + 1e-7).all()
        assert (moved != x).any()


def test_size_zero_changes_nothing(model, batch):
    x, y = batch
    for moved in (fgsm(model, x, y, 0.0), pgd(model, x, y, 0.0), noise(x, 0.0)):
        torch.testing.assert_close(moved, x)


def test_attacks_leave_modes_and_gradients_of_the_network_alone(batch):
    x, y = batch
    model = nn.Sequential(nn.Flatten(), nn.BatchNorm1d(12), nn.Dropout(0.5), nn.Linear(12, 2))
    model = model.double().train()
    mean = model[1].running_mean.clone()
    torch.testing.assert_close(fgsm(model, x, y, 0.1), fgsm(model, x, y, 0.1))
    assert model[2].training
    assert torch.equal(model[1].running_mean, mean)
    assert all(value.grad is None for value in model.parameters())


def test_impossible_settings_are_refused(model, batch):
    x, y = batch
    with pytest.raises(EvaluationError, match="at least 0"):
        fgsm(model, x, y, -0.1)
    with pytest.raises(EvaluationError, match="0 steps"):
        pgd(model, x, y, 0.1, n_steps=0)
    with pytest.raises(EvaluationError, match="loudest"):
        pgd(model, x, y, 0.1, norm="loudest")


@pytest.mark.parametrize("n_steps", [1, 3])
def test_an_augmentation_attacks_each_batch_within_its_size(n_steps, model, batch):
    x, y = batch
    augment = adversarial(model, 0.2, n_steps=n_steps)
    results = [augment((x,), y, torch.Generator().manual_seed(5)) for _ in range(2)]
    (moved,), same = results[0]
    assert torch.equal(same, y)
    assert torch.equal(moved, results[1][0][0])
    assert ((moved - x).abs() <= 0.2 + 1e-9).all()
    assert (margin(model, moved, y) < margin(model, x, y)).all()


# Sound ----------------------------------------------------------------------------------------


@pytest.fixture
def sound():
    return np.random.default_rng(0).normal(0, 0.1, (2, RATE // 2)).astype(np.float32)


@pytest.mark.parametrize("snr", [60.0, 20.0, 0.0])
def test_a_change_within_an_snr_has_it(snr, sound):
    y = torch.from_numpy(sound)
    moved = noise(y, within_snr(y, snr), norm="power")
    for clean, changed in zip(y, moved, strict=True):
        assert snr_db(clean, changed) == pytest.approx(snr, abs=0.05)  # float32 at 60 dB
    assert snr_db(sound[0], sound[0]) == float("inf")


def test_the_front_end_in_torch_agrees_with_the_feature(sound):
    x = log_mel_tensor(torch.from_numpy(sound), MEL).numpy()
    np.testing.assert_allclose(x, np.stack([MEL(y) for y in sound]), atol=0.01)


def test_the_front_end_in_torch_has_the_slopes_that_small_changes_have(sound):
    y = torch.from_numpy(sound[:1]).double().requires_grad_()
    (slopes,) = torch.autograd.grad(log_mel_tensor(y, MEL)[0, 5].sum(), y)
    direction = torch.randn(y.shape, generator=torch.Generator().manual_seed(0)).double()
    ends = [
        log_mel_tensor((y + sign * 1e-6 * direction).detach(), MEL)[0, 5].sum() for sign in (1, -1)
    ]
    change = (ends[0] - ends[1]) / 2e-6
    torch.testing.assert_close((slopes * direction).sum(), change, rtol=1e-4, atol=1e-4)


def test_silence_is_at_the_floor_and_has_no_slope():
    y = torch.zeros(1, RATE, requires_grad=True)
    x = log_mel_tensor(y, MEL)
    assert torch.allclose(x, torch.tensor(-100.0))
    (slopes,) = torch.autograd.grad(x.sum(), y)
    assert not slopes.any()


def test_a_floor_below_the_loudest_cell_is_refused(sound):
    with pytest.raises(FeatureError, match="top_db"):
        log_mel_tensor(torch.from_numpy(sound), LogMel(RATE, n_fft=256, hop_length=128, n_mels=16))
    with pytest.raises(FeatureError, match=r"\(B, N\)"):
        log_mel_tensor(torch.from_numpy(sound[0]), MEL)


def test_a_network_with_its_front_end_answers_as_without(sound):
    torch.manual_seed(0)
    network = nn.Sequential(nn.Flatten(), nn.LazyLinear(3))
    mean, std = np.full((16, 1), -20.0), np.full((16, 1), 5.0)
    prepared = (np.stack([MEL(y) for y in sound]) + 20.0) / 5.0
    expected = network(torch.from_numpy(prepared).float())
    answer = FromWaveform(network, MEL, mean, std)(torch.from_numpy(sound))
    torch.testing.assert_close(answer, expected, atol=1e-3, rtol=0)
