"""Plots of a corpus: the number of clips per genre, and the distribution of a value by genre."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes

from mgrlib.plots.style import INK, describe, genre_styles, new_axes
from mgrlib.shapes import check_shape


def plot_counts(
    counts: Mapping[str, int], *, ax: Axes | None = None, quantity: str = "clips"
) -> Axes:
    """Plot the number of clips per genre as bars: `plot_counts(corpus.counts())`."""
    ax = new_axes(ax)
    colors = [style.color for style in genre_styles(list(counts))]
    places = np.arange(len(counts))
    bars = ax.barh(places, list(counts.values()), color=colors)
    ax.bar_label(bars, padding=3)
    ax.set(yticks=places, yticklabels=list(counts), xlabel=f"number of {quantity}")
    ax.invert_yaxis()
    words = ", ".join(f"{genre} {n}" for genre, n in counts.items())
    return describe(ax, f"Bars of the number of {quantity}: {words}.")


def plot_spread(
    values: np.ndarray,
    labels: np.ndarray,
    genres: Sequence[str],
    *,
    ax: Axes | None = None,
    quantity: str,
) -> Axes:
    """Plot the distribution of a value by genre as boxes, with whiskers to the extremes.

    Args:
        values: (M,) one value per clip.
        labels: (M,) class numbers, indices into `genres`.
        genres: the names of the classes.
        ax: the axes; new ones by default.
        quantity: what the value is, with its unit.
    """
    values, labels = np.asarray(values, dtype=float), np.asarray(labels)
    check_shape("plot_spread", values, M=len(labels))
    ax = new_axes(ax, "standard")
    per_genre = [values[labels == k] for k in range(len(genres))]
    boxes = ax.boxplot(
        per_genre,
        orientation="horizontal",
        whis=(0, 100),
        widths=0.6,
        patch_artist=True,
        medianprops={"color": "white", "linewidth": 2.0},
        whiskerprops={"color": INK},
        capprops={"color": INK},
    )
    for box, style in zip(boxes["boxes"], genre_styles(genres), strict=True):
        box.set(facecolor=style.color, edgecolor=style.color)
    ax.set_yticks(np.arange(1, len(genres) + 1), genres)
    ax.set_xlabel(quantity)
    ax.invert_yaxis()
    medians = ", ".join(
        f"{genre} {np.median(x):.3g}" for genre, x in zip(genres, per_genre, strict=True) if len(x)
    )
    return describe(ax, f"Boxes of {quantity}, one per genre; medians: {medians}.")
