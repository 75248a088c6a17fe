"""Work shared among processes that end with the process that started them, or among computers."""

from __future__ import annotations

import functools
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from functools import partial
from typing import TypeVar

from joblib import Parallel, delayed, parallel_config

from mgrlib.errors import WorkerError, explain

Answer = TypeVar("Answer")
POLL_SECONDS = 0.5
CONNECT_SECONDS = 20.0


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


def persistent(
    jobs: Sequence[Callable[[], Answer]], *, n_jobs: int | None = None, n_losses: int = 3
) -> Iterator[Answer]:
    """The answers of some jobs as of `parallel`, also if worker processes are killed.

    When the system kills a worker, for instance because the memory is full, joblib gives up all
    jobs that are under way. They are begun again, up to `n_losses` times.

    Raises:
        WorkerError: more workers than that were killed.
    """
    n_done = 0
    while True:
        try:
            for answer in parallel(jobs[n_done:], n_jobs=n_jobs):
                n_done += 1
                yield answer
            return
        except BrokenProcessPool as error:
            n_losses -= 1
            if n_losses < 0:
                got = "killed ones, as the system does when the memory is full"
                hint = "use fewer processes (--jobs), or smaller batches."
                raise WorkerError(explain("worker processes", "living ones", got, hint)) from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Let torch, BLAS and OpenMP use one thread in the block.

    The order in which threads add numbers decides their last digits. With one thread they are the
    same however many processes there are.
    """
    import torch
    from threadpoolctl import threadpool_limits

    n_threads = torch.get_num_threads()
    with threadpool_limits(1):
        torch.set_num_threads(1)
        try:
            yield
        finally:
            torch.set_num_threads(n_threads)


@contextmanager
def cluster(address: str) -> Iterator[None]:
    """Let the workers of a Dask cluster do what is shared among processes in the block.

    Args:
        address: of the cluster's scheduler, such as `tcp://192.168.0.7:8786`.

    Raises:
        WorkerError: no scheduler at this address, or one without workers.
        ModuleNotFoundError: the package `distributed` is not installed.
    """
    from distributed import Client

    where = f"cluster({address!r})"
    try:
        client = Client(address, timeout=CONNECT_SECONDS, set_as_default=True)
    except (OSError, ValueError) as error:
        hint = "start one with `dask scheduler`, and give the address that it prints."
        raise WorkerError(explain(where, "a Dask scheduler", str(error), hint)) from error
    with client:
        try:
            client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        except TimeoutError as error:
            hint = f"start some with `dask worker {address}`."
            raise WorkerError(explain(where, "at least one worker", "none", hint)) from error
        with parallel_config(backend="dask"):
            yield


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
