"""What the assignments' tests are made of: comparisons that say kindly what is wrong."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


def has_shape(value: Any, shape: tuple[int, ...], what: str, hint: str = "") -> None:
    """Nothing, if `value` is an array of this shape; otherwise an AssertionError that says so.

    >>> has_shape(np.zeros((2, 3)), (2, 3), "the frames")
    """
    if value is None:
        raise AssertionError(
            _sentence(what, "nothing was returned", "end the function with `return`.")
        )
    got = np.shape(value)
    if got != shape:
        raise AssertionError(_sentence(what, f"has shape {got} where {shape} was expected", hint))


def close(
    value: Any,
    expected: Any,
    what: str,
    hint: str = "",
    *,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Nothing, if two arrays agree; otherwise an AssertionError that says where they part.

    Args:
        what: what is compared, as the message should call it.
        hint: the usual cause.
        rtol, atol: relative and absolute tolerance, as in `numpy.isclose`.

    >>> close([1.0, 2.0], [1.0, 2.0], "the powers")
    """
    expected = np.asarray(expected, dtype=np.float64)
    has_shape(value, expected.shape, what, hint)
    try:
        got = np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError):
        problem = f"holds {type(value).__name__} where numbers were expected"
        raise AssertionError(_sentence(what, problem, hint)) from None
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = f" at {list(first)}" if first else ""
        share = f"{wrong.mean():.0%} of the values differ; " if wrong.size > 1 else ""
        problem = f"{share}{got[first]:.6g}{place} where {expected[first]:.6g} was expected"
        raise AssertionError(_sentence(what, problem, hint))


def all_close(
    values: Any,
    expected: Sequence[Any],
    names: Sequence[str],
    *,
    rtol: float = 1e-4,
    atol: float = 1e-6,
) -> None:
    """Nothing, if each value agrees with what was expected; otherwise as `close` says of it.

    Args:
        names: what each value is, as the message should call it.
    """
    if not isinstance(values, list) or len(values) != len(expected):
        raise AssertionError("no values came back.")
    for got, reference, what in zip(values, expected, names, strict=True):
        close(got, reference, what, rtol=rtol, atol=atol)


def _sentence(what: str, problem: str, hint: str = "") -> str:
    return f"{what} {problem}." + (f" Hint: {hint}" if hint else "")
