"""Two systems compared through their records: on the same clips, over all seeds, with artists drawn
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.intervals import group_members
from mgrlib.experiments.record import Record

__all__ = ["LEARNED", "Contrast", "contrast"]

LEARNED = 0.95
"""Training accuracy below which a comparison says little about the two architectures."""

N_SAMPLES = 2000


@dataclass(frozen=True)
class Contrast:
    """The mean accuracy of one system minus that of another.

    Args:
        value, low, high: the difference with its 95 % interval.
        n: the clips that both were tested on.
        n_groups: the artists that these clips are by.
        train_accuracies: of the two systems, on their own training clips.
        level: of the interval.
    """

    value: float
    low: float
    high: float
    n: int
    n_groups: int
    train_accuracies: tuple[float | None, float | None]
    level: float = 0.95

    @property
    def resolved(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0

    @property
    def trained(self) -> bool:
        """Whether both systems classify at least 95 % of their own training clips correctly."""
        return all(value is not None and value >= LEARNED for value in self.train_accuracies)

    @property
    def verdict(self) -> str:
        """What the difference supports, in a few words."""
        if not self.resolved:
            return "not resolved"
        return "different" if self.trained else "different, as trained here"


def contrast(
    first: Record, second: Record, groups: Mapping[str, str], *, seed: int = 0
) -> Contrast:
    """The difference between two records of the same clips, averaged over each record's seeds.

    Whole groups are drawn with replacement, because the clips of one artist are often classified
    alike.

    Args:
        groups: the artist of each clip; a clip without an entry is a group of its own.
        seed: of the bootstrap.

    Raises:
        RecipeError: records that were not tested on the same clips.
    """
    a, b = _mean_correct(first), _mean_correct(second)
    if a.keys() != b.keys():
        got = f"{len(a)} and {len(b)} clips, {len(a.keys() & b.keys())} of them shared"
        where = f"contrast of {first.source} and {second.source}"
        raise RecipeError(explain(where, "records of the same test clips", got))
    clips = sorted(a)
    gain = np.array([a[clip] - b[clip] for clip in clips])
    members = group_members("contrast", [groups.get(clip, clip) for clip in clips], len(clips))
    sums = np.array([gain[rows].sum() for rows in members])  # (G,)
    sizes = np.array([len(rows) for rows in members])
    n_groups = len(members)
    generator = np.random.default_rng(seed)
    weight = generator.multinomial(n_groups, np.full(n_groups, 1 / n_groups), size=N_SAMPLES)
    low, high = np.quantile(weight @ sums / (weight @ sizes), [0.025, 0.975])
    trained = (first.train_accuracy, second.train_accuracy)
    return Contrast(float(gain.mean()), float(low), float(high), len(clips), n_groups, trained)


def _mean_correct(record: Record) -> dict[str, float]:
    """How often each clip was classified correctly, as a fraction of the seeds."""
    tables = [record.predictions(seed) for seed in record.seeds]
    totals: dict[str, float] = {}
    for table in tables:
        for clip, correct in zip(table.clip_ids, table.correct, strict=True):
            totals[clip] = totals.get(clip, 0.0) + float(correct) / len(tables)
    return totals
