"""What pages say to those who do not read them here: to link previews, to screen readers, and to
a browser that asked for a page that is not there.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinxext import opengraph

NOT_FOUND = """
<section><h1>There is no such page</h1>
<p>It may have moved, or the address may have lost a letter. From here it is not far to</p>
<ul>
<li><a href="book/index.html">the front page</a>, with ten clips to listen to;</li>
<li><a href="book/start.html">how to use this course</a>;</li>
<li><a href="book/reference/glossary.html">the glossary</a>;</li>
<li><a href="search.html">the search</a>, which knows every page.</li>
</ul></section>
"""
FRONT_DOOR = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="refresh" content="0; url=book/index.html">
<link rel="canonical" href="{address}book/index.html">
<title>Music Genre Recognition</title>
</head>
<body>
<main><h1>Music Genre Recognition</h1><p><a href="book/index.html">To the course</a></p></main>
</body>
</html>
"""
# The theme's own script says light or dark only when all of a page has come; until then a long page
# would stand there without its colors, and be white in the dark. And letters that come late move
# the lines: they are asked for at once, where there is a server to ask.
THEME = """(function () {
  const page = document.documentElement;
  if (page.dataset.theme === "auto") {
    const dark = window.matchMedia("(prefers-color-scheme: dark)").matches;
    page.dataset.theme = dark ? "dark" : "light";
  }
  if (location.protocol === "file:") return;
  for (const kind of ["normal", "italic"]) {
    const font = document.createElement("link");
    Object.assign(font, {rel: "preload", as: "font", type: "font/woff2", crossOrigin: ""});
    font.href = `${page.dataset.content_root}_static/FONTS-${kind}.woff2`;
    document.head.append(font);
  }
})();""".replace("FONTS", "third_party/fonts/source-serif-4-latin-wght")
# A name that hides the words that are seen, a button without one, a table's empty corner, a
# signature's lines that call themselves a list of definitions.
MENDED = (
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Pages under this one">',
    ),
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'), r"\1"),
    (re.compile(r'(<i class="theme-switch [^>]*?)\s+title="[^"]*"'), r"\1"),
    (re.compile(r"<th></th>"), "<td></td>"),
)
SIGNATURE = re.compile(r"<dl>\n((?:<dd>.*</dd>\n)+)</dl>\n")


def mended(page: str) -> str:
    """A page's HTML with what a screen reader stumbles over put right."""
    for wrong, right in MENDED:
        page = wrong.sub(right, page)
    return SIGNATURE.sub(lambda match: lines_of_signature(match[1]), page)


def lines_of_signature(items: str) -> str:
    """The parameters of a long signature, one a line, as text and not as a list."""
    return re.sub(r"<dd>(.*)</dd>\n", r'<span class="mgr-parameter">\1</span>', items)


def description_of(doctree: nodes.document, length: int, _titles: object = ()) -> str:
    """What a page is about: its first paragraph of some length that is no line of citation."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, nodes.section) and "[" not in text and len(text) > 60:
            return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " ..."
    return ""


def not_found(_app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "404", {"title": "There is no such page", "body": NOT_FOUND}, "page.html"


def on_finished(app: Sphinx, error: Exception | None) -> None:
    """Put right what was written, once all of it is."""
    if error or app.builder.format != "html":
        return
    address = app.config.html_baseurl
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        if "_static" not in path.parts:
            before = path.read_text(encoding="utf-8")
            after = mended(before)
            if path == out / "404.html":  # it is shown for addresses of any depth
                base = f'<base href="{urlsplit(address).path}">'
                after = after.replace("<head>", f"<head>\n    {base}", 1)
            if after != before:
                path.write_text(after, encoding="utf-8")
    (out / "index.html").write_text(FRONT_DOOR.format(address=address), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    opengraph.get_description = description_of  # its own begins with whatever stands first
    app.add_js_file(None, body=THEME)
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", on_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
