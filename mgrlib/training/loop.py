"""`fit`, the training loop that the course teaches."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import torch
from torch import nn
from tqdm.auto import tqdm

from mgrlib.errors import TrainingError, explain
from mgrlib.models.modes import evaluating
from mgrlib.segments import Segments
from mgrlib.training.checkpoints import Progress, resume, save_progress
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.precision import autocast, for_computer, laid_out
from mgrlib.training.process_group import ONE, ProcessGroup, process_group
from mgrlib.training.seeds import cpu_settings, seeded

Inputs = tuple[torch.Tensor, ...]
Loss = Callable[[torch.Tensor, torch.Tensor, Inputs], torch.Tensor]
Augment = Callable[[Inputs, torch.Tensor, torch.Generator], tuple[Inputs, torch.Tensor]]


def cross_entropy(logits: torch.Tensor, y: torch.Tensor, inputs: Inputs) -> torch.Tensor:
    """Mean cross-entropy, in nats, of logits (B, K) and classes (B,) or probabilities (B, K)."""
    return nn.functional.cross_entropy(logits, y)


def fit(
    model: nn.Module,
    train: Segments,
    valid: Segments | None = None,
    config: TrainConfig | None = None,
    *,
    loss: Loss = cross_entropy,
    augment: Augment | None = None,
    checkpoint: Path | None = None,
    progress: bool = False,
) -> Run:
    """Train `model` in place, and load the weights of its best epoch at the end.

    The same seed gives exactly the same history on the same CPU with the same number of threads.
    Processes that `torchrun` started share every batch: see `mgrlib.training.process_group`.

    Args:
        model: a network that returns logits.
        train: training segments.
        valid: validation segments; without them the last epoch counts as the best.
        config: the settings; the default is `TrainConfig()`.
        loss: `(logits, y, inputs) -> scalar`; for distillation it contains a teacher.
        augment: `(inputs, y, generator) -> (inputs, y)` for each training batch; where it mixes
            segments, as mixup does, it returns probabilities (B, K) for y.
        checkpoint: a file that is written after every epoch. If it exists, training resumes from it
            and gives the same result as without the interruption.
        progress: whether to show a progress bar.

    Raises:
        TrainingError: if there are no segments, if the loss is not finite, or if the checkpoint has
            different settings.
        StorageError: if the checkpoint cannot be written, is damaged, or is one of another model.
    """
    config = config or TrainConfig()
    if not len(train):
        raise TrainingError(explain("fit", "at least one training segment", "none"))
    group, start_time = process_group(config.device), time.perf_counter()
    device = group.device(config.device)
    config = for_computer(config, model.to(device), train, loss, checkpoint, group)
    with cpu_settings(config.n_threads), seeded(config.seed), laid_out(model, config):
        network = group.connect(model)
        optimizer = config.make_optimizer(model)
        schedule = config.make_schedule(optimizer)
        generator = torch.Generator().manual_seed(config.seed)
        state = Progress(model, optimizer, schedule, generator, config)
        resume(checkpoint, state)
        for epoch in _epochs(state, config, progress):
            train_mode(model)
            totals, own_generator = _Means(), group.begin_epoch(generator, config.seed, epoch)
            for inputs, y, n in shared_batches(train, config.batch_size, generator, device, group):
                if augment is not None:
                    inputs, y = augment(inputs, y, own_generator)
                with autocast(device, config):
                    logits = network(*inputs)
                    step_loss = loss(logits, y, inputs)
                optimizer.zero_grad()
                group.backward(step_loss, len(y), n)
                optimizer.step()
                totals.add(step_loss, logits, y, epoch)
            lr = optimizer.param_groups[0]["lr"]
            schedule.step()
            state.end_epoch(
                totals.result(group), _validate(model, valid, config, loss, epoch, group), lr
            )
            save_progress(checkpoint if group.rank == 0 else None, state)
        model.load_state_dict(state.best_state)
    return state.result(time.perf_counter() - start_time)


def train_mode(model: nn.Module) -> None:
    """Set every layer to training mode, except layers whose parameters are all frozen.

    A frozen layer stays in evaluation mode: it applies no dropout and does not update the running
    statistics of its batch normalization.
    """
    model.train()
    for layer in model.modules():
        values = list(layer.parameters())
        if values and not any(p.requires_grad for p in values):
            layer.eval()


def _epochs(state: Progress, config: TrainConfig, progress: bool) -> Iterator[int]:
    """Yield the numbers of the remaining epochs, until the patience runs out."""
    bar = tqdm(
        total=config.epochs,
        initial=len(state.history),
        desc="epochs",
        disable=not progress,
        file=sys.stdout,
    )
    with bar:
        while len(state.history) < config.epochs and not state.out_of_patience:
            yield len(state.history) + 1
            last = state.history[-1]
            bar.set_postfix({k: f"{last[k]:.3f}" for k in ("train_loss", "valid_loss")})
            bar.update()


def batches(
    segments: Segments,
    batch_size: int,
    generator: torch.Generator | None = None,
    device: torch.device | str = "cpu",
) -> Iterator[tuple[Inputs, torch.Tensor]]:
    """Yield batches of (inputs, y), in random order if a generator is given.

    If a single segment remains, it is added to the last batch, because batch normalization needs
    at least two.
    """
    for inputs, y, _ in shared_batches(segments, batch_size, generator, device, ONE):
        yield inputs, y


def shared_batches(
    segments: Segments,
    batch_size: int,
    generator: torch.Generator | None,
    device: torch.device | str,
    group: ProcessGroup,
) -> Iterator[tuple[Inputs, torch.Tensor, int]]:
    """Yield this process's part of each batch as `batches` does, and the size of the batch.

    If fewer segments remain than there are processes, they are added to the last batch too.
    """
    n = len(segments)
    order = torch.arange(n) if generator is None else torch.randperm(n, generator=generator)
    starts = list(range(0, n, batch_size))
    if len(starts) > 1 and n - starts[-1] < max(2, group.size):
        starts.pop()
    batches = [order[start:end] for start, end in zip(starts, starts[1:] + [n], strict=True)]
    parts = segments.batches(group.part(batch) for batch in batches)
    for batch, (inputs, y) in zip(batches, parts, strict=True):
        yield tuple(x.to(device) for x in inputs), y.to(device), len(batch)


def measure(
    model: nn.Module,
    segments: Segments | None,
    config: TrainConfig | None = None,
    *,
    loss: Loss = cross_entropy,
) -> tuple[float, float]:
    """Mean loss (in nats) and accuracy in evaluation mode; (nan, nan) without segments."""
    return _measure(model, segments, config or TrainConfig(), loss, ONE)


def _measure(
    model: nn.Module,
    segments: Segments | None,
    config: TrainConfig,
    loss: Loss,
    group: ProcessGroup,
) -> tuple[float, float]:
    """Mean loss and accuracy; the processes of the group share the segments."""
    if segments is None or not len(segments):
        return float("nan"), float("nan")
    totals = _Means()
    with evaluating(model) as device:
        for inputs, y, _ in shared_batches(segments, config.batch_size, None, device, group):
            with autocast(device, config):
                logits = model(*inputs)
                totals.add(loss(logits, y, inputs), logits, y)
    return totals.result(group)


def _validate(
    model: nn.Module,
    valid: Segments | None,
    config: TrainConfig,
    loss: Loss,
    epoch: int,
    group: ProcessGroup,
) -> tuple[float, float]:
    """Loss and accuracy on the validation segments; raise an error if the loss is not finite."""
    group.share_buffers(model)
    means = _measure(model, valid, config, loss, group)
    if valid is not None and len(valid):
        _check_finite(means[0], f"fit, epoch {epoch}, validation")
    return means


def _check_finite(loss: float, where: str) -> None:
    if not math.isfinite(loss):
        hint = "look for NaN among the inputs, standardize them, or lower `lr`."
        raise TrainingError(explain(where, "a finite loss", str(loss), hint))


class _Means:
    """Running means of loss and accuracy over segments."""

    def __init__(self) -> None:
        self.n, self.loss, self.correct = 0, 0.0, 0.0

    def add(
        self, loss: torch.Tensor, logits: torch.Tensor, y: torch.Tensor, epoch: int | None = None
    ) -> None:
        value = loss.item()
        if epoch is not None:
            _check_finite(value, f"fit, epoch {epoch}")
        self.n += len(y)
        self.loss += value * len(y)
        if y.ndim == 1:
            self.correct += (logits.argmax(1) == y).sum().item()
        else:  # soft or several labels, for which accuracy is not defined
            self.correct = float("nan")

    def result(self, group: ProcessGroup) -> tuple[float, float]:
        n, loss, correct = group.sums([self.n, self.loss, self.correct])
        return loss / n, correct / n
