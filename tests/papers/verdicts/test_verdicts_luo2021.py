"""The chapter on Luo: convolution, recurrence, and residual networks."""

from __future__ import annotations

import numpy as np
from verdict import (
    EMBEDDED,
    Setting,
    about,
    above,
    assert_verdict,
    below,
    higher,
    memoize,
    overlap,
    printed,
    unresolved,
    verdicts,
)

from mgrlib import papers
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.evaluation.intervals import Interval, over_values
from mgrlib.evaluation.paired import Difference
from mgrlib.evaluation.runs import correct_by_run
from mgrlib.experiments.compare import learned_runs

PICTURES = "gtzan-pictures"
MINI = Setting("luo2021", "gtzan-mini")
RANDOM = Setting("luo2021", PICTURES, "5 folds by clip")
APART = Setting("luo2021", PICTURES, "3 artist folds")
FILTERED = Setting("luo2021", PICTURES, "fault-filtered")
SYNTHETIC = Setting("luo2021", EMBEDDED)
NETWORKS = ("cnn", "lstm", "resnet")
INPUTS = ("mel", "mfcc")
SIX = tuple(f"{network}-{kind}" for network in NETWORKS for kind in INPUTS)


def learned(setting: Setting, name: str) -> tuple[int, int, float]:
    """How many runs learned their training clips, of how many, and the accuracy of these."""
    return learned_runs(setting.plain_record(name))


def stopped_short(setting: Setting, name: str) -> int:
    n_learned, n, _ = learned(setting, name)
    return n - n_learned


@memoize
def of_genres(network: str) -> dict[str, Interval]:
    """The accuracy on each genre with clips at random, on mel."""
    runs = RANDOM.record(f"{network}-mel").predictions_by_seed()
    correct, first = correct_by_run(runs), runs[0]
    artists = np.array(artist_groups(first.clip_ids))
    among = {genre: first.truth == number for number, genre in enumerate(first.genres)}
    return {g: over_values(correct[:, m], artists[m]) for g, m in among.items()}


def ranking(network: str) -> list[str]:
    """The genres, the easiest one first."""
    RANDOM.record(f"{network}-mel")
    by_genre = of_genres(network)
    return sorted(by_genre, key=lambda genre: -by_genre[genre].value)


def deeper_leads() -> bool:
    leads = deeper_networks()
    return len(leads) == 3 and all(above(x) and 0.075 <= x.value < 0.125 for x in leads)


def scaled_mel_leads() -> bool:
    lead = APART.lead("resnet-mel-scaled", "resnet-mfcc-scaled")
    trained = all(APART.trained(f"resnet-{kind}-scaled") for kind in ("mel", "mfcc"))
    return above(lead) and about(lead.value, 6, 1) and trained


def deeper_networks() -> list[Difference]:
    """ResNet minus CNN with artists apart, where both had learned their training clips."""
    kinds = ("mel", "mfcc", "mel-scaled", "mfcc-scaled")
    results = [APART.lead(f"resnet-{kind}", f"cnn-{kind}") for kind in kinds]
    return [result for result in results if not result.caveat]


def both_rule_out(result: Difference, points: float) -> bool:
    return unresolved(result) and max(-result.low, result.high) < points / 100


