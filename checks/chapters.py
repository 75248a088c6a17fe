"""Checks of chapters: each function returns a list of faults, which is empty for a good chapter.

The tests call them for every chapter, and for small faulty chapters.
"""

from __future__ import annotations

import ast
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from urllib.parse import quote

import nbformat
import yaml

import mgrlib
from checks.strip import CHECKED, stripped

Notebook = nbformat.NotebookNode
QUESTIONS_KEPT = Path(mgrlib.__file__).parent / "page/questions"

EXERCISES = 5
QUESTIONS = 6
DRAWS = re.compile(
    r"\bplot_\w+\(|\.(?:plot|imshow|bar|barh|scatter|hist|specgram|matshow|pie|semilog[xy]|loglog"
    r"|errorbar|fill_between|stem|boxplot|pcolormesh)\("
)
# These functions set the alternative text of their figures, and have a label in place of a caption.
DESCRIBES = re.compile(r"\b(?:frames_slider|choices)\(")


def read(path: Path) -> Notebook:
    return nbformat.read(path, as_version=4)


def tags(cell: Notebook) -> set[str]:
    return set(cell.metadata.get("tags", []))


def code_cells(notebook: Notebook) -> list[Notebook]:
    """The code that is visible on the page: no installation, folded solution, or quiz."""
    folded = {"remove-cell", "remove-input", "hide-cell", "hide-input"}
    return [cell for cell in notebook.cells if cell.cell_type == "code" and not tags(cell) & folded]


def tree(source: str) -> ast.Module:
    """The syntax tree of a cell without its magics and shell lines."""
    return ast.parse(re.sub(r"^(\s*)[%!].*$", r"\1pass", source, flags=re.MULTILINE))


def not_as_kept(notebook: Notebook) -> list[str]:
    """Outputs, execution counts, and an editor's metadata that should not be stored.

    A cell whose output is compared has to have one.
    """
    faults = []
    for number, (cell, clean) in enumerate(
        zip(notebook.cells, stripped(notebook).cells, strict=False)
    ):
        if cell.get("outputs") != clean.get("outputs"):
            faults.append(f"cell {number} has outputs")
        if cell.get("execution_count") != clean.get("execution_count"):
            faults.append(f"cell {number} has an execution count")
        if cell.metadata != clean.metadata:
            faults.append(f"cell {number} has metadata {dict(cell.metadata)}")
        if CHECKED in tags(cell) and not clean.get("outputs"):
            faults.append(f"cell {number} is to be compared and has no output")
    if notebook.metadata != stripped(notebook).metadata:
        faults.append(f"the notebook has metadata {dict(notebook.metadata)}")
    return faults


def colab_url(page: str, repository: str, branch: str = "main") -> str:
    """The address at which Colab opens a notebook, given its path in the repository."""
    owner = repository.removeprefix("https://github.com/")
    return f"https://colab.research.google.com/github/{owner}/blob/{branch}/{quote(page)}"


def opening(notebook: Notebook, page: str, repository: str) -> list[str]:
    """A badge that opens this page in Colab, and a cell that installs the package there."""
    faults = []
    badge = notebook.cells[0] if notebook.cells else None
    if badge is None or badge.cell_type != "markdown" or "remove-cell" not in tags(badge):
        faults.append("the first cell is not a badge with the tag remove-cell")
    elif f"]({colab_url(page, repository)})" not in badge.source:
        faults.append(f"the badge does not lead to {colab_url(page, repository)}")
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    installer = [
        "try:",
        "    import mgrlib",
        "except ModuleNotFoundError:",
        f'    %pip install -q "mgrlib @ git+{repository}"',
    ]
    lines = [line.split("#")[0].rstrip() for line in code[0].source.splitlines()] if code else []
    if lines != installer or "remove-cell" not in tags(code[0]):
        text = "\n".join(installer)
        faults.append(f"the first code cell, tagged remove-cell, should be\n{text}")
    return faults


def is_quiz(cell: Notebook) -> bool:
    return re.search(r"\bquiz\(", cell.source) is not None


def prose_words(notebook: Notebook) -> int:
    """Words of running text, without code, directives, formulas, and hidden cells."""
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


