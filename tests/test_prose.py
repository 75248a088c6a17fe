"""Numbers in the book's prose: a paper's and in its ledger, or not there at all.

The checks live in checks/prose.py. Each is shown to find what it is for before the book is held
against it. Quizzes are not looked at: their numbers belong to the question's own thought.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

import nbformat
import pytest

from mgrlib.errors import RecipeError
from mgrlib.experiments.ledger import Printed
from mgrlib.papers import PAPERS, printed, printed_keys

ROOT = Path(__file__).resolve().parent.parent

from checks import prose

PAGES = sorted(
    path
    for ending in ("md", "ipynb")
    for path in (ROOT / "book").rglob(f"*.{ending}")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)
)
CHAPTERS = [path for path in PAGES if path.parent.name == "papers"]
CODE = [path for path in PAGES if path.suffix == ".ipynb"]

# Shares that nobody printed and that may stand in prose, with the reason.
ALLOWED = {
    ("evaluation", ".65"): "the true accuracy in a simulation",
    ("leak", "35 %"): "a condition of the assignment",
    ("leak", "97 %"): "a condition of the assignment",
    ("front_end", "35 %"): "points are given by it",
    ("front_end", "75 %"): "points are given by it",
    ("front_end", "55 %"): "points are given by it",
    ("front_end", "90 %"): "points are given by it",
    ("transfer", "10 %"): "chance",
    ("transfer", "55 %"): "points are given by it",
    ("transfer", "75 %"): "points are given by it",
    ("transfer", "90 %"): "points are given by it",
    ("transfer", "50 %"): "points are given by it",
    ("transfer", "85 %"): "points are given by it",
    ("wei2023_fusion", "99 %"): "how much of a gradient an exercise asks for",
    ("wei2023_compression", "95 %"): "zeros that an exercise asks for",
}
# Numbers in sentences about a paper that are ours or arithmetic, with the reason.
NOT_QUOTED = {
    ("minhas2019", "360"): "the picture's range, 4.5 times eighty decibels",
    ("minhas2019", "120"): "training clips of the page, in an exercise",
}
# Shares of three digits in code that are no results, with the reason.
IN_CODE = {"0.975": "a quantile", "0.999": "a tolerance", "0.875": "units that are cut away"}


def page(text: str, name: str = "luo2021") -> list[prose.Place]:
    """A page of one text."""
    return [prose.Place(name, 0, text)]


def papers_of(path: Path) -> tuple[str, ...]:
    """The paper that a chapter is about; other pages are about all of them."""
    return (path.stem.split("_")[0],) if path in CHAPTERS else PAPERS


@cache
def texts(path: Path) -> tuple[prose.Place, ...]:
    """The prose of a page, read once."""
    return tuple(prose.texts(path))


@cache
def ledger() -> dict[str, tuple[float, ...]]:
    """The numbers that prose may quote, by work; single trials of a table are read, not quoted."""
    return {
        key: tuple(
            number
            for entry in printed(key)
            if "trial" not in entry.condition
            for number in (entry.value, entry.n)
            if number
        )
        for key in printed_keys()
    }


# The ledger -----------------------------------------------------------------------------------


@pytest.mark.parametrize("place", ["", "  "])
def test_a_number_without_its_place_is_refused(place):
    with pytest.raises(RecipeError, match="section"):
        Printed(0.7, "a network", place)


def test_every_number_of_a_ledger_has_its_place():
    assert [key for key in printed_keys() if not printed(key)] == []
    entries = [(key, entry) for key in printed_keys() for entry in printed(key)]
    assert [(k, e) for k, e in entries if not (e.place.strip() and e.what.strip())] == []


def test_every_work_with_a_ledger_is_in_the_bibliography():
    bibliography = (ROOT / "book/references.bib").read_text(encoding="utf-8")
    assert [key for key in printed_keys() if f"{{{key}," not in bibliography] == []


def test_a_work_without_a_ledger_is_refused():
    with pytest.raises(RecipeError, match=r"luo2021.*'luo2020'"):
        printed("luo2020")


def test_the_trials_behind_a_table_are_in_the_ledger():
    """Tang, figure 9: 28 rows of four figures, and equal values do not swallow each other."""
    entries = [entry for entry in printed("tang2018") if entry.place == "figure 9" and entry.metric]
    assert len(entries) == 28 * 4


# The checks themselves ------------------------------------------------------------------------

KNOWN = {"luo2021": (0.705, 0.68, 435_338, 200), "won2021": (0.5414,)}


def bare(text: str, papers: Iterable[str] = ("luo2021",)) -> list[str]:
    return prose.unsourced(page(text), papers, KNOWN, {})


@pytest.mark.parametrize(
    "text",
    [
        "Our network reaches .62 on the mini set.",
        "Our network reaches 0.62.",
        "It is right on 62 % of them.",
        "It is right on 61.5% of them.",
        "About 62 per cent are right.",
        "Between 58 and 71 % are right.",
        "- a list: .62",
        "| ours | .62 |",
        "### Is .62 good?",
        "The paper has .705, ours .715.",
    ],
)
def test_check_finds_a_result_that_was_typed(text):
    assert len(bare(text)) >= 1


@pytest.mark.parametrize(
    "text",
    [
        "The paper prints .705 on 200 clips, 71 % in round figures.",
        "The table gives each accuracy with a 95 % interval; p < .05 is customary.",
        "`dropout=0.62`, $0.62$, $$p = .62$$ and [here](page-0.62.html) are code and formulas.",
        "```python\nx = 0.62\n```",
        "Version 0.62.1 of 3.62 things, 1,062 clips, 6.2 points, a learning rate of .003.",
        "A tutorial's network gets .541 {cite:p}`won2021`.",
    ],
)
def test_check_leaves_alone_what_is_printed_a_level_or_code(text):
    assert bare(text) == []


def test_check_wants_other_works_cited_beside_their_number():
    assert len(bare("A tutorial's network gets .541.")) == 1


def test_check_rounds_to_two_digits_and_not_to_one():
    assert bare("It has .71.") == []
    assert len(bare("It has .7.")) == 1


def test_check_lets_pass_what_is_allowed_on_that_page_only():
    allowed = {("luo2021", ".62"): "a reason"}
    text = "Suppose a true accuracy of .62."
    assert prose.unsourced(page(text), (), KNOWN, allowed) == []
    assert len(prose.unsourced(page(text, "tang2018"), (), KNOWN, allowed)) == 1


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("The paper prints 435,338 parameters.", 0),
        ("The paper prints 435,383 parameters.", 1),
        ("Luo's report states .705 and .86.", 1),
        ("The paper's table has 6.5 epochs and 200 clips.", 1),
        ("Ours has 435,383 parameters.", 0),
    ],
)
def test_check_holds_what_a_paper_is_said_to_print_against_its_ledger(text, n):
    assert len(prose.misquoted(page(text), ("luo2021",), KNOWN, {})) == n


def notebook(*sources: str) -> nbformat.NotebookNode:
    return nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])


def test_check_finds_fractions_of_three_digits_in_code():
    fractions = prose.typed_fractions(notebook("a = 0.705", "b = 0.25 + 0.001 + 1.705"))
    assert [(text, value) for _, text, value in fractions] == [("0.705", 0.705)]


# The book -------------------------------------------------------------------------------------


def test_no_accuracy_stands_bare_in_the_prose():
    wrong = [
        line for p in PAGES for line in prose.unsourced(texts(p), papers_of(p), ledger(), ALLOWED)
    ]
    assert wrong == []


def test_what_a_chapter_says_its_paper_prints_is_in_the_ledger():
    allowed = ALLOWED | NOT_QUOTED
    wrong = [
        line
        for path in CHAPTERS
        for line in prose.misquoted(texts(path), papers_of(path), ledger(), allowed)
    ]
    assert wrong == []


def test_every_fraction_typed_into_code_is_printed_in_a_paper():
    wrong = []
    for path in CODE:
        quotable = [value for key in papers_of(path) for value in ledger()[key]]
        wrong += [
            f"{path.stem}, cell {number}: {text}"
            for number, text, value in prose.typed_fractions(prose.read(path))
            if not prose.matches(value, len(text.split(".")[1]), quotable) and text not in IN_CODE
        ]
    assert wrong == []


def test_every_allowance_is_used():
    """A reason for something that is no longer there would hide the next one."""
    quoted = {
        (place.page, text)
        for path in PAGES
        for place in texts(path)
        for sentence in prose.sentences(prose.plain(place.text))
        for text, _, _ in prose.fractions(sentence)
    }
    assert [key for key in ALLOWED if key not in quoted] == []
