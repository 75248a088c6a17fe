"""The chapter on Wei et al.: pictures, sequences, and both."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from itertools import pairwise

import numpy as np
from verdict import (
    EMBEDDED,
    Setting,
    about,
    above,
    assert_verdict,
    embedded_artists,
    full,
    note_difference,
    note_record,
    overlap,
    printed,
    rows,
    unresolved,
    verdicts,
)

from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.evaluation import Predictions, compare_counts, corrected_t_test, paired_bootstrap
from mgrlib.evaluation.intervals import Interval, over_values
from mgrlib.evaluation.paired import Difference
from mgrlib.evaluation.runs import align, correct_by_run
from mgrlib.experiments.record import Record
from mgrlib.page.protocols import PROTOCOLS, gtzan_contrast

MINI = Setting("wei2023", "gtzan-mini")
SYNTHETIC = Setting("wei2023", EMBEDDED)
BY_CLIP = Setting("wei2023", "gtzan-pictures", "5 folds by clip")
APART = Setting("wei2023", "gtzan-pictures", "3 artist folds")
ONE_DIVISION = Setting("wei2023", "gtzan-pictures", "80%/20% by clip")
FILTERED = Setting("wei2023", "gtzan-pictures", "fault-filtered")
SETS = (MINI, SYNTHETIC, APART)
SIZES = {MINI: (67, 33), SYNTHETIC: (100, 100), APART: (632, 316)}
SIX = [(name, setting) for name in ("early", "late") for setting in SETS]
AVERAGE = "average"


def tables(setting: Setting, name: str) -> list[Predictions]:
    """The predictions of each run; of two networks, averaged, for `AVERAGE`."""
    if name != AVERAGE:
        record = note_record(setting.plain_record(f"fusion-{name}"))
        return [Predictions.from_dict(run["predictions"]) for run in record.runs]
    pairs = zip(tables(setting, "picture"), tables(setting, "sequence"), strict=True)
    return [replace(p, probs=(p.probs + align(p, s).probs) / 2) for p, s in pairs]


def picture_steps() -> list[Difference]:
    """The leads of neighbors in the paper's order of pictures, on the embedded corpus."""
    names = [f"resnet-{picture}-96" for picture in ("mel", "mfcc", "zcr", "wave")]
    return [SYNTHETIC.lead(one, other) for one, other in pairwise(names)]


def over_folds(setting: Setting, name: str) -> Difference:
    """A combination minus the picture alone, by the corrected t test over folds and seeds."""
    pairs = zip(tables(setting, name), tables(setting, "picture"), strict=True)
    gains = [float(one.correct.mean() - other.correct.mean()) for one, other in pairs]
    n_train, n_test = SIZES[setting]
    result = corrected_t_test(gains, n_train=n_train, n_test=n_test)
    return note_difference(f"{name}, {setting.data}, over folds", result)


@cache
def _over_artists(setting: Setting, name: str) -> Difference:
    one, other = (all_runs(tables(setting, n)) for n in (name, "picture"))
    clips = [clip.split()[0] for clip in one.clip_ids]
    if setting == SYNTHETIC:
        groups = [embedded_artists()[clip] for clip in clips]
    else:
        groups = list(artist_groups(clips))
    return paired_bootstrap(one, other, groups=groups)


def over_artists(setting: Setting, name: str) -> Difference:
    """The same, drawing artists."""
    for system in (name, "picture"):
        if system != AVERAGE:
            setting.record(f"fusion-{system}")
    return note_difference(f"{name}, {setting.data}, over artists", _over_artists(setting, name))


def all_runs(found: list[Predictions]) -> Predictions:
    """One table; the ids of its clips also have the number of the run."""
    return Predictions.concat(
        [
            replace(table, clip_ids=tuple(f"{clip} {k}" for clip in table.clip_ids))
            for k, table in enumerate(found)
        ]
    )


def accuracy(setting: Setting, name: str) -> float:
    return float(all_runs(tables(setting, name)).correct.mean())


def lead_is_small(setting: Setting) -> bool:
    names = ("early", "late")
    return max(accuracy(setting, n) - accuracy(setting, "picture") for n in names)


def missing(system: str, part: str) -> Record:
    return rows("wei2023", "missing", data="gtzan-mini").only(system=system, missing=part)


def loss_without(system: str, part: str) -> Difference:
    pair = missing(system, "nothing"), missing(system, part)
    return note_difference(f"{system} without {part}", gtzan_contrast(*pair))


def dropout_lead(part: str) -> Difference:
    return note_difference(
        f"dropout, no {part}", gtzan_contrast(missing("dropout", part), missing("early", part))
    )


