"""The ledger has every number that a paper prints, or the list says what the number is."""

from __future__ import annotations

from collections import Counter

import pytest

from checks.printed_numbers import TEXTS, numbers_of, read, text_of, value_of
from mgrlib import papers

CONTENT = {paper: read(paper) for paper in TEXTS}
BY_KEY = pytest.mark.parametrize("paper", papers.PAPERS)


def test_the_numbers_of_a_text_end_with_its_bibliography():
    text = "1D and ResNet18, (2, 855, 818) of 80%\nX ∈ R128×1024\n## REFERENCES :\n[1] 2002"
    assert numbers_of(text) == [(1, "2,855,818"), (1, "80%"), (2, "128"), (2, "1024")]


def test_numbers_in_words_and_both_sides_of_a_picture_count():
    text = "Three tenths, one of two networks, almost half\n128x216 pictures"
    assert numbers_of(text) == [(1, "Three"), (1, "two"), (1, "half"), (2, "128"), (2, "216")]


@BY_KEY
def test_each_printed_number_is_in_the_ledger_or_has_a_reason(paper):
    remainder = Counter(map(tuple, CONTENT[paper]["numbers"]))
    for row in CONTENT[paper]["other"]:
        assert row["what"].strip()
        remainder -= Counter(map(tuple, row["at"]))
    values = {abs(entry.value) for entry in papers.printed(paper)}
    assert [place for place in remainder if value_of(place[1]) not in values] == []


# Works other than the paper whose numbers its ledger has as well, by the start of the place.
ELSEWHERE = ("the authors' code", "README", "audio_processor.py", "Jiménez and José", "Choi et al.")


def values_of(paper: str) -> set[float]:
    """The values of the numbers in a text, without signs."""
    return {value_of(number) for _, number in CONTENT[paper]["numbers"]}


@BY_KEY
def test_the_value_of_an_entry_is_in_the_text_or_inferred(paper):
    values = values_of(paper)
    for entry in papers.printed(paper):
        if "value" not in entry.inferred and not entry.place.startswith(ELSEWHERE):
            assert abs(entry.value) in values, entry


@BY_KEY
def test_the_number_of_test_clips_is_in_the_text_or_inferred(paper):
    values = values_of(paper)
    for entry in papers.printed(paper):
        if entry.n is not None and "n" not in entry.inferred:
            assert entry.n in values, entry


@BY_KEY
def test_reasons_are_given_for_numbers_that_are_there(paper):
    places = Counter(map(tuple, CONTENT[paper]["numbers"]))
    reasons = Counter(tuple(at) for row in CONTENT[paper]["other"] for at in row["at"])
    assert not reasons - places


@BY_KEY
@pytest.mark.realdata
def test_the_list_has_the_numbers_of_the_text(paper, realdata):
    folder = realdata.parent / "papers"
    if not folder.is_dir():
        pytest.skip(f"the texts of the papers are not in {folder}")
    assert [list(place) for place in numbers_of(text_of(folder, paper))] == CONTENT[paper][
        "numbers"
    ]


def test_what_is_inferred_is_a_field_of_the_entry_that_has_a_value():
    for paper in papers.PAPERS:
        for entry in papers.printed(paper):
            assert all(getattr(entry, name) not in (None, "") for name in entry.inferred), entry


def test_results_count_clips_unless_they_say_what_else():
    """Accuracy of clips never stands beside accuracy of segments without a word."""
    for paper in papers.PAPERS:
        for entry in papers.printed(paper):
            if entry.metric == "accuracy" and entry.n is not None:
                assert entry.n <= 1000, entry
