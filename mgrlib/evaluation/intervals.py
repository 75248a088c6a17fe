"""Intervals: how far a measured number may be from the one we would like to know."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy import stats

from mgrlib.errors import EvaluationError, explain
from mgrlib.evaluation.predictions import Predictions

__all__ = [
    "Interval",
    "bootstrap",
    "clips_needed",
    "mean_interval",
    "over_groups",
    "over_runs",
    "over_seeds",
    "wilson",
]

Metric = Callable[[Predictions], float]


@dataclass(frozen=True)
class Interval:
    """A value with the bounds of its confidence interval.

    Args:
        value, low, high: in the metric's unit; bounds are NaN where none can be given.
        n: how many observations stand behind it.
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
    """A number as the book prints it: three digits, no zero before the point.

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
    """The share k/n with Wilson's score interval.

    With p = k/n and z the normal quantile (1.96 at 95 %), the bounds are

        (p + z²/2n ± z sqrt(p (1 - p)/n + z²/4n²)) / (1 + z²/n)

    It stays within [0, 1] and keeps its level for small n and for p near 0 or 1, where
    p ± z sqrt(p (1 - p)/n) does neither. Wilson (1927); Brown, Cai and DasGupta (2001) compare.

    Raises:
        EvaluationError: unless 0 <= k <= n and n >= 1, or a level outside (0, 1).

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
    predictions: Predictions,
    metric: Metric,
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    n: int = 2000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Any metric of `predictions` with its percentile bootstrap interval.

    Draws `n` tables of M clips with replacement and takes the quantiles of the metric over them
    (Efron, 1979). Give `groups`, (M,) artists or songs, and whole groups are drawn: clips of one
    artist tell less than as many independent ones, and the interval widens accordingly
    (Field and Welsh, 2007).

    Raises:
        EvaluationError: `groups` of another length, one group only, or a level outside (0, 1).
    """
    check_level("bootstrap", level)
    members = group_members("bootstrap", groups, predictions.n)
    generator = np.random.default_rng(seed)
    values = np.empty(n)
    for i in range(n):
        drawn = generator.integers(len(members), size=len(members))
        rows = np.concatenate([members[g] for g in drawn]) if groups is not None else drawn
        values[i] = metric(_resampled(predictions, rows))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(metric(predictions), float(low), float(high), predictions.n, level)


def over_seeds(values: Sequence[float] | np.ndarray, *, level: float = 0.95) -> Interval:
    """The mean over training runs with its t interval: mean ± t s/√n.

    It tells how the result varies with the seed on these very test clips, and nothing about other
    clips; `over_runs` has both. A single run has no spread: its bounds are NaN.

    Raises:
        EvaluationError: no value, or one that is not finite.

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
    runs: Sequence[Predictions], *, n: int = 2000, level: float = 0.95, seed: int = 0
) -> Interval:
    """The mean accuracy of several runs on the same clips, uncertain by seed and by clip.

    Each bootstrap sample draws runs and clips, both with replacement (the pigeonhole bootstrap of
    Owen, 2007), so the interval covers another seed and other clips of the same kind at once.
    `n` of the result counts clips. One run alone gives the ordinary bootstrap over clips; from a
    few, the share of the seeds in the variance comes out too small, by 1/R of it for R runs.

    Raises:
        EvaluationError: no run, or runs on different clips.
    """
    check_level("over_runs", level)
    if not runs:
        raise EvaluationError(explain("over_runs", "at least one run", "none"))
    correct = np.stack([aligned(runs[0], run).correct for run in runs]).astype(float)  # (R, M)
    R, M = correct.shape
    generator = np.random.default_rng(seed)
    run_weight = generator.multinomial(R, np.full(R, 1 / R), size=n) / R  # (n, R)
    clip_weight = generator.multinomial(M, np.full(M, 1 / M), size=n) / M  # (n, M)
    values = ((run_weight @ correct) * clip_weight).sum(axis=1)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(correct.mean()), float(low), float(high), M, level, "clips")


