"""The chapter on Wei et al.: smaller, faster, and by how much."""

from __future__ import annotations

from itertools import combinations

from verdict import above, assert_verdict, below, overlap, rows, unresolved, verdicts

from mgrlib import papers
from mgrlib.evaluation.intervals import Interval
from mgrlib.experiments.record import Record

THREE_GENRES = "gtzan-table-300"
AT_RANDOM, CLIPS, ARTISTS = "segments at random", "clips apart", "artists apart"
TEN_GENRES = {"gtzan-mini": (AT_RANDOM, CLIPS), "synthetic-20-seed0": (AT_RANDOM, ARTISTS)}
INT8 = ("gtzan-pictures", "gtzan-three-genres", "synthetic-20-seed0")
TAUGHT = ("gtzan-mini", "gtzan-three-genres")
WHOLE = {"way": "original"}
AT_ONCE_95 = {"way": "pruned at once", "zeros": 0.95}
RECOVERED_95 = {"way": "pruned, recovered", "zeros": 0.95}
GRADUALLY_95 = {"way": "pruned gradually", "zeros": 0.95}


def pruning(data: str = THREE_GENRES, division: str = CLIPS, **way: object) -> Record:
    found = rows("wei2023", "pruning", data=data, division=division)
    return found.only(metric="accuracy of rows", **way)


def gain(record: Record) -> Interval:
    """The difference to the network or the student of comparison."""
    return Interval(*record.get("gain"), n=record.n or 0)


def no_loss_is_resolved(record: Record) -> bool:
    """That no loss is resolved, and that one of several points is not excluded."""
    return not below(gain(record)) and gain(record).low < -0.03


def ten_genres(**way: object) -> list[Record]:
    return [
        pruning(data, division, **way)
        for data, divisions in TEN_GENRES.items()
        for division in divisions
    ]


def int8(data: str, **which: object) -> Record:
    return rows("wei2023", "int8", data=data).only(**which)


def all_four(data: str) -> Record:
    return int8(data, system="all", file="int8 static")


def distillation(data: str) -> list[Record]:
    return list(rows("wei2023", "distillation", data=data))


def ratios() -> list[float]:
    found = rows("wei2023", "pruning", data=THREE_GENRES, division=AT_RANDOM)
    return [record.value for record in found.where(metric="compression ratio")]


def ways_of_three_genres() -> list[Record]:
    names = ("pruned gradually", "units removed", "weights shared", "pruned, weights shared")
    found = rows("wei2023", "pruning", data=THREE_GENRES, division=CLIPS)
    return list(found.where(metric="accuracy of rows", way=(*names, "binary")))


