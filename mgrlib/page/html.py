"""HTML for notebooks and pages: the parts that players, sliders, quizzes and tables use."""

from __future__ import annotations

import hashlib
import html
import itertools
import json
import re
from functools import cache
from importlib.resources import files

from IPython.display import HTML

# In JupyterLab arrow keys fold headings; on elements with this attribute they move the slider.
OWN_KEYS = 'data-lm-suppress-shortcuts="true"'

_numbers = itertools.count(1)


class Html(HTML):
    """A part of a page: HTML that a notebook displays, with a summary for a terminal.

    Args:
        body: the HTML without its style sheet.
        summary: one line of text.
    """

    def __init__(self, body: str, summary: str) -> None:
        super().__init__(f"<style>{style()}</style>{body}")
        self.body = body
        self.summary = summary

    def __repr__(self) -> str:
        return self.summary


@cache
def style(name: str = "page.css") -> str:
    """A style sheet of this package, with comments and white space removed."""
    text = files("mgrlib.page").joinpath(name).read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};:,>])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def unique_id(content: str) -> str:
    """Return an id for an element that is unique on the page and the same in every run.

    It consists of a hash of the content, so that two open notebooks have different ids, and of a
    running number, so that the same content can be shown twice.
    """
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"mgr-{digest}-{next(_numbers)}"


def inline(text: str) -> str:
    """Escape text for HTML, and convert `code`, *emphasis* and **strong emphasis** to elements.

    >>> inline("`a < b` is *not* 3 * 4 & 5")
    '<code>a &lt; b</code> is <em>not</em> 3 * 4 &amp; 5'
    """
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        f"<code>{html.escape(part[1:-1])}</code>" if part.startswith("`") else _emphasis(part)
        for part in parts
    )


def plain(text: str) -> str:
    """Escape text for an attribute, without the marks that `inline` converts.

    >>> plain('a "loud" `clip`')
    'a &quot;loud&quot; clip'
    """
    text = re.sub(r"`([^`]+)`", r"\1", text)
    text = re.sub(r"\*{1,2}(?=\S)([^*]*[^*\s])\*{1,2}", r"\1", text)
    return html.escape(text)


def folded(summary: str, body: str) -> str:
    """HTML that the reader can open, under a line of text.

    >>> folded("More", "<p>Rest</p>")
    '<details><summary>More</summary><p>Rest</p></details>'
    """
    return f"<details><summary>{inline(summary)}</summary>{body}</details>"


def script_json(value: object) -> str:
    r"""JSON of a value, for use inside a script element, which nothing in a text can end.

    >>> script_json({"title": "</script>"})
    '{"title": "\\u003c/script>"}'
    """
    return json.dumps(value).replace("<", "\\u003c")


def _emphasis(text: str) -> str:
    text = html.escape(text)
    text = re.sub(r"\*\*(?=\S)([^*]*[^*\s])\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*(?=\S)([^*]*[^*\s])\*", r"<em>\1</em>", text)
