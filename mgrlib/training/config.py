"""The settings of a training run, `TrainConfig`, and its result, `Run`."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

import pandas as pd
import torch
from torch import nn

from mgrlib.errors import TrainingError, explain

OPTIMIZERS: dict[str, type[torch.optim.Optimizer]] = {
    "adadelta": torch.optim.Adadelta,
    "adam": torch.optim.Adam,
    "adamw": torch.optim.AdamW,
    "rmsprop": torch.optim.RMSprop,
    "sgd": torch.optim.SGD,
}
SCHEDULES = ("constant", "cosine")
PRECISIONS = (
    "float32",
    "bfloat16",
    "float32 channels_last",
    "bfloat16 channels_last",
    "auto",
)


@dataclass(frozen=True)
class TrainConfig:
    """The settings of one training run.

    Args:
        epochs: passes over the training segments.
        batch_size: segments per step; the last batch of an epoch contains the remaining ones.
        optimizer: "adam", "adamw", "sgd", "rmsprop" or "adadelta".
        lr: learning rate at the start.
        momentum: for "sgd" only.
        weight_decay: as the optimizer defines it.
        schedule: "constant", or "cosine" from `lr` down to zero over all epochs.
        patience: epochs without a lower validation loss before training stops; None never stops
            early.
        seed: of the order of the segments and of all randomness in model, loss and augmentation.
        precision: "float32", or "bfloat16" autocast, which is several times faster on CPUs and GPUs
            that support it; results differ in the third digit. Either may be followed by
            " channels_last", a memory layout with which some computers convolve pictures faster.
            "auto" tries them all for two seconds, and the result's config has the fastest one.
        device: "auto", "cpu", "cuda", ...
        n_threads: the number of torch's threads on the CPU; None does not change it.

    Raises:
        TrainingError: if a setting is invalid.
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
        def require(ok: bool, name: str, expected: str) -> None:
            if not ok:
                got = f"{name}={getattr(self, name)!r}"
                raise TrainingError(explain("TrainConfig", f"{name} {expected}", got))

        require(self.epochs >= 1, "epochs", "of at least 1")
        require(self.batch_size >= 1, "batch_size", "of at least 1")
        require(self.lr > 0, "lr", "above 0")
        require(self.patience is None or self.patience >= 1, "patience", "of at least 1, or None")
        require(
            self.n_threads is None or self.n_threads >= 1, "n_threads", "of at least 1, or None"
        )
        require(self.optimizer in OPTIMIZERS, "optimizer", f"among {sorted(OPTIMIZERS)}")
        require(self.schedule in SCHEDULES, "schedule", f"among {SCHEDULES}")
        require(self.precision in PRECISIONS, "precision", f"among {PRECISIONS}")

    def make_optimizer(self, model: nn.Module) -> torch.optim.Optimizer:
        """The optimizer of those parameters of the model that are not frozen."""
        parameters = self.parameters(model)
        if not parameters:
            raise TrainingError(explain("fit", "a parameter to train", "a frozen model"))
        options: dict[str, Any] = {"lr": self.lr, "weight_decay": self.weight_decay}
        if self.optimizer == "sgd":
            options["momentum"] = self.momentum
        return OPTIMIZERS[self.optimizer](parameters, **options)

    def parameters(self, model: nn.Module) -> list[Any]:
        """The parameters for the optimizer, which are those that are not frozen."""
        return [p for p in model.parameters() if p.requires_grad]

    def make_schedule(
        self, optimizer: torch.optim.Optimizer
    ) -> torch.optim.lr_scheduler.LRScheduler:
        """The schedule of the learning rate, with one step per epoch."""
        if self.schedule == "cosine":
            return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.epochs)
        return torch.optim.lr_scheduler.ConstantLR(optimizer, factor=1.0)


@dataclass(frozen=True, eq=False)
class Run:
    """The result of a training run.

    Args:
        config: the settings.
        history: one row per epoch: epoch (from 1), train_loss, train_accuracy, valid_loss,
            valid_accuracy (NaN without validation segments), lr. Training loss and accuracy are
            means over the epoch, during which the weights change.
        best_epoch: the epoch whose weights the model has now: the one with the lowest validation
            loss, or the last one without validation segments.
        state: the weights of that epoch, on the CPU.
        seconds: time spent in this process.
        stopped_early: whether the patience ran out.
    """

    config: TrainConfig
    history: pd.DataFrame
    best_epoch: int
    state: dict[str, torch.Tensor] = field(repr=False)
    seconds: float
    stopped_early: bool = False

    def __str__(self) -> str:
        last = self.history.iloc[-1]
        metrics = ", ".join(
            f"{name} {last[name]:.3f}"
            for name in self.history.columns[1:5]
            if last[name] == last[name]
        )
        return (
            f"{len(self.history)} epochs in {self.seconds:.1f} s, best {self.best_epoch}; {metrics}"
        )


def config_dict(config: TrainConfig) -> dict[str, Any]:
    """Convert the settings to plain values, for files."""
    return {f.name: getattr(config, f.name) for f in fields(config)}
