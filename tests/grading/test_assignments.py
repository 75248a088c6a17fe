"""The five assignments: the student's edition, and what answers right and wrong are worth."""

from __future__ import annotations

import copy
from collections.abc import Callable
from functools import cache
from pathlib import Path

import nbformat
import pandas as pd
import pytest

from mgrlib.data.synthetic import Faults, prepare, synthetic
from mgrlib.grading.marking import mark_all, release

ROOT = Path(__file__).resolve().parents[2]

from checks.strip import stripped, text_of

SOURCES = {path.stem: path for path in sorted((ROOT / "book/assignments/source").glob("*.ipynb"))}
pytestmark = pytest.mark.usefixtures("one_course")
each_source = pytest.mark.parametrize("name", SOURCES)

# Answers as students give them: by assignment and student, the task and what was written for it.
ANSWERS: dict[str, dict[str, dict[str, str]]] = {
    "features": {
        "symmetric window": {
            "power": "def power_spectrum(pieces):\n"
            "    return np.abs(np.fft.rfft(pieces * np.hanning(pieces.shape[1]))) ** 2"
        },
        "mel by the package": {
            "filter_bank": "from mgrlib.features import mel_filterbank\n\n"
            "def filter_bank(sample_rate, n_fft, n_mels):\n"
            "    return mel_filterbank(sample_rate, n_fft, n_mels)"
        },
        "amplitude for power": {
            "decibels": "def decibels(power, top_db=80):\n"
            "    db = 20 * np.log10(np.maximum(power, 1e-10))\n"
            "    return np.maximum(db, db.max() - top_db)"
        },
    },
    "front_end": {
        "scaled each by itself": {
            "standardised": "def standardised(x_train, x_test):\n"
            "    def own(x):\n"
            "        return (x - x.mean((0, 2), keepdims=True)) / (x.std((0, 2), keepdims=True)"
            " + 1e-5)\n"
            "    return own(x_train), own(x_test)"
        },
        "chosen on the test part": {
            "choose": "def choose(candidates, measure):\n"
            "    best = max(candidates, key=lambda name: measure(name, 'test'))\n"
            "    return best, measure(best, 'test')"
        },
        "as given": {"front_end": "def front_end():\n    return Chroma(RATE), lambda a, b: (a, b)"},
    },
    "leak": {
        "silence only": {
            "broken": "def broken(corpus):\n"
            "    return {c for c in corpus.clips.index if not np.any(corpus.audio(c, RATE))}"
        },
        "no disguise seen": {"disguised": "def disguised(corpus):\n    return set()"},
        "artists forgotten": {
            "fair_split": "def fair_split(corpus, seed):\n"
            "    from mgrlib.data.splits import stratified\n"
            "    drop = broken(corpus) | {max(p) for p in copies(corpus) | disguised(corpus)}\n"
            "    kept = [c for c in corpus.clips.index if c not in drop]\n"
            "    return stratified(corpus.select(clip_ids=kept), test=0.25, seed=seed)"
        },
    },
    "transfer": {
        "left in evaluation mode": {
            "embed": "def embed(tagger, x):\n"
            "    tagger.eval()\n"
            "    with torch.no_grad():\n"
            "        x = torch.relu(tagger.conv2(torch.relu(tagger.conv1(x))))\n"
            "    return torch.cat([x.mean(2), x.amax(2)], 1)"
        },
        "the tagger itself": {
            "with_new_head": "def with_new_head(tagger, n_classes):\n"
            "    tagger.head = torch.nn.Linear(128, n_classes)\n"
            "    return tagger"
        },
        "one tail": {
            "p_value": "def p_value(right_a, right_b):\n"
            "    from scipy.stats import binom\n"
            "    a, b = np.asarray(right_a), np.asarray(right_b)\n"
            "    n, k = int((a != b).sum()), int((a & ~b).sum())\n"
            "    return float(binom.cdf(min(k, n - k), n, 0.5))"
        },
    },
    "smallest": {
        "no biases": {
            "n_parameters": "def n_parameters(n_bands, n_filters, kernel, n_classes):\n"
            "    return n_bands * n_filters * kernel + 2 * n_filters * n_classes"
        },
        "small, not near zero": {
            "mask": "def mask(weights, share):\n"
            "    kept = np.ones(weights.size)\n"
            "    kept[np.argsort(weights, axis=None)[: round(share * weights.size)]] = 0\n"
            "    return kept.reshape(weights.shape)"
        },
        "untrained": {"smallest": "def smallest(train):\n    return Network(n_filters=2)"},
    },
}
POINTS = {
    ("features", "symmetric window"): 16,  # bin 8 keeps its peak; values, and the whole way, do not
    ("features", "mel by the package"): 16,
    ("features", "amplitude for power"): 15,
    ("front_end", "scaled each by itself"): 18,
    ("front_end", "chosen on the test part"): 16,
    ("front_end", "as given"): 14,
    ("leak", "silence only"): 14,
    ("leak", "no disguise seen"): 13,
    ("leak", "artists forgotten"): 14,
    ("transfer", "left in evaluation mode"): 18,
    ("transfer", "the tagger itself"): 15,
    ("transfer", "one tail"): 16,
    ("smallest", "no biases"): 17,
    ("smallest", "small, not near zero"): 16,
    ("smallest", "untrained"): 10,
}


