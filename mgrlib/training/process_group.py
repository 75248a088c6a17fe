"""The processes that train one network together, each on a GPU or CPU of its own.

`fit` trains in one process unless a launcher such as `torchrun` has started several. Accelerate
then connects them: it reads what it needs from the environment that the launcher prepared, so that
`fit` has no argument for it, and it wraps the network and nothing else.

The batch size stays that of the optimizer's step. Each process takes its part of every batch, and
the gradients are averaged with the weight of the parts, so the number of processes changes only
the speed and the last digits.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from mgrlib.errors import TrainingError, explain
from mgrlib.training.seeds import pick_device

if TYPE_CHECKING:
    from accelerate import Accelerator


class OneProcess:
    """A process that trains alone."""

    rank, size = 0, 1

    def device(self, name: str) -> torch.device:
        """The device that a config names."""
        return pick_device(name)

    def connect(self, model: nn.Module) -> nn.Module:
        """The network to call in training; the model is on its device."""
        return model

    def common(self, value: str) -> str:
        """The value of the first process, in all of them."""
        return value

    def part(self, index: torch.Tensor) -> torch.Tensor:
        """The segments of a batch that this process takes."""
        return index

    def backward(self, loss: torch.Tensor, n: int, n_all: int) -> None:
        """Compute the gradients of the mean loss of a batch.

        Args:
            loss: the mean over the `n` segments of this process.
            n: segments of this process.
            n_all: segments of the whole batch.
        """
        loss.backward()

    def sums(self, values: Sequence[float]) -> list[float]:
        """The sums of numbers over all processes."""
        return list(values)

    def begin_epoch(self, generator: torch.Generator, seed: int, epoch: int) -> torch.Generator:
        """The generator of augmentation in this process."""
        return generator

    def share_buffers(self, model: nn.Module) -> None:
        """Give the buffers of all processes, such as running means, the values of the first."""


ProcessGroup = OneProcess
ONE = OneProcess()


class SeveralProcesses(OneProcess):
    """One of several processes that train a network together.

    Args:
        accelerator: connected to the others.
    """

    def __init__(self, accelerator: Accelerator) -> None:
        self.accelerator = accelerator
        self.rank, self.size = accelerator.process_index, accelerator.num_processes

    def device(self, name: str) -> torch.device:
        """The device of this process."""
        return self.accelerator.device

    def connect(self, model: nn.Module) -> nn.Module:
        """The network with hooks that average the gradients over the processes."""
        network: nn.Module = self.accelerator.prepare(model)
        return network

    def common(self, value: str) -> str:
        """The value of the first process, in all of them."""
        values = [value]
        torch.distributed.broadcast_object_list(values, src=0, device=self.accelerator.device)
        return values[0]

    def part(self, index: torch.Tensor) -> torch.Tensor:
        """The segments of a batch that this process takes, as many as the others or one less.

        Raises:
            TrainingError: a batch with fewer segments than there are processes.
        """
        if len(index) < self.size:
            got = f"{len(index)} for {self.size} processes"
            hint = "start fewer processes, or raise `batch_size`."
            raise TrainingError(explain("fit", "a segment of every batch for each", got, hint))
        return torch.tensor_split(index, self.size)[self.rank]

    def backward(self, loss: torch.Tensor, n: int, n_all: int) -> None:
        """Compute the gradients of the mean loss of a batch, averaged over the processes."""
        self.accelerator.backward(loss * (n * self.size / n_all))

    def sums(self, values: Sequence[float]) -> list[float]:
        """The sums of numbers over all processes, which are the same in all of them."""
        numbers = torch.tensor(values, dtype=torch.float64, device=self.accelerator.device)
        total: torch.Tensor = self.accelerator.reduce(numbers, reduction="sum")
        return total.tolist()

    def begin_epoch(self, generator: torch.Generator, seed: int, epoch: int) -> torch.Generator:
        """A generator of its own, so that the order of the segments stays the same in all.

        Dropout gets other random numbers in each process too. Both depend on the epoch and not on
        the ones before, so that an interrupted run can continue.
        """
        own = (seed * 1_000_003 + epoch) * 1_009 + self.rank
        torch.manual_seed(own)
        return torch.Generator().manual_seed(own)

    def share_buffers(self, model: nn.Module) -> None:
        """Give the buffers of all processes the values of the first."""
        for buffer in model.buffers():
            torch.distributed.broadcast(buffer, src=0)


def process_group(device: str = "auto") -> ProcessGroup:
    """The processes that a launcher has started to train together; one if there is no launcher.

    Args:
        device: "cpu" trains on CPUs even if there are GPUs.

    Raises:
        ModuleNotFoundError: several processes, and the package `accelerate` is not installed.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) < 2:
        return ONE
    from accelerate import Accelerator

    return SeveralProcesses(Accelerator(cpu=device == "cpu"))
