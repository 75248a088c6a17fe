"""Tables of the page on the features, read from result files: accuracy and speed."""

from __future__ import annotations

import json
from collections.abc import Iterable
from math import log10
from pathlib import Path
from typing import Any

from docs_ext import course_tables

ROOT = Path(__file__).resolve().parent.parent
SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
NAMES = {
    "log_mel, 30 s": "log-mel spectrogram of 30 s",
    "mfcc, 30 s": "MFCC of 30 s",
    "vector26, 30 s": "26 values of 30 s",
    "vector57, 30 s": "57 values of 30 s",
    "vector57, ten segments of 3 s": "57 values of ten segments of 3 s",
}


def parity() -> Any:
    return json.loads((ROOT / "mgrlib/features/parity.json").read_text(encoding="utf-8"))


def speed() -> Any:
    return json.loads((ROOT / "benchmarks/results/features.json").read_text(encoding="utf-8"))


def markdown(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table with text in the first column and numbers in the others."""
    head = list(head)
    lines = [head, ["---"] + ["---:"] * (len(head) - 1), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def beside_librosa() -> str:
    """One row per feature, one column per version of librosa."""
    versions = parity()["librosa"]
    head = ["feature", "unit", "typical value"]
    head += [f"largest difference, librosa {version}" for version in versions]
    head += ["within a thousandth"]
    rows = []
    for of_feature in zip(*versions.values(), strict=True):
        first = of_feature[0]
        apart = [short(entry["largest_difference"]) for entry in of_feature]
        close = min(entry["within_a_thousandth"] for entry in of_feature)
        name, *rest = first["feature"].split(maxsplit=1)
        name = " ".join([f"`{name}`", *rest])
        rows.append([name, first["unit"], readable(first["typical"]), *apart, f"{close:.2%}"])
    return markdown(head, rows)


def beside_table(key: str) -> str:
    """One row for each column of the public table."""
    head = ["column", "median difference", "largest difference", "value there"]
    head += ["typical value", "rows that agree"]
    rows = [
        [
            f"`{c['column']}`",
            short(c["median"]),
            short(c["largest"]),
            readable(c["worst_value"]),
            readable(c["typical_value"]),
            f"{c['within']:.1%}",
        ]
        for c in parity()[key]["columns"]
    ]
    return markdown(head, rows)


def short(value: float) -> str:
    return f"{value:.1e}" if value else "0"


def readable(value: float) -> str:
    """A number with about three digits, with an exponent only if it is very small.

    >>> readable(2213.4), readable(-0.0931), readable(1.2e-5)
    ('2,213', '-0.0931', '1.2e-05')
    """
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.1e}" if 0 < abs(value) < 1e-3 else f"{value:.3g}"


def folded(summary: str, table: str) -> str:
    """A sentence and a long table that is folded."""
    opened = "<details><summary>All columns</summary>"
    return f"{summary}\n\n{opened}\n\n{table}\n\n</details>"


def summary(key: str) -> str:
    report, close = parity()[key], parity()["close"]
    cells = report["rows"] * len(report["columns"])
    power = f"10⁻{str(round(-log10(close))).translate(SUPERSCRIPTS)}"
    return f"{report['within']:.2%} of {cells:,} values agree to within {power} of their size."


def beside_plain_calls() -> str:
    """One row per representation: times of librosa and of the package, from one run."""
    head = ["computed", "librosa (ms)", "ours (ms)", "ratio", "clips per second", "FMA-large (h)"]
    rows = [
        [
            NAMES[name],
            f"{r['librosa_ms']:,.0f}",
            f"{r['ours_ms']:.0f}",
            f"{r['ratio']:.1f}",
            f"{r['clips_per_second']:.0f}",
            f"{r['fma_large_hours']:.1f}",
        ]
        for name, r in speed()["results"].items()
    ]
    return markdown(head, rows)


def other_speeds() -> str:
    """The speed of the store and of two processes, as a list."""
    report = speed()
    lines = [
        f"- `cut` reads features from the store {r['ratio']:.2f} times as fast as one file is "
        f"mapped into memory and copied ({NAMES[name]})."
        for name, r in report.get("store", {}).items()
    ]
    if report["two_processes_ratio"]:
        ratio = report["two_processes_ratio"]
        lines.append(f"- Two processes compute {ratio:.2f} times as many clips as one process.")
    versions = ", ".join(f"{name} {v}" for name, v in report["versions"].items())
    lines.append(
        f"- Measured on {report['n_clips']} clips ({report['source']}), one thread, "
        f"{report['machine']}, load average {report['load_average'][0]:g} at the start; {versions}."
    )
    return "\n".join(lines)


TABLES = {
    "librosa": beside_librosa,
    "table of clips": lambda: folded(summary("clips_30_s"), beside_table("clips_30_s")),
    "table of segments": lambda: folded(summary("segments_3_s"), beside_table("segments_3_s")),
    "chapters": lambda: markdown(*course_tables.of_chapters()),
    "marking": course_tables.marking,
    "speed": lambda: f"{beside_plain_calls()}\n\n{other_speeds()}",
}
