"""Tables of systems that were trained on all 1,000 clips of GTZAN, under three ways of testing."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from mgrlib import papers
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.data.vectors import NEARLY_ALL
from mgrlib.errors import MgrError, explain
from mgrlib.evaluation.intervals import Interval
from mgrlib.evaluation.paired import Difference
from mgrlib.experiments.compare import Listed, difference
from mgrlib.experiments.ledger import Printed
from mgrlib.experiments.record import Record
from mgrlib.page.dots import Axis, DotRow, dot_figure
from mgrlib.page.html import Html, folded, inline
from mgrlib.page.tables import bold, clips_of, figure, none, printed_number, record_cell, table

PROTOCOLS = {
    "random": ("5 folds by clip", "80%/20% by clip"),
    "artists apart": ("3 artist folds",),
    "fault-filtered": ("fault-filtered",),
}
"""What the tables call a protocol, and what records call it; a table takes the first at hand."""

FULL_SIZE = ("gtzan-pictures", "gtzan-table", "gtzan-openl3-music-mel128-512")
"""Corpora of GTZAN; their records count if they have (nearly) all of its clips."""


def full_size_records(paper: str) -> dict[str, dict[str, Record]]:
    """The records of a paper's recipes on all of GTZAN: by recipe, then by column of `PROTOCOLS`.

    Raises:
        RecipeError: if there is no such paper.
    """
    rows: dict[str, dict[str, Record]] = {}
    for name, by_protocol in _by_protocol(paper).items():
        for column, protocols in PROTOCOLS.items():
            records = [by_protocol[p] for p in protocols if p in by_protocol]
            if records:
                rows.setdefault(name, {})[column] = records[0]
    return {item.name: rows[item.name] for item in papers.listing(paper) if item.name in rows}


def main_systems(paper: str) -> dict[str, dict[str, Record]]:
    """`full_size_records` of the systems that a paper prints or that have a fault-filtered result.

    Raises:
        RecipeError: if there is no such paper.
    """
    printed = {entry.source for entry in _printed_accuracies(paper)}
    rows = full_size_records(paper)
    return {n: row for n, row in rows.items() if n in printed or "fault-filtered" in row}


def protocol_figure(keys: Mapping[str, str], *, caption: str = "") -> Html:
    """Draw reported and measured accuracies of the main systems, grouped by paper.

    Args:
        keys: of papers, or "baselines", by heading.
        caption: what is compared, in a sentence or two.

    Raises:
        MgrError: if none of them has a record on all of GTZAN.
    """
    groups = {}
    for heading, key in keys.items():
        items = {item.name: item for item in papers.listing(key)}
        printed = {entry.source: entry for entry in _printed_accuracies(key)}
        rows = []
        for name, by_column in main_systems(key).items():
            values = {c: by_column[c].interval for c in PROTOCOLS if c in by_column}
            entry = printed.get(name)
            if entry is not None:
                values["reported"] = entry.interval()
            rows.append(DotRow(items[name].title, values, _note(entry, by_column)))
        groups[heading] = rows
    axis = Axis(line=("chance", 0.1))
    return dot_figure(groups, ("reported", *PROTOCOLS), axis=axis, caption=caption)


def protocol_table(*keys: str, caption: str = "") -> Html:
    """Return a table with one row per system and one column per protocol of `PROTOCOLS`.

    Args:
        keys: of papers, or "baselines". Variants of our own follow in a second table, which the
            reader can open.
        caption: what is compared.

    Raises:
        MgrError: if none of them has a record on all of GTZAN.
    """
    items = {item.name: item for key in keys for item in papers.listing(key)}
    printed = {entry.source: entry for key in keys for entry in _printed_accuracies(key)}
    rows = {name: row for key in keys for name, row in full_size_records(key).items()}
    if not rows:
        raise MgrError(explain("protocol_table", "records on all of GTZAN", f"none of {keys}"))
    main = {name for key in keys for name in main_systems(key)}
    shown: list[tuple[str, list[str]]] = []
    variants: list[tuple[str, list[str]]] = []
    for name, by_column in rows.items():
        entry = printed.get(name)
        reported = printed_number(entry) if entry else none("not in the paper")
        measured = [_cell(by_column.get(column), items[name]) for column in PROTOCOLS]
        title = f"{inline(items[name].title)}<small>{inline(name)}</small>"
        (shown if name in main else variants).append((title, [reported, *measured]))
    heads = ("system", "reported", *PROTOCOLS)
    text = caption or "All 1,000 clips of GTZAN: accuracy with its 95 % interval"
    body = table(text, heads, shown) if shown else ""
    if variants:
        words = f"{len(variants)} variants of our own, which have no fault-filtered result"
        body += folded(words, table(f"{text}: variants", heads, variants))
    return Html(body, f"table: {len(rows)} systems under three protocols")


def contrast_figure(groups: Mapping[str, Sequence[tuple[str, str]]], *, caption: str = "") -> Html:
    """Draw the differences between two systems, reported and under each protocol.

    Args:
        groups: by heading, pairs of names of recipes, "paper/system"; the second is subtracted
            from the first.
        caption: what is compared, in a sentence or two.

    Raises:
        MgrError: if there is no pair, or if a recipe has no record on all of GTZAN.
    """
    figures = {}
    for heading, pairs in groups.items():
        items, printed = _lookup("contrast_figure", pairs)
        rows = []
        for first, second in pairs:
            values = {}
            if first in printed and second in printed:
                reported = printed[first].value - printed[second].value
                values["reported"] = Interval(reported, math.nan, math.nan, n=0)
            for column in PROTOCOLS:
                result = full_size_contrast(first, second, column)
                if result is not None:
                    values[column] = Interval(result.value, result.low, result.high, n=result.n)
            rows.append(DotRow(items[first].title, values, f"minus {items[second].title}"))
        figures[heading] = rows
    ends = [end for rows in figures.values() for row in rows for end in _ends(row)]
    axis = Axis("difference in accuracy", min([0.0, *ends]), max([0.0, *ends]), ("zero", 0.0))
    return dot_figure(figures, ("reported", *PROTOCOLS), axis=axis, caption=caption)


def contrast_table(pairs: Sequence[tuple[str, str]], *, caption: str = "") -> Html:
    """Return a table of differences between two systems under each protocol.

    Args:
        pairs: names of recipes, "paper/system"; the second is subtracted from the first.
        caption: what is compared.

    Raises:
        MgrError: if a recipe has no record on all of GTZAN.
    """
    items, printed = _lookup("contrast_table", pairs)
    body = []
    for first, second in pairs:
        title = f"{inline(items[first].title)}<small>minus {inline(items[second].title)}</small>"
        cells = [_reported_difference(printed.get(first), printed.get(second))]
        for column in PROTOCOLS:
            cells.append(_difference_cell(first, second, column))
        body.append((title, cells))
    heads = ("systems", "reported difference", *PROTOCOLS)
    text = caption or "Differences in accuracy with 95 % intervals"
    return Html(table(text, heads, body), f"table: {len(body)} differences")


def artists_of(records: Iterable[Record]) -> Mapping[str, str]:
    """The artist group of each test clip of these records."""
    clips = sorted({clip for record in records for clip in record.predictions().clip_ids})
    return dict(zip(clips, artist_groups(clips), strict=True))


def gtzan_contrast(first: Record, second: Record, *, common: bool = False) -> Difference:
    """`difference` with GTZAN's artists as groups."""
    return difference(first, second, groups=artists_of((first, second)), common=common)


