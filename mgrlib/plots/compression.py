"""Pictures of what a network costs, and of what it says of a song as time goes by."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mgrlib.compression.cost import pareto
from mgrlib.compression.listening import GenresOverTime
from mgrlib.errors import MgrError, explain
from mgrlib.plots.style import FAINT, INK, SERIES, described, genre_styles, new_axes

__all__ = ["plot_genres_over_time", "plot_pareto", "plot_shrinking"]

SHOWN = 5  # genres with a line of their own; the others of a song are seldom worth one


def plot_genres_over_time(heard: GenresOverTime, *, ax: Axes | None = None) -> Axes:
    """The probability of each genre over a song, one line a genre, the five strongest with a name.

    A point stands at the middle of its window.
    """
    ax = new_axes(ax)
    strongest = list(heard.overall)[:SHOWN]
    styles = dict(zip(heard.genres, genre_styles(heard.genres), strict=True))
    for k, genre in enumerate(heard.genres):
        look: dict[str, Any]
        if genre in strongest:
            look = {"color": styles[genre].colour, "marker": styles[genre].marker, "label": genre}
        else:
            look = {"color": FAINT, "zorder": 1}
        ax.plot(heard.middles, heard.probs[:, k], ms=5, **look)
    ax.set(xlabel="time (s)", ylabel="probability", ylim=(-0.02, 1.02), xlim=(0, heard.seconds))
    handles, names = ax.get_legend_handles_labels()
    order = [names.index(genre) for genre in strongest]
    ax.legend(
        [handles[i] for i in order],
        strongest,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )
    first, share = next(iter(heard.overall.items()))
    words = f"over {heard.seconds:.0f} s; {first} has the highest mean, {share:.2f}"
    return described(ax, f"Probability of {len(heard.genres)} genres {words}.")


def plot_pareto(
    table: pd.DataFrame,
    cost: str,
    *,
    quantity: str,
    value: str = "accuracy",
    ax: Axes | None = None,
) -> Axes:
    """Systems by what they cost and what they achieve, and the line of those worth their cost.

    A system is on the line if nothing as cheap or cheaper is as good. Only those have their names
    beside them; the names are the table's index.

    Args:
        table: a row a system with `cost` and `value`, and `low` and `high` if intervals are known.
        cost: a column, drawn on a logarithmic axis.
        quantity: what that axis measures, with its unit.

    Raises:
        MgrError: no row, or a cost that has no logarithm.
    """
    if table.empty or not (table[cost] > 0).all():
        got = f"{len(table)} rows, costs from {table[cost].min() if len(table) else 'none'}"
        raise MgrError(explain("plot_pareto", "rows with costs above 0", got))
    ax = new_axes(ax, "standard")
    x, y = (table[name].to_numpy(dtype=float) for name in (cost, value))
    reach = None
    if {"low", "high"} <= set(table.columns):
        reach = np.maximum([y - table["low"], table["high"] - y], 0)
    front = pareto(list(x), list(y))
    ax.errorbar(x, y, yerr=reach, fmt="o", color=SERIES[0], ecolor=FAINT, ms=6, zorder=2)
    ax.step(x[front], y[front], where="post", color=SERIES[1], zorder=1, label="worth its cost")
    ax.plot(x[front], y[front], "D", color=SERIES[1], ms=8, zorder=3)
    for i in front:
        ax.annotate(
            str(table.index[i]),
            (x[i], y[i]),
            xytext=(6, 7),
            textcoords="offset points",
            fontsize=9,
        )
    ax.set(xscale="log", xlabel=quantity, ylabel=f"{value} (share of clips)")
    ax.margins(x=0.15)
    ax.legend(loc="lower right")
    named = ", ".join(str(table.index[i]) for i in front)
    text = f"{len(table)} systems by {quantity} and {value}; worth their cost, from cheap to dear"
    return described(ax, f"{text}: {named}.")


def plot_shrinking(
    curves: Mapping[str, pd.DataFrame],
    *,
    x: str,
    quantity: str,
    level: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy against how much smaller a network became, a line a way of doing it.

    Args:
        curves: for each way a table with the column `x`, and `value`, `low` and `high`.
        quantity: what the horizontal, logarithmic axis measures.
        level: the accuracy of the whole network, drawn as a line.
    """
    ax = new_axes(ax, "standard")
    markers: Sequence[str] = ("o", "D", "s", "^", "v", "P")
    for i, (name, table) in enumerate(curves.items()):
        table = table.sort_values(x)
        look: dict[str, Any] = {
            "color": SERIES[i % len(SERIES)],
            "marker": markers[i % len(markers)],
            "ms": 6,
        }
        ax.plot(table[x], table["value"], label=name, linestyle="-" if i < 4 else "--", **look)
        ax.fill_between(
            table[x], table["low"], table["high"], color=SERIES[i % len(SERIES)], alpha=0.1
        )
    if level is not None:
        ax.axhline(level, color=INK, linewidth=1, linestyle=":", label="whole network")
    ax.set(xscale="log", xlabel=quantity, ylabel="accuracy")
    ax.legend(loc="lower left")
    words = "; ".join(
        f"{name} from {table['value'].max():.2f} to {table['value'].min():.2f}"
        for name, table in curves.items()
    )
    return described(ax, f"Accuracy against {quantity}: {words}.")
