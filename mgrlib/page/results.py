"""Tables that compare the results in papers with our measurements, from records to a page."""

from __future__ import annotations

import html
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mgrlib import papers
from mgrlib.errors import MgrError, explain
from mgrlib.experiments.compare import Caveat, Comparison, Pair, unfinished
from mgrlib.experiments.ledger import Printed
from mgrlib.experiments.record import Record
from mgrlib.page.html import Html, inline, plain

__all__ = ["figure", "printed_number", "results_table", "scoreboard"]

HEADS = ("what", "reported", "measured by us, 95 % interval", "on one scale")


@dataclass(frozen=True)
class _Row:
    """One row of a table, as HTML."""

    name: str
    reported: str
    measured: str
    drawing: str

    def html(self) -> str:
        cells = "".join(
            f'<td role="cell" data-head="{head}">{cell}</td>'
            for head, cell in zip(HEADS[1:3], (self.reported, self.measured), strict=True)
        )
        name = f'<th role="rowheader" scope="row">{self.name}</th>'
        return f'<tr role="row">{name}{cells}<td role="cell">{self.drawing}</td></tr>'


def results_table(
    comparison: Comparison, *, caption: str = "", chance: float | None = None
) -> Html:
    """Return a table of reported and measured results, with both on one scale from 0 to 1.

    Args:
        comparison: the result of `mgrlib.papers.compare`, or some of its rows.
        caption: what is compared, with its limitations.
        chance: the accuracy of guessing, drawn as a line.

    Raises:
        MgrError: if there is no row.
    """
    if not len(comparison):
        hint = "`papers.compare(paper)` without `data` shows what there is."
        raise MgrError(explain("results_table", "at least one row", "none", hint))
    rows = _merge_rows([_table_row(pair, chance) for pair in comparison], list(comparison))
    text = caption or "Reported beside measured"
    table = _table(text, rows, chance) + _caveats(comparison.caveats(papers.caveats()))
    return Html(table, f"table: {len(rows)} rows, reported beside measured")


def scoreboard(paper: str, *, results: Path | None = None) -> Html:
    """Return a table of every result that a paper prints, with our measurements.

    It contains only those rows of a study for which the paper prints a number; `mgrlib compare`
    shows all rows. Printed results that none of our runs measures (single trials, numbers cited
    from other papers) follow in a second table, which the reader can open.

    Args:
        paper: its key.
        results: a folder of your own results, which are shown next to the book's and marked.

    Raises:
        RecipeError: if there is no such paper, or if the folder has no results of it.
    """
    pairs = [
        pair
        for pair in papers.compare(paper, results=results)
        if pair.listed.kind == "recipe" or pair.printed
    ]
    rows = _merge_rows([_table_row(pair, None) for pair in pairs], pairs)
    n_printed = len({id(pair.printed) for pair in pairs if pair.printed})
    table = _table(f"{plain(paper)}: {n_printed} printed results", rows, None)
    table += _caveats(Comparison(tuple(pairs)).caveats(papers.caveats()))
    unmeasured = [entry for entry in papers.printed(paper) if entry.metric and not entry.source]
    return Html(table + _details(unmeasured), f"scoreboard of {paper}: {len(rows)} rows")


def _merge_rows(rows: Sequence[_Row], pairs: Sequence[Pair]) -> list[_Row]:
    """Show the name and the printed number only once for several records."""
    keys = [(pair.listed.name, pair.title, id(pair.printed)) for pair in pairs]
    return [
        replace(row, name="", reported="") if i and keys[i] == keys[i - 1] else row
        for i, row in enumerate(rows)
    ]


def _table_row(pair: Pair, chance: float | None) -> _Row:
    name = f"{inline(pair.title)}<small>{inline(pair.listed.name)}</small>"
    return _Row(name, _reported_cell(pair), _measured_cell(pair), _drawing(pair, chance))


def _reported_cell(pair: Pair) -> str:
    if pair.printed is None:
        return '<span class="mgr-none">not in the paper</span>'
    return printed_number(pair.printed)


def printed_number(entry: Printed) -> str:
    """A printed number with its interval, metric, number of clips, place and protocol."""
    n_inferred, split_inferred = (
        " (our inference)" if name in entry.inferred else "" for name in ("n", "split")
    )
    unit = entry.unit.removesuffix("s") if entry.n == 1 else entry.unit
    n = "" if entry.n is None else f" on {entry.n:,} {unit}{n_inferred}"
    split = f"; {inline(entry.split)}{split_inferred}" if entry.split else ""
    about = f"{inline(entry.metric)}{n}, {inline(entry.place)}{split}"
    return f"{_bold(entry.value, entry.metric)}{_wilson(entry)}<small>{about}</small>"


def _wilson(entry: Printed) -> str:
    """Wilson's interval of a printed accuracy, if the number of clips is known."""
    if entry.n is None or "accuracy" not in entry.metric:
        return ""
    from mgrlib.evaluation.intervals import wilson

    bounds = wilson(round(entry.value * entry.n), entry.n)
    low, high = (figure(bound, entry.metric) for bound in (bounds.low, bounds.high))
    return f" <span>[{low}, {high}]</span>"


