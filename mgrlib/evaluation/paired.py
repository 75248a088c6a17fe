"""Is one system better than another? Tests for two results, from clips, seeds or folds.

On the same clips, pair them: `mcnemar` and `paired_bootstrap`. From two printed accuracies:
`compare_counts` and `mcnemar_range`. Over seeds: `seeds_test`, `permutation_test`. Over folds of
one data set: `corrected_t_test`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import stats

from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.intervals import (
    aligned,
    check_counts,
    check_level,
    finite_values,
    group_members,
    three_digits,
    wilson,
)
from mgrlib.evaluation.predictions import Predictions

__all__ = [
    "Difference",
    "McNemar",
    "compare_counts",
    "corrected_t_test",
    "mcnemar",
    "mcnemar_range",
    "paired_bootstrap",
    "permutation_test",
    "seeds_test",
]

NO_SPREAD = 1e-12  # values this close differ by rounding only; t would be 0/0


@dataclass(frozen=True)
class Difference:
    """A difference a - b with its interval and the two-sided p of "there is none".

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

    def __str__(self) -> str:
        sign = "+" if self.value > 0 else ""
        bounds = f"[{three_digits(self.low)}, {three_digits(self.high)}]"
        chance = "p<.001" if self.p < 0.0005 else f"p={three_digits(self.p)}"
        text = f"{sign}{three_digits(self.value)} {bounds} {chance} n={self.n}"
        return f"{text} ({self.test})" if self.test else text


@dataclass(frozen=True)
class McNemar:
    """The four counts of two classifiers on the same clips, and McNemar's test of them.

    `only_a` and `only_b` are the clips that one gets right and the other wrong; only they tell the
    two apart. `p_exact` is the binomial test that such a clip falls to either with probability 1/2;
    `p_mid` counts the observed table half and is less conservative (Fagerland et al., 2013).
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
        EvaluationError: different clips, genres or truths.
    """
    right_a, right_b = a.correct, aligned(a, b).correct
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
    """The smallest and the largest p that McNemar's test could give for k1 and k2 right of n clips.

    A paper prints accuracies, not which clips were right. If the better system is right wherever
    the other is, all disagreements favour it: the smallest p. If they overlap as little as they
    can, the largest.

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
    against = np.arange(min(fewer, n - more) + 1)  # clips that only the worse system gets right
    p = _sign_test(against + more - fewer, against)[1 if mid_p else 0]
    return float(p.min()), float(p.max())


def compare_counts(
    k1: int, k2: int, n: int, *, n2: int | None = None, level: float = 0.95
) -> Difference:
    """k1/n against k2/n2 (k2/n where `n2` is not given) as if each had clips of its own.

    p is Fisher's exact test; the interval is Newcombe's (1998, method 10), from the Wilson bounds
    (l, u) of both shares: d - sqrt((p1 - l1)² + (u2 - p2)²) to d + sqrt((u1 - p1)² + (p2 - l2)²).
    For two systems on the same clips it is too cautious: see `mcnemar_range`.

    Raises:
        EvaluationError: unless 0 <= k <= n for both.

    >>> print(compare_counts(141, 136, 200))
    +.025 [-.065, .115] p=.665 n=200 (Fisher)
    """
    m = n if n2 is None else n2
    first, second = wilson(k1, n, level=level), wilson(k2, m, level=level)
    d = first.value - second.value
    low = d - math.hypot(first.value - first.low, second.high - second.value)
    high = d + math.hypot(first.high - first.value, second.value - second.low)
    p = stats.fisher_exact([[k1, n - k1], [k2, m - k2]]).pvalue
    return Difference(d, low, high, float(p), min(n, m), level, "Fisher")


def paired_bootstrap(
    a: Predictions,
    b: Predictions,
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Difference:
    """The accuracy of a minus that of b on the same clips, by the percentile bootstrap.

    Clips (or whole `groups`, (M,), in the order of `a`) are drawn with replacement, and both
    systems are judged on the same draw: what makes a clip hard for both cancels. p is twice the
    share of draws on the far side of zero, (count + 1)/(n + 1), at most 1.

    Raises:
        EvaluationError: different clips, or groups of another length.
    """
    check_level("paired_bootstrap", level)
    gain = a.correct.astype(float) - aligned(a, b).correct
    members = group_members("paired_bootstrap", groups, a.n)
    sums = np.array([gain[rows].sum() for rows in members])  # (G,)
    sizes = np.array([len(rows) for rows in members])
    G = len(members)
    weight = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), size=n)  # (n, G)
    values = weight @ sums / (weight @ sizes)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    beyond = min((values <= 0).sum(), (values >= 0).sum())
    p = min(1.0, 2 * (int(beyond) + 1) / (n + 1))
    d = float(gain.mean())
    return Difference(d, float(low), float(high), p, a.n, level, "paired bootstrap")


def seeds_test(
    a_values: Sequence[float] | np.ndarray,
    b_values: Sequence[float] | np.ndarray,
    *,
    paired: bool = False,
    level: float = 0.95,
) -> Difference:
    """The mean of a's runs minus that of b's, by a t test.

    Seeds of two systems have nothing in common, so Welch's test is the rule; `paired=True` is for
    runs that share something by position, such as the split that both were trained on. Runs that
    are all alike leave no doubt: p is 1 for no difference and 0 for any.

    Raises:
        EvaluationError: fewer than two runs, values not finite, or pairs of unequal length.

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


