"""The five assignments: their editions, their schemes, and what answers are worth.

The everyday suite marks one assignment; the others, whose hidden corpora take minutes to render,
are marked by the nightly one.
"""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from mgrlib.data.synthetic import Faults, planted, synthetic
from mgrlib.grading import notebooks
from mgrlib.grading.assignment import Hidden, Secret, Source, load_assignment
from mgrlib.grading.corpora import read_corpus, write_corpus
from mgrlib.grading.marking import Mark, Marker, release
from mgrlib.grading.submissions import Submission

ROOT = Path(__file__).resolve().parents[2]
NAMES = ("features", "front_end", "leak", "smallest", "transfer")
BOXED = pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")
each = pytest.mark.parametrize("name", NAMES)
VARIANTS = [(name, variant) for name in NAMES for variant in ("a", "b")]
each_variant = pytest.mark.parametrize(("name", "variant"), VARIANTS)

WRONG = {
    "features": {
        "a symmetric window": (
            {
                "power": "def power_spectrum(pieces):\n    n = pieces.shape[1]\n"
                "    power = np.abs(np.fft.rfft(pieces * np.hanning(n))) ** 2\n"
                "    return power / power.sum()"
            },
            {"power": 0},
        ),
        "the package": (
            {
                "filter_bank": "from mgrlib.features import mel_filterbank\n"
                "def filter_bank(sample_rate, n_fft, n_bands, f_min, f_max):\n"
                "    return mel_filterbank(sample_rate, n_fft, n_bands)"
            },
            {"filter_bank": 0},
        ),
        "even lengths only": (
            {
                "power": "def power_spectrum(pieces):\n    n = pieces.shape[1]\n"
                "    window = np.sin(np.pi * (np.arange(n) + 0.5) / n)\n"
                "    power = 2 * np.abs(np.fft.rfft(pieces * window)) ** 2 / n**2\n"
                "    power[:, [0, -1]] /= 2\n    return power"
            },
            {"power": 2},
        ),
    },
    "front_end": {
        "as given": (
            {"front_end": "def front_end():\n    return Chroma(RATE), lambda a, b: (a, b)"},
            {"front_end": 0},
        ),
        "scaled each by itself": (
            {
                "scaled": "def scaled(a, b):\n    def own(x):\n"
                "        low, mid, high = np.percentile(x, (25, 50, 75), (0, 2), keepdims=True)\n"
                "        return (x - mid) / np.maximum(high - low, 1e-9)\n"
                "    return own(a), own(b)"
            },
            {"scaled": 0},
        ),
        "the highest mean": (
            {"choose": "def choose(scores):\n    return int(scores.mean(1).argmax())"},
            {"choose": 0},
        ),
    },
    "leak": {
        "nothing disguised": (
            {"disguised": "def disguised(corpus, skip, same):\n    return set()"},
            {"disguised": 0, "copies": 1},
        ),
        "everything broken": (
            {"broken": "def broken(corpus):\n    return set(corpus.clips.index)"},
            {"broken": 0},
        ),
        "artists forgotten": (
            {
                "fair_split": "def fair_split(clips, broken, pairs, seed):\n"
                "    rng = np.random.default_rng(seed)\n"
                "    drop = broken | {min(p) for p in pairs}\n"
                "    ids = [c for c in rng.permutation(clips.index) if c not in drop]\n"
                "    return ids[len(ids) // 4:], ids[: len(ids) // 4]"
            },
            {"fair_split": 2},
        ),
    },
    "smallest": {
        "as given": (
            {"smallest": "def smallest(train, valid):\n    return [Network()]"},
            {"smallest": 0},
        ),
        "hidden weights": (
            {
                "smallest": "class Odd(Network):\n    def __init__(self):\n"
                "        super().__init__(n_filters=1, kernel=1)\n"
                "        self.more = torch.nn.Parameter(torch.tensor(1.0))\n"
                "def smallest(train, valid):\n    return [Odd()]"
            },
            {"smallest": 0},
        ),
    },
    "transfer": {
        "the tagger itself": (
            {
                "with_new_head": "def with_new_head(tagger, n_classes):\n"
                "    tagger.head = torch.nn.Linear(128, n_classes)\n    return tagger"
            },
            {"with_new_head": 0},
        ),
        "guessing": (
            {
                "classify": "def with_tagger(x_known, y_known, x_new):\n"
                "    return np.arange(len(x_new)) % 10\n"
                "without_tagger = with_tagger"
            },
            {"classify": 0},
        ),
    },
}


