"""What tables of results are made of: figures, cells, and the table around them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from math import isnan

from mgrlib.experiments.compare import unfinished
from mgrlib.experiments.ledger import Printed
from mgrlib.experiments.record import Record
from mgrlib.page.html import inline, plain


def figure(value: float, metric: str) -> str:
    """Format a number for a table: fractions with three decimals, others with three digits.

    >>> figure(0.705, "accuracy"), figure(3.3, "compression ratio"), figure(0.1488, "seconds")
    ('.705', '3.30', '0.149')
    """
    from mgrlib.evaluation.intervals import three_digits

    if is_fraction(value, metric):
        return three_digits(value)
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:#.3g}".rstrip(".")


def is_fraction(value: float, metric: str) -> bool:
    """Whether a number of that metric has a place on a scale from 0 to 1."""
    other_metrics = ("second", "ratio", "loss")
    return 0 <= value <= 1 and not any(word in metric for word in other_metrics)


def bold(text: str) -> str:
    """The figure that a cell is about."""
    return f'<b class="mgr-figure">{text}</b>'


def none(text: str) -> str:
    """A cell without a number, which says why."""
    return f'<span class="mgr-none">{inline(text)}</span>'


def printed_number(entry: Printed) -> str:
    """A printed number with its interval, metric, number of clips, place and protocol."""
    metric_inferred, n_inferred, split_inferred = (
        " (our inference)" if name in entry.inferred else "" for name in ("metric", "n", "split")
    )
    unit = entry.unit.removesuffix("s") if entry.n == 1 else entry.unit
    n = "" if entry.n is None else f" on {entry.n:,} {unit}{n_inferred}"
    split = f"; {inline(entry.split)}{split_inferred}" if entry.split else ""
    about = f"{inline(entry.metric)}{metric_inferred}{n}, {inline(entry.place)}{split}"
    return f"{bold(figure(entry.value, entry.metric))}{_wilson(entry)}<small>{about}</small>"


def _wilson(entry: Printed) -> str:
    """The interval of a printed accuracy, if it has one."""
    if "accuracy" not in entry.metric:
        return ""
    interval = entry.interval()
    return "" if isnan(interval.low) else _bounds(interval.low, interval.high, entry.metric)


def unit_of(record: Record) -> str:
    """What a record's number of clips counts; the pieces of songs are called frames."""
    unit = record.get("unit")
    return unit if unit in ("frames", "songs") else "clips"


def clips_of(record: Record) -> str:
    """How many clips a record counts, and by how many artists where that is known."""
    if record.n is None:
        return ""
    text = f"{record.n:,} {unit_of(record)}"
    n_artists = record.get("n_groups")
    return f"{text} by {n_artists:,} artists" if n_artists else text


def record_cell(record: Record, before: Sequence[str], after: Sequence[str] = ()) -> str:
    """A measured number with its interval, seeds and accuracy on the training clips.

    Args:
        before, after: what else is said of it, before the seeds and at the end.
    """
    text = bold(figure(record.value, record.metric))
    if record.low is not None and record.high is not None:
        text += _bounds(record.low, record.high, record.metric)
    parts = [*before, "1 seed" if len(record.seeds) == 1 else f"{len(record.seeds)} seeds"]
    reason = unfinished(record)
    if record.train_accuracy is not None and not reason:
        parts.append(f"{figure(record.train_accuracy, 'accuracy')} on the training clips")
    mark = f'<small class="mgr-unfinished">{inline(reason)}</small>' if reason else ""
    return f"{text}<small>{inline('; '.join([*parts, *after]))}</small>{mark}"


def _bounds(low: float, high: float, metric: str) -> str:
    return f" <span>[{figure(low, metric)}, {figure(high, metric)}]</span>"


def table(
    caption: str, heads: Sequence[str], rows: Iterable[tuple[str, Sequence[str]]], key: str = ""
) -> str:
    """A table that can be scrolled, and that narrow screens show as one block per row.

    Args:
        caption: what is compared.
        heads: of the names and of each column.
        rows: the name and the cells of each row, as HTML.
        key: of the signs in the table, as HTML.
    """
    header = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in heads)
    body = []
    for name, cells in rows:
        columns = zip(heads[1:], cells, strict=True)
        texts = (f'<td role="cell" data-head="{head}">{cell}</td>' for head, cell in columns)
        row = f'<th role="rowheader" scope="row">{name}</th>{"".join(texts)}'
        body.append(f'<tr role="row">{row}</tr>')
    return (
        f'<div class="mgr-results" role="region" aria-label="{plain(caption)}" tabindex="0">'
        f'<table role="table"><caption>{inline(caption)}{key}</caption>'
        f'<thead role="rowgroup"><tr role="row">{header}</tr></thead>'
        f'<tbody role="rowgroup">{"".join(body)}</tbody></table></div>'
    )
