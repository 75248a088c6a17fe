"""Pictures of results: training, confusion, accuracies with what they are worth."""

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
    wilson,
)
from mgrlib.evaluation.intervals import three_digits
from mgrlib.experiments.compare import Comparison
from mgrlib.experiments.ledger import Printed
from mgrlib.plots.style import FAINT, INK, PAPER, SERIES, described, genre_styles, new_axes
from mgrlib.shapes import check_shape
from mgrlib.training import Run

__all__ = [
    "plot_compare",
    "plot_confusion",
    "plot_distances",
    "plot_history",
    "plot_intervals",
    "plot_per_genre",
    "plot_scatter_genres",
]

MARKERS = ("o", "D", "s", "^")
HATCHES = ("", "//", "..", "xx")
LABEL_WIDTH = 22  # characters, before a row's name goes on in a second line
DARK_CELL = 0.55  # share from which white figures stand out better than black ones


def plot_history(
    run: Run | pd.DataFrame | Mapping[str, Sequence[float]],
    *,
    quantity: str = "loss",
    ax: Axes | None = None,
) -> Axes:
    """The course of the loss or the accuracy over the epochs of training.

    Args:
        run: what `fit` returned, its history alone, or the lists of a result file; the validation
            columns may be missing. With a run the best epoch is marked.
        quantity: `"loss"` or `"accuracy"`.
    """
    history = run.history if isinstance(run, Run) else pd.DataFrame(run)
    ax = new_axes(ax)
    epoch, words = history["epoch"].to_numpy(), []
    looks = {"train": ("o", "--", SERIES[1]), "valid": ("s", "-", SERIES[0])}
    for part, (marker, line, colour) in looks.items():
        values = history.get(f"{part}_{quantity}", pd.Series(dtype=float)).to_numpy(dtype=float)
        if np.isfinite(values).any():
            few = marker if len(values) <= 30 else None
            names = {"train": "training", "valid": "validation"}
            ax.plot(epoch, values, line, marker=few, ms=4, color=colour, label=names[part])
            words.append(f"{names[part]} {quantity} from {values[0]:.3g} to {values[-1]:.3g}")
    if isinstance(run, Run):
        ax.axvline(run.best_epoch, color=INK, linewidth=1, linestyle=":", label="best epoch")
    unit = "cross-entropy (nats)" if quantity == "loss" else f"{quantity} (share of segments)"
    ax.set(xlabel="epoch", ylabel=unit, ylim=(0, None) if quantity == "loss" else (0, 1.02))
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.legend()
    return described(ax, f"Over {len(history)} epochs: {', '.join(words)}.")


def plot_confusion(predictions: Predictions, *, ax: Axes | None = None) -> Axes:
    """The confusion matrix: counts of clips, shaded by their share of the row's genre."""
    ax = new_axes(ax, "square")
    counts = confusion(predictions)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    image = ax.imshow(share, cmap="Blues", vmin=0, vmax=1)
    bar = ax.figure.colorbar(image, ax=ax, label="share of the true genre", pad=0.02, shrink=0.7)
    bar.outline.set_visible(False)
    for (row, column), count in np.ndenumerate(counts):
        colour = "white" if share[row, column] > DARK_CELL else INK
        ax.text(column, row, str(count) if count else "·", ha="center", va="center", color=colour)
    K = len(predictions.genres)
    ax.set_xticks(range(K), predictions.genres, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(K), predictions.genres)
    ax.set(xlabel="predicted genre", ylabel="true genre")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0)
    ax.set_title(f"accuracy {accuracy_interval(predictions)} clips")
    return described(ax, _confusion_in_words(predictions, counts))


def _confusion_in_words(predictions: Predictions, counts: np.ndarray) -> str:
    wrong = counts - np.diag(np.diag(counts))
    text = f"Confusion matrix of {predictions.n} clips, {np.diag(counts).sum()} of them correct."
    if not wrong.any():
        return text
    row, column = np.unravel_index(wrong.argmax(), wrong.shape)
    true, taken = predictions.genres[row], predictions.genres[column]
    return f"{text} Most frequent confusion: {true} taken for {taken}, {wrong.max()} times."


