"""Training that stops at given epochs, so that the model can be measured there."""

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


def fit_in_stages(
    model: nn.Module, train: Segments, config: TrainConfig, stages: Sequence[int]
) -> Iterator[Run]:
    """Train `model` in place, and yield a `Run` at each of the given numbers of epochs.

    At each stage the model is identical, bit for bit, to what `fit` returns for that number of
    epochs: with a constant learning rate, a shorter training is the beginning of a longer one. No
    best epoch is chosen; the model has the weights of the stage's last epoch.

    Args:
        model: the network.
        train: training segments.
        config: the settings; `config.epochs` is ignored.
        stages: increasing numbers of epochs.

    Raises:
        TrainingError: if the stages do not increase, or if the learning rate depends on the number
            of epochs.
    """
    if not stages or any(b <= a for a, b in pairwise(stages)):
        raise TrainingError(explain("fit_in_stages", "increasing stages", str(list(stages)[:8])))
    if config.schedule != "constant":
        hint = "run each number of epochs with `fit`."
        got = repr(config.schedule)
        raise TrainingError(explain("fit_in_stages", "a constant learning rate", got, hint))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "stage.pt"
        for epochs in stages:
            yield fit(model, train, config=replace(config, epochs=epochs), checkpoint=path)