def hidden_code(notebook: Notebook) -> list[str]:
    """Hidden code other than quizzes and one folded cell of preparations.

    A cell that puts numbers into a sentence (`Markdown(...)`) may be folded as well.
    """
    hidden = [
        f"cell {number} hides code that is not a quiz"
        for number, cell in enumerate(notebook.cells)
        if cell.cell_type == "code" and "remove-input" in tags(cell) and not is_quiz(cell)
    ]
    folded = sum(
        "hide-input" in tags(cell) and "Markdown(" not in cell.source for cell in notebook.cells
    )
    if folded > 1:
        hidden.append(f"{folded} cells are folded; only the one that sets things up may be")
    return hidden


def caption(cell: Notebook) -> str:
    """The caption of the figure that a cell draws; empty if there is none."""
    return str(cell.metadata.get("mystnb", {}).get("figure", {}).get("caption", "")).strip()


def drawing_functions(notebook: Notebook) -> set[str]:
    """The names of the functions of a notebook that draw."""
    return {
        node.name
        for cell in notebook.cells
        if cell.cell_type == "code"
        for node in tree(cell.source).body
        if isinstance(node, ast.FunctionDef) and DRAWS.search(ast.unparse(node))
    }


def shows_figure(source: str, functions: Iterable[str] = ()) -> bool:
    """Whether a cell draws, directly or by a call of one of these functions."""
    kept = [node for node in tree(source).body if not isinstance(node, ast.FunctionDef)]
    text = "\n".join(ast.unparse(node) for node in kept)
    calls = any(re.search(rf"\b{name}\(", text) for name in functions)
    return bool(DRAWS.search(text)) or calls


def undescribed_figures(notebook: Notebook) -> list[str]:
    """Cells that draw a figure without alternative text or without a caption."""
    faults, functions = [], drawing_functions(notebook)
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or DESCRIBES.search(cell.source):
            continue
        if shows_figure(cell.source, functions):
            alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
            texts = {"mystnb.image.alt": alt.strip(), "mystnb.figure.caption": caption(cell)}
            missing = " and ".join(name for name, text in texts.items() if not text)
            if missing:
                faults.append(f"cell {number} draws a figure without {missing} in its metadata")
    return faults


def questions(notebook: Notebook) -> int:
    """The number of quiz questions, written in the notebook or stored with the package."""
    n_questions = 0
    for cell in notebook.cells:
        if cell.cell_type == "code" and ("Question" in cell.source or "quiz" in cell.source):
            for node in ast.walk(tree(cell.source)):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                    n_questions += node.func.id == "Question"
                    if node.func.id == "chapter_quiz":
                        path = QUESTIONS_KEPT / f"{ast.literal_eval(node.args[0])}.json"
                        n_questions += len(json.loads(path.read_text(encoding="utf-8")))
    return n_questions


def exercises(notebook: Notebook) -> tuple[int, int]:
    """The number of exercises, and how many of them have a folded solution.

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
    faults = [
        f"there is no section {title!r}"
        for title in ("Key points", "Exercises", "Quiz")
        if not re.search(rf"^##+ {title}\b", text, re.MULTILINE)
    ]
    posed, solved = exercises(notebook)
    if posed < EXERCISES or solved < posed:
        faults.append(f"{posed} exercises and {solved} folded solutions")
    if questions(notebook) < QUESTIONS:
        faults.append(f"the quiz has {questions(notebook)} questions")
    return faults


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
    """The files from which a page could be made; there should be exactly one."""
    return [p for p in (root / f"{page}.ipynb", root / f"{page}.md") if p.exists()]


def toc_faults(root: Path) -> list[str]:
    """Pages that are listed but missing, present but not listed, or made from two files."""
    pages = pages_in_toc(root)
    faults = [f"{page} has {len(files_of(page, root))} files" for page in pages
             if len(files_of(page, root)) != 1]  # fmt: skip
    faults += [f"{page} is named twice" for page in set(pages) if pages.count(page) > 1]
    there = [p for ending in ("ipynb", "md") for p in (root / "book").rglob(f"*.{ending}")]
    for path in there:
        inside = path.relative_to(root).parts
        hidden = any(part.startswith(".") for part in inside)
        if not hidden and path.relative_to(root).with_suffix("").as_posix() not in pages:
            faults.append(f"{path.relative_to(root)} is not in _toc.yml")
    return faults


def page_weight(html: Path) -> int:
    """Bytes of a built page with its pictures but without its audio."""
    text = html.read_text(encoding="utf-8")
    audio = sum(len(match) for match in re.findall(r"data:audio/[^\"']+", text))
    pictures = {html.parent / src for src in re.findall(r'<img[^>]* src="([^":]+)"', text)}
    return len(text.encode()) - audio + sum(p.stat().st_size for p in pictures if p.exists())
