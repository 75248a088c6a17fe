"""Plots of the costs of networks, and of predictions over the course of a song."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullLocator, StrMethodFormatter

from mgrlib.compression.cost import pareto
from mgrlib.compression.listening import GenresOverTime
from mgrlib.errors import MgrError, explain
from mgrlib.plots.style import FAINT, INK, SERIES, describe, genre_styles, new_axes

N_NAMED = 5  # genres in color and in the legend; the others are gray


def plot_genres_over_time(prediction: GenresOverTime, *, ax: Axes | None = None) -> Axes:
    """Plot the probability of each genre over a song; the five most probable are in the legend.

    Each point is drawn at the middle of its window.
    """
    ax = new_axes(ax)
    strongest = list(prediction.overall)[:N_NAMED]
    styles = dict(zip(prediction.genres, genre_styles(prediction.genres), strict=True))
    for k, genre in enumerate(prediction.genres):
        look: dict[str, Any]
        if genre in strongest:
            look = {"color": styles[genre].color, "marker": styles[genre].marker, "label": genre}
        else:
            look = {"color": FAINT, "zorder": 1}
        ax.plot(prediction.middles, prediction.probs[:, k], ms=5, **look)
    xlim = (0, prediction.seconds)
    ax.set(xlabel="time (s)", ylabel="probability", ylim=(-0.02, 1.02), xlim=xlim)
    handles, names = ax.get_legend_handles_labels()
    order = [names.index(genre) for genre in strongest]
    ax.legend(
        [handles[i] for i in order],
        strongest,
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
    )
    best, mean = next(iter(prediction.overall.items()))
    words = f"over {prediction.seconds:.0f} s; {best} has the highest mean, {mean:.2f}"
    return describe(ax, f"Probability of {len(prediction.genres)} genres {words}.")


def plot_pareto(
    table: pd.DataFrame,
    cost: str,
    *,
    quantity: str,
    value: str = "accuracy",
    ax: Axes | None = None,
) -> Axes:
    """Plot systems by cost and accuracy, with the line of those that are worth their cost.

    A system is on the line if no system of equal or lower cost is as good. Only these systems have
    labels, which are taken from the table's index.

    Args:
        table: a row per system with the columns `cost` and `value`, and optionally `low` and
            `high`.
        cost: the column of costs, drawn on a logarithmic axis.
        quantity: what that axis measures, with its unit.
        value: the column for the vertical axis.
        ax: the axes; new ones by default.

    Raises:
        MgrError: if there is no row, or if a cost is not above 0.
    """
    if table.empty or not (table[cost] > 0).all():
        got = f"{len(table)} rows, costs from {table[cost].min() if len(table) else 'none'}"
        raise MgrError(explain("plot_pareto", "rows with costs above 0", got))
    ax = new_axes(ax, "standard")
    x, y = (table[name].to_numpy(dtype=float) for name in (cost, value))
    margins = None
    if {"low", "high"} <= set(table.columns):
        margins = np.maximum([y - table["low"], table["high"] - y], 0)
    front = pareto(list(x), list(y))
    ax.errorbar(x, y, yerr=margins, fmt="o", color=SERIES[0], ecolor=FAINT, ms=6, zorder=2)
    ax.step(x[front], y[front], where="post", color=SERIES[1], zorder=1, label="worth its cost")
    ax.plot(x[front], y[front], "D", color=SERIES[1], ms=8, zorder=3)
    for i in front:  # the line goes on to the right and up, except from the last one
        ax.annotate(
            str(table.index[i]),
            (x[i], y[i]),
            xytext=(6, 7 if i == front[-1] else -15),
            textcoords="offset points",
            fontsize=9,
        )
    ax.set(xscale="log", xlabel=quantity, ylabel=f"{value} (fraction of clips)")
    ax.margins(x=0.15)
    ax.legend(loc="lower right")
    names = ", ".join(str(table.index[i]) for i in front)
    text = f"{len(table)} systems by {quantity} and {value}; worth their cost, by rising cost"
    return describe(ax, f"{text}: {names}.")


def plot_shrinking(
    curves: Mapping[str, pd.DataFrame],
    *,
    x: str,
    quantity: str,
    level: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot accuracy against the degree of compression, with one line per method.

    Args:
        curves: for each method a table with the columns `x`, `value`, `low` and `high`; the
            interval of a single point is a line.
        x: the column for the horizontal, logarithmic axis.
        quantity: what that axis measures.
        level: the accuracy of the uncompressed network, drawn as a line.
        ax: the axes; new ones by default.
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
        band = (table[x], table["low"], table["high"])
        if len(table) == 1:
            ax.vlines(*band, color=look["color"], linewidth=1)
        else:
            ax.fill_between(*band, color=look["color"], alpha=0.1)
    if level is not None:
        ax.axhline(level, color=INK, linewidth=1, linestyle=":", label="whole network")
    ax.set(xscale="log", xlabel=quantity, ylabel="accuracy")
    ax.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_locator(NullLocator())  # its labels would overlap
    ax.legend(loc="lower left")
    words = "; ".join(
        f"{name} from {table['value'].max():.2f} to {table['value'].min():.2f}"
        for name, table in curves.items()
    )
    return describe(ax, f"Accuracy against {quantity}: {words}.")
