"""The former place of the plots of a corpus, which are now in `mgrlib.plots`."""

from mgrlib.plots.corpora import plot_counts, plot_spread

__all__ = ["plot_counts", "plot_spread"]