def dropout_lead_over_folds(part: str) -> Difference:
    found = [
        [Predictions.from_dict(run["predictions"]) for run in missing(name, part).runs]
        for name in ("dropout", "early")
    ]
    gains = [float(a.correct.mean() - b.correct.mean()) for a, b in zip(*found, strict=True)]
    return corrected_t_test(gains, n_train=67, n_test=33)


def gains_by_genre() -> list[Interval]:
    """Early fusion minus the picture for each genre of the 948 clips."""
    early, picture = (
        APART.record(f"fusion-{name}").predictions_by_seed() for name in ("early", "picture")
    )
    first = picture[0]
    gains = correct_by_run(early, like=first) - correct_by_run(picture)
    artists = np.array(artist_groups(first.clip_ids))
    masks = [first.truth == number for number in range(len(first.genres))]
    return [over_values(gains[:, mask], artists[mask]) for mask in masks]


def weights() -> list[float]:
    return [run["details"]["weights"][0] for run in MINI.record("fusion-weighted").runs]


MEL_AND_MFCC = (("resnet-mel", "resnet-mfcc"), ("resnet-mel-96", "resnet-mfcc-96"))


def mel_leads() -> list[Difference]:
    pairs = [[f"wei2023/{name}" for name in pair] for pair in MEL_AND_MFCC]
    return [full(*pair, test) for pair in pairs for test in PROTOCOLS]


