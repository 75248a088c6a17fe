"""One number a clip, drawn genre by genre."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.errors import ShapeError
from mgrlib.plots import GENRE_COLORS, alt_text, plot_by_genre

VALUES = np.array([100.0, 120.0, 140.0, 60.0, 70.0])
LABELS = np.array([1, 1, 1, 0, 0])
GENRES = ("blues", "disco")


def test_each_genre_is_a_row_of_dots_in_its_color_with_its_median():
    ax = plot_by_genre(VALUES, LABELS, GENRES, quantity="tempo (BPM)")
    blues, disco = ax.collections
    assert sorted(disco.get_offsets()[:, 0]) == [100, 120, 140]
    assert np.abs(disco.get_offsets()[:, 1] - 1).max() <= 0.3
    assert [float(line.get_xdata()[0]) for line in ax.lines] == [65.0, 120.0]
    assert GENRE_COLORS["blues"] in {
        "#" + "".join(f"{round(255 * c):02x}" for c in blues.get_facecolor()[0][:3])
    }


def test_the_axis_carries_the_quantity_and_the_words_the_medians():
    ax = plot_by_genre(VALUES, LABELS, GENRES, quantity="tempo (BPM)")
    assert ax.get_xlabel() == "tempo (BPM)"
    assert "medians from 65 (blues) to 120 (disco)" in alt_text(ax)


def test_a_genre_without_clips_keeps_its_row():
    ax = plot_by_genre(VALUES, LABELS, (*GENRES, "pop"), quantity="tempo")
    assert [tick.get_text() for tick in ax.get_yticklabels()] == ["blues", "disco", "pop"]


def test_a_table_is_not_one_number_a_clip():
    with pytest.raises(ShapeError, match="pick one column"):
        plot_by_genre(np.zeros((5, 26)), LABELS, GENRES, quantity="tempo")
