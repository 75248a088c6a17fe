from __future__ import annotations

import numpy as np
import pytest
from matplotlib.colors import to_hex

from mgrlib.errors import ShapeError
from mgrlib.plots import GENRE_COLORS, alt_text
from mgrlib.plots.corpora import plot_counts, plot_spread


def test_a_bar_is_as_long_as_its_genre_has_clips_and_has_its_color():
    ax = plot_counts({"blues": 3, "jazz": 7})
    assert [bar.get_width() for bar in ax.patches] == [3, 7]
    assert to_hex(ax.patches[1].get_facecolor()) == GENRE_COLORS["jazz"]


def test_counts_are_told_in_words():
    text = alt_text(plot_counts({"blues": 3, "jazz": 7}, quantity="songs"))
    assert text == "Bars of the number of songs: blues 3, jazz 7."


def test_a_box_stands_where_its_genres_values_are():
    values, labels = np.array([1.0, 2.0, 3.0, 10.0, 11.0]), np.array([0, 0, 0, 1, 1])
    ax = plot_spread(values, labels, ("blues", "jazz"), quantity="tempo (BPM)")
    assert [label.get_text() for label in ax.get_yticklabels()] == ["blues", "jazz"]
    assert "blues 2, jazz 10.5" in alt_text(ax)


def test_as_many_labels_as_values_are_needed():
    with pytest.raises(ShapeError, match="plot_spread"):
        plot_spread(np.zeros(3), np.zeros(2), ("blues",), quantity="x")
