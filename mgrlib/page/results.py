"""Tables that compare the results in papers with our measurements, from records to a page."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from pathlib import Path

from mgrlib import papers
from mgrlib.errors import MgrError, explain
from mgrlib.experiments.compare import Caveat, Comparison, Pair
from mgrlib.experiments.ledger import Printed
from mgrlib.page.html import Html, folded, inline, plain
from mgrlib.page.tables import (
    clips_of,
    figure,
    is_fraction,
    none,
    printed_number,
    record_cell,
    table,
    unit_of,
)

HEADS = ("what", "reported", "measured by us, 95 % interval", "on one scale")


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
    text = caption or "Reported beside measured"
    body = _table(text, comparison, chance) + _caveats(comparison.caveats(papers.caveats()))
    return Html(body, f"table: {len(comparison)} rows, reported beside measured")


def scoreboard(paper: str, *, results: Path | None = None) -> Html:
    """Return a table of every result that a paper prints, with our measurements.

    It contains only those rows of a study for which the paper prints a number; `mgrlib compare`
    shows all rows. Printed results that none of our runs measures (single trials, numbers cited
    from other papers) follow in a second table, and the commands that measure the rows again in a
    list; the reader can open both.

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
    n_printed = len({id(pair.printed) for pair in pairs if pair.printed})
    body = _table(f"{paper}: {n_printed} printed results", pairs, None)
    body += _caveats(Comparison(tuple(pairs)).caveats(papers.caveats()))
    unmeasured = [entry for entry in papers.printed(paper) if entry.metric and not entry.source]
    body += _details(paper, unmeasured) + run_commands(pairs).body
    return Html(body, f"scoreboard of {paper}: {len(pairs)} rows")


def run_commands(pairs: Iterable[Pair]) -> Html:
    """Return a list, which the reader can open, of the commands that measure rows again.

    Words in capitals stand for paths.
    """
    texts = list(dict.fromkeys(pair.command for pair in pairs if pair.command))
    lines = "\n".join(plain(text) for text in texts)
    words = f"{len(texts)} commands that measure these rows again"
    return Html(folded(words, f'<pre class="mgr-commands" tabindex="0">{lines}</pre>'), words)


Row = tuple[str, Sequence[str]]


def _rows(pairs: Sequence[Pair], chance: float | None) -> list[Row]:
    """The rows of a table; several records of one number show its name and itself only once."""
    rows: list[Row] = []
    shown: tuple[object, ...] = ()
    for pair in pairs:
        key = (pair.listed.name, pair.title, id(pair.printed))
        name = f"{inline(pair.title)}<small>{inline(pair.listed.name)}</small>"
        names = ("", "") if key == shown else (name, _reported_cell(pair))
        rows.append((names[0], (names[1], _measured_cell(pair), _drawing(pair, chance))))
        shown = key
    return rows


def _reported_cell(pair: Pair) -> str:
    if pair.printed is None:
        return none("not in the paper")
    return printed_number(pair.printed)


def _measured_cell(pair: Pair) -> str:
    record = pair.record
    if record is None:
        return none(pair.not_run)
    clips = clips_of(record)
    before = [*_metric_words(pair), record.data["name"] + (clips and f", {clips}")]
    before += [record.protocol] if record.protocol else []
    after = [f"{name} {value}" for name, value in record.changes.items()]
    after += [] if pair.current else ["by an older version"]
    after += ["your run"] if pair.own else []
    return record_cell(record, before, after)


def _metric_words(pair: Pair) -> list[str]:
    """What was measured, where it is no accuracy or the paper's number is of another kind."""
    record, printed = pair.record, pair.printed
    assert record is not None
    if record.metric != "accuracy":
        return [record.metric]
    alike = printed is None or printed.metric.endswith("accuracy")
    return [] if alike else [f"accuracy of {unit_of(record)}"]


def _table(caption: str, pairs: Sequence[Pair], chance: float | None) -> str:
    key = (
        '<br><span class="mgr-key-reported">reported</span> '
        '<span class="mgr-key-ours">measured, 95 % interval</span>'
    )
    if chance is not None:
        key += f' <span class="mgr-key-chance">chance, {figure(chance, "accuracy")}</span>'
    return table(caption, HEADS, _rows(pairs, chance), key)


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


def _details(paper: str, entries: Sequence[Printed]) -> str:
    """A table of printed results without a measurement, which the reader can open."""
    if not entries:
        return ""
    caption = f"{len(entries)} printed results that no run of ours measures"
    rows = [(inline(entry.what), [printed_number(entry)]) for entry in entries]
    return folded(caption, table(f"{paper}: {caption}", HEADS[:2], rows))


def _drawing(pair: Pair, chance: float | None) -> str:
    """Draw both numbers on a line from 0 to 1: reported as a diamond, measured as a dot."""
    record, printed = pair.record, pair.printed
    metric = record.metric if record else printed.metric if printed else "accuracy"
    values = [entry.value for entry in (record, printed) if entry is not None]
    values = [value for value in values if math.isfinite(value)]
    if not values or not all(is_fraction(value, metric) for value in values):
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
