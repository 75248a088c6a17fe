"""Plots of robustness: accuracy as the sound is degraded."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from mgrlib.errors import explain, some
from mgrlib.evaluation import EvaluationError, Interval
from mgrlib.plots.results import MARKERS
from mgrlib.plots.style import INK, SERIES, describe, new_axes

DODGE = 0.08  # distance of two models' points at the same level, as a fraction of a level


def plot_levels(
    lines: Mapping[str, Mapping[str, Interval]],
    what: str,
    *,
    chance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Plot accuracy with its interval at each level of a condition, with one line per model.

    Args:
        lines: for each model the intervals by the name of the level, from mild to severe, such as
            the result of `Records.intervals("system", "label")`; all models must have the same
            levels. A single model with the name "" gets no legend.
        what: the condition, such as "pink noise".
        chance: the accuracy of guessing, drawn as a line.
        ax: the axes; new ones by default.

    Raises:
        EvaluationError: if there is no model, if there are more than four, or if their levels
            differ.
    """
    if not 1 <= len(lines) <= len(SERIES):
        expected = f"1 to {len(SERIES)} models"
        raise EvaluationError(explain("plot_levels", expected, str(len(lines))))
    levels = list(next(iter(lines.values())))
    if any(list(line) != levels for line in lines.values()):
        got = some(sorted({str(list(line)) for line in lines.values()}))
        raise EvaluationError(explain("plot_levels", "the same levels for all models", got))
    ax, words = new_axes(ax), []
    for i, (name, line) in enumerate(lines.items()):
        x = np.arange(len(levels)) + (i - (len(lines) - 1) / 2) * DODGE
        value, low, high = (
            np.array([getattr(interval, part) for interval in line.values()])
            for part in ("value", "low", "high")
        )
        margins = [(value - low).clip(0), (high - value).clip(0)]
        bars = ax.errorbar(x, value, margins, marker=MARKERS[i], color=SERIES[i], capsize=3)
        bars.set_label(name or None)
        words.append(f"{name or 'accuracy'} from {value[0]:.2f} to {value[-1]:.2f}")
    ax.set_xticks(range(len(levels)), levels)
    if chance is not None:
        ax.axhline(chance, color=INK, linewidth=1, linestyle=":")
        ax.text(1.01, chance, "chance", transform=ax.get_yaxis_transform(), va="center")
    n = next(iter(line.values())).n
    ax.set(xlabel=what, ylabel=f"accuracy ({n} clips)", ylim=(0, 1.02))
    if "" not in lines:
        ax.legend(ncols=2)
    return describe(ax, f"Accuracy under {what}: {', '.join(words)}.")
