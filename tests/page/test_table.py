"""Result tables: figures as printed, each with its interval and number of clips."""

from __future__ import annotations

import pytest

from mgrlib.errors import MgrError
from mgrlib.page import ResultRow, results_table
from mgrlib.page.html import inline, plain, style, unique_id

FULL = ResultRow("`Net`", 0.705, "table 1", 0.62, (0.52, 0.71), 1234, "ours", (0.64, 0.76))


def test_figures_have_three_digits_their_interval_and_number_of_clips(page):
    text = page(results_table([FULL], caption="Both.", chance=0.1)).text
    assert ".705 [.640, .760]" in text
    assert ".620 [.520, .710] on 1,234 clips" in text
    assert "chance, .100" in text


def test_missing_figures_say_so(page):
    text = page(results_table([ResultRow("a", None), ResultRow("b", 0.5)], caption="Some.")).text
    assert text.count("not given") == 1
    assert text.count("not yet run") == 2


def test_drawing_puts_figures_to_scale_and_says_them_in_words(page):
    reader = page(results_table([FULL], caption="Both."))
    assert reader.named("svg")[0]["aria-label"] == "Net: reported .705, replicated .620"
    assert reader.named("circle")[0]["cx"] == f"{4 + 152 * 0.62:.1f}"


def test_heads_name_rows_and_columns(page):
    reader = page(results_table([FULL, FULL], caption="Both.", metric="F1"))
    assert [th["scope"] for th in reader.named("th")] == ["col"] * 4 + ["row"] * 2
    assert "reported F1" in reader.text


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"reported": 70.5}, "give .705, not 70.5"),
        ({"reported": 0.7, "replicated": 0.6}, "an interval and `n` beside our figure"),
        (
            {"reported": 0.7, "replicated": 0.6, "interval": (0.7, 0.8), "n": 9},
            "within its interval",
        ),
    ],
)
def test_row_refuses_bare_or_impossible_figures(arguments, message):
    with pytest.raises(MgrError, match=message):
        ResultRow("net", **arguments)


def test_table_refuses_no_rows():
    with pytest.raises(MgrError, match="at least one row"):
        results_table([], caption="None.")


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
