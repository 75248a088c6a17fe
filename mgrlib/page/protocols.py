"""Tables of systems that were trained on all 1,000 clips of GTZAN, under three ways of testing."""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping, Sequence

from mgrlib import papers
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.errors import MgrError, explain
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.compare import difference
from mgrlib.experiments.ledger import Printed
from mgrlib.experiments.record import Record
from mgrlib.page.html import Html, inline
from mgrlib.page.results import figure, printed_number

__all__ = [
    "PROTOCOLS",
    "contrast_table",
    "full_size_records",
    "gtzan_contrast",
    "protocol_table",
]

PROTOCOLS = {
    "random": "5 folds by clip",
    "artists apart": "3 artist folds",
    "fault-filtered": "fault-filtered",
}
"""What the tables call a protocol, and what records call it."""

FULL_SIZE = ("gtzan-pictures", "gtzan-table", "gtzan-openl3-music-mel128-512")
"""Corpora that have (nearly) all clips of GTZAN."""

NONE = '<span class="mgr-none">{}</span>'


def full_size_records(paper: str) -> dict[str, dict[str, Record]]:
    """The records of a paper's recipes on all of GTZAN: by recipe, then by column of `PROTOCOLS`.

    Raises:
        RecipeError: if there is no such paper.
    """
    columns = {protocol: column for column, protocol in PROTOCOLS.items()}
    rows: dict[str, dict[str, Record]] = {}
    for record in papers.records(paper, data=FULL_SIZE, metric="accuracy"):
        if record.protocol in columns and not record.condition:
            rows.setdefault(record.source, {})[columns[record.protocol]] = record
    return {item.name: rows[item.name] for item in papers.listing(paper) if item.name in rows}


def protocol_table(*keys: str, caption: str = "") -> Html:
    """Return a table with one row per system and one column per protocol of `PROTOCOLS`.

    Args:
        keys: of papers, or "baselines".
        caption: what is compared.

    Raises:
        MgrError: if none of them has a record on all of GTZAN.
    """
    titles = {item.name: item.title for key in keys for item in papers.listing(key)}
    printed = {entry.source: entry for key in keys for entry in _printed_accuracies(key)}
    rows = {name: row for key in keys for name, row in full_size_records(key).items()}
    if not rows:
        raise MgrError(explain("protocol_table", "records on all of GTZAN", f"none of {keys}"))
    body = []
    for name, by_column in rows.items():
        entry = printed.get(name)
        reported = printed_number(entry) if entry else NONE.format("not in the paper")
        measured = [_cell(by_column.get(column)) for column in PROTOCOLS]
        title = f"{inline(titles[name])}<small>{inline(name)}</small>"
        body.append((title, [reported, *measured]))
    heads = ("system", "reported", *PROTOCOLS)
    text = caption or "All 1,000 clips of GTZAN: accuracy with its 95 % interval"
    return Html(_table(text, heads, body), f"table: {len(body)} systems under three protocols")


def contrast_table(pairs: Sequence[tuple[str, str]], *, caption: str = "") -> Html:
    """Return a table of differences between two systems under each protocol.

    Args:
        pairs: names of recipes, "paper/system"; the second is subtracted from the first.
        caption: what is compared.

    Raises:
        MgrError: if a recipe has no record on all of GTZAN.
    """
    keys = {name.split("/")[0] for pair in pairs for name in pair}
    records = {name: row for key in keys for name, row in full_size_records(key).items()}
    titles = {item.name: item.title for key in keys for item in papers.listing(key)}
    missing = sorted({name for pair in pairs for name in pair} - records.keys())
    if missing:
        raise MgrError(explain("contrast_table", "records on all of GTZAN", f"none of {missing}"))
    printed = {entry.source: entry for key in keys for entry in _printed_accuracies(key)}
    body = []
    for first, second in pairs:
        title = f"{inline(titles[first])}<small>minus {inline(titles[second])}</small>"
        cells = [_reported_difference(printed.get(first), printed.get(second))]
        for column in PROTOCOLS:
            both = [records[name].get(column) for name in (first, second)]
            cells.append(_difference_cell(*both))
        body.append((title, cells))
    heads = ("systems", "reported difference", *PROTOCOLS)
    text = caption or "Differences in accuracy with 95 % intervals"
    return Html(_table(text, heads, body), f"table: {len(body)} differences")


