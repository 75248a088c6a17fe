"""Figures of results as HTML: each row has its numbers in words, and marks at the right places."""

from __future__ import annotations

import math
import re
from dataclasses import replace

import pytest
from records import WHOLE_GTZAN

from mgrlib import papers
from mgrlib.errors import MgrError
from mgrlib.evaluation import Interval
from mgrlib.experiments.compare import Listed
from mgrlib.page import (
    Axis,
    DotRow,
    contrast_figure,
    contrast_table,
    dot_figure,
    main_systems,
    protocol_figure,
)

NET = DotRow(
    "`Net`", {"a": Interval(0.5, 0.4, 0.6, n=9), "b": Interval(0.7, math.nan, math.nan, 0)}
)


def test_a_row_says_its_numbers_in_words_and_its_note(page):
    text = page(figure := dot_figure({"Paper": [replace(NET, note="only *small*")]}, ("a", "b")))
    labels = text.all("aria-label")
    assert labels == ["Paper", "Net: a .500, interval .400 to .600; b .700"]
    assert "<em>small</em>" in figure.body
    assert repr(figure) == "figure: 1 rows with a, b"


def test_marks_are_at_the_place_of_their_value_and_only_known_bounds_are_drawn():
    body = dot_figure({"": [NET]}, ("a", "b"), axis=Axis(low=0.4, high=0.8)).body
    assert re.findall(r'<svg x="([\d.]+)%"', body) == ["26.5", "73.5"]  # 3 % are free at each end
    whiskers = re.findall(r'class="mgr-(?:diamond|ring)" x1="(\S+)" x2="(\S+)"', body)
    assert whiskers == [("3.0%", "50.0%")]


def test_a_row_without_results_says_so():
    assert "Empty: no result" in dot_figure({"": [DotRow("Empty")]}, ("a",)).body


@pytest.mark.parametrize(("rows", "series"), [([], "a"), ([NET], ""), ([NET], "abcde")])
def test_a_figure_needs_rows_and_a_mark_for_each_series(rows, series):
    with pytest.raises(MgrError, match="series"):
        dot_figure({"": rows}, tuple(series))


def test_variants_without_a_fault_filtered_result_are_not_main_systems(monkeypatch, page):
    nets = tuple(Listed(f"luo2021/{name}", name, "recipe", 1) for name in ("cnn-mel", "a", "b"))
    protocols = ("3 artist folds", "fault-filtered", "3 artist folds")
    made = [
        replace(WHOLE_GTZAN, source=net.name, protocol=protocol, condition={})
        for net, protocol in zip(nets, protocols, strict=True)
    ]
    monkeypatch.setattr(papers, "listing", lambda key: nets)
    monkeypatch.setattr(papers, "records", lambda key, **values: made)
    assert list(main_systems("luo2021")) == ["luo2021/cnn-mel", "luo2021/a"]
    labels = page(protocol_figure({"Luo": "luo2021"})).all("aria-label")
    assert [label.split(":")[0] for label in labels] == ["Luo", "cnn-mel", "a"]
    assert "reported .705" in labels[1] and "fault-filtered" in labels[2]


def test_a_difference_is_drawn_reported_and_for_each_test_that_both_systems_have(page):
    pairs = {"Luo": [("luo2021/cnn-mel", "luo2021/lstm-mel")]}
    label = page(contrast_figure(pairs)).all("aria-label")[1]
    assert "reported .025;" in label
    assert label.count("interval") == 3


@pytest.mark.parametrize("draw", [contrast_table, lambda pairs: contrast_figure({"Wei": pairs})])
def test_a_contrast_names_the_recipes_without_records_on_all_of_gtzan(draw):
    with pytest.raises(MgrError, match=r"none of \['wei2023/resnet-wave'\]"):
        draw([("wei2023/resnet-mel", "wei2023/resnet-wave")])
