"""Records have the accuracy on the training clips, and tables mark systems that did not learn them.

A difference between two systems of which one did not learn its training clips may be a difference
in training. So tables mark every such accuracy, `difference` names it in its text, and sections of
chapters that compute a difference in another way have to show it.
"""

from __future__ import annotations

import ast
import json
import re
from pathlib import Path

import pytest

from mgrlib import papers
from mgrlib.experiments.compare import unfinished
from mgrlib.page import results_table

TRAINED_ELSEWHERE = {"beyond/personal", "beyond/popularity", "wei2023/pocket"}
"""Systems that were trained on other clips than those of the record's corpus."""


def test_every_other_record_of_an_accuracy_has_that_of_its_training_clips():
    """A new study passes `train_accuracy` to `row`."""
    records = [record for key in papers.COLLECTIONS for record in papers.records(key)]
    without = {record.source for record in records if unfinished(record).endswith("not recorded")}
    assert without == TRAINED_ELSEWHERE


@pytest.mark.parametrize("paper", papers.PAPERS)
def test_tables_mark_every_system_that_did_not_learn_its_training_clips(paper):
    pairs = papers.compare(paper)
    reasons = [unfinished(pair.record) for pair in pairs if pair.record]
    body = results_table(pairs).body
    assert body.count("mgr-unfinished") == sum(bool(reason) for reason in reasons)
    for reason in filter(None, reasons):
        assert reason in body


def test_the_cases_known_from_the_records_are_among_the_marked():
    for source in ("luo2021/lstm-mfcc-scaled", "reddy2024/small-crnn", "wei2023/lstm-mean"):
        paper = source.split("/")[0]
        (record,) = papers.records(paper, data="gtzan-mini", source=source)
        assert "on its training clips" in unfinished(record)


# Sections of chapters: `in_points` repeats the caveat of the first kind of difference.
CARRYING = {"difference", "gtzan_contrast", "full_size_contrast", "unpaired_difference"}
BARE = {"paired_bootstrap", "independent_difference", "mcnemar", "corrected_t_test", "seeds_test"}
INTERVALS = {"Interval", "over_groups", "over_values"}
SHOWING = {
    "train_accuracy",
    "unfinished",
    "contrast_table",
    "protocol_table",
    "results_table",
    "scoreboard",
}

JOINED = "one classifier, whose answers are joined in two ways"
NEIGHBOR = "a nearest neighbor, which knows its training segments"
SAID = "the text says how far they learned their training clips, or that it was not recorded"
EXCUSED = {
    "data: Is it only the artist?": "two classifiers of the section before, which shows it",
    "evaluation: Exercise 4 ★★: paired or not": "two networks of the chapter, which shows it",
    "luo2021: Is 70.5 % really better than 68 %?": "two records whose difference carries it",
    "reddy2024_songs: Does averaging help?": JOINED,
    "reddy2024_songs: Exercise 3 ★★: weights for sure frames": JOINED,
    "tang2018: The seven LSTMs, on all thousand clips": SAID,
    "tang2018: Exercise 4 ★★: your own tree": "logistic regression in both, trained to the end",
    "wei2023_segments: The leak, by hand": NEIGHBOR,
    "wei2023_segments: What segments are good for": JOINED,
}
"""Sections that compute a difference and do not show the accuracy on the training clips, and why
the difference cannot be one of training, or where else it is said."""

CHAPTERS = sorted((Path(__file__).resolve().parents[2] / "book").glob("*/*.ipynb"))


def code_by_section(path: Path) -> dict[str, str]:
    """The code of a chapter from each heading to the next."""
    heading, code = "", dict[str, str]()
    for cell in json.loads(path.read_text(encoding="utf-8"))["cells"]:
        text = "".join(cell["source"])
        if cell["cell_type"] == "code":
            text = re.sub(r"^( *)%.*", r"\1pass", text, flags=re.MULTILINE)
            code[heading] = code.get(heading, "") + text + "\n"
        else:
            text = re.sub(r"```.*?```", "", text, flags=re.DOTALL)
            heading = (re.findall(r"^#+ +(.*)$", text, re.MULTILINE) or [heading])[-1]
    return code


def vocabulary(tree: ast.AST) -> set[str]:
    """The names and texts in a piece of code; what is called has a bracket."""
    words = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name | ast.Attribute):
            words.add(node.id if isinstance(node, ast.Name) else node.attr)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words.add("percentage points" if "percentage points" in node.value else node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            words.add(f"{node.func.id}(")
    return words


def sections(path: Path) -> dict[str, set[str]]:
    """The vocabulary of each section, with that of the chapter's functions that it uses."""
    trees = {heading: ast.parse(code) for heading, code in code_by_section(path).items()}
    functions = {
        node.name: vocabulary(node)
        for tree in trees.values()
        for node in tree.body
        if isinstance(node, ast.FunctionDef)
    }
    words_of = {}
    for heading, tree in trees.items():
        body = [node for node in tree.body if not isinstance(node, ast.FunctionDef)]
        words = vocabulary(ast.Module(body, []))
        while new := set().union(*(functions[w] for w in words & functions.keys())) - words:
            words |= new
        words_of[f"{path.stem}: {heading}"] = words
    return words_of


def lacks_training_accuracy(words: set[str]) -> bool:
    """Whether a section computes a difference of systems and does not show how far they learned."""
    called = {word.removesuffix("(") for word in words if word.endswith("(")}
    has_sentence = "in_points" in called or "percentage points" in words
    has_caveat = bool(called & CARRYING)
    reasons = (
        called & BARE,
        has_sentence and not has_caveat,
        has_sentence and called & INTERVALS,
        has_caveat and "in_points" not in called,
    )
    return any(reasons) and not words & SHOWING


def test_every_section_with_a_difference_says_how_far_the_systems_learned_their_training_clips():
    """Take the difference of records with `difference`, or show `train_accuracy` beside it."""
    lacking = {
        heading
        for path in CHAPTERS
        for heading, words in sections(path).items()
        if lacks_training_accuracy(words)
    }
    assert sorted(lacking - EXCUSED.keys()) == []
    assert sorted(EXCUSED.keys() - lacking) == []


@pytest.mark.parametrize(
    ("code", "lacking"),
    [
        ("in_points(gtzan_contrast(a, b))", False),
        ("d = gtzan_contrast(a, b)\nprint(d.value)", True),
        ("in_points(paired_bootstrap(a, b))", True),
        ("in_points(paired_bootstrap(a, b))\nprint(a.train_accuracy)", False),
        ("in_points(record.interval)", True),
        ("print(f'{d:.1f} percentage points')", True),
        ("results_table(rows)\nprint(mcnemar(a, b))", False),
        ("def gap(a, b):\n    return mcnemar(a, b)\n\n\ngap(a, b)", True),
        ("difference = 3\nprint(difference)", False),
    ],
)
def test_a_difference_in_a_section_is_seen(tmp_path, code, lacking):
    cells = [("markdown", "## Results"), ("code", code)]
    content = [{"cell_type": kind, "source": [text]} for kind, text in cells]
    (tmp_path / "chapter.ipynb").write_text(json.dumps({"cells": content}))
    (words,) = sections(tmp_path / "chapter.ipynb").values()
    assert lacks_training_accuracy(words) == lacking
