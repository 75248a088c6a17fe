from __future__ import annotations

import re

import pytest

from mgrlib.page.board import _digits, scoreboard
from mgrlib.recipes.ledger import listed, papers, printed
from mgrlib.recipes.studies import Study


@pytest.mark.parametrize("paper", papers())
def test_every_printed_number_stands_on_the_scoreboard(paper, tmp_path) -> None:
    body = scoreboard(paper, tmp_path).body
    rows = re.findall(r"<tr role=\"row\">.*?</tr>", body)
    for one in listed(paper):
        printed = one.reported.values() if isinstance(one, Study) else one.reported
        mine = [row for row in rows if f"<small>{one.name}</small>" in row]
        shown = [row for row in mine if 'class="mgr-figure"' in row]
        assert len(shown) >= len(list(printed)), one.name


@pytest.mark.parametrize("paper", papers())
def test_what_else_a_paper_prints_is_folded_below(paper, tmp_path, page) -> None:
    """Every result of the ledger is on the page, in one table or the other, with its place."""
    text = page(scoreboard(paper, tmp_path)).text
    for one in printed(paper):
        if one.metric:
            assert f"{one.metric}" in text and one.place.replace('"', "") in text.replace('"', "")
            assert _digits(one.value, one.metric) in text, one


def test_the_trials_behind_a_figure_are_folded() -> None:
    """Tang, figure 9, has 28 rows of four figures; a few of them are averages too."""
    folded = scoreboard("tang2018").body.split("<details>")[1]
    assert folded.count("figure 9") > 80
    assert "trials, epochs 20, trial 3: test accuracy" in folded


def test_a_figure_of_ours_stands_with_interval_clips_protocol_and_seeds() -> None:
    body = scoreboard("luo2021").body
    row = next(r for r in body.split("<tr ") if "luo2021/cnn-mel<" in r)
    assert re.search(r"\.705.*on 200 clips, table 2", row)
    assert re.search(r"\[\.\d{3}, \.\d{3}\]", row)
    assert re.search(r"gtzan-mini, 100 clips; 5 folds by clip; \d seeds", row)


def test_one_seed_is_not_told_in_the_plural() -> None:
    body = "".join(scoreboard(paper).body for paper in papers())
    assert "; 1 seed<" in body or "; 1 seed;" in body
    assert " 1 seeds" not in body


def test_a_recipe_that_was_not_run_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("mgrlib.recipes.ledger._files", lambda paper, folder: [])
    assert "not run" in scoreboard("luo2021", tmp_path).body
