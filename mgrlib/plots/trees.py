"""Plots of trees of genres."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from mgrlib.evaluation.intervals import Interval, three_digits
from mgrlib.models.tree import Tree
from mgrlib.plots.style import FAINT, INK, PAPER, describe, genre_styles, new_axes

LINE_HEIGHT = 0.42  # inches per genre
BAR = "#8fb0d3"  # light, so that the whisker on it can be seen


def plot_tree(
    tree: Tree,
    values: Mapping[str, Interval | float] | None = None,
    *,
    prefix: str = "",
    ax: Axes | None = None,
) -> Axes:
    """Plot a tree from left to right, with the names of the nodes and the genres in their colors.

    Args:
        tree: the tree.
        values: the accuracies of nodes by name, shown below the node's name as a number and as a
            bar; an interval adds a whisker.
        prefix: a text before each node's name, such as "LSTM".
        ax: the axes; new ones by default.
    """
    if ax is None:
        ax = new_axes(None)
        height = 0.5 + LINE_HEIGHT * len(tree.genres)
        ax.figure.set_size_inches(6.4, height)  # type: ignore[union-attr]
    row = {genre: float(i) for i, genre in enumerate(tree.genres)}
    names = {id(node): name for name, node in tree.nodes.items()}
    depth = max(int(name.rstrip("abcdefghijklmnopqrstuvwxyz")) for name in tree.nodes)

    def place(child: Tree | str, level: int) -> tuple[float, float]:
        if isinstance(child, str):
            return float(depth), row[child]
        return float(level), float(np.mean([row[genre] for genre in child.genres]))

    def draw(node: Tree, level: int) -> None:
        x, y = place(node, level)
        for child in node.children:
            child_x, child_y = place(child, level + 1)
            middle = x + 0.55
            xs, ys = [x, middle, middle, child_x], [y, y, child_y, child_y]
            ax.plot(xs, ys, color=INK, linewidth=1, zorder=1)
            if isinstance(child, Tree):
                draw(child, level + 1)
        _box(ax, (x, y), prefix + names[id(node)], (values or {}).get(names[id(node)]))

    draw(tree, 0)
    for genre, style in zip(tree.genres, genre_styles(tree.genres), strict=True):
        ax.plot(depth, row[genre], style.marker, color=style.color, ms=8, zorder=3)
        ax.text(depth + 0.09, row[genre], genre, va="center", color=style.color, fontsize=11)
    ax.set(xlim=(-0.42, depth + 0.75), ylim=(len(row) - 0.5, -0.5))
    ax.set_axis_off()
    return describe(ax, _in_words(tree, values, prefix))


def _box(ax: Axes, place: tuple[float, float], name: str, value: Interval | float | None) -> None:
    """Draw a node: its name, and below it its accuracy as a number and as a bar."""
    x, y = place
    width, text = 0.76, name
    left = x - width / 2
    if value is not None:
        number = value.value if isinstance(value, Interval) else float(value)
        text = f"{name}\n{three_digits(number)}"
        background = [left, left + width]
        ax.plot(background, [y + 0.47] * 2, color=FAINT, lw=5, solid_capstyle="butt", zorder=4)
        bar = [left, left + width * number]
        ax.plot(bar, [y + 0.47] * 2, color=BAR, lw=5, solid_capstyle="butt", zorder=5)
        if isinstance(value, Interval) and not np.isnan(value.low):
            whisker = [left + width * value.low, left + width * value.high]
            ax.plot(whisker, [y + 0.47] * 2, color=INK, lw=1.2, zorder=6)
    look = {"boxstyle": "round,pad=0.25", "facecolor": PAPER, "edgecolor": INK, "linewidth": 0.8}
    ax.text(x, y, text, ha="center", va="center", fontsize=10, bbox=look, zorder=3)


def _in_words(tree: Tree, values: Mapping[str, Interval | float] | None, prefix: str) -> str:
    parts = []
    for name, node in tree.nodes.items():
        value = (values or {}).get(name)
        number = value.value if isinstance(value, Interval) else value
        accuracy = "" if number is None else f" ({three_digits(number)})"
        parts.append(f"{prefix}{name}{accuracy} asks {' or '.join(node.labels)}")
    return f"A tree of {len(tree.genres)} genres: {'; '.join(parts)}."
