"""Context managers for seeds and CPU settings, and the choice of the device."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from mgrlib.errors import TrainingError, explain


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Seed torch's random numbers inside the block, and restore their state afterwards.

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
    """Return a torch device; "auto" is a GPU if there is one, and otherwise the CPU.

    Raises:
        TrainingError: if the device does not exist or cannot compute.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        float(torch.ones(1, device=device))  # torch accepts names of devices that do not exist
    except Exception as error:  # RuntimeError, AssertionError or NotImplementedError
        hint = 'write device="auto" to use the best device there is.'
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        got = f"{name!r}, on which it cannot ({reason[:120]})"
        expected = "a device on which torch can compute here"
        raise TrainingError(explain("pick_device", expected, got, hint)) from error
    return device


@contextmanager
def cpu_settings(n_threads: int | None = None) -> Iterator[None]:
    """Flush denormal numbers to zero and set torch's number of threads inside the block.

    Gradients through a thousand LSTM steps become denormal numbers, with which a CPU is several
    times slower; flushing them changes no printed digit. Both settings are restored afterwards.
    """
    threads = torch.get_num_threads()
    flush_before = float(torch.full((1,), 1e-40) * 1.0) == 0.0
    torch.set_flush_denormal(True)
    if n_threads is not None:
        torch.set_num_threads(n_threads)
    try:
        yield
    finally:
        torch.set_flush_denormal(flush_before)
        torch.set_num_threads(threads)