@pytest.fixture(scope="module")
def sources() -> dict[str, Source]:
    return {name: load_assignment(ROOT / "instructors" / name) for name in NAMES}


@each
def test_the_published_edition_is_made_from_the_source(sources, name, tmp_path) -> None:
    path = release(ROOT / "instructors" / name, tmp_path / "made.ipynb")
    published = ROOT / f"book/assignments/{name}.ipynb"
    assert path.read_text(encoding="utf-8") == published.read_text(encoding="utf-8")


@each_variant
def test_an_edition_has_no_solution(sources, name, variant) -> None:
    cells = notebooks.edition(sources[name].notebook, variant)
    solved = {cell.task: cell for cell in notebooks.solved(sources[name].notebook, variant)}
    for cell in cells:
        assert "SOLUTION" not in cell.source and "MODEL ANSWER" not in cell.source
        if cell.kind == "answer":
            assert "raise NotImplementedError()" in cell.source
            assert cell.source != solved[cell.task].source
        if cell.kind == "written":
            assert notebooks.BLANK_WORDS in cell.source


@each
def test_the_marking_scheme_adds_up(sources, name) -> None:
    assignment = sources[name].assignment
    assert assignment.out_of == 20
    by_hand = sum(item.points for item in assignment.written)
    assert 0.3 <= by_hand / assignment.out_of <= 0.4
    for variant in assignment.variants:
        cells = notebooks.edition(sources[name].notebook, variant)
        text = "\n".join(cell.source for cell in cells)
        rows = [float(n) for n in re.findall(r"^\| \d .*\| (\d+) \|$", text, re.M)]
        points = [part.points for part in (*assignment.parts, *assignment.written)]
        assert rows == points and "| total | 20 |" in text
        tasks = {cell.task for cell in cells if cell.kind in ("answer", "written")}
        assert tasks == {item.task for item in (*assignment.parts, *assignment.written)}


@each
def test_variants_ask_other_questions(sources, name) -> None:
    first, second = (notebooks.edition(sources[name].notebook, v) for v in ("a", "b"))
    pairs = zip(first, second, strict=True)
    assert sum(a.source != b.source for a, b in pairs) >= 4


def visible_failures(source: Source, variant: str) -> dict[str, str]:
    """What cells raise when a perfect student runs the notebook from top to bottom."""
    scope: dict[str, object] = {"__name__": "__main__"}
    failures = {}
    for cell in notebooks.solved(source.notebook, variant):
        if cell.type == "code" and "%pip" not in cell.source:
            try:
                exec(compile(cell.source, cell.task, "exec"), scope)
            except Exception as error:  # every failure is to be seen, not the first
                failures[cell.task] = repr(error)[:300]
    return failures


