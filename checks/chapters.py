"""What a chapter must be, as functions that give a list of complaints; an empty list is praise.

The tests call them for every chapter, and for small bad chapters made to be found out.
"""

from __future__ import annotations

import ast
import json
import re
import statistics
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

import nbformat
import yaml

from checks.strip import stripped

Notebook = nbformat.NotebookNode
QUESTIONS_KEPT = Path(__file__).resolve().parent.parent / "mgrlib/page/questions"

# The instructor's editions of the assignments are no pages.
SOLUTIONS = ("book", "assignments", "source")

CELL_LINES = 15
MEDIAN_LINES = 4
WORDS_A_LINE = 8
EXERCISES = 5
QUESTIONS = 6
# Parts of a path that only one machine has.
OWN_PATH = re.compile(r"(?<![\w.:/])(?:/(?:home|Users|root|mnt|content|tmp|work)/|[A-Z]:\\)")
DRAWS = re.compile(r"\bplot_\w+\(|\.(?:plot|imshow|bar|barh|scatter|hist|specgram|matshow|pie)\(")
# These bring the alternative text of their figures themselves.
DESCRIBES = re.compile(r"\b(?:frames_slider|choices)\(")

PLAYS = re.compile(r"\b(?:listen|listen_grid|choices|explore)\(")
MOVES = re.compile(r"\b(?:frames_slider|choices|explore)\(")


def read(path: Path) -> Notebook:
    return nbformat.read(path, as_version=4)


def tags(cell: Notebook) -> set[str]:
    return set(cell.metadata.get("tags", []))


def code_cells(notebook: Notebook) -> list[Notebook]:
    """The code that stands open on the page: no installing cell, no folded solution, no quiz."""
    folded = {"remove-cell", "remove-input", "hide-cell", "hide-input"}
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not tags(cell) & folded]


def tree(source: str) -> ast.Module:
    """The syntax tree of a cell, its magics and shell lines taken out."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))


def code_lines(cell: Notebook) -> int:
    """Lines of a cell that are neither blank nor comments."""
    return sum(
        bool(line.strip()) and not line.strip().startswith("#") for line in cell.source.splitlines()
    )


def not_as_kept(notebook: Notebook) -> list[str]:
    """Outputs, execution counts, and metadata that only an editor wants."""
    clean, found = stripped(notebook), []
    for number, (cell, kept) in enumerate(zip(notebook.cells, clean.cells, strict=False)):
        if cell.get("outputs"):
            found.append(f"cell {number} has outputs")
        if cell.get("execution_count") is not None:
            found.append(f"cell {number} has an execution count")
        if cell.metadata != kept.metadata:
            found.append(f"cell {number} has metadata {dict(cell.metadata)}")
    if notebook.metadata != clean.metadata:
        found.append(f"the notebook has metadata {dict(notebook.metadata)}")
    return found


def own_paths(notebook: Notebook) -> list[str]:
    """Paths that exist on one machine only."""
    return [
        f"cell {number} names {match[0]}"
        for number, cell in enumerate(notebook.cells)
        for match in OWN_PATH.finditer(cell.source)
    ]


def colab_url(page: str, repository: str, branch: str = "main") -> str:
    """Where Colab opens a notebook, given its path in the repository."""
    owner = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{owner}/blob/{branch}/{quote(page)}"


def opening(notebook: Notebook, page: str, repository: str) -> list[str]:
    """A badge that opens this page in Colab, and a cell that installs the package there."""
    found = []
    badge = notebook.cells[0] if notebook.cells else None
    if badge is None or badge.cell_type != "markdown" or "remove-cell" not in tags(badge):
        found.append("the first cell is not a badge with the tag remove-cell")
    elif f"]({colab_url(page, repository)})" not in badge.source:
        found.append(f"the badge does not lead to {colab_url(page, repository)}")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    wanted = [
        "try:",
        "    import mgrlib",
        "except ModuleNotFoundError:",
        f'    %pip install -q "mgrlib @ git+{repository}"',
    ]
    lines = [line.split("#")[0].rstrip() for line in code[0].source.splitlines()] if code else []
    if lines != wanted or "remove-cell" not in tags(code[0]):
        text = "\n".join(wanted)
        found.append(f"the first code cell, tagged remove-cell, should be\n{text}")
    return found


def is_quiz(cell: Notebook) -> bool:
    return re.search(r"\bquiz\(", cell.source) is not None


def prose_words(notebook: Notebook) -> int:
    """Words of running text: no code, no directives' heads, no formulas, no hidden cells."""
    words = 0
    for cell in notebook.cells:
        if cell.cell_type == "markdown" and "remove-cell" not in tags(cell):
            text = re.sub(
                r"^```(?:python|bash|text).*?^```", "", cell.source, flags=re.DOTALL | re.M
            )
            text = re.sub(r"\$\$.*?\$\$", "", text, flags=re.DOTALL)
            text = re.sub(r"^\s*(?:`{3,}|:{3,}|:[\w-]+:).*$", "", text, flags=re.MULTILINE)
            words += len(re.findall(r"[^\W\d_][\w’'-]*", text))
    return words