def full_size_contrast(first: str, second: str, column: str) -> Difference | None:
    """`gtzan_contrast` of two recipes, under the first protocol of a column that both have.

    Args:
        first, second: names of recipes, "paper/system".
        column: of `PROTOCOLS`.
    """
    both = _comparable(first, second, column)
    return None if both is None else gtzan_contrast(*both)


def _comparable(first: str, second: str, column: str) -> tuple[Record, Record] | None:
    """Two recipes' records of one protocol of a column."""
    one, other = (_by_protocol(name.split("/")[0]).get(name, {}) for name in (first, second))
    for protocol in PROTOCOLS[column]:
        if protocol in one and protocol in other:
            return one[protocol], other[protocol]
    return None


def _by_protocol(paper: str) -> dict[str, dict[str, Record]]:
    """Accuracies on all of GTZAN: by recipe, then by what records call their protocol."""
    rows: dict[str, dict[str, Record]] = {}
    for record in papers.records(paper, data=FULL_SIZE, metric="accuracy"):
        if not record.condition and record.data["n_clips"] >= NEARLY_ALL:
            rows.setdefault(record.source, {})[record.protocol] = record
    return rows


def _lookup(
    caller: str, pairs: Sequence[tuple[str, str]]
) -> tuple[dict[str, Listed], dict[str, Printed]]:
    """Items and printed accuracies by the name of a recipe; refuses pairs without records."""
    names = {name for pair in pairs for name in pair}
    keys = {name.split("/")[0] for name in names}
    missing = sorted(names - {name for key in keys for name in full_size_records(key)})
    if missing:
        raise MgrError(explain(caller, "records on all of GTZAN", f"none of {missing}"))
    items = {item.name: item for key in keys for item in papers.listing(key)}
    printed = {entry.source: entry for key in keys for entry in _printed_accuracies(key)}
    return items, printed


def _printed_accuracies(key: str) -> list[Printed]:
    return [e for e in papers.printed(key) if e.source and not e.condition and "acc" in e.metric]


def _note(entry: Printed | None, by_column: Mapping[str, Record]) -> str:
    """What sets a row apart: a number that is no accuracy of clips, another division."""
    parts = []
    if entry is not None and not entry.metric.endswith("accuracy"):
        parts.append(f"reported: {entry.metric}")
    for column, record in by_column.items():
        if record.protocol != PROTOCOLS[column][0]:
            n = len(record.seeds)
            divisions = "one division" if n == 1 else f"{n} divisions"
            parts.append(f"{column}: {divisions}, {record.n:,} clips" + (" each" if n > 1 else ""))
    return "; ".join(parts)


def _ends(row: DotRow) -> list[float]:
    numbers = [n for v in row.values.values() for n in (v.value, v.low, v.high)]
    return [number for number in numbers if math.isfinite(number)]


def _cell(record: Record | None, item: Listed) -> str:
    """An accuracy, or why there is none."""
    if record is None:
        return none(item.no_record or "no record")
    return record_cell(record, [clips_of(record)])


def _reported_difference(first: Printed | None, second: Printed | None) -> str:
    if first is None or second is None:
        return none("not in the paper")
    return bold(_signed(first.value - second.value))


def _difference_cell(first: str, second: str, column: str) -> str:
    both = _comparable(first, second, column)
    if both is None:
        return none("no record of both")
    result = gtzan_contrast(*both)
    accuracies = (record.train_accuracy for record in both)
    trained = ", ".join("unknown" if v is None else figure(v, "") for v in accuracies)
    bounds = f"<span>[{_signed(result.low)}, {_signed(result.high)}]</span>"
    seeds = f"{result.seeds}; " if result.seeds else ""
    unit = "clips" if "bootstrap" in result.test else "divisions"
    about = f"{_verdict(result)}; {result.n:,} {unit}; {seeds}on training clips {trained}"
    return f"{bold(_signed(result.value))} {bounds}<small>{about}</small>"


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
