"""The chapter on Reddy et al.: whole songs."""

from __future__ import annotations

from functools import cache

import numpy as np
import pandas as pd
from verdict import (
    about,
    above,
    assert_verdict,
    higher,
    memoize,
    overlap,
    rows,
    unresolved,
    verdicts,
)

from mgrlib.data.songs import handmade
from mgrlib.evaluation import mean_probs
from mgrlib.evaluation.intervals import Interval, over_values
from mgrlib.evaluation.multiframe import joined, songs_of, thinned
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.record import Record

STATISTICS, TAGGER, TUNED = "multiframe", "multiframe-tagger", "multiframe-tuned"
CLASSIFIERS = (STATISTICS, TAGGER, TUNED)
SPLITS = ("by song", "by artist")
WAYS = ("mean", "median", "vote", "geometric mean", "nearest neighbors")
REPORTED = 0.82


@cache
def artists() -> pd.Series:
    return handmade(n_per_genre=30).clips["group"]


def of_frames(name: str, split: str) -> Record:
    return rows("reddy2024", name).only(split=split, unit="frames", metric="accuracy")


def of_songs(name: str, split: str, aggregation: str = "mean") -> Record:
    return rows("reddy2024", name).only(split=split, unit="songs", aggregation=aggregation)


def correct_songs(frames: Predictions) -> pd.Series:
    whole = joined(frames, mean_probs)
    return pd.Series(whole.correct.astype(float), list(whole.clip_ids))


def over_artists(found: list[pd.Series]) -> Interval:
    table = pd.DataFrame(found)  # seeds, songs
    return over_values(table.to_numpy(), artists()[table.columns].to_numpy())


@memoize
def averaging(name: str, split: str) -> Interval:
    """Correct songs minus correct frames, song by song."""
    gains = []
    for frames in of_frames(name, split).predictions_by_seed():
        right = pd.Series(frames.correct).groupby(np.asarray(songs_of(frames)))
        gains.append(correct_songs(frames) - right.mean())
    return over_artists(gains)


@memoize
def over_one_frame(name: str, split: str) -> Interval:
    """Songs by all of their frames minus songs by their middle frame."""
    found = of_frames(name, split).predictions_by_seed()
    return over_artists([correct_songs(f) - correct_songs(thinned(f, 1)) for f in found])


@memoize
def between(first: tuple[str, str], second: tuple[str, str]) -> Interval:
    """The difference in the accuracy of songs."""
    pairs = [of_frames(*key).predictions_by_seed() for key in (first, second)]
    return over_artists([correct_songs(a) - correct_songs(b) for a, b in zip(*pairs, strict=True)])


def by_artists(name: str) -> Interval:
    return between((name, "by song"), (name, "by artist"))


def on_recordings(study: str, system: str, elsewhere: bool) -> Record:
    found = rows("reddy2024", study, data="gtzan-mini").where(system=system)
    return found.only(training=f"trained on the {'handmade set' if elsewhere else 'tested corpus'}")


def widths(name: str) -> float:
    record = of_songs(name, "by artist")
    return record.high - record.low


def joined_by(name: str, split: str) -> dict[str, float]:
    found = rows("reddy2024", name).where(split=split, unit="songs", aggregation=WAYS)
    return {record.get("aggregation"): record.value for record in found}


EACH = [(name, split) for name in CLASSIFIERS for split in SPLITS]