def rhythm(notebook: Notebook) -> list[str]:
    """Cells that are too long, or too little said about them."""
    found = [
        f"cell {number} has {code_lines(cell)} lines"
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and code_lines(cell) > CELL_LINES and not is_quiz(cell)
    ]
    lengths = [code_lines(cell) for cell in code_cells(notebook)]
    median = statistics.median(lengths) if lengths else 0
    if median > MEDIAN_LINES:
        found.append(f"the median cell has {median} lines")
    words, lines = prose_words(notebook), sum(lengths)
    if words < WORDS_A_LINE * lines:
        found.append(f"{words} words for {lines} lines of code")
    return found


def bad_code(notebook: Notebook) -> list[str]:
    """Star imports, cells that do not parse, and more hidden cells than one set-up."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            continue
        try:
            nodes = list(ast.walk(tree(cell.source)))
        except SyntaxError as error:
            found.append(f"cell {number} does not parse: {error}")
            continue
        if any(isinstance(n, ast.ImportFrom) and n.names[0].name == "*" for n in nodes):
            found.append(f"cell {number} imports *")
        if "remove-input" in tags(cell) and not is_quiz(cell):
            found.append(f"cell {number} hides code that is not a quiz")
    hidden = sum("hide-input" in tags(cell) for cell in notebook.cells)
    if hidden > 1:
        found.append(f"{hidden} cells are folded away; only the set-up may be")
    return found


def undescribed_figures(notebook: Notebook) -> list[str]:
    """Cells that draw and do not say in words what is seen."""
    found = []
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or DESCRIBES.search(cell.source):
            continue
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if DRAWS.search(cell.source) and not alt.strip():
            found.append(f"cell {number} draws a figure without mystnb.image.alt in its metadata")
    return found


def questions(notebook: Notebook) -> int:
    """How many questions the quizzes ask, written in the notebook or kept with the package."""
    asked = 0
    for cell in notebook.cells:
        if cell.cell_type == "code" and ("Question" in cell.source or "quiz" in cell.source):
            for node in ast.walk(tree(cell.source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    asked += node.func.id == "Question"
                    if node.func.id == "chapter_quiz":
                        kept = QUESTIONS_KEPT / f"{ast.literal_eval(node.args[0])}.json"
                        asked += len(json.loads(kept.read_text(encoding="utf-8")))
    return asked


def exercises(notebook: Notebook) -> tuple[int, int]:
    """How many exercises there are, and how many of them have a solution folded away.

    An exercise is a heading "### Exercise 3: ..." with a folded cell (tag hide-cell) or a dropdown
    before the next heading, or the directives of sphinx-exercise.
    """
    posed, solved, waiting = 0, 0, False
    for cell in notebook.cells:
        if cell.cell_type == "code":
            if waiting and "hide-cell" in tags(cell):
                solved, waiting = solved + 1, False
            continue
        for line in re.findall(
            r"^#+ .*|^(?:`{3,}|:{3,})\{.*|^:class: .*", cell.source, re.MULTILINE
        ):
            if re.match(r"#+ Exercise \d|\W+\{exercise(-start)?\}", line):
                posed, waiting = posed + 1, True
            elif line.startswith("#"):
                waiting = False
            elif waiting and "dropdown" in line:
                solved, waiting = solved + 1, False
    return posed, solved


def closing(notebook: Notebook) -> list[str]:
    """Key points, exercises with folded solutions, a quiz."""
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    found = [
        f"there is no section {title!r}"
        for title in ("Key points", "Exercises", "Quiz")
        if not re.search(rf"^##+ {title}\b", text, re.MULTILINE)
    ]
    posed, solved = exercises(notebook)
    if posed < EXERCISES or solved < posed:
        found.append(f"{posed} exercises and {solved} folded solutions")
    if questions(notebook) < QUESTIONS:
        found.append(f"the quiz has {questions(notebook)} questions")
    return found


def sections(notebook: Notebook) -> dict[str, list[Notebook]]:
    """The cells under each heading of the second level, in order."""
    found: dict[str, list[Notebook]] = {}
    under: list[Notebook] = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            for heading in re.findall(r"^## (.+?)\s*$", cell.source, re.MULTILINE):
                under = found.setdefault(heading, [])
        under.append(cell)
    return found


def order(notebook: Notebook) -> list[str]:
    """What differs from the way that every chapter goes, from the first sound to the quiz."""
    parts = sections(notebook)
    code = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    opening_code = "\n".join(cell.source for cell in parts.get("Listen first", []))
    found = []
    if list(parts)[:1] != ["Listen first"] or not PLAYS.search(opening_code):
        found.append("it does not open by listening")
    if list(parts)[-3:] != ["Key points", "Exercises", "Quiz"]:
        found.append(f"it closes with {list(parts)[-3:]}")
    if not MOVES.search(code):
        found.append("no figure is moved by the reader")
    if not re.search(r"^\s*assert ", code, re.MULTILINE):
        found.append("nothing that was built by hand is checked")
    return found


def defined_twice(notebooks: Mapping[str, Notebook]) -> list[str]:
    """Functions and classes that more than one chapter defines."""
    places: dict[str, set[str]] = defaultdict(set)
    for name, notebook in notebooks.items():
        for cell in notebook.cells:
            if cell.cell_type == "code":
                for node in ast.walk(tree(cell.source)):
                    if isinstance(node, ast.FunctionDef | ast.ClassDef):
                        places[node.name].add(name)
    return [
        f"{what} is defined in {', '.join(sorted(w))}" for what, w in places.items() if len(w) > 1
    ]


def pages_in_toc(root: Path) -> list[str]:
    """The pages that _toc.yml names, in order, without their endings."""

    def walk(node: object) -> Iterable[str]:
        if isinstance(node, dict):
            yield from (str(node[key]) for key in ("root", "file") if key in node)
            for value in node.values():
                yield from walk(value)
        elif isinstance(node, list):
            for item in node:
                yield from walk(item)

    return list(walk(yaml.safe_load((root / "_toc.yml").read_text(encoding="utf-8"))))


def files_of(page: str, root: Path) -> list[Path]:
    """The files that a page could be made from; there should be one."""
    return [p for p in (root / f"{page}.ipynb", root / f"{page}.md") if p.exists()]


def toc_faults(root: Path) -> list[str]:
    """Pages that are named but missing, present but not named, or made from two files."""
    pages = pages_in_toc(root)
    found = [f"{page} has {len(files_of(page, root))} files" for page in pages
             if len(files_of(page, root)) != 1]  # fmt: skip
    found += [f"{page} is named twice" for page in set(pages) if pages.count(page) > 1]
    there = [p for ending in ("ipynb", "md") for p in (root / "book").rglob(f"*.{ending}")]
    for path in there:
        inside = path.relative_to(root).parts
        hidden = any(part.startswith(".") for part in inside) or inside[:3] == SOLUTIONS
        if not hidden and path.relative_to(root).with_suffix("").as_posix() not in pages:
            found.append(f"{path.relative_to(root)} is not in _toc.yml")
    return found


def page_weight(html: Path) -> int:
    """Bytes of a built page with its pictures, without the audio in it."""
    text = html.read_text(encoding="utf-8")
    audio = sum(len(match) for match in re.findall(r"data:audio/[^\"']+", text))
    pictures = {html.parent / src for src in re.findall(r'<img[^>]* src="([^":]+)"', text)}
    return len(text.encode()) - audio + sum(p.stat().st_size for p in pictures if p.exists())


def pictures_without_words(html: Path) -> list[str]:
    """Pictures of a built page whose alternative text is missing or only a file's name."""
    images = re.findall(r"<img\b[^>]*>", html.read_text(encoding="utf-8"))
    found = []
    for image in images:
        alt = re.search(r'\balt="([^"]*)"', image)
        if alt is None or "_images/" in alt[1]:
            found.append(image[:120])
    return found
