"""The Sphinx extension of this book.

It turns code and single stars in docstrings into valid reStructuredText, lists the public modules
on the API pages, fills in tables, and puts rendered clips on the front page.
"""

from __future__ import annotations

import hashlib
import html
import re
from pathlib import Path
from typing import Any

from sphinx.application import Sphinx

from docs_ext import feature_tables, format_tables, page_tables, scale_tables, try_page

ROOT = Path(__file__).resolve().parent.parent
API = "book/reference/api/"  # a page for each part of the package
TABLE = re.compile(r"^<!-- features: ([\w ]+) -->$", re.MULTILINE)
SCALE = re.compile(r"^<!-- scale: (\w+) -->$", re.MULTILINE)
FORMATS = re.compile(r"^<!-- formats: (\w+) -->$", re.MULTILINE)
MARK = re.compile(r"^<!-- modules of (mgrlib[\w.]*) -->$", re.MULTILINE)
CODE = re.compile(r"(``.+?``|:[\w:]+:`[^`]+`|`[^`]+`)", re.DOTALL)
EMPHASIS = re.compile(r"(\*\*[^\s*][^*]*\*\*|(?<![\w*])\*[^\s*][^*]*\*(?![\w*]))")


def escaped(text: str) -> str:
    """Text with doubled backticks, and with single stars, bars and final underscores escaped."""
    parts = CODE.split(text)
    for k, part in enumerate(parts):
        if k % 2 == 0:
            parts[k] = _escaped_prose(part)
        elif part.startswith("`") and not part.startswith("``"):
            joined = parts[k + 1][:1].isalnum()  # `Module`s
            parts[k] = f"`{part}`" + ("\\ " if joined else "")
    return "".join(parts)


def _escaped_prose(text: str) -> str:
    parts = EMPHASIS.split(text)
    for k in range(0, len(parts), 2):
        parts[k] = re.sub(r"(?<!\\)([|*])", r"\\\1", parts[k])
        parts[k] = re.sub(r"^(\s*)\\\*(?= )", r"\1*", parts[k], flags=re.MULTILINE)
        parts[k] = re.sub(r"(?<=\w)_(?!\w)", r"\\_", parts[k])
    return "".join(parts)


def on_docstring(
    _app: Sphinx, _what: str, _name: str, _obj: Any, _o: Any, lines: list[str]
) -> None:
    """Escape a docstring before napoleon reads it; doctests stay unchanged."""
    blocks = "\n".join(lines).split("\n\n")
    escaped_blocks = [b if b.lstrip().startswith(">>>") else escaped(b) for b in blocks]
    lines[:] = "\n\n".join(escaped_blocks).split("\n")


def on_signature(
    _app: Sphinx, _what: str, _name: str, _obj: Any, _o: Any, signature: str, returns: str
) -> tuple[str, str] | None:
    """Write `...` for default values that Sphinx cannot parse."""
    return (re.sub(r"=\s*<[^<>]*>", "= ...", signature), returns) if signature else None


def public_modules(package: str) -> list[str]:
    """A module, or a package and every module in it, whose names are all public."""
    place = ROOT.joinpath(*package.split("."))
    files = sorted(place.rglob("*.py")) if place.is_dir() else [place.with_suffix(".py")]
    dotted = [".".join(file.relative_to(ROOT).with_suffix("").parts) for file in files]
    names = sorted(name.removesuffix(".__init__") for name in dotted)
    return [name for name in names if not any(p.startswith("_") for p in name.split("."))]


def modules_as_markdown(package: str) -> str:
    """Sections with the documentation of a package's modules."""
    blocks = []
    for name in public_modules(package):
        heading = "" if name == package else f"## `{name}`\n\n"
        options = "   :members:\n   :ignore-module-all:\n"
        blocks.append(f"{heading}```{{eval-rst}}\n.. automodule:: {name}\n{options}```\n")
    return "\n".join(blocks)


def ten_players() -> str:
    """One clip of each genre in a scrambled order, with the genre folded below."""
    from mgrlib.data.synthetic import SAMPLE_RATE, synthetic, truth
    from mgrlib.page.html import style
    from mgrlib.page.player import listen

    corpus = synthetic(n_per_genre=1)
    order = sorted(corpus.clips.index, key=lambda c: hashlib.sha256(c.encode()).digest())
    items = []
    for number, clip_id in enumerate(order, 1):
        y = corpus.audio(clip_id, SAMPLE_RATE)[: 10 * SAMPLE_RATE]
        facts = truth(corpus, clip_id)
        played = ", ".join(facts.instruments)
        answer = f"{facts.genre}, {facts.tempo_bpm:.0f} beats per minute, in {facts.key}: {played}"
        folded = f"<details><summary>Which genre?</summary>{html.escape(answer)}</details>"
        player = listen(y, SAMPLE_RATE, title=f"Clip {number}").body
        items.append(f"<li>{player.replace('</figure>', folded + '</figure>')}</li>")
    players = "".join(items)
    return (
        f"```{{raw}} html\n<style>{style()}</style>"
        f'<ul class="mgr-players" role="list" aria-label="Ten clips">{players}</ul>\n```'
    )


def on_source(app: Sphinx, docname: str, source: list[str]) -> None:
    if docname.startswith(API):
        source[0] = MARK.sub(lambda match: modules_as_markdown(match[1]), source[0])
    if docname.startswith("book/reference/"):
        source[0] = TABLE.sub(lambda match: feature_tables.TABLES[match[1]](), source[0])
    if docname == "book/reference/execution_times":
        source[0] = source[0].replace("<!-- pages -->", page_tables.pages())
    if docname == "book/reference/scale":
        source[0] = SCALE.sub(lambda match: scale_tables.TABLES[match[1]](), source[0])
    if docname == "book/reference/formats":
        source[0] = FORMATS.sub(lambda match: format_tables.TABLES[match[1]](), source[0])
    if docname == "book/try":
        html = try_page.try_page(Path(app.outdir))
        source[0] = source[0].replace(try_page.MARK, html)
    if docname == "book/index":
        source[0] = source[0].replace("<!-- ten players -->", ten_players())


def on_page(_app: Sphinx, page: str, _template: str, context: dict[str, Any], _tree: Any) -> None:
    """Remove markup that disturbs screen readers: roles of citations, lists directly in lists."""
    body = context.get("body", "")
    if page == "_modules/index":
        start, entries = body.split("<ul", 1)
        entries, end = entries.rsplit("</ul>", 1)
        no_page = r'<li><a href="builtins\.html">builtins</a></li>\s*'
        entries = re.sub(no_page, "", entries)
        body = f"{start}<ul{re.sub(r'</?ul>', '', entries)}</ul>{end}"
    body = body.replace('<div role="list" class="citation-list">', '<div class="citation-list">')
    context["body"] = body.replace(' role="doc-biblioentry"', "").replace(
        ' role="doc-backlink"', ""
    )


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("autodoc-process-docstring", on_docstring, priority=100)
    app.connect("autodoc-process-signature", on_signature)
    app.connect("source-read", on_source)
    app.connect("html-page-context", on_page)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