def artists_of(records: Iterable[Record]) -> Mapping[str, str]:
    """The artist group of each test clip of these records."""
    clips = sorted({clip for record in records for clip in record.predictions().clip_ids})
    return dict(zip(clips, artist_groups(clips), strict=True))


def gtzan_contrast(first: Record, second: Record) -> Difference:
    """`difference` with GTZAN's artists as groups."""
    return difference(first, second, groups=artists_of((first, second)))


def _printed_accuracies(key: str) -> list[Printed]:
    return [e for e in papers.printed(key) if e.source and not e.condition and "acc" in e.metric]


def _cell(record: Record | None) -> str:
    if record is None:
        return NONE.format("not run")
    text = f'<b class="mgr-figure">{figure(record.value, "accuracy")}</b>'
    if record.low is not None and record.high is not None:
        bounds = (figure(bound, "accuracy") for bound in (record.low, record.high))
        text += f" <span>[{', '.join(bounds)}]</span>"
    seeds = "1 seed" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds"
    parts = [f"{record.n:,} clips", seeds]
    if record.train_accuracy is not None:
        parts.append(f"{figure(record.train_accuracy, 'accuracy')} on training clips")
    return f"{text}<small>{inline('; '.join(parts))}</small>"


def _reported_difference(first: Printed | None, second: Printed | None) -> str:
    if first is None or second is None:
        return NONE.format("not in the paper")
    return f'<b class="mgr-figure">{_signed(first.value - second.value)}</b>'


def _difference_cell(first: Record | None, second: Record | None) -> str:
    if first is None or second is None:
        return NONE.format("not run")
    result = gtzan_contrast(first, second)
    accuracies = (record.train_accuracy for record in (first, second))
    trained = ", ".join("unknown" if v is None else figure(v, "") for v in accuracies)
    return (
        f'<b class="mgr-figure">{_signed(result.value)}</b>'
        f" <span>[{_signed(result.low)}, {_signed(result.high)}]</span>"
        f"<small>{_verdict(result)}; on training clips {trained}</small>"
    )


def _verdict(result: Difference) -> str:
    """What a difference supports; one of systems that did not learn may only be one of training."""
    if result.low <= 0 <= result.high:
        return "not resolved"
    return "different, as trained here" if result.caveat else "different"


def _signed(value: float) -> str:
    """A difference of accuracies with its sign.

    >>> _signed(0.025), _signed(-0.0001), _signed(-0.07)
    ('+.025', '.000', '−.070')
    """
    text = figure(abs(round(value, 3)), "accuracy")
    sign = "" if round(value, 3) == 0 else "+" if value > 0 else "\N{MINUS SIGN}"
    return sign + text


def _table(caption: str, heads: Sequence[str], body: Iterable[tuple[str, Sequence[str]]]) -> str:
    header = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in heads)
    rows = []
    for name, cells in body:
        columns = zip(heads[1:], cells, strict=True)
        texts = (f'<td role="cell" data-head="{head}">{cell}</td>' for head, cell in columns)
        row = f'<th role="rowheader" scope="row">{name}</th>{"".join(texts)}'
        rows.append(f'<tr role="row">{row}</tr>')
    return (
        f'<div class="mgr-results" role="region" aria-label="{html.escape(caption)}" tabindex="0">'
        f'<table role="table"><caption>{inline(caption)}</caption>'
        f'<thead role="rowgroup"><tr role="row">{header}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(rows)}</tbody></table></div>'
    )
