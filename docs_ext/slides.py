"""Make slides of each chapter from the built site: one HTML file per chapter, for teaching.

A section of the chapter becomes a slide with its heading and the first sentence of its text. Each
figure, drawing, player, slider, and table follows on a slide of its own, and the lists of
objectives and key points are shown whole. The full text of a section is in the speaker's notes,
which the key N shows. Arrow keys, Page Up, and Page Down move; players and sliders work as on the
site, without a network.
"""

from __future__ import annotations

import base64
import html
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bs4 import BeautifulSoup, Tag

from checks.chapters import pages_in_toc
from mgrlib.page.html import style
from mgrlib.storage import atomic_write

ROOT = Path(__file__).resolve().parent.parent
HTML = ROOT / "_build/html"
OUT = ROOT / "_build/slides"
PARTS = ("book/foundations/", "book/papers/", "book/beyond/")
SHOWN = (
    "figure, img, .mgr-players, .mgr-player, .mgr-frames, .mgr-drawing, .mgr-results, "
    "table.dataframe, table.docutils"
)
LEFT_OUT = re.compile(r"exercise|quiz|solution", re.IGNORECASE)
SENTENCE = re.compile(r"(?<=[.?!:])\s+(?=[A-Z\"“])")

STYLE = """
html { font-size: min(2.1vw, 3.4vh); } body { margin: 0; font-family: system-ui, sans-serif;
  color: #111; background: #fff; } .slide { box-sizing: border-box; width: 100vw; height: 100vh;
  padding: 3rem 4rem; display: none; flex-direction: column; justify-content: center; gap: 1.2rem;
  overflow: auto; } .slide.now { display: flex; } h1 { font-size: 2.6rem; } h2 { font-size: 1.9rem;
  margin: 0; color: #135f84; } p, li { font-size: 1.25rem; line-height: 1.45; margin: .3rem 0; }
.show { max-height: 74vh; overflow: auto; } .show img, .show svg { max-width: 100%;
  max-height: 68vh; } .show figure { margin: 0; } .show figure img, .show figure svg {
  max-height: 52vh; } .show figcaption p { font-size: .95rem; color: #444; }
table { border-collapse: collapse; font-size: .8rem; } td, th { padding: .2rem .6rem;
  border-bottom: 1px solid #ccc; text-align: left; } .notes { display: none; font-size:
  .85rem; border-top: 1px solid #999; max-height: 40vh; overflow: auto; } .with-notes .notes {
  display: block; } .with-notes .slide { justify-content: flex-start; } nav { position: fixed;
  right: 1rem; bottom: .6rem; font-size: .7rem; color: #555; }
@media print { .slide { display: flex; break-after: page; } nav { display: none; } }
"""
SCRIPT = """
const slides = [...document.querySelectorAll(".slide")];
const place = document.getElementById("place");
const first = Number(location.hash.slice(1)) || 1;
let now = 0;
function show(i) {
  now = Math.min(Math.max(i, 0), slides.length - 1);
  slides.forEach((s, j) => s.classList.toggle("now", j === now));
  place.textContent = `${now + 1} / ${slides.length}`;
  history.replaceState(null, "", `#${now + 1}`);
}
addEventListener("keydown", (event) => {
  if (event.target.closest("input, select, textarea, audio, button")) return;
  const step = {ArrowRight: 1, PageDown: 1, " ": 1, ArrowLeft: -1, PageUp: -1}[event.key];
  if (step) { event.preventDefault(); show(now + step); }
  if (event.key === "Home") show(0);
  if (event.key === "End") show(slides.length - 1);
  if (event.key.toLowerCase() === "n") document.body.classList.toggle("with-notes");
});
show(first - 1);
"""


@dataclass(frozen=True)
class Slide:
    """One slide.

    Args:
        title: its heading.
        body: what it shows, as HTML.
        notes: what the speaker may say, as text.
    """

    title: str
    body: str
    notes: str = ""


