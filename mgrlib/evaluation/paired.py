"""Tests of whether one system is better than another, from clips, seeds or folds.

For predictions on the same clips use `mcnemar` or `paired_bootstrap`, for two printed accuracies
`compare_counts` and `mcnemar_range`, for accuracies over seeds `seeds_test`, and for accuracies
over the folds of one data set `corrected_t_test`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.intervals import (
    Interval,
    check_counts,
    check_level,
    finite_values,
    group_members,
    percentile_bounds,
    three_digits,
    wilson,
)
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import align, correct_by_run

NO_SPREAD = 1e-12  # values this close differ by rounding only; t would be 0/0


@dataclass(frozen=True)
class Difference:
    """A difference a - b with its interval and the two-sided p-value of "no difference".

    Args:
        value: a - b.
        low, high: the bounds of its interval.
        p: of the hypothesis that there is no difference; NaN if that was not tested.
        n: the number of clips, runs or folds.
        level: confidence.
        test: its name.
        caveat: why the difference may not be what it seems; it is part of the text.
        seeds: with how many seeds the systems were trained if that is few; part of the text, too.

    >>> print(Difference(0.025, -0.065, 0.115, p=0.665, n=200, test="Fisher"))
    +.025 [-.065, .115] p=.665 n=200 (Fisher)
    """

    value: float
    low: float
    high: float
    p: float
    n: int
    level: float = 0.95
    test: str = ""
    caveat: str = ""
    seeds: str = ""

    def __str__(self) -> str:
        sign = "+" if self.value > 0 else ""
        bounds = f"[{three_digits(self.low)}, {three_digits(self.high)}]"
        p_value = "p<.001" if self.p < 0.0005 else f"p={three_digits(self.p)}"
        text = f"{sign}{three_digits(self.value)} {bounds} {p_value} n={self.n}"
        text += f" ({self.test})" if self.test else ""
        return "; ".join(part for part in (text, self.seeds, self.caveat) if part)


@dataclass(frozen=True)
class McNemar:
    """The four counts of two classifiers on the same clips, and McNemar's test of them.

    `only_a` and `only_b` count the clips that one classifier gets right and the other wrong; only
    these clips show a difference. `p_exact` is the binomial test of the hypothesis that such a clip
    favors either classifier with probability 1/2. `p_mid` counts the observed table half and is
    less conservative (Fagerland et al., 2013).
    """

    both: int
    only_a: int
    only_b: int
    neither: int
    p_exact: float
    p_mid: float

    @property
    def n(self) -> int:
        """The number of clips."""
        return self.both + self.only_a + self.only_b + self.neither

    @property
    def difference(self) -> float:
        """Accuracy of a minus accuracy of b."""
        return (self.only_a - self.only_b) / self.n


def mcnemar(a: Predictions, b: Predictions) -> McNemar:
    """McNemar's test (1947) of two classifiers on the same clips, in any order.

    With m = min(only_a, only_b), d = only_a + only_b and X ~ Binomial(d, 1/2):
    p_exact = min(1, 2 P(X <= m)) and p_mid = 2 P(X <= m) - P(X = m).

    Raises:
        EvaluationError: if clips, genres or true labels differ.
    """
    right_a, right_b = a.correct, align(a, b).correct
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    p_exact, p_mid = _sign_test(np.array([only_a]), np.array([only_b]))
    return McNemar(
        both=int((right_a & right_b).sum()),
        only_a=only_a,
        only_b=only_b,
        neither=int((~right_a & ~right_b).sum()),
        p_exact=float(p_exact[0]),
        p_mid=float(p_mid[0]),
    )


def mcnemar_range(k1: int, k2: int, n: int, *, mid_p: bool = False) -> tuple[float, float]:
    """The smallest and the largest p-value of McNemar's test for k1 and k2 correct clips of n.

    A paper prints accuracies but not which clips were classified correctly. The p-value is smallest
    if the better system is right on every clip that the other gets right, because all disagreements
    then favor it. It is largest if their correct clips overlap as little as possible.

    Raises:
        EvaluationError: unless 0 <= k1, k2 <= n.

    Accuracies of .705 and .680 on 200 clips cannot differ at the 5 % level, whatever the overlap
    (5 against 0 clips give p = 2/2⁵):

    >>> smallest, largest = mcnemar_range(141, 136, 200)
    >>> smallest, round(largest, 2)
    (0.0625, 0.72)
    """
    check_counts("mcnemar_range", k1, n)
    check_counts("mcnemar_range", k2, n)
    more, fewer = max(k1, k2), min(k1, k2)
    only_worse = np.arange(min(fewer, n - more) + 1)  # clips that only the worse system gets right
    p = _sign_test(only_worse + more - fewer, only_worse)[1 if mid_p else 0]
    return float(p.min()), float(p.max())


def compare_counts(
    k1: int, k2: int, n: int, *, n2: int | None = None, level: float = 0.95
) -> Difference:
    """Compare k1/n with k2/n2 (or k2/n), assuming that each system was tested on its own clips.

    p is that of Fisher's exact test. The interval is Newcombe's (1998, method 10), which is
    `independent_difference` of the Wilson bounds of both proportions. For two systems on the same
    clips the test is too conservative; use `mcnemar_range` instead.

    Raises:
        EvaluationError: unless 0 <= k <= n for both.

    >>> print(compare_counts(141, 136, 200))
    +.025 [-.065, .115] p=.665 n=200 (Fisher)
    """
    m = n if n2 is None else n2
    first, second = wilson(k1, n, level=level), wilson(k2, m, level=level)
    d = independent_difference(first, second)
    p = stats.fisher_exact([[k1, n - k1], [k2, m - k2]]).pvalue
    return Difference(d.value, d.low, d.high, float(p), min(n, m), level, "Fisher")


def independent_difference(first: Interval, second: Interval) -> Interval:
    """Subtract one value with an interval from another, as if their clips were independent.

    The difference d = a - b runs from d - sqrt((a - la)² + (ub - b)²) to d + sqrt((ua - a)² +
    (b - lb)²), where l and u are the bounds of a and b (Zou and Donner, 2008). If both systems were
    tested on the same clips, their accuracies usually rise and fall together, and the interval is
    wider than that of a comparison clip by clip. Use it where no predictions were kept.

    >>> print(independent_difference(wilson(56, 70), wilson(48, 80)))
    .200 [.052, .334] n=70
    """
    d = first.value - second.value
    low = d - math.hypot(first.value - first.low, second.high - second.value)
    high = d + math.hypot(first.high - first.value, second.value - second.low)
    return Interval(d, low, high, min(first.n, second.n), first.level, first.unit)


def paired_bootstrap(
    a: Predictions | Sequence[Predictions],
    b: Predictions | Sequence[Predictions],
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """The accuracy of a minus that of b on the same clips, with a percentile bootstrap interval.

    Clips (or whole `groups`, (M,), in the order of `a`) are drawn with replacement, and both
    systems are evaluated on the same sample, so that the difficulty of a clip cancels. p is twice
    the fraction of samples on the other side of zero, (count + 1)/(n + 1), and at most 1.

    Args:
        a, b: the predictions of each system, or of several of its runs, whose mean counts.
        groups: the artist of each clip.
        n: number of samples.
        level: confidence.
        seed: of the samples.

    Raises:
        EvaluationError: if there is no run, if the clips differ, or if `groups` has the wrong
            length.
    """
    check_level("paired_bootstrap", level)
    runs_a, runs_b = ([x] if isinstance(x, Predictions) else list(x) for x in (a, b))
    if not runs_a or not runs_b:
        got = f"{len(runs_a)} and {len(runs_b)}"
        raise EvaluationError(explain("paired_bootstrap", "a run of each system", got))
    first = runs_a[0]
    a_by_clip, b_by_clip = (
        correct_by_run(runs, like=first).mean(axis=0) for runs in (runs_a, runs_b)
    )
    gain = a_by_clip - b_by_clip
    members = group_members("paired_bootstrap", groups, first.n)
    sums = np.array([gain[rows].sum() for rows in members])  # (G,)
    sizes = np.array([len(rows) for rows in members])
    G = len(members)
    weight = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), size=n)  # (n, G)
    values = weight @ sums / (weight @ sizes)
    bounds = percentile_bounds(values, level)
    beyond = min((values <= 0).sum(), (values >= 0).sum())
    p = min(1.0, 2 * (int(beyond) + 1) / (n + 1))
    d = float(gain.mean())
    return Difference(d, *bounds, p, first.n, level, "paired bootstrap")


def seeds_test(
    a_values: Sequence[float] | np.ndarray,
    b_values: Sequence[float] | np.ndarray,
    *,
    paired: bool = False,
    level: float = 0.95,
) -> Difference:
    """The mean of a's runs minus the mean of b's runs, with a t test.

    The seeds of two systems are unrelated, so the default is Welch's test. `paired=True` is for
    runs that correspond to each other by position, such as runs on the same split. If the runs do
    not vary at all, p is 1 without a difference and 0 with one.

    Raises:
        EvaluationError: if there are fewer than two runs, values that are not finite, or pairs of
            unequal length.

    >>> print(seeds_test([0.70, 0.72, 0.68], [0.65, 0.66, 0.64]))
    +.050 [.008, .092] p=.032 n=3 (Welch t)
    """
    check_level("seeds_test", level)
    a, b = _runs("seeds_test", a_values, b_values, paired)
    d, n = float(a.mean() - b.mean()), min(a.size, b.size)
    test = "paired t" if paired else "Welch t"
    spread = np.ptp(a - b) if paired else max(np.ptp(a), np.ptp(b))
    if spread < NO_SPREAD:
        return Difference(d, d, d, float(abs(d) < NO_SPREAD), n, level, test)
    result = stats.ttest_rel(a, b) if paired else stats.ttest_ind(a, b, equal_var=False)
    bounds = result.confidence_interval(confidence_level=level)
    return Difference(
        d, float(bounds.low), float(bounds.high), float(result.pvalue), n, level, test
    )


def corrected_t_test(
    differences: Sequence[float] | np.ndarray,
    *,
    n_train: int,
    n_test: int,
    level: float = 0.95,
) -> Difference:
    """The mean of the differences per fold (or split), with the corrected resampled t test.

    Folds have training clips in common, so their differences are not independent, and the ordinary
    t test reports differences too often. Nadeau and Bengio (2003) replace the variance s²/J of the
    mean of J differences by s² (1/J + n_test/n_train).

    Raises:
        EvaluationError: if there are fewer than two differences, or no training or test clips.

    >>> print(corrected_t_test([0.02, 0.04, 0.03, 0.05, 0.01], n_train=80, n_test=20))
    +.030 [.001, .059] p=.047 n=5 (corrected t)
    """
    where = "corrected_t_test"
    check_level(where, level)
    x = finite_values(where, differences)
    if x.size < 2 or n_train < 1 or n_test < 1:
        got = f"{x.size} differences, n_train={n_train}, n_test={n_test}"
        raise EvaluationError(explain(where, "two differences and clips in both parts", got))
    d, J = float(x.mean()), x.size
    error = float(x.std(ddof=1)) * math.sqrt(1 / J + n_test / n_train)
    margin = error * float(stats.t.ppf((1 + level) / 2, J - 1))
    if np.ptp(x) < NO_SPREAD:
        return Difference(d, d, d, float(abs(d) < NO_SPREAD), J, level, "corrected t")
    p = float(2 * stats.t.sf(abs(d) / error, J - 1))
    return Difference(d, d - margin, d + margin, p, J, level, "corrected t")


def _sign_test(plus: np.ndarray, minus: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Exact and mid p-value of `plus` against `minus` under probability 1/2, elementwise."""
    fewer, total = np.minimum(plus, minus), plus + minus
    twice = 2 * stats.binom.cdf(fewer, total, 0.5)
    return np.minimum(1.0, twice), np.minimum(1.0, twice - stats.binom.pmf(fewer, total, 0.5))


def _runs(
    where: str,
    a_values: Sequence[float] | np.ndarray,
    b_values: Sequence[float] | np.ndarray,
    paired: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Convert both lists to arrays, and check that they are long enough to test."""
    a, b = finite_values(where, a_values), finite_values(where, b_values)
    if min(a.size, b.size) < 2 or (paired and a.size != b.size):
        expected = "at least two runs of each" + (", and equally many" if paired else "")
        hint = "a single run has no spread: train with more seeds."
        raise EvaluationError(explain(where, expected, f"{a.size} and {b.size}", hint))
    return a, b
