"""The built site in a browser, opened from disk and with the network off.

Every page is opened at the width of a desktop and of a phone. Accessibility is checked on one page
of each kind, in light and dark, or on every page if MGRLIB_EVERY_PAGE is set, as in CI.
"""

from __future__ import annotations

import functools
import os
import threading
from collections.abc import Iterator
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

from checks import browser

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        browser.find_browser() is None,
        reason="neither Chromium nor Chrome was found (MGRLIB_BROWSER names one)",
    ),
]
SITE = ROOT / "_build/html"
built = pytest.mark.skipif(not (SITE / "book/index.html").exists(), reason="the book is not built")
CORES = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def pages() -> list[Path]:
    """Every page that a reader can reach, except for the highlighted source code."""
    paths = [*sorted((SITE / "book").rglob("*.html")), *SITE.glob("*.html")]
    return [*paths, SITE / "_modules/index.html"]


def needs_axe(path: Path) -> bool:
    """Whether axe checks a page: one of each kind, or every page on request."""
    alike = {
        "foundations": "features",
        "papers": "luo2021",
        "assignments": "leak",
        "api": "foundations",
    }
    return bool(os.environ.get("MGRLIB_EVERY_PAGE")) or (
        path.name not in {"genindex.html", "py-modindex.html"}
        and path.stem == alike.get(path.parent.name, path.stem)
    )


@pytest.fixture(scope="module")
def visits() -> list[browser.PageReport]:
    doors = {SITE / "404.html", SITE / "index.html"}  # the latter leads on to the first page
    paths = [path for path in pages() if path not in doors]
    return browser.look(paths, SITE, closely=filter(needs_axe, paths), workers=1 + (CORES or 1))


@built
def test_no_page_has_a_serious_violation_of_accessibility(visits):
    assert {s.page: s.violations for s in visits if s.violations} == {}


@built
def test_no_page_requests_anything_from_outside(visits):
    assert {s.page: s.outside for s in visits if s.outside} == {}


@built
def test_no_page_has_an_error_on_the_console(visits):
    assert {s.page: s.errors for s in visits if s.errors} == {}


@built
def test_no_page_scrolls_sideways_on_a_desk_or_a_phone(visits):
    assert {s.page: s.too_wide for s in visits if s.too_wide} == {}


@built
def test_every_player_knows_how_long_its_sound_is(visits):
    assert {s.page: s.seconds for s in visits if not all(t > 0.1 for t in s.seconds)} == {}
    assert sum(len(s.seconds) for s in visits) > 50


@built
def test_every_control_and_quiz_reacts_to_keys(visits):
    assert {s.page: s.stuck for s in visits if s.stuck} == {}


@built
def test_every_chapter_has_a_figure_to_move_and_a_quiz(visits):
    folders = {"foundations", "papers"}
    chapters = [s for s in visits if folders & set(s.page.split("/")[:-1])]
    assert len(chapters) >= 11
    assert [s.page for s in chapters if s.controls < 1 or s.questions < 6] == []


class AsOnline(SimpleHTTPRequestHandler):
    """A server like the public one: the site is below a name, with a page for error 404."""

    def translate_path(self, path: str) -> str:
        inside = super().translate_path(path.removeprefix("/mgrlib"))
        return inside if path.startswith("/mgrlib/") else str(SITE / "nowhere")

    def send_error(self, code: int, *_: object) -> None:
        body = (SITE / "404.html").read_bytes()
        self.send_response(code)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Print nothing."""


@pytest.fixture
def chromium() -> Iterator[Any]:
    """The installed browser, for tests of a single page."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=browser.find_browser(), args=list(browser.SWITCHES)
        )
        yield launched
        launched.close()


@built
def test_page_for_error_404_loads_completely_at_any_depth_and_leads_back(chromium):
    handler = functools.partial(AsOnline, directory=str(SITE))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    lost: list[str] = []
    page = chromium.new_page()
    page.set_default_timeout(browser.PATIENCE_MS)
    page.on("response", lambda r: lost.append(r.url) if r.status >= 400 else None)
    address = f"http://127.0.0.1:{server.server_port}/mgrlib/book/very/deep/nothing.html"
    page.goto(address)
    assert lost == [address]
    assert page.locator("article h1").first.inner_text().startswith("Page not found")
    page.get_by_role("link", name="the front page").click()
    page.wait_for_url("**/mgrlib/book/index.html")
    server.shutdown()


@built
def test_search_finds_pages_from_disk(chromium):
    page = chromium.new_context(offline=True).new_page()
    page.set_default_timeout(browser.PATIENCE_MS)
    page.goto(f"{(SITE / 'search.html').as_uri()}?q=mcnemar")
    results = page.locator("#search-results li a")
    results.first.wait_for()
    assert results.count() >= 3


@built
def test_the_page_try_it_answers_from_disk_once_a_clip_is_chosen(chromium):
    page = chromium.new_context(offline=True).new_page()
    page.set_default_timeout(browser.PATIENCE_MS)
    outside: list[str] = []
    page.on("request", lambda r: outside.append(r.url) if browser.is_outside(r.url) else None)
    page.goto((SITE / "book/try.html").as_uri())
    page.click(".mgr-try [data-part=take]")
    page.wait_for_selector(".mgr-try [data-part=outcome]:not([hidden])")
    assert page.inner_text(".mgr-try [data-part=status]").startswith("Overall: ")
    assert "95 % interval" in page.inner_text(".mgr-try [data-part=worth]")
    assert outside == []


@built
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_page_has_its_colors_before_the_themes_script_has_come(chromium, scheme):
    colors = []
    for late in (True, False):
        page = chromium.new_context(color_scheme=scheme, offline=True).new_page()
        page.set_default_timeout(browser.PATIENCE_MS)
        if late:
            page.route("**/pydata-sphinx-theme.js*", lambda route: route.abort())
        page.goto((SITE / "book/start.html").as_uri())
        colors.append(page.evaluate(COLORS))
    assert colors[0] == colors[1]


COLORS = """() => [document.body, document.documentElement].map((e) => {
  const style = getComputedStyle(e);
  return [style.backgroundColor, style.color, style.fontSize];
})"""


# The check itself -----------------------------------------------------------------------------

GOOD = "<!DOCTYPE html><html lang=en><title>a</title><main><h1>a</h1>{}</main></html>"
BAD = """<img src="https://example.org/a.png"><div style="width:900px">wide</div>
<audio src="data:audio/mpeg;base64,AAAA" aria-label="broken"></audio>
<p style="color:#999;background:#fff">pale</p><script>throw new Error("no")</script>
<div class="mgr-frames"><img alt="one" src=""><label>a<input type="range"></label></div>"""


def test_check_finds_each_fault_of_a_bad_page_and_none_of_a_good_one(tmp_path, monkeypatch):
    monkeypatch.setattr(browser, "WAIT_MS", 300)
    paths = [tmp_path / "good.html", tmp_path / "bad.html"]
    for path, body in zip(paths, ("<p>fine</p>", BAD), strict=True):
        path.write_text(GOOD.format(body), encoding="utf-8")
    good, bad = browser.look(paths, tmp_path, closely=paths)
    assert good == browser.PageReport("good.html")
    for rule in ("image-alt", "color-contrast"):
        assert any(rule in violation for violation in bad.violations)
    assert bad.outside == ["https://example.org/a.png"]
    assert any("no" in error for error in bad.errors)
    assert bad.too_wide == ["908 px at 375 px"]
    assert bad.seconds == [0]
    assert bad.stuck == ["figure 1 does not react to keys"]
