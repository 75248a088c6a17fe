"""Files of weights and of interrupted runs, written atomically and read without executing code."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import torch
from torch import nn

from mgrlib.errors import ChecksumError, StorageError, TrainingError, explain, some
from mgrlib.storage import atomic_write, checksum
from mgrlib.tensor_files import read_tensors
from mgrlib.training.config import Run, TrainConfig, config_dict


class Progress:
    """The state of a run between two epochs, which is all that is needed to resume it exactly."""

    def __init__(
        self,
        model: nn.Module,
        optimizer: torch.optim.Optimizer,
        schedule: torch.optim.lr_scheduler.LRScheduler,
        generator: torch.Generator,
        config: TrainConfig,
    ) -> None:
        self.model, self.optimizer, self.schedule = model, optimizer, schedule
        self.generator, self.config = generator, config
        self.history: list[dict[str, float]] = []
        self.best_epoch = 0
        self.best_state: dict[str, torch.Tensor] = {}

    @property
    def out_of_patience(self) -> bool:
        """Whether the config's patience has run out."""
        patience = self.config.patience
        return patience is not None and len(self.history) - self.best_epoch >= patience

    def end_epoch(self, train: tuple[float, float], valid: tuple[float, float], lr: float) -> None:
        """Record an epoch's losses and accuracies, and its weights if they are the best so far."""
        names = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")
        row = dict(zip(names, (*train, *valid), strict=True))
        best = self.history[self.best_epoch - 1]["valid_loss"] if self.best_epoch else float("inf")
        self.history.append({"epoch": len(self.history) + 1, **row, "lr": lr})
        if not row["valid_loss"] >= best:  # lower, or NaN without validation segments
            self.best_epoch = len(self.history)
            state = self.model.state_dict()
            self.best_state = {k: v.detach().cpu().clone() for k, v in state.items()}

    def result(self, seconds: float) -> Run:
        """The run as it stands, after so many seconds in this process."""
        history = pd.DataFrame(self.history)
        stopped = self.out_of_patience
        return Run(self.config, history, self.best_epoch, self.best_state, seconds, stopped)


def save_progress(path: Path | None, progress: Progress) -> None:
    """Write the run's progress atomically; without a path do nothing."""
    if path is None:
        return
    content = {
        "config": config_dict(progress.config),
        "history": progress.history,
        "best_epoch": progress.best_epoch,
        "best_state": progress.best_state,
        "model": progress.model.state_dict(),
        "optimizer": progress.optimizer.state_dict(),
        "schedule": progress.schedule.state_dict(),
        "order": progress.generator.get_state(),
        "random": torch.get_rng_state(),
    }
    if torch.cuda.is_initialized():
        content["random_cuda"] = torch.cuda.get_rng_state_all()
    with atomic_write(path) as part:
        torch.save(content, part)


def resume(path: Path | None, progress: Progress) -> None:
    """Restore `progress` from the file at `path`, if it exists.

    A run can be resumed with more epochs than the file's, unless the learning rate depends on the
    number of epochs.

    Raises:
        TrainingError: if the file is from a run with different settings.
        StorageError: if the file is not a checkpoint, or is one of a different model.
    """
    if path is None or not path.exists():
        return
    content = read_tensors(path)
    try:
        stored, config = content["config"], config_dict(progress.config)
        changes = [name for name in config if stored.get(name) != config[name]]
        constant = config["schedule"] == "constant"
        if changes == ["epochs"] and stored["epochs"] < config["epochs"] and constant:
            changes = []  # a shorter training is the beginning of a longer one
        if changes:
            hint = "delete the checkpoint to start again, or continue with its settings."
            got = ", ".join(
                f"{name}={stored.get(name)!r} in the file and {config[name]!r} in the config"
                for name in changes
            )
            raise TrainingError(explain(str(path), "a checkpoint of this config", got, hint))
        progress.model.load_state_dict(content["model"])
        progress.optimizer.load_state_dict(content["optimizer"])
        progress.schedule.load_state_dict(content["schedule"])
        progress.generator.set_state(content["order"])
        torch.set_rng_state(content["random"])
        if "random_cuda" in content and torch.cuda.is_available():
            torch.cuda.set_rng_state_all(content["random_cuda"])
    except TrainingError:
        raise
    except (KeyError, TypeError, AttributeError, ValueError, RuntimeError) as error:
        hint = "delete it to start again, or build the model that was trained."
        expected = f"a checkpoint of `fit` with this {type(progress.model).__name__}"
        raise StorageError(explain(str(path), expected, _summary(error), hint)) from error
    progress.history, progress.best_epoch = content["history"], content["best_epoch"]
    progress.best_state = content["best_state"]


def save_weights(path: Path, model: nn.Module) -> str:
    """Write the model's weights atomically, and return the SHA-256 of the file."""
    with atomic_write(path) as part:
        torch.save(model.state_dict(), part)
    return checksum(path)


def load_weights(path: Path, model: nn.Module, *, sha256: str | None = None) -> nn.Module:
    """Load a file's weights into `model`, and return it.

    Args:
        path: of the file.
        model: a model with the same layers.
        sha256: the expected checksum of the file; None does not check it. In both cases only
            tensors are read.

    Raises:
        ChecksumError: if the file has a different checksum.
        StorageError: if the file is missing or damaged, or does not fit the model.
    """
    if sha256 is not None and path.exists() and checksum(path) != sha256:
        hint = "download the file again; do not load weights that someone may have changed."
        raise ChecksumError(explain(str(path), f"SHA-256 {sha256}", checksum(path), hint))
    state = read_tensors(path)
    expected = model.state_dict()
    wrong = [k for k in expected if k not in state or state[k].shape != expected[k].shape]
    wrong += [k for k in state if k not in expected]
    if wrong:
        where = f"{path} for {type(model).__name__}"
        raise StorageError(explain(where, "the model's own layers and shapes", some(wrong)))
    model.load_state_dict(state)
    return model


def _summary(error: Exception) -> str:
    """The type of an error and the first line of its message."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
