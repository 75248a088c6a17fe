"""The book keeps its promises: notebooks as they are kept, chapters as they should be, pages built.

The checks live in checks/chapters.py. Here they are called for each chapter, after each was shown
to find what it is for in a chapter made to be bad.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent

from checks import chapters
from checks.strip import stripped, text_of

REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
NOTEBOOKS = sorted(
    p for p in (ROOT / "book").rglob("*.ipynb") if ".ipynb_checkpoints" not in p.parts
)
CHAPTERS = [p for p in NOTEBOOKS if p.parent.name in {"foundations", "papers", "beyond"}]
SITE = ROOT / "_build/html"
# What may lie in book/ beside pages: data, pictures, sound, and the licence of the text.
ASSETS = {".bib", ".inv", ".svg", ".png", ".jpg", ".mp3", ".json"}

each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda p: p.stem)
each_chapter = pytest.mark.parametrize("path", CHAPTERS, ids=lambda p: p.stem)
built = pytest.mark.skipif(not (SITE / "index.html").exists(), reason="the book is not built")


def page_of(path: Path) -> str:
    """The page that a file is shown as; of an assignment, the student's edition."""
    return path.relative_to(ROOT).as_posix().replace("assignments/source/", "assignments/")


# Every notebook ------------------------------------------------------------------------------


@each_notebook
def test_notebook_is_kept_without_outputs_and_editors_notes(path):
    assert chapters.not_as_kept(chapters.read(path)) == []


@each_notebook
def test_notebook_names_no_path_of_one_machine(path):
    assert chapters.own_paths(chapters.read(path)) == []


@each_notebook
def test_notebook_opens_with_its_badge_and_installs_the_package(path):
    assert chapters.opening(chapters.read(path), page_of(path), REPOSITORY) == []


@each_notebook
def test_notebook_code_is_sound(path):
    assert chapters.bad_code(chapters.read(path)) == []


@each_notebook
def test_every_figure_says_what_it_shows(path):
    assert chapters.undescribed_figures(chapters.read(path)) == []


# Every chapter -------------------------------------------------------------------------------


@each_chapter
def test_chapter_keeps_the_rhythm(path):
    assert chapters.rhythm(chapters.read(path)) == []


@each_chapter
def test_chapter_goes_the_way_that_all_go(path):
    assert chapters.order(chapters.read(path)) == []


@each_chapter
def test_chapter_closes_with_key_points_exercises_and_quiz(path):
    assert chapters.closing(chapters.read(path)) == []


def test_no_function_is_defined_in_two_chapters():
    assert chapters.defined_twice({p.stem: chapters.read(p) for p in CHAPTERS}) == []


# The table of contents and the launch buttons ------------------------------------------------


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


@each_notebook
def test_launch_button_leads_to_the_notebook(path):
    config = yaml.safe_load((ROOT / "_config.yml").read_text())
    where = config["repository"]
    page = page_of(path).removesuffix(".ipynb")
    launched = "/".join(filter(None, [where["path_to_book"], f"{page}.ipynb"]))
    url = chapters.colab_url(launched, where["url"], where["branch"])
    assert page_of(ROOT / url.split(f"/blob/{where['branch']}/")[1]) == page_of(path)
    if (SITE / f"{page}.html").exists():
        assert f'href="{url}"' in (SITE / f"{page}.html").read_text(encoding="utf-8")


# The built site ------------------------------------------------------------------------------


def built_pages() -> list[Path]:
    return sorted(p for p in (SITE / "book").rglob("*.html")) if SITE.exists() else []


@built
def test_no_page_is_heavier_than_two_megabytes_without_its_audio():
    heavy = {page.name: chapters.page_weight(page) for page in built_pages()}
    assert {name: weight for name, weight in heavy.items() if weight > 2_000_000} == {}


@built
def test_every_picture_on_a_page_has_words():
    assert {p.name: f for p in built_pages() if (f := chapters.pictures_without_words(p))} == {}


@built
def test_pages_fetch_nothing_from_elsewhere():
    fetched = re.compile(r"<(?:script|img|audio|iframe|source)\b[^>]*\ssrc=\"(?:https?:)?//[^\"]+")
    styles = re.compile(
        r"<link\b[^>]*rel=\"(?:stylesheet|preload|icon)\"[^>]*href=\"https?://[^\"]+"
    )
    found = {
        page.name: fetched.findall(text) + styles.findall(text)
        for page in built_pages()
        if (text := page.read_text(encoding="utf-8"))
    }
    assert {name: urls for name, urls in found.items() if urls} == {}


@built
def test_every_chapter_runs_within_its_budget():
    from jupyter_cache import get_cache

    cache = get_cache(str(ROOT / "_build/.jupyter_cache"))
    seconds = {r.uri: r.data.get("execution_seconds", 0) for r in cache.list_cache_records()}
    assert {uri: s for uri, s in seconds.items() if s > 120} == {}


# The checks themselves -----------------------------------------------------------------------


def chapter(*cells: tuple) -> nbformat.NotebookNode:
    """A notebook from (kind, source[, tags or metadata]) for the checks to find fault with."""
    made = []
    for number, (kind, source, *more) in enumerate(cells):
        make = {"md": nbformat.v4.new_markdown_cell, "code": nbformat.v4.new_code_cell}[kind]
        cell = make(source, id=f"c{number}")
        if more:
            cell.metadata.update({"tags": more[0]} if isinstance(more[0], list) else more[0])
        made.append(cell)
    return stripped(nbformat.v4.new_notebook(cells=made))


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


