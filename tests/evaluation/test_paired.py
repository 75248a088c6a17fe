import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mgrlib.evaluation import (
    EvaluationError,
    Predictions,
    compare_counts,
    corrected_t_test,
    independent_difference,
    mcnemar,
    mcnemar_range,
    paired_bootstrap,
    seeds_test,
    wilson,
)
from mgrlib.evaluation.paired import Difference


def right_or_wrong(correct, truth=0):
    """Two genres; `correct` says where the true one is predicted."""
    correct = np.asarray(correct, dtype=bool)
    ids = tuple(f"clip{i}" for i in range(len(correct)))
    probs = np.eye(2)[np.where(correct, truth, 1 - truth)]
    return Predictions(ids, np.full(len(correct), truth), probs, ("jazz", "pop"))


def pair(both, only_a, only_b, neither):
    a = [True] * both + [True] * only_a + [False] * only_b + [False] * neither
    b = [True] * both + [False] * only_a + [True] * only_b + [False] * neither
    return right_or_wrong(a), right_or_wrong(b)


def test_mcnemar_by_hand():
    # 1 against 5: P(X <= 1) = 7/64, P(X = 1) = 6/64
    result = mcnemar(*pair(both=10, only_a=5, only_b=1, neither=4))
    assert (result.both, result.only_a, result.only_b, result.neither) == (10, 5, 1, 4)
    assert result.n == 20
    assert result.difference == 0.2
    assert result.p_exact == pytest.approx(14 / 64)
    assert result.p_mid == pytest.approx(8 / 64)


@given(st.integers(0, 60), st.integers(0, 60))
def test_mcnemar_is_the_binomial_test_of_the_disagreements(only_a, only_b):
    result = mcnemar(*pair(1, only_a, only_b, 1))
    if only_a + only_b:
        expected = stats.binomtest(only_a, only_a + only_b).pvalue
        assert result.p_exact == pytest.approx(expected)
    else:
        assert result.p_exact == 1
    assert 0 < result.p_mid <= result.p_exact
    swapped = mcnemar(*pair(1, only_b, only_a, 1))
    assert swapped.p_exact == pytest.approx(result.p_exact)
    assert swapped.difference == pytest.approx(-result.difference)


def test_mcnemar_pairs_by_clip_not_by_position():
    a, b = pair(3, 2, 1, 1)
    assert mcnemar(a, b.select(b.clip_ids[::-1])) == mcnemar(a, b)


def test_mcnemar_refuses_other_clips_and_other_truths():
    a, b = pair(3, 2, 1, 1)
    with pytest.raises(
        EvaluationError, match=r"the same clips, got \['clip6'\] in only one of them"
    ):
        mcnemar(a, b.select(b.clip_ids[:-1]))
    with pytest.raises(EvaluationError, match="the same genres and labels"):
        mcnemar(a, right_or_wrong(b.correct, truth=1))


def test_mcnemar_range_of_small_numbers_by_hand():
    # 3 and 2 right of 4: the worse alone right on 0 or 1 clips, so 1:0 (p = 1) or 2:1 (p = 1)
    assert mcnemar_range(3, 2, 4) == (1.0, 1.0)
    # 6 and 0 of 6: only 6:0 is possible, p = 2/64
    assert mcnemar_range(6, 0, 6) == (pytest.approx(2 / 64), pytest.approx(2 / 64))
    # mid-p of 6:0 is half of it
    assert mcnemar_range(0, 6, 6, mid_p=True) == (pytest.approx(1 / 64), pytest.approx(1 / 64))


@given(st.data())
def test_mcnemar_range_holds_every_possible_overlap(data):
    n = data.draw(st.integers(1, 40))
    a = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    b = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    smallest, largest = mcnemar_range(sum(a), sum(b), n)
    p = mcnemar(right_or_wrong(a), right_or_wrong(b)).p_exact
    assert smallest - 1e-12 <= p <= largest + 1e-12
    assert mcnemar_range(sum(b), sum(a), n) == (smallest, largest)


def test_705_and_680_on_200_clips_cannot_differ_significantly():
    smallest, largest = mcnemar_range(141, 136, 200)
    assert smallest == 0.0625
    # 64 against 59 at worst
    assert largest == pytest.approx(stats.binomtest(59, 123).pvalue)


def test_compare_counts_is_newcombes_first_example():
    # Newcombe (1998), table II, example (a), method 10: 56/70 - 48/80 = .2000 [.0524, .3339]
    result = compare_counts(56, 48, 70, n2=80)
    assert result.value == pytest.approx(0.2)
    assert result.low == pytest.approx(0.0524, abs=5e-5)
    assert result.high == pytest.approx(0.3339, abs=5e-5)
    assert result.p == pytest.approx(stats.fisher_exact([[56, 14], [48, 32]]).pvalue)


def test_a_difference_of_two_wilson_intervals_is_that_of_the_counts():
    counts, intervals = compare_counts(56, 48, 70, n2=80), (wilson(56, 70), wilson(48, 80))
    difference = independent_difference(*intervals)
    assert (difference.low, difference.high) == (counts.low, counts.high)
    mirrored = independent_difference(*intervals[::-1])
    assert (mirrored.low, mirrored.high) == pytest.approx((-counts.high, -counts.low))


