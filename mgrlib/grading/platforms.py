"""Marking where a platform starts a container for each submission: Gradescope's layout.

    python -m mgrlib.grading.platforms --prepare /autograder     when the image is built
    python -m mgrlib.grading.platforms /autograder               for each submission

Below the folder, `source/assignment` is the instructor's folder of the assignment (a link or a
folder named like it), `source/seed.json` the class's secret, `submission` what a student handed in,
and `results/results.json` what the platform reads. The container is the box: inside it, submissions
run as another user, who can read neither `source` nor the hidden modules.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path
from typing import Any

from mgrlib.errors import MgrError, explain
from mgrlib.grading.assignment import Assignment, Secret, Source, load_assignment
from mgrlib.grading.box import Kind, module_files
from mgrlib.grading.marking import Mark, Marker
from mgrlib.grading.submissions import Submission, only_notebook
from mgrlib.storage import atomic_write


def mark_one(root: Path, *, kind: Kind = "user") -> dict[str, Any]:
    """Mark the one submission below `root` and write its results; returns them.

    Raises:
        MgrError: the assignment or the secret is not there, or the box does not work.
    """
    source, secret = _prepared(root, kind)
    notebook = only_notebook(root / "submission")
    path, note = (None, notebook) if isinstance(notebook, str) else (notebook, "")
    with tempfile.TemporaryDirectory(prefix="mgrlib-") as folder:
        marker = Marker(source, secret, Path(folder), kind=kind)
        marker.check()
        mark = marker.mark(Submission("submission", path, note=note))
    content = results(mark, source.assignment)
    with atomic_write(root / "results/results.json") as part:
        part.write_text(json.dumps(content, indent=1), encoding="utf-8")
    return content


def prepare(root: Path, *, kind: Kind = "user") -> None:
    """Render the hidden corpora into the store, so that submissions do not wait for them."""
    source, secret = _prepared(root, kind)
    with tempfile.TemporaryDirectory(prefix="mgrlib-") as folder:
        marker = Marker(source, secret, Path(folder), kind=kind)
        marker.check()


def _prepared(root: Path, kind: Kind) -> tuple[Source, Secret]:
    """Load the assignment and the secret, and hide both from other users."""
    folder = root / "source"
    candidates = [path.parent for path in sorted(folder.glob("*/judge.py"))]
    if len(candidates) != 1:
        hint = "copy one assignment's folder into it."
        raise MgrError(explain(str(folder), "one assignment", f"{len(candidates)}", hint))
    source = load_assignment(candidates[0])
    if kind == "user":
        folder.chmod(0o700)
        for path, _ in module_files(source.assignment.hidden_modules):
            path.chmod(0o700)
    return source, Secret.read(folder / "seed.json", source.name)


def results(mark: Mark, assignment: Assignment) -> dict[str, Any]:
    """A mark in Gradescope's form; what could not be marked has a note, and a score of 0."""
    tests = []
    titles = {part.task: part.title for part in assignment.parts}
    for score in mark.scores:
        tests.append(
            {
                "name": f"{titles[score.task]}: {score.title}",
                "score": score.points,
                "max_score": score.out_of,
                "output": score.reason or "correct",
                "output_format": "text",
                "visibility": "after_published",
            }
        )
    by_hand = sum(answer.points for answer in assignment.written)
    output = f"{mark.note} {by_hand:g} points for written answers are given by hand.".strip()
    content: dict[str, Any] = {"output": output, "output_format": "text", "tests": tests}
    content |= {"stdout_visibility": "hidden", "visibility": "after_published"}
    return content | {"score": mark.points or 0.0}


def main() -> None:
    """Mark or prepare, as the command line says."""
    parser = argparse.ArgumentParser(description="Mark the submission of a container.")
    parser.add_argument("root", type=Path, help="/autograder")
    parser.add_argument("--prepare", action="store_true", help="only render the hidden corpora")
    parser.add_argument("--box", default="user", choices=("user", "bwrap"))
    options = parser.parse_args()
    if options.prepare:
        prepare(options.root, kind=options.box)
    else:
        mark_one(options.root, kind=options.box)


if __name__ == "__main__":
    main()