@verdicts(
    "papers/wei2023_fusion",
    {
        "All of our picture accuracies are below the paper's": lambda: all(
            MINI.plain_record(f"resnet-{kind}").value < printed("wei2023", f"resnet-{kind}").value
            for kind in ("mel", "mfcc", "wave", "zcr")
        ),
        "When artists are kept apart, the network loses about a third of its accuracy": lambda: (
            about(loss_of_mel(), 33, 5)
        ),
        "Both networks of this comparison had learned the same fraction of their training "
        "clips": lambda: (
            abs(BY_CLIP.on_training("resnet-mel") - APART.on_training("resnet-mel")) < 0.01
        ),
        "On 1,000 clips, our network comes closer to .84 than on 100, but it stays below": lambda: (
            MINI.plain_record("resnet-mel").value
            < BY_CLIP.record("resnet-mel").value
            < BY_CLIP.record("resnet-mel").high
            < 0.84
        ),
        "The picture branch and the three combined networks without dropout have learned almost "
        "all of their training clips. The sequence branch and the network with modality dropout "
        "(explained below) have not": lambda: (
            MINI.trained("fusion-picture", "fusion-early", "fusion-late", "fusion-weighted")
            and not MINI.trained("fusion-sequence")
            and not MINI.trained("fusion-dropout")
        ),
        "Mel comes first, then MFCC, then the two curves, as in the paper. The two curves have "
        "changed places, but of the three steps between rows, only the one from MFCC to the zero "
        "crossings is resolved": lambda: (
            [step.value > 0 for step in picture_steps()] == [True, True, False]
            and [above(step) for step in picture_steps()] == [False, True, False]
            and unresolved(picture_steps()[2])
        ),
        "Early and late fusion have the higher accuracy on all three sets. All of these networks "
        "are of about the same size and have learned their training clips": lambda: (
            all(accuracy(s, name) > accuracy(s, "picture") for name, s in SIX)
            and all(s.trained("fusion-picture", "fusion-early", "fusion-late") for s in SETS)
        ),
        "Over artists, three of these six leads are resolved: both on the embedded corpus and, "
        "barely, that of late fusion on 100 clips. Over folds and seeds, none of the six is. On "
        "948 clips the leads are the smallest": lambda: (
            [above(over_artists(s, name)) for name, s in SIX]
            == [False, True, False, True, True, False]
            and over_artists(MINI, "late").low < 0.02
            and not any(above(over_folds(s, name)) for name, s in SIX)
            and min(SETS, key=lead_is_small) == APART
        ),
        "The sequence branch had learned only about three quarters of its training clips on both "
        "sets from GTZAN, and four fifths on the embedded corpus": lambda: (
            all(
                about(s.plain_record("fusion-sequence").train_accuracy, 77, 3)
                for s in (MINI, APART)
            )
            and about(SYNTHETIC.plain_record("fusion-sequence").train_accuracy, 81, 2)
        ),
        "The average of two separately trained networks is highest on both sets from GTZAN (on "
        "the 948 clips by less than a point), early fusion on the embedded corpus. "
        "On 100 clips, the average's lead over the picture alone is the only one that both tests "
        "resolve": lambda: (
            ranked(MINI)[0] == ranked(APART)[0] == AVERAGE
            and ranked(SYNTHETIC)[0] == "early"
            and accuracy(APART, ranked(APART)[0]) - accuracy(APART, ranked(APART)[1]) < 0.01
            and [
                name
                for name in ("early", "late", AVERAGE)
                if above(over_artists(MINI, name)) and above(over_folds(MINI, name))
            ]
            == [AVERAGE]
        ),
        "every combined network has a lower accuracy if one of its inputs is missing": lambda: all(
            loss_without(name, part).value > 0
            for name in ("early", "late", "weighted", "dropout")
            for part in ("picture", "sequence")
        ),
        "the losses are between nine and sixteen percentage points; four of these six intervals "
        "exclude zero, and the other two begin at it. With modality dropout, neither loss is "
        "resolved": lambda: (
            all(0.085 < loss.value < 0.165 for loss in six_losses())
            and sum(above(loss) for loss in six_losses()) == 4
            and all(loss.low > -0.005 for loss in six_losses())
            and not any(above(loss_without("dropout", p)) for p in ("picture", "sequence"))
        ),
        "Without the sequence, modality dropout is ahead of early fusion, although its network "
        "had learned less of its training clips. The lead is resolved over artists, but not over "
        "folds and seeds. Without the picture, neither interval resolves a difference": lambda: (
            above(dropout_lead("sequence"))
            and unresolved(dropout_lead_over_folds("sequence"))
            and MINI.on_training("fusion-dropout") < MINI.on_training("fusion-early")
            and unresolved(dropout_lead("picture"))
            and unresolved(dropout_lead_over_folds("picture"))
        ),
        "The weight of the picture rose in all nine runs": lambda: (
            len(weights()) == 9 and min(weights()) > 0.5
        ),
        "one of the ten intervals begins at zero, and the others include it": lambda: (
            sum(abs(gain.low) < 0.0005 for gain in gains_by_genre()) == 1
            and sum(gain.low < -0.0005 and gain.high > 0 for gain in gains_by_genre()) == 9
        ),
        "a ResNet18 lost about a third of its accuracy when artists were kept apart. It had "
        "learned nine tenths of its training clips in both divisions": lambda: (
            0.25 < loss_of_mel() < 0.42
            and all(about(s.on_training("resnet-mel"), 90, 1) for s in (BY_CLIP, APART))
        ),
        "Small networks for early and late fusion were ahead of the picture alone on all three "
        "sets of clips. Intervals over artists resolve three of these six leads, "
        "and a test over folds and seeds resolves none": lambda: (
            all(over_artists(s, name).value > 0 for name, s in SIX)
            and sum(above(over_artists(s, name)) for name, s in SIX) == 3
            and not any(above(over_folds(s, name)) for name, s in SIX)
        ),
        "a network that was trained with missing inputs was ahead of one that was not, but a "
        "test over folds and seeds does not resolve this lead": lambda: (
            above(dropout_lead("sequence")) and unresolved(dropout_lead_over_folds("sequence"))
        ),
        "At both sizes, the two full pictures have higher accuracies than the two curves, as in "
        "the paper": lambda: all(
            MINI.record(f"resnet-{picture}{size}").value
            > MINI.record(f"resnet-{curve}{size}").value
            for picture in ("mel", "mfcc")
            for curve in ("wave", "zcr")
            for size in ("", "-96")
        ),
        "The mel picture has the higher accuracy, but neither interval excludes zero. With 96 "
        "pixels, both networks had learned their training clips; with 224, the network on MFCC "
        "pictures had learned only nine tenths of them": lambda: (
            all(unresolved(MINI.lead(*pair)) for pair in MEL_AND_MFCC)
            and all(MINI.lead(*pair).value > 0 for pair in MEL_AND_MFCC)
            and MINI.trained("resnet-mel-96", "resnet-mfcc-96")
            and about(MINI.on_training("resnet-mfcc"), 90, 2)
        ),
        "The MFCC picture has the higher accuracy. The interval excludes zero with 224 pixels and "
        "just includes it with 96": lambda: (
            above(MINI.lead("resnet-mfcc", "resnet-wave"))
            and unresolved(MINI.lead("resnet-mfcc-96", "resnet-wave-96"))
            and MINI.lead("resnet-mfcc-96", "resnet-wave-96").low > -0.03
        ),
        "Our wave plot is ahead at both sizes, and both intervals exclude zero. All four networks "
        "had learned their training clips": lambda: all(
            above(MINI.lead(f"resnet-wave{size}", f"resnet-zcr{size}"))
            and MINI.trained(f"resnet-wave{size}", f"resnet-zcr{size}")
            for size in ("", "-96")
        ),
        "The version that reads the last state of unscaled MFCC reaches the accuracy that the "
        "paper reports": lambda: about(
            MINI.record("lstm").value - printed("wei2023", "lstm").value, 0, 3
        ),
        "The differences to the other two versions are not resolved, and these had "
        "learned *less* of their training clips": lambda: all(
            unresolved(MINI.lead(f"lstm-{name}", "lstm"))
            and MINI.on_training(f"lstm-{name}") < MINI.on_training("lstm") - 0.05
            for name in ("scaled", "mean")
        ),
        "The mel picture has the higher accuracy in every test and at both sizes, and most of "
        "the intervals exclude zero. But in every test, the network on MFCC pictures (one seed) "
        "had learned fewer of its training clips": lambda: (
            all(lead.value > 0 for lead in mel_leads())
            and sum(above(lead) for lead in mel_leads()) > len(mel_leads()) / 2
            and all(
                setting.on_training(mfcc) < setting.on_training(mel)
                for mel, mfcc in MEL_AND_MFCC
                for setting in (APART, FILTERED, BY_CLIP if "96" in mel else ONE_DIVISION)
            )
        ),
        "With clips at random, the MFCC picture is ahead of the LSTM in the one division that "
        "both share (one seed), by much less than in the paper. With artists apart and in "
        "the fault-filtered split, the difference is not resolved": lambda: (
            above(mfcc_minus_lstm("random"))
            and mfcc_minus_lstm("random").value < (0.70 - 0.42) / 2
            and all(unresolved(mfcc_minus_lstm(t)) for t in ("artists apart", "fault-filtered"))
        ),
        "Neither network had learned more than about three quarters of its training "
        "clips": lambda: all(
            setting.on_training(name) < 0.78
            for setting in (ONE_DIVISION, APART, FILTERED)
            for name in ("resnet-mfcc", "lstm")
        ),
        "the networks of the two sizes had learned different fractions of their training "
        "clips": lambda: all(
            abs(s.on_training("resnet-mel") - s.on_training("resnet-mel-96")) > 0.05
            for s in (BY_CLIP, APART, FILTERED)
        ),
        "All three networks have learned nearly all of their training clips. The combined "
        "network (one seed) is more accurate than the LSTM alone": lambda: (
            MINI.trained("fusion-full", "resnet-mel", "lstm")
            and above(MINI.lead("fusion-full", "lstm"))
        ),
        "Its lead over the picture alone, which has nearly as many parameters, is not "
        "resolved": lambda: (
            unresolved(MINI.lead("fusion-full", "resnet-mel"))
            and MINI.lead("fusion-full", "resnet-mel").value > 0
        ),
        "With 800 training clips, of which it had learned about three quarters, ours is above "
        ".42, and the intervals of the two accuracies overlap": lambda: (
            ONE_DIVISION.record("lstm").value > 0.42
            and about(ONE_DIVISION.on_training("lstm"), 75, 3)
            and overlap(ONE_DIVISION.record("lstm"), printed("wei2023", "lstm"))
        ),
        "The mel spectrogram is ahead of both curves and of the LSTM by more than a third of the "
        "clips. Its lead over the MFCC picture is smaller. It would be resolved as the only "
        "comparison, but with four comparisons p should be below .05 / 4. The wave plot and the "
        "zero-crossing rate differ by two clips": lambda: (
            all(mel_in_paper(name).value > 1 / 3 for name in ("resnet-wave", "resnet-zcr", "lstm"))
            and above(mel_in_paper("resnet-mfcc"))
            and 0.05 / 4 < mel_in_paper("resnet-mfcc").p < 0.05
            and abs(in_paper("resnet-wave") - in_paper("resnet-zcr")) == 2
        ),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)


def loss_of_mel() -> float:
    """The fraction of its accuracy that the ResNet18 loses when artists are kept apart."""
    return 1 - APART.record("resnet-mel").value / BY_CLIP.record("resnet-mel").value


def mfcc_minus_lstm(test: str) -> Difference:
    return full("wei2023/resnet-mfcc", "wei2023/lstm", test)


def ranked(setting: Setting) -> list[str]:
    """The combinations, the most accurate first."""
    trained = ("early", "late") if setting == APART else ("early", "late", "weighted", "dropout")
    return sorted((*trained, AVERAGE), key=lambda name: -accuracy(setting, name))


def six_losses() -> list[Difference]:
    return [
        loss_without(name, part)
        for name in ("early", "late", "weighted")
        for part in ("picture", "sequence")
    ]


def in_paper(name: str) -> int:
    """How many of 100 clips are right by the paper's table 1."""
    return round(100 * printed("wei2023", name).value)


def mel_in_paper(name: str) -> Difference:
    return compare_counts(in_paper("resnet-mel"), in_paper(name), 100)
