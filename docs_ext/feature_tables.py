"""The tables of the page on the features: how close, how fast; made of files that runs wrote."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from docs_ext import course_tables

ROOT = Path(__file__).resolve().parent.parent


def parity() -> Any:
    return json.loads((ROOT / "mgrlib/features/parity.json").read_text(encoding="utf-8"))


def speed() -> Any:
    return json.loads((ROOT / "benchmarks/results/features.json").read_text(encoding="utf-8"))


def markdown(head: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A table whose first column is text and whose others are numbers."""
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
        rows.append([name, first["unit"], f"{first['typical']:g}", *apart, f"{close:.2%}"])
    return markdown(head, rows)


def beside_table(key: str) -> str:
    """One row a column of the public table."""
    head = ["column", "median deviation", "largest", "at the value", "typical value", "agrees in"]
    rows = [
        [
            f"`{c['column']}`",
            short(c["median"]),
            short(c["largest"]),
            f"{c['worst_value']:.2g}",
            f"{c['typical_value']:.2g}",
            f"{c['within']:.1%}",
        ]
        for c in parity()[key]["columns"]
    ]
    return markdown(head, rows)


def short(value: float) -> str:
    return f"{value:.1e}" if value else "0"


def summary(key: str) -> str:
    report, close = parity()[key], parity()["close"]
    cells = report["rows"] * len(report["columns"])
    return f"{report['within']:.2%} of {cells:,} cells agree within {close:g} of their value."


def beside_plain_calls() -> str:
    """One row a representation: plain librosa calls against ours, in one run."""
    head = ["", "librosa (ms)", "ours (ms)", "ratio", "clips a second", "FMA-large (h)"]
    rows = [
        [
            name,
            f"{r['librosa_ms']:.0f}",
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
        f"- Memory map and copy over `cut` from the store, {name}: {r['ratio']:.2f}."
        for name, r in report.get("store", {}).items()
    ]
    if report["two_processes_ratio"]:
        lines.append(f"- Two processes over one: {report['two_processes_ratio']:.2f}.")
    versions = ", ".join(f"{name} {v}" for name, v in report["versions"].items())
    lines.append(
        f"- Measured on {report['n_clips']} clips ({report['source']}), one thread, "
        f"{report['machine']}, load {report['load_average'][0]:g} before the start; {versions}."
    )
    return "\n".join(lines)


TABLES = {
    "librosa": beside_librosa,
    "table of clips": lambda: f"{summary('clips_30_s')}\n\n{beside_table('clips_30_s')}",
    "table of segments": lambda: f"{summary('segments_3_s')}\n\n{beside_table('segments_3_s')}",
    "chapters": lambda: markdown(*course_tables.of_chapters()),
    "marking": course_tables.marking,
    "speed": lambda: f"{beside_plain_calls()}\n\n{other_speeds()}",
}
