from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
from matplotlib.colors import to_hex

from mgrlib.errors import ShapeError
from mgrlib.evaluation import EvaluationError, Interval, Predictions, wilson
from mgrlib.plots import (
    GENRE_COLORS,
    alt_text,
    plot_confusion,
    plot_distances,
    plot_history,
    plot_intervals,
    plot_per_genre,
    plot_scatter_genres,
)
from mgrlib.training import Run, TrainConfig

GENRES = ("blues", "jazz", "pop")


def of_answers(truth, answers, genres=GENRES):
    ids = tuple(f"clip{i}" for i in range(len(truth)))
    return Predictions(ids, np.array(truth), np.eye(len(genres))[np.array(answers)], genres)


SIX = of_answers([0, 0, 0, 1, 1, 2], [0, 0, 1, 1, 2, 2])


def history(n=5, valid=True):
    epoch = np.arange(1, n + 1)
    falling, rising = 2.0 / epoch, 1 - 0.8 / epoch
    none = np.full(n, np.nan)
    return pd.DataFrame(
        {
            "epoch": epoch,
            "train_loss": falling,
            "train_accuracy": rising,
            "valid_loss": falling + 0.2 if valid else none,
            "valid_accuracy": rising - 0.1 if valid else none,
            "lr": 1e-3,
        }
    )


def run_of(table, best_epoch):
    return Run(TrainConfig(), table, best_epoch, {}, 1.0)


ROWS = {
    "ShallowCNN": {"reported": wilson(141, 200), "replicated": wilson(62, 100)},
    "MeanLSTM": {"reported": wilson(120, 200)},
}

