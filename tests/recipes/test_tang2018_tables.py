"""The sweep of Tang et al. (2018) stands beside the paper's as the paper prints it."""

from __future__ import annotations

import pytest

from mgrlib.recipes import tang2018_tables as tables
from mgrlib.recipes.studies import Findings
from mgrlib.recipes.tang2018_studies import CHOSEN, EARLY

EPOCHS = (5, 10, 20, 50, 100, 200, 400)


def figures(value: float) -> dict[str, float]:
    names = [f"{p} {m}" for p in ("training", "validation", "test") for m in ("accuracy", "loss")]
    return dict.fromkeys(names, value)


@pytest.fixture
def sweep() -> Findings:
    """Four trials, whose figures are the number of epochs and the trial after the point."""
    told = {"metric": "test accuracy", "value": 0.5, "low": 0.4, "high": 0.6, "n": 60}
    rows = [
        {
            **told,
            "row": f"{e} epochs",
            "epochs": e,
            "mean": figures(e),
            "trials": [figures(e + trial / 10) for trial in (1, 2, 3, 4)],
        }
        for e in EPOCHS
    ]
    curves = {"epoch": [1, 2], "training loss": [2.0, 1.0]}
    rows += [{**told, "row": EARLY, "curves": curves}, {**told, "row": CHOSEN}]
    return Findings("tang2018/epochs", "", {}, (0, 1, 2, 3), tuple(rows), {})


def test_28_trainings_stand_beside_the_papers(sweep):
    table = tables.trials_beside(sweep)
    assert len(table) == 28
    assert table.loc[(20, 1), ("paper", "test accuracy")] == 0.6167
    assert table.loc[(20, 3), ("ours", "test accuracy")] == 20.3


def test_means_over_trials_are_by_epochs(sweep):
    assert list(tables.averages_of(sweep).index) == list(EPOCHS)
    assert tables.averages_of(sweep).loc[50, "training loss"] == 50


def test_means_over_trials_have_intervals_that_end_where_an_accuracy_ends(sweep):
    shown = tables.averages_shown(sweep).loc[50]
    assert shown["training loss"] == "50.250 [50.045, 50.455]"
    assert shown["training accuracy"].endswith(", 1.000]")


def test_the_course_of_a_sweep_is_by_epoch(sweep):
    assert tables.sweep_curves(sweep).loc[2, "training loss"] == 1.0


def test_there_are_four_ways_to_choose_the_number_of_epochs(sweep):
    found = tables.choice_intervals(sweep)
    assert next(iter(found)) == "by the validation loss" and len(found) == 4
    assert found["by the test clips"].n == 60
