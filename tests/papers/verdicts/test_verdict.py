"""A verdict is quoted from its page, true of the records, and names its seeds if few."""

from __future__ import annotations

import pytest
import verdict
from records import RECORD
from verdict import assert_verdict, memoize, note_record

PAGE = "The first paragraph.\nThe CNN is ahead (two seeds).\nThe LSTM is behind."


@pytest.fixture(autouse=True)
def page(monkeypatch):
    monkeypatch.setattr(verdict, "text_of", lambda page: PAGE)


def of_two_seeds() -> bool:
    return note_record(RECORD).value > 0


def test_a_verdict_that_is_true_and_names_its_seeds_passes():
    assert_verdict("page", "The CNN is ahead", of_two_seeds)


@pytest.mark.parametrize(
    ("quote", "check", "message"),
    [
        ("The ResNet is ahead", of_two_seeds, "something else"),
        ("The CNN is ahead", lambda: False, "do not support"),
        ("The LSTM is behind", of_two_seeds, "only two"),
    ],
)
def test_a_verdict_that_is_absent_or_false_or_silent_about_seeds_fails(quote, check, message):
    with pytest.raises(AssertionError, match=message):
        assert_verdict("page", quote, check)


def test_a_memoized_result_notes_its_seeds_again():
    again = memoize(of_two_seeds)
    assert_verdict("page", "The CNN is ahead", again)
    with pytest.raises(AssertionError, match="only two"):
        assert_verdict("page", "The LSTM is behind", again)
