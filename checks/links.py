"""The links of the built site: whether their targets exist, and which lead outside."""

from __future__ import annotations

import html
import re
from collections import defaultdict
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

HREF = re.compile(r"""<(?:a|link)\b[^>]*?\shref=["']([^"']*)["']""")
SOURCE = re.compile(r"""<(?:img|script|audio|source)\b[^>]*?\ssrc=["']([^"']*)["']""")
ANCHOR = re.compile(r"""\b(?:id|name)=["']([^"']+)["']""")
INSIDE = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=]*")
BASE = re.compile(r'<base href="([^"]+)"')


@cache
def text_of(page: Path) -> str:
    """A page's HTML without embedded data."""
    return INSIDE.sub("", page.read_text(encoding="utf-8"))


@cache
def anchors(page: Path) -> frozenset[str]:
    return frozenset(html.unescape(name) for name in ANCHOR.findall(text_of(page)))


def links(page: Path) -> list[str]:
    """All addresses that a page links to or loads."""
    text = text_of(page)
    return [html.unescape(url) for url in HREF.findall(text) + SOURCE.findall(text)]


def broken(page: Path, site: Path) -> list[str]:
    """Links of a page to a file or an anchor that does not exist on the site."""
    urls = []
    base = BASE.search(text_of(page))
    for url in links(page):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        path = unquote(parts.path)
        if base and path.startswith(base[1]):
            path = path.removeprefix(base[1])
        target = ((site if base else page.parent) / path).resolve() if path else page
        there = target.is_file() and target.is_relative_to(site.resolve())
        place = unquote(parts.fragment) if there and target.suffix == ".html" else ""
        if not there or (place and place not in anchors(target) | {"top"}):
            urls.append(url)
    return urls


def elsewhere(pages: list[Path]) -> dict[str, list[str]]:
    """Every address outside the site, with the pages that contain it."""
    pages_by_url: dict[str, list[str]] = defaultdict(list)
    for page in pages:
        for url in links(page):
            if urlsplit(url).scheme and page.name not in pages_by_url[url]:
                pages_by_url[url].append(page.name)
    return dict(pages_by_url)


def ill_formed(url: str) -> bool:
    """Whether an address has no https, no host, or a blank, or is that of a local machine."""
    parts = urlsplit(url)
    if parts.scheme == "mailto":
        return "@" not in parts.path
    host = parts.hostname or ""
    return (
        parts.scheme != "https"
        or not re.fullmatch(r"[\w-]+(\.[\w-]+)+", host)
        or host.endswith((".local", ".invalid"))
        or bool(re.search(r"[\s<>\"{}|\\^]", url))
    )
