"""Texts that identify settings: the same in every process and in every version of Python."""

from __future__ import annotations

import functools
import hashlib
import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

from mgrlib.errors import RecipeError, explain


def key_text(value: Any) -> str:
    """A text that names a setting and all that is in it.

    Functions and classes are named by where they are defined, dataclasses by their class and
    fields, features by their own key. What a function *does* is not looked at: when its meaning
    changes, a change of it raises a `version`.

    Raises:
        RecipeError: a function without a name of its own (a lambda, or one defined inside another),
            which two recipes could not be told apart by.

    >>> key_text({"b": 1.5, "a": (2, None)})
    "{'a': (2, None), 'b': 1.5}"
    """
    if hasattr(value, "key") and isinstance(value.key, str):
        return value.key
    if isinstance(value, functools.partial):
        settings = key_text((value.args, value.keywords))
        return f"partial({key_text(value.func)}, {settings})"
    if inspect.isclass(value) or inspect.isroutine(value):
        name = f"{value.__module__}.{value.__qualname__}"
        if "<" in name:
            hint = "define the function at the top of a module."
            raise RecipeError(explain("a recipe's settings", "named functions", name, hint))
        return name
    if is_dataclass(value) and not isinstance(value, type):
        texts = [f"{f.name}={key_text(getattr(value, f.name))}" for f in fields(value) if f.repr]
        return f"{type(value).__name__}({', '.join(texts)})"
    if isinstance(value, Mapping):
        pairs = sorted((repr(k), key_text(v)) for k, v in value.items())
        return "{" + ", ".join(f"{k}: {v}" for k, v in pairs) + "}"
    if isinstance(value, tuple | list):
        texts = [key_text(item) for item in value]
        return "(" + ", ".join(texts) + ("," if len(texts) == 1 else "") + ")"
    return repr(value)


def digest(*values: Any) -> str:
    """Sixteen hexadecimal digits for these settings, to name files by."""
    return hashlib.sha256(key_text(values).encode()).hexdigest()[:16]
