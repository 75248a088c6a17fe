from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from mgrlib.compression.listening import GenresOverTime
from mgrlib.errors import MgrError
from mgrlib.plots import alt_text, plot_genres_over_time, plot_pareto, plot_shrinking

GENRES = ("blues", "jazz", "pop", "rock", "metal", "disco")


@pytest.fixture
def systems() -> pd.DataFrame:
    """Three systems, of which the dear one is worse than the middle one."""
    return pd.DataFrame(
        {"macs": [1e6, 1e7, 1e8], "accuracy": [0.4, 0.6, 0.5], "low": [0.3, 0.5, 0.4], "high": 0.7},
        index=["small", "middle", "large"],
    )


def test_only_systems_worth_their_cost_are_named(systems):
    ax = plot_pareto(systems, "macs", quantity="multiplications")
    assert [text.get_text() for text in ax.texts] == ["small", "middle"]
    assert "by rising cost: small, middle" in alt_text(ax)
    assert ax.get_xscale() == "log"


def test_costs_without_a_logarithm_are_refused(systems):
    with pytest.raises(MgrError, match="above 0"):
        plot_pareto(systems.assign(macs=0.0), "macs", quantity="multiplications")


def test_the_five_strongest_genres_have_names():
    probs = np.array([[0.5, 0.2, 0.11, 0.1, 0.06, 0.03], [0.3, 0.4, 0.11, 0.1, 0.06, 0.03]])
    answer = GenresOverTime(np.array([0.0, 5.0]), probs, GENRES, 10.0, 15.0, 0.1)
    ax = plot_genres_over_time(answer)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == list(GENRES[:5])
    assert ax.lines[0].get_xdata().tolist() == [5.0, 10.0]
    assert "blues has the highest mean, 0.40" in alt_text(ax)


def test_a_line_a_way_of_shrinking_and_one_for_the_whole():
    table = pd.DataFrame({"smaller": [10, 2], "value": [0.6, 0.8], "low": 0.5, "high": 0.9})
    ax = plot_shrinking({"a": table, "b": table}, x="smaller", quantity="ratio", level=0.82)
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["a", "b", "whole network"]
    assert ax.lines[0].get_xdata().tolist() == [2, 10]


def test_ratios_are_written_as_plain_numbers_without_minor_labels():
    columns = {"smaller": [2, 5, 10, 50], "value": 0.8, "low": 0.7, "high": 0.9}
    ax = plot_shrinking({"a": pd.DataFrame(columns)}, x="smaller", quantity="ratio")
    ax.figure.canvas.draw()
    labels = [label.get_text() for label in ax.get_xticklabels()]
    assert {"2", "5", "10", "20", "50"} <= set(labels)
    assert ax.get_xticklabels(minor=True) == []
