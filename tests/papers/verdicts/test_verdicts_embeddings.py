"""The chapter on pretrained embeddings."""

from __future__ import annotations

from functools import cache

from verdict import (
    Setting,
    above,
    assert_verdict,
    higher,
    loss_by_artists,
    memoize,
    note_difference,
    note_record,
    verdicts,
)

from mgrlib import papers
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.evaluation import accuracy_by_clip
from mgrlib.evaluation.intervals import Interval, over_groups
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.record import Record
from mgrlib.page import full_size_records
from mgrlib.page.protocols import PROTOCOLS, gtzan_contrast

MINI = Setting("reddy2024", "gtzan-mini")
PRETRAINED = ("baselines/svm-openl3", "baselines/linear-openl3", "baselines/neighbor-openl3")
OTHERS = (
    "baselines/svm-57",
    "baselines/linear-57",
    "baselines/neighbor-57",
    "luo2021/cnn-mel",
    "luo2021/lstm-mfcc",
    "luo2021/resnet-mel",
    "luo2021/resnet-mfcc",
    "minhas2019/cnn-pooled",
    "tang2018/hierarchy-short",
    "reddy2024/fcn5",
    "wei2023/resnet-mel",
    "wei2023/mlp57",
)
SYSTEMS = PRETRAINED + OTHERS


@cache
def by_test(name: str) -> dict[str, Record]:
    return full_size_records(name.split("/")[0])[name]


def best(names: tuple[str, ...], test: str) -> Record:
    return max((by_test(name)[test] for name in names), key=lambda record: record.value)


def lead(test: str) -> Difference:
    """The best system on OpenL3 minus the best one of the others."""
    pair = best(PRETRAINED, test), best(OTHERS, test)
    return note_difference(test, gtzan_contrast(*pair, common=True))


def loss(name: str) -> Difference:
    return loss_by_artists(by_test(name)["random"], by_test(name)["artists apart"])


def by_accuracy() -> list[str]:
    return sorted(SYSTEMS, key=lambda name: -by_test(name)["random"].value)


def halves() -> tuple[list[str], list[str]]:
    """The systems of the upper and of the lower half of the table."""
    middle = len(SYSTEMS) // 2
    return by_accuracy()[:middle], by_accuracy()[middle:]


@memoize
def more_lost(other: str, name: str) -> Interval:
    """The loss of one system minus that of another, clip by clip."""
    parts = []
    for system in (other, name):
        tests = (by_test(system)[test] for test in ("random", "artists apart"))
        mixed, apart = (accuracy_by_clip(r.predictions_by_seed()) for r in tests)
        parts.append((mixed - apart).dropna())
    d = (parts[0] - parts[1]).dropna()
    return over_groups(d.to_numpy(), artist_groups(d.index))


def openl3_loses_less() -> bool:
    upper, _ = halves()
    rest = [note_record(by_test(name)["random"]).source for name in upper if name not in PRETRAINED]
    return set(PRETRAINED) <= set(upper) and all(
        above(more_lost(other, name)) for other in rest for name in PRETRAINED
    )


def openl3_is_ahead() -> bool:
    return all(lead(test).low > 0.1 for test in PROTOCOLS)


@verdicts(
    "beyond/embeddings",
    {
        "In all three tests, a simple classifier on OpenL3 is the most accurate system. It is "
        "ahead of the most accurate system of the figure without OpenL3, and the whole interval "
        "of each difference is above ten percentage points": openl3_is_ahead,
        "In the lower half of the table, some systems lose as little as those on OpenL3 or "
        "less": lambda: any(
            loss(name).value <= max(loss(p).value for p in PRETRAINED)
            for name in halves()[1]
            if name not in ("reddy2024/fcn5", "luo2021/lstm-mfcc")  # one seed
        ),
        "several systems had not learned all of their training clips": lambda: (
            sum(by_test(name)["artists apart"].train_accuracy < 0.95 for name in SYSTEMS) > 2
        ),
        "The softmax on the fifty tag probabilities is ahead of the network from scratch (one "
        "seed), and their intervals do not overlap": lambda: higher(
            MINI.record("tags-softmax"), MINI.record("fcn5")
        ),
        "All four learned nearly all of their training clips": lambda: all(
            MINI.plain_record(name).train_accuracy > 0.95
            for name in ("tags-softmax", "published-tuned", "small-softmax", "fcn5")
        ),
        "In all three tests on GTZAN, a simple classifier on an embedding was the most accurate "
        "system. Among fifteen systems, it was more than ten percentage points ahead of the best "
        "one without an embedding": lambda: openl3_is_ahead() and len(SYSTEMS) == 15,
        "the three classifiers on OpenL3 lost between ten and fourteen percentage points": lambda: (
            all(0.095 < loss(name).value < 0.145 for name in PRETRAINED)
        ),
        "Of the systems in the upper half of the random test, those on the embedding lost the "
        "least when artists were kept apart. The differences between the losses are "
        "resolved": openl3_loses_less,
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


def test_the_systems_are_those_of_the_page():
    assert {item.name for key in papers.COLLECTIONS for item in papers.listing(key)} >= set(SYSTEMS)