def plot_per_genre(
    results: Predictions | Mapping[str, Predictions], *, ax: Axes | None = None
) -> Axes:
    """Each genre's accuracy as a bar with its 95 % Wilson interval, and chance as a line.

    Args:
        results: of one system, whose bars have the genres' colours, or of up to four by name.

    Raises:
        EvaluationError: no system, more than four, or systems of different genres.
    """
    systems = {"": results} if isinstance(results, Predictions) else dict(results)
    genres = _common_genres(systems)
    ax = new_axes(ax, "standard")
    place, width = np.arange(len(genres)), 0.8 / len(systems)
    for i, (name, predictions) in enumerate(systems.items()):
        table = per_genre(predictions)
        own = [style.colour for style in genre_styles(genres)]
        colours, hatch = ([SERIES[i % 4]], HATCHES[i % 4]) if name else (own, "")
        value = table["accuracy"].to_numpy()
        x = place + (i - (len(systems) - 1) / 2) * width
        ax.bar(x, value, width * 0.94, color=colours, hatch=hatch, ec="white", label=name)
        reach = [value - table["low"].to_numpy(), table["high"].to_numpy() - value]
        whiskers = ax.errorbar(x, value, np.maximum(reach, 0), fmt="none", ecolor=INK, capsize=2)
        for part in (*whiskers.lines[1], *whiskers.lines[2]):
            part.set_path_effects([withStroke(linewidth=3.5, foreground=PAPER)])
    ax.axhline(1 / len(genres), color=INK, linewidth=1, linestyle=":")
    ax.text(1.01, 1 / len(genres), "chance", transform=ax.get_yaxis_transform(), va="center")
    ax.set_xticks(place, genres, rotation=45, ha="right", rotation_mode="anchor")
    ax.set(ylabel="accuracy (share of clips)", ylim=(0, 1.02))
    ax.set_xlabel(f"genre ({_clips_per_genre(systems)} clips each)")
    if "" not in systems:
        _legend_above(ax, len(systems))
    best = per_genre(next(iter(systems.values())))["accuracy"]
    words = f"highest for {best.idxmax()} ({best.max():.2f}), lowest for {best.idxmin()}"
    return described(ax, f"Accuracy by genre: {words} ({best.min():.2f}).")


def _common_genres(systems: Mapping[str, Predictions]) -> tuple[str, ...]:
    kinds = {predictions.genres for predictions in systems.values()}
    if len(kinds) != 1 or len(systems) > len(SERIES):
        expected = f"1 to {len(SERIES)} systems of the same genres"
        got = f"{len(systems)} systems, {len(kinds)} lists of genres"
        raise EvaluationError(explain("plot_per_genre", expected, got))
    return kinds.pop()


