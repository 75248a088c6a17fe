"""The pieces of a page that players, sliders, quizzes and tables share."""

from __future__ import annotations

import hashlib
import html
import itertools
import re
from functools import cache
from importlib.resources import files

from IPython.display import HTML

# In JupyterLab an arrow key folds a heading; on what has this attribute it moves the slider.
OWN_KEYS = 'data-lm-suppress-shortcuts="true"'

_shown = itertools.count(1)


class Html(HTML):
    """A piece of a page: the HTML that a notebook displays, and a line of text for a terminal."""

    def __init__(self, body: str, summary: str) -> None:
        super().__init__(f"<style>{style()}</style>{body}")
        self.body = body
        self.summary = summary

    def __repr__(self) -> str:
        return self.summary


@cache
def style() -> str:
    """The style sheet of everything in this package, with comments and blank space removed."""
    text = files("mgrlib.page").joinpath("page.css").read_text(encoding="utf-8")
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    return re.sub(r"\s*([{};:,>])\s*", r"\1", re.sub(r"\s+", " ", text)).strip()


def unique_id(content: str) -> str:
    """An id for one element: no two alike on a page, and the same in every run of a notebook.

    It hangs on the content, so that two notebooks open side by side do not share ids, and on a
    count, so that the same thing shown twice does not either.
    """
    digest = hashlib.sha256(content.encode()).hexdigest()[:8]
    return f"mgr-{digest}-{next(_shown)}"


def inline(text: str) -> str:
    """Text as HTML: everything escaped but `code` in backticks, *emphasis* and **strength**.

    >>> inline("`a < b` is *not* 3 * 4 & 5")
    '<code>a &lt; b</code> is <em>not</em> 3 * 4 &amp; 5'
    """
    parts = re.split(r"(`[^`]+`)", text)
    return "".join(
        f"<code>{html.escape(part[1:-1])}</code>" if part.startswith("`") else _emphasis(part)
        for part in parts
    )


def plain(text: str) -> str:
    """Text for an attribute: the marks of `inline` taken out, the rest escaped.

    >>> plain('a "loud" `clip`')
    'a &quot;loud&quot; clip'
    """
    text = re.sub(r"`([^`]+)`", r"\1", text)
    text = re.sub(r"\*{1,2}(?=\S)([^*]*[^*\s])\*{1,2}", r"\1", text)
    return html.escape(text)


def script_string(value: str) -> str:
    """A string as it may stand inside a script element."""
    import json

    return json.dumps(value).replace("<", "\\u003c").replace(">", "\\u003e")


def _emphasis(text: str) -> str:
    text = html.escape(text)
    text = re.sub(r"\*\*(?=\S)([^*]*[^*\s])\*\*", r"<strong>\1</strong>", text)
    return re.sub(r"\*(?=\S)([^*]*[^*\s])\*", r"<em>\1</em>", text)
