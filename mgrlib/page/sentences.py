"""Numbers for sentences: an accuracy or a difference with its interval, in percent."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mgrlib.evaluation.intervals import Interval
    from mgrlib.evaluation.paired import Difference


def in_percent(interval: Interval, *, unit: str = "") -> str:
    """Return a fraction with its interval and the number of observations, for a sentence.

    Bounds that are not known are left out.

    Args:
        interval: a fraction and the bounds of its interval, from 0 to 1.
        unit: what was counted, if the interval does not say so itself.

    >>> from mgrlib.evaluation import wilson
    >>> in_percent(wilson(141, 200))
    '70.5 % (95 % interval 63.8 to 76.4 %, 200 clips)'
    """
    value, low, high = (100 * number for number in (interval.value, interval.low, interval.high))
    level = f"{100 * interval.level:.0f} %"
    parts = [] if math.isnan(low) else [f"{level} interval {low:.1f} to {high:.1f} %"]
    parts += [f"{interval.n:,} {unit or interval.unit or 'clips'}"] if interval.n else []
    return f"{value:.1f} %" + (f" ({', '.join(parts)})" if parts else "")


def in_points(difference: Interval | Difference) -> str:
    """Return a difference of two fractions in percentage points, for a sentence.

    Where the two systems of a `Difference` did not both learn their training clips, or were not
    both trained with three seeds or more, the sentence says so after the interval.

    >>> from mgrlib.evaluation import Difference
    >>> in_points(Difference(0.025, -0.065, 0.115, p=0.665, n=200))
    '+2.5 percentage points (95 % interval -6.5 to +11.5)'
    """
    from mgrlib.evaluation.paired import Difference

    bounds = (difference.value, difference.low, difference.high)
    value, low, high = (f"{100 * number:+.1f}" for number in bounds)
    level = f"{100 * difference.level:.0f} %"
    parts = [f"{level} interval {low} to {high}"]
    if isinstance(difference, Difference):
        parts += [part for part in (difference.seeds, difference.caveat) if part]
    about = "; ".join(parts)
    return f"{value} percentage points ({about})"