def slides_of(page: str) -> list[Slide]:
    """The slides of a built page."""
    path = HTML / f"{page}.html"
    soup = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    for mark in soup.select(".headerlink, .copybtn"):
        mark.decompose()
    chapter = soup.select_one("article section")
    if chapter is None:
        return []
    slides = []
    for section in [chapter, *chapter.find_all("section")]:
        heading = section.find(["h1", "h2", "h3"], recursive=False)
        if heading is None or any(LEFT_OUT.search(str(s.get("id"))) for s in _around(section)):
            continue
        slides += section_slides(section, heading.get_text(" ", strip=True), path.parent)
    return slides


def section_slides(section: Tag, title: str, folder: Path) -> Iterator[Slide]:
    """A slide of text, then one for each thing that the section shows."""
    own = [
        child for child in section.children if isinstance(child, Tag) and child.name != "section"
    ]
    texts = [child for child in own if child.name == "p"]
    lists = [child for child in own if child.name in ("ul", "ol")]
    notes = " ".join(text.get_text(" ", strip=True) for text in texts)
    lead = SENTENCE.split(texts[0].get_text(" ", strip=True))[0] if texts else ""
    points = "".join(str(child) for child in lists[:1])
    if section.parent is not None and section.parent.name != "section":  # the chapter's title
        aims = [str(t) for t in texts if t.find("strong")]
        points = "".join(aims[:3])
    yield Slide(title, f"<p>{html.escape(lead)}</p>{points}", notes)
    for shown in _outermost(own):
        _embed(shown, folder)
        yield Slide(title, f'<div class="show">{shown}</div>')


def _around(section: Tag) -> list[Tag]:
    return [section, *section.find_parents("section")][:-1] or [section]


def _outermost(children: list[Tag]) -> list[Tag]:
    """The figures and tables in these parts of a section, each once."""
    shown: list[Tag] = []
    for child in children:
        matches = [child] if child.css.match(SHOWN) else child.select(SHOWN)
        shown += [m for m in matches if not any(other in m.parents for other in matches)]
    return shown


def _embed(shown: Tag, folder: Path) -> None:
    """Embed picture and sound files into the slide."""
    kinds = {".png": "image/png", ".svg": "image/svg+xml", ".jpg": "image/jpeg"}
    kinds |= {".mp3": "audio/mpeg", ".wav": "audio/wav"}
    for tag in [shown, *shown.find_all(["img", "audio", "source"])]:
        source = tag.get("src")
        if not isinstance(source, str) or re.match(r"[a-z]+:", source):
            continue
        path = (folder / source).resolve()
        content = base64.b64encode(path.read_bytes()).decode()
        tag["src"] = f"data:{kinds[path.suffix.lower()]};base64,{content}"


def deck(page: str, slides: list[Slide]) -> str:
    """The slides as one HTML file."""
    rows = []
    for slide in slides:
        tag = "h1" if slide is slides[0] else "h2"
        notes = f'<aside class="notes">{html.escape(slide.notes)}</aside>' if slide.notes else ""
        title = html.escape(slide.title)
        rows.append(f'<section class="slide"><{tag}>{title}</{tag}>{slide.body}{notes}</section>')
    help_text = "← → move, N shows notes"
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{html.escape(slides[0].title)}: slides</title><style>{style()}</style>"
        f"<style>{STYLE}</style></head><body>{''.join(rows)}"
        f'<nav>{help_text} · <span id="place"></span></nav><script>{SCRIPT}</script></body></html>'
    )


def main() -> int:
    """Write the slides of every chapter; 0 if the site was built."""
    if not (HTML / "index.html").exists():
        print("There is no site yet. Hint: run `make book`.", file=sys.stderr)
        return 1
    OUT.mkdir(parents=True, exist_ok=True)
    for page in pages_in_toc(ROOT):
        slides: list[Any] = slides_of(page) if page.startswith(PARTS) else []
        if slides:
            path = OUT / f"{page.rsplit('/', 1)[1]}.html"
            with atomic_write(path) as part:
                part.write_text(deck(page, slides), encoding="utf-8")
            print(f"  {path}: {len(slides)} slides")
    return 0


if __name__ == "__main__":
    sys.exit(main())
