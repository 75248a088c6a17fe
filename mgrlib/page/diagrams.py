"""Drawings that explain: text and lines as SVG, readable in light, in dark and on a phone."""

from __future__ import annotations

import json
import re
from importlib.resources import files

from mgrlib.errors import MgrError, explain
from mgrlib.page.html import Html, inline, unique_id


def drawing(name: str, *, caption: str | None = None) -> Html:
    """A drawing that ships with the package, as part of the page.

    Its words are text, and its lines take the color of the text around it. A screen reader reads
    the drawing's title and description. Ids get a prefix of their own, so that the same drawing
    can be shown twice on a page.

    Args:
        name: a file of `mgrlib/page/drawings`, without its ending.
        caption: a sentence or two to show below it in place of the drawing's own; an empty one
            shows none.

    Raises:
        MgrError: there is no drawing of this name.

    >>> drawing("lstm-cell")
    drawing: One step of an LSTM
    """
    body = svg(name)
    if caption is None:
        captions = files("mgrlib.page") / "drawings" / "captions.json"
        caption = json.loads(captions.read_text(encoding="utf-8"))[name]
    title = re.search(r"<title[^>]*>(.*?)</title>", body, re.DOTALL)
    below = f"<figcaption>{inline(caption)}</figcaption>" if caption else ""
    summary = f"drawing: {title.group(1) if title else name}"
    return Html(f'<figure class="mgr-drawing">{body}{below}</figure>', summary)


def svg(name: str, folder: str = "drawings") -> str:
    """Return the SVG of a drawing, with ids that no other element of the page has.

    Args:
        name: a file of the folder, without its ending.
        folder: `"drawings"`, or `"questions"` for what a quiz asks the reader to read.

    Raises:
        MgrError: there is no drawing of this name.
    """
    place = files("mgrlib.page") / folder
    try:
        text = (place / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        names = sorted(p.name[:-4] for p in place.iterdir() if p.name.endswith(".svg"))
        raise MgrError(explain("drawing", f"one of {names}", repr(name))) from error
    return _with_own_ids(text, unique_id(name))


def _with_own_ids(text: str, prefix: str) -> str:
    """The SVG with `prefix` before each id, where it is defined and where it is referred to."""
    text = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', text)
    text = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", text)

    def referred(match: re.Match[str]) -> str:
        return f'aria-labelledby="{" ".join(f"{prefix}-{i}" for i in match.group(1).split())}"'

    return re.sub(r'aria-labelledby="([^"]+)"', referred, text)
