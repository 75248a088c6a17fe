"""Confidence intervals of metrics, over clips, groups of clips, and training runs."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

import numpy as np
from scipy import stats

from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import correct_by_run

Table = TypeVar("Table", bound=Any)
"""`Predictions`, or `mgrlib.evaluation.multilabel.LabelPredictions`."""


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its confidence interval.

    Args:
        value: in the metric's unit.
        low, high: the bounds, or NaN if there are none.
        n: the number of observations.
        level: confidence, 0.95 for 95 %.
        unit: what `n` counts, for example `"clips"` or `"seeds"`.

    >>> str(Interval(0.705, 0.6384, 0.7639, n=200))
    '.705 [.638, .764] n=200'
    """

    value: float
    low: float
    high: float
    n: int
    level: float = 0.95
    unit: str = ""

    def __str__(self) -> str:
        bounds = f"[{three_digits(self.low)}, {three_digits(self.high)}]"
        return f"{three_digits(self.value)} {bounds} n={self.n} {self.unit}".rstrip()

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high

    @property
    def margin(self) -> float:
        """Half the width."""
        return (self.high - self.low) / 2


def three_digits(value: float) -> str:
    """Format a number as in the book's tables, with three decimals and no zero before the point.

    >>> three_digits(0.705), three_digits(-0.0251), three_digits(1.0), three_digits(math.nan)
    ('.705', '-.025', '1.000', '–')
    """
    if math.isnan(value):
        return "–"
    text = f"{value:.3f}"
    if float(text) == 0:
        return ".000"
    return text.replace("0.", ".", 1) if abs(float(text)) < 1 else text


def wilson(k: int, n: int, *, level: float = 0.95) -> Interval:
    """The proportion k/n with Wilson's score interval.

    With p = k/n and z the normal quantile (1.96 at 95 %), the bounds are

        (p + z²/2n ± z sqrt(p (1 - p)/n + z²/4n²)) / (1 + z²/n)

    The interval stays within [0, 1] and keeps its level for small n and for p near 0 or 1, where
    p ± z sqrt(p (1 - p)/n) does neither. It is due to Wilson (1927); Brown, Cai and DasGupta (2001)
    compare it with others.

    Raises:
        EvaluationError: unless 0 <= k <= n, n >= 1 and 0 < level < 1.

    >>> print(wilson(141, 200))
    .705 [.638, .764] n=200
    >>> print(wilson(10, 10))
    1.000 [.722, 1.000] n=10
    """
    check_counts("wilson", k, n)
    check_level("wilson", level)
    bounds = stats.binomtest(k, n).proportion_ci(confidence_level=level, method="wilson")
    return Interval(k / n, float(bounds.low), float(bounds.high), n, level)


