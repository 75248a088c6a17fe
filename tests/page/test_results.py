"""Result tables: numbers as printed, each with its interval and number of clips."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from records import RECORD

from mgrlib import papers
from mgrlib.errors import MgrError
from mgrlib.experiments.compare import Caveat, Comparison, Listed, Pair
from mgrlib.experiments.ledger import Printed
from mgrlib.page import results_table, scoreboard
from mgrlib.page.html import inline, plain, style, unique_id
from mgrlib.page.tables import figure

NET = Listed("luo2021/net", "`Net`", "recipe", 1)
NUMBER = Printed(0.705, "Net", "table 1", "accuracy", 200, ("n",), source="luo2021/net")
MEASURED = replace(RECORD, value=0.62, low=0.52, high=0.71, n=1234, train_accuracy=0.98)
FULL = Pair(NET, {}, NUMBER, MEASURED)


def table_of(*pairs, **options):
    return results_table(Comparison(pairs), caption="Both.", **options)


def test_numbers_have_three_decimals_their_interval_and_what_they_rest_on(page):
    text = page(table_of(FULL, chance=0.1)).text
    assert ".705 [.638, .764]" in text and "on 200 clips (our inference), table 1" in text
    assert ".620 [.520, .710]" in text
    assert "music, 1,234 clips; 2 folds by clip; 2 seeds; .980 on the training clips" in text
    assert "epochs 2" in text and "chance, .100" in text


@pytest.mark.parametrize(
    ("accuracy", "words"),
    [(0.68, "only .680 on its training clips"), (None, "on the training clips not recorded")],
)
def test_a_network_that_did_not_learn_its_training_clips_is_marked(page, accuracy, words):
    text = page(table_of(replace(FULL, record=replace(MEASURED, train_accuracy=accuracy)))).text
    assert words in text
    assert words not in page(table_of(FULL)).text


def test_numbers_count_what_they_say_and_another_metric_is_named(page):
    frames = replace(NUMBER, metric="accuracy of segments", unit="segments")
    text = page(table_of(replace(FULL, printed=frames))).text
    assert "accuracy of segments on 200 segments" in text
    assert ".705 [" not in text  # segments of a clip are not independent
    assert "accuracy of clips; music" in text
    songs = replace(MEASURED, condition={"unit": "frames"})
    assert "1,234 frames" in page(table_of(replace(FULL, record=songs))).text


def test_rows_that_differ_in_more_than_their_systems_are_named_under_the_table(page, monkeypatch):
    other = Listed("luo2021/other", "Other", "recipe", 1)
    caveat = Caveat(("luo2021/net", "luo2021/other"), "Their epochs differ.")
    monkeypatch.setattr(papers, "caveats", lambda: (caveat,))
    both = (FULL, replace(FULL, listed=other, printed=None))
    assert "net, other: Their epochs differ." in page(table_of(*both)).text
    assert "Their epochs differ." not in page(table_of(FULL)).text


def test_missing_numbers_say_so(page):
    text = page(table_of(Pair(NET, {}, NUMBER), Pair(NET, {}, None, MEASURED))).text
    assert text.count("not run") == 1
    assert text.count("not in the paper") == 1


def test_a_system_that_was_not_run_says_why(page):
    pair = Pair(replace(NET, no_record="takes a GPU"), {}, NUMBER)
    assert "not run: takes a GPU" in page(table_of(pair)).text


def test_what_is_inferred_of_a_printed_number_is_marked(page):
    number = replace(NUMBER, n=1, split="at random", inferred=("split",))
    text = page(table_of(Pair(NET, {}, number))).text
    assert "on 1 clip," in text and "at random (our inference)" in text
    text = page(table_of(Pair(NET, {}, replace(number, inferred=("metric",))))).text
    assert f"{NUMBER.metric} (our inference)" in text and "at random (our" not in text


def test_older_and_own_records_are_marked(page):
    pair = replace(FULL, record=replace(MEASURED, version=0, seeds=(0,)), own=True)
    text = page(table_of(pair)).text
    assert "by an older version" in text and "your run" in text and "; 1 seed;" in text


def test_drawing_puts_numbers_to_scale_and_says_them_in_words(page):
    reader = page(table_of(FULL))
    assert reader.named("svg")[0]["aria-label"] == "Net: reported .705, measured .620"
    assert reader.named("circle")[0]["cx"] == f"{4 + 152 * 0.62:.1f}"
    seconds = replace(FULL, record=replace(MEASURED, metric="seconds", value=3.0))
    assert page(table_of(seconds)).named("svg") == []


def test_heads_name_rows_and_columns(page):
    reader = page(table_of(FULL, Pair(Listed("luo2021/b", "B", "recipe", 1))))
    assert [th["scope"] for th in reader.named("th")] == ["col"] * 4 + ["row"] * 2


def test_several_records_of_one_number_show_it_once(page):
    other = replace(FULL, record=replace(MEASURED, data={"name": "elsewhere"}))
    text = page(table_of(FULL, other)).text
    assert text.count("luo2021/net") == 1 and text.count(".705") == 1
    assert "elsewhere" in text


def test_table_refuses_no_rows():
    with pytest.raises(MgrError, match="at least one row"):
        table_of()


@pytest.mark.parametrize(
    ("value", "metric", "text"),
    [(1.0, "accuracy", "1.000"), (0.2, "loss", "0.200"), (1234.6, "milliseconds", "1,235")],
)
def test_figures_are_fractions_or_have_three_digits(value, metric, text):
    assert figure(value, metric) == text


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_every_result_that_a_paper_prints_is_on_the_scoreboard_with_its_place(paper, page):
    text = page(scoreboard(paper)).text.replace('"', "")
    for entry in papers.printed(paper):
        if entry.metric:
            assert f"{entry.metric}" in text and entry.place.replace('"', "") in text
            assert figure(entry.value, entry.metric) in text, entry


def test_a_number_of_ours_stands_with_interval_clips_protocol_and_seeds() -> None:
    body = scoreboard("luo2021").body
    row = next(r for r in body.split("<tr ") if "luo2021/cnn-mel<" in r)
    assert re.search(r"\.705.*on 200 clips \(our inference\), table 2", row)
    assert re.search(r"\[\.\d{3}, \.\d{3}\]", row)
    assert re.search(r"gtzan-mini, 100 clips by 44 artists; 5 folds by clip; \d seeds", row)


def test_a_scoreboard_ends_with_the_commands_of_its_rows() -> None:
    body = scoreboard("luo2021").body
    text = re.search(r'<pre class="mgr-commands"[^>]*>(.*?)</pre>', body, re.DOTALL)[1]
    lines = text.split("\n")
    assert len(lines) == len(set(lines)) > 20
    command = "mgrlib run luo2021/cnn-mel --data gtzan-pictures --root PICTURES"
    assert f"{command} --protocol artist-folds --seeds 3 --out RESULTS" in lines


def test_marks_become_elements_and_the_rest_is_escaped():
    assert inline("**a** *b* `*c*` <d> 2 * 3 * 4") == (
        "<strong>a</strong> <em>b</em> <code>*c*</code> &lt;d&gt; 2 * 3 * 4"
    )
    assert plain('**a** *b* `c` "d"') == "a b c &quot;d&quot;"


def test_ids_differ_even_for_the_same_content():
    assert len({unique_id("same") for _ in range(100)}) == 100


def test_style_sheet_is_small_and_whole():
    assert style().count("{") == style().count("}") > 30
    assert len(style()) < 8000
    assert "/*" not in style()
