"""Recompute the intervals of the records from their predictions: `python -m checks.intervals`.

Records that were made before the artists of a corpus were known have intervals over clips. They
contain their predictions, so nothing has to be trained: the script resamples artists in place of
clips and moves the bounds over clips to the details, as in new records. A test compares all records
with its result.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np

from mgrlib import papers
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.data.songs import handmade
from mgrlib.data.synthetic import synthetic
from mgrlib.experiments.record import SUFFIX, Record, read_records, write_records
from mgrlib.experiments.run import groups_of, mean_accuracy, over_clips

ROOT = Path(__file__).resolve().parent.parent


def artists_of(record: Record) -> Mapping[str, str]:
    """The artist of each clip of a record's corpus; None if artists are unknown."""
    name = record.data["name"]
    if name.startswith("gtzan-"):
        clips = record.predictions().clip_ids
        return dict(zip(clips, artist_groups(clips), strict=True))
    return embedded_artists(name)


@cache
def embedded_artists(name: str) -> Mapping[str, str]:
    """The artist of each clip of a rendered corpus, given its name."""
    numbers = re.fullmatch(r"(synthetic|songs)-(\d+)-seed(\d+)", name)
    if numbers is None:
        return {}
    make = synthetic if numbers[1] == "synthetic" else handmade
    return groups_of(make(int(numbers[2]), seed=int(numbers[3])))


def has_predictions(record: Record) -> bool:
    """Whether a record's value is the accuracy of its predictions."""
    if record.metric != "accuracy" or not record.runs or record.get("unit") == "frames":
        return False
    if {run["seed"] for run in record.runs} != set(record.seeds):
        return False  # an example of one run
    means = [record.predictions(seed).correct.mean() for seed in record.seeds]
    return bool(abs(np.mean(means) - record.value) < 1e-4)


def with_artists(record: Record) -> Record:
    """The record with an interval over artists, and the bounds over clips in its details."""
    artists = artists_of(record) if has_predictions(record) else {}
    if not artists:
        return record
    tables = record.predictions_by_seed()
    interval = mean_accuracy(tables, artists)
    low, high = (round(float(bound), 4) for bound in (interval.low, interval.high))
    details = {**record.details, **over_clips(tables, artists)}
    return replace(record, low=low, high=high, details=details)


def main() -> None:
    """Rewrite the record files whose intervals are not over artists."""
    for paper in papers.COLLECTIONS:
        for path in sorted((ROOT / "mgrlib" / "papers" / paper / "records").glob(f"*{SUFFIX}")):
            records = read_records(path)
            recomputed = [with_artists(record) for record in records]
            if any(new is not old for new, old in zip(recomputed, records, strict=True)):
                write_records(recomputed, path.parent)


if __name__ == "__main__":
    main()