@pytest.fixture(scope="module", autouse=True)
def clips(one_course):
    """What the assignments listen to, rendered once and not by every submission."""
    leaky = Faults(exact=14, reencoded=14, silent=8, truncated=8)
    genres = ("blues", "disco", "jazz")
    for seed in (104, 110):
        prepare(synthetic(18, 5.0, seed=seed, faults=leaky).select(genres=genres))
    for n_per_genre, seed in ((24, 1), (12, 3), (6, 9)):
        prepare(synthetic(n_per_genre, 5.0, seed=seed))


@pytest.fixture(scope="module")
def marks(tmp_path_factory) -> Callable[[str], pd.DataFrame]:
    """The marks of solution, blank and wrong answers of an assignment."""

    @cache
    def of(name: str) -> pd.DataFrame:
        source, folder = SOURCES[name], tmp_path_factory.mktemp(name)
        solved = nbformat.read(source, 4)
        nbformat.write(solved, folder / "solution.ipynb")
        nbformat.write(nbformat.read(source.parents[1] / source.name, 4), folder / "blank.ipynb")
        for student, written in ANSWERS[name].items():
            notebook = copy.deepcopy(solved)
            for cell in notebook.cells:
                task = cell.metadata.get("nbgrader", {}).get("grade_id")
                cell.source = written.get(task, cell.source)
            nbformat.write(notebook, folder / f"{student}.ipynb")
        return mark_all(source, folder, n_jobs=2).set_index("student")

    return of


def test_there_are_five() -> None:
    assert set(SOURCES) == {"features", "front_end", "leak", "smallest", "transfer"}


@each_source
def test_the_students_edition_is_made_from_the_source(name, tmp_path) -> None:
    made = release(SOURCES[name], tmp_path / f"{name}.ipynb")
    kept = SOURCES[name].parents[1] / f"{name}.ipynb"
    assert text_of(stripped(nbformat.read(made, 4))) == text_of(nbformat.read(kept, 4))


@each_source
def test_the_marking_scheme_adds_up(name) -> None:
    cells = nbformat.read(SOURCES[name], 4).cells
    points = sum(cell.metadata.get("nbgrader", {}).get("points", 0) for cell in cells)
    assert points == 20 and "| in all | 20 |" in "\n".join(cell.source for cell in cells)


@each_source
def test_the_solution_earns_everything_and_a_blank_nothing(marks, name) -> None:
    given = marks(name)
    assert given.loc["solution", "points"] == 20, given.loc["solution"].to_dict()
    assert given.loc["blank", "points"] == 0, given.loc["blank"].to_dict()


@pytest.mark.parametrize(("name", "student"), POINTS)
def test_a_wrong_answer_earns_what_is_right_in_it(marks, name, student) -> None:
    given = marks(name).loc[student]
    assert given["points"] == POINTS[name, student], given.to_dict()
