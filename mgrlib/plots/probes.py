"""Pictures of robustness: accuracy as the sound gets worse."""

from __future__ import annotations

from collections.abc import Mapping

import pandas as pd
from matplotlib.axes import Axes

from mgrlib.errors import explain, some
from mgrlib.evaluation import EvaluationError
from mgrlib.plots.results import MARKERS
from mgrlib.plots.style import INK, SERIES, described, new_axes

__all__ = ["plot_robustness"]

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
    if not 1 <= len(named) <= len(SERIES):
        expected = f"1 to {len(SERIES)} models"
        raise EvaluationError(explain("plot_robustness", expected, str(len(named))))
    ax, words = new_axes(ax), []
    for i, (name, table) in enumerate(named.items()):
        rows = table[table["probe"] == probe]
        if rows.empty:
            known = some(table["probe"].unique())
            raise EvaluationError(explain("plot_robustness", f"a probe among {known}", repr(probe)))
        x = pd.Series(range(len(rows))) + (i - (len(named) - 1) / 2) * DODGE
        value, low, high = (rows[c].to_numpy() for c in ("accuracy", "low", "high"))
        reach = [(value - low).clip(0), (high - value).clip(0)]
        line = ax.errorbar(x, value, reach, marker=MARKERS[i], color=SERIES[i], capsize=3)
        line.set_label(name or None)
        words.append(f"{name or 'accuracy'} from {value[0]:.2f} to {value[-1]:.2f}")
    ax.set_xticks(range(len(rows)), rows["label"])
    if chance is not None:
        ax.axhline(chance, color=INK, linewidth=1, linestyle=":")
        ax.text(1.01, chance, "chance", transform=ax.get_yaxis_transform(), va="center")
    ax.set(xlabel=probe, ylabel=f"accuracy ({int(rows['n'].iloc[0])} clips)", ylim=(0, 1.02))
    if "" not in named:
        ax.legend(ncols=2)
    return described(ax, f"Accuracy under {probe}: {', '.join(words)}.")
