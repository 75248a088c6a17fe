"""Plots of results: training histories, confusion matrices, and accuracies with intervals."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.patheffects import withStroke
from matplotlib.ticker import MaxNLocator

from mgrlib.errors import explain
from mgrlib.evaluation import (
    EvaluationError,
    Interval,
    Predictions,
    accuracy_interval,
    confusion,
    per_genre,
)
from mgrlib.evaluation.intervals import three_digits
from mgrlib.plots.style import FAINT, INK, PAPER, SERIES, describe, genre_styles, new_axes
from mgrlib.shapes import check_shape
from mgrlib.training import Run

MARKERS = ("o", "D", "s", "^")
HATCHES = ("", "//", "..", "xx")
LABEL_WIDTH = 28  # characters per line of a row's name
LEGEND_WIDTH = 84  # characters per row of a legend
MARK_WIDTH = 5  # of a marker and the space around it, in characters
DARK_CELL = 0.55  # fraction above which white numbers are easier to read than black ones


def plot_history(
    run: Run | pd.DataFrame | Mapping[str, Sequence[float]],
    *,
    quantity: str = "loss",
    ax: Axes | None = None,
) -> Axes:
    """Plot loss or accuracy over the epochs of training.

    Args:
        run: the result of `fit`, its history, or the lists in a result file; the validation columns
            may be missing. For a result of `fit` the best epoch is marked.
        quantity: `"loss"` or `"accuracy"`.
        ax: the axes; new ones by default.
    """
    history = run.history if isinstance(run, Run) else pd.DataFrame(run)
    ax = new_axes(ax)
    epoch, words = history["epoch"].to_numpy(), []
    looks = {"train": ("o", "--", SERIES[1]), "valid": ("s", "-", SERIES[0])}
    for part, (marker, line, color) in looks.items():
        values = history.get(f"{part}_{quantity}", pd.Series(dtype=float)).to_numpy(dtype=float)
        if np.isfinite(values).any():
            point = marker if len(values) <= 30 else None
            names = {"train": "training", "valid": "validation"}
            ax.plot(epoch, values, line, marker=point, ms=4, color=color, label=names[part])
            words.append(f"{names[part]} {quantity} from {values[0]:.3g} to {values[-1]:.3g}")
    if isinstance(run, Run):
        ax.axvline(run.best_epoch, color=INK, linewidth=1, linestyle=":", label="best epoch")
    unit = "cross-entropy (nats)" if quantity == "loss" else f"{quantity} (fraction of segments)"
    ax.set(xlabel="epoch", ylabel=unit, ylim=(0, None) if quantity == "loss" else (0, 1.02))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return describe(ax, f"Over {len(history)} epochs: {', '.join(words)}.")


def plot_confusion(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """Plot the confusion matrix: counts of clips, shaded by their fraction of the true genre."""
    ax = new_axes(ax, "square")
    counts = confusion(predictions)
    fractions = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(fractions, cmap="Blues", vmin=0, vmax=1)
    bar = ax.figure.colorbar(image, ax=ax, label="fraction of the true genre", pad=0.02, shrink=0.7)
    bar.outline.set_visible(False)
    for (row, column), count in np.ndenumerate(counts):
        color = "white" if fractions[row, column] > DARK_CELL else INK
        ax.text(column, row, str(count) if count else "·", ha="center", va="center", color=color)
    K = len(predictions.genres)
    ax.set_xticks(range(K), predictions.genres, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(K), predictions.genres)
    ax.set(xlabel="predicted genre", ylabel="true genre")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_title(f"accuracy {accuracy_interval(predictions)} clips")
    return describe(ax, _confusion_in_words(predictions, counts))


def _confusion_in_words(predictions: Predictions, counts: np.ndarray) -> str:
    wrong = counts - np.diag(np.diag(counts))
    text = f"Confusion matrix of {predictions.n} clips, {np.diag(counts).sum()} of them correct."
    if not wrong.any():
        return text
    row, column = np.unravel_index(wrong.argmax(), wrong.shape)
    true, predicted = predictions.genres[row], predictions.genres[column]
    confusion_text = f"{true} classified as {predicted}, {wrong.max()} times"
    return f"{text} Most frequent confusion: {confusion_text}."


def plot_per_genre(
    results: Predictions | Mapping[str, Predictions], *, ax: Axes | None = None
) -> Axes:
    """Plot each genre's accuracy as a bar with its 95 % Wilson interval, and chance as a line.

    Args:
        results: the predictions of one system, whose bars have the colors of the genres, or those
            of up to four systems by name.
        ax: the axes; new ones by default.

    Raises:
        EvaluationError: if there is no system, if there are more than four, or if their genres
            differ.
    """
    systems = {"": results} if isinstance(results, Predictions) else dict(results)
    genres = _common_genres(systems)
    ax = new_axes(ax, "standard")
    place, width = np.arange(len(genres)), 0.8 / len(systems)
    for i, (name, predictions) in enumerate(systems.items()):
        table = per_genre(predictions)
        genre_colors = [style.color for style in genre_styles(genres)]
        colors, hatch = ([SERIES[i % 4]], HATCHES[i % 4]) if name else (genre_colors, "")
        value = table["accuracy"].to_numpy()
        x = place + (i - (len(systems) - 1) / 2) * width
        ax.bar(x, value, width * 0.94, color=colors, hatch=hatch, ec="white", label=name)
        margins = [value - table["low"].to_numpy(), table["high"].to_numpy() - value]
        whiskers = ax.errorbar(x, value, np.maximum(margins, 0), fmt="none", ecolor=INK, capsize=2)
        for part in (*whiskers.lines[1], *whiskers.lines[2]):
            part.set_path_effects([withStroke(linewidth=3.5, foreground=PAPER)])
    ax.axhline(1 / len(genres), color=INK, linewidth=1, linestyle=":")
    ax.text(1.01, 1 / len(genres), "chance", transform=ax.get_yaxis_transform(), va="center")
    ax.set_xticks(place, genres, rotation=45, ha="right", rotation_mode="anchor")
    ax.set(ylabel="accuracy (fraction of clips)", ylim=(0, 1.02))
    ax.set_xlabel(f"genre ({_clips_per_genre(systems)} clips each)")
    if "" not in systems:
        _legend_above(ax, list(systems))
    best = per_genre(next(iter(systems.values())))["accuracy"]
    words = f"highest for {best.idxmax()} ({best.max():.2f}), lowest for {best.idxmin()}"
    return describe(ax, f"Accuracy by genre: {words} ({best.min():.2f}).")


def _common_genres(systems: Mapping[str, Predictions]) -> tuple[str, ...]:
    kinds = {predictions.genres for predictions in systems.values()}
    if len(kinds) != 1 or len(systems) > len(SERIES):
        expected = f"1 to {len(SERIES)} systems of the same genres"
        got = f"{len(systems)} systems, {len(kinds)} lists of genres"
        raise EvaluationError(explain("plot_per_genre", expected, got))
    return kinds.pop()


def _legend_above(ax: Axes, names: Sequence[str]) -> None:
    """Draw a legend of these entries above the axes, in rows that are no wider than the figure."""
    width = max(map(len, names)) + MARK_WIDTH
    columns = len(names) if len(names) <= 3 else 2
    columns = max(1, min(columns, LEGEND_WIDTH // width))
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=columns)


def _clips_per_genre(systems: Mapping[str, Predictions]) -> str:
    counts = np.concatenate([per_genre(p)["n"].to_numpy() for p in systems.values()])
    low, high = counts.min(), counts.max()
    return str(low) if low == high else f"{low} to {high}"


def plot_intervals(
    rows: Mapping[str, Mapping[str, Interval]],
    *,
    ax: Axes | None = None,
    quantity: str = "accuracy",
    chance: float | None = None,
) -> Axes:
    """Plot values with their intervals in rows, such as reported and replicated accuracies.

    Args:
        rows: for each row the intervals by the name of their series, such as `{"ShallowCNN":
            {"reported": ..., "GTZAN mini": ...}}`; a row need not have every series. An interval
            without bounds is drawn as a dot. At most four series; a single one whose name is "" or
            that of the quantity gets no legend.
        ax: the axes; new ones by default.
        quantity: what the horizontal axis measures.
        chance: the accuracy of guessing, drawn as a line.

    Raises:
        EvaluationError: if there is no value, or if there are more than four series.
    """
    names = list(dict.fromkeys(series for row in rows.values() for series in row))
    if not 1 <= len(names) <= len(SERIES):
        expected, got = f"values of 1 to {len(SERIES)} series", f"{len(names)} series"
        raise EvaluationError(explain("plot_intervals", expected, got))
    labels = [_in_lines(name) for name in rows]
    if ax is None:
        ax = new_axes(None)
        n_lines = max(label.count("\n") + 1 for label in labels)
        row_height = max(0.18 + 0.2 * len(names), 0.1 + 0.18 * n_lines)
        ax.figure.set_size_inches(6.4, 1.1 + len(rows) * row_height)  # type: ignore[union-attr]
    for i, series in enumerate(names):
        points = [(y, row[series]) for y, row in enumerate(rows.values()) if series in row]
        y = np.array([y for y, _ in points]) + (i - (len(names) - 1) / 2) * 0.7 / len(names)
        value = np.array([interval.value for _, interval in points])
        bounds = np.array([[v.value - v.low, v.high - v.value] for _, v in points]).T
        margins, color = np.nan_to_num(np.maximum(bounds, 0)), SERIES[i]
        ax.errorbar(value, y, xerr=margins, fmt=MARKERS[i], c=color, capsize=3, label=series)
    if chance is not None:
        ax.axvline(chance, color=INK, linewidth=1, linestyle=":")
        transform = ax.get_xaxis_transform()
        ax.text(chance, 0.02, " chance", transform=transform, rotation=90, va="bottom")
    ax.set_yticks(range(len(rows)), labels)
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel=quantity)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=FAINT)
    ax.set_axisbelow(True)
    if names not in ([""], [quantity]):
        _legend_above(ax, names)
    words = "; ".join(f"{name}: {_row_in_words(row)}" for name, row in rows.items())
    return describe(ax, f"{quantity.capitalize()} with intervals. {words}.")


def _in_lines(name: str) -> str:
    """A name in as few lines as fit beside the axes, and these of similar length."""
    lines = textwrap.wrap(name, LABEL_WIDTH, break_on_hyphens=False)
    for width in range(LABEL_WIDTH, 1, -1):
        narrower = textwrap.wrap(name, width, break_on_hyphens=False, break_long_words=False)
        if len(narrower) > len(lines):
            break
        lines = narrower
    return "\n".join(lines)


def _row_in_words(row: Mapping[str, Interval]) -> str:
    return ", ".join(
        f"{series} {three_digits(v.value) if np.isnan(v.low) else v}" for series, v in row.items()
    )


def plot_scatter_genres(
    points: np.ndarray,
    labels: np.ndarray,
    genres: Sequence[str],
    *,
    ax: Axes | None = None,
    axes_names: tuple[str, str] = ("first component", "second component"),
) -> Axes:
    """Plot points (M, 2), each with the color and the marker of its genre.

    Args:
        points: (M, 2) coordinates.
        labels: (M,) class numbers, indices into `genres`.
        genres: the names of the classes.
        ax: the axes; new ones by default.
        axes_names: the names of the two coordinates, with their units.
    """
    points, labels = np.asarray(points), np.asarray(labels)
    check_shape("plot_scatter_genres", points, "keep two columns: points[:, :2].", M=None, D=2)
    ax = new_axes(ax, "standard")
    for k, (genre, style) in enumerate(zip(genres, genre_styles(genres), strict=True)):
        x, y = points[labels == k].T
        dots = ax.scatter(
            x,
            y,
            s=90 if style.marker == "*" else 50,
            c=style.color,
            marker=style.marker,
            label=genre,
            alpha=0.85,
        )
        dots.set(edgecolor="white", linewidth=0.4)
    ax.set(xlabel=axes_names[0], ylabel=axes_names[1])
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
    text = f"{len(points)} points of {len(genres)} genres"
    return describe(ax, f"{text} over {axes_names[0]} and {axes_names[1]}.")


def plot_distances(
    matrix: np.ndarray, names: Sequence[str], *, ax: Axes | None = None, quantity: str = "distance"
) -> Axes:
    """Plot a matrix (n, n) of distances or similarities between items.

    Args:
        matrix: (n, n) distances.
        names: the names of the n items. Neighboring items with the same name (clips of one genre)
            form a block with one label and lines around it.
        ax: the axes; new ones by default.
        quantity: what the colors measure, with its unit.
    """
    matrix = np.asarray(matrix)
    check_shape("plot_distances", matrix, n=len(names), m=len(names))
    ax = new_axes(ax, "square")
    image = ax.imshow(matrix, cmap="viridis", interpolation="nearest")
    starts = [i for i, name in enumerate(names) if i == 0 or name != names[i - 1]]
    ends = [*starts[1:], len(names)]
    if len(starts) < len(names):
        for start in starts[1:]:
            ax.axhline(start - 0.5, color="white", linewidth=0.8)
            ax.axvline(start - 0.5, color="white", linewidth=0.8)
    middles = [(start + end - 1) / 2 for start, end in zip(starts, ends, strict=True)]
    labels = [names[start] for start in starts]
    ax.set_xticks(middles, labels, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(middles, labels)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    ax.figure.colorbar(image, ax=ax, label=quantity, pad=0.02, shrink=0.8)
    text = f"Matrix of {quantity} between {len(names)} items in {len(starts)} blocks, from "
    return describe(ax, f"{text}{matrix.min():.3g} to {matrix.max():.3g}.")
