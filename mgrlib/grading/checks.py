"""What the assignments' tests are made of: comparisons that say kindly what is wrong."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

__all__ = ["by_hand", "close", "has_shape"]


def has_shape(value: Any, shape: tuple[int, ...], what: str, hint: str = "") -> None:
    """Nothing, if `value` is an array of this shape; otherwise an AssertionError that says so.

    >>> has_shape(np.zeros((2, 3)), (2, 3), "the frames")
    """
    if value is None:
        raise AssertionError(_told(what, "nothing was returned", "end the function with `return`."))
    got = np.shape(value)
    if got != shape:
        raise AssertionError(_told(what, f"has shape {got} where {shape} was expected", hint))


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
        told = f"holds {type(value).__name__} where numbers were expected"
        raise AssertionError(_told(what, told, hint)) from None
    wrong = ~np.isclose(got, expected, rtol=rtol, atol=atol)
    if wrong.any():
        first = tuple(int(i) for i in np.argwhere(wrong)[0])
        place = f" at {list(first)}" if first else ""
        share = f"{wrong.mean():.0%} of the values differ; " if wrong.size > 1 else ""
        told = f"{share}{got[first]:.6g}{place} where {expected[first]:.6g} was expected"
        raise AssertionError(_told(what, told, hint))


def by_hand(function: Callable[..., Any], *packages: str) -> None:
    """Nothing, unless a function uses one of these packages where it was to be written by hand.

    It looks at the names that the function's code holds and at what stands behind them; a student
    who means to get around it can.

    >>> by_hand(np.rad2deg, "librosa")
    """
    for code, scope in _codes(function):
        for name in code.co_names:
            behind = scope.get(name)
            module = behind.__name__ if isinstance(behind, types.ModuleType) else None
            module = module or getattr(behind, "__module__", None) or name
            if str(module).split(".")[0] in packages:
                told = f"uses {module}, and it is to be written by hand"
                raise AssertionError(_told(getattr(function, "__name__", "it"), told))


def _codes(function: Callable[..., Any]) -> Iterator[tuple[types.CodeType, dict[str, Any]]]:
    """The code objects of a function, of those inside it, and of the notebook's that it calls."""
    seen: set[types.CodeType] = set()
    waiting: list[tuple[types.CodeType, dict[str, Any]]] = []

    def add(thing: Any) -> None:
        if isinstance(thing, types.FunctionType):
            waiting.append((thing.__code__, thing.__globals__))

    add(function)
    while waiting:
        code, scope = waiting.pop()
        if code in seen:
            continue
        seen.add(code)
        yield code, scope
        waiting += [(c, scope) for c in code.co_consts if isinstance(c, types.CodeType)]
        for name in code.co_names:
            behind = scope.get(name)
            if getattr(behind, "__module__", None) == scope.get("__name__"):
                add(behind)


def _told(what: str, told: str, hint: str = "") -> str:
    return f"{what} {told}." + (f" Hint: {hint}" if hint else "")
