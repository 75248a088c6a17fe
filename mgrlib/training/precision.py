"""The choice of numbers and memory layout that trains a network fastest on this computer."""

from __future__ import annotations

import copy
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from mgrlib.segments import Segments
from mgrlib.tensor_files import read_tensors
from mgrlib.training.config import PRECISIONS, TrainConfig
from mgrlib.training.process_group import ONE, ProcessGroup
from mgrlib.training.seeds import cpu_settings, seeded

Loss = Callable[[torch.Tensor, torch.Tensor, tuple[torch.Tensor, ...]], torch.Tensor]
PROBE_SECONDS = 2.0
WORTHWHILE = 1.1  # how many times faster bfloat16 has to be before float32 is given up


def autocast(device: torch.device, config: TrainConfig) -> torch.autocast:
    """A context in which a network computes with the config's precision."""
    return torch.autocast(device.type, dtype=torch.bfloat16, enabled="bfloat16" in config.precision)


def for_computer(
    config: TrainConfig,
    model: nn.Module,
    train: Segments,
    loss: Loss,
    checkpoint: Path | None = None,
    group: ProcessGroup = ONE,
) -> TrainConfig:
    """Replace the precision "auto" by the fastest one, and leave any other config as it is.

    A copy of the model is trained for about two seconds, with each precision in turn. A run that is
    resumed from a checkpoint goes on with the precision that it began with.

    Args:
        config: the settings.
        model: on the device where it will be trained; it is not changed.
        train: training segments, of which the first batch is used.
        loss: as in `fit`.
        checkpoint: of a run to resume, if it exists.
        group: the processes that train the model, which agree on one precision.
    """
    if config.precision != "auto":
        return config
    resumes = checkpoint is not None and checkpoint.exists()
    stored = read_tensors(checkpoint).get("config", {}) if checkpoint and resumes else {}
    precision = stored.get("precision") or _fastest(config, model, train, loss)
    return replace(config, precision=group.common(precision))


@contextmanager
def laid_out(model: nn.Module, config: TrainConfig) -> Iterator[None]:
    """Give the weights of 2-D convolutions the config's memory layout inside the block.

    Weights keep the layout that the model has given them unless the config asks for channels-last.
    """
    weights = [w for w in model.parameters() if w.ndim == 4 and "channels_last" in config.precision]
    before = [w.stride() for w in weights]
    for w in weights:
        w.data = w.data.contiguous(memory_format=torch.channels_last)
    try:
        yield
    finally:
        for w, strides in zip(weights, before, strict=True):
            w.data = torch.empty_strided(w.shape, strides, dtype=w.dtype, device=w.device).copy_(w)


def _fastest(config: TrainConfig, model: nn.Module, train: Segments, loss: Loss) -> str:
    """The precision whose training steps take the least time."""
    seconds: dict[str, float] = {}
    for precision in _candidates(model):
        limit = min(seconds.values(), default=float("inf"))
        trial = replace(config, precision=precision)
        time_of_step = step_seconds(trial, model, train, loss, give_up_at=2 * limit)
        seconds[precision] = time_of_step * (WORTHWHILE if "bfloat16" in precision else 1.0)
    return min(seconds, key=seconds.__getitem__)


def _candidates(model: nn.Module) -> list[str]:
    """The precisions that a model can have; the memory layout only matters to 2-D convolutions."""
    has_layout = any(isinstance(layer, nn.Conv2d) for layer in model.modules())
    return [p for p in PRECISIONS if p != "auto" and (has_layout or "channels_last" not in p)]


def step_seconds(
    config: TrainConfig,
    model: nn.Module,
    train: Segments,
    loss: Loss,
    *,
    give_up_at: float = float("inf"),
) -> float:
    """The seconds of the fastest of several training steps of a copy of the model.

    Args:
        config: the settings, with a precision other than "auto".
        model: it is not changed.
        train: training segments, of which the first batch is used.
        loss: as in `fit`.
        give_up_at: seconds; if the second step is slower, there is no third one.
    """
    device = next(model.parameters()).device
    twin = copy.deepcopy(model).train()
    with cpu_settings(config.n_threads), seeded(config.seed), laid_out(twin, config):
        optimizer = config.make_optimizer(twin)
        part = slice(max(config.batch_size, 2))
        inputs = tuple(x[part].to(device) for x in train.inputs)
        y = train.y[part].to(device)
        times: list[float] = []
        started = time.perf_counter()
        while len(times) < 2 or time.perf_counter() - started < PROBE_SECONDS / 4:
            step_started = time.perf_counter()
            with autocast(device, config):
                value = loss(twin(*inputs), y, inputs)
            optimizer.zero_grad()
            value.backward()
            optimizer.step()
            value.item()  # waits for a GPU
            times.append(time.perf_counter() - step_started)
            if len(times) == 2 and times[1] > give_up_at:
                break
    return min(times)
