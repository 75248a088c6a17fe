"""Functions that save plots to files."""

from __future__ import annotations

from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.backend_bases import FigureCanvasBase

from mgrlib.errors import StorageError, explain
from mgrlib.storage import atomic_write


def check_picture(path: Path) -> Path:
    """Check that Matplotlib can write a file of this type, and return the path.

    Raises:
        StorageError: if it cannot.
    """
    kinds = FigureCanvasBase.get_supported_filetypes()
    if path.suffix.lstrip(".").lower() not in kinds:
        expected = f"a name ending in one of {', '.join(f'.{kind}' for kind in sorted(kinds))}"
        hint = "use .png for pages and .svg or .pdf for print."
        raise StorageError(explain(f"drawing {path}", expected, path.name, hint))
    return path


def save_picture(ax: Axes, path: Path) -> Path:
    """Write the figure of `ax` atomically, and return the path.

    Raises:
        StorageError: if the file cannot be written, or its name has no known ending.
    """
    check_picture(path)
    with atomic_write(path) as part:
        ax.figure.savefig(part, format=path.suffix.lstrip(".").lower())  # type: ignore[union-attr]
    return path
