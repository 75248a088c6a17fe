"""Weights and half-finished runs on disk: written whole, read without running anyone's code."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import nn

from mgrlib.errors import ChecksumError, StorageError, TrainingError, explain, some
from mgrlib.storage import atomic_write, checksum
from mgrlib.tensor_files import read_tensors
from mgrlib.training.config import TrainConfig, config_dict

__all__ = ["Progress", "load_weights", "resume", "save_progress", "save_weights"]


class Progress:
    """A run between two epochs: all that is needed to go on as if nothing had happened."""

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
    def exhausted(self) -> bool:
        """Whether the patience of the config has run out."""
        patience = self.config.patience
        return patience is not None and len(self.history) - self.best_epoch >= patience

    def end_epoch(self, train: tuple[float, float], valid: tuple[float, float], lr: float) -> None:
        """Note an epoch's figures, and its weights if they are the best so far."""
        names = ("train_loss", "train_accuracy", "valid_loss", "valid_accuracy")
        row = dict(zip(names, (*train, *valid), strict=True))
        best = self.history[self.best_epoch - 1]["valid_loss"] if self.best_epoch else float("inf")
        self.history.append({"epoch": len(self.history) + 1, **row, "lr": lr})
        if not row["valid_loss"] >= best:  # lower, or NaN: nothing to validate on
            self.best_epoch = len(self.history)
            state = self.model.state_dict()
            self.best_state = {k: v.detach().cpu().clone() for k, v in state.items()}


def save_progress(path: Path | None, progress: Progress) -> None:
    """Write the run's progress whole or not at all; without a path do nothing."""
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
    """Bring `progress` to where the file at `path` left off, if there is one.

    More epochs than the file was told of are no other settings, unless the learning rate's course
    depends on their number.

    Raises:
        TrainingError: the file is of a run with other settings.
        StorageError: the file is not a checkpoint, or one of another model.
    """
    if path is None or not path.exists():
        return
    content = read_tensors(path)
    try:
        told, now = content["config"], config_dict(progress.config)
        other = [name for name in now if told.get(name) != now[name]]
        if other == ["epochs"] and told["epochs"] < now["epochs"] and now["schedule"] == "constant":
            other = []  # a shorter training is the beginning of a longer one
        if other:
            hint = "delete the checkpoint to begin anew, or go on with its settings."
            got = ", ".join(f"{n}={told.get(n)!r} in the file, {now[n]!r} asked" for n in other)
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
        hint = "delete it to begin anew, or build the model that it was made with."
        expected = f"a checkpoint of `fit` with this {type(progress.model).__name__}"
        raise StorageError(explain(str(path), expected, _told(error), hint)) from error
    progress.history, progress.best_epoch = content["history"], content["best_epoch"]
    progress.best_state = content["best_state"]


def save_weights(path: Path, model: nn.Module) -> str:
    """Write the model's weights whole or not at all; returns the SHA-256 of the file."""
    with atomic_write(path) as part:
        torch.save(model.state_dict(), part)
    return checksum(path)


def load_weights(path: Path, model: nn.Module, *, sha256: str | None = None) -> nn.Module:
    """`model` itself, with the weights of the file.

    Args:
        sha256: what the file's content must be; None trusts it. Either way only tensors are read.

    Raises:
        ChecksumError: another content.
        StorageError: missing, damaged, or not weights of this model.
    """
    if sha256 is not None and path.exists() and checksum(path) != sha256:
        hint = "fetch the file again; do not load weights that someone may have changed."
        raise ChecksumError(explain(str(path), f"SHA-256 {sha256}", checksum(path), hint))
    state = read_tensors(path)
    wanted = model.state_dict()
    wrong = [k for k in wanted if k not in state or state[k].shape != wanted[k].shape]
    wrong += [k for k in state if k not in wanted]
    if wrong:
        where = f"{path} for {type(model).__name__}"
        raise StorageError(explain(where, "the model's own layers and shapes", some(wrong)))
    model.load_state_dict(state)
    return model


def _told(error: Exception) -> str:
    """The kind of an error and the first line of what it says."""
    return ": ".join([type(error).__name__, *str(error).splitlines()[:1]])
