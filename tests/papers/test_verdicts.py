"""What pages conclude in words that no cell writes is true of the records.

Most numbers on a page come from its cells. A verdict ("ahead", "not resolved") is text. Each one
here is quoted from its page and has a check; when new records change the outcome, the check fails,
and the sentence has to be written again. A verdict that rests on fewer than three seeds says so.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from mgrlib import papers
from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.compare import TRAINED, difference
from mgrlib.experiments.record import Record
from mgrlib.page import full_size_records
from mgrlib.page.protocols import PROTOCOLS, full_size_contrast, gtzan_contrast

BOOK = Path(__file__).resolve().parents[2] / "book"
APART = "artists apart"
LUO = ("luo2021/cnn-mel", "luo2021/lstm-mel", "luo2021/resnet-mel")
SMALL = {"data": "gtzan-mini"}
FOLDS_APART = {"data": "gtzan-pictures", "protocol": "3 artist folds"}
WEI = [
    ("wei2023/resnet-mel", "wei2023/resnet-mfcc"),
    ("wei2023/resnet-mel-96", "wei2023/resnet-mfcc-96"),
]


@dataclass(frozen=True)
class Verdict:
    """A conclusion of a page: where it stands, a part of its sentence, and whether it is true."""

    page: str
    quote: str
    holds: Callable[[], bool]


compared: list[Difference] = []
"""The differences that a check has computed."""


def noted(result: Difference | None) -> Difference:
    assert result is not None
    compared.append(result)
    return result


def above(result: Difference) -> bool:
    return result.low > 0


def below(result: Difference) -> bool:
    return result.high < 0


def unresolved(result: Difference) -> bool:
    return result.low <= 0 <= result.high


def full(first: str, second: str, test: str) -> Difference:
    return noted(full_size_contrast(first, second, test))


def record(source: str, **values: object) -> Record:
    return papers.records(source.split("/")[0], source=source, **values).only()


def on_clips(first: str, second: str, **values: object) -> Difference:
    return noted(gtzan_contrast(record(first, **values), record(second, **values)))


@cache
def embedded_artists() -> dict[str, str]:
    return synthetic(n_per_genre=20).clips["group"].to_dict()


def embedded(first: str, second: str) -> Difference:
    pair = (record(name, data="synthetic-20-seed0") for name in (first, second))
    return noted(difference(*pair, groups=embedded_artists()))


def mel_leads() -> list[Difference]:
    return [full(*pair, test) for pair in WEI for test in PROTOCOLS]


def mfcc_had_learned_less() -> bool:
    rows = full_size_records("wei2023")
    return all(
        rows[mfcc][test].train_accuracy < rows[mel][test].train_accuracy
        for mel, mfcc in WEI
        for test in PROTOCOLS
    )


def deeper_networks() -> list[Difference]:
    """ResNet minus CNN with artists apart, where both had learned their training clips."""
    kinds = ("mel", "mfcc", "mel-scaled", "mfcc-scaled")
    pairs = [(f"luo2021/resnet-{kind}", f"luo2021/cnn-{kind}") for kind in kinds]
    results = [on_clips(*pair, **FOLDS_APART) for pair in pairs]
    return [result for result in results if not result.caveat]


def without_dilation(kind: str) -> Difference:
    return on_clips(f"luo2021/undilated-{kind}", f"luo2021/dilated-{kind}", **FOLDS_APART)


def longer_trees_learned() -> bool:
    rows = full_size_records("tang2018")
    names = ("tang2018/hierarchy-short-400", "tang2018/flat-short-400")
    return all(rows[n][test].train_accuracy > 0.9 for n in names for test in ("random", APART))


VERDICTS = (
    Verdict(
        "reference/scoreboard",
        "these runs do not reproduce the order of Luo's systems",
        lambda: all(below(full(LUO[0], other, "random")) for other in LUO[1:]),
    ),
    Verdict(
        "reference/scoreboard",
        "or that of Minhas' two networks",
        lambda: all(
            below(full("minhas2019/cnn", "minhas2019/rows", test)) for test in ("random", APART)
        ),
    ),
    Verdict(
        "reference/scoreboard",
        "They resolve no benefit of Tang's tree where both systems had learned more than nine "
        "tenths",
        lambda: (
            longer_trees_learned()
            and not any(
                above(full("tang2018/hierarchy-short-400", "tang2018/flat-short-400", test))
                for test in ("random", APART)
            )
        ),
    ),
    Verdict(
        "reference/scoreboard",
        "ahead of the MFCC picture in all six comparisons, and four of these leads are resolved",
        lambda: (
            all(lead.value > 0 for lead in mel_leads())
            and sum(above(lead) for lead in mel_leads()) == 4
        ),
    ),
    Verdict(
        "reference/scoreboard",
        "the networks on MFCC pictures had learned fewer of their training clips",
        mfcc_had_learned_less,
    ),
    Verdict(
        "reference/scoreboard",
        "over the LSTM is resolved only with clips at random (one seed), and it is much smaller",
        lambda: (
            above(full("wei2023/resnet-mfcc", "wei2023/lstm", "random"))
            and full("wei2023/resnet-mfcc", "wei2023/lstm", "random").value < (0.70 - 0.42) / 2
            and unresolved(full("wei2023/resnet-mfcc", "wei2023/lstm", APART))
            and unresolved(full("wei2023/resnet-mfcc", "wei2023/lstm", "fault-filtered"))
        ),
    ),
    Verdict(
        "papers/luo2021",
        "For our shallow network with artists apart, the difference was not resolved on 948 clips",
        lambda: unresolved(on_clips("luo2021/cnn-mfcc", "luo2021/cnn-mel", **FOLDS_APART)),
    ),
    Verdict(
        "papers/luo2021",
        "was about eight points ahead on 200 synthetic clips",
        lambda: (
            above(embedded("luo2021/cnn-mel", "luo2021/cnn-mfcc"))
            and abs(embedded("luo2021/cnn-mel", "luo2021/cnn-mfcc").value - 0.08) < 0.01
        ),
    ),
    Verdict(
        "papers/luo2021",
        "the LSTM was ahead of the shallow network on either input",
        lambda: all(
            above(on_clips(f"luo2021/lstm-{kind}", f"luo2021/cnn-{kind}", **SMALL))
            for kind in ("mel", "mfcc")
        ),
    ),
    Verdict(
        "papers/luo2021",
        "the residual network was eight to eleven points ahead of the shallow one in all three "
        "comparisons in which both had learned their training clips",
        lambda: (
            len(deeper_networks()) == 3
            and all(above(lead) for lead in deeper_networks())
            and all(0.075 <= lead.value < 0.115 for lead in deeper_networks())
        ),
    ),
    Verdict(
        "papers/luo2021",
        "without its dilation, our dilated network was about two points more accurate on mel, and "
        "on MFCCs the difference was not resolved",
        lambda: (
            above(on_clips("luo2021/undilated-mel", "luo2021/dilated-mel", **FOLDS_APART))
            and unresolved(
                on_clips("luo2021/undilated-mfcc", "luo2021/dilated-mfcc", **FOLDS_APART)
            )
        ),
    ),
    Verdict(
        "papers/tang2018",
        "the one that had learned more of them was ahead",
        lambda: (
            above(full("tang2018/hierarchy", "tang2018/flat", APART))
            and below(full("tang2018/hierarchy-short", "tang2018/flat-short", APART))
            and record("tang2018/hierarchy", **FOLDS_APART).train_accuracy
            > record("tang2018/flat", **FOLDS_APART).train_accuracy
            and record("tang2018/hierarchy-short", **FOLDS_APART).train_accuracy
            < record("tang2018/flat-short", **FOLDS_APART).train_accuracy
        ),
    ),
    Verdict(
        "papers/tang2018",
        "After longer training, in which both learned more than nine tenths of them, no difference "
        "between the two was resolved",
        lambda: (
            longer_trees_learned()
            and all(
                unresolved(full("tang2018/hierarchy-short-400", "tang2018/flat-short-400", test))
                for test in ("random", APART)
            )
        ),
    ),
    Verdict(
        "papers/minhas2019",
        "our feature network was still about ten points ahead of row means on 100 real clips",
        lambda: (
            above(on_clips("minhas2019/features-scaled", "minhas2019/rows-scaled", **SMALL))
            and record("minhas2019/features-scaled", **SMALL).train_accuracy >= TRAINED
        ),
    ),
    Verdict(
        "papers/minhas2019",
        "logistic regression was about five points more accurate than the standardized network",
        lambda: above(on_clips("minhas2019/linear", "minhas2019/features-scaled", **SMALL)),
    ),
    Verdict(
        "papers/wei2023_fusion",
        "a ResNet18 lost about a third of its accuracy when artists were kept apart",
        lambda: (
            0.25
            < 1
            - record("wei2023/resnet-mel", **FOLDS_APART).value
            / record("wei2023/resnet-mel", data="gtzan-pictures", protocol="5 folds by clip").value
            < 0.42
        ),
    ),
    Verdict(
        "papers/wei2023_segments",
        "classified more than twice as many of 100 clips correctly as one on whole clips",
        lambda: (
            above(on_clips("wei2023/segment-3s-short", "wei2023/segment-whole", **SMALL))
            and record("wei2023/segment-3s-short", **SMALL).value
            > 2 * record("wei2023/segment-whole", **SMALL).value
        ),
    ),
    Verdict(
        "papers/reddy2024",
        "the gain of fine-tuning is resolved with five clips per genre and not with twenty",
        lambda: [gain("CNN fine-tuned", size) > 0 for size in (5, 20)] == [True, False],
    ),
    Verdict(
        "papers/reddy2024",
        "that of a softmax on the tagger's features is resolved with both",
        lambda: all(gain("CNN's features + softmax", size) > 0 for size in (5, 20)),
    ),
    Verdict(
        "papers/reddy2024_preparation",
        "training with noise helped on noisy clips; on unchanged clips, no gain was resolved",
        lambda: noise_gains("with noise")[1] > 0 and noise_gains("unchanged")[1] <= 0,
    ),
)


def gain(strategy: str, size: int) -> float:
    """The lower bound of the gain over training from scratch."""
    rows = papers.records("reddy2024", "cnn-curve")
    return rows.only(strategy=strategy, clips_per_genre=size).details["gain"][1]


def noise_gains(test: str) -> list[float]:
    """The gain of training with noise on one kind of test clips, with its bounds."""
    rows = papers.records("reddy2024", "augmentation")
    return rows.only(augmentation="noise", test=test).details["gain"]


@cache
def text_of(page: str) -> str:
    cells = json.loads((BOOK / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    return "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "markdown")


@pytest.mark.parametrize("verdict", VERDICTS, ids=lambda v: f"{v.page}: {v.quote[:60]}")
def test_a_verdict_of_a_page_is_true_of_the_records(verdict):
    paragraphs = [line for line in text_of(verdict.page).split("\n") if verdict.quote in line]
    assert paragraphs, "the page says something else now"
    compared.clear()
    assert verdict.holds(), f"the records no longer support: {verdict.quote}"
    few = {word for result in compared for word in result.seeds.split() if result.seeds}
    numbers = few & {"one", "two"}
    assert all(any(f"{n} seed" in text for text in paragraphs) for n in numbers), compared
