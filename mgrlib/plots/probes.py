"""Pictures of robustness: accuracy as the sound gets worse."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from mgrlib.errors import explain, some
from mgrlib.evaluation import EvaluationError, Interval
from mgrlib.plots.results import MARKERS
from mgrlib.plots.style import INK, SERIES, described, new_axes

__all__ = ["plot_levels", "plot_robustness"]

DODGE = 0.08  # between the points of two models at one level, in steps from level to level


def plot_robustness(
    tables: pd.DataFrame | Mapping[str, pd.DataFrame],
    probe: str,
    *,
    chance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy with its 95 % interval at each level of a probe, a line a model.

    Args:
        tables: what `mgrlib.evaluation.curve` returned, or up to four of them by the model's name.
        probe: which of the table's probes to draw.
        chance: where to draw the line of a guess.

    Raises:
        EvaluationError: a probe that a table lacks, or more than four models.
    """
    named = {"": tables} if isinstance(tables, pd.DataFrame) else dict(tables)
    lines: dict[str, dict[str, Interval]] = {}
    for name, table in named.items():
        rows = table[table["probe"] == probe]
        if rows.empty:
            known = some(table["probe"].unique())
            raise EvaluationError(explain("plot_robustness", f"a probe among {known}", repr(probe)))
        values = zip(*(rows[c] for c in ("label", "accuracy", "low", "high", "n")), strict=True)
        lines[name] = {label: Interval(*numbers) for label, *numbers in values}
    return plot_levels(lines, probe, chance=chance, ax=ax)


def plot_levels(
    lines: Mapping[str, Mapping[str, Interval]],
    what: str,
    *,
    chance: float | None = None,
    ax: Axes | None = None,
) -> Axes:
    """Accuracy with its interval at each level of something, a line a model.

    Args:
        lines: for each model's name the intervals by the name of the level, from mild to hard, as
            `Records.intervals("system", "label")` gives them; all models have the same levels. A
            single model named "" needs no legend and gets none.
        what: has the levels, as "pink noise".
        chance: where to draw the line of a guess.

    Raises:
        EvaluationError: no model, more than four, or models of different levels.
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
        reach = [(value - low).clip(0), (high - value).clip(0)]
        drawn = ax.errorbar(x, value, reach, marker=MARKERS[i], color=SERIES[i], capsize=3)
        drawn.set_label(name or None)
        words.append(f"{name or 'accuracy'} from {value[0]:.2f} to {value[-1]:.2f}")
    ax.set_xticks(range(len(levels)), levels)
    if chance is not None:
        ax.axhline(chance, color=INK, linewidth=1, linestyle=":")
        ax.text(1.01, chance, "chance", transform=ax.get_yaxis_transform(), va="center")
    n = next(iter(line.values())).n
    ax.set(xlabel=what, ylabel=f"accuracy ({n} clips)", ylim=(0, 1.02))
    if "" not in lines:
        ax.legend(ncols=2)
    return described(ax, f"Accuracy under {what}: {', '.join(words)}.")