def test_compare_counts_turns_with_its_arguments():
    first, other = compare_counts(141, 136, 200), compare_counts(136, 141, 200)
    assert first.value == -other.value
    assert first.low == pytest.approx(-other.high)
    assert first.p == pytest.approx(other.p)


def test_counts_that_cannot_be_are_refused():
    with pytest.raises(EvaluationError, match="k=201, n=200"):
        compare_counts(100, 201, 200)
    with pytest.raises(EvaluationError, match="k=-1"):
        mcnemar_range(-1, 2, 3)


def test_paired_bootstrap_agrees_with_the_paired_standard_error():
    # 40 against 20 disagreements of 400: d = .05, s² = (60 - 400 * .05²) / 400 = .1475
    result = paired_bootstrap(*pair(250, 40, 20, 90), n=4000)
    error = np.sqrt(0.1475 / 400)
    assert result.value == pytest.approx(0.05)
    # quantiles of 4,000 draws are good to about a twentieth of the width
    assert result.low == pytest.approx(0.05 - 1.96 * error, abs=0.004)
    assert result.high == pytest.approx(0.05 + 1.96 * error, abs=0.004)
    assert result.p == pytest.approx(2 * stats.norm.sf(0.05 / error), abs=0.01)


def test_pairing_sees_what_two_separate_intervals_do_not():
    a, b = pair(100, 12, 0, 88)
    assert paired_bootstrap(a, b).low > 0
    assert compare_counts(112, 100, 200).low < 0


def test_paired_bootstrap_of_a_system_with_itself_is_zero():
    a, _ = pair(5, 3, 2, 4)
    result = paired_bootstrap(a, a)
    assert (result.value, result.low, result.high, result.p) == (0, 0, 0, 1)


def test_paired_bootstrap_by_artist_is_wider():
    a, b = pair(50, 20, 10, 20)
    artists = np.arange(100) // 10
    single, grouped = paired_bootstrap(a, b), paired_bootstrap(a, b, groups=artists)
    assert grouped.value == single.value
    assert grouped.high - grouped.low > 1.5 * (single.high - single.low)


def test_seeds_test_is_welch_or_paired():
    a, b = [0.70, 0.72, 0.68, 0.71], [0.65, 0.68, 0.64, 0.66]
    welch, paired = seeds_test(a, b), seeds_test(a, b, paired=True)
    assert welch.p == pytest.approx(stats.ttest_ind(a, b, equal_var=False).pvalue)
    assert paired.p == pytest.approx(stats.ttest_rel(a, b).pvalue)
    assert welch.value == pytest.approx(0.045)
    assert paired.high - paired.low < welch.high - welch.low


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("paired", [True, False])
def test_runs_without_spread_differ_or_do_not(paired):
    assert seeds_test([0.5, 0.5], [0.5, 0.5], paired=paired).p == 1
    assert seeds_test([0.75, 0.75], [0.5, 0.5], paired=paired).p == 0


@pytest.mark.filterwarnings("error")
def test_a_difference_equal_but_for_rounding_has_no_spread():
    assert seeds_test([0.7, 0.8], [0.6, 0.7], paired=True).p == 0
    assert corrected_t_test([0.1, 0.3 - 0.2], n_train=8, n_test=2).p == 0


def test_one_run_cannot_be_tested():
    with pytest.raises(EvaluationError, match="train with more seeds"):
        seeds_test([0.7], [0.6])
    with pytest.raises(EvaluationError, match="and equally many, got 3 and 2"):
        seeds_test([0.7, 0.8, 0.9], [0.6, 0.7], paired=True)


def test_corrected_t_test_by_hand():
    # mean .03, s = .0158114, J = 5; factor 1/5 + 20/80 = .45; se = .0106066, t = 2.82843, 4 df
    result = corrected_t_test([0.02, 0.04, 0.03, 0.05, 0.01], n_train=80, n_test=20)
    assert result.value == pytest.approx(0.03)
    assert result.p == pytest.approx(2 * stats.t.sf(2.82843, 4), rel=1e-5)
    assert result.low == pytest.approx(0.03 - 2.776445 * 0.0106066, abs=1e-6)


def test_the_correction_makes_folds_less_sure():
    folds = [0.02, 0.04, 0.03, 0.05, 0.01]
    corrected = corrected_t_test(folds, n_train=80, n_test=20)
    assert corrected.p > stats.ttest_1samp(folds, 0).pvalue


def test_equal_folds_and_too_few_folds():
    assert corrected_t_test([0.0, 0.0], n_train=8, n_test=2).p == 1
    with pytest.raises(EvaluationError, match="1 differences"):
        corrected_t_test([0.1], n_train=8, n_test=2)


def test_difference_prints_its_sign_interval_and_p():
    text = str(Difference(0.2, 0.1, 0.3, p=0.0001, n=150, test="Fisher"))
    assert text == "+.200 [.100, .300] p<.001 n=150 (Fisher)"
    assert str(Difference(-0.2, -0.3, -0.1, p=0.04, n=9)) == "-.200 [-.300, -.100] p=.040 n=9"
