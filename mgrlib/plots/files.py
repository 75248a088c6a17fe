"""Figures as files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase

from mgrlib.errors import StorageError, explain
from mgrlib.storage import atomic_write

__all__ = ["check_picture", "save_picture"]


def check_picture(path: Path) -> Path:
    """The path itself, if Matplotlib writes pictures of its kind.

    Raises:
        StorageError: a name with another ending.
    """
    kinds = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in kinds:
        wanted = f"a name ending in one of {', '.join(f'.{kind}' for kind in sorted(kinds))}"
        hint = "take .png for the page and .svg or .pdf for print."
        raise StorageError(explain(f"drawing {path}", wanted, path.name, hint))
    return path


def save_picture(ax: Axes, path: Path) -> Path:
    """Write the figure of `ax` whole or not at all; returns the path.

    Raises:
        StorageError: the file cannot be written, or its name says no kind of picture.
    """
    check_picture(path)
    with atomic_write(path) as part:
        ax.figure.savefig(part, format=path.suffix.lstrip(".").lower())  # type: ignore[union-attr]
    return path
