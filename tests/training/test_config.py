from __future__ import annotations

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from toys import small, toy

from mgrlib.errors import TrainingError
from mgrlib.training import TrainConfig, fit, pick_device
from mgrlib.training.config import OPTIMIZERS


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"batch_size": 0},
        {"lr": 0.0},
        {"lr": float("nan")},
        {"patience": 0},
        {"optimizer": "adamm"},
        {"schedule": "linear"},
        {"precision": "float16"},
        {"n_threads": 0},
    ],
)
def test_a_setting_that_makes_no_sense_is_refused_by_name(settings):
    (name,) = settings
    with pytest.raises(TrainingError, match=f"TrainConfig: expected {name} .*got {name}="):
        TrainConfig(**settings)


@pytest.mark.parametrize("optimizer", sorted(OPTIMIZERS))
def test_every_optimizer_lowers_the_loss(optimizer):
    lr = 1.0 if optimizer == "adadelta" else 0.01
    run = fit(small(), toy(), None, TrainConfig(epochs=8, optimizer=optimizer, lr=lr, momentum=0.5))
    assert run.history["train_loss"].iloc[-1] < run.history["train_loss"].iloc[0]


def test_weight_decay_reaches_the_optimizer():
    optimizer = TrainConfig(optimizer="adamw", weight_decay=0.25).make_optimizer(small())
    assert optimizer.param_groups[0]["weight_decay"] == 0.25


def test_a_constant_rate_stays():
    run = fit(small(), toy(), None, TrainConfig(epochs=3, lr=0.5, optimizer="sgd"))
    assert run.history["lr"].tolist() == [0.5, 0.5, 0.5]


def test_a_cosine_goes_down_from_the_rate_given():
    run = fit(small(), toy(), None, TrainConfig(epochs=4, lr=0.1, schedule="cosine"))
    by_hand = [0.05 * (1 + math.cos(math.pi * epoch / 4)) for epoch in range(4)]
    assert run.history["lr"].tolist() == pytest.approx(by_hand)


def test_a_device_that_is_named_is_taken():
    assert pick_device("cpu") == torch.device("cpu")


def test_a_gpu_that_is_not_there_is_refused_with_the_remedy(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    assert pick_device("auto") == torch.device("cpu")
    with pytest.raises(TrainingError, match='device="auto"'):
        pick_device("cuda")


@pytest.mark.parametrize("name", ["mps", "gpu", "cuda:99", "meta", "", "xla", "vulkan", "GPU 0"])
def test_a_device_on_which_torch_cannot_compute_is_refused(name):
    with pytest.raises(TrainingError, match="auto"):
        pick_device(name)


@given(st.text(max_size=12))
def test_any_other_name_is_a_device_or_a_training_error(name):
    try:
        assert pick_device(name).type in name + "cuda cpu"
    except TrainingError as error:
        assert "torch can compute" in str(error)
