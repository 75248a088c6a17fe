from __future__ import annotations

import re

import pytest

from mgrlib.course.scoreboard import scoreboard
from mgrlib.recipes.ledger import listed, papers
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


def test_a_figure_of_ours_stands_with_interval_clips_protocol_and_seeds() -> None:
    body = scoreboard("luo2021").body
    row = next(r for r in body.split("<tr ") if "luo2021/cnn-mel<" in r)
    assert re.search(r"\.705.*on 200 clips, table 2", row)
    assert re.search(r"\[\.\d{3}, \.\d{3}\]", row)
    assert re.search(r"gtzan-mini, 100 clips; 5 folds by clip; \d seeds", row)


def test_a_recipe_that_was_not_run_says_so(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr("mgrlib.recipes.ledger._files", lambda paper, folder: [])
    assert "not run" in scoreboard("luo2021", tmp_path).body
