"""A class's folder of thirty submissions, some of them hostile, marked as an instructor would.

    python benchmarks/marking.py [--assignment features] [--jobs 2] [--cell-seconds 60] [--json F]

Makes the submissions in a temporary folder: solved ones, blank and half-done ones, wrong answers,
notebooks that lost their metadata, files that are no notebooks, and programs that loop, delete,
overwrite, spy, call out, print without end, eat memory or end their kernel. Then `mgrlib mark`
marks the folder in a process of its own. What it must not do is checked: nothing outside is
touched, no process is left, no mark is missing or wrong. Seconds are of the clock and of the
processor, the second being those of all processes that the marking started.
"""

from __future__ import annotations

import argparse
import copy
import json
import os
import platform
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nbformat
import pandas as pd
import psutil

ROOT = Path(__file__).resolve().parent.parent
Answers = dict[str, str]

# Written in front of the first answer, which stays right; {victim} and {source} are paths.
HOSTILE = {
    "endless-loop": "while True: pass",
    "deletes-a-file": "import os\nos.remove({victim!r})",
    "deletes-a-folder": "import shutil\nshutil.rmtree({folder!r})",
    "overwrites": "open({victim!r}, 'w').write('mine now')",
    "calls-the-shell": "import os\nos.system('rm -rf ' + {folder!r})",
    "starts-a-program": "import subprocess\nsubprocess.run(['rm', {victim!r}])",
    "reads-the-answers": "answers = open({source!r}).read()",
    "prints-megabytes": "while True: print('x' * 100_000)",
    "calls-out": "import urllib.request\nurllib.request.urlopen('https://example.org')",
    "eats-memory": "hoard = []\nwhile True: hoard.append(bytearray(200_000_000))",
    "ends-the-kernel": "import os\nos._exit(0)",
}
# In place of the first answer.
FORGED = "import mgrlib.grading.checks as c\nc.close = close = lambda *a, **k: None\nframes = print"
WRONG = {
    "wrong-window": {
        "power": "def power_spectrum(pieces):\n"
        "    return np.abs(np.fft.rfft(pieces * np.hanning(pieces.shape[1]))) ** 2"
    },
    "wrong-decibels": {
        "decibels": "def decibels(power, top_db=80):\n"
        "    db = 20 * np.log10(np.maximum(power, 1e-10))\n"
        "    return np.maximum(db, db.max() - top_db)"
    },
    "raises": {"frames": "def frames(y, n_fft, hop_length):\n    return y[1, 2, 3]"},
    "does-not-parse": {"frames": "def frames(y, n_fft, hop_length)\n    return"},
}


def with_answers(notebook: nbformat.NotebookNode, answers: Answers) -> nbformat.NotebookNode:
    """A copy in which the cells of these tasks are written anew."""
    made = copy.deepcopy(notebook)
    for cell in made.cells:
        task = cell.metadata.get("nbgrader", {}).get("grade_id")
        cell.source = answers.get(task, cell.source)
    return made


def task_of(cell: nbformat.NotebookNode) -> str:
    about = cell.metadata.get("nbgrader", {})
    return about["grade_id"] if about.get("solution") else ""


def answer_of(cell: nbformat.NotebookNode) -> str:
    """The solution as a student would have written it."""
    lines = [line for line in cell.source.split("\n") if "### " not in line]
    return "\n".join(lines)


