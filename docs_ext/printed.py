"""Print the built site as one PDF, in the order of its contents, for reading offline.

Each page is printed by the computer's Chromium or Chrome as it looks in the light theme. Players,
sliders, and quizzes do not work on paper: a player becomes a line that names it, a slider shows its
first figure, and a quiz is left out. Folded solutions stay folded. Links to other pages of the book
lead to the site.
"""

from __future__ import annotations

import asyncio
import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from pypdf import PdfReader, PdfWriter

from checks.browser import READER, SWITCHES, find_browser, settle
from checks.chapters import pages_in_toc
from mgrlib.storage import atomic_write

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
OUT = ROOT / "_build/pdf/music-genre-recognition.pdf"
LEFT_OUT = ("book/reference/api", "book/try")  # used on the site and not on paper
MARGIN = {"top": "18mm", "bottom": "18mm", "left": "16mm", "right": "16mm"}
FOOTER = (
    '<div style="font-size:8px;width:100%;text-align:center;color:#555">'
    '<span class="pageNumber"></span></div>'
)

STYLE = """
  .mgr-quiz, .bd-header-article, .bd-sidebar-primary, .bd-sidebar-secondary, .prev-next-area,
  .bd-footer, .headerlink, .copybtn, .search-button-field, .mgr-frames input, .mgr-frames label,
  .mgr-frames button { display: none !important; }
  .mgr-player audio, .mgr-player button, .mgr-player canvas { display: none !important; }
  .bd-main .bd-content .bd-article-container { max-width: 100% !important; padding: 0 !important; }
  .cell_input pre, .cell_output pre { white-space: pre-wrap !important; }
  h2, h3 { break-after: avoid; }
  figure, img, svg, table, .cell_output { break-inside: avoid; }
  .mgr-results { overflow: visible !important; }
"""
# Links within the book become links to the site, a player becomes a line of text, and folded tables
# of results are opened.
PREPARE = """([base, page]) => {
  for (const link of document.querySelectorAll("a[href]")) {
    const href = link.getAttribute("href");
    if (href.startsWith("#") || /^[a-z]+:/.test(href)) continue;
    link.setAttribute("href", new URL(href, base + page).href);
  }
  for (const player of document.querySelectorAll(".mgr-player")) {
    player.prepend("\\u25B6 On the site, you can listen: ");
  }
  for (const fold of document.querySelectorAll("details:has(.mgr-results)")) fold.open = true;
}"""


def printed_pages() -> list[str]:
    """The pages of the book that are printed, in the order of the contents."""
    return [page for page in pages_in_toc(ROOT) if not page.startswith(LEFT_OUT)]


async def print_pages(pages: Sequence[str], base: str) -> list[bytes]:
    """Each page as a PDF of its own."""
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=list(SWITCHES)
        )
        context = await browser.new_context(**READER, offline=True)
        texts = [await _print(context, page, base) for page in pages]
        await browser.close()
    return texts


async def _print(context: Any, page: str, base: str) -> bytes:
    tab = await context.new_page()
    tab.set_default_timeout(180_000)
    await tab.goto((HTML / f"{page}.html").as_uri())
    await settle(tab)
    await tab.add_style_tag(content=STYLE)
    await tab.evaluate(PREPARE, [base, f"{page}.html"])
    await tab.emulate_media(media="print", color_scheme="light")
    content = await tab.pdf(
        format="A4",
        margin=MARGIN,
        print_background=True,
        display_header_footer=True,
        header_template="<div></div>",
        footer_template=FOOTER,
        tagged=True,
    )
    await tab.close()
    print(f"  {page}", flush=True)
    return bytes(content)


def joined(pages: Sequence[str], contents: Sequence[bytes]) -> PdfWriter:
    """One document with a bookmark for each part of the contents and for each page."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    part_of = {
        entry["file"]: part["caption"] for part in toc["parts"] for entry in part["chapters"]
    }
    writer, bookmarks = PdfWriter(), {}
    for page, content in zip(pages, contents, strict=True):
        first = len(writer.pages)
        reader = PdfReader(io.BytesIO(content))
        for sheet in reader.pages:
            writer.add_page(sheet)
        caption = part_of.get(page)
        if caption and caption not in bookmarks:
            bookmarks[caption] = writer.add_outline_item(title=caption, page_number=first)
        writer.add_outline_item(
            title=title_of(page), page_number=first, parent=bookmarks.get(caption)
        )
    writer.add_metadata({"/Title": "Music Genre Recognition", "/Author": "The mgrlib authors"})
    return writer


def title_of(page: str) -> str:
    """The title of a built page."""
    from bs4 import BeautifulSoup

    soup = BeautifulSoup((HTML / f"{page}.html").read_text(encoding="utf-8"), "html.parser")
    heading = soup.find("h1")
    for mark in heading.find_all(class_="headerlink") if heading else ():
        mark.decompose()
    return heading.get_text(" ", strip=True) if heading else page


def main() -> int:
    """Print the book; 0 if it was written."""
    if not (HTML / "index.html").exists():
        print("There is no site yet. Hint: run `make book`.", file=sys.stderr)
        return 1
    if find_browser() is None:
        print(
            "Printing needs Chromium or Chrome. Hint: install one, or name it in MGRLIB_BROWSER.",
            file=sys.stderr,
        )
        return 1
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    pages = printed_pages()
    contents = asyncio.run(print_pages(pages, config["html"]["baseurl"]))
    writer = joined(pages, contents)
    OUT.parent.mkdir(parents=True, exist_ok=True)
    with atomic_write(OUT) as part:
        writer.write(part)
    print(f"{OUT}: {len(writer.pages)} pages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