@pytest.mark.parametrize("variant", ["a", "b"])
def test_the_solution_of_features_passes_its_visible_tests(
    sources, variant, tmp_path, monkeypatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert visible_failures(sources["features"], variant) == {}


@pytest.mark.nightly
@pytest.mark.timeout(3000)
@each_variant
def test_solutions_pass_their_visible_tests(sources, name, variant, tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert visible_failures(sources[name], variant) == {}


@pytest.mark.parametrize("folder", [str, Path])
def test_a_written_corpus_tells_nothing_of_its_faults(tmp_path, folder) -> None:
    faulty = synthetic(4, 0.5, seed=33, faults=Faults(silent=2, truncated=2, exact=2))
    ids = write_corpus(faulty, folder(tmp_path / "c"), seed=5, keep=0.8)
    plain = read_corpus(tmp_path / "c")
    assert list(plain.clips.columns) == ["path", "genre", "group", "seconds"]
    assert (plain.clips["seconds"] == 0.5).all() and len(plain) == len(ids) < len(faulty)
    assert not set(ids) & set(ids.values())
    assert set(planted(faulty).index) <= set(ids)
    for old, new in ids.items():
        expected = np.clip(faulty.audio(old, 22_050), -1, 1)
        assert np.allclose(plain.audio(new, 22_050), expected, atol=1 / 32_000)
    broken = planted(faulty).query("fault == 'silent'").index
    assert all(not plain.audio(ids[c], 22_050).any() for c in broken)


def test_no_part_of_leak_gets_the_answer_of_another_as_an_input(sources, tmp_path) -> None:
    hidden = Hidden(Secret.draw("leak", "a"), "salt", tmp_path)
    truth = {"broken": {"c"}, "exact": {frozenset("ab")}, "reencoded": set(), "all": set("abc")}
    for name in ("first", "second", "third", "fourth", "fifth"):
        hidden.once(name, lambda: (tmp_path, truth))
    answers: dict[str, set[str]] = {}
    inputs_of: dict[str, set[str]] = {}
    for part in sources["leak"].assignment.parts[:3]:
        for question in part.questions(hidden):
            (corpus,) = re.findall(r'JOB \+ "/(\w+)"', question.code)
            answers.setdefault(corpus, set()).add(part.task)
            inputs = {"skip": "broken", "same": "copies"}
            inputs_of.setdefault(corpus, set()).update(inputs[name] for name in question.inputs)
    assert len(answers) == 5
    assert not [corpus for corpus in answers if answers[corpus] & inputs_of[corpus]]


def marked(source: Source, variant: str, folder: Path, answers: dict[str, dict]) -> dict[str, Mark]:
    """The marks of a solution in which some tasks have other answers."""
    marker = Marker(source, Secret.draw(source.name, variant), folder)
    questions = {task: 0.0 for task, _ in marker.questions}
    for task, question in marker.questions:
        questions[task] += question.points
    assert questions == {part.task: part.points for part in source.assignment.parts}
    marks = {}
    for student, texts in answers.items():
        cells = notebooks.solved(source.notebook, variant)
        cells = [notebooks.Cell(c.type, texts.get(c.task, c.source), c.task, c.kind) for c in cells]
        path = notebooks.write_notebook(cells, folder / f"{student}.ipynb")
        marks[student] = marker.mark(Submission(student, path))
    blank = notebooks.write_edition(source.notebook, variant, folder / "blank.ipynb")
    marks["blank"] = marker.mark(Submission("blank", blank))
    return marks


def judge_all(source: Source, variant: str, folder: Path) -> None:
    wrong = WRONG[source.name] if variant == "a" else {}
    students = {"solution": {}} | {student: answers for student, (answers, _) in wrong.items()}
    marks = marked(source, variant, folder, students)
    most = sum(part.points for part in source.assignment.parts)
    assert marks["solution"].points == most, marks["solution"]
    assert marks["blank"].points == 0, marks["blank"]
    for student, (answers, points) in wrong.items():
        mark = marks[student]
        earned = {part.task: mark.of_task(part.task) for part in source.assignment.parts}
        for task in points:
            assert earned[task] == points[task], (student, mark)
        untouched = [p for p in source.assignment.parts if p.task not in answers | points]
        assert all(earned[p.task] == p.points for p in untouched), (student, mark)


@BOXED
def test_features_pays_for_what_is_right(sources, tmp_path) -> None:
    judge_all(sources["features"], "a", tmp_path)


@BOXED
@pytest.mark.nightly
@pytest.mark.timeout(3000)
@each_variant
def test_each_variant_pays_for_what_is_right(sources, name, variant, tmp_path) -> None:
    judge_all(sources[name], variant, tmp_path)
