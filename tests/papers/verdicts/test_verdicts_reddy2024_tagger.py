"""The chapters on Reddy et al.: a published tagger, and the taggers of the package."""

from __future__ import annotations

from verdict import above, assert_verdict, below, higher, overlap, rows, unresolved, verdicts

from mgrlib.evaluation.intervals import Interval
from mgrlib.experiments.record import Record

MINI = {"data": "gtzan-mini"}
NETWORKS = ("CRNN", "CNN")
RANDOM = "10 random folds, C = 10"
FIVE, TWO = ("5 blocks of neighbors, C = 10", "2 blocks of neighbors, C = 10")
ALL_LAYERS = "tagger pools + gru2"
READ = ("tagger gru2", "tagger pool4", ALL_LAYERS)


def auc(network: str, read_as: str = "std", scale: str = "standardized") -> Record:
    found = rows("reddy2024", "tagger-auc", **MINI)
    return found.only(network=network, std_read_as=read_as, input=scale)


def genre_net(variant: str) -> Record:
    return rows("reddy2024", "genre-net", **MINI).only(variant=variant)


def svm(features: str, folds: str) -> Record:
    return rows("reddy2024", "tagger-svm", **MINI).only(features=features, folds=folds)


def over_mfcc(features: str, folds: str) -> Interval:
    record = svm(features, folds)
    return Interval(*record.details["gain"], n=record.n or 0)


def barely(result: Interval) -> bool:
    """Whether an interval ends within two points of zero."""
    return min(abs(result.low), abs(result.high)) < 0.021


def shift(reading: str) -> Record:
    return rows("reddy2024", "tagger-shift", **MINI).only(reading=reading)


def batch(text: str) -> Record:
    return rows("reddy2024", "tagger-batches", **MINI).only(batch=text)


def confusion(genre: str) -> list[int]:
    genres = ["blues", "classical", "country", "disco", "hiphop"]
    genres += ["jazz", "metal", "pop", "reggae", "rock"]
    return genre_net("first 29.12 s").details["confusion"][genres.index(genre)]


@verdicts(
    "papers/reddy2024_tagger",
    {
        "Misread, both networks have a far lower AUC. The CNN is close to guessing": lambda: (
            all(higher(auc(n), auc(n, "variance")) for n in NETWORKS)
            and auc("CNN", "variance").value < 0.6
        ),
        "In decibels, even the correctly read networks stay below their AUC on standardized "
        "clips, and the intervals do not overlap": lambda: all(
            higher(auc(n), auc(n, scale="dB")) for n in NETWORKS
        ),
        "Both values are inside the interval of our first variant. Without the rotation of the "
        "kernels, seven of ten answers are wrong. With the wrong reading, the accuracy is that "
        "of guessing": lambda: (
            all(
                genre_net("first 29.12 s").low < x < genre_net("first 29.12 s").high
                for x in (0.78, 0.8)
            )
            and abs(genre_net("kernels not rotated").value - 0.3) < 0.05
            and abs(genre_net("running_std taken as std").value - 0.1) < 0.02
        ),
        "With two blocks, all three sets of features from the correctly read tagger are more "
        "than twenty points ahead of MFCC. The intervals exclude zero. With random folds, the "
        "differences are smaller. The interval of `gru2` includes zero, and those of `pool4` and "
        "of all layers only just exclude it, which decides little among so many comparisons. The "
        "same holds for the misread layers with two blocks": lambda: (
            all(above(over_mfcc(f, TWO)) and over_mfcc(f, TWO).value > 0.2 for f in READ)
            and all(over_mfcc(f, RANDOM).value < over_mfcc(f, TWO).value for f in READ)
            and unresolved(over_mfcc("tagger gru2", RANDOM))
            and all(
                above(lead := over_mfcc(*key)) and barely(lead)
                for key in (
                    ("tagger pool4", RANDOM),
                    (ALL_LAYERS, RANDOM),
                    (f"misread {ALL_LAYERS}", TWO),
                )
            )
        ),
        "`pool2` alone, for example, has no resolved lead over MFCC under any division": lambda: (
            not any(above(over_mfcc("tagger pool2", folds)) for folds in (RANDOM, FIVE, TWO))
        ),
        "None of the corrections raises the AUC on these clips; all three values are lower. The "
        "intervals overlap": lambda: all(
            record.value < auc("CRNN").value and overlap(record, auc("CRNN"))
            for record in rows("reddy2024", "tagger-front-end", **MINI)
        ),
        "Misread, they changed about twice as much on these clips, and the first tag changed "
        "about twice as often": lambda: (
            1.7 < shift("readme").value / shift("calibrated").value < 2.4
            and 1.5 < changed("readme") / changed("calibrated") < 2.7
        ),
        "With shuffled batches, the AUC is inside the interval of the correct reading. With ten "
        "clips of one genre per batch it is lower, and the intervals do not overlap": lambda: (
            all(
                auc("CRNN").low < batch(f"{n} shuffled clips").value < auc("CRNN").high
                for n in (10, 25)
            )
            and higher(auc("CRNN"), batch("10 clips of a genre"))
        ),
        "It finds all ten classical clips, and it calls country clips rock more often than "
        "country": lambda: (
            confusion("classical")[1] == 10 and confusion("country")[9] > confusion("country")[2]
        ),
        "The convolutional layers are behind MFCC, with an interval that ends just below zero. "
        "The recurrent layer is far behind, though still better than guessing": lambda: (
            below(over_mfcc("misread tagger pools", RANDOM))
            and barely(over_mfcc("misread tagger pools", RANDOM))
            and over_mfcc("misread tagger gru2", RANDOM).high < -0.2
            and svm("misread tagger gru2", RANDOM).low > 0.1
        ),
        "they lowered the mean AUC of both published networks by more than two tenths, and the "
        "intervals do not overlap": lambda: all(
            auc(n).value - auc(n, "variance").value > 0.2 and higher(auc(n), auc(n, "variance"))
            for n in NETWORKS
        ),
        "the two top layers of the tagger, and all layers together, were more than twenty points "
        "ahead of MFCC on 100 clips": lambda: all(
            above(over_mfcc(f, TWO)) and over_mfcc(f, TWO).value > 0.2 for f in READ
        ),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


def changed(reading: str) -> float:
    """The fraction of clips whose first tag changed with a shift of twelve milliseconds."""
    return 1 - shift(reading).details["same_likeliest_tag"]


def own_tagger(name: str, tags: str = "all tags", music: str = "new artists") -> Record:
    return rows("reddy2024", name).only(tags=tags, music=music)


GROUPS = ("instruments", "tempo", "mode", "mood", "voices")


@verdicts(
    "papers/reddy2024",
    {
        "Of the five groups of tags, moods have the highest AUC and tempo has the lowest": lambda: (
            max(GROUPS, key=lambda tags: own_tagger("tagger", tags).value) == "mood"
            and min(GROUPS, key=lambda tags: own_tagger("tagger", tags).value) == "tempo"
        ),
        "The convolutional tagger has the higher AUC on new artists, and the two intervals are "
        "apart": lambda: higher(own_tagger("tagger-cnn"), own_tagger("tagger")),
        "the CRNN is little better on its own training music than on new artists": lambda: (
            0
            <= own_tagger("tagger", music="training music").value - own_tagger("tagger").value
            < 0.01
        ),
    },
)
def test_a_verdict_on_the_taggers_of_the_package_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)
