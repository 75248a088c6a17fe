"""Figures with one row per system and one mark per result, in HTML that fits every screen."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from mgrlib.errors import MgrError, explain
from mgrlib.evaluation.intervals import Interval, three_digits
from mgrlib.page.html import Html, inline, plain

# The shapes differ, so that the series can be told apart in gray. Each path is drawn around (0, 0).
CIRCLE = "M-4 0a4 4 0 1 0 8 0a4 4 0 1 0-8 0z"
MARKS = (
    ("mgr-diamond", "M0-5l5 5-5 5-5-5z"),
    ("mgr-ring", CIRCLE),
    ("mgr-dot", CIRCLE),
    ("mgr-square", "M-3.5-3.5h7v7h-7z"),
)
STEP = 8  # pixels between the lines of two series
MARGIN = 0.03  # fraction of the width that stays free at each end, for marks and numbers there


@dataclass(frozen=True)
class Axis:
    """The horizontal axis of `dot_figure`.

    Args:
        quantity: what it measures, with its unit.
        low, high: its range; what lies outside is drawn at its end.
        line: name and position of a vertical line, such as chance.
    """

    quantity: str = "accuracy (fraction of clips)"
    low: float = 0.0
    high: float = 1.0
    line: tuple[str, float] | None = None

    def x(self, value: float) -> str:
        """The position of a value, as a percentage of the width."""
        part = (min(max(value, self.low), self.high) - self.low) / (self.high - self.low)
        return f"{100 * (MARGIN + (1 - 2 * MARGIN) * part):.1f}%"

    def ticks(self) -> list[float]:
        """Round values in the range, a fifth apart, or a tenth if the range is small.

        >>> Axis(low=-0.25, high=0.1).ticks()
        [-0.2, -0.1, 0.0, 0.1]
        """
        step = 5 if self.high - self.low > 0.8 else 10  # per unit
        first = math.ceil(self.low * step - 1e-9)
        return [k / step for k in range(first, math.floor(self.high * step + 1e-9) + 1)]


@dataclass(frozen=True)
class DotRow:
    """A row of `dot_figure`.

    Args:
        name: what the results are of.
        values: results by the name of their series; those without bounds get no line.
        note: what else there is to say about the row, in small print.
    """

    name: str
    values: Mapping[str, Interval] = field(default_factory=dict)
    note: str = ""


def dot_figure(
    groups: Mapping[str, Sequence[DotRow]],
    series: Sequence[str],
    *,
    axis: Axis | None = None,
    caption: str = "",
) -> Html:
    """Draw the results of each row on one axis, with their intervals as lines.

    Screen readers read each row with its numbers. On a narrow screen, the name of a row stands
    above its drawing.

    Args:
        groups: rows by heading.
        series: the names of at most four series, in the order of their lines.
        axis: the horizontal axis; accuracies from 0 to 1 by default.
        caption: what the figure shows, in a sentence or two.

    Raises:
        MgrError: if there are no rows, or more series than marks.
    """
    axis = axis or Axis()
    n_rows = sum(map(len, groups.values()))
    if not n_rows or not 0 < len(series) <= len(MARKS):
        expected = f"rows, and 1 to {len(MARKS)} series"
        got = f"{n_rows} rows, {len(series)} series"
        raise MgrError(explain("dot_figure", expected, got))
    parts = [f"<p>{_key(series, axis)}</p>"]
    for heading, rows in groups.items():
        parts.append(f'<div class="mgr-row"><b>{inline(heading)}</b>{_scale(axis)}</div>')
        items = "".join(_item(row, series, axis) for row in rows)
        parts.append(f'<ul role="list" aria-label="{plain(heading)}">{items}</ul>')
    parts.append(f"<figcaption>{inline(caption)}</figcaption>" if caption else "")
    body = f'<figure class="mgr-dots">{"".join(parts)}</figure>'
    return Html(body, f"figure: {n_rows} rows with {', '.join(series)}")


def _key(series: Sequence[str], axis: Axis) -> str:
    """What the axis measures, and what the marks stand for."""
    parts = []
    for name, (kind, path) in zip(series, MARKS, strict=False):
        mark = f'<path class="{kind}" d="{path}"/>'
        sketch = f'<svg viewBox="-6 -6 12 12" aria-hidden="true">{mark}</svg>'
        parts.append(f"<span>{sketch}\N{NO-BREAK SPACE}{inline(name)}</span>")
    if axis.line is not None:
        parts.append(f'<span class="mgr-key-chance">{inline(axis.line[0])}</span>')
    return f"{inline(axis.quantity)}, with 95 % intervals:<br>{' '.join(parts)}"


def _scale(axis: Axis) -> str:
    ticks = [f'<text x="{axis.x(t)}" y="12">{_short(t)}</text>' for t in axis.ticks()]
    return f'<svg height="16" aria-hidden="true">{"".join(ticks)}</svg>'


def _item(row: DotRow, series: Sequence[str], axis: Axis) -> str:
    lines = [("mgr-axis", tick) for tick in axis.ticks()]
    lines += [("mgr-chance", axis.line[1])] if axis.line is not None else []
    parts = [
        f'<line class="{kind}" x1="{axis.x(at)}" x2="{axis.x(at)}" y1="0" y2="100%"/>'
        for kind, at in lines
    ]
    words = []
    for i, name in enumerate(series):
        if name in row.values:
            parts.append(_mark(row.values[name], MARKS[i], STEP * (i + 1), axis))
            words.append(f"{name} {_in_words(row.values[name])}")
    label = plain(f"{row.name}: {'; '.join(words) or 'no result'}")
    note = f"<small>{inline(row.note)}</small>" if row.note else ""
    return (
        f'<li class="mgr-row"><span>{inline(row.name)}{note}</span>'
        f'<svg height="{STEP * (len(series) + 1)}" role="img" aria-label="{label}">'
        f"{''.join(parts)}</svg></li>"
    )


def _mark(value: Interval, mark: tuple[str, str], y: int, axis: Axis) -> str:
    kind, path = mark
    line = ""
    if _has_bounds(value):
        ends = f'x1="{axis.x(value.low)}" x2="{axis.x(value.high)}"'
        line = f'<line class="{kind}" {ends} y1="{y}" y2="{y}"/>'
    place = f'<svg x="{axis.x(value.value)}" y="{y}" overflow="visible">'
    return f'{line}{place}<path class="{kind}" d="{path}"/></svg>'


def _in_words(value: Interval) -> str:
    bounds = f"{three_digits(value.low)} to {three_digits(value.high)}"
    return three_digits(value.value) + (f", interval {bounds}" if _has_bounds(value) else "")


def _has_bounds(value: Interval) -> bool:
    return math.isfinite(value.low) and math.isfinite(value.high)


def _short(value: float) -> str:
    """The number at a tick.

    >>> _short(0.2), _short(-0.1), _short(0.0), _short(1.0)
    ('.2', '−.1', '0', '1')
    """
    text = f"{abs(value):.1f}".removeprefix("0").removesuffix(".0") or "0"
    return "\N{MINUS SIGN}" + text if value < 0 else text
