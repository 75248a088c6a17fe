"""How long an answer takes, measured so that two figures may be compared.

A computer's speed changes from second to second: other programs, the processor's temperature, its
clock. So things that are to be compared take turns, round after round, and the comparison is made
within rounds. Times are processor seconds of the calling thread; what waits for its turn on a busy
machine is not charged for waiting. They hold for work on one thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import torch

from mgrlib.errors import MgrError, explain


@dataclass(frozen=True)
class Latency:
    """The time of one answer: median, and the quartiles between which half of the rounds lie.

    Args:
        median_ms, low_ms, high_ms: in milliseconds.
        n: the number of rounds.

    >>> print(Latency(12.34, 12.0, 13.0, 25))
    12.3 ms [12.0, 13.0] n=25
    """

    median_ms: float
    low_ms: float
    high_ms: float
    n: int

    def __str__(self) -> str:
        parts = (self.median_ms, self.low_ms, self.high_ms)
        middle, low, high = (f"{value:#.3g}".removesuffix(".") for value in parts)
        return f"{middle} ms [{low}, {high}] n={self.n}"

    @staticmethod
    def of(milliseconds: np.ndarray) -> Latency:
        """The summary of the rounds' times, (n,)."""
        low, middle, high = np.percentile(milliseconds, [25, 50, 75])
        return Latency(float(middle), float(low), float(high), len(milliseconds))


def take_turns(
    things: Mapping[str, Callable[[], object]], *, rounds: int = 25, warm_up: int = 3
) -> dict[str, np.ndarray]:
    """Call each of some functions once a round: milliseconds by name, each (rounds,).

    Torch is kept to one thread meanwhile. The first `warm_up` rounds do not count; in every second
    round the order is reversed, so that nobody always comes after the same neighbor.

    Raises:
        MgrError: nothing to measure, or no round.
    """
    if not things or rounds < 1:
        got = f"{len(things)} and {rounds}"
        raise MgrError(explain("take_turns", "a function and a round", got))
    times: dict[str, list[float]] = {name: [] for name in things}
    n_threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with torch.inference_mode():
            for i in range(warm_up + rounds):
                for name in sorted(things, reverse=bool(i % 2)):
                    started = time.thread_time()
                    things[name]()
                    times[name].append(1e3 * (time.thread_time() - started))
    finally:
        torch.set_num_threads(n_threads)
    return {name: np.array(values[warm_up:]) for name, values in times.items()}


def speedup(slow: np.ndarray, fast: np.ndarray) -> tuple[float, float, float]:
    """How many times faster the second was: the median over rounds, and its quartiles.

    >>> speedup(np.array([4.0, 6.0, 8.0]), np.array([2.0, 2.0, 2.0]))
    (3.0, 2.5, 3.5)
    """
    low, middle, high = np.percentile(np.asarray(slow) / np.asarray(fast), [25, 50, 75])
    return float(middle), float(low), float(high)
