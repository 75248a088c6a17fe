"""Mark a class's folder of thirty submissions, some of them hostile, as an instructor would.

    python benchmarks/marking.py [--assignment features] [--jobs 2] [--json FILE]

Makes the submissions in a temporary folder: solved ones, blank and half-done ones, wrong answers,
notebooks that lost their metadata, files that are no notebooks, and programs that loop, delete,
overwrite, spy, call out, print without end, use up memory, or end their process. Then `mgrlib mark`
marks the folder in a process of its own. The benchmark checks what it must not do: nothing outside
is touched, no process is left, no mark is missing or wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd
import psutil

from mgrlib.grading import notebooks
from mgrlib.grading.assignment import Secret, load_assignment

ROOT = Path(__file__).resolve().parent.parent
VARIANT = "a"

# Written in front of the first answer, which stays correct; {victim}, {folder}, {source}: paths.
# A cell that is interrupted or refused loses its own part, unless it gets that far.
HOSTILE = {
    "endless-loop": "while True: pass",
    "deletes-a-file": "import os\nos.remove({victim!r})",
    "deletes-a-folder": "import shutil\nshutil.rmtree({folder!r})",
    "overwrites": "open({victim!r}, 'w').write('mine now')",
    "calls-the-shell": "import os\nassert not os.system('cat {victim}')",
    "starts-a-program": "import subprocess\nsubprocess.run(['rm', {victim!r}], check=True)",
    "reads-the-answers": "answers = open({source!r}).read()",
    "prints-megabytes": "while True: print('x' * 100_000)",
    "calls-out": "import urllib.request\nurllib.request.urlopen('https://example.org')",
    "uses-up-memory": "hoard = []\nwhile True: hoard.append(bytearray(200_000_000))",
    "ends-its-process": "import os\nos._exit(0)",
    "patches-numpy": "np.isclose = lambda *a, **k: True\nraise SystemExit",
}


def hand_in(assignment: Path, folder: Path, places: dict[str, str]) -> dict[str, float | None]:
    """Write thirty submissions; returns the points for code that each must get, None for a note."""
    source = load_assignment(assignment)
    solved = notebooks.solved(source.notebook, VARIANT)
    blank = {cell.task: cell for cell in notebooks.edition(source.notebook, VARIANT)}
    parts = {part.task: part.points for part in source.assignment.parts}
    most, tasks = sum(parts.values()), list(parts)
    points: dict[str, float | None] = {}

    def give(name: str, due: float, answers: dict[str, str] | None = None) -> None:
        cells = [
            notebooks.Cell(c.type, (answers or {}).get(c.task, c.source), c.task, c.kind)
            for c in solved
        ]
        notebooks.write_notebook(cells, folder / f"{name}.ipynb")
        points[name.split("/")[0]] = due

    for number in range(5):
        give(f"solved-{number}", most)
    give("in-a-folder/homework final (2)", most)
    give("Åsa Ødegård, née Łukasz", most)
    bare = [notebooks.Cell(cell.type, cell.source) for cell in solved]
    notebooks.write_notebook(bare, folder / "lost-its-metadata.ipynb")
    points["lost-its-metadata"] = most
    give("blank", 0, {task: blank[task].source for task in tasks})
    for n_solved in range(1, len(tasks)):
        missing = {task: blank[task].source for task in tasks[n_solved:]}
        give(f"half-done-{n_solved}", sum(parts[task] for task in tasks[:n_solved]), missing)
    for task in tasks:
        name = next(c.source for c in solved if c.task == task).split("(")[0].removeprefix("def ")
        wrong = f"def {name}(*arguments):\n    return 0"
        give(f"wrong-{task}", most - parts[task], {task: wrong})
    first = next(cell.source for cell in solved if cell.task == tasks[0])
    give("does-not-parse", most - parts[tasks[0]], {tasks[0]: first.replace(":", "", 1)})
    for name, program in HOSTILE.items():
        answer = f"{program.format(**places)}\n{first}"
        give(name, most - parts[tasks[0]], {tasks[0]: answer})
    (folder / "no-notebook.ipynb").write_text("{ this is no notebook", encoding="utf-8")
    (folder / "handed-in-nothing").mkdir()
    return points | {"no-notebook": None, "handed-in-nothing": None}


def runners() -> set[int]:
    """Boxes that are running."""
    pids = set()
    for process in psutil.process_iter(["pid", "cmdline"]):
        if any("runner.py" in word for word in process.info["cmdline"] or ()):
            pids.add(process.info["pid"])
    return pids


def marked(assignment: Path, jobs: int) -> dict:
    """Hand in, mark, check; returns what was measured."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        folder, precious, table = place / "handed-in", place / "precious", place / "marks.csv"
        folder.mkdir()
        precious.mkdir()
        (precious / "thesis.txt").write_text("mine", encoding="utf-8")
        places = {"victim": str(precious / "thesis.txt"), "folder": str(precious)}
        due = hand_in(assignment, folder, places | {"source": str(assignment / "judge.py")})
        Secret.draw(assignment.name, VARIANT).write(place / "seed.json")
        command = [sys.executable, "-m", "mgrlib", "mark", str(assignment), str(folder)]
        command += ["--out", str(table), "--seed", str(place / "seed.json")]
        command += ["--feedback", str(place / "pages"), "--rubric", str(place / "answers")]
        command += ["--jobs", str(jobs)]
        before, started = runners(), time.perf_counter()
        process = subprocess.run(command, capture_output=True, text=True, check=False)
        wall = time.perf_counter() - started
        assert process.returncode == 0, process.stderr
        assert (precious / "thesis.txt").read_text(encoding="utf-8") == "mine"
        marks = pd.read_csv(table).set_index("student")
        print(marks[["automatic", "seconds", "note"]].to_string())
        assert sorted(marks.index) == sorted(due), set(marks.index) ^ set(due)
        got = {s: None if pd.isna(p) else float(p) for s, p in marks["automatic"].items()}
        wrong = {s: (got[s], points) for s, points in due.items() if got[s] != points}
        assert not wrong, wrong
        assert runners() <= before, "a box is still running"
        assert len(list((place / "pages").glob("*.html"))) == len(due)
    return {
        "n_submissions": len(due),
        "n_hostile": len(HOSTILE),
        "jobs": jobs,
        "wall_seconds": round(wall, 1),
        "median_wall_seconds": float(marks["seconds"].median()),
        "longest_wall_seconds": float(marks["seconds"].max()),
        "points": got,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--assignment", default="features")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    about = {
        "assignment": options.assignment,
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": [round(load, 1) for load in os.getloadavg()],
        "python": platform.python_version(),
    }
    results = about | marked(ROOT / "instructors" / options.assignment, options.jobs)
    print(json.dumps(results, indent=1, ensure_ascii=False))
    if options.json:
        text = json.dumps(results, indent=1, ensure_ascii=False) + "\n"
        options.json.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
