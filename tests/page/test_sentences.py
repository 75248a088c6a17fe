"""Intervals and differences in words."""

from __future__ import annotations

from mgrlib.evaluation import Difference, Interval
from mgrlib.page import in_percent, in_points


def test_an_interval_names_what_it_counts():
    interval = Interval(0.925, 0.8946, 0.9541, n=1_200, unit="segments")
    assert in_percent(interval) == "92.5 % (95 % interval 89.5 to 95.4 %, 1,200 segments)"


def test_an_interval_without_a_count_names_none():
    assert in_percent(Interval(0.5, 0.25, 0.75, n=0)) == "50.0 % (95 % interval 25.0 to 75.0 %)"


def test_an_interval_of_one_run_has_no_bounds():
    nan = float("nan")
    assert in_percent(Interval(0.5, nan, nan, n=1, unit="seeds")) == "50.0 % (1 seeds)"


def test_a_difference_carries_its_sign():
    lower = Interval(-0.034, -0.1, 0.02, n=100, level=0.9)
    assert in_points(lower) == "-3.4 percentage points (90 % interval -10.0 to +2.0)"


def test_a_difference_says_how_far_its_systems_were_trained_if_one_was_not():
    caveat = "training accuracy 88.0 % and 100.0 %"
    text = in_points(Difference(-0.173, -0.238, -0.108, p=0.001, n=100, caveat=caveat))
    assert text == f"-17.3 percentage points (95 % interval -23.8 to -10.8; {caveat})"


def test_a_difference_says_with_how_few_seeds_its_systems_were_trained():
    caveat = "training accuracy 88.0 % and 100.0 %"
    few = Difference(-0.1, -0.2, 0.05, p=0.2, n=100, caveat=caveat, seeds="one seed each")
    expected = "-10.0 percentage points (95 % interval -20.0 to +5.0; one seed each; "
    assert in_points(few) == f"{expected}{caveat})"
