"""The scoreboard: every number that a paper prints, beside what our runs found."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from mgrlib.evaluation.intervals import three_digits
from mgrlib.page.html import Html, inline, plain
from mgrlib.recipes.ledger import Printed, compare, printed, studies

__all__ = ["scoreboard"]

HEADS = ("what", "reported", "ours, 95 % interval", "on what")


def scoreboard(paper: str, folder: Path | None = None) -> Html:
    """One table of a paper's ledger: reported, where it stands, ours, data set, protocol, seeds.

    Of a study only the rows are shown that the paper has a number for; `mgrlib compare` shows all.
    Results that the paper prints and that no run of ours is set beside (single trials of a table,
    figures of others that it cites) follow in a second table, folded.

    Args:
        paper: its key.
        folder: where results of your own are; default: `mgrlib.storage.home() / "results"`.
    """
    table = compare(paper, folder)
    of_studies = table["recipe"].isin([one.name for one in studies(paper)])
    table = table[~of_studies | table["reported"].notna()]
    once = table.drop_duplicates(["recipe", "title", "metric", "place"])
    once = once[once["reported"].notna()]
    body, last = "", None
    for row in table.to_dict("records"):
        key = tuple(row[column] for column in ("recipe", "title", "metric", "place"))
        body += _row(row, repeated=key == last)
        last = key
    html = _table(f"{plain(paper)}: {len(once)} printed numbers", HEADS, body)
    shown = set(zip(once["reported"], once["metric"], strict=True))
    rest = [p for p in printed(paper) if p.metric and (p.value, p.metric) not in shown]
    return Html(html + _folded(rest), f"scoreboard of {paper}: {len(table)} rows")


def _table(caption: str, heads: tuple[str, ...], body: str) -> str:
    header = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in heads)
    return (
        f'<div class="mgr-results" role="region" aria-label="{caption}" tabindex="0">'
        f'<table role="table"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row">{header}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )


def _folded(rest: list[Printed]) -> str:
    """What else the paper prints, in a table that the reader opens."""
    if not rest:
        return ""
    body = "".join(
        f'<tr role="row"><th role="rowheader" scope="row">{inline(one.what)}</th>'
        f'<td role="cell" data-head="{HEADS[1]}">{_printed(one)}</td></tr>'
        for one in rest
    )
    told = f"{len(rest)} printed results without one of ours"
    return f"<details><summary>{told}</summary>{_table(told, HEADS[:2], body)}</details>"


def _printed(one: Printed) -> str:
    n = "" if one.n is None else f" on {one.n:,} clips"
    split = f"; {inline(one.split)}" if one.split else ""
    figure = _figure(one.value, one.metric)
    return f"{figure}<small>{inline(one.metric)}{n}, {inline(one.place)}{split}</small>"


def _row(row: dict, *, repeated: bool) -> str:
    name = "" if repeated else f"{inline(row['title'])}<small>{inline(row['recipe'])}</small>"
    cells = ("" if repeated else _reported(row), _ours(row), _how(row))
    texts = "".join(
        f'<td role="cell" data-head="{head}">{text}</td>'
        for head, text in zip(HEADS[1:], cells, strict=True)
    )
    return f'<tr role="row"><th role="rowheader" scope="row">{name}</th>{texts}</tr>'


def _reported(row: dict) -> str:
    if pd.isna(row["reported"]):
        return '<span class="mgr-none">not in the paper</span>'
    n = "" if pd.isna(row["n_reported"]) else f" on {row['n_reported']:,.0f} clips"
    figure = _figure(row["reported"], row["metric"])
    return f"{figure}<small>{inline(row['metric'])}{n}, {inline(row['place'])}</small>"


def _ours(row: dict) -> str:
    if pd.isna(row.get("replicated")):
        return '<span class="mgr-none">not run</span>'
    figure = _figure(row["replicated"], row["metric"])
    if not pd.isna(row.get("low")):
        low, high = (_digits(row[bound], row["metric"]) for bound in ("low", "high"))
        figure += f" <span>[{low}, {high}]</span>"
    return figure


def _how(row: dict) -> str:
    if pd.isna(row.get("replicated")):
        return ""
    n = "" if pd.isna(row.get("n_clips")) else f", {row['n_clips']:,.0f} clips"
    seeds = "1 seed" if row["seeds"] == 1 else f"{row['seeds']:.0f} seeds"
    parts = [f"{row['data']}{n}", str(row["protocol"]), seeds]
    parts += [row["changes"]] if row["changes"] else []
    parts += [] if row["current"] else ["by an older version of the recipe"]
    return f"<small>{inline('; '.join(parts))}</small>"


def _figure(value: float, metric: str) -> str:
    return f'<b class="mgr-figure">{_digits(value, metric)}</b>'


def _digits(value: float, metric: str) -> str:
    """Proportions as everywhere in the book, other figures with three digits.

    >>> _digits(0.705, "accuracy"), _digits(5.49, "compression ratio"), _digits(0.1488, "seconds")
    ('.705', '5.49', '0.149')
    """
    proportional = 0 <= value <= 1 and not any(w in metric for w in ("second", "ratio", "loss"))
    return three_digits(value) if proportional else f"{value:,.3g}"
