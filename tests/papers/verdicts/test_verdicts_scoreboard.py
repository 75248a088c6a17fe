"""The scoreboard: the systems of all papers on all 1,000 clips."""

from __future__ import annotations

from verdict import above, assert_verdict, below, full, unresolved, verdicts

from mgrlib.evaluation.paired import Difference
from mgrlib.page import full_size_records
from mgrlib.page.protocols import PROTOCOLS

APART = "artists apart"
WEI = [
    ("wei2023/resnet-mel", "wei2023/resnet-mfcc"),
    ("wei2023/resnet-mel-96", "wei2023/resnet-mfcc-96"),
]


def mel_leads() -> list[Difference]:
    return [full(*pair, test) for pair in WEI for test in PROTOCOLS]


def mfcc_had_learned_less() -> bool:
    records = full_size_records("wei2023")
    return all(
        records[mfcc][test].train_accuracy < records[mel][test].train_accuracy
        for mel, mfcc in WEI
        for test in PROTOCOLS
    )


def longer_trees_learned() -> bool:
    records = full_size_records("tang2018")
    names = ("tang2018/hierarchy-short-400", "tang2018/flat-short-400")
    return all(records[n][test].train_accuracy > 0.9 for n in names for test in ("random", APART))


def mfcc_minus_lstm(test: str) -> Difference:
    return full("wei2023/resnet-mfcc", "wei2023/lstm", test)


@verdicts(
    "reference/scoreboard",
    {
        "these runs do not reproduce the order of Luo's systems": lambda: all(
            below(full("luo2021/cnn-mel", f"luo2021/{other}-mel", "random"))
            for other in ("lstm", "resnet")
        ),
        "or that of Minhas' two networks": lambda: all(
            below(full("minhas2019/cnn", "minhas2019/rows", test)) for test in ("random", APART)
        ),
        "They resolve no benefit of Tang's tree where both systems had learned more than nine "
        "tenths": lambda: (
            longer_trees_learned()
            and not any(
                above(full("tang2018/hierarchy-short-400", "tang2018/flat-short-400", test))
                for test in ("random", APART)
            )
        ),
        "ahead of the MFCC picture in all six comparisons, and four of these leads are "
        "resolved": lambda: (
            all(lead.value > 0 for lead in mel_leads())
            and sum(above(lead) for lead in mel_leads()) == 4
        ),
        "the networks on MFCC pictures had learned fewer of their training "
        "clips": mfcc_had_learned_less,
        "over the LSTM is resolved only with clips at random, and it is much smaller": lambda: (
            above(mfcc_minus_lstm("random"))
            and mfcc_minus_lstm("random").value < (0.70 - 0.42) / 2
            and unresolved(mfcc_minus_lstm(APART))
            and unresolved(mfcc_minus_lstm("fault-filtered"))
        ),
    },
)
def test_a_verdict_is_true_of_the_records(page, quote, check):
    assert_verdict(page, quote, check)
