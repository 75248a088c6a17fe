"""What the studies of Minhas et al. (2019) found is shown as it is."""

from __future__ import annotations

from mgrlib.plots import plot_robustness
from mgrlib.recipes.minhas2019_tables import noise_table, robustness_tables
from mgrlib.recipes.studies import Findings


def found(*rows: dict) -> Findings:
    given = {"metric": "accuracy", "value": 0.5, "low": 0.4, "high": 0.6, "n": 10}
    return Findings("minhas2019/made", "", {}, (0,), tuple({**given, **row} for row in rows), {})


def lossy(noise: str, protocol: str, value: float) -> dict:
    told = {"system": "rows", "noise": noise, "protocol": protocol, "value": value}
    return {"row": f"rows, {noise}, {protocol}", **told}


def test_noise_is_a_row_a_share_clean_first_and_a_column_a_protocol():
    shares = [("clean", 0.4), ("25 %", 0.2), ("25 % silent", 0.3)]
    findings = found(*[lossy(n, p, v) for p in ("same clips", "held out") for n, v in shares])
    table = noise_table(findings)
    assert list(table.index) == [("rows", "clean"), ("rows", "25 %")]
    assert table.loc[("rows", "25 %"), "held out"] == 0.2
    silent = noise_table(findings, silent=True)
    assert list(silent.index) == [("rows", "25 % silent")]


def test_curves_of_robustness_can_be_drawn():
    rows = [
        {"row": f"{s} {label}", "system": s, "noise": "gain", "label": label, "level": level}
        for s in ("svm", "rows")
        for label, level in (("untouched", None), ("-6 dB", -6.0))
    ]
    tables = robustness_tables(found(*rows))
    assert list(tables) == ["svm", "rows"]
    assert [t.get_text() for t in plot_robustness(tables, "gain").get_xticklabels()] == [
        "untouched",
        "-6 dB",
    ]


def test_a_row_has_its_interval():
    interval = found({"row": "one"}).interval("one")
    assert (interval.value, interval.low, interval.high, interval.n) == (0.5, 0.4, 0.6, 10)
    assert str(interval).endswith("n=10 clips")
