"""The style of figures: a color for each genre, and sizes that fit a page and a phone.

Importing this module changes nothing. The first cell of a chapter calls `use_style()`, which sets
matplotlib's style for the session.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure


@dataclass(frozen=True)
class GenreStyle:
    """The color of a genre, and its marker for color-blind readers and for printing in gray."""

    color: str
    marker: str


# Found by a search for ten colors that differ as much as possible for normal and color-blind vision
# and have different lightness, so that they also differ in gray. The contrast to white is 3:1.
GENRE_STYLES = {
    "blues": GenreStyle("#1375f9", "o"),
    "classical": GenreStyle("#712803", "s"),
    "country": GenreStyle("#b07e04", "^"),
    "disco": GenreStyle("#56126c", "D"),
    "hiphop": GenreStyle("#035f6c", "v"),
    "jazz": GenreStyle("#2b2cd2", "P"),
    "metal": GenreStyle("#2a2a2a", "X"),
    "pop": GenreStyle("#aa15b0", "*"),
    "reggae": GenreStyle("#11a974", "<"),
    "rock": GenreStyle("#da1241", ">"),
}
GENRE_COLORS = {genre: style.color for genre, style in GENRE_STYLES.items()}

INK = "#22262b"  # text and axes
PAPER = "#ffffff"  # figures are white in the dark theme, too
FAINT = "#d5d9de"  # grid lines
SERIES = ("#1b4f8a", "#d1740f", "#4b9b8e", "#8a1c4e")  # colors of series that are not genres

# Width and height in inches. 6.4 in are 640 px on a page. On a phone they shrink to half of that,
# where text of 11 pt can still be read.
SIZES = {"strip": (6.4, 2.2), "wide": (6.4, 3.2), "standard": (6.4, 4.0), "square": (6.4, 6.0)}


def book_style() -> dict[str, Any]:
    """The settings of the book's figures, for `plt.rc_context(book_style())` or `use_style()`."""
    return {
        "figure.figsize": SIZES["wide"],
        "figure.dpi": 100,
        "figure.facecolor": PAPER,
        "figure.constrained_layout.use": True,
        "savefig.facecolor": PAPER,
        "font.size": 11,
        "axes.titlesize": 12,
        "axes.titlelocation": "left",
        "axes.labelsize": 11,
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.grid": False,
        "grid.color": FAINT,
        "grid.linewidth": 0.8,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.labelsize": 10,
        "ytick.labelsize": 10,
        "text.color": INK,
        "legend.fontsize": 10,
        "legend.frameon": False,
        "lines.linewidth": 1.8,
        "hatch.linewidth": 0.6,
        "axes.prop_cycle": plt.cycler("color", list(SERIES)),
    }


def use_style() -> None:
    """Set matplotlib to `book_style()` for the rest of the session."""
    plt.style.use(book_style())


def genre_styles(genres: Sequence[str]) -> list[GenreStyle]:
    """Return a style for each genre; genres that are not in the book get the unused styles.

    All styles are different if there are at most ten genres.

    >>> [style.marker for style in genre_styles(["samba", "blues"])]
    ['s', 'o']
    """
    unused = [style for genre, style in GENRE_STYLES.items() if genre not in genres]
    new_genres = [genre for genre in genres if genre not in GENRE_STYLES]
    spare = unused or list(GENRE_STYLES.values())
    new_styles = {genre: spare[i % len(spare)] for i, genre in enumerate(new_genres)}
    return [GENRE_STYLES.get(genre) or new_styles[genre] for genre in genres]


def new_axes(ax: Axes | None, size: str = "wide") -> Axes:
    """Return `ax`, or the axes of a new figure with one of the `SIZES` if it is None."""
    if ax is not None:
        return ax
    return plt.subplots(figsize=SIZES[size], layout="constrained")[1]


def panels(n_rows: int, n_columns: int = 1, *, height: float = 2.4) -> tuple[Figure, list[Axes]]:
    """Return a figure of page width and its axes, row by row; rows are `height` inches high."""
    size = (SIZES["wide"][0], height * n_rows)
    fig, grid = plt.subplots(n_rows, n_columns, figsize=size, layout="constrained", squeeze=False)
    return fig, list(grid.flat)


def describe(ax: Axes, text: str) -> Axes:
    """Set the text alternative that `alt_text` returns, and return the axes."""
    ax.set_label(text)  # matplotlib does not draw the label of axes
    return ax


def alt_text(plot: Axes | Figure) -> str:
    """The text alternative of a figure, for readers who cannot see it.

    Each `plot_*` function sets such a text on its axes; those of a figure are joined.
    """
    axes = plot.axes if isinstance(plot, Figure) else [plot]
    texts = [str(ax.get_label()) for ax in axes]
    return " ".join(t for t in texts if t and not t.startswith("<"))  # "<colorbar>"
