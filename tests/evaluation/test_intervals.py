import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mgrlib.evaluation import (
    EvaluationError,
    Interval,
    Predictions,
    accuracy,
    bootstrap,
    clips_needed,
    f1,
    over_runs,
    over_seeds,
    wilson,
)
from mgrlib.evaluation.intervals import over_values, ratio_over_values


def right_or_wrong(correct):
    """Two genres, truth always the first; `correct` says where it is predicted."""
    correct = np.asarray(correct, dtype=bool)
    ids = tuple(f"clip{i}" for i in range(len(correct)))
    probs = np.eye(2)[np.where(correct, 0, 1)]
    return Predictions(ids, np.zeros(len(correct), dtype=int), probs, ("jazz", "pop"))


def test_wilson_for_seven_of_ten_by_hand():
    # p = .7, n = 10, z = 1.959964: center (.7 + .192073) / 1.384146 = .644493,
    # half-width 1.959964 sqrt(.021 + .0096037) / 1.384146 = .247714
    interval = wilson(7, 10)
    assert interval.value == 0.7
    assert interval.low == pytest.approx(0.39678, abs=2e-5)
    assert interval.high == pytest.approx(0.89221, abs=2e-5)
    assert interval.n == 10


@given(st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_wilson_holds_its_value_within_zero_and_one_and_is_symmetric(counts):
    k, n = counts
    interval, mirrored = wilson(k, n), wilson(n - k, n)
    assert 0 <= interval.low <= interval.value + 1e-12
    assert interval.value - 1e-12 <= interval.high <= 1
    assert interval.low == pytest.approx(1 - mirrored.high, abs=1e-9)


def test_wilson_narrows_with_clips_and_widens_with_level():
    assert wilson(70, 100).margin < wilson(7, 10).margin
    assert wilson(7, 10, level=0.99).margin > wilson(7, 10).margin


def test_wilson_keeps_its_level():
    # the mean coverage over p is close to 95 %, computed exactly, not simulated
    n, shares = 50, np.linspace(0.02, 0.98, 49)
    bounds = [wilson(k, n) for k in range(n + 1)]
    coverage = [
        sum(stats.binom.pmf(k, n, p) for k in range(n + 1) if p in bounds[k]) for p in shares
    ]
    assert np.mean(coverage) == pytest.approx(0.95, abs=0.01)


@pytest.mark.parametrize(("k", "n"), [(-1, 10), (11, 10), (0, 0), (0.7, 10)])
def test_wilson_refuses_what_are_no_counts(k, n):
    with pytest.raises(EvaluationError, match=r"round\(accuracy \* n\)"):
        wilson(k, n)


@pytest.mark.parametrize("level", [0, 1, 95])
def test_a_level_outside_zero_and_one_is_refused(level):
    with pytest.raises(EvaluationError, match=r"95 % is 0\.95"):
        wilson(1, 2, level=level)


def test_interval_prints_three_digits_and_the_number_of_clips():
    assert str(wilson(141, 200)) == ".705 [.638, .764] n=200"
    assert str(Interval(1.0, 0.0, 1.0, 3, unit="clips")) == "1.000 [.000, 1.000] n=3 clips"
    assert str(Interval(-0.0501, -0.1, 0.00004, 5)) == "-.050 [-.100, .000] n=5"
    assert str(Interval(-0.0001, -0.5, 0.5, 5)) == ".000 [-.500, .500] n=5"
    assert str(Interval(12.5, 10.0, 15.0, 4)) == "12.500 [10.000, 15.000] n=4"


def test_bootstrap_of_the_accuracy_agrees_with_theory():
    # 140 of 200: standard error sqrt(.7 * .3 / 200) = .0324, so .636 to .764
    p = right_or_wrong(np.arange(200) < 140)
    interval = bootstrap(p, accuracy)
    assert interval.value == 0.7
    # quantiles of 2,000 draws are good to about .003, and accuracies come in steps of .005
    assert interval.low == pytest.approx(0.636, abs=0.01)
    assert interval.high == pytest.approx(0.764, abs=0.01)


def test_bootstrap_repeats_with_its_seed():
    p = right_or_wrong(np.arange(50) % 3 == 0)
    assert bootstrap(p, accuracy, n=200, seed=3) == bootstrap(p, accuracy, n=200, seed=3)
    assert bootstrap(p, accuracy, n=200, seed=3) != bootstrap(p, accuracy, n=200, seed=4)


def test_clips_that_share_an_artist_widen_the_interval():
    # ten artists with ten clips each, all right or all wrong: ten facts, not a hundred
    correct, artist = np.repeat(np.arange(10) < 7, 10), np.repeat(list("abcdefghij"), 10)
    p = right_or_wrong(correct)
    by_clip, by_artist = bootstrap(p, accuracy), bootstrap(p, accuracy, groups=artist)
    assert by_artist.value == by_clip.value == 0.7
    # the standard error grows by sqrt(10) = 3.16; the grid of tenths makes the quantiles coarse
    assert by_artist.margin / by_clip.margin == pytest.approx(math.sqrt(10), rel=0.15)


def test_groups_of_one_clip_give_what_no_groups_give():
    p = right_or_wrong(np.arange(40) % 4 != 0)
    alone = bootstrap(p, f1, n=300, groups=[f"{i:02d}" for i in range(40)])
    assert alone == bootstrap(p, f1, n=300)


def test_groups_of_another_length_or_a_single_one_are_refused():
    p = right_or_wrong([True, False, True])
    with pytest.raises(EvaluationError, match="one group per clip, 3, got 2"):
        bootstrap(p, accuracy, groups=["a", "b"])
    with pytest.raises(EvaluationError, match="at least two groups"):
        bootstrap(p, accuracy, groups=["a", "a", "a"])


def test_over_seeds_is_the_t_interval():
    values = [0.61, 0.65, 0.66, 0.70, 0.68]
    interval = over_seeds(values)
    low, high = stats.t.interval(0.95, 4, np.mean(values), stats.sem(values))
    assert interval.value == pytest.approx(0.66)
    assert (interval.low, interval.high) == (pytest.approx(low), pytest.approx(high))
    # squares .0025 + .0001 + .0016 + .0004 = .0046; s/√5 = .015166; times 2.776 = .0421
    assert str(interval) == ".660 [.618, .702] n=5 seeds"


def test_one_seed_has_no_interval():
    interval = over_seeds([0.7])
    assert interval.value == 0.7
    assert math.isnan(interval.low)
    assert math.isnan(interval.high)


@pytest.mark.parametrize("values", [[], [0.5, float("nan")], [[0.5], [0.6]]])
def test_over_seeds_refuses_what_are_no_values(values):
    with pytest.raises(EvaluationError, match="finite numbers"):
        over_seeds(values)


def test_over_runs_of_one_run_is_the_bootstrap_over_clips():
    p = right_or_wrong(np.arange(200) < 140)
    interval = over_runs([p])
    assert interval.value == pytest.approx(0.7)
    assert interval.margin == pytest.approx(1.96 * math.sqrt(0.21 / 200), rel=0.1)


def test_over_runs_widens_when_runs_disagree():
    good, bad = right_or_wrong([True] * 90 + [False] * 10), right_or_wrong([False] * 100)
    assert over_runs([good, bad]).margin > 3 * over_runs([good, good]).margin


def test_over_runs_takes_clips_in_any_order_and_refuses_others():
    p = right_or_wrong([True, False, True, True])
    turned = p.select(p.clip_ids[::-1])
    assert over_runs([p, turned]) == over_runs([p, p])
    with pytest.raises(EvaluationError, match="the same clips"):
        over_runs([p, p.select(["clip0"])])
    with pytest.raises(EvaluationError, match="at least one run"):
        over_runs([])


def test_clips_needed_by_hand():
    # (1.959964 + .841621)² (.25 + .24) / .01 = 7.848880 * 49 = 384.6
    assert clips_needed(0.5, 0.6) == 385
    assert clips_needed(0.6, 0.5) == 385
    with pytest.raises(EvaluationError, match="two different accuracies"):
        clips_needed(0.7, 0.7)


def test_an_interval_over_artists_is_wider_where_their_clips_are_classified_alike():
    truth = np.zeros(60, dtype=np.int64)
    right = np.repeat(np.arange(12) % 3 > 0, 5)  # twelve artists of five clips, all right or wrong
    probs = np.where(right[:, None], [0.9, 0.1], [0.1, 0.9])
    table = Predictions(tuple(map(str, range(60))), truth, probs, ("a", "b"))
    artists = [str(i // 5) for i in range(60)]
    clips, groups = over_runs([table]), over_runs([table], groups=artists)
    assert clips.value == groups.value == pytest.approx(2 / 3)
    widths = [interval.high - interval.low for interval in (clips, groups)]
    assert 1.8 < widths[1] / widths[0] < 2.8  # the square root of five is 2.2
    alone = over_runs([table], groups=[str(i) for i in range(60)])
    assert alone.low == pytest.approx(clips.low, abs=0.04)
    with pytest.raises(EvaluationError, match="60 groups"):
        over_runs([table], groups=artists[1:])


def test_a_ratio_of_means_draws_the_same_clips_for_both():
    whole = np.array([[1.0, 2.0, 4.0, 3.0], [2.0, 2.0, 1.0, 5.0]])
    exact = ratio_over_values(whole / 2, whole)
    assert (exact.value, exact.low, exact.high) == pytest.approx((0.5, 0.5, 0.5))
    part = np.array([[0.0, 2.0, 4.0, 0.0]])
    whole = np.ones((1, 4))
    assert ratio_over_values(part, whole).value == over_values(part).value
    groups = ["a", "a", "b", "b"]
    ratio, mean = ratio_over_values(part, whole, groups), over_values(part, groups)
    assert (ratio.low, ratio.high) == pytest.approx((mean.low, mean.high))


def test_samples_without_a_whole_count_on_both_sides_of_a_ratio():
    few = np.array([[1.0] * 9 + [-4.0]])
    part = few / 2
    interval = ratio_over_values(part, few)
    assert interval.value == pytest.approx(0.5)
    assert np.isnan(interval.low) and np.isnan(interval.high)
    rare = np.array([[1.0] * 39 + [-8.0]])
    interval = ratio_over_values(rare / 2, rare)
    assert (interval.low, interval.high) == pytest.approx((0.5, 0.5))
