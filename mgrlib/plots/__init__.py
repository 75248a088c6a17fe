"""Plots, each of which draws on the axes `ax` and returns them."""

from mgrlib.plots.by_genre import plot_by_genre
from mgrlib.plots.compression import plot_genres_over_time, plot_pareto, plot_shrinking
from mgrlib.plots.corpora import plot_counts, plot_spread
from mgrlib.plots.files import check_picture, save_picture
from mgrlib.plots.probes import plot_levels
from mgrlib.plots.results import (
    plot_confusion,
    plot_distances,
    plot_history,
    plot_intervals,
    plot_per_genre,
    plot_scatter_genres,
)
from mgrlib.plots.sound import (
    plot_filterbank,
    plot_mel,
    plot_mfcc,
    plot_waveform,
)
from mgrlib.plots.style import (
    GENRE_COLORS,
    GENRE_STYLES,
    SIZES,
    GenreStyle,
    alt_text,
    book_style,
    genre_styles,
    panels,
    use_style,
)
from mgrlib.plots.trees import plot_tree

__all__ = [
    "GENRE_COLORS",
    "GENRE_STYLES",
    "SIZES",
    "GenreStyle",
    "alt_text",
    "book_style",
    "check_picture",
    "genre_styles",
    "panels",
    "plot_by_genre",
    "plot_confusion",
    "plot_counts",
    "plot_distances",
    "plot_filterbank",
    "plot_genres_over_time",
    "plot_history",
    "plot_intervals",
    "plot_levels",
    "plot_mel",
    "plot_mfcc",
    "plot_pareto",
    "plot_per_genre",
    "plot_scatter_genres",
    "plot_shrinking",
    "plot_spread",
    "plot_tree",
    "plot_waveform",
    "save_picture",
    "use_style",
]
