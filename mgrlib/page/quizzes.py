"""Quizzes that are marked on the page, without a kernel, a network or an account."""

from __future__ import annotations

import hashlib
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files

from mgrlib.errors import MgrError, explain
from mgrlib.page.diagrams import svg
from mgrlib.page.html import OWN_KEYS, Html, inline, unique_id


@dataclass(frozen=True)
class Question:
    """One question with one right answer.

    Args:
        prompt: the question.
        right: the right answer.
        because: why it is right, shown when the reader chooses it.
        wrong: each wrong answer with the reason why it is wrong, shown when the reader chooses it.
        figure: an SVG file of `mgrlib/page/questions`, without its ending, that the question asks
            about; by default none.

    Raises:
        MgrError: if a text is empty, if there is no wrong answer, or if the right answer is among
            the wrong ones.

    >>> Question("Is `0.71` on 200 clips exact?", "no", "It is an estimate.", {"yes": ""})
    Traceback (most recent call last):
    ...
    mgrlib.errors.MgrError: Question 'Is `0.71` on 200 clips exact?': expected a reason why each ...
    """

    prompt: str
    right: str
    because: str
    wrong: Mapping[str, str]
    figure: str = ""

    def __post_init__(self) -> None:
        where = f"Question {self.prompt!r}"
        if not (self.prompt.strip() and self.right.strip()):
            raise MgrError(explain(where, "a prompt and a right answer", "an empty text"))
        if not self.because.strip():
            raise MgrError(explain(where, "a reason why the right answer is right", "none"))
        if not self.wrong or self.right in self.wrong:
            got = "the right answer among them" if self.wrong else "none"
            raise MgrError(explain(where, "one or more wrong answers", got))
        bare = [answer for answer, reason in self.wrong.items() if not reason.strip()]
        if bare or not all(answer.strip() for answer in self.wrong):
            raise MgrError(
                explain(where, "a reason why each wrong answer is wrong", f"none for {bare}")
            )

    @property
    def choices(self) -> list[tuple[str, str, bool]]:
        """The answers as (answer, reason, whether it is right), in a pseudorandom order.

        They are sorted by their hashes, so the order is the same in every build.
        """
        answers = [(self.right, self.because, True)]
        answers += [(answer, reason, False) for answer, reason in self.wrong.items()]
        return sorted(answers, key=lambda a: hashlib.sha256((self.prompt + a[0]).encode()).digest())


def quiz(questions: Sequence[Question], *, title: str = "Quiz") -> Html:
    """Return questions to answer on the page; each is marked and explained when it is checked.

    Readers choose with the mouse or the arrow keys and check with the button or Enter. The score
    counts first attempts.

    >>> q = Question("Which is louder?", "0 dB", "It is less negative.", {"-6 dB": "It is half."})
    >>> quiz([q])
    quiz: 1 question
    """
    if not questions:
        raise MgrError(explain("quiz", "at least one question", "none"))
    prompts = [question.prompt for question in questions]
    if len(set(prompts)) < len(prompts):
        raise MgrError(explain("quiz", "different questions", "the same prompt twice"))
    uid = unique_id("".join(prompts))
    forms = "".join(_form(f"{uid}-q{n}", n, q) for n, q in enumerate(questions, 1))
    count = f"{len(questions)} question{'s' if len(questions) > 1 else ''}"
    body = (
        f'<section class="mgr-quiz" id="{uid}" aria-label="{html.escape(title)}">{forms}'
        f'<p class="mgr-score" role="status">{count}: choose, then check.</p>'
        f"{_SCRIPT.replace('UID', uid)}</section>"
    )
    return Html(body, f"quiz: {count}")


def _form(uid: str, number: int, question: Question) -> str:
    """A question as a separate form, so that Enter checks it."""
    answers = "".join(
        f'<label><input type="radio" {OWN_KEYS} name="{uid}" value="{k}" data-right="{int(right)}" '
        f'data-why="{html.escape(inline(reason))}"> <span>{inline(answer)}</span></label>'
        for k, (answer, reason, right) in enumerate(question.choices)
    )
    figure = ""
    if question.figure:
        figure = f'<div class="mgr-drawing">{svg(question.figure, "questions")}</div>'
    return (
        f"<form><fieldset><legend><b>{number}</b> {inline(question.prompt)}</legend>"
        f"{figure}{answers}"
        f'</fieldset><button type="submit">Check</button>'
        f'<p class="mgr-why" role="status"></p></form>'
    )


_SCRIPT = """<script>(function(){
const root=document.getElementById("UID"),forms=[...root.querySelectorAll("form")],first=new Map();
forms.forEach(function(form){
const why=form.querySelector(".mgr-why");
form.addEventListener("change",function(){why.className="mgr-why";why.textContent="";});
form.addEventListener("submit",function(event){
event.preventDefault();
const chosen=form.querySelector("input:checked");
if(!chosen){why.className="mgr-why";why.textContent="Choose an answer first.";return;}
const right=chosen.dataset.right==="1";
if(!first.has(form))first.set(form,right);
why.className="mgr-why "+(right?"mgr-right":"mgr-wrong");
why.innerHTML="<b>"+(right?"Right.":"Not quite.")+"</b> "+chosen.dataset.why;
const n=[...first.values()].filter(Boolean).length;
root.querySelector(".mgr-score").textContent=n+" of "+first.size+" right at the first attempt"
+(first.size<forms.length?"; "+(forms.length-first.size)+" to go.":". You have answered all.");
});});
})();</script>"""


def chapter_quiz(chapter: str) -> Html:
    """Return the quiz of a chapter, from `mgrlib/page/questions/<chapter>.json`.

    Raises:
        MgrError: if the chapter has no questions.

    >>> chapter_quiz("luo2021")
    quiz: 8 questions
    """
    folder = files("mgrlib.page") / "questions"
    try:
        entries = json.loads((folder / f"{chapter}.json").read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        chapters = sorted(p.name[:-5] for p in folder.iterdir() if p.name.endswith(".json"))
        raise MgrError(explain("chapter_quiz", f"one of {chapters}", repr(chapter))) from error
    return quiz([Question(**entry) for entry in entries])
