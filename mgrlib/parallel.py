"""Work shared out among processes that end with the process that started them."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from joblib import Parallel, delayed

__all__ = ["parallel"]

Answer = TypeVar("Answer")
POLL_SECONDS = 0.5


def parallel(
    jobs: Iterable[Callable[[], Answer]], *, n_jobs: int | None = None
) -> Iterator[Answer]:
    """The answers of some jobs, in their order, as joblib's current back end computes them.

    Worker processes of this computer end within a second of the process that started them, even if
    that process was killed.

    Args:
        jobs: functions without arguments; `functools.partial` makes them. What they hold is sent to
            the workers, and joblib's "dask" back end keeps it with its job.
        n_jobs: processes, -1 for all cores; None takes what `joblib.parallel_config` says, or one.

    >>> list(parallel([partial(pow, 2, k) for k in range(4)]))
    [1, 2, 4, 8]
    """
    starter = os.getpid()
    work = (delayed(partial(_bound_to, starter, job))() for job in jobs)
    return iter(Parallel(n_jobs=n_jobs, return_as="generator")(work))


def _bound_to(starter: int, job: Callable[[], Answer]) -> Answer:
    """The job's answer, from a process that does not outlive its starter."""
    if os.getpid() != starter and os.getppid() == starter:
        _end_with(starter)
    return job()


@functools.cache
def _end_with(starter: int) -> None:
    """End this process when it gets another parent: its starter is gone then."""

    def watch() -> None:
        while os.getppid() == starter:
            time.sleep(POLL_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="mgrlib-watch", daemon=True).start()
