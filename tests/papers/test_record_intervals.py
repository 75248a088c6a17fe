"""The intervals of the records draw artists where artists are known."""

from __future__ import annotations

import ast

import pytest

from checks.intervals import ROOT, artists_of, has_predictions, with_artists
from mgrlib import papers
from mgrlib.evaluation.runs import same_clips

WITH_PREDICTIONS = [
    record
    for key in papers.COLLECTIONS
    for record in papers.records(key)
    if has_predictions(record)
]
KNOWN = ("gtzan", "synthetic-", "songs-")


def draws_seeds(record):
    """Whether each seed has test clips of its own, so that the interval is one over seeds."""
    return not same_clips(record.predictions_by_seed())


def test_records_of_corpora_with_artists_say_how_many_artists_were_drawn():
    for record in WITH_PREDICTIONS:
        if record.data["name"].startswith(KNOWN) and not draws_seeds(record):
            assert record.details.get("n_groups"), f"python -m checks.intervals: {record.source}"


@pytest.mark.parametrize("data", ["gtzan-mini", "gtzan-table", "synthetic-20-seed0"])
def test_bounds_are_those_of_the_predictions_and_artists(data):
    """If not: `python -m checks.intervals`."""
    for record in [r for r in WITH_PREDICTIONS if r.data["name"] == data][::4]:
        recomputed = with_artists(record)
        for bound in ("low", "high"):
            assert getattr(record, bound) == pytest.approx(getattr(recomputed, bound), abs=1e-3)
        for name in ("n_groups", "low_over_clips", "high_over_clips"):
            assert record.details[name] == pytest.approx(recomputed.details[name], abs=1e-3)


def test_the_mini_set_has_44_groups_and_most_intervals_over_them_are_wider():
    mini = [r for r in WITH_PREDICTIONS if r.data["name"] == "gtzan-mini" and r.n == 100]
    assert len(mini) > 50
    assert {record.details["n_groups"] for record in mini} == {
        len(set(artists_of(mini[0]).values()))
    }
    wider = [
        r.high - r.low > r.details["high_over_clips"] - r.details["low_over_clips"] for r in mini
    ]
    assert sum(wider) > 0.9 * len(mini)


DRAWING = {
    "over_runs": 1,
    "over_values": 1,
    "over_groups": 1,
    "mean_accuracy": 1,
    "bootstrap": 2,
    "bootstrap_values": 2,
}
"""What draws clips unless it is told their artists, and how many arguments come before those."""

OVER_CLIPS = {
    "mgrlib/papers/tang2018/studies/nodes.py": "the interval of one seed where no artist is known",
    "mgrlib/papers/tang2018/studies/trees.py": "the interval of one seed where no artist is known",
}


@pytest.mark.parametrize("path", sorted((ROOT / "mgrlib" / "papers").rglob("studies/*.py")))
def test_studies_draw_artists(path):
    """`accuracy_row` does it by itself."""
    for call in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        where = f"{path.relative_to(ROOT)}:{call.lineno}: {call.func.id}"
        if call.func.id in ("wilson", "accuracy_interval"):
            assert path.relative_to(ROOT).as_posix() in OVER_CLIPS, where
        if call.func.id in DRAWING:
            named = any(keyword.arg == "groups" for keyword in call.keywords)
            assert named or len(call.args) > DRAWING[call.func.id], where
