"""Shape letters, the same in the whole book, and the check that speaks in them.

**B** batch, **C** channels, **F** frequency bins, **T** frames, **N** samples, **S** segments,
**M** clips, **K** classes, **D** embedding.
"""

from __future__ import annotations

from typing import Any

from mgrlib.errors import ShapeError, explain


def check_shape(where: str, x: Any, hint: str = "", **dims: int | None) -> None:
    """Raise unless `x` has exactly the named dimensions.

    Args:
        where: the function or class that checks, for the message.
        x: anything with a `shape`.
        dims: one keyword per dimension, in order: its letter and its size, or None for any size.

    Raises:
        ShapeError: the shape is different; the message names both.

    >>> import numpy as np
    >>> check_shape("LogMel", np.zeros((128, 1024)), F=128, T=None)
    >>> check_shape("ShallowCNN", np.zeros((2, 1, 128, 1024)), B=None, F=128, T=1024)
    Traceback (most recent call last):
    ...
    mgrlib.errors.ShapeError: ShallowCNN: expected shape (B, F=128, T=1024), got (2, 1, 128, 1024).
    """
    shape = tuple(x.shape)
    sizes = tuple(dims.values())
    fits = len(shape) == len(sizes) and all(
        want is None or want == have for want, have in zip(sizes, shape, strict=True)
    )
    if not fits:
        letters = ", ".join(d if n is None else f"{d}={n}" for d, n in dims.items())
        if len(dims) == 1:
            letters += ","
        raise ShapeError(explain(where, f"shape ({letters})", str(shape), hint))
