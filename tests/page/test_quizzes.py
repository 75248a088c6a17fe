"""Quizzes: one right answer, a reason for each, and nothing that gives it away."""

from __future__ import annotations

import json
from importlib.resources import files

import pytest

from mgrlib.errors import MgrError
from mgrlib.page import Question, quiz


def question(number: int = 1, n_wrong: int = 3) -> Question:
    wrong = {f"wrong {k}": f"Because *{k}* < `x`." for k in range(n_wrong)}
    return Question(f"Question {number}?", "right", "It is.", wrong)


def test_each_question_has_one_right_answer_and_a_reason_for_every_choice(page):
    reader = page(quiz([question(k) for k in range(6)]))
    radios = reader.named("input")
    assert len(radios) == 24
    for name in {radio["name"] for radio in radios}:
        own = [radio for radio in radios if radio["name"] == name]
        assert sorted(radio["data-right"] for radio in own) == ["0", "0", "0", "1"]
        assert all(radio["data-why"].strip() for radio in own)


def test_reasons_are_escaped_once_for_the_attribute_and_once_for_the_page(page):
    whys = [radio["data-why"] for radio in page(quiz([question()])).named("input")]
    assert "Because <em>0</em> &lt; <code>x</code>." in whys


def test_order_is_the_same_every_time_and_the_right_answer_is_not_always_first():
    orders = [[c[2] for c in question(k).choices].index(True) for k in range(40)]
    assert orders == [[c[2] for c in question(k).choices].index(True) for k in range(40)]
    assert all(orders.count(place) >= 4 for place in range(4))


def test_quiz_can_be_used_with_the_keyboard_and_read_out(page):
    reader = page(quiz([question(1), question(2)]))
    assert len(reader.named("form")) == len(reader.named("fieldset")) == 2
    assert [b["type"] for b in reader.named("button")] == ["submit", "submit"]
    assert reader.all("role").count("status") == 3  # a reply for each question, and the score


def test_a_figure_stands_between_the_question_and_its_answers(page):
    asked = Question("Which?", "right", "It is.", {"wrong": "No."}, figure="networks-losses")
    body = quiz([asked]).body
    assert body.index("</legend>") < body.index("<svg") < body.index('type="radio"')
    assert "<svg" not in quiz([question()]).body
    page(quiz([asked]), quiz([asked]))


def test_a_figure_that_is_not_there_is_refused():
    with pytest.raises(MgrError, match=r"networks-losses.*'losses'"):
        quiz([Question("Which?", "right", "It is.", {"wrong": "No."}, figure="losses")])


def test_every_figure_of_a_question_is_asked_about():
    folder = files("mgrlib.page") / "questions"
    entries = [
        entry
        for item in folder.iterdir()
        if item.name.endswith(".json")
        for entry in json.loads(item.read_text(encoding="utf-8"))
    ]
    drawn = {p.name.removesuffix(".svg") for p in folder.iterdir() if p.name.endswith(".svg")}
    assert drawn == {entry["figure"] for entry in entries if "figure" in entry}


def test_same_quiz_twice_on_a_page_is_two_quizzes(page):
    page(quiz([question()]), quiz([question()]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("", "a", "b", {"c": "d"}), "a prompt and a right answer"),
        (("p", " ", "b", {"c": "d"}), "a prompt and a right answer"),
        (("p", "a", "", {"c": "d"}), "a reason why the right answer is right"),
        (("p", "a", "b", {}), "one or more wrong answers"),
        (("p", "a", "b", {"a": "d"}), "the right answer among them"),
        (("p", "a", "b", {"c": "d", "e": ""}), r"none for \['e'\]"),
    ],
)
def test_question_refuses_to_be_incomplete(arguments, message):
    with pytest.raises(MgrError, match=message):
        Question(*arguments)


def test_quiz_refuses_no_questions_and_the_same_one_twice():
    with pytest.raises(MgrError, match="at least one question"):
        quiz([])
    with pytest.raises(MgrError, match="the same prompt twice"):
        quiz([question(), question()])
