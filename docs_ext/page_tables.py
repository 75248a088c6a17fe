"""The table of page sizes and loading times on the page on execution times."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from checks.chapters import pages_in_toc
from docs_ext.feature_tables import markdown

ROOT = Path(__file__).resolve().parent.parent
MEASURED = ROOT / "benchmarks/results/pages.json"
HEAD = (
    "page",
    "kB without audio",
    "audio, kB",
    "first paint, ms",
    "largest paint, ms",
    "blocked, ms",
    "layout moved",
    "nodes",
)


def title_of(page: str) -> str:
    """The title of a page."""
    file = ROOT / f"{page}.md"
    if file.exists():
        lines = file.read_text(encoding="utf-8").splitlines()
        return next(line.removeprefix("# ") for line in lines if line.startswith("# "))
    cells = json.loads((ROOT / f"{page}.ipynb").read_text(encoding="utf-8"))["cells"]
    texts = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"]
    lines = [line for text in texts for line in text.splitlines()]
    return next(line.removeprefix("# ") for line in lines if line.startswith("# "))


def page_row(page: str, figures: dict[str, Any]) -> list[object]:
    return [
        title_of(page).replace("|", "\\|"),
        f"{figures['without_audio_kb']:,.0f}",
        f"{figures['audio_kb']:,.0f}" if figures["audio_kb"] else "",
        f"{figures['first_paint_ms']:,.0f}",
        f"{figures['largest_paint_ms']:,.0f}",
        f"{figures['blocked_ms']:,.0f}",
        f"{figures['layout_shift']:.3f}",
        f"{figures['nodes']:,.0f}",
    ]


def pages() -> str:
    """One row per page in the order of the table of contents, without the package reference."""
    if not MEASURED.exists():
        return "They have not been measured yet: `python -m benchmarks.pages --json FILE`."
    measured = json.loads(MEASURED.read_text(encoding="utf-8"))
    by_page = measured["pages"]
    measured_pages = [page for page in pages_in_toc(ROOT) if page in by_page]
    names = [page for page in measured_pages if "/api/" not in page]
    reference = [page for page in measured_pages if "/api/" in page]
    heaviest = max(reference, key=lambda page: by_page[page]["without_audio_kb"])
    where = f"{measured['machine']}, load average {measured['load_average'][0]} when it began"
    table = markdown(HEAD, [page_row(p, by_page[p]) for p in [*names, heaviest]])
    return f"{table}\n\nMeasured on {where}; of the pages on the package, the heaviest is shown."
