"""The folds of many recipes side by side."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import partial
from pathlib import Path

import joblib
import pytest
import torch
from tiny import TINY, Tiny

from mgrlib.errors import RecipeError, WorkerError
from mgrlib.experiments import run as run_module
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import Result, cross_validate, forget
from mgrlib.experiments.sweep import sweep
from mgrlib.parallel import one_thread, persistent

WIDE = replace(TINY, name="luo2021/wide", options={"width": 8})


def values(results: list[Result]) -> list:
    """All of the results that must not depend on the clock, to the last digit."""
    return [
        (
            result.recipe.name,
            [{k: v for k, v in run.items() if k != "seconds"} for run in result.runs],
        )
        for result in results
    ]


def test_two_processes_give_the_digits_of_one(corpus):
    how = {"seeds": (0, 1), "changes": {"epochs": 3}}
    pair = list(sweep([TINY, WIDE], corpus, Protocol(3), n_jobs=2, **how))
    for recipe in (TINY, WIDE):
        forget(recipe)
    alone = list(sweep([TINY, WIDE], corpus, Protocol(3), n_jobs=1, **how))
    assert values(pair) == values(alone)
    assert len(pair[0].runs) == 6
    forget(TINY)
    with one_thread():
        serial = cross_validate(TINY, corpus, Protocol(3), **how)
    assert values([serial]) == values(pair[:1])


def test_every_result_has_one_record_that_says_one_thread(corpus):
    results = sweep([TINY, WIDE], corpus, Protocol(2), n_jobs=2, changes={"epochs": 1})
    records = [result.record() for result in results]
    assert [record.source for record in records] == ["luo2021/tiny", "luo2021/wide"]
    assert all(record.about["n_threads"] == 1 for record in records)
    assert all(record.changes == {"epochs": 1} for record in records)


def test_finished_folds_are_not_trained_again(corpus, monkeypatch):
    first = next(sweep([TINY, WIDE], corpus, Protocol(2), changes={"epochs": 1}))
    monkeypatch.setattr(run_module, "learn", None)
    assert values([next(sweep([TINY], corpus, Protocol(2), changes={"epochs": 1}))]) == values(
        [first]
    )


def test_threads_are_as_before_after_a_sweep(corpus):
    torch.set_num_threads(2)
    try:
        list(sweep([TINY], corpus, Protocol(2), changes={"epochs": 1}))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(1)


def dies_once(mark: Path, parent: int, n_classes: int, input_shape: tuple[int, int]) -> Tiny:
    """A network whose first process is killed while it makes it."""
    if os.getpid() != parent and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), 9)
    return Tiny(n_classes, input_shape)


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_the_fold_of_a_killed_worker_is_run_again(corpus, tmp_path):
    mark = tmp_path / "died"
    mortal = replace(TINY, model=partial(dies_once, mark, os.getpid()))
    (result,) = sweep([mortal], corpus, Protocol(4), n_jobs=2, changes={"epochs": 2})
    assert mark.exists()
    (expected,) = sweep([TINY], corpus, Protocol(4), n_jobs=1, changes={"epochs": 2})
    assert values([result]) == values([expected])


def die() -> None:
    os._exit(9)


def test_workers_that_keep_dying_are_an_error():
    with pytest.raises(WorkerError, match="fewer processes"):
        list(persistent([die] * 2, n_jobs=2, n_losses=1))


def test_seeds_given_twice_are_refused(corpus):
    with pytest.raises(RecipeError, match="each once"):
        list(sweep([TINY], corpus, seeds=(0, 0)))


def test_the_processes_may_be_those_of_joblib(corpus):
    with joblib.parallel_config(n_jobs=2):
        (pair,) = sweep([TINY], corpus, Protocol(2), changes={"epochs": 1})
    forget(TINY)
    (alone,) = sweep([TINY], corpus, Protocol(2), n_jobs=1, changes={"epochs": 1})
    assert values([pair]) == values([alone])