def mean_interval(intervals: Sequence[Interval]) -> Interval:
    """Value and bounds of a typical run: the means over the intervals of runs on the same clips.

    It says how sure a single run is, and is no narrower for several of them; `over_runs` has what
    they say together.

    Raises:
        EvaluationError: no interval.

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
    """The fraction of correct answers, uncertain by group: whole groups are drawn anew.

    Args:
        correct: whether each answer is right, (S,); segments of one clip, or the same clip with
            several seeds, may be among them.
        groups: the clip, song or artist of each answer, (S,).

    >>> print(over_groups(np.array([1, 1, 0, 0]), np.array([0, 0, 1, 1])))
    .500 [.000, 1.000] n=4 answers
    """
    check_level("over_groups", level)
    _, member = np.unique(groups, return_inverse=True)
    sums, counts = np.bincount(member, correct), np.bincount(member)
    G = len(counts)
    weight = np.random.default_rng(seed).multinomial(G, np.full(G, 1 / G), size=n)  # (n, G)
    values = (weight @ sums) / (weight @ counts)
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(float(correct.mean()), float(low), float(high), len(correct), level, "answers")


def clips_needed(p1: float, p2: float, *, level: float = 0.95, power: float = 0.8) -> int:
    """How many test clips tell accuracies `p1` and `p2` apart, each system on clips of its own.

    n = (z_level + z_power)² (p1 (1 - p1) + p2 (1 - p2)) / (p1 - p2)², the usual two-sided normal
    approximation (Fleiss, 1981). On the same clips fewer do, by as much as the systems agree.

    Raises:
        EvaluationError: equal accuracies, or one outside [0, 1].

    >>> clips_needed(0.705, 0.68)
    5345
    """
    if not (0 <= p1 <= 1 and 0 <= p2 <= 1) or p1 == p2:
        got = f"{p1} and {p2}"
        raise EvaluationError(explain("clips_needed", "two different accuracies in [0, 1]", got))
    z = stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power)
    return math.ceil(float(z**2 * (p1 * (1 - p1) + p2 * (1 - p2)) / (p1 - p2) ** 2))


def check_counts(where: str, k: int, n: int) -> None:
    """Refuse anything but 0 <= k <= n, n >= 1, both whole."""
    if int(k) != k or int(n) != n or n < 1 or not 0 <= k <= n:
        hint = "k counts correct clips, n all clips: `round(accuracy * n)`."
        raise EvaluationError(explain(where, "whole 0 <= k <= n, n >= 1", f"k={k}, n={n}", hint))


def check_level(where: str, level: float) -> None:
    """Refuse a confidence level outside (0, 1)."""
    if not 0 < level < 1:
        hint = "95 % is 0.95."
        raise EvaluationError(explain(where, "a level between 0 and 1", str(level), hint))


def finite_values(where: str, values: Sequence[float] | np.ndarray) -> np.ndarray:
    """The values as a float array; none, or one that is not finite, is refused."""
    x = np.asarray(values, dtype=float)
    if x.ndim != 1 or not x.size or not np.isfinite(x).all():
        raise EvaluationError(explain(where, "a list of finite numbers", f"{values!r}"))
    return x


def group_members(
    where: str, groups: Sequence[object] | np.ndarray | None, n_clips: int
) -> list[np.ndarray]:
    """The row numbers of each group; without groups, each clip is its own."""
    if groups is None:
        return np.split(np.arange(n_clips), n_clips)
    if len(groups) != n_clips:
        hint = "`corpus.rows(predictions.clip_ids)['group']`."
        got = str(len(groups))
        raise EvaluationError(explain(where, f"one group a clip, {n_clips}", got, hint))
    names, member = np.unique(np.asarray(groups).astype(str), return_inverse=True)
    if len(names) < 2:
        raise EvaluationError(explain(where, "at least two groups", f"only {names[0]!r}"))
    order = np.argsort(member, kind="stable")
    return np.split(order, np.cumsum(np.bincount(member))[:-1])


def aligned(first: Predictions, second: Predictions) -> Predictions:
    """`second` in the order of `first`; other clips, genres or truths are refused."""
    if set(first.clip_ids) != set(second.clip_ids):
        odd = sorted(set(first.clip_ids) ^ set(second.clip_ids))
        got = f"{odd[:3]} in one only ({len(odd)} such clips)"
        hint = "compare on the clips both predicted: `predictions.select(clip_ids)`."
        raise EvaluationError(explain("paired comparison", "the same clips", got, hint))
    ordered = second.select(first.clip_ids)
    if first.genres != second.genres or (first.truth != ordered.truth).any():
        got = "others; was one corpus relabelled?"
        raise EvaluationError(explain("paired comparison", "the same genres and truths", got))
    return ordered


def _resampled(predictions: Predictions, rows: np.ndarray) -> Predictions:
    """The rows drawn, as clips with names of their own, for one may be drawn twice."""
    names = tuple(map(str, range(len(rows))))
    return Predictions(names, predictions.truth[rows], predictions.probs[rows], predictions.genres)
