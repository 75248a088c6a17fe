from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from mgrlib.evaluation import Interval
from mgrlib.models.tree import PAPER_TREE, Tree
from mgrlib.plots import GENRE_COLORS, alt_text, plot_tree

SMALL = Tree.of([["metal", "rock"], "jazz"])


@pytest.fixture(autouse=True)
def closed():
    yield
    plt.close("all")


def texts(ax) -> dict[str, str]:
    return {t.get_text(): t.get_color() for t in ax.texts}


def test_every_genre_stands_once_in_its_color():
    labels = texts(plot_tree(PAPER_TREE))
    assert {g: labels[g] for g in PAPER_TREE.genres} == GENRE_COLORS


def test_nodes_carry_their_names_and_what_they_are_worth():
    labels = texts(plot_tree(SMALL, {"1": Interval(0.8, 0.7, 0.9, n=50)}, prefix="LSTM"))
    assert "LSTM1\n.800" in labels
    assert "LSTM2" in labels


def test_the_picture_is_told_in_words():
    ax = plot_tree(SMALL, {"2": 0.75})
    assert alt_text(ax) == (
        "A tree of 3 genres: 1 asks metal+rock or jazz; 2 (.750) asks metal or rock."
    )


def test_it_draws_on_the_axes_given_and_keeps_their_size():
    fig, ax = plt.subplots(figsize=(5, 3))
    assert plot_tree(SMALL, ax=ax) is ax
    assert fig.get_size_inches().tolist() == [5, 3]
