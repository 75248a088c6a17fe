"""`sweep`: the folds of many recipes and seeds side by side, one process for each."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any
from uuid import uuid4

from tqdm.auto import tqdm

from mgrlib.data.corpus import Corpus, Split
from mgrlib.experiments.protocol import Division, Protocol
from mgrlib.experiments.run import Folds, Result
from mgrlib.parallel import one_thread, persistent
from mgrlib.stores import fill
from mgrlib.systems.learn import features_of
from mgrlib.systems.recipe import Recipe

_current: dict[str, Folds] = {}  # what this process works on: its segments serve the next fold


def sweep(
    recipes: Sequence[Recipe],
    corpus: Corpus,
    protocol: Division | None = None,
    *,
    seeds: Sequence[int] = (0,),
    changes: Mapping[str, Any] | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> Iterator[Result]:
    """Cross-validate many recipes, with the folds of all of them side by side.

    First the features that are missing are computed and stored. Then each process takes one fold
    after the other, whichever recipe and seed it belongs to, and uses one thread. The digits are
    the same for every number of processes. Every finished fold is stored at once: a sweep that was
    killed goes on where it stopped, and if only a worker is killed its fold is run again.

    Args:
        recipes: to be trained.
        corpus: the clips.
        protocol: default: five folds by clip.
        seeds: as for `cross_validate`.
        changes: settings of each recipe's TrainConfig to change.
        n_jobs: the number of processes, -1 for all cores. None takes what `joblib.parallel_config`
            says, such as the workers of a Dask cluster, or one.
        progress: show bars.

    Yields:
        The result of each recipe, in their order, as soon as its last fold is finished.

    Raises:
        RecipeError: no seed, or one twice.
        AudioError, FeatureError, SplitError, StorageError, TrainingError: from the layers below.
    """
    division = protocol or Protocol()
    all_folds = [Folds(r, corpus, division, tuple(seeds), {}, changes or {}) for r in recipes]
    for folds in all_folds:
        if any(folds.stored_run(*job) is None for job in folds.jobs):
            features, how = features_of(folds.recipe), folds.recipe.cut
            fill(corpus, *features, how=how, n_jobs=n_jobs, progress=progress)
    jobs = [
        partial(_fold, folds, token, seed, split)
        for folds, token in ((folds, uuid4().hex) for folds in all_folds)
        for seed, split in folds.jobs
    ]
    try:
        answers = persistent(jobs, n_jobs=n_jobs)
        bar = iter(tqdm(answers, "folds", len(jobs), disable=not progress, file=sys.stdout))
        for folds in all_folds:
            runs = [_in_own_store(folds, seed, split, next(bar)) for seed, split in folds.jobs]
            with one_thread():
                result = folds.result(runs)
            yield result
        next(bar, None)  # lets the bar end
    finally:
        _current.clear()


def _fold(folds: Folds, token: str, seed: int, split: Split) -> dict[str, Any]:
    """Run one fold in a worker, which reuses its segments for folds of the same recipe."""
    if token not in _current:
        _current.clear()
        _current[token] = folds
    with one_thread():
        return _current[token].run(seed, split)


def _in_own_store(folds: Folds, seed: int, split: Split, run: dict[str, Any]) -> dict[str, Any]:
    """Store a fold's result here too if the worker has a store of its own."""
    if folds.stored_run(seed, split) is None:
        folds.store(run, seed, split)
    return run