def test_stripping_twice_changes_nothing_and_keeps_what_the_book_needs():
    notebook = chapter(("code", "1", {"tags": ["hide-input"], "mystnb": {"image": {"alt": "a"}}}))
    assert text_of(stripped(notebook)) == text_of(notebook)
    assert notebook.cells[0].metadata["mystnb"]["image"]["alt"] == "a"
    assert text_of(notebook).endswith("}\n")


@pytest.mark.parametrize("where", [f"/{top}/me/x.wav" for top in ("home", "Users")] + [r"C:\data"])
def test_check_finds_paths_of_one_machine(where):
    assert len(chapters.own_paths(chapter(("code", f"open({where!r})")))) == 1


def test_check_leaves_addresses_and_relative_paths_alone():
    text = "https://example.org/srv/me and ../data/x and a/tmp/b"
    assert chapters.own_paths(chapter(("md", text))) == []


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
    shown = chapter(("md", f"[![Open](x.svg)]({url})"), ("code", install))
    assert len(chapters.opening(shown, "book/papers/a.ipynb", REPOSITORY)) == 2
    assert len(chapters.opening(chapter(PROSE), "book/papers/a.ipynb", REPOSITORY)) == 2


def test_check_finds_long_cells_and_little_prose():
    assert chapters.rhythm(chapter(PROSE, ("code", "x = 1\n" * 4))) == []
    assert len(chapters.rhythm(chapter(PROSE, ("code", "x = 1\n" * 5)))) == 1  # the median
    assert len(chapters.rhythm(chapter(PROSE, ("code", "x = 1\n" * 16)))) == 3
    assert (
        len(chapters.rhythm(chapter(("md", "Seven words are not enough for this."), ("code", "1"))))
        == 1
    )


def test_code_in_prose_does_not_count_as_prose_and_folded_code_not_as_code():
    fenced = ("md", "```python\n" + "many words in code\n" * 50 + "```")
    assert len(chapters.rhythm(chapter(fenced, ("code", "1")))) == 1
    assert (
        chapters.rhythm(chapter(PROSE, ("code", "1"), ("code", "x = 1\n" * 12, ["hide-cell"])))
        == []
    )


def test_check_finds_star_imports_broken_code_and_hidden_cells():
    assert len(chapters.bad_code(chapter(("code", "from numpy import *")))) == 1
    assert len(chapters.bad_code(chapter(("code", "def f(:")))) == 1
    assert chapters.bad_code(chapter(("code", "%matplotlib inline\n!ls\nif 1:\n    %time 2"))) == []
    two = [("code", "1", ["hide-input"])] * 2
    assert len(chapters.bad_code(chapter(*two))) == 1
    assert len(chapters.bad_code(chapter(("code", "secret = 1", ["remove-input"])))) == 1
    assert chapters.bad_code(chapter(("code", "quiz(q)", ["remove-input"]))) == []


def test_check_finds_figures_without_words():
    described = {"mystnb": {"image": {"alt": "a rising line"}}}
    assert (
        len(chapters.undescribed_figures(chapter(("code", "plot_mel(x)"), ("code", "ax.bar(x)"))))
        == 2
    )
    assert chapters.undescribed_figures(chapter(("code", "plot_mel(x)", described))) == []
    assert chapters.undescribed_figures(chapter(("code", "frames_slider(plot_mel, v)"))) == []


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
    asked = ("code", "quiz([" + "Question(a, b, c, d), " * 6 + "])")
    posed = [
        cell
        for k in range(5)
        for cell in [("md", f"### Exercise {k}: a"), ("code", "1", ["hide-cell"])]
    ]
    assert chapters.closing(chapter(("md", CLOSING), *posed, asked)) == []
    assert len(chapters.closing(chapter(("md", CLOSING), *posed[:8], asked))) == 1
    assert len(chapters.closing(chapter(("md", CLOSING), *posed))) == 1
    assert len(chapters.closing(chapter(PROSE))) == 5


def test_check_finds_a_chapter_that_goes_another_way():
    first, last = ("md", "## Listen first"), ("md", "## Key points\n\n## Exercises\n\n## Quiz")
    middle = ("code", "choices(x)\nassert a == b")
    assert chapters.order(chapter(first, ("code", "listen(y)"), ("md", "## B"), middle, last)) == []
    assert chapters.order(chapter(first, ("md", "## B"), ("code", "listen(y)"), middle, last)) == [
        "it does not open by listening"
    ]
    assert len(chapters.order(chapter(PROSE, ("md", "## Quiz\n\n## Exercises")))) == 4


def test_check_finds_a_function_that_two_chapters_define():
    one = chapter(("code", "def mel(): pass\ndef own(): pass"))
    assert chapters.defined_twice({"a": one, "b": chapter(("code", "1"))}) == []
    assert chapters.defined_twice({"a": one, "b": one})[0] == "mel is defined in a, b"


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


def test_check_finds_pictures_that_are_only_named(tmp_path):
    page = tmp_path / "page.html"
    page.write_text(
        '<img src="a"><img alt="../../_images/b.png" src="b"><img alt="a line" src="c">'
    )
    assert len(chapters.pictures_without_words(page)) == 2
