"""A plot of one number per clip, by genre."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from mgrlib.errors import ShapeError, explain
from mgrlib.plots.style import INK, describe, genre_styles, new_axes

SPREAD = 0.3  # the largest vertical shift of a dot, as a fraction of the row's height


def plot_by_genre(
    values: np.ndarray,
    labels: np.ndarray,
    genres: Sequence[str],
    *,
    quantity: str,
    ax: Axes | None = None,
) -> Axes:
    """Plot one number per clip, with a row of dots per genre and its median as a bar.

    Dots are shifted vertically so that they overlap less; the shifts are the same in every run.

    Args:
        values: (M,) one number per clip.
        labels: (M,) class numbers, indices into `genres`.
        genres: the names of the classes.
        quantity: what is measured, with its unit.
        ax: the axes; new ones by default.

    Raises:
        ShapeError: if there is not one value and one label per clip.
    """
    values, labels = np.asarray(values), np.asarray(labels)
    if values.ndim != 1 or values.shape != labels.shape:
        got = f"{values.shape} and {labels.shape}"
        hint = "pick one column: x[:, 2]."
        raise ShapeError(explain("plot_by_genre", "values (M,) and labels (M,)", got, hint))
    ax, medians = new_axes(ax, "standard"), {}
    shift = np.random.default_rng(0).uniform(-SPREAD, SPREAD, len(values))
    for k, (genre, style) in enumerate(zip(genres, genre_styles(genres), strict=True)):
        x, y = values[labels == k], k + shift[labels == k]
        if x.size:
            dots = ax.scatter(x, y, s=36, c=style.color, marker=style.marker, alpha=0.7)
            dots.set(linewidth=0)
            medians[genre] = float(np.median(x))
            ax.plot([medians[genre]] * 2, [k - 0.4, k + 0.4], color=INK, linewidth=2)
    ax.set_yticks(range(len(genres)), genres)
    ax.set(xlabel=quantity, ylim=(len(genres) - 0.5, -0.5))
    ax.tick_params(axis="y", length=0)
    low, high = min(medians, key=medians.__getitem__), max(medians, key=medians.__getitem__)
    words = f"medians from {medians[low]:.3g} ({low}) to {medians[high]:.3g} ({high})"
    return describe(ax, f"{quantity} of {len(values)} clips by genre: {words}.")
