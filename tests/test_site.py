"""The built site, read as text: links, tables, code, previews, and the page for error 404.

Links within the site are followed to the page and the place on it. External links are checked for
their form only, since tests need no network.
"""

from __future__ import annotations

import html
import json
import re
import tomllib
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

import pytest
import yaml

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("sphinxext.opengraph", reason="the book's tools are not installed")

from checks import links
from docs_ext import data_frames
from docs_ext import links as sphinx_links
from docs_ext import pages as sphinx_pages

SITE = ROOT / "_build/html"
REPOSITORY = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
OWNER, NAME = REPOSITORY.removeprefix("https://github.com/").split("/")
ADDRESS = f"https://{OWNER}.github.io/{NAME}/"
built = pytest.mark.skipif(not (SITE / "book/index.html").exists(), reason="the book is not built")


@built
def test_no_place_for_a_table_was_left_empty():
    marks = [
        p.name for p in pages() if re.search(r"<!-- (features|modules|pages|ten)", p.read_text())
    ]
    assert marks == []
    page = (SITE / "book/reference/instructors.html").read_text()
    assert "We marked a folder of" in page and page.count("<table") >= 4


def pages(*, source: bool = False) -> list[Path]:
    """The pages of the site; with `source`, also the package's source with its colors."""
    paths = sorted((SITE / "book").rglob("*.html")) + sorted(SITE.glob("*.html"))
    return paths + (sorted((SITE / "_modules").rglob("*.html")) if source else [])


def chapters() -> list[Path]:
    return [p for p in pages() if p.parent.name in {"foundations", "papers", "beyond"}]


# Links ---------------------------------------------------------------------------------------


@built
def test_every_link_within_the_site_leads_somewhere():
    assert {p.name: b for p in pages(source=True) if (b := links.broken(p, SITE))} == {}


@built
def test_links_that_lead_elsewhere_are_well_formed():
    urls = links.elsewhere(pages())
    assert len(urls) > 50
    assert {url: where for url, where in urls.items() if links.ill_formed(url)} == {}


def in_repository(url: str) -> Path | None:
    """The file that an address of this repository, or a button that opens it, means."""
    parts = urlsplit(url)
    path = unquote(parts.path)
    if parts.netloc == "mybinder.org":
        inside = path.removeprefix(f"/v2/gh/{OWNER}/{NAME}/main")
        assert inside == "", url
        return ROOT / parse_qs(parts.query)["urlpath"][0].removeprefix("lab/tree/")
    match = re.fullmatch(rf"(?:/github)?/{OWNER}/{NAME}/(?:blob|edit|tree|raw)/main/(.+)", path)
    return ROOT / match[1] if match else None


def lines_of(url: str, file: Path) -> bool:
    """Whether the lines that an address names exist."""
    named = [int(n) for n in re.findall(r"L(\d+)", urlsplit(url).fragment)]
    return not named or max(named) <= len(file.read_text(encoding="utf-8").splitlines())


@built
def test_every_button_and_link_into_the_repository_finds_its_file():
    files = {url: in_repository(url) for url in links.elsewhere(pages())}
    there = {url: file for url, file in files.items() if file is not None}
    assert sum("colab" in url for url in there) >= 11
    assert sum("mybinder" in url for url in there) >= 11
    lost = [u for u, file in there.items() if not (file.is_file() and lines_of(u, file))]
    assert lost == []


@built
def test_a_page_made_from_a_notebook_has_both_launch_buttons_and_they_open_that_notebook():
    for page in pages():
        name = page.relative_to(SITE).with_suffix("").as_posix()
        launched = [u for u in links.links(page) if "//mybinder.org/" in u or "//colab." in u]
        notebook = ROOT / f"{name}.ipynb"
        assert {in_repository(url) for url in launched} == (
            {notebook} if notebook.exists() else set()
        )
        assert len(set(launched)) == (2 if notebook.exists() else 0), name


# What pages say ------------------------------------------------------------------------------


@built
def test_every_figure_is_described_by_words():
    image = re.compile(r"<img\b[^>]*>")
    bare = {}
    for page in sorted((SITE / "book").rglob("*.html")):
        article = links.text_of(page).split('<article class="bd-article"', 1)[-1]
        article = article.split("</article>")[0]
        alts = [re.search(r'\balt="([^"]*)"', tag) for tag in image.findall(article)]
        poor = [alt and alt[1] for alt in alts if alt is None or len(alt[1].split()) < 3]
        if poor:
            bare[page.name] = poor
    assert bare == {}


@built
def test_no_caption_stands_under_two_figures():
    """A cell with several outputs would repeat its caption under each of them."""
    caption = re.compile(r'<span class="caption-text">(.*?)</span>', re.DOTALL)
    twice = {}
    for page in chapters():
        captions = caption.findall(links.text_of(page))
        if repeated := {text for text in captions if captions.count(text) > 1}:
            twice[page.name] = repeated
    assert twice == {}