def permutation_test(
    a_values: Sequence[float] | np.ndarray,
    b_values: Sequence[float] | np.ndarray,
    *,
    paired: bool = False,
    n: int = 10_000,
    seed: int = 0,
) -> float:
    """The p of the difference of means when runs could as well have changed places.

    No normal distribution is assumed. All exchanges are tried when they are at most `n`, otherwise
    `n` random ones: of every run with every other, or, if `paired`, within pairs. Few runs cannot
    give a small p: with 3 and 3 it is 2/20 at best.

    Raises:
        EvaluationError: as `seeds_test`.

    >>> permutation_test([0.70, 0.72, 0.68], [0.65, 0.66, 0.64])
    0.1
    """
    a, b = _runs("permutation_test", a_values, b_values, paired)
    result = stats.permutation_test(
        (a, b),
        lambda x, y, axis: x.mean(axis=axis) - y.mean(axis=axis),
        permutation_type="samples" if paired else "independent",
        vectorized=True,
        n_resamples=n,
        rng=np.random.default_rng(seed),
    )
    return float(result.pvalue)


def corrected_t_test(
    differences: Sequence[float] | np.ndarray,
    *,
    n_train: int,
    n_test: int,
    level: float = 0.95,
) -> Difference:
    """The mean of one difference a fold (or resampled split), by the corrected resampled t test.

    Folds share training clips, so their differences are not independent and the ordinary t test
    finds too much. Nadeau and Bengio (2003) replace the variance s²/J of the mean of J differences
    by s² (1/J + n_test/n_train).

    Raises:
        EvaluationError: fewer than two differences, or no clips to train or test on.

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
    """Exact and mid p of `plus` against `minus` under one half, elementwise."""
    fewer, total = np.minimum(plus, minus), plus + minus
    twice = 2 * stats.binom.cdf(fewer, total, 0.5)
    return np.minimum(1.0, twice), np.minimum(1.0, twice - stats.binom.pmf(fewer, total, 0.5))


def _runs(
    where: str,
    a_values: Sequence[float] | np.ndarray,
    b_values: Sequence[float] | np.ndarray,
    paired: bool,
) -> tuple[np.ndarray, np.ndarray]:
    """Both lists as arrays, long enough to test."""
    a, b = finite_values(where, a_values), finite_values(where, b_values)
    if min(a.size, b.size) < 2 or (paired and a.size != b.size):
        expected = "at least two runs of each" + (", as many of both" if paired else "")
        hint = "one run says nothing about the spread: train with more seeds."
        raise EvaluationError(explain(where, expected, f"{a.size} and {b.size}", hint))
    return a, b