def _legend_above(ax: Axes, n: int) -> None:
    """A legend of `n` entries over the axes, in rows that fit a telephone."""
    ax.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=n if n <= 3 else 2)


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
    """Values with their intervals, a line a row: reported beside replicated.

    Args:
        rows: for each row's name the intervals by the name of their series, such as `{"ShallowCNN":
            {"reported": ..., "GTZAN mini": ...}}`; a row may lack a series. An interval without
            bounds is a dot alone. A single series named "" needs no legend and gets none.
        quantity: what the axis measures.
        chance: where to draw the line of a guess.

    Raises:
        EvaluationError: no row with a value.
    """
    names = list(dict.fromkeys(series for row in rows.values() for series in row))
    if not names:
        raise EvaluationError(explain("plot_intervals", "at least one value", "none"))
    if ax is None:
        ax = new_axes(None)
        ax.figure.set_size_inches(6.4, 1.1 + len(rows) * (0.18 + 0.2 * len(names)))  # type: ignore[union-attr]
    for i, series in enumerate(names):
        here = [(y, row[series]) for y, row in enumerate(rows.values()) if series in row]
        y = np.array([y for y, _ in here]) + (i - (len(names) - 1) / 2) * 0.7 / len(names)
        value = np.array([interval.value for _, interval in here])
        bounds = np.array([[v.value - v.low, v.high - v.value] for _, v in here]).T
        reach, colour = np.nan_to_num(np.maximum(bounds, 0)), SERIES[i % 4]
        ax.errorbar(value, y, xerr=reach, fmt=MARKERS[i % 4], c=colour, capsize=3, label=series)
    if chance is not None:
        ax.axvline(chance, color=INK, linewidth=1, linestyle=":")
        at_foot = ax.get_xaxis_transform()
        ax.text(chance, 0.02, " chance", transform=at_foot, rotation=90, va="bottom")
    ax.set_yticks(range(len(rows)), [textwrap.fill(name, LABEL_WIDTH) for name in rows])
    ax.set(ylim=(len(rows) - 0.5, -0.5), xlabel=quantity)
    ax.tick_params(axis="y", length=0)
    ax.grid(axis="x", color=FAINT)
    ax.set_axisbelow(True)
    if names != [""]:
        _legend_above(ax, len(names))
    words = "; ".join(f"{name}: {_row_in_words(row)}" for name, row in rows.items())
    return described(ax, f"{quantity.capitalize()} with intervals. {words}.")


def _row_in_words(row: Mapping[str, Interval]) -> str:
    return ", ".join(
        f"{series} {three_digits(v.value) if np.isnan(v.low) else v}" for series, v in row.items()
    )


def plot_compare(comparison: Comparison, *, ax: Axes | None = None, n_genres: int = 10) -> Axes:
    """Each system's reported accuracy beside ours.

    A reported accuracy gets the Wilson interval of its number of clips; where the paper does not
    give that number it is a dot alone. Of two results on one data set the later in the table is
    shown; a system neither reported nor run has no row.

    Args:
        comparison: what `mgrlib.papers.compare` returns, or some of its rows.
        n_genres: for the line of chance.
    """
    rows: dict[str, dict[str, Interval]] = {}
    for pair in comparison:
        row = rows.setdefault(pair.title, {})
        if pair.printed is not None:
            row["reported"] = _reported(pair.printed)
        if pair.record is not None:
            row[f"{pair.record.data['name']} ({pair.record.n} clips)"] = pair.record.interval
    shown = {title: row for title, row in rows.items() if row}
    return plot_intervals(shown, ax=ax, chance=1 / n_genres)


def _reported(entry: Printed) -> Interval:
    if entry.n is None:
        return Interval(entry.value, np.nan, np.nan, 0)
    return wilson(round(entry.value * entry.n), entry.n)


def plot_scatter_genres(
    points: np.ndarray,
    labels: np.ndarray,
    genres: Sequence[str],
    *,
    ax: Axes | None = None,
    axes_names: tuple[str, str] = ("first component", "second component"),
) -> Axes:
    """Points (M, 2), each with the colour and the marker of its genre.

    Args:
        labels: (M,) class numbers, counted as in `genres`.
        axes_names: what the two columns are, with their units.
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
            c=style.colour,
            marker=style.marker,
            label=genre,
            alpha=0.85,
        )
        dots.set(edgecolor="white", linewidth=0.4)
    ax.set(xlabel=axes_names[0], ylabel=axes_names[1])
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), handletextpad=0.2)
    text = f"{len(points)} points of {len(genres)} genres"
    return described(ax, f"{text} over {axes_names[0]} and {axes_names[1]}.")


def plot_distances(
    matrix: np.ndarray, names: Sequence[str], *, ax: Axes | None = None, quantity: str = "distance"
) -> Axes:
    """A matrix (n, n) of distances or likenesses, one row and one column a thing.

    Args:
        names: n of them. Neighbours of the same name (clips of one genre) make a block with one
            label and lines around it.
        quantity: what the colours measure, with its unit.
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
    text = f"Matrix of {quantity} between {len(names)} things in {len(starts)} blocks, from "
    return described(ax, f"{text}{matrix.min():.3g} to {matrix.max():.3g}.")
