"""The table that closes every chapter: what the paper reports beside what we found."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import dataclass

from mgrlib.errors import MgrError, explain
from mgrlib.evaluation.intervals import three_digits
from mgrlib.page.html import Html, inline, plain

Interval = tuple[float, float]


@dataclass(frozen=True)
class ResultRow:
    """One system: its reported figure and ours, each with the protocol that gave it.

    Args:
        name: the system.
        reported: the paper's figure, as a proportion; None if it gives none.
        reported_protocol: where the figure stands and how it was measured, e.g.
            ``"table 1; 200 clips, one random split"``.
        replicated: ours, as a proportion; None while there is none.
        interval: ours from low to high, 95 %.
        n: the number of clips that ours was measured on.
        replicated_protocol: data set, split, seeds of ours.
        reported_interval: what the paper's figure is worth, if it can be said.

    Raises:
        MgrError: for a figure outside 0 to 1, or one of ours without its interval and number of
            clips.
    """

    name: str
    reported: float | None
    reported_protocol: str = ""
    replicated: float | None = None
    interval: Interval | None = None
    n: int | None = None
    replicated_protocol: str = ""
    reported_interval: Interval | None = None

    def __post_init__(self) -> None:
        where = f"ResultRow {self.name!r}"
        figures = [self.reported, self.replicated, *(self.interval or ())]
        for figure in [*figures, *(self.reported_interval or ())]:
            if figure is not None and not 0 <= figure <= 1:
                hint = "give .705, not 70.5."
                raise MgrError(explain(where, "proportions from 0 to 1", str(figure), hint))
        if self.replicated is not None and (self.interval is None or self.n is None):
            raise MgrError(explain(where, "an interval and `n` beside our figure", "a bare figure"))
        if self.interval and self.replicated is not None:
            low, high = self.interval
            if not low <= self.replicated <= high:
                got = f"{self.replicated} and {low} to {high}"
                raise MgrError(explain(where, "our figure within its interval", got))


def results_table(
    rows: Sequence[ResultRow],
    *,
    caption: str,
    metric: str = "accuracy",
    chance: float | None = None,
) -> Html:
    """Reported beside replicated, with a drawing of both on one scale from 0 to 1.

    Args:
        rows: one a system.
        caption: what is compared, and with what reservation.
        metric: what the figures are.
        chance: what guessing would give, drawn as a line.

    >>> row = ResultRow("ShallowCNN", .705, "table 1", .62, (.52, .71), 100, "mini set, 5 folds")
    >>> results_table([row], caption="Luo (2021) and ours.")
    table: 1 system, reported beside replicated
    """
    if not rows:
        raise MgrError(explain("results_table", "at least one row", "none"))
    heads = ("system", f"reported {plain(metric)}", f"replicated {plain(metric)}", "on one scale")
    header = "".join(f'<th role="columnheader" scope="col">{head}</th>' for head in heads)
    body = "".join(_row(row, heads, chance) for row in rows)
    key = (
        '<span class="mgr-key-reported">reported</span> '
        '<span class="mgr-key-ours">replicated, 95 % interval</span>'
    )
    if chance is not None:
        key += f' <span class="mgr-key-chance">chance, {three_digits(chance)}</span>'
    table = (
        f'<div class="mgr-results" role="region" aria-label="{html.escape(caption)}" tabindex="0">'
        f'<table role="table"><caption>{inline(caption)}<br>{key}</caption>'
        f'<thead role="rowgroup"><tr role="row">{header}</tr></thead>'
        f'<tbody role="rowgroup">{body}</tbody></table></div>'
    )
    count = f"{len(rows)} system{'s' if len(rows) > 1 else ''}"
    return Html(table, f"table: {count}, reported beside replicated")


def _row(row: ResultRow, heads: Sequence[str], chance: float | None) -> str:
    reported = _figure(row.reported, row.reported_interval, None, "not given")
    replicated = _figure(row.replicated, row.interval, row.n, "not yet run")
    protocols = (row.reported_protocol, row.replicated_protocol)
    cells = "".join(
        f'<td role="cell" data-head="{head}">{figure}'
        + (f"<small>{inline(protocol)}</small>" if protocol else "")
        + "</td>"
        for head, figure, protocol in zip(
            heads[1:], (reported, replicated), protocols, strict=False
        )
    )
    name = f'<th role="rowheader" scope="row">{inline(row.name)}</th>'
    return f'<tr role="row">{name}{cells}<td role="cell">{_drawing(row, chance)}</td></tr>'


def _figure(value: float | None, interval: Interval | None, n: int | None, otherwise: str) -> str:
    """One figure with its interval and number of clips, or what stands in its place."""
    if value is None:
        return f'<span class="mgr-none">{otherwise}</span>'
    text = f'<b class="mgr-figure">{three_digits(value)}</b>'
    if interval is not None:
        text += f" <span>[{three_digits(interval[0])}, {three_digits(interval[1])}]</span>"
    return text + (f" <span>on {n:,} clips</span>" if n is not None else "")


def _drawing(row: ResultRow, chance: float | None) -> str:
    """Both figures on a line from 0 to 1: a hollow diamond reported, a dot with whiskers ours."""

    def x(value: float) -> str:
        return f"{4 + 152 * value:.1f}"

    parts, words = [f'<path class="mgr-axis" d="M{x(0)} 20H{x(1)}"/>'], []
    if chance is not None:
        parts.append(f'<path class="mgr-chance" d="M{x(chance)} 3V21"/>')
    if row.interval is not None:
        low, high = row.interval
        parts.append(f'<path class="mgr-whisker" d="M{x(low)} 11H{x(high)}"/>')
    if row.replicated is not None:
        parts.append(f'<circle class="mgr-dot" cx="{x(row.replicated)}" cy="11" r="4"/>')
        words.append(f"replicated {three_digits(row.replicated)}")
    if row.reported is not None:
        centre = x(row.reported)
        parts.append(f'<path class="mgr-diamond" d="M{centre} 5l6 6-6 6-6-6z"/>')
        words.insert(0, f"reported {three_digits(row.reported)}")
    label = plain(f"{row.name}: {', '.join(words) or 'no figures'}")
    return f'<svg viewBox="0 0 160 24" role="img" aria-label="{label}">{"".join(parts)}</svg>'
