"""The book keeps its promises: notebooks as they are kept, chapters as they should be, pages built.

The checks live in checks/chapters.py. Here they are called for each chapter, after each was shown
to find what it is for in a chapter made to be bad.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import nbformat
import pytest

ROOT = Path(__file__).resolve().parent.parent

from checks import chapters
from checks.strip import CHECKED, stripped, text_of

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
NOTEBOOKS = sorted(
    p for p in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
)
CHAPTERS = [p for p in NOTEBOOKS if p.parent.name in {"foundations", "papers", "beyond"}]
SITE = ROOT / "_build/html"
# What may lie in book/ beside pages: data, pictures, sound, and the license of the text.
ASSETS = {".bib", ".inv", ".svg", ".png", ".jpg", ".mp3", ".json"}

built = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the book is not built")


def page_of(path: Path) -> str:
    """The page that a file is shown as."""
    return path.relative_to(ROOT).as_posix()


@pytest.fixture(scope="module")
def notebooks() -> dict[Path, nbformat.NotebookNode]:
    return {path: chapters.read(path) for path in NOTEBOOKS}


def faults(
    notebooks: dict[Path, nbformat.NotebookNode],
    check: Callable[[nbformat.NotebookNode], list[str]],
) -> dict[str, list[str]]:
    """What a check complains of, by notebook."""
    return {page_of(path): lines for path in notebooks if (lines := check(notebooks[path]))}


def chapters_of(notebooks: dict[Path, nbformat.NotebookNode]) -> dict[Path, nbformat.NotebookNode]:
    return {path: notebooks[path] for path in notebooks if path in CHAPTERS}


# Notebooks -----------------------------------------------------------------------------------


def test_there_are_notebooks_and_chapters_to_look_at():
    assert len(NOTEBOOKS) >= 18
    assert len(CHAPTERS) >= 11


def test_notebooks_are_kept_without_outputs_and_editors_notes(notebooks):
    assert faults(notebooks, chapters.not_as_kept) == {}


def test_notebooks_open_with_their_badge_and_install_the_package(notebooks):
    wrong = {
        page_of(path): lines
        for path, notebook in notebooks.items()
        if (lines := chapters.opening(notebook, page_of(path), REPOSITORY))
    }
    assert wrong == {}


def test_notebooks_hide_no_code_but_quizzes_and_setting_up(notebooks):
    assert faults(notebooks, chapters.hidden_code) == {}


def test_every_figure_says_what_it_shows(notebooks):
    assert faults(notebooks, chapters.undescribed_figures) == {}


def test_chapters_close_with_key_points_exercises_and_quiz(notebooks):
    assert faults(chapters_of(notebooks), chapters.closing) == {}


def test_no_function_is_defined_in_two_chapters(notebooks):
    named = {path.stem: notebook for path, notebook in chapters_of(notebooks).items()}
    assert chapters.defined_twice(named) == []


# The table of contents -----------------------------------------------------------------------


def test_every_page_is_in_the_table_of_contents():
    assert chapters.toc_faults(ROOT) == []


def test_every_file_in_the_book_is_a_page_or_an_asset():
    strange = [
        page_of(p)
        for p in (ROOT / "book").rglob("*")
        if p.is_file()
        and not any(part.startswith((".", "__")) for part in p.relative_to(ROOT).parts)
        and p.suffix not in ASSETS | {".md", ".ipynb"}
        and p.name != "LICENSE"
    ]
    assert strange == []


# The built site ------------------------------------------------------------------------------


def built_pages() -> list[Path]:
    return sorted(p for p in (SITE / "book").rglob("*.html")) if SITE.exists() else []


@built
def test_no_page_is_heavier_than_two_megabytes_without_its_audio():
    heavy = {page.name: chapters.page_weight(page) for page in built_pages()}
    assert {name: weight for name, weight in heavy.items() if weight > 2_000_000} == {}


@built
def test_pages_fetch_nothing_from_elsewhere():
    fetched = re.compile(r"<(?:script|img|audio|iframe|source)\b[^>]*\ssrc=\"(?:https?:)?//[^\"]+")
    styles = re.compile(
        r"<link\b[^>]*rel=\"(?:stylesheet|preload|icon)\"[^>]*href=\"https?://[^\"]+"
    )
    addresses = {
        page.name: fetched.findall(text) + styles.findall(text)
        for page in built_pages()
        if (text := page.read_text(encoding="utf-8"))
    }
    assert {name: urls for name, urls in addresses.items() if urls} == {}


@built
def test_every_chapter_runs_within_its_budget():
    from jupyter_cache import get_cache

    cache = get_cache(str(ROOT / "_build/.jupyter_cache"))
    seconds = {r.uri: r.data.get("execution_seconds", 0) for r in cache.list_cache_records()}
    assert {uri: s for uri, s in seconds.items() if s > 120} == {}


def visible_text(cell: nbformat.NotebookNode) -> list[str]:
    """The text that a cell puts out; printed text is one, whatever the pieces in which it came."""
    printed = "".join(o.text for o in cell.outputs if o.output_type == "stream")
    others = [o for o in cell.outputs if o.output_type != "stream"]
    return [printed, *(o.get("data", {}).get("text/plain", "") for o in others)]


@built
def test_outputs_kept_in_a_notebook_are_those_of_its_page(notebooks):
    """As nbval compares them, so that the build executes chapters and nothing else needs to."""
    from jupyter_cache import get_cache

    cache, wrong = get_cache(str(ROOT / "_build/.jupyter_cache")), []
    for path in CHAPTERS:
        executed = cache.get_cache_bundle(cache.match_cache_file(str(path)).pk).nb
        code_cells = [cell for cell in notebooks[path].cells if cell.cell_type == "code"]
        ran = [cell for cell in executed.cells if cell.cell_type == "code"]
        for old, new in zip(code_cells, ran, strict=True):
            if CHECKED in chapters.tags(old) and visible_text(old) != visible_text(new):
                wrong.append(f"{page_of(path)}: {visible_text(old)} became {visible_text(new)}")
    assert wrong == []


# The checks themselves -----------------------------------------------------------------------


def chapter(*cells: tuple) -> nbformat.NotebookNode:
    """A notebook from (kind, source[, tags or metadata]) for the checks to find fault with."""
    notebook_cells = []
    for number, (kind, source, *more) in enumerate(cells):
        make = {"md": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}[kind]
        cell = make(source, id=f"c{number}")
        if more:
            cell.metadata.update({"tags": more[0]} if isinstance(more[0], list) else more[0])
        notebook_cells.append(cell)
    return stripped(nbformat.v4.new_notebook(cells=notebook_cells))


PROSE = ("md", "word " * 100)


def test_check_finds_outputs_counts_and_metadata():
    notebook = chapter(("code", "1"))
    assert chapters.not_as_kept(notebook) == []
    notebook.cells[0].execution_count = 3
    notebook.cells[0].outputs = [nbformat.v4.new_output("stream", text="1")]
    notebook.cells[0].metadata["collapsed"] = True
    notebook.metadata["colab"] = {}
    assert len(chapters.not_as_kept(notebook)) == 4
    assert chapters.not_as_kept(stripped(notebook)) == []


def test_an_output_to_be_compared_is_kept_and_may_not_be_missing():
    notebook = chapter(("code", "print(1)", ["nbval-check-output"]), ("code", "print(2)"))
    assert len(chapters.not_as_kept(notebook)) == 1
    for cell in notebook.cells:
        cell.execution_count = 7
        cell.outputs = [nbformat.v4.new_output("stream", text="1")]
    clean = stripped(notebook)
    assert chapters.not_as_kept(clean) == []
    assert [cell.execution_count for cell in clean.cells] == [1, None]
    assert [len(cell.outputs) for cell in clean.cells] == [1, 0]


def test_stripping_twice_changes_nothing_and_keeps_what_the_book_needs():
    notebook = chapter(("code", "1", {"tags": ["hide-input"], "mystnb": {"image": {"alt": "a"}}}))
    assert text_of(stripped(notebook)) == text_of(notebook)
    assert notebook.cells[0].metadata["mystnb"]["image"]["alt"] == "a"
    assert text_of(notebook).endswith("}\n")


def test_check_finds_a_wrong_badge_and_a_missing_installation():
    url = chapters.colab_url("book/papers/a.ipynb", REPOSITORY)
    install = (
        "try:\n    import mgrlib\nexcept ModuleNotFoundError:\n"
        f'    %pip install -q "mgrlib @ git+{REPOSITORY}"'
    )
    hidden = ["remove-cell"]
    good = chapter(("md", f"[![Open](x.svg)]({url})", hidden), ("code", install, hidden))
    assert chapters.opening(good, "book/papers/a.ipynb", REPOSITORY) == []
    assert len(chapters.opening(good, "book/papers/b.ipynb", REPOSITORY)) == 1
    assert len(chapters.opening(good, "book/papers/a.ipynb", REPOSITORY + "2")) == 2
    notebook = chapter(("md", f"[![Open](x.svg)]({url})"), ("code", install))
    assert len(chapters.opening(notebook, "book/papers/a.ipynb", REPOSITORY)) == 2
    assert len(chapters.opening(chapter(PROSE), "book/papers/a.ipynb", REPOSITORY)) == 2


def test_check_finds_hidden_code():
    two = [("code", "1", ["hide-input"])] * 2
    assert len(chapters.hidden_code(chapter(*two))) == 1
    assert len(chapters.hidden_code(chapter(("code", "secret = 1", ["remove-input"])))) == 1
    assert chapters.hidden_code(chapter(("code", "quiz(q)", ["remove-input"]))) == []


def test_check_finds_figures_without_words():
    described = {"mystnb": {"image": {"alt": "a line that rises"}}}
    complete = {"mystnb": {"figure": {"caption": "Loss over time."}, **described["mystnb"]}}
    bare = chapters.undescribed_figures(chapter(("code", "plot_mel(x)"), ("code", "ax.bar(x)")))
    assert len(bare) == 2 and "alt and mystnb.figure.caption" in bare[0]
    uncaptioned = chapters.undescribed_figures(chapter(("code", "plot_mel(x)", described)))
    assert len(uncaptioned) == 1 and "alt" not in uncaptioned[0]
    assert chapters.undescribed_figures(chapter(("code", "plot_mel(x)", complete))) == []
    assert chapters.undescribed_figures(chapter(("code", "frames_slider(plot_mel, v)"))) == []


def test_check_wants_words_where_a_function_draws_and_not_where_it_is_defined():
    definition = ("code", "def picture(x):\n    return plot_mel(x)")
    assert chapters.undescribed_figures(chapter(definition)) == []
    faults = chapters.undescribed_figures(chapter(definition, ("code", "picture(y)")))
    assert len(faults) == 1 and "cell 1" in faults[0]


CLOSING = "## Key points\n\n- one\n\n## Exercises\n\n## Quiz"


def test_check_counts_exercises_and_folded_solutions_of_both_kinds():
    headed = [
        ("md", "### Exercise 1: a"),
        ("code", "1", ["hide-cell"]),
        ("md", "### Exercise 2"),
        ("code", "2"),
    ]
    assert chapters.exercises(chapter(*headed)) == (2, 1)
    directive = (
        "```{exercise}\n:label: a\nWhy?\n```\n\n````{solution} a\n:class: dropdown\nSo.\n````"
    )
    assert chapters.exercises(chapter(("md", directive))) == (1, 1)
    assert chapters.exercises(chapter(("md", directive.replace(":class: dropdown\n", "")))) == (
        1,
        0,
    )


def test_check_finds_a_chapter_that_just_stops():
    questions = ("code", "quiz([" + "Question(a, b, c, d), " * 6 + "])")
    posed = [
        cell
        for k in range(5)
        for cell in [("md", f"### Exercise {k}: a"), ("code", "1", ["hide-cell"])]
    ]
    assert chapters.closing(chapter(("md", CLOSING), *posed, questions)) == []
    assert len(chapters.closing(chapter(("md", CLOSING), *posed[:8], questions))) == 1
    assert len(chapters.closing(chapter(("md", CLOSING), *posed))) == 1
    assert len(chapters.closing(chapter(PROSE))) == 5


def test_check_finds_a_function_that_two_chapters_define():
    first = chapter(("code", "def mel(): pass\ndef own(): pass"))
    assert chapters.defined_twice({"a": first, "b": chapter(("code", "1"))}) == []
    assert chapters.defined_twice({"a": first, "b": first})[0] == "mel is defined in a, b"


def test_check_finds_pages_missing_from_the_table_of_contents(tmp_path):
    (tmp_path / "book").mkdir()
    (tmp_path / "_toc.yml").write_text("root: book/a\nchapters:\n- file: book/b\n- file: book/b\n")
    for name in ("a.md", "a.ipynb", "c.md"):
        (tmp_path / "book" / name).touch()
    faults = chapters.toc_faults(tmp_path)
    assert any("book/a has 2 files" in f for f in faults)
    assert any("book/b has 0 files" in f for f in faults)
    assert any("book/b is named twice" in f for f in faults)
    assert any("book/c.md is not in _toc.yml" in f for f in faults)


def test_weight_counts_pictures_and_leaves_out_audio(tmp_path):
    page = tmp_path / "page.html"
    (tmp_path / "a.png").write_bytes(b"x" * 1000)
    page.write_text(f'<img alt="" src="a.png"><audio src="data:audio/mpeg;base64,{"A" * 5000}">')
    assert 1000 < chapters.page_weight(page) < 1100