PLOTS = {
    "history": lambda ax: plot_history(history(), ax=ax),
    "confusion": lambda ax: plot_confusion(SIX, ax=ax),
    "per_genre": lambda ax: plot_per_genre(SIX, ax=ax),
    "scatter": lambda ax: plot_scatter_genres(np.eye(6)[:, :2], [0, 0, 1, 1, 2, 2], GENRES, ax=ax),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_draws_on_the_axes_given_or_makes_its_own(name, check_axes):
    check_axes(PLOTS[name])


def test_history_shows_both_parts_and_the_best_epoch():
    ax = plot_history(run_of(history(), 3))
    assert ax.get_ylabel() == "cross-entropy (nats)"
    assert [t.get_text() for t in ax.get_legend().texts] == ["training", "validation", "best epoch"]
    np.testing.assert_allclose(ax.lines[1].get_ydata(), history()["valid_loss"])
    assert ax.lines[2].get_xdata()[0] == 3
    assert "validation loss from 2.2 to 0.6" in alt_text(ax)


def test_history_of_accuracy_without_validation():
    ax = plot_history(history(valid=False), quantity="accuracy")
    assert ax.get_ylabel() == "accuracy (fraction of segments)"
    assert len(ax.lines) == 1
    assert ax.get_ylim() == (0, 1.02)


def test_history_read_from_a_result_file():
    lists = {"epoch": [1, 2], "train_loss": [2.0, 1.0], "train_accuracy": [0.1, 0.4]}
    ax = plot_history(lists)
    assert len(ax.lines) == 1
    np.testing.assert_allclose(ax.lines[0].get_ydata(), [2, 1])


def test_confusion_writes_counts_and_shades_by_row():
    ax = plot_confusion(SIX)
    labels = [text.get_text() for text in ax.texts]
    assert labels == ["2", "1", "·", "·", "1", "1", "·", "·", "1"]
    np.testing.assert_allclose(
        ax.images[0].get_array(), [[2 / 3, 1 / 3, 0], [0, 1 / 2, 1 / 2], [0, 0, 1]]
    )
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("predicted genre", "true genre")
    assert ax.get_title(loc="center") == "accuracy .667 [.300, .903] n=6 clips"
    assert "4 of them correct" in alt_text(ax)
    assert "blues classified as jazz, 1 times" in alt_text(ax)


def test_confusion_without_an_error_says_so():
    ax = plot_confusion(of_answers([0, 1, 2], [0, 1, 2]))
    assert alt_text(ax) == "Confusion matrix of 3 clips, 3 of them correct."


def test_bars_of_one_system_have_the_genres_colors_and_wilson_whiskers():
    ax = plot_per_genre(SIX)
    bars = ax.patches
    assert [to_hex(bar.get_facecolor()) for bar in bars] == [GENRE_COLORS[g] for g in GENRES]
    np.testing.assert_allclose([bar.get_height() for bar in bars], [2 / 3, 1 / 2, 1])
    whisker = ax.collections[0].get_segments()[0]
    interval = wilson(2, 3)
    np.testing.assert_allclose(whisker[:, 1], [interval.low, interval.high])
    assert ax.get_ylabel() == "accuracy (fraction of clips)"
    assert ax.get_xlabel() == "genre (1 to 3 clips each)"
    assert ax.get_legend() is None


def test_bars_of_several_systems_stand_side_by_side():
    ax = plot_per_genre({"CNN": SIX, "LSTM": SIX})
    assert len(ax.patches) == 6
    assert [t.get_text() for t in ax.get_legend().texts] == ["CNN", "LSTM"]
    first, second = ax.patches[0], ax.patches[3]
    assert first.get_x() + first.get_width() <= second.get_x() + 1e-9
    assert first.get_hatch() != second.get_hatch()


def test_systems_of_different_genres_and_too_many_are_refused():
    other = of_answers([0, 1, 2], [0, 1, 2], ("blues", "jazz", "rock"))
    with pytest.raises(EvaluationError, match="2 lists of genres"):
        plot_per_genre({"a": SIX, "b": other})
    with pytest.raises(EvaluationError, match="5 systems"):
        plot_per_genre({str(i): SIX for i in range(5)})
    with pytest.raises(EvaluationError, match="0 systems"):
        plot_per_genre({})


def test_a_genre_without_clips_has_no_bar():
    ax = plot_per_genre(of_answers([0, 1], [0, 1]))
    assert np.isnan(ax.patches[2].get_height())
    ax.figure.canvas.draw()


def test_intervals_put_reported_beside_replicated():
    ax = plot_intervals(ROWS, chance=0.1)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["ShallowCNN", "MeanLSTM"]
    assert [t.get_text() for t in ax.get_legend().texts] == ["reported", "replicated"]
    whisker = ax.collections[0].get_segments()[0]
    np.testing.assert_allclose(whisker[:, 0], [wilson(141, 200).low, wilson(141, 200).high])
    assert len(ax.collections[1].get_segments()) == 1  # MeanLSTM was not replicated
    assert ax.get_xlabel() == "accuracy"
    top, bottom = ax.get_ylim()
    assert top > bottom  # the first row stands on top
    assert "ShallowCNN: reported .705 [.638, .764] n=200" in alt_text(ax)


def test_an_interval_without_bounds_is_a_dot():
    ax = plot_intervals({"one seed": {"ours": Interval(0.6, np.nan, np.nan, 1)}})
    np.testing.assert_allclose(ax.collections[0].get_segments()[0][:, 0], [0.6, 0.6])
    ax.figure.canvas.draw()


@pytest.mark.parametrize("series", ["", "accuracy"])
def test_one_series_without_a_name_of_its_own_has_no_legend(series, recwarn):
    ax = plot_intervals({"nine layers": {series: Interval(0.6, 0.5, 0.7, 100)}})
    assert ax.get_legend() is None and not recwarn.list


def test_intervals_grow_with_their_rows_but_not_the_axes_given():
    few = plot_intervals(ROWS).figure.get_size_inches()
    many = plot_intervals({f"row{i}": ROWS["MeanLSTM"] for i in range(20)})
    assert many.figure.get_size_inches()[1] > few[1]
    fig, ax = plt.subplots(figsize=(3, 3))
    plot_intervals(ROWS, ax=ax)
    assert tuple(fig.get_size_inches()) == (3, 3)


def test_nothing_to_show_and_too_many_series_are_refused():
    with pytest.raises(EvaluationError, match="0 series"):
        plot_intervals({})
    with pytest.raises(EvaluationError, match="5 series"):
        plot_intervals({"LSTM": {str(i): Interval(0.6, 0.5, 0.7, 100) for i in range(5)}})


def test_long_names_of_rows_are_broken():
    ax = plot_intervals({"ShallowCNN, log-mel, standardized": ROWS["MeanLSTM"]})
    assert ax.get_yticklabels()[0].get_text() == "ShallowCNN, log-mel,\nstandardized"


def test_lines_of_a_name_are_of_similar_length_and_do_not_touch_the_next_row():
    name = "The published tagger, recurrent layers fine-tuned, and much more"
    rows = {f"{i} {name}": {"": Interval(0.6, 0.5, 0.7, 100)} for i in range(3)}
    ax = plot_intervals(rows)
    ax.figure.canvas.draw()
    labels = ax.get_yticklabels()
    lengths = [len(line) for line in labels[0].get_text().split("\n")]
    assert len(lengths) == 3 and min(lengths) > 15
    boxes = sorted((label.get_window_extent() for label in labels), key=lambda box: box.y0)
    assert all(low.y1 < high.y0 for low, high in pairwise(boxes))


def test_scattered_points_have_the_color_and_marker_of_their_genre():
    points = np.arange(12.0).reshape(6, 2)
    ax = plot_scatter_genres(points, np.array([0, 1, 2, 0, 1, 2]), GENRES)
    assert len(ax.collections) == 3
    np.testing.assert_allclose(ax.collections[1].get_offsets(), points[[1, 4]])
    assert to_hex(ax.collections[1].get_facecolor()[0]) == GENRE_COLORS["jazz"]
    assert [t.get_text() for t in ax.get_legend().texts] == list(GENRES)
    with pytest.raises(ShapeError, match=r"points\[:, :2\]"):
        plot_scatter_genres(np.zeros((6, 3)), np.zeros(6), GENRES)


def test_distances_label_blocks_once():
    matrix = np.abs(np.subtract.outer(np.arange(5.0), np.arange(5.0)))
    ax = plot_distances(matrix, ["blues", "blues", "blues", "jazz", "jazz"], quantity="steps")
    assert [t.get_text() for t in ax.get_yticklabels()] == ["blues", "jazz"]
    assert ax.get_yticks().tolist() == [1.0, 3.5]
    assert len(ax.lines) == 2
    assert ax.figure.axes[1].get_ylabel() == "steps"
    assert alt_text(ax) == "Matrix of steps between 5 items in 2 blocks, from 0 to 4."


def test_distances_of_single_things_have_no_lines():
    ax = plot_distances(np.eye(3), GENRES)
    assert len(ax.lines) == 0
    with pytest.raises(ShapeError, match="n=2, m=2"):
        plot_distances(np.eye(3), GENRES[:2])


def test_long_names_of_series_leave_room_for_the_axes():
    names = [f"a network of the paper (training {n} %)" for n in (89, 73, 95)]
    ax = plot_intervals({"blues": dict.fromkeys(names, Interval(0.6, 0.5, 0.7, 100))})
    ax.figure.canvas.draw()
    assert ax.get_position().width > 0.6
