"""HTML pages of marking: feedback for students, and written answers for their marker.

Everything that came from a student is escaped, and a page may load nothing and run nothing.
"""

from __future__ import annotations

import base64
import hashlib
import re
from html import escape

from mgrlib.grading.assignment import Assignment, Part, Written
from mgrlib.grading.marking import Mark, plain_text
from mgrlib.grading.rubric import Rubric

HEAD = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 system-ui, sans-serif; max-width: 44rem; margin: 2rem auto }}
table {{ border-collapse: collapse; width: 100% }}
th, td {{ text-align: left; vertical-align: top; padding: .3rem .6rem }}
tr {{ border-bottom: 1px solid #bbb }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: .8rem }}
img {{ max-width: 100% }}
</style></head><body>
"""


def page_name(mark: Mark) -> str:
    """A short file name that no other student has."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", mark.student).strip("-")[:40] or "student"
    number = hashlib.sha256(f"{mark.student}\0{mark.identity}".encode()).hexdigest()[:8]
    return f"{words}-{number}.html"


def feedback_page(mark: Mark, assignment: Assignment, rubric: Rubric | None = None) -> str:
    """What a student earned, part by part, and why."""
    title = f"{assignment.title}: {plain_text(mark.student, 120)}"
    lines = [HEAD.format(title=escape(title)), f"<h1>{escape(title)}</h1>"]
    if mark.note:
        lines.append(f"<p>{escape(mark.note)}</p>")
    for part in assignment.parts if mark.scores else ():
        lines += _part(mark, part)
    if mark.scores and rubric is not None:
        for question in assignment.written:
            lines += _question(mark, question, rubric)
    return "\n".join([*lines, "</body></html>\n"])


def _part(mark: Mark, part: Part) -> list[str]:
    earned = mark.of_task(part.task)
    lines = [f"<h2>{escape(part.title)}: {earned:g} of {part.points:g} points</h2>", "<table>"]
    lines.append("<tr><th>asked</th><th>points</th><th>why</th></tr>")
    for score in mark.scores:
        if score.task == part.task:
            reason = score.reason or ("correct" if score.points == score.out_of else "")
            lines.append(
                f"<tr><td>{escape(score.title)}</td><td>{score.points:g} of {score.out_of:g}</td>"
                f"<td>{escape(reason)}</td></tr>"
            )
    return [*lines, "</table>"]


def _question(mark: Mark, question: Written, rubric: Rubric) -> list[str]:
    points = rubric.of_task(mark, question.task)
    earned = "not marked yet" if points is None else f"{points:g} of {question.points:g} points"
    comments = [f"<p>{escape(plain_text(c))}</p>" for c in rubric.comments(mark, question.task)]
    return [f"<h2>{escape(question.title)}: {earned}</h2>", *comments]


def answers_page(mark: Mark, assignment: Assignment) -> str:
    """A student's written answers with their pictures and the boxes that a marker fills."""
    title = f"{assignment.title}, written answers: {plain_text(mark.student, 120)}"
    lines = [HEAD.format(title=escape(title)), f"<h1>{escape(title)}</h1>"]
    for question in assignment.written:
        lines.append(f"<h2>{escape(question.title)}</h2>")
        lines.append(f"<pre>{escape(_printable(mark.written.get(question.task, '')))}</pre>")
        for picture in mark.pictures.get(f"{question.task}_plot", ()):
            data = base64.b64encode(picture).decode("ascii")
            lines.append(f'<img alt="picture handed in" src="data:image/png;base64,{data}">')
        lines.append("<table><tr><th>look for</th><th>points</th></tr>")
        for box, most in question.rubric.items():
            lines.append(f"<tr><td>{escape(box)}</td><td>0 to {most:g}</td></tr>")
        lines.append("</table>")
    return "\n".join([*lines, "</body></html>\n"])


def _printable(text: str, limit: int = 20_000) -> str:
    return "".join(c if c.isprintable() or c == "\n" else " " for c in text[:limit])
