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
    folder = files("mgrlib.page") / "drawings"
    try:
        svg = (folder / f"{name}.svg").read_text(encoding="utf-8")
    except FileNotFoundError as error:
        names = sorted(p.name[:-4] for p in folder.iterdir() if p.name.endswith(".svg"))
        raise MgrError(explain("drawing", f"one of {names}", repr(name))) from error
    if caption is None:
        caption = json.loads((folder / "captions.json").read_text(encoding="utf-8"))[name]
    title = re.search(r"<title[^>]*>(.*?)</title>", svg, re.DOTALL)
    body = _with_own_ids(svg, unique_id(name))
    below = f"<figcaption>{inline(caption)}</figcaption>" if caption else ""
    summary = f"drawing: {title.group(1) if title else name}"
    return Html(f'<figure class="mgr-drawing">{body}{below}</figure>', summary)


def _with_own_ids(svg: str, prefix: str) -> str:
    """The SVG with `prefix` before each id, where it is defined and where it is referred to."""
    svg = re.sub(r'\bid="([^"]+)"', rf'id="{prefix}-\1"', svg)
    svg = re.sub(r"url\(#([^)]+)\)", rf"url(#{prefix}-\1)", svg)

    def referred(match: re.Match[str]) -> str:
        return f'aria-labelledby="{" ".join(f"{prefix}-{i}" for i in match.group(1).split())}"'

    return re.sub(r'aria-labelledby="([^"]+)"', referred, svg)