@verdicts(
    "papers/luo2021",
    {
        "On mel, our intervals overlap with the paper's for all three networks": lambda: all(
            overlap(MINI.record(f"{n}-mel"), printed("luo2021", f"{n}-mel")) for n in NETWORKS
        ),
        "our LSTM (two seeds on mel) has the highest accuracy on either input": lambda: all(
            MINI.record(f"lstm-{kind}").value > MINI.record(f"{other}-{kind}").value
            for kind in INPUTS
            for other in ("cnn", "resnet")
        ),
        "on MFCCs, even the lower end of each of our intervals is above the printed "
        "accuracy": lambda: all(
            MINI.record(f"{n}-mfcc").low > printed("luo2021", f"{n}-mfcc").value for n in NETWORKS
        ),
        "Every network has learned nearly all of its training clips": lambda: all(
            MINI.plain_record(name).train_accuracy > 0.95 for name in SIX
        ),
        "is ahead of the shallow network on either input, and both intervals exclude zero. So "
        "our runs support the first hypothesis, which the paper rejects. The residual network's "
        "differences from the shallow one are not resolved": lambda: (
            all(above(MINI.lead(f"lstm-{kind}", f"cnn-{kind}")) for kind in INPUTS)
            and all(unresolved(MINI.lead(f"resnet-{kind}", f"cnn-{kind}")) for kind in INPUTS)
        ),
        "On unscaled MFCCs, the intervals of all three of our networks are above the printed "
        "accuracies, although we trained on a tenth of the clips. Nor do these runs show an "
        "advantage of the mel spectrogram. In the first three rows, each interval includes "
        "zero": lambda: (
            all(
                MINI.record(f"{n}-mfcc").low > printed("luo2021", f"{n}-mfcc").value
                for n in NETWORKS
            )
            and all(unresolved(MINI.lead(f"{n}-mfcc", f"{n}-mel")) for n in NETWORKS)
        ),
        "For the CNN on either input and for the ResNet on MFCCs, the difference is not "
        "resolved. On the mel spectrogram, the LSTM is *less* accurate with standardized bands "
        "(one seed) than without (two seeds): the interval excludes zero, and both networks had "
        "learned all of their training clips": lambda: (
            all(
                unresolved(MINI.lead(f"{name}-scaled", name))
                for name in ("cnn-mel", "cnn-mfcc", "resnet-mfcc")
            )
            and below(MINI.lead("lstm-mel-scaled", "lstm-mel"))
            and MINI.trained("lstm-mel-scaled", "lstm-mel")
        ),
        "the standardized network had not learned all of its training clips": lambda: (
            not MINI.trained("lstm-mfcc-scaled")
        ),
        "With two layers the LSTM is less accurate, and the interval of the difference excludes "
        "zero. But in two of the five folds it had not learned its training clips after 80 "
        "epochs": lambda: (
            below(MINI.lead("lstm-mfcc-stacked", "lstm-mfcc"))
            and stopped_short(MINI, "lstm-mfcc-stacked") == 2
            and learned(MINI, "lstm-mfcc-stacked")[1] == 5
        ),
        "On the pictures of the next section, it had learned an even smaller part of "
        "them": lambda: (
            APART.on_training("lstm-mfcc-stacked") < MINI.on_training("lstm-mfcc-stacked")
        ),
        "**The shallow network** learned its training clips in all of these runs but three, "
        "which are at random and on mel": lambda: (
            stopped_short(RANDOM, "cnn-mel") == 3
            and stopped_short(RANDOM, "cnn-mfcc") == 0
            and not any(stopped_short(APART, f"cnn-{kind}") for kind in INPUTS)
        ),
        "Two of the three ended in an epoch in which the network had lost most of what it had "
        "learned": lambda: (
            sum(
                run["train_accuracy"] < 0.5 < max(run["history"]["train_accuracy"])
                for run in RANDOM.plain_record("cnn-mel").runs
            )
            == 2
        ),
        "on mel never learned its training clips within its 280 epochs. On MFCCs, most of its "
        "runs stopped just short of our limit": lambda: (
            not any(learned(setting, "lstm-mel")[0] for setting in (RANDOM, APART))
            and sum(stopped_short(setting, "lstm-mfcc") for setting in (RANDOM, APART))
            > sum(learned(setting, "lstm-mfcc")[0] for setting in (RANDOM, APART))
        ),
        "**The residual network** stopped below the limit in several runs on either "
        "input": lambda: all(
            sum(stopped_short(setting, f"resnet-{kind}") for setting in (RANDOM, APART)) >= 3
            for kind in INPUTS
        ),
        "the LSTM is ahead of the shallow network, although it has not quite learned its "
        "training clips. On mel it is so far from having learned them that we give no "
        "verdict": lambda: (
            all(above(setting.lead("lstm-mfcc", "cnn-mfcc")) for setting in (APART, RANDOM))
            and 0.9 < APART.on_training("lstm-mfcc") < 0.95
            and APART.on_training("lstm-mel") < 0.75
        ),
        "the LSTM (two seeds on mel) was ahead of the shallow network on either input": lambda: all(
            above(MINI.lead(f"lstm-{kind}", f"cnn-{kind}")) for kind in INPUTS
        ),
        "On the 100 clips, the difference was not resolved": lambda: all(
            unresolved(MINI.lead(f"resnet-{kind}", f"cnn-{kind}")) for kind in INPUTS
        ),
        "For the shallow network with artists apart, neither the difference between MFCCs and "
        "mel nor that between standardized and plain MFCCs is resolved, and both intervals rule "
        "out four points in either direction. (At random, its MFCC runs are ahead, but three of "
        "its mel runs had not learned.)": lambda: (
            both_rule_out(APART.lead("cnn-mfcc", "cnn-mel"), 4)
            and both_rule_out(APART.lead("cnn-mfcc-scaled", "cnn-mfcc"), 4)
            and above(RANDOM.lead("cnn-mfcc", "cnn-mel"))
            and stopped_short(RANDOM, "cnn-mel") == 3
        ),
        "For our shallow network with artists apart, the difference was not resolved on 948 "
        "clips of GTZAN, and mel (one seed) was about eight points ahead on 200 synthetic "
        "clips": lambda: (
            unresolved(APART.lead("cnn-mfcc", "cnn-mel"))
            and above(SYNTHETIC.lead("cnn-mel", "cnn-mfcc"))
            and about(SYNTHETIC.lead("cnn-mel", "cnn-mfcc"), 8, 1)
        ),
        "At random, our intervals overlap with the paper's for the LSTM (one seed) and the "
        "residual network on mel. The shallow network on mel is below the paper's .705, even if "
        "we count only the runs that learned. All three networks are far above the paper on "
        "MFCC": lambda: (
            all(
                overlap(RANDOM.record(f"{n}-mel"), printed("luo2021", f"{n}-mel"))
                for n in ("lstm", "resnet")
            )
            and RANDOM.record("cnn-mel").high < 0.705
            and learned(RANDOM, "cnn-mel")[2] < 0.705
            and all(
                RANDOM.record(f"{n}-mfcc").low > printed("luo2021", f"{n}-mfcc").value + 0.1
                for n in NETWORKS
            )
        ),
        "the residual network first, then the LSTM (one seed), then the shallow network. The "
        "intervals of both steps exclude zero. None of the three had learned all of its training "
        "clips": lambda: (
            above(RANDOM.lead("resnet-mel", "lstm-mel"))
            and above(RANDOM.lead("lstm-mel", "cnn-mel"))
            and not any(RANDOM.trained(f"{n}-mel") for n in NETWORKS)
        ),
        "On MFCCs the order is the paper's, but the residual network's lead over the LSTM is not "
        "resolved, and the LSTM had not learned all of its training clips": lambda: (
            unresolved(RANDOM.lead("resnet-mfcc", "lstm-mfcc"))
            and RANDOM.lead("resnet-mfcc", "lstm-mfcc").value > 0
            and above(RANDOM.lead("lstm-mfcc", "cnn-mfcc"))
            and not RANDOM.trained("lstm-mfcc")
        ),
        "With artists apart, all six accuracies are lower than at random": lambda: all(
            APART.record(name).value < RANDOM.record(name).value for name in SIX
        ),
        "at that epoch none of the six networks had learned its training clips": lambda: (
            not any(FILTERED.plain_record(name).train_accuracy >= 0.95 for name in SIX)
        ),
        "With clips at random, none of the settings of these networks that we tried comes near "
        ".21": lambda: all(
            record.low > 0.4
            for record in papers.records("luo2021", data=PICTURES, protocol="5 folds by clip")
            if "mfcc" in record.source
        ),
        "Our LSTM with two layers (one seed) was less accurate than the one with one layer, on "
        "sound and on pictures. But in neither case had it learned its training "
        "clips": lambda: all(
            below(setting.lead("lstm-mfcc-stacked", "lstm-mfcc"))
            and not setting.trained("lstm-mfcc-stacked")
            for setting in (MINI, APART)
        ),
        "metal and classical are the easiest genres for all three networks (one seed for the "
        "LSTM), and pop is easy for the residual network. Rock is the hardest for all three, and "
        "its interval lies below those of metal, classical and pop": lambda: (
            all(set(ranking(n)[:2]) == {"metal", "classical"} for n in NETWORKS)
            and "pop" in ranking("resnet")[:4]
            and all(ranking(n)[-1] == "rock" for n in NETWORKS)
            and all(
                higher(of_genres(n)[genre], of_genres(n)["rock"])
                for n in NETWORKS
                for genre in ("metal", "classical", "pop")
            )
        ),
        "Country is in the middle here and not among the easy genres. Jazz, which the paper "
        "finds hard, is among the easier half for all three networks": lambda: all(
            "country" in ranking(n)[3:7] and "jazz" in ranking(n)[:5] for n in NETWORKS
        ),
        "The residual network is more accurate than the shallow one with either input, and the "
        "mel spectrogram is ahead of MFCCs with either network. All four intervals exclude "
        "zero": lambda: (
            all(above(SYNTHETIC.lead(f"resnet-{kind}", f"cnn-{kind}")) for kind in INPUTS)
            and all(above(SYNTHETIC.lead(f"{n}-mel", f"{n}-mfcc")) for n in ("cnn", "resnet"))
        ),
        "The LSTM lies between the other two on MFCCs, and neither difference is "
        "resolved": lambda: (
            SYNTHETIC.record("cnn-mfcc").value
            < SYNTHETIC.record("lstm-mfcc").value
            < SYNTHETIC.record("resnet-mfcc").value
            and unresolved(SYNTHETIC.lead("lstm-mfcc", "cnn-mfcc"))
            and unresolved(SYNTHETIC.lead("resnet-mfcc", "lstm-mfcc"))
        ),
        "On the pictures, the dilated network is about ten points ahead of the shallow one on "
        "mel, with a quarter of the weights, and about six points ahead on MFCCs": lambda: all(
            above(lead := APART.lead(f"dilated-{kind}", f"cnn-{kind}-scaled"))
            and about(lead, points, 1)
            for kind, points in (("mel", 10), ("mfcc", 6))
        ),
        "the network *without* dilation is about two points more accurate than the dilated one, "
        "by an interval that excludes zero. On MFCCs, this difference is not resolved": lambda: (
            above(APART.lead("undilated-mel", "dilated-mel"))
            and about(APART.lead("undilated-mel", "dilated-mel"), 2, 0.7)
            and unresolved(APART.lead("undilated-mfcc", "dilated-mfcc"))
        ),
        "without its dilation, our dilated network was about two points more accurate on mel, "
        "and on MFCCs the difference was not resolved": lambda: (
            above(APART.lead("undilated-mel", "dilated-mel"))
            and about(APART.lead("undilated-mel", "dilated-mel"), 2, 0.7)
            and unresolved(APART.lead("undilated-mfcc", "dilated-mfcc"))
        ),
        "On the sound of the 100 clips, the dilated network is ahead of the shallow one on mel, "
        "but far behind it on MFCCs": lambda: (
            above(MINI.lead("dilated-mel", "cnn-mel-scaled"))
            and below(MINI.lead("dilated-mfcc", "cnn-mfcc-scaled"))
            and MINI.lead("dilated-mfcc", "cnn-mfcc-scaled").value < -0.1
        ),
        "With these settings, it made the shallow network less accurate": lambda: below(
            APART.lead("cnn-mel-augmented", "cnn-mel-scaled")
        ),
        "A tenth of the learning rate with five times the epochs raised the accuracy of the "
        "shallow network on MFCCs by about four points under both divisions": lambda: all(
            above(gain := setting.lead("cnn-mfcc-slow", "cnn-mfcc")) and about(gain, 4, 1)
            for setting in (APART, RANDOM)
        ),
        "The L2 penalty and the dropout lowered it by four to five points with clips at random, "
        "where a few of their runs had not learned all of their training clips. With artists "
        "apart, their differences are not resolved": lambda: all(
            below(loss := RANDOM.lead(f"cnn-mfcc-{remedy}", "cnn-mfcc"))
            and 0.035 < -loss.value < 0.055
            and 1 <= stopped_short(RANDOM, f"cnn-mfcc-{remedy}") <= 4
            and unresolved(APART.lead(f"cnn-mfcc-{remedy}", "cnn-mfcc"))
            for remedy in ("decay", "dropout")
        ),
        "The two variants of the residual network had learned less of their training clips than "
        "the plain one": lambda: all(
            APART.on_training(f"resnet-mfcc-{remedy}") < APART.on_training("resnet-mfcc")
            for remedy in ("decay", "dropout")
        ),
        "Neither the cosine transform nor the hop of 1024 makes a difference that these clips "
        "resolve; with the longer hop, the network had not learned all of its training "
        "clips": lambda: (
            all(unresolved(APART.lead(f"cnn-mel-{way}", "cnn-mel")) for way in ("dct", "hop1024"))
            and not APART.trained("cnn-mel-hop1024")
        ),
        "the residual network was eight to twelve points ahead of the shallow one in all three "
        "comparisons in which both had learned their training clips": deeper_leads,
        "In all three, the residual network is ahead of the shallow one, by eight to twelve "
        "points, and the intervals exclude zero": deeper_leads,
        "on MFCCs two of nine runs stopped below our limit, and on standardized mel two of "
        "nine": lambda: (
            learned(APART, "resnet-mfcc")[:2] == (7, 9)
            and learned(APART, "resnet-mel-scaled")[:2] == (7, 9)
        ),
        "With standardized inputs, both of which it had learned, mel is about six points ahead of "
        "MFCCs, and the interval excludes zero": scaled_mel_leads,
        "With the inputs as they are, the difference is not resolved, and its training on mel was "
        "incomplete": lambda: (
            unresolved(APART.lead("resnet-mfcc", "resnet-mel")) and not APART.trained("resnet-mel")
        ),
        "For our residual network with standardized inputs and artists apart, mel was about six "
        "points ahead on the 948 clips": scaled_mel_leads,
        "one comparison resolved a lead of the mel spectrogram: that of the residual network with "
        "standardized inputs and artists apart": lambda: (
            scaled_mel_leads()
            and not any(
                above(setting.lead(f"{network}-mel", f"{network}-mfcc"))
                for setting in (RANDOM, APART, FILTERED)
                for network in ("cnn", "resnet")
            )
            and not above(APART.lead("cnn-mel-scaled", "cnn-mfcc-scaled"))
        ),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)
