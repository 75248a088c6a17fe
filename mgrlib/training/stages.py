"""One long training looked at on its way."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from torch import nn

from mgrlib.errors import TrainingError, explain
from mgrlib.segments import Segments
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.loop import fit

__all__ = ["fit_in_stages"]


def fit_in_stages(
    model: nn.Module, train: Segments, config: TrainConfig, stages: Sequence[int]
) -> Iterator[Run]:
    """Train `model` in place and stop at each of these epochs, so that it can be measured there.

    At a stage the model is what `fit` with so many epochs makes of it, to the bit: with a constant
    learning rate a shorter training is the beginning of a longer one. Nothing is chosen; the model
    has the weights of the stage's last epoch.

    Args:
        stages: numbers of epochs, rising; the config's own number does not count.

    Raises:
        TrainingError: stages that do not rise, or a learning rate that depends on the length.
    """
    if not stages or any(b <= a for a, b in pairwise(stages)):
        raise TrainingError(explain("fit_in_stages", "rising stages", str(list(stages)[:8])))
    if config.schedule != "constant":
        hint = "its shorter trainings are other trainings: run each with `fit`."
        got = repr(config.schedule)
        raise TrainingError(explain("fit_in_stages", "a constant learning rate", got, hint))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stage.pt"
        for epochs in stages:
            yield fit(model, train, config=replace(config, epochs=epochs), checkpoint=path)