def _measured_cell(pair: Pair) -> str:
    record = pair.record
    if record is None:
        return f'<span class="mgr-none">{inline(pair.not_run)}</span>'
    text = _bold(record.value, record.metric)
    if record.low is not None and record.high is not None:
        bounds = (figure(bound, record.metric) for bound in (record.low, record.high))
        text += f" <span>[{', '.join(bounds)}]</span>"
    seeds = "1 seed" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds"
    parts = _metric_words(pair)
    parts.append(
        record.data["name"] + ("" if record.n is None else f", {record.n:,} {_unit(record)}")
    )
    parts += [record.protocol] if record.protocol else []
    parts.append(seeds)
    if record.train_accuracy is not None and not unfinished(record):
        parts.append(f"{figure(record.train_accuracy, 'accuracy')} on the training clips")
    parts += [f"{name} {value}" for name, value in record.changes.items()]
    parts += [] if pair.current else ["by an older version"]
    parts += ["your run"] if pair.own else []
    reason = unfinished(record)
    mark = f'<small class="mgr-unfinished">{inline(reason)}</small>' if reason else ""
    return f"{text}<small>{inline('; '.join(parts))}</small>{mark}"


def _metric_words(pair: Pair) -> list[str]:
    """What was measured, where it is no accuracy or the paper's number is of another kind."""
    record, printed = pair.record, pair.printed
    assert record is not None
    if record.metric != "accuracy":
        return [inline(record.metric)]
    alike = printed is None or printed.metric.endswith("accuracy")
    return [] if alike else [f"accuracy of {_unit(record)}"]


def _unit(record: Record) -> str:
    """What a record's number of clips counts; the pieces of songs are called frames."""
    unit = record.get("unit")
    return unit if unit in ("frames", "songs") else "clips"


def _bold(value: float, metric: str) -> str:
    return f'<b class="mgr-figure">{figure(value, metric)}</b>'


def figure(value: float, metric: str) -> str:
    """Format a number for a table: fractions with three decimals, others with three digits.

    >>> figure(0.705, "accuracy"), figure(3.3, "compression ratio"), figure(0.1488, "seconds")
    ('.705', '3.30', '0.149')
    """
    from mgrlib.evaluation.intervals import three_digits

    if _is_fraction(value, metric):
        return three_digits(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def _is_fraction(value: float, metric: str) -> bool:
    other_metrics = ("second", "ratio", "loss")
    return 0 <= value <= 1 and not any(word in metric for word in other_metrics)


def _table(caption: str, rows: Iterable[_Row], chance: float | None) -> str:
    header = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in HEADS)
    key = (
        '<span class="mgr-key-reported">reported</span> '
        '<span class="mgr-key-ours">measured, 95 % interval</span>'
    )
    if chance is not None:
        key += f' <span class="mgr-key-chance">chance, {figure(chance, "accuracy")}</span>'
    return (
        f'<div class="mgr-results" role="region" aria-label="{html.escape(caption)}" tabindex="0">'
        f'<table role="table"><caption>{inline(caption)}<br>{key}</caption>'
        f'<thead role="rowgroup"><tr role="row">{header}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(row.html() for row in rows)}</tbody></table></div>'
    )


def _caveats(caveats: Sequence[Caveat]) -> str:
    """Under a table, which of its rows differ in more than their systems; "" without any."""
    if not caveats:
        return ""
    sources_by_reason: dict[str, list[str]] = {}
    for caveat in caveats:
        sources = ", ".join(source.split("/")[1] for source in caveat.sources)
        sources_by_reason.setdefault(caveat.why, []).append(sources)
    items = "".join(
        f"<li><b>{inline('; '.join(sources))}</b>: {inline(why)}</li>"
        for why, sources in sources_by_reason.items()
    )
    head = "Rows that differ in more than their systems"
    return f"<details open><summary>{head}</summary><ul>{items}</ul></details>"


def _details(entries: Sequence[Printed]) -> str:
    """A table of printed results without a measurement, which the reader can open."""
    if not entries:
        return ""
    heads = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in HEADS[:2])
    body = "".join(
        f'<tr role="row"><th role="rowheader" scope="row">{inline(entry.what)}</th>'
        f'<td role="cell" data-head="{HEADS[1]}">{printed_number(entry)}</td></tr>'
        for entry in entries
    )
    caption = f"{len(entries)} printed results that no run of ours measures"
    table = (
        f'<div class="mgr-results" role="region" aria-label="{caption}" tabindex="0">'
        f'<table role="table"><caption>{caption}</caption>'
        f'<thead role="rowgroup"><tr role="row">{heads}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )
    return f"<details><summary>{caption}</summary>{table}</details>"


def _drawing(pair: Pair, chance: float | None) -> str:
    """Draw both numbers on a line from 0 to 1: reported as a diamond, measured as a dot."""
    record, printed = pair.record, pair.printed
    metric = record.metric if record else printed.metric if printed else "accuracy"
    values = [entry.value for entry in (record, printed) if entry is not None]
    values = [value for value in values if math.isfinite(value)]
    if not values or not all(_is_fraction(value, metric) for value in values):
        return ""
    parts, words = [f'<path class="mgr-axis" d="M{_x(0)} 20H{_x(1)}"/>'], []
    if chance is not None:
        parts.append(f'<path class="mgr-chance" d="M{_x(chance)} 3V21"/>')
    if printed is not None:
        words.append(f"reported {figure(printed.value, metric)}")
    if record is not None:
        if record.low is not None and record.high is not None:
            low, high = max(record.low, 0.0), min(record.high, 1.0)
            parts.append(f'<path class="mgr-whisker" d="M{_x(low)} 11H{_x(high)}"/>')
        parts.append(f'<circle class="mgr-dot" cx="{_x(record.value)}" cy="11" r="4"/>')
        words.append(f"measured {figure(record.value, metric)}")
    if printed is not None:
        parts.append(f'<path class="mgr-diamond" d="M{_x(printed.value)} 5l6 6-6 6-6-6z"/>')
    label = plain(f"{pair.title}: {', '.join(words)}")
    return f'<svg viewBox="0 0 160 24" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _x(value: float) -> str:
    """The horizontal position of a fraction in the drawing."""
    return f"{4 + 152 * value:.1f}"
