"""The chapter on Reddy et al.: transfer learning."""

from __future__ import annotations

from verdict import (
    Setting,
    about,
    above,
    assert_verdict,
    below,
    overlap,
    rows,
    unresolved,
    verdicts,
)

from mgrlib.evaluation.intervals import Interval
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.compare import unpaired_difference
from mgrlib.experiments.record import Record

SIZES = (5, 10, 20, 50)
SCRATCH, TUNED, FIXED = "from scratch", "fine-tuned", "fine-tuned, convolutions fixed"
SOFTMAX, SVM = "tagger's features + softmax", "tagger's features + SVM"
UNTRAINED, BANDS = "untrained features + SVM", "band statistics + SVM"
PUBLISHED = "published convolutions, published recurrent layers"
FRESH = "published convolutions, fresh recurrent layers"
OPTIMIZERS = ("adam", "sgd", "rmsprop")
MINI = Setting("reddy2024", "gtzan-mini")
APART = Setting("reddy2024", "gtzan-pictures", "3 artist folds")


def curve(strategy: str, size: int, study: str = "learning-curve") -> Record:
    return rows("reddy2024", study).only(strategy=strategy, clips_per_genre=size)


def gain(record: Record) -> Interval:
    """The gain over the strategy of comparison, clip by clip."""
    return Interval(*record.details["gain"], n=record.n or 0)


def gain_of(strategy: str, size: int, study: str = "learning-curve") -> Interval:
    return gain(curve(strategy, size, study))


def unpaired(first: str, second: str, size: int) -> Difference:
    return unpaired_difference(curve(first, size), curve(second, size))


def published(strategy: str, size: int) -> Record:
    return curve(strategy, size, "published-curve")


def highest(study: str, size: int) -> str:
    found = rows("reddy2024", study).where(clips_per_genre=size)
    return max(found, key=lambda record: record.value).get("strategy")


def frozen(tuning: str) -> Record:
    return rows("reddy2024", "frozen-layers").only(tuning=tuning)


def frozen_others() -> list[Record]:
    chosen = ("5 layers fixed", "7 layers fixed")
    return [r for r in rows("reddy2024", "frozen-layers") if r.get("tuning") not in chosen]


def optimizers(start: str) -> list[Record]:
    return list(rows("reddy2024", "optimizers").where(start=start))


def lowest_loss(record: Record) -> float:
    return min(record.details["valid_loss"])


def started(weights: str) -> Record:
    return rows("reddy2024", "initializations").only(first_weights=weights)


