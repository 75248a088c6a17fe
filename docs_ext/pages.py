"""Finishing of the pages: link previews, accessibility, tables of pandas, and the 404 page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from docutils import nodes
from sphinx.application import Sphinx
from sphinxext import opengraph

from docs_ext import data_frames

NOT_FOUND = """
<section><h1>Page not found</h1>
<p>The page may have moved, or the address may contain a typing error. You can continue with</p>
<ul>
<li><a href="book/index.html">the front page</a>, with ten clips to listen to;</li>
<li><a href="book/start.html">how to use this course</a>;</li>
<li><a href="book/reference/glossary.html">the glossary</a>;</li>
<li><a href="search.html">the search page</a>.</li>
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
# The theme sets light or dark only after the whole page has loaded, so a long page would first
# appear without its colors, and white in dark mode. A font that loads late moves the lines, so both
# fonts are preloaded, except when the page is opened from disk.
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
# A label that differs from the visible text, a button without a name, an empty header cell.
CORRECTIONS = (
    (re.compile(r'<summary aria-label="Toggle hidden content">'), "<summary>"),
    (
        re.compile(r'<summary>(?=<span class="toctree-toggle")'),
        '<summary aria-label="Pages under this one">',
    ),
    (re.compile(r'(<button class="btn search-button-field[^>]*?) aria-label="Search"'), r"\1"),
    (re.compile(r'(<i class="theme-switch [^>]*?)\s+title="[^"]*"'), r"\1"),
    (re.compile(r"<th[^>]*></th>"), "<td></td>"),
)
UNIT = re.compile(r"(?<=\d) (?=%|(?:dB|Hz|kHz|ms|kB|MB|GB|nats)\b)")
CODE = (nodes.literal, nodes.math, nodes.FixedTextElement)  # listings and doctests, among others
SIGNATURE = re.compile(r"<dl>\n((?:<dd>.*</dd>\n)+)</dl>\n")


def accessible(page: str) -> str:
    """A page's HTML with the faults corrected that disturb a screen reader."""
    for fault, correction in CORRECTIONS:
        page = fault.sub(correction, page)
    return SIGNATURE.sub(lambda match: lines_of_signature(match[1]), page)


def lines_of_signature(items: str) -> str:
    """The parameters of a long signature, one per line, as text and not as a list."""
    return re.sub(r"<dd>(.*)</dd>\n", r'<span class="mgr-parameter">\1</span>', items)


def description_of(doctree: nodes.document, length: int, _titles: object = ()) -> str:
    """A page's summary for link previews: its first long paragraph that is not a citation."""
    for paragraph in doctree.findall(nodes.paragraph):
        text = " ".join(paragraph.astext().split())
        if isinstance(paragraph.parent, nodes.section) and "[" not in text and len(text) > 60:
            return text if len(text) <= length else text[:length].rsplit(" ", 1)[0] + " ..."
    return ""


def keep_units(_app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Join numbers and their units in prose, so that no line begins with "% intervals"."""
    for text in list(doctree.findall(nodes.Text)):
        joined = UNIT.sub("\u00a0", text.astext())
        if joined != text.astext() and not isinstance(text.parent, CODE):
            text.parent.replace(text, nodes.Text(joined))


def not_found(_app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "404", {"title": "Page not found", "body": NOT_FOUND}, "page.html"


def on_finished(app: Sphinx, error: Exception | None) -> None:
    """Correct the pages after all of them are written."""
    if error or app.builder.format != "html":
        return
    address = app.config.html_baseurl
    out = Path(app.outdir)
    for path in out.rglob("*.html"):
        if "_static" not in path.parts:
            before = path.read_text(encoding="utf-8")
            after = accessible(data_frames.legible(before))
            if path == out / "404.html":  # it is shown for addresses of any depth
                base = f'<base href="{urlsplit(address).path}">'
                after = after.replace("<head>", f"<head>\n    {base}", 1)
            if after != before:
                path.write_text(after, encoding="utf-8")
    (out / "index.html").write_text(FRONT_DOOR.format(address=address), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    opengraph.get_description = description_of  # the extension's own takes any first text
    app.add_js_file(None, body=THEME)
    app.connect("doctree-resolved", keep_units)
    app.connect("html-collect-pages", not_found)
    app.connect("build-finished", on_finished)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