def hand_in(source: Path, folder: Path, places: dict[str, str]) -> dict[str, float | None]:
    """Write thirty submissions; returns the points that each must get, None where it may vary."""
    solved = nbformat.read(source, 4)
    blank = nbformat.read(source.parents[1] / source.name, 4)
    tasks = [task_of(cell) for cell in solved.cells if task_of(cell)]
    written = {task_of(cell): answer_of(cell) for cell in solved.cells if task_of(cell)}
    solved = with_answers(blank, written)
    points: dict[str, float | None] = {}

    def give(name: str, notebook: nbformat.NotebookNode, due: float | None) -> None:
        path = folder / f"{name}.ipynb"
        path.parent.mkdir(exist_ok=True)
        nbformat.write(notebook, path)
        points[name.split("/")[0]] = due

    for k in range(5):
        give(f"solved-{k}", solved, 20)
    give("in-a-folder/homework final (2)", solved, 20)
    give("Åsa Ødegård, née Łukasz", solved, 20)
    bare = copy.deepcopy(solved)
    for cell in bare.cells:
        cell.metadata = {}
    give("lost-its-metadata", bare, 20)
    give("blank", blank, 0)
    for done in range(1, 4):
        half = with_answers(blank, {task: written[task] for task in tasks[: 2 * done - 1]})
        give(f"half-done-{done}", half, None)
    for name, answers in WRONG.items():
        give(name, with_answers(solved, answers), None)
    for name, program in HOSTILE.items():
        answer = f"{program.format(**places)}\n{written[tasks[0]]}"
        give(name, with_answers(solved, {tasks[0]: answer}), None)
    give("forges-the-checks", with_answers(solved, {tasks[0]: FORGED}), None)
    (folder / "no-notebook.ipynb").write_text("{ this is no notebook")
    (folder / "handed-in-nothing").mkdir()
    points |= {"no-notebook": 0, "handed-in-nothing": 0}
    return points


def cpu_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def left_behind(place: str) -> list[str]:
    """Processes of a submission that are still there: they were told its throw-away folder."""
    found = []
    for process in psutil.process_iter(["pid", "cmdline"]):
        try:
            told = process.environ().get("MGRLIB_GUARD_OWN", "")
        except (psutil.AccessDenied, psutil.NoSuchProcess):
            continue
        if told.startswith(place):
            found.append(" ".join(process.info["cmdline"] or [])[:80])
    return found


def marked(source: Path, jobs: int, cell_seconds: int) -> dict:
    """Hand in, mark, check; returns what was measured."""
    with tempfile.TemporaryDirectory() as place:
        folder, precious = Path(place) / "handed-in", Path(place) / "precious"
        folder.mkdir()
        precious.mkdir()
        (precious / "thesis.txt").write_text("mine")
        places = {"victim": str(precious / "thesis.txt"), "folder": str(precious)}
        due = hand_in(source, folder, places | {"source": str(source)})
        table, own = Path(place) / "marks.csv", Path(place) / "own"
        own.mkdir()
        command = [sys.executable, "-m", "mgrlib", "mark", str(source), str(folder)]
        command += ["--out", str(table), "--feedback", str(Path(place) / "pages")]
        started, used = time.perf_counter(), cpu_seconds()
        command += ["--jobs", str(jobs), "--cell-seconds", str(cell_seconds)]
        environment = os.environ | {"TMPDIR": str(own)}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        wall, cpu = time.perf_counter() - started, cpu_seconds() - used
        assert done.returncode == 0, done.stderr
        assert "100%" in done.stdout, "no progress bar"
        assert (precious / "thesis.txt").read_text() == "mine", "a submission did harm"
        marks = pd.read_csv(table).set_index("student")
        assert sorted(marks.index) == sorted(due), set(marks.index) ^ set(due)
        got = marks["points"].to_dict()
        print(marks[["points", "seconds", "note"]].to_string())
        time.sleep(1)
        assert left_behind(str(own.resolve())) == []
        wrong = {s: got[s] for s, points in due.items() if points is not None and got[s] != points}
        assert not wrong, wrong
        assert all(got[s] < 20 for s, points in due.items() if points is None), got
        pages = len(list((Path(place) / "pages").glob("*.md")))
        assert pages == len(due)
    return {
        "n_submissions": len(due),
        "n_hostile": len(HOSTILE) + 1,
        "jobs": jobs,
        "cell_seconds": cell_seconds,
        "wall_seconds": round(wall, 1),
        "cpu_seconds": round(cpu, 1),
        "cpu_seconds_a_submission": round(cpu / len(due), 2),
        "longest_wall_seconds": float(marks["seconds"].max()),
        "points": {name: float(points) for name, points in got.items()},
        "notes": {n: str(t) for n, t in marks["note"].dropna().items()},
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assignment", default="features")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--cell-seconds", type=int, default=60)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    source = ROOT / f"book/assignments/source/{options.assignment}.ipynb"
    about = {
        "assignment": options.assignment,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
    }
    found = about | marked(source, options.jobs, options.cell_seconds)
    print(json.dumps(found, indent=1, ensure_ascii=False))
    if options.json:
        options.json.write_text(json.dumps(found, indent=1, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
