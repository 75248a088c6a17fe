"""Seeds, devices and threads: the process's state, set for a while and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mgrlib.errors import TrainingError, explain

__all__ = ["cpu_settings", "pick_device", "seeded"]


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Torch's random numbers start from `seed` inside the block and go on as before after it.

    >>> with seeded(7):
    ...     a = torch.rand(3)
    >>> with seeded(7):
    ...     b = torch.rand(3)
    >>> bool((a == b).all())
    True
    """
    devices = range(torch.cuda.device_count()) if torch.cuda.is_initialized() else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        yield


def pick_device(name: str = "auto") -> torch.device:
    """The device to train on: a GPU when there is one, else the CPU; or the one named.

    Raises:
        TrainingError: the device named is not there.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        float(torch.ones(1, device=device))  # whether it computes: torch knows kinds it has not got
    except Exception as error:  # RuntimeError, AssertionError, NotImplementedError: by the kind
        hint = 'write device="auto" to take what there is.'
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        got = f"{name!r}, on which it cannot ({reason[:120]})"
        wanted = "a device on which torch can compute here"
        raise TrainingError(explain("pick_device", wanted, got, hint)) from error
    return device


@contextmanager
def cpu_settings(n_threads: int | None = None) -> Iterator[None]:
    """Denormal numbers flushed to zero, and `n_threads` for torch, inside the block.

    Gradients through a thousand LSTM steps become denormal numbers, on which a CPU is several
    times slower; flushing them changes no printed digit. Both settings are put back.
    """
    threads = torch.get_num_threads()
    flushed = float(torch.full((1,), 1e-40) * 1.0) == 0.0
    torch.set_flush_denormal(True)
    if n_threads is not None:
        torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_flush_denormal(flushed)
        torch.set_num_threads(threads)
