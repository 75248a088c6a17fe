"""The tools that build the book: docstrings read as meant, inventories in step."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType, ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("sphinx", reason="the book's tools are not installed")

from docutils.core import publish_doctree
from sphinx.ext.napoleon import Config as SphinxConfig
from sphinx.ext.napoleon import GoogleDocstring
from sphinx.util.docstrings import prepare_docstring

from docs_ext import build, feature_tables, format_tables, inventories, scale_tables
from docs_ext import house as sphinx_house
from mgrlib.data import formats


def rst(text: str) -> str:
    lines = text.split("\n")
    sphinx_house.on_docstring(None, "function", "f", None, None, lines)
    return "\n".join(lines).strip()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("`a` and ``b``", "``a`` and ``b``"),
        ("many `Module`s", "many ``Module``\\ s"),
        ("(B, *shape) or |x|", "(B, \\*shape) or \\|x\\|"),
        ("*Luo (2021), table 1* is **meant**", "*Luo (2021), table 1* is **meant**"),
        ("what ends in n_ is", "what ends in n\\_ is"),
        ("see :func:`~mgrlib.x.y`", "see :func:`~mgrlib.x.y`"),
        (">>> a | b  # `c` *d\n1", ">>> a | b  # `c` *d\n1"),
    ],
)
def test_prose_is_read_as_it_was_meant(text, expected):
    assert rst(text) == expected


def docstrings(module: ModuleType) -> Iterator[tuple[str, str]]:
    """The docstrings that autodoc takes from a module, by name."""
    yield module.__name__, module.__doc__ or ""
    own = [thing for thing in vars(module).values() if isinstance(thing, type | FunctionType)]
    for thing in own:
        if thing.__module__ == module.__name__:
            yield f"{module.__name__}.{thing.__qualname__}", thing.__doc__ or ""
            for member in vars(thing).values() if isinstance(thing, type) else ():
                if isinstance(member, FunctionType):
                    yield f"{module.__name__}.{member.__qualname__}", member.__doc__ or ""


def faults_of(docstring: str) -> list[str]:
    """What docutils complains of in a docstring as autodoc hands it over."""
    text = "\n".join(prepare_docstring(docstring))
    text = str(GoogleDocstring(rst(text), SphinxConfig(napoleon_use_rtype=False)))
    stream = io.StringIO()
    publish_doctree(text, settings_overrides={"warning_stream": stream, "report_level": 2})
    lines = [line for line in stream.getvalue().splitlines() if line.startswith("<string>")]
    sphinx_alone = ("interpreted text role", "role entry", "Unknown directive", "Trying")
    return [line for line in lines if not any(words in line for words in sphinx_alone)]


def test_every_docstring_is_valid_restructuredtext():
    names = sphinx_house.public_modules("mgrlib")
    wrong = {
        name: lines
        for module in map(importlib.import_module, names)
        for name, docstring in docstrings(module)
        if (lines := faults_of(docstring))
    }
    assert wrong == {}


def test_check_finds_a_list_that_begins_without_an_empty_line():
    text = "Choices:\n- one that goes on\n  in the next line\n- two"
    assert len(faults_of(text)) == 2
    assert faults_of(text.replace(":\n", ":\n\n", 1)) == []


def test_literal_may_go_over_a_line():
    assert rst("a `long\nname` here") == "a ``long\nname`` here"


def test_every_public_module_is_in_the_reference_once():
    pages = sorted((ROOT / sphinx_house.API).glob("*.md"))
    marked = [
        mark
        for page in pages
        for mark in sphinx_house.MARK.findall(page.read_text(encoding="utf-8"))
    ]
    modules = [name for mark in marked for name in sphinx_house.public_modules(mark)]
    everything = [n for n in sphinx_house.public_modules("mgrlib") if n != "mgrlib"]
    assert len(set(modules)) == len(modules)
    assert sorted(set(everything) - set(modules)) == []


def test_every_table_of_the_features_is_made_and_shown():
    pages = [ROOT / f"book/reference/{name}.md" for name in ("parity", "instructors")]
    page = "\n".join(path.read_text(encoding="utf-8") for path in pages)
    assert set(sphinx_house.TABLE.findall(page)) == set(feature_tables.TABLES)
    assert "`Vector57`" in page
    for name in set(feature_tables.TABLES) - {"marking"}:  # which is told in a sentence
        table = feature_tables.TABLES[name]()
        lines = [line for line in table.splitlines() if line.startswith("|")]
        assert len(lines) > 3
        assert len({line.count("|") for line in lines}) == 1


def test_every_table_of_the_page_on_scale_is_made_and_shown():
    page = (ROOT / "book/reference/scale.md").read_text(encoding="utf-8")
    assert set(sphinx_house.SCALE.findall(page)) == set(scale_tables.TABLES)
    for name in ("memory", "training", "allocator"):
        lines = [line for line in scale_tables.TABLES[name]().splitlines() if line[:1] == "|"]
        assert len(lines) > 3
        assert len({line.count("|") for line in lines}) == 1


def test_memory_is_flat_and_time_linear_in_the_number_of_clips():
    rows = scale_tables.measured("scale")
    assert [row["clips"] for row in rows] == [100, 1000, 8000]
    peaks = [row["peak_mb"] for row in rows]
    assert max(peaks) < 1.1 * min(peaks)
    first, middle, last = (row["seconds"] for row in rows)
    slopes = ((middle - first) / 900, (last - middle) / 7000)
    assert max(slopes) < 1.3 * min(slopes)
    assert all(row["waiting"] < 0.05 for row in rows)


def test_the_table_of_columns_has_one_row_for_each_of_57():
    assert feature_tables.beside_table("clips_30_s").count("\n") == 57 + 1


def test_inventories_are_in_step_with_their_source():
    for project, names in inventories.NAMES.items():
        content = (ROOT / f"book/_inv/{project}.inv").read_bytes()
        assert content == inventories.inventory(project, names)


def test_the_page_on_formats_lists_every_format_oddity_and_limit():
    page = (ROOT / "book/reference/formats.md").read_text(encoding="utf-8")
    assert set(sphinx_house.FORMATS.findall(page)) == set(format_tables.TABLES)
    source = [page]
    sphinx_house.on_source(None, "book/reference/formats", source)
    for ending in (*formats.EXTENSIONS, *formats.CONVERTIBLE):
        assert f"`{ending}`" in source[0]
    for oddity, action in (*formats.ODDITIES.values(), *formats.UNREPORTED):
        assert f"| {oddity} | {action} |" in source[0]


def test_terms_in_the_output_of_a_cell_are_not_prose():
    """Otherwise the first use in a chapter's own words would not lead to the glossary."""
    from docutils import nodes

    from docs_ext.links import is_prose

    text, written = nodes.Text("a split"), nodes.Text("a split")
    nodes.section("", nodes.paragraph("", "", text))
    nodes.container("", nodes.paragraph("", "", written), classes=["cell_output"])
    assert is_prose(text)
    assert not is_prose(written)


@pytest.mark.parametrize("name", ["book/page.md", "benchmarks/results/pages.json", "_toc.yml"])
def test_the_book_is_built_again_when_a_page_or_what_it_shows_has_changed(
    tmp_path, monkeypatch, name
):
    monkeypatch.setattr(build, "ROOT", tmp_path)
    monkeypatch.setattr(build, "environment_key", lambda: "")
    path = tmp_path / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("one", encoding="utf-8")
    before = build.book_key()
    path.write_text("two", encoding="utf-8")
    assert build.book_key() != before