@verdicts(
    "papers/reddy2024",
    {
        "Fine-tuning is more accurate than training from scratch with every number of clips, and "
        "all four intervals exclude zero": lambda: all(above(gain_of(TUNED, n)) for n in SIZES),
        "With 10 and 20 clips per genre, the two networks had learned similar fractions of "
        "theirs": lambda: all(
            abs(curve(SCRATCH, n).train_accuracy - curve(TUNED, n).train_accuracy) < 0.03
            for n in (10, 20)
        ),
        "the weights of that epoch had learned less than two thirds of the training "
        "clips": lambda: curve(SCRATCH, 5).train_accuracy < 2 / 3,
        "300 steps are only ten epochs, and neither network had learned all of its training "
        "clips": lambda: max(curve(s, 50).train_accuracy for s in (SCRATCH, TUNED)) < 0.95,
        "With the same SVM, both are less accurate than the tagger's features at every "
        "size": lambda: all(
            above(unpaired(SVM, other, n)) for other in (UNTRAINED, BANDS) for n in SIZES
        ),
        "The intervals of both kinds of fine-tuning, of the SVM, and of the softmax on the "
        "tagger's features are above zero at every size. Those of the untrained features and of "
        "the band statistics all contain zero": lambda: (
            all(above(gain_of(s, n)) for s in (TUNED, FIXED, SVM, SOFTMAX) for n in SIZES)
            and all(unresolved(gain_of(s, n)) for s in (UNTRAINED, BANDS) for n in SIZES)
        ),
        "The softmax has the highest accuracy at every size": lambda: all(
            highest("learning-curve", n) == SOFTMAX for n in SIZES
        ),
        "All four intervals contain zero, so the order of the two is not resolved": lambda: all(
            unresolved(unpaired(SOFTMAX, TUNED, n)) for n in SIZES
        ),
        "With frozen convolutions, fine-tuning is even closer to the softmax at every "
        "size": lambda: all(
            curve(TUNED, n).value < curve(FIXED, n).value < curve(SOFTMAX, n).value for n in SIZES
        ),
        "A softmax on the pooled features has the highest accuracy at every size here too. The "
        "second list compares it with the better of the two ways of fine-tuning: with 10, 20, "
        "and 50 clips per genre, the interval excludes zero. Both had learned nearly all of "
        "their training clips": lambda: all(
            highest("published-curve", n) == "published features + softmax"
            and above(gain(published("published features + softmax", n))) == (n > 5)
            and published(FRESH, n).train_accuracy > 0.95
            and published(FRESH, n).value > published(PUBLISHED, n).value
            for n in SIZES
        ),
        "Recurrent layers with fresh weights ended ahead of those with the published weights at "
        "every size, and with 10 and 50 clips per genre the interval excludes zero. With 20 and "
        "50 clips per genre, the networks with the published weights had learned less of their "
        "training clips": lambda: (
            all(gain(published(PUBLISHED, n)).value < 0 for n in SIZES)
            and [n for n in SIZES if below(gain(published(PUBLISHED, n)))] == [10, 50]
            and all(
                published(PUBLISHED, n).train_accuracy < published(FRESH, n).train_accuracy - 0.03
                for n in (20, 50)
            )
        ),
        "All networks classify every training clip correctly": lambda: all(
            record.train_accuracy == 1 for record in rows("reddy2024", "cnn-curve")
        ),
        "With five clips per genre, fine-tuning gains about ten percentage points, with an "
        "interval that only just excludes zero, and a softmax on the tagger's features gains "
        "about 25. With twenty clips per genre, the gain of fine-tuning is not resolved, and "
        "that of the softmax is about thirteen points": lambda: (
            about(of_cnn("CNN fine-tuned", 5), 10)
            and 0 < of_cnn("CNN fine-tuned", 5).low < 0.02
            and about(of_cnn("CNN's features + softmax", 5), 25)
            and above(of_cnn("CNN's features + softmax", 5))
            and unresolved(of_cnn("CNN fine-tuned", 20))
            and about(of_cnn("CNN's features + softmax", 20), 13)
            and above(of_cnn("CNN's features + softmax", 20))
        ),
        "the gain of fine-tuning is resolved with five clips per genre and not with twenty; that "
        "of a softmax on the tagger's features is resolved in both cases": lambda: (
            [above(of_cnn("CNN fine-tuned", n)) for n in (5, 20)] == [True, False]
            and all(above(of_cnn("CNN's features + softmax", n)) for n in (5, 20))
        ),
        "The difference between seven frozen layers and five is resolved": lambda: below(
            gain(frozen("7 layers fixed"))
        ),
        "The other rows do not differ from this choice by a resolved amount. No network had "
        "learned all of its training clips at the epoch that the validation artist "
        "chose": lambda: (
            all(unresolved(gain(record)) for record in frozen_others())
            and max(r.train_accuracy for r in rows("reddy2024", "frozen-layers")) < 0.95
        ),
        "the band statistics are ahead, with an interval that barely excludes zero": lambda: (
            below(lead := MINI.lead("small-softmax", "pieces-statistics")) and lead.high > -0.02
        ),
        "The small CRNN had not learned all of its training clips": lambda: (
            not MINI.trained("small-crnn")
        ),
        "The fine-tuned published tagger is more accurate than a softmax on our tagger's "
        "features, in folds of the same "
        "kind": lambda: above(MINI.lead("published-tuned", "small-softmax")),
        "The interval of its difference to the version with fixed convolutions includes zero, "
        "and the network had not learned all of its training clips": lambda: (
            unresolved(MINI.lead("published-whole", "published-tuned"))
            and not MINI.trained("published-whole")
        ),
        "On 100 recordings, a softmax on the features of our tagger, which was trained on "
        "rendered music, was less accurate than the fine-tuned published tagger": lambda: below(
            MINI.lead("small-softmax", "published-tuned")
        ),
        "classify far more recordings correctly than guessing would": lambda: (
            MINI.record("small-softmax").low > 0.4
        ),
        "In these runs with one seed, both networks classify about half of the clips correctly if "
        "artists are kept apart. With clips at random, the accuracy of the CRNN is the higher "
        "one, but it was tested on a fifth of the clips, and the two intervals overlap "
        "widely": lambda: (
            all(about(APART.record(name).value, 50, 4) for name in ("crnn", "fcn5"))
            and at_random("crnn").value > at_random("fcn5").value
            and overlap(at_random("crnn"), at_random("fcn5"))
        ),
        "in most of these tests the networks had not learned all of theirs": lambda: (
            sum(r.train_accuracy < 0.95 for r in rows("reddy2024", "crnn", "fcn5", data=PICTURES))
            > 3
        ),
        "Every optimizer reaches a lower validation loss when it starts from the tagger": lambda: (
            all(
                lowest_loss(tuned) < lowest_loss(scratch)
                for tuned in optimizers("fine-tuned")
                for scratch in optimizers("from scratch")
                if tuned.get("optimizer") == scratch.get("optimizer")
            )
        ),
        "the three accuracies from scratch are nearly equal, those after fine-tuning are within "
        "five points of each other, and all intervals are more than twenty points wide. After "
        "200 steps, none of these networks had learned all of its training clips": lambda: (
            spread("from scratch") < 0.01
            and spread("fine-tuned") < 0.05
            and all(r.high - r.low > 0.2 for r in rows("reddy2024", "optimizers"))
            and max(r.train_accuracy for r in rows("reddy2024", "optimizers")) < 0.95
        ),
        "give the lowest accuracy. The interval of the difference excludes zero. But after 200 "
        "steps these networks had learned less than a third of their training clips": lambda: (
            below(gain(started("normal .01")))
            and started("normal .01").train_accuracy < 1 / 3
            and started("normal .01").value
            == min(r.value for r in rows("reddy2024", "initializations"))
        ),
        "The differences between the other two ways to draw weights and PyTorch's own are not "
        "resolved, and none of these networks had learned all of its training clips": lambda: (
            all(unresolved(gain(started(w))) for w in ("Xavier", "orthogonal"))
            and max(started(w).train_accuracy for w in DRAWN) < 0.95
        ),
        "It is ahead of PyTorch's own weights, and the interval excludes zero; in the same "
        "number of steps it has also learned more of its training clips": lambda: (
            above(gain(started("the tagger's")))
            and started("the tagger's").train_accuracy > started("PyTorch's own").train_accuracy
        ),
        "fine-tuning and a softmax on the tagger's features were more accurate than training "
        "from scratch with 5, 10, 20, and 50 clips per genre": lambda: all(
            above(gain_of(strategy, n)) for strategy in (TUNED, SOFTMAX) for n in SIZES
        ),
        "a softmax on the pooled features of all layers had a higher accuracy than fine-tuning "
        "at every size, both with our tagger and with the published one": lambda: all(
            curve(SOFTMAX, n).value > max(curve(s, n).value for s in (TUNED, FIXED))
            and published("published features + softmax", n).value
            > max(published(s, n).value for s in (FRESH, PUBLISHED))
            for n in SIZES
        ),
        "its lead over the better of two ways of fine-tuning is resolved with 10, 20, and 50 "
        "clips per genre. With our tagger, its lead over fine-tuning is not resolved": lambda: (
            all(above(gain(published("published features + softmax", n))) for n in (10, 20, 50))
            and all(unresolved(unpaired(SOFTMAX, TUNED, n)) for n in SIZES)
        ),
        "Otherwise you do not know whether the source task helped. On our synthetic clips it "
        "did, at every size": lambda: all(above(unpaired(SVM, UNTRAINED, n)) for n in SIZES),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


PICTURES = "gtzan-pictures"
DRAWN = ("PyTorch's own", "Xavier", "orthogonal", "normal .01")


def of_cnn(strategy: str, size: int) -> Interval:
    return gain_of(strategy, size, "cnn-curve")


def at_random(name: str) -> Record:
    protocols = ("5 folds by clip", "80%/20% by clip")
    return rows("reddy2024", name, data=PICTURES).only(protocol=protocols)


def spread(start: str) -> float:
    values = [record.value for record in optimizers(start)]
    return max(values) - min(values)


@verdicts(
    "papers/reddy2024_preparation",
    {
        "Training with noise gains about twelve percentage points on noisy test clips, and the "
        "interval excludes zero. On unchanged test clips, its effect is not resolved": lambda: (
            above(augmented("noise", "with noise"))
            and about(augmented("noise", "with noise"), 12)
            and unresolved(augmented("noise", "unchanged"))
        ),
        "All three changes together cost about thirteen points on unchanged clips, with an "
        "interval that excludes zero, and on noisy clips their effect is not resolved": lambda: (
            below(augmented(ALL_THREE, "unchanged"))
            and about(augmented(ALL_THREE, "unchanged"), -13)
            and unresolved(augmented(ALL_THREE, "with noise"))
        ),
        "the networks with all three changes had learned only about nine tenths of their "
        "training clips": lambda: about(
            rows("reddy2024", "augmentation")
            .only(augmentation=ALL_THREE, test="unchanged")
            .train_accuracy,
            90,
            4,
        ),
        "training with noise helped on noisy clips; on unchanged clips, no gain was "
        "resolved": lambda: (
            above(augmented("noise", "with noise")) and not above(augmented("noise", "unchanged"))
        ),
        "With unequal training sets, the network misses most clips of the rare genres. "
        "Oversampling and class weights recover only a small part of the loss": lambda: (
            rare("imbalanced") < 0.5
            and all(recovered(RARE, way) < 1 / 3 for way in ("over-sampled", "class weights"))
        ),
        "undersampling recovers nearly two thirds of it, but the recall of the other genres "
        "falls almost as low": lambda: (
            about(recovered(RARE, "under-sampled"), 63, 4)
            and unequal("recall of other genres", "under-sampled").value - rare("under-sampled")
            < 0.1
        ),
        "every remedy stays behind the balanced training sets": lambda: all(
            above(minus("macro F1", "balanced", way)) for way in REMEDIES
        ),
        "With undersampling, and slightly with class weights, the networks had learned less of "
        "their training clips than the others": lambda: (
            learned("under-sampled")
            < learned("class weights")
            < min(learned(way) for way in ("balanced", "imbalanced", "over-sampled"))
        ),
        "no remedy recovered most of the macro F1 that was lost when five genres kept a tenth of "
        "their training clips. Undersampling recovered the most recall of the rare genres, at "
        "the expense of the other genres": lambda: (
            all(recovered("macro F1", way) < 0.5 for way in REMEDIES)
            and max(REMEDIES, key=rare) == "under-sampled"
            and below(minus("recall of other genres", "under-sampled", "imbalanced"))
        ),
    },
)
def test_a_verdict_on_preparation_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


RARE = "recall of rare genres"
REMEDIES = ("over-sampled", "class weights", "under-sampled")
ALL_THREE = "all three"


def augmented(augmentation: str, test: str) -> Interval:
    return gain(rows("reddy2024", "augmentation").only(augmentation=augmentation, test=test))


def unequal(metric: str, training: str) -> Record:
    found = rows("reddy2024", "imbalance", data="gtzan-table")
    return found.only(metric=metric, training=training)


def rare(training: str) -> float:
    return unequal(RARE, training).value


def learned(training: str) -> float:
    return unequal("accuracy", training).train_accuracy


def minus(metric: str, first: str, second: str) -> Interval:
    return Interval(*unequal(metric, first).get("minus")[second], n=1000)


def recovered(metric: str, training: str) -> float:
    """The fraction of what was lost by unequal training sets that a remedy recovers."""
    balanced, lost, value = (
        unequal(metric, name).value for name in ("balanced", "imbalanced", training)
    )
    return (value - lost) / (balanced - lost)