def bootstrap(
    predictions: Table,
    metric: Callable[[Table], float],
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Any metric of predictions, of one or of several genres, with its percentile interval.

    The metric is computed on `n` samples of M clips, drawn with replacement, and the bounds are its
    quantiles (Efron, 1979). With `groups`, (M,) artists or songs, whole groups are drawn: clips of
    one artist are not independent, and the interval becomes wider accordingly (Field and Welsh,
    2007).

    Raises:
        EvaluationError: if `groups` has the wrong length or contains only one group, or if the
            level is outside (0, 1).
    """
    check_level("bootstrap", level)
    values = bootstrap_values(predictions, metric, groups=groups, n=n, seed=seed)
    return Interval(metric(predictions), *percentile_bounds(values, level), predictions.n, level)


def bootstrap_values(
    predictions: Table,
    metric: Callable[[Table], float],
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    n: int = 2000,
    seed: int = 0,
) -> np.ndarray:
    """The metric on each of the samples that `bootstrap` draws, (n,).

    Tables of the same clips in the same order are given the same samples, so that the difference of
    two results is paired sample by sample.

    Raises:
        EvaluationError: if `groups` has the wrong length or contains only one group.
    """
    members = group_members("bootstrap", groups, predictions.n)
    generator = np.random.default_rng(seed)
    values = np.empty(n)
    for i in range(n):
        sample = generator.integers(len(members), size=len(members))
        rows = np.concatenate([members[g] for g in sample]) if groups is not None else sample
        values[i] = metric(_resample(predictions, rows))
    return values


def over_seeds(values: Sequence[float] | np.ndarray, *, level: float = 0.95) -> Interval:
    """The mean over training runs with its t interval, mean ± t s/√n.

    The interval shows how the result varies with the seed on the same test clips; it does not
    account for other clips, as `over_runs` does. The bounds of a single run are NaN.

    Raises:
        EvaluationError: if there is no value, or one that is not finite.

    >>> print(over_seeds([0.70, 0.72, 0.68]))
    .700 [.650, .750] n=3 seeds
    >>> print(over_seeds([0.70]))
    .700 [–, –] n=1 seeds
    """
    check_level("over_seeds", level)
    x = finite_values("over_seeds", values)
    mean = float(x.mean())
    if x.size == 1:
        return Interval(mean, math.nan, math.nan, 1, level, "seeds")
    margin = stats.t.ppf((1 + level) / 2, x.size - 1) * x.std(ddof=1) / math.sqrt(x.size)
    return Interval(mean, mean - float(margin), mean + float(margin), x.size, level, "seeds")


def over_runs(
    runs: Sequence[Predictions],
    *,
    groups: Sequence[str] | np.ndarray | None = None,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean accuracy of several runs on the same clips, with an interval over seeds and clips.

    Each bootstrap sample draws runs and clips, both with replacement (the pigeonhole bootstrap of
    Owen, 2007), so the interval accounts for different seeds and for different clips of the same
    kind. `n` of the result counts clips. With a single run it is the ordinary bootstrap over clips.
    With R runs, the seeds' part of the variance is too small by 1/R of it.

    Args:
        runs: predictions of the same clips.
        groups: the artist of each of the first run's clips. Whole artists are then drawn in the
            place of clips, since the clips of one artist are often classified alike; the interval
            becomes wider.
        n: number of bootstrap samples.
        level: of confidence.
        seed: of the draws.

    Raises:
        EvaluationError: if there is no run, if the runs' clips differ, or if there is not one
            group for each clip.
    """
    check_level("over_runs", level)
    return over_values(correct_by_run(runs), groups, n=n, level=level, seed=seed)


def over_values(
    values: np.ndarray,
    groups: Sequence[str] | np.ndarray | None = None,
    *,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of values (R, M) of runs and clips, with the interval that `over_runs` describes."""
    samples = _resampled_means([values], groups, n, seed)[0]
    bounds = percentile_bounds(samples, level)
    return Interval(float(values.mean()), *bounds, values.shape[1], level, "clips")


def ratio_over_values(
    part: np.ndarray,
    whole: np.ndarray,
    groups: Sequence[str] | np.ndarray | None = None,
    *,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The mean of `part` divided by the mean of `whole`, with the interval of `over_values`.

    Each sample draws the same runs and clips or groups for both.

    Args:
        part, whole: values of the same runs and clips, (R, M), such as gains clip by clip.
        groups, n, level, seed: as for `over_values`.

    Returns:
        A sample in which the mean of `whole` is not positive says nothing: it counts as lying below
        the lower bound as well as above the upper one. If there are too many, bounds are NaN.

    >>> gains = np.array([[1.0, 0.0, 1.0, 0.0]])
    >>> print(ratio_over_values(gains / 2, gains + 1).value)
    0.16666666666666666
    """
    parts, wholes = _resampled_means([part, whole], groups, n, seed)
    says, inf = wholes > 0, np.inf
    ratios = np.divide(parts, wholes, where=says, out=np.zeros_like(parts))
    low = np.quantile(np.where(says, ratios, -inf), (1 - level) / 2, method="lower")
    high = np.quantile(np.where(says, ratios, inf), (1 + level) / 2, method="higher")
    low, high = (float(bound) if np.isfinite(bound) else float("nan") for bound in (low, high))
    return Interval(float(part.mean() / whole.mean()), low, high, part.shape[1], level, "clips")


def _resampled_means(
    arrays: Sequence[np.ndarray], groups: Sequence[str] | np.ndarray | None, n: int, seed: int
) -> list[np.ndarray]:
    """The means of arrays (R, M) in n samples of runs and of clips or groups, each (n,)."""
    R, M = arrays[0].shape
    generator = np.random.default_rng(seed)
    run_weight = generator.multinomial(R, np.full(R, 1 / R), size=n) / R  # (n, R)
    names = range(M) if groups is None else groups
    if len(names) != M:
        raise EvaluationError(explain("over_runs", f"{M} groups, one per clip", str(len(names))))
    numbers = np.unique(np.asarray(names), return_inverse=True)[1]  # (M,)
    G = int(numbers.max()) + 1
    clip_weight = generator.multinomial(G, np.full(G, 1 / G), size=n)[:, numbers]  # (n, M)
    totals = clip_weight.sum(axis=1)
    return [((run_weight @ x) * clip_weight).sum(axis=1) / totals for x in arrays]


def mean_interval(intervals: Sequence[Interval]) -> Interval:
    """The mean value and mean bounds over the intervals of several runs on the same clips.

    It shows the uncertainty of a typical single run and does not become narrower with more runs.
    Use `over_runs` for the uncertainty of their mean.

    Raises:
        EvaluationError: if there is no interval.

    >>> print(mean_interval([wilson(8, 10), wilson(6, 10)]))
    .700 [.401, .888] n=10
    """
    if not intervals:
        raise EvaluationError(explain("mean_interval", "at least one interval", "none"))
    value, low, high = (
        float(np.mean([getattr(interval, name) for interval in intervals]))
        for name in ("value", "low", "high")
    )
    return replace(intervals[0], value=value, low=low, high=high)


def over_groups(
    correct: np.ndarray,
    groups: np.ndarray,
    *,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """The fraction of correct answers, with a bootstrap interval over whole groups.

    Args:
        correct: whether each answer is correct, (S,); it may contain several segments of one clip,
            or the same clip for several seeds.
        groups: the clip, song or artist of each answer, (S,).
        n: number of bootstrap samples.
        level: confidence.
        seed: of the samples.

    >>> print(over_groups(np.array([1, 1, 0, 0]), np.array([0, 0, 1, 1])))
    .500 [.000, 1.000] n=4 answers
    """
    check_level("over_groups", level)
    _, member = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(member, correct), np.bincount(member)
    G = len(counts)
    weight = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), size=n)  # (n, G)
    values = (weight @ sums) / (weight @ counts)
    bounds = percentile_bounds(values, level)
    return Interval(float(correct.mean()), *bounds, len(correct), level, "answers")


def clips_needed(p1: float, p2: float, *, level: float = 0.95, power: float = 0.8) -> int:
    """The number of test clips per system needed to detect a difference of accuracies p1 and p2.

    n = (z_level + z_power)² (p1 (1 - p1) + p2 (1 - p2)) / (p1 - p2)², the usual two-sided normal
    approximation (Fleiss, 1981), for systems tested on different clips. Systems tested on the same
    clips need fewer, depending on how often they agree.

    Raises:
        EvaluationError: if the accuracies are equal, or one is outside [0, 1].

    >>> clips_needed(0.705, 0.68)
    5345
    """
    if not (0 <= p1 <= 1 and 0 <= p2 <= 1) or p1 == p2:
        got = f"{p1} and {p2}"
        raise EvaluationError(explain("clips_needed", "two different accuracies in [0, 1]", got))
    z = stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power)
    return math.ceil(float(z**2 * (p1 * (1 - p1) + p2 * (1 - p2)) / (p1 - p2) ** 2))


