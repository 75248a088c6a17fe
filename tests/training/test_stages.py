from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from torch import nn

from mgrlib.errors import TrainingError
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, fit, fit_in_stages
from mgrlib.training.seeds import seeded

CONFIG = TrainConfig(epochs=1, batch_size=4, lr=0.02, seed=5)


def toy(n: int = 14) -> Segments:
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(0))
    y = (x[:, 0] > 0).long()
    return Segments((x,), y, torch.arange(n), tuple(map(str, range(n))), ("a", "b"))


def small() -> nn.Module:
    with seeded(1):
        return nn.Sequential(nn.Linear(3, 8), nn.Dropout(0.2), nn.ReLU(), nn.Linear(8, 2))


def test_each_stage_is_the_training_of_that_length_to_the_bit():
    model = small()
    for run in fit_in_stages(model, toy(), CONFIG, (2, 3, 7)):
        twin = small()
        alone = fit(twin, toy(), config=replace(CONFIG, epochs=len(run.history)))
        assert run.history.equals(alone.history)
        assert all(
            torch.equal(p, q) for p, q in zip(model.parameters(), twin.parameters(), strict=True)
        )


def test_stages_must_rise():
    with pytest.raises(TrainingError, match="increasing"):
        next(fit_in_stages(small(), toy(), CONFIG, (3, 3)))
    with pytest.raises(TrainingError, match="increasing"):
        next(fit_in_stages(small(), toy(), CONFIG, ()))


def test_a_schedule_that_depends_on_the_length_is_refused():
    with pytest.raises(TrainingError, match="cosine"):
        next(fit_in_stages(small(), toy(), replace(CONFIG, schedule="cosine"), (1, 2)))


def test_a_checkpoint_is_prolonged_but_neither_cut_nor_rescheduled(tmp_path):
    path = tmp_path / "run.pt"
    fit(small(), toy(), config=replace(CONFIG, epochs=4), checkpoint=path)
    with pytest.raises(TrainingError, match="epochs=4 in the file and 2 in the config"):
        fit(small(), toy(), config=replace(CONFIG, epochs=2), checkpoint=path)
    longer = fit(small(), toy(), config=replace(CONFIG, epochs=6), checkpoint=path)
    assert len(longer.history) == 6
    cosine = tmp_path / "cosine.pt"
    fit(small(), toy(), config=replace(CONFIG, epochs=2, schedule="cosine"), checkpoint=cosine)
    with pytest.raises(TrainingError, match="epochs"):
        config = replace(CONFIG, epochs=4, schedule="cosine")
        fit(small(), toy(), config=config, checkpoint=cosine)