@verdicts(
    "papers/wei2023_compression",
    {
        "Without recovery, 95 % zeros leave an accuracy that is not far from the one third of "
        "guessing. With recovery, the networks again know nearly all of their training rows, and "
        "on the test rows no loss is resolved. But three splits cannot exclude a loss of several "
        "percentage points": lambda: (
            abs(pruning(**AT_ONCE_95).value - 1 / 3) < 0.1
            and all(
                no_loss_is_resolved(pruning(**way)) and pruning(**way).train_accuracy > 0.95
                for way in (RECOVERED_95, GRADUALLY_95)
            )
        ),
        "Their effect is not resolved": lambda: unresolved(gain(pruning(way="trained longer"))),
        "Again no loss is resolved, and one of several percentage points is not excluded": lambda: (
            all(
                no_loss_is_resolved(pruning(way="units removed", units=units))
                for units in (0.5, 0.75)
            )
        ),
        "On all three collections, the interval for all four networks together (one seed each) "
        "lies within one percentage point of zero": lambda: all(
            all_four(data).low > -0.01 and all_four(data).high < 0.01 for data in INT8
        ),
        "On the 1,000 clips, the int8 files are even slightly *more* accurate. We know of no "
        "reason why rounding should help, and the 299 clips do not resolve such a gain": lambda: (
            above(all_four("gtzan-pictures")) and not above(all_four("gtzan-three-genres"))
        ),
        "Not all of the networks had learned their training clips": lambda: any(
            record.train_accuracy < 0.95
            for data in INT8
            for record in papers.records("wei2023", "int8", data=data)
            if record.train_accuracy is not None
        ),
        "With two seeds, neither experiment resolves the difference between the teacher and the "
        "student alone, and in both the teacher's accuracy is the lower one": lambda: all(
            unresolved(gain(teacher(data))) and gain(teacher(data)).value < 0 for data in TAUGHT
        ),
        "nor about the temperatures, whose differences are not resolved either": lambda: all(
            overlap(*pair)
            for data in TAUGHT
            for pair in combinations([r for r in distillation(data) if r.get("temperature")], 2)
        ),
        "With ten genres, 90 % zeros without recovery leave less than half of the accuracy. With "
        "recovery it comes back, on the training rows as well": lambda: all(
            lost.value < whole.value / 2
            and back.value > 0.9 * whole.value
            and back.train_accuracy > 0.9 * whole.train_accuracy
            for lost, back, whole in zip(
                ten_genres(way="pruned at once", zeros=0.9),
                ten_genres(way="pruned, recovered", zeros=0.9),
                ten_genres(**WHOLE),
                strict=True,
            )
        ),
        "the three splits of the recordings differ so much that after recovery no loss is "
        "resolved, and large ones are not excluded": lambda: all(
            not below(gain(recovered)) and gain(recovered).low < -0.05
            for recovered in (
                pruning("gtzan-mini", CLIPS, **way)
                for way in ({"way": "pruned, recovered", "zeros": 0.9}, GRADUALLY_95)
            )
        ),
        "With 95 % zeros, the networks know fewer of their training rows than the whole network "
        "if segments are divided at random. On the synthetic clips, they also have a lower "
        "accuracy on the test rows: the interval of the difference, paired by split, excludes "
        "zero": lambda: (
            all(
                pruning(data, AT_RANDOM, **GRADUALLY_95).train_accuracy
                < pruning(data, AT_RANDOM, **WHOLE).train_accuracy
                for data in TEN_GENRES
            )
            and below(gain(pruning("synthetic-20-seed0", AT_RANDOM, **GRADUALLY_95)))
        ),
        "With artists apart, no loss from 95 % zeros is resolved": lambda: (
            not below(gain(pruning("synthetic-20-seed0", ARTISTS, **GRADUALLY_95)))
        ),
        "With clips or artists apart, even the whole network does not know all of its training "
        "rows": lambda: all(
            pruning(data, division, **WHOLE).train_accuracy < 0.99
            for data, division in (("gtzan-mini", CLIPS), ("synthetic-20-seed0", ARTISTS))
        ),
        "The intervals of all ways overlap. Three splits of 82 test clips cannot exclude a loss "
        "of several percentage points at any size": lambda: (
            all(overlap(*pair) for pair in combinations(ways_of_three_genres(), 2))
            and all(gain(record).low < -0.03 for record in ways_of_three_genres())
        ),
        "At 80 % zeros, our ratios range from 1 to almost 5": lambda: (
            min(ratios()) == 1 and 4.8 < max(ratios()) < 5
        ),
        "Without further training, 95 % zeros left an accuracy near that of guessing on three "
        "genres. With further training, no loss is resolved, but three splits of 300 clips "
        "cannot exclude one of several points": lambda: (
            abs(pruning(**AT_ONCE_95).value - 1 / 3) < 0.1
            and all(no_loss_is_resolved(pruning(**w)) for w in (RECOVERED_95, GRADUALLY_95))
        ),
        "Eight-bit storage makes a file about four times smaller": lambda: all(
            3.5 < record.get("ratio") < 4.1
            for record in papers.records("wei2023", "int8", data="gtzan-pictures").where(
                metric="accuracy", file="int8 static"
            )
        ),
        "Static quantization changed the mean accuracy of four networks by less than one "
        "percentage point, on 1,000 clips and on 299 clips of three genres": lambda: all(
            all_four(data).low > -0.01 and all_four(data).high < 0.01 for data in INT8[:2]
        ),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


def teacher(data: str) -> Record:
    return rows("wei2023", "distillation", data=data).only(system="teacher")
