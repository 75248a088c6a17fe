"""What a training run is told, and what comes of it."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd
import torch
from torch import nn

from mgrlib.errors import TrainingError, explain

__all__ = ["Run", "TrainConfig"]

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
SCHEDULES = ("constant", "cosine")
PRECISIONS = ("float32", "bfloat16")


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training run.

    Args:
        epochs: passes over the training segments.
        batch_size: segments a step; the last batch of an epoch holds the rest.
        optimizer: "adam", "adamw", "sgd", "rmsprop" or "adadelta".
        lr: learning rate at the start.
        momentum: for "sgd" only.
        weight_decay: as the optimiser defines it.
        schedule: "constant", or "cosine" down to zero over all epochs.
        patience: epochs without a lower validation loss before stopping; None never stops early.
        seed: of the order of the segments and of all randomness in model, loss and augmentation.
        precision: "float32", or "bfloat16" autocast, which is several times faster on CPUs and GPUs
            that have it and is another arithmetic: results differ in the third digit.
        device: "auto", "cpu", "cuda", ...
        n_threads: torch's threads on the CPU; None leaves them as they are.

    Raises:
        TrainingError: a setting that makes no sense.
    """

    epochs: int = 20
    batch_size: int = 32
    optimizer: str = "adam"
    lr: float = 1e-3
    momentum: float = 0.0
    weight_decay: float = 0.0
    schedule: str = "constant"
    patience: int | None = None
    seed: int = 0
    precision: str = "float32"
    device: str = "auto"
    n_threads: int | None = None

    def __post_init__(self) -> None:
        def need(ok: bool, name: str, expected: str) -> None:
            if not ok:
                got = f"{name}={getattr(self, name)!r}"
                raise TrainingError(explain("TrainConfig", f"{name} {expected}", got))

        need(self.epochs >= 1, "epochs", "of at least 1")
        need(self.batch_size >= 1, "batch_size", "of at least 1")
        need(self.lr > 0, "lr", "above 0")
        need(self.patience is None or self.patience >= 1, "patience", "of at least 1, or None")
        need(self.n_threads is None or self.n_threads >= 1, "n_threads", "of at least 1, or None")
        need(self.optimizer in OPTIMIZERS, "optimizer", f"among {sorted(OPTIMIZERS)}")
        need(self.schedule in SCHEDULES, "schedule", f"among {SCHEDULES}")
        need(self.precision in PRECISIONS, "precision", f"among {PRECISIONS}")

    def make_optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimiser over those parameters of the model that are not frozen."""
        parameters = self.parameters(model)
        if not parameters:
            raise TrainingError(explain("fit", "a parameter to train", "a model wholly frozen"))
        options: dict[str, Any] = {"lr": self.lr, "weight_decay": self.weight_decay}
        if self.optimizer == "sgd":
            options["momentum"] = self.momentum
        return OPTIMIZERS[self.optimizer](parameters, **options)

    def parameters(self, model: nn.Module) -> list[Any]:
        """What the optimiser is given: the parameters that are not frozen, or groups of them."""
        return [p for p in model.parameters() if p.requires_grad]

    def make_schedule(
        self, optimizer: torch.optim.Optimizer
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """The learning rate's course, one step an epoch."""
        if self.schedule == "cosine":
            return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.epochs)
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


@dataclass(frozen=True, eq=False)
class Run:
    """What came of a training run.

    Args:
        config: as it was told.
        history: one row an epoch: epoch (from 1), train_loss, train_accuracy, valid_loss,
            valid_accuracy (NaN without validation segments), lr. The training figures are running
            means while the weights still change.
        best_epoch: whose weights the model has now: lowest validation loss, or the last epoch when
            there was nothing to validate on.
        state: those weights, on the CPU.
        seconds: time spent in this process.
        stopped_early: patience ran out.
    """

    config: TrainConfig
    history: pd.DataFrame
    best_epoch: int
    state: dict[str, torch.Tensor] = field(repr=False)
    seconds: float
    stopped_early: bool = False

    def __str__(self) -> str:
        last = self.history.iloc[-1]
        shown = ", ".join(
            f"{name} {last[name]:.3f}"
            for name in self.history.columns[1:5]
            if last[name] == last[name]
        )
        return (
            f"{len(self.history)} epochs in {self.seconds:.1f} s, best {self.best_epoch}; {shown}"
        )


def config_dict(config: TrainConfig) -> dict[str, Any]:
    """The settings as plain values, for files."""
    return {f.name: getattr(config, f.name) for f in fields(config)}