@verdicts(
    "papers/reddy2024_songs",
    {
        "With artists apart, averaging helps the fine-tuned network, which is the report's own "
        "system. Its interval excludes zero and reaches up to about the report's gain of four "
        "percentage points. For the two softmax classifiers, the gain is not resolved. Split by "
        "song, it is resolved for both classifiers that build on the published tagger": lambda: (
            above(averaging(TUNED, "by artist"))
            and about(averaging(TUNED, "by artist").high, 4, 0.7)
            and all(unresolved(averaging(n, "by artist")) for n in (STATISTICS, TAGGER))
            and all(above(averaging(n, "by song")) for n in (TAGGER, TUNED))
        ),
        "Each is at most four points wide, while the intervals for the accuracies of band "
        "statistics are about fourteen points wide": lambda: (
            all(averaging(*key).high - averaging(*key).low < 0.041 for key in EACH)
            and about(widths(STATISTICS), 14)
        ),
        "a gain of five points or more is outside all intervals": lambda: all(
            over_one_frame(*key).high < 0.05 for key in EACH
        ),
        "Keeping artists apart costs each classifier far more than averaging gains": lambda: all(
            by_artists(name).low > averaging(name, split).high for name, split in EACH
        ),
        "Split by song, the interval of a softmax on three numbers per band contains the "
        "accuracy that the report prints for its fine-tuned network, on other songs. Split by "
        "artist, the interval is below that accuracy. All classifiers had learned nearly all of "
        "their training frames": lambda: (
            of_songs(STATISTICS, "by song").low < REPORTED < of_songs(STATISTICS, "by song").high
            and of_songs(STATISTICS, "by artist").high < REPORTED
            and all(of_frames(*key).train_accuracy > 0.95 for key in EACH)
        ),
        "With artists apart, a softmax on fixed layers of the published tagger is more accurate "
        "than the network that was fine-tuned from it": lambda: above(
            between((TAGGER, "by artist"), (TUNED, "by artist"))
        ),
        "All classifiers that were trained on rendered songs are better than guessing (one in "
        "ten). The two softmax classifiers are far more accurate when they are trained on "
        "recordings, and the intervals do not overlap": lambda: (
            all(on_recordings(*key, elsewhere=True).low > 0.1 for key in TRANSFERRED)
            and all(
                higher(
                    on_recordings("cross-data", system, elsewhere=False),
                    on_recordings("cross-data", system, elsewhere=True),
                )
                for system in ("statistics", "tagger")
            )
        ),
        "the softmax on band statistics had not learned all of its training clips from the "
        "recordings": lambda: (
            on_recordings("cross-data", "statistics", elsewhere=False).train_accuracy < 0.95
        ),
        "On our 300 songs, with artists apart, the gain is about one or two points, and it is "
        "resolved for the fine-tuned network only": lambda: all(
            0.005 < averaging(name, "by artist").value < 0.03
            and above(averaging(name, "by artist")) == (name == TUNED)
            for name in CLASSIFIERS
        ),
        "In our experiment it helps in fewer": lambda: all(
            rows("reddy2024", name).only(split=split, metric="fraction of genres").value < 0.9
            for name, split in EACH
        ),
        "In each column, the values of one split differ by at most three percentage points, and "
        "the neighbors are never ahead of the mean": lambda: all(
            max(joined_by(*key).values()) - min(joined_by(*key).values()) < 0.035
            and joined_by(*key).get("nearest neighbors", 0) <= joined_by(*key)["mean"]
            for key in EACH
        ),
        "For the softmax on band statistics, the paired interval of the gain was about three "
        "points wide, those of the accuracies more than ten": lambda: (
            about(
                averaging(STATISTICS, "by artist").high - averaging(STATISTICS, "by artist").low,
                3,
                1,
            )
            and widths(STATISTICS) > 0.1
        ),
        "averaging raised the accuracy of the fine-tuned network by about two percentage points. "
        "For the two softmax classifiers, no gain was resolved": lambda: (
            above(averaging(TUNED, "by artist"))
            and about(averaging(TUNED, "by artist"), 2, 1)
            and not any(above(averaging(n, "by artist")) for n in (STATISTICS, TAGGER))
        ),
        "For no classifier was a gain of all frames over one frame from the middle of the song "
        "resolved": lambda: not any(above(over_one_frame(*key)) for key in EACH),
        "keeping artists apart cost each classifier about seventeen to nineteen percentage "
        "points": lambda: all(0.165 < by_artists(name).value < 0.195 for name in CLASSIFIERS),
        "Classifiers trained on rendered songs recognized the genres of recordings better than "
        "guessing. The two softmax classifiers were far more accurate when they were trained on "
        "recordings": lambda: (
            all(on_recordings(*key, elsewhere=True).low > 0.1 for key in TRANSFERRED)
            and not any(
                overlap(
                    on_recordings("cross-data", system, elsewhere=True),
                    on_recordings("cross-data", system, elsewhere=False),
                )
                for system in ("statistics", "tagger")
            )
        ),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


TRANSFERRED = (
    ("cross-data", "statistics"),
    ("cross-data", "tagger"),
    ("cross-tuned", "fine-tuned"),
)
