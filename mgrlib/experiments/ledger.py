"""The ledger: every number that a paper prints, from the paper's `printed.json`.

An entry says what the number is and where it stands. Where one of our recipes or studies measures
the same thing, the entry names it (`source`, and the `condition` of the record), and `compare`
sets the two side by side. What is inferred and not printed is marked as such.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mgrlib.errors import RecipeError, explain

if TYPE_CHECKING:
    from mgrlib.evaluation.intervals import Interval


@dataclass(frozen=True)
class Printed:
    """A number that a work prints.

    Args:
        value: as printed; a fraction and not a percentage.
        what: what it is the number of, in words.
        place: where it stands, as "table 2".
        metric: of a system's result, what was measured; empty for sizes and settings.
        n: number of test clips behind a result; None when the paper does not say.
        inferred: the fields that are our inference and not printed, as ("n",).
        split: of a result, the protocol in the paper's terms.
        note: what a reader should know about it.
        source: our recipe or study that measures the same; empty where none does.
        condition: of the study's record, and its `metric` where it has several.
        unit: what `n` counts.

    Raises:
        RecipeError: no place, or nothing that says what it is.
    """

    value: float
    what: str
    place: str
    metric: str = ""
    n: int | None = None
    inferred: tuple[str, ...] = ()
    split: str = ""
    note: str = ""
    source: str = ""
    condition: Mapping[str, Any] = field(default_factory=dict)
    unit: str = "clips"

    def __post_init__(self) -> None:
        object.__setattr__(self, "inferred", tuple(self.inferred))
        if not self.place.strip() or not self.what.strip():
            hint = "say what it is, and name the table, figure or section."
            raise RecipeError(explain("Printed", "what and where", f"{self.value}", hint))

    def interval(self) -> Interval:
        """The value with Wilson's interval (1927).

        It has no bounds (NaN) if the number of test clips is unknown, or if it counts segments:
        those of one clip are not independent.
        """
        from mgrlib.evaluation.intervals import Interval, wilson

        if self.n is None or self.unit == "segments":
            return Interval(self.value, math.nan, math.nan, n=self.n or 0)
        bounds = wilson(round(self.value * self.n), self.n)
        return Interval(self.value, bounds.low, bounds.high, n=self.n)

    def measures(self, source: str, condition: Mapping[str, Any]) -> bool:
        """Whether a record of this source and condition (and metric) is ours of the number."""
        return self.source == source and all(
            condition.get(name) == value for name, value in self.condition.items()
        )


@cache
def read_ledger(path: Path) -> tuple[Printed, ...]:
    """The entries of a `printed.json`, in its order.

    Raises:
        RecipeError: not such a file.
    """
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return tuple(Printed(**entry) for entry in entries)
    except (OSError, ValueError, TypeError) as error:
        got = f"{type(error).__name__}: {error}"
        raise RecipeError(explain(str(path), "a ledger", got)) from error
