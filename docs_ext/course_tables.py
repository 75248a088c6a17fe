"""Tables of the page for instructors: the chapters' times, and the time of marking a class."""

from __future__ import annotations

import json
from pathlib import Path

from checks import chapters

ROOT = Path(__file__).resolve().parent.parent
CACHE = ROOT / "_build/.jupyter_cache"
WORDS_PER_MINUTE = 150  # reading prose about code, figures and sounds
MINUTES_PER_CELL = 1  # running it and looking at its output
MINUTES_AN_EXERCISE = 20

Table = tuple[list[str], list[list[object]]]


def chapter_files() -> list[Path]:
    """The chapters in the order of the table of contents."""
    parts = ("book/foundations/", "book/papers/", "book/beyond/")
    pages = [page for page in chapters.pages_in_toc(ROOT) if page.startswith(parts)]
    return [path for page in pages for path in chapters.files_of(page, ROOT)]


def seconds() -> dict[str, float]:
    """The execution time of each chapter in the last build, by the name of its file."""
    if not CACHE.exists():
        return {}
    from jupyter_cache import get_cache

    records = get_cache(str(CACHE)).list_cache_records()
    return {Path(r.uri).stem: float(r.data.get("execution_seconds", 0)) for r in records}


def chapter_facts(path: Path) -> list[object]:
    """A chapter's title, minutes to read with its cells run, exercises, questions, seconds."""
    notebook = chapters.read(path)
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    title = next(line[2:] for text in texts for line in text.split("\n") if line.startswith("# "))
    words, cells = chapters.prose_words(notebook), len(chapters.code_cells(notebook))
    reading = words / WORDS_PER_MINUTE + cells * MINUTES_PER_CELL
    posed, _ = chapters.exercises(notebook)
    return [
        title,
        f"{5 * round(reading / 5)} min",
        f"{posed}, {5 * round(posed * MINUTES_AN_EXERCISE / 5)} min",
        chapters.questions(notebook),
    ]


def of_chapters() -> Table:
    """One row per chapter."""
    took = seconds()
    head = ["chapter", "reading and running", "exercises", "questions", "computing"]
    rows = []
    for path in chapter_files():
        computing = f"{took[path.stem]:.0f} s" if path.stem in took else ""
        rows.append([*chapter_facts(path), computing])
    return head, rows


def marking() -> str:
    """A sentence about the time that marking thirty submissions took."""
    file = ROOT / "benchmarks/results/marking.json"
    if not file.exists():
        return ""
    run = json.loads(file.read_text(encoding="utf-8"))
    return (
        f"We marked a folder of {run['n_submissions']} submissions of the assignment "
        f"`{run['assignment']}`, {run['n_hostile']} of them hostile, with {run['jobs']} jobs "
        f"in {run['wall_seconds']:.0f} seconds ({run['machine']}; load average "
        f"{run['load_average'][0]:g} at the start). Half of them took less than "
        f"{run['median_wall_seconds']:.1f} s, and the longest, an endless loop, "
        f"{run['longest_wall_seconds']:.0f} s."
    )