def prose(page: Path) -> object:
    """The article of a page without headings, code, formulas, names, and what cells put out."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup(links.text_of(page), "html.parser").select_one("article.bd-article")
    for node in soup.select("h1,h2,h3,h4,h5,h6,pre,code,script,style,a,.math,.cell_output"):
        glossary = node.name == "a" and "glossary.html#term-" in (node.get("href") or "")
        if not glossary:
            node.decompose()
    return soup


@built
@pytest.mark.parametrize("page", chapters() if SITE.exists() else [], ids=lambda p: p.stem)
def test_first_use_of_each_term_leads_to_the_glossary(page):
    glossary = (ROOT / f"{sphinx_links.GLOSSARY}.md").read_text(encoding="utf-8")
    block = re.search(r"\{glossary\}\n(.*?)\n::::", glossary, re.DOTALL)[1]
    terms = re.findall(r"^(\S.*)$", block, re.MULTILINE)
    assert len(terms) > 30
    names = [term for term in terms if term not in sphinx_links.EVERYDAY]
    finder, first = sphinx_links.finder_of(names), {}
    for text in prose(page).find_all(string=True):
        linked = text.find_parent("a") is not None
        for match in finder.finditer(str(text)):
            first.setdefault(names[int(match.lastgroup[1:])], linked)
    assert len(first) >= 8
    assert [term for term, linked in first.items() if not linked] == []


@built
def test_every_chapter_links_to_the_reference_of_what_it_uses():
    counts = {p.stem: links.text_of(p).count("reference/api/") for p in chapters()}
    assert {name: n for name, n in counts.items() if n < 30} == {}  # the side bar has a dozen


@built
def test_every_chapter_has_a_figure_that_moves_without_a_kernel():
    for page in chapters():
        text = page.read_text(encoding="utf-8")
        assert re.search(r'class="mgr-frames[^"]*".*?<(?:input|select)\b', text, re.DOTALL), (
            page.name
        )
        assert "application/vnd.jupyter.widget" not in text, page.name


# Code ----------------------------------------------------------------------------------------

FOLDED = re.compile(r'<details class="admonition hide.*?</details>', re.DOTALL)
CODE = re.compile(
    r'<div class="highlight-i?python3?[^>]*><div class="highlight"><pre>(.*?)</pre>', re.DOTALL
)


@built
def test_no_visible_line_of_code_in_a_chapter_is_longer_than_80_characters():
    long = {}
    for page in chapters():
        for block in CODE.findall(FOLDED.sub("", links.text_of(page))):
            lines = html.unescape(re.sub(r"<[^>]+>", "", block)).splitlines()
            long.update({line: page.name for line in lines if len(line) > 80})
    assert long == {}


# Previews, the mark in the tab, and the page for error 404 ----------------------------------


def meta(page: Path) -> dict[str, str]:
    tags = re.findall(r'<meta (?:property|name)="([^"]+)" content="([^"]*)"', links.text_of(page))
    return dict(tags)


@built
def test_every_page_has_a_card_for_previews_with_its_own_words_and_picture():
    described = set()
    for page in sorted((SITE / "book").rglob("*.html")):
        words = meta(page)
        where = page.relative_to(SITE).as_posix()
        assert words["og:url"] == ADDRESS + where
        assert words["og:title"], where
        picture = words["og:image"].removeprefix(ADDRESS)
        assert (SITE / picture).is_file(), where
        if page in chapters():
            assert len(words["description"]) > 60, where
            assert "[" not in words["description"], where
            described.add(words["description"])
    assert len(described) == len(chapters())


def test_settings_name_the_address_of_the_site():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    assert config["html"]["baseurl"] == ADDRESS
    assert config["sphinx"]["config"]["ogp_site_url"] == ADDRESS


@built
def test_every_page_has_its_mark_its_language_and_a_title():
    for page in pages():
        text = links.text_of(page)
        assert '<html lang="en"' in text, page.name
        assert re.search(r"<title>[^<]{5,}</title>", text), page.name
        assert 'rel="icon"' in text or page == SITE / "index.html", page.name
        assert (SITE / "_static/favicon.svg").exists()


@built
def test_page_for_error_404_works_at_any_depth():
    text = links.text_of(SITE / "404.html")
    assert f'<base href="/{NAME}/">' in text
    assert text.index("<base") < text.index("href=", text.index("<base") + 15)
    assert links.broken(SITE / "404.html", SITE) == []


@built
def test_front_door_leads_to_the_front_page():
    assert (SITE / "book/index.html").exists()
    assert 'content="0; url=book/index.html"' in links.text_of(SITE / "index.html")


# The tools themselves ------------------------------------------------------------------------


def test_check_finds_broken_links_and_leaves_good_ones_alone(tmp_path):
    (tmp_path / "a.html").write_text('<h1 id="here"></h1><a href="b.html#there">b</a>')
    (tmp_path / "b.html").write_text('<a href="a.html#here">a</a><a href="#gone">x</a>')
    assert links.broken(tmp_path / "a.html", tmp_path) == ["b.html#there"]
    assert links.broken(tmp_path / "b.html", tmp_path) == ["#gone"]


@pytest.mark.parametrize("url", ["http://a.org", "https://localhost/a", "https://a.org/b c"])
def test_check_finds_ill_formed_addresses(url):
    assert links.ill_formed(url)
    assert not links.ill_formed("https://a.org/b?c=d#e")


@pytest.mark.parametrize(
    ("term", "text", "words"),
    [
        ("clip", "Two Clips.", "Clips"),
        ("hierarchy", "of hierarchies", "hierarchies"),
        ("MFCC", "an mfcc", None),
        ("McNemar's test", "by McNemar’s test,", "McNemar’s test"),
        ("frame", "a keyframe or frame-wise", None),
        ("logits", "its logits", "logits"),
    ],
)
def test_terms_are_found_as_prose_has_them(term, text, words):
    match = sphinx_links.finder_of([term]).search(text)
    assert (match and match[0]) == words


def test_the_longest_term_is_found():
    finder = sphinx_links.finder_of(["leakage", "artist leakage"])
    assert finder.search("much artist leakage")[0] == "artist leakage"


def test_names_are_looked_up_where_the_notebook_has_them_from():
    objects = {"mgrlib.a.b.fit": 1, "mgrlib.c.fit": 2, "mgrlib.c.Net.run": 3, "mgrlib.c": 4}
    assert sphinx_links.documented("fit", {"fit": "mgrlib.a"}, objects) == "mgrlib.a.b.fit"
    assert sphinx_links.documented("fit", {"fit": "mgrlib.c"}, objects) == "mgrlib.c.fit"
    assert sphinx_links.documented("Net.run", {"Net": "mgrlib.c"}, objects) == "mgrlib.c.Net.run"
    assert sphinx_links.documented("mgrlib.c", {}, objects) == "mgrlib.c"
    assert sphinx_links.documented("fit", {}, objects) is None


def test_imports_of_a_notebook_are_read_past_its_magics(tmp_path):
    cells = [
        {"cell_type": "code", "source": ["%pip install x\n", "from mgrlib.a import b, c as d"]},
        {"cell_type": "code", "source": ["from numpy import e"]},
    ]
    path = tmp_path / "a.ipynb"
    path.write_text(json.dumps({"cells": cells}))
    assert sphinx_links.imported(path) == {"b": "mgrlib.a", "c": "mgrlib.a"}


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        ('<summary aria-label="Toggle hidden content">', "<summary>"),
        ("<tr><th></th><th>a</th>", "<tr><td></td><th>a</th>"),
        ("<dl>\n<dd>a,</dd>\n</dl>\n", '<span class="mgr-parameter">a,</span>'),
        ("<dl>\n<dt>a</dt><dd>b</dd>\n</dl>\n", "<dl>\n<dt>a</dt><dd>b</dd>\n</dl>\n"),
    ],
)
def test_faults_that_disturb_screen_readers_are_corrected(wrong, right):
    assert sphinx_pages.accessible(wrong) == right


def test_numbers_and_units_stay_on_one_line_in_prose_and_not_in_code():
    from docutils import nodes
    from docutils.utils import new_document

    page = new_document("page")
    page += nodes.paragraph("", "the 95 % interval at 22 kHz, 5 minutes, 3 dBs")
    page += nodes.literal_block("", "7 % 3")
    page += nodes.doctest_block("", ">>> f\"{70.5} %\"\n'70.5 %'")
    sphinx_pages.keep_units(None, page, "page")
    words, code, doctest = (node.astext() for node in page)
    assert words == "the 95\u00a0% interval at 22\u00a0kHz, 5 minutes, 3 dBs"
    assert code == "7 % 3"
    assert "\u00a0" not in doctest


FRAME = """<table border="1" class="dataframe">
<thead>
<tr style="text-align: right;">
<th></th>
<th>n</th>
<th>artist</th>
<th>accuracy</th>
</tr>
<tr>
<th>genre</th>
<th></th>
<th></th>
<th></th>
</tr>
</thead>
<tbody>
<tr>
<th>jazz</th>
<td>1,000</td>
<td>jazz-a00</td>
<td>.5 [.4, .6] n=9</td>
</tr>
</tbody>
</table>"""


def test_a_table_of_pandas_gets_one_header_row_and_marks_for_numbers_and_names():
    rows = data_frames.ROW.findall(data_frames.legible(f"<p>{FRAME}</p>"))
    assert [body.strip().split("\n") for _, body, _ in rows] == [
        [
            "<th>genre</th>",
            '<th class="mgr-number">n</th>',
            "<th>artist</th>",
            "<th>accuracy</th>",
        ],
        [
            "<th>jazz</th>",
            '<td class="mgr-number">1,000</td>',
            '<td class="mgr-name">jazz-a00</td>',
            "<td>.5 [.4,&nbsp;.6] n=9</td>",
        ],
    ]


def test_a_table_of_pandas_with_named_columns_keeps_both_header_rows():
    named = FRAME.replace("<th></th>", "<th>estimate</th>", 1)
    assert len(data_frames.ROW.findall(data_frames.legible(named))) == 3
