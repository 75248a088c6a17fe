"""The foundations: what an accuracy is worth, and what an artist gives away."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files

from verdict import (
    Setting,
    about,
    above,
    assert_verdict,
    below,
    loss_by_artists,
    note_difference,
    overlap,
    rows,
    unresolved,
    verdicts,
)

from mgrlib.evaluation import mcnemar, paired_bootstrap
from mgrlib.evaluation.intervals import Interval
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.compare import difference, unpaired_difference
from mgrlib.experiments.record import Record
from mgrlib.page import full_size_records
from mgrlib.page.protocols import gtzan_contrast

EMBEDDED = "synthetic-20-seed0"
DIVISIONS = ("segments at random", "clips apart", "artists apart")
SYSTEMS = ("1-NN", "MLP", "RBF SVM")
NINE = (
    "baselines/svm-57",
    "baselines/neighbor-57",
    "luo2021/cnn-mel",
    "luo2021/resnet-mel",
    "luo2021/resnet-mfcc",
    "tang2018/flat-short",
    "wei2023/resnet-mel",
    "reddy2024/fcn5",
    "baselines/svm-openl3",
)
MINI = Setting("luo2021", "gtzan-mini")
SIX = tuple(f"luo2021/{n}-{kind}" for n in ("cnn", "lstm", "resnet") for kind in ("mel", "mfcc"))


def leak(system: str, division: str) -> float:
    found = rows("wei2023", "leak-57", data=EMBEDDED, metric="accuracy of segments")
    return found.only(system=system, division=division).value


@cache
def full_size(name: str) -> dict[str, Record]:
    return full_size_records(name.split("/")[0])[name]


def loss(name: str) -> Difference:
    return loss_by_artists(full_size(name)["random"], full_size(name)["artists apart"])


def picture_minus_mfcc(test: str) -> Difference:
    pair = (full_size(name)[test] for name in ("wei2023/resnet-mel", "luo2021/resnet-mfcc"))
    return note_difference(test, gtzan_contrast(*pair))


def learned_less_at_random(name: str) -> bool:
    at_random, apart = (full_size(name)[test] for test in ("random", "artists apart"))
    return at_random.train_accuracy < apart.train_accuracy


def pair() -> tuple[Record, Record]:
    return MINI.record("lstm-mfcc"), MINI.record("cnn-mfcc")


def first_seeds():
    return [record.predictions(0) for record in pair()]


def svm(split: str) -> Record:
    return rows("minhas2019", "table57").only(system="RBF SVM", split=split)


@verdicts(
    "foundations/evaluation",
    {
        "With segments divided at random, all three classifiers are nearly perfect, and the "
        "nearest neighbor, which only stores what it was given, keeps up with the two others. "
        "With clips apart, all three lose accuracy. With artists apart, they lose more, and the "
        "nearest neighbor has the lowest accuracy": lambda: (
            all(leak(name, DIVISIONS[0]) > 0.93 for name in SYSTEMS)
            and max(leak(name, DIVISIONS[0]) for name in SYSTEMS) - leak("1-NN", DIVISIONS[0])
            < 0.02
            and all(
                leak(name, DIVISIONS[0]) > leak(name, DIVISIONS[1]) > leak(name, DIVISIONS[2])
                for name in SYSTEMS
            )
            and min(SYSTEMS, key=lambda name: leak(name, DIVISIONS[2])) == "1-NN"
        ),
        "*log-mel, FCN5* (one seed) had learned fewer of its training clips than with artists "
        "apart": lambda: learned_less_at_random("reddy2024/fcn5"),
        "two of the fifteen runs of *log-mel, ShallowCNN* lost most of what they had "
        "learned": lambda: (
            sorted(
                run["train_accuracy"] < 0.5 for run in full_size("luo2021/cnn-mel")["random"].runs
            )
            == 13 * [False] + 2 * [True]
        ),
        "the first difference is positive, the second is negative, and neither interval contains "
        "zero": lambda: (
            above(picture_minus_mfcc("random")) and below(picture_minus_mfcc("artists apart"))
        ),
        "ResNet18 had not learned all of its training clips": lambda: all(
            full_size("wei2023/resnet-mel")[test].train_accuracy < 0.95
            for test in ("random", "artists apart")
        ),
        "So one training of each network left the question open, and three trainings of each "
        "answer it for clips like these: the interval of the mean difference excludes zero. (It "
        "also does so if it draws whole artists in place of clips": lambda: (
            unresolved(paired_bootstrap(*first_seeds()))
            and mcnemar(*first_seeds()).p_exact > 0.05
            and above(difference(*pair()))
            and above(gtzan_contrast(*pair()))
        ),
        "Some of these networks classify fewer than 95 % of their own training clips correctly, "
        "and the LSTM on mel spectrograms (one seed) classifies the fewest": lambda: all(
            min(SIX, key=lambda name: full_size(name)[test].train_accuracy) == "luo2021/lstm-mel"
            and full_size("luo2021/lstm-mel")[test].train_accuracy < 0.95
            for test in ("random", "artists apart")
        ),
        "less training data explains the smaller part of the loss. The larger part comes with "
        "the split itself": lambda: (
            0
            < svm("random").value - svm("random, same sizes").value
            < svm("random, same sizes").value - svm("fault-filtered").value
            and unresolved(unpaired_difference(svm("random, same sizes"), svm("random")))
        ),
        "each of nine systems (one of them with one seed) is less accurate with artists apart "
        "than at random, and no interval of these differences reaches zero": lambda: (
            len(NINE) == 9 and all(above(loss(name)) for name in NINE)
        ),
    },
)
def test_a_verdict_on_evaluation_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


@cache
def table_facts() -> dict:
    place = files("mgrlib.data") / "facts" / "gtzan_table.json"
    return json.loads(place.read_text(encoding="utf-8"))


def lost(model: str, split: str) -> Interval:
    (run,) = [
        run
        for run in table_facts()["lost against random clips"]
        if (run["model"], run["split"]) == (model, split)
    ]
    return Interval(*run["loss"], n=1000)


def neighbor_loses_more() -> bool:
    return above(lost("nearest neighbor more than linear model", "by artist"))


@verdicts(
    "foundations/data",
    {
        "On GTZAN's 1,000 clips, too, both classifiers lose accuracy when artists are kept "
        "apart": lambda: all(above(lost(model, "by artist")) for model in MODELS),
        "If we keep only repeated recordings together, the linear model loses about two "
        "percentage points; the loss of the nearest neighbor is not resolved": lambda: (
            above(lost("linear model", "by recording"))
            and about(lost("linear model", "by recording"), 2, 1)
            and unresolved(lost("nearest neighbor", "by recording"))
        ),
        "By artist, the nearest neighbor loses more than the linear model": neighbor_loses_more,
        "The nearest neighbor knows all of its training clips and the linear model does "
        "not": lambda: all(
            record.train_accuracy < 0.95
            for record in rows("baselines", "linear-57", data="gtzan-table").where(
                protocol=("5 folds by clip", "5 folds by group")
            )
        ),
        "On GTZAN's 57 features, keeping artists apart lowers the accuracy of a linear model and "
        "of a nearest neighbor; keeping only repeated recordings together explains a small part "
        "of this": lambda: all(
            above(lost(model, "by artist"))
            and lost(model, "by recording").value < lost(model, "by artist").value / 4
            for model in MODELS
        ),
        "A nearest neighbor gains more from shared artists than a linear model does, on our "
        "synthetic clips and on GTZAN (where the linear model had not learned all of its "
        "training clips)": neighbor_loses_more,
        "Both classifiers are well above chance (.1), so what they learned from synthetic clips "
        "is partly true of recordings. Their accuracies are lower than those of the same "
        "classifiers trained on recordings, which had about 800 training clips in place of 150. "
        "(For each classifier the two intervals overlap, for the linear model only "
        "just.)": lambda: (
            all(transferred(model).low > 0.15 for model in MODELS)
            and all(transferred(model).value < on_gtzan(model).value for model in MODELS)
            and all(overlap(transferred(model), on_gtzan(model)) for model in MODELS)
            and transferred("linear model").high - on_gtzan("linear model").low < 0.01
        ),
        "Every model that was tested both ways loses accuracy when artists are kept apart, and "
        "the nearest neighbor loses most": lambda: (
            min(benchmark_losses().values()) > 0
            and "neighbor" in max(benchmark_losses(), key=lambda name: benchmark_losses()[name])
        ),
        "none is close to 1, so the corpus can show differences between methods. All models had "
        "learned nearly all of their training clips": lambda: all(
            score["by artist"]["value"] < 0.9 and score["by artist"]["train_accuracy"] > 0.94
            for score in scores().values()
        ),
        "Chance is .1, and every interval in the table is above it": lambda: all(
            score["low"] > 0.1
            for way in (
                "trained on synthetic, tested on real",
                "trained on real, tested on synthetic",
            )
            for score in benchmark()["accuracy"][way].values()
        ),
    },
)
def test_a_verdict_on_data_is_true_of_the_facts(page, quote, check):
    assert_verdict(page, quote, check)


MODELS = ("linear model", "nearest neighbor")


@cache
def benchmark() -> dict:
    place = files("mgrlib.data") / "facts" / "synthetic.json"
    return json.loads(place.read_text(encoding="utf-8"))


def scores() -> dict[str, dict]:
    return benchmark()["accuracy"]["difficulty"] | benchmark()["networks"]["accuracy"]


def benchmark_losses() -> dict[str, float]:
    """What each model loses by artist, of those that were also tested with clips at random."""
    both = {name: score for name, score in scores().items() if "clips at random" in score}
    return {n: s["clips at random"]["value"] - s["by artist"]["value"] for n, s in both.items()}


def transferred(model: str) -> Interval:
    """Trained on the embedded corpus alone and tested on GTZAN."""
    result = table_facts()["trained on the embedded corpus alone"]["models"][model]
    return Interval(*result["accuracy"], result["n"])


def on_gtzan(model: str) -> Interval:
    (run,) = [
        run
        for run in table_facts()["accuracy"]
        if (run["model"], run["split"]) == (model, "by artist")
    ]
    return Interval(*run["accuracy"], run["n"])
