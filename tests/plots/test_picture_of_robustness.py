"""The picture of robustness shows every level, says what it shows, and refuses what it lacks."""

from __future__ import annotations

import matplotlib.pyplot as plt
import pytest

from mgrlib.evaluation import EvaluationError, Interval, wilson
from mgrlib.plots import alt_text, plot_levels

LEVELS = ("untouched", "30 dB SNR", "20 dB SNR", "10 dB SNR", "0 dB SNR")
LINE = {level: wilson(k, 10) for level, k in zip(LEVELS, (9, 8, 8, 6, 5), strict=True)}


def test_each_level_stands_on_the_axis_in_order():
    ax = plot_levels({"": LINE}, "pink noise", chance=0.5)
    assert [tick.get_text() for tick in ax.get_xticklabels()] == list(LEVELS)
    assert ax.get_xlabel() == "pink noise"
    assert "10 clips" in ax.get_ylabel()


def test_each_model_is_a_line_with_its_name():
    ax = plot_levels({"MelCnn": LINE, "SVM": LINE}, "pink noise")
    assert [text.get_text() for text in ax.get_legend().get_texts()] == ["MelCnn", "SVM"]


def test_the_words_tell_the_first_and_the_last_accuracy():
    assert "from 0.90 to 0.50" in alt_text(plot_levels({"": LINE}, "pink noise"))


def test_it_draws_where_it_is_told_and_shows_nothing(monkeypatch):
    monkeypatch.setattr(plt, "show", pytest.fail)
    _, ax = plt.subplots()
    assert plot_levels({"": LINE}, "pink noise", ax=ax) is ax


def test_five_models_are_too_many_for_one_picture():
    with pytest.raises(EvaluationError, match="1 to 4 models"):
        plot_levels({str(i): LINE for i in range(5)}, "pink noise")


def test_models_with_other_levels_do_not_share_an_axis():
    middle = Interval(0.5, 0.4, 0.6, 10)
    lines = {"svm": {"untouched": middle, "-6 dB": middle}, "rows": {"untouched": middle}}
    with pytest.raises(EvaluationError, match="the same levels"):
        plot_levels(lines, "gain")
    ax = plot_levels(dict.fromkeys(lines, lines["svm"]), "gain")
    assert [tick.get_text() for tick in ax.get_xticklabels()] == ["untouched", "-6 dB"]
    assert "10 clips" in ax.get_ylabel()
