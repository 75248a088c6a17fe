"""Measure the size and the loading time of the built pages, in Chromium from a local server.

    python -m benchmarks.pages [--site _build/html] [--repeats 3] [--json FILE]

Each page is opened in a fresh context with nothing cached, several times; times are medians. What
is measured is what Lighthouse measures: bytes that came over, nodes, first and largest contentful
paint, how far the layout moved, and how long the page could not answer (what each task took beyond
50 ms). The server is on the same computer, so times are the browser's and not the network's.
"""

from __future__ import annotations

import argparse
import functools
import gzip
import json
import os
import platform
import re
import statistics
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from playwright.sync_api import sync_playwright

from checks import browser
from checks.chapters import page_weight

ROOT = Path(__file__).resolve().parent.parent

WATCH = """window.mgr = {shift: 0, blocked: 0, largest: 0};
const watch = (type, see) => new PerformanceObserver((l) => l.getEntries().forEach(see))
  .observe({type, buffered: true});
watch("layout-shift", (e) => { if (!e.hadRecentInput) window.mgr.shift += e.value; });
watch("longtask", (e) => { window.mgr.blocked += Math.max(0, e.duration - 50); });
watch("largest-contentful-paint", (e) => { window.mgr.largest = e.startTime; });"""
READ = """() => {
  const got = ["navigation", "resource"].flatMap((type) => performance.getEntriesByType(type))
    .filter((e) => e.name.startsWith("http"));
  const paint = performance.getEntriesByName("first-contentful-paint")[0];
  return {first_paint_ms: paint ? paint.startTime : 0, largest_paint_ms: window.mgr.largest,
    transfer_kb: got.reduce((sum, e) => sum + e.transferSize, 0) / 1000, requests: got.length,
    layout_shift: window.mgr.shift, blocked_ms: window.mgr.blocked,
    nodes: document.getElementsByTagName("*").length};
}"""
DIGITS = {"layout_shift": 3}


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *_: object) -> None:
        """Print nothing."""


def open_once(chromium: Any, address: str) -> dict[str, float]:
    """The measurements of one visit to a page."""
    context = chromium.new_context(viewport=browser.DESK)
    context.set_default_timeout(browser.PATIENCE_MS)
    page = context.new_page()
    page.add_init_script(WATCH)
    page.goto(address, wait_until="load")
    page.wait_for_timeout(700)
    figures: dict[str, float] = page.evaluate(READ)
    context.close()
    return figures


def measure(site: Path, repeats: int) -> dict[str, dict[str, float]]:
    """The medians for each page of the book."""
    handler = functools.partial(Quiet, directory=str(site))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    figures = {}
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=browser.find_browser(), args=list(browser.SWITCHES)
        )
        for path in sorted((site / "book").rglob("*.html")):
            name = path.relative_to(site).with_suffix("").as_posix()
            address = f"http://127.0.0.1:{server.server_port}/{name}.html"
            runs = [open_once(chromium, address) for _ in range(repeats)]
            medians = {
                key: round(statistics.median(run[key] for run in runs), DIGITS.get(key, 0))
                for key in runs[0]
            }
            figures[name] = {**medians, **weights(path)}
            print(f"{name:40}", figures[name], flush=True)
        chromium.close()
    server.shutdown()
    return figures


def weights(path: Path) -> dict[str, float]:
    """Kilobytes of a page with pictures but without audio, of its audio, and of packed HTML."""
    text = path.read_text(encoding="utf-8")
    silent = re.sub(r"data:audio/[^\"']+", "", text).encode()
    return {
        "without_audio_kb": round(page_weight(path) / 1000),
        "audio_kb": round((len(text.encode()) - len(silent)) / 1000),
        "packed_kb": round(len(gzip.compress(text.encode(), 6)) / 1000),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--site", type=Path, default=ROOT / "_build/html")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    load = [round(x, 1) for x in os.getloadavg()]
    result = {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": load,
        "repeats": options.repeats,
        "pages": measure(options.site, options.repeats),
    }
    if options.json:
        options.json.write_text(json.dumps(result, indent=1) + "\n", encoding="utf-8")