def percentile_bounds(samples: np.ndarray, level: float = 0.95) -> tuple[float, float]:
    """The bounds that leave out the same fraction of the bootstrap samples at either end."""
    low, high = np.quantile(samples, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def check_counts(where: str, k: int, n: int) -> None:
    """Raise an error unless k and n are integers with 0 <= k <= n and n >= 1."""
    if int(k) != k or int(n) != n or n < 1 or not 0 <= k <= n:
        hint = "k counts correct clips, n all clips: `round(accuracy * n)`."
        expected = "integers with 0 <= k <= n, n >= 1"
        raise EvaluationError(explain(where, expected, f"k={k}, n={n}", hint))


def check_level(where: str, level: float) -> None:
    """Raise an error for a confidence level outside (0, 1)."""
    if not 0 < level < 1:
        hint = "95 % is 0.95."
        raise EvaluationError(explain(where, "a level between 0 and 1", str(level), hint))


def finite_values(where: str, values: Sequence[float] | np.ndarray) -> np.ndarray:
    """Convert the values to a float array, and check that it is not empty and finite."""
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or not x.size or not np.isfinite(x).all():
        raise EvaluationError(explain(where, "a list of finite numbers", f"{values!r}"))
    return x


def group_members(
    where: str, groups: Sequence[object] | np.ndarray | None, n_clips: int
) -> list[np.ndarray]:
    """The row numbers of each group; without groups, each clip is a group."""
    if groups is None:
        return np.split(np.arange(n_clips), n_clips)
    if len(groups) != n_clips:
        hint = "`corpus.rows(predictions.clip_ids)['group']`."
        got = str(len(groups))
        raise EvaluationError(explain(where, f"one group per clip, {n_clips}", got, hint))
    names, member = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    if len(names) < 2:
        raise EvaluationError(explain(where, "at least two groups", f"only {names[0]!r}"))
    order = np.argsort(member, kind="stable")
    return np.split(order, np.cumsum(np.bincount(member))[:-1])


def _resample(predictions: Table, rows: np.ndarray) -> Table:
    """Select rows and rename them, because a clip may be selected more than once."""
    names = tuple(map(str, range(len(rows))))
    truth, probs = predictions.truth[rows], predictions.probs[rows]
    return replace(predictions, clip_ids=names, truth=truth, probs=probs)
