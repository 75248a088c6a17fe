from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from torch import nn
from toys import CONFIG, small, toy

from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, cross_entropy, fit, precision

AUTO = replace(CONFIG, epochs=2, schedule="constant", precision="auto")


def pictures() -> Segments:
    """Eight random pictures of two classes."""
    x = torch.randn(8, 3, 6, 6, generator=torch.Generator().manual_seed(0))
    number = torch.arange(8)
    return Segments((x,), number % 2, number, tuple("abcdefgh"), ("x", "y"))


def convolutional() -> nn.Module:
    torch.manual_seed(0)
    return nn.Sequential(nn.Conv2d(3, 4, 3), nn.ReLU(), nn.Flatten(), nn.Linear(64, 2))


@pytest.fixture
def times(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """Seconds of a step by precision, to be filled in by the test in place of measured ones."""
    seconds: dict[str, float] = {}

    def step(config: TrainConfig, *args: object, **options: object) -> float:
        return seconds[config.precision]

    monkeypatch.setattr(precision, "step_seconds", step)
    return seconds


def test_the_fastest_precision_is_chosen_and_the_run_says_which(times):
    times |= {"float32": 4.0, "bfloat16": 2.0}
    assert fit(small(), toy(), None, AUTO).config.precision == "bfloat16"


def test_bfloat16_has_to_be_faster_by_a_tenth(times):
    times |= {"float32": 4.0, "bfloat16": 3.8}
    assert fit(small(), toy(), None, AUTO).config.precision == "float32"


def test_the_memory_layout_is_tried_where_there_are_pictures(times):
    times |= {"float32": 4.0, "bfloat16": 3.9, "float32 channels_last": 3.0}
    times |= {"bfloat16 channels_last": 5.0}
    run = fit(convolutional(), pictures(), None, AUTO)
    assert run.config.precision == "float32 channels_last"


def test_a_probe_changes_neither_weights_nor_what_training_gives(monkeypatch):
    monkeypatch.setattr(precision, "PROBE_SECONDS", 0.01)
    run = fit(small(), toy(), toy(16, 1), AUTO)
    again = fit(small(), toy(), toy(16, 1), replace(AUTO, precision=run.config.precision))
    assert run.history.equals(again.history)


def test_a_resumed_run_goes_on_with_its_precision(times, tmp_path: Path):
    times |= {"float32": 4.0, "bfloat16": 2.0}
    fit(small(), toy(), None, AUTO, checkpoint=tmp_path / "run.pt")
    times |= {"float32": 1.0}
    run = fit(small(), toy(), None, replace(AUTO, epochs=4), checkpoint=tmp_path / "run.pt")
    assert run.config.precision == "bfloat16"
    assert len(run.history) == 4


@pytest.mark.parametrize("layout", ["float32", "float32 channels_last"])
@pytest.mark.parametrize("own", [torch.contiguous_format, torch.channels_last])
def test_weights_come_back_in_the_memory_layout_that_the_model_gave_them(layout, own):
    layouts = []

    def spy(logits, y, inputs):
        weights = model[0].weight
        layouts.append(weights.is_contiguous(memory_format=torch.channels_last))
        return cross_entropy(logits, y, inputs)

    model = convolutional().to(memory_format=own)
    run = fit(model, pictures(), None, TrainConfig(epochs=1, precision=layout), loss=spy)
    assert layouts == [layout != "float32" or own == torch.channels_last]
    assert model[0].weight.is_contiguous(memory_format=own)
    assert torch.equal(model[0].weight, run.state["0.weight"])


def test_a_slow_precision_is_given_up_after_its_second_step():
    steps = []

    def slow(logits, y, inputs):
        steps.append(1)
        return cross_entropy(logits, y, inputs)

    precision.step_seconds(CONFIG, small(), toy(), slow, give_up_at=0.0)
    assert len(steps) == 2
