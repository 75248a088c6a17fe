"""Open the built pages in a real browser, with the network off, and report their faults.

The browser is the Chromium or Chrome that is installed; MGRLIB_BROWSER selects another one. axe,
which comes with the package axe-playwright-python, checks accessibility.
"""

from __future__ import annotations

import asyncio
import os
import re
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Any

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
PLACES = ("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",)
# Containers rarely allow the browser's sandbox, and the pages are our own.
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 800}
# Without fading, axe sees the final colors.
READER = {"viewport": DESK, "color_scheme": "light", "reduced_motion": "reduce"}
PATIENCE_MS = 180_000  # stops a page that hangs, even on a busy computer
WAIT_MS = 20_000  # for figures that the page computes
GRAVE = {"serious", "critical"}
# axe would check each of the thousands of words of code, so it skips code and checks one sample of
# every color instead (`SAMPLE`).
AXE = """async ([only, code]) => {
  const what = code ? {include: ["#mgr-sample"]} : {exclude: [".highlight"]};
  const options = {preload: false, rules: {"label-content-name-mismatch": {enabled: true}}};
  if (only.length) { options.runOnly = only; delete options.rules; }
  return (await axe.run(what, options)).violations.map(
    (v) => [v.id, v.impact, v.nodes.length, v.nodes[0].html.slice(0, 160)]);
}"""
SAMPLE = """(classes) => {
  const words = classes.map((c) => `<span class="${c}">${c}</span>`).join(" ");
  const sample = document.createElement("div");
  sample.id = "mgr-sample"; sample.className = "cell_input";
  sample.innerHTML = `<div class="highlight"><pre style="white-space:normal">${words}</pre></div>`;
  document.querySelector(".bd-article").prepend(sample);
}"""
PLAYERS = """() => Promise.all([...document.querySelectorAll("audio")].filter((a) => a.src).map(
  (audio) => new Promise((done) => {
    const tell = () => done(Number.isFinite(audio.duration) ? audio.duration : 0);
    if (audio.readyState > 0) return tell();
    for (const event of ["loadedmetadata", "error"]) audio.addEventListener(event, tell);
    setTimeout(tell, 10000); audio.load();
  })))"""


@dataclass(frozen=True)
class PageReport:
    """The faults of a page in the browser; empty lists mean that there are none.

    Args:
        page: the page's path on the site.
        violations: serious violations of accessibility, by theme and width.
        outside: addresses outside the site that the page requested.
        errors: errors on the console.
        too_wide: widths at which the page scrolls sideways.
        seconds: the duration of each player; 0 if its sound cannot be read.
        stuck: controls that do not react to a key.
        controls: the number of figures with controls.
        questions: the number of quiz questions.
    """

    page: str
    violations: list[str] = field(default_factory=list)
    outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    too_wide: list[str] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)
    stuck: list[str] = field(default_factory=list)
    controls: int = 0
    questions: int = 0


def find_browser() -> str | None:
    """The computer's Chromium or Chrome, if there is one."""
    choice = os.environ.get("MGRLIB_BROWSER")
    candidates = [choice] if choice else [shutil.which(name) for name in NAMES]
    candidates += [place for place in PLACES if not choice and Path(place).exists()]
    return next((place for place in candidates if place), None)


