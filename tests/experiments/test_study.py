from __future__ import annotations

import math

import pytest

from mgrlib.errors import RecipeError
from mgrlib.evaluation.intervals import Interval
from mgrlib.experiments.study import Study, conduct, row


def counting(corpus, seeds, progress=False, *, names=("all",)):
    """As many rows as names; the value is the number of clips."""
    return [row("clips", len(corpus), condition={"name": n}, seeds=list(seeds)) for n in names]


STUDY = Study("luo2021/count", "Counting", counting, {"names": ("a", "b")}, protocol="none")


def test_a_study_gives_records_with_all_that_is_needed_to_judge_them(corpus):
    records = conduct(STUDY, corpus, seeds=(0, 2))
    assert [r.condition["name"] for r in records] == ["a", "b"]
    first = records[0]
    assert (first.source, first.version, first.protocol) == ("luo2021/count", 1, "none")
    assert (first.value, first.low, first.n, first.seeds) == (12, None, None, (0, 2))
    assert first.data["name"] == "tiny" and first.details["seeds"] == [0, 2]


@pytest.mark.parametrize("names", [(), ("a", "a")])
def test_a_study_needs_rows_each_condition_once(corpus, names):
    study = Study("luo2021/count", "Counting", counting, {"names": names})
    with pytest.raises(RecipeError, match="each condition once"):
        conduct(study, corpus)


@pytest.mark.parametrize("seeds", [(), (1, 1)])
def test_seeds_are_wanted_each_once(corpus, seeds):
    with pytest.raises(RecipeError, match="seeds"):
        conduct(STUDY, corpus, seeds=seeds)


def test_a_row_takes_an_interval_with_its_clips():
    values = row("accuracy", Interval(0.51239, 0.4, math.nan, 20, unit="clips"), condition={})
    assert (values["value"], values["low"], values["high"], values["n"]) == (0.5124, 0.4, None, 20)
    over_seeds = row("accuracy", Interval(0.5, 0.4, 0.6, 3, unit="seeds"), condition={}, n=20)
    assert over_seeds["n"] == 20
    assert row("accuracy", Interval(0.5, 0.4, 0.6, 3, unit="seeds"), condition={})["n"] is None


def test_names_are_paper_and_study():
    with pytest.raises(RecipeError, match="paper/study"):
        Study("count", "Counting", counting)