def axe_source() -> str:
    """The text of axe."""
    return (files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8")


async def judge(
    page: Any, label: str, only: Sequence[str] = (), *, code: bool = False
) -> list[str]:
    """Serious and critical violations of accessibility on the page in its present state."""
    violations = await page.evaluate(AXE, [list(only), code])
    return [f"{label}: {i} {n}x {html}" for i, impact, n, html in violations if impact in GRAVE]


async def settle(page: Any, milliseconds: int = 50) -> None:
    """Wait for fonts, formulas, and the theme's reaction to a change of size."""
    await page.evaluate("document.fonts.ready.then(() => 0)")
    formulas = "window.MathJax && MathJax.startup && MathJax.startup.promise"
    await page.evaluate(f"Promise.resolve({formulas}).then(() => 0)")
    await page.wait_for_timeout(milliseconds)


async def wear(page: Any, scheme: str) -> None:
    """Switch the page to its light or dark theme, as its button does."""
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate("(s) => { document.documentElement.dataset.theme = s; }", scheme)


async def use(page: Any) -> tuple[list[str], int, int]:
    """Operate every slider and choice, and the first quiz question, by keys.

    Returns the faults, the number of figures with controls, and the number of questions.
    """
    from playwright.async_api import Error as PlaywrightError

    faults = []
    figures = await page.query_selector_all(".mgr-frames")
    for number, figure in enumerate(figures, 1):
        image = await figure.query_selector("img")
        control = await figure.query_selector("input:checked, input[type=range], select")
        if image is None or control is None:
            faults.append(f"figure {number} has no control or no picture")
            continue
        before = await image.get_attribute("alt")
        last, names = await control.evaluate(
            "c => [c.value === c.max || c.selectedIndex + 1 === c.length, c.tagName === 'SELECT']"
        )
        keys = ("ArrowDown", "ArrowUp") if names else ("ArrowRight", "ArrowLeft")
        await control.focus()
        await page.keyboard.press(keys[bool(last)])
        try:
            arg = [image, before]
            await page.wait_for_function("([i, a]) => i.alt !== a", arg=arg, timeout=WAIT_MS)
        except PlaywrightError:
            faults.append(f"figure {number} does not react to keys")
    forms = await page.query_selector_all(".mgr-quiz form")
    for form in forms[:1]:
        await (await form.query_selector("input")).focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Enter")
        if not (await (await form.query_selector(".mgr-why")).text_content()).strip():
            faults.append("the quiz does not react to keys")
    return faults, len(figures), len(forms)


async def look_at(browser: Any, path: Path, root: Path, *, closely: bool) -> PageReport:
    """Open one page in light, in dark, and at the width of a phone."""
    context = await browser.new_context(**READER, offline=True)
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    outside, errors, violations, wide = [], [], [], []
    page.on("request", lambda r: outside.append(r.url) if is_outside(r.url) else None)
    page.on("console", lambda m: errors.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda e: errors.append(str(e)))
    page.on("requestfailed", lambda r: errors.append(f"not found: {r.url[:120]}"))
    await page.goto(path.as_uri())
    await settle(page)
    seconds = await page.evaluate(PLAYERS)
    stuck, controls, questions = await use(page)
    wide += await scrolls_sideways(page)
    if closely:
        await page.evaluate(axe_source())
        violations += await judge(page, "light")
        await wear(page, "dark")
        await settle(page)
        violations += await judge(page, "dark", ["color-contrast", "link-in-text-block"])
        await wear(page, "light")
    await page.set_viewport_size(PHONE)
    await settle(page, 400 if closely else 50)
    wide += await scrolls_sideways(page)
    if closely:
        violations += await judge(page, "phone", ["scrollable-region-focusable", "target-size"])
    await context.close()
    name = path.relative_to(root).as_posix()
    return PageReport(name, violations, outside, errors, wide, seconds, stuck, controls, questions)


async def judge_code(browser: Any, path: Path, style: Path) -> list[str]:
    """Faults of contrast in the colors of code, in light and in dark."""
    classes = set(re.findall(r"\.highlight \.([a-z]\w*)", style.read_text(encoding="utf-8")))
    page = await browser.new_page(**READER)
    page.set_default_timeout(PATIENCE_MS)
    await page.goto(path.as_uri())
    await page.evaluate(axe_source())
    await page.evaluate(SAMPLE, sorted(classes))
    faults = [] if len(classes) > 20 else ["the colors of code were not found"]
    for scheme in ("light", "dark"):
        await wear(page, scheme)
        await settle(page)
        faults += await judge(page, scheme, ["color-contrast"], code=True)
    await page.close()
    return faults


def is_outside(url: str) -> bool:
    return not url.startswith(("file:", "data:", "blob:", "about:"))


async def scrolls_sideways(page: Any) -> list[str]:
    has, shows = await page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    return [f"{has} px at {shows} px"] if has > shows else []


async def _look(
    paths: Sequence[Path], root: Path, close: set[Path], workers: int
) -> list[PageReport]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=list(SWITCHES)
        )
        free = asyncio.Semaphore(workers)

        async def one(path: Path) -> PageReport:
            async with free:
                return await look_at(browser, path, root, closely=path in close)

        results = list(await asyncio.gather(*map(one, paths)))
        sample = root / "book/start.html"
        if sample in close:
            faults = await judge_code(browser, sample, root / "_static/pygments.css")
            results.append(PageReport("the colors of code", violations=faults))
        await browser.close()
        return results


def look(
    paths: Iterable[Path], root: Path, *, closely: Iterable[Path] = (), workers: int = 2
) -> list[PageReport]:
    """Check each page under `root`; axe checks those in `closely` as well."""
    return asyncio.run(_look(list(paths), root, set(closely), workers))
