"""Open the built pages in a real browser, with the network off, and say what was seen.

Chromium or Chrome is taken from the computer (MGRLIB_BROWSER names another); none is downloaded.
Accessibility is judged by axe, which comes with the package axe-playwright-python.
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
# The sandbox needs rights that containers rarely give; the pages are our own.
SWITCHES = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--no-first-run")
DESK, PHONE = {"width": 1280, "height": 900}, {"width": 375, "height": 800}
# Nothing fades: a color is judged as it will stay.
READER = {"viewport": DESK, "color_scheme": "light", "reduced_motion": "reduce"}
PATIENCE_MS = 180_000  # a net for what hangs, on machines however busy
WAIT_MS = 20_000  # for a figure that computes what it shows
GRAVE = {"serious", "critical"}
# Code is left out of axe's walk, which would look at each of its thousands of words; one sample of
# every color stands in for it (`SAMPLE`).
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
class Seen:
    """What a page was like in the browser; empty lists are praise."""

    page: str
    violations: list[str] = field(default_factory=list)  # serious ones, by theme and width
    outside: list[str] = field(default_factory=list)  # what it asked for from elsewhere
    errors: list[str] = field(default_factory=list)  # what the console said
    too_wide: list[str] = field(default_factory=list)  # widths at which it scrolls sideways
    seconds: list[float] = field(default_factory=list)  # of each player; 0 where unreadable
    unmoved: list[str] = field(default_factory=list)  # controls that a key did not move
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
    """Serious and critical violations of the page as it stands."""
    violations = await page.evaluate(AXE, [list(only), code])
    return [f"{label}: {i} {n}x {html}" for i, impact, n, html in violations if impact in GRAVE]


async def settle(page: Any, milliseconds: int = 50) -> None:
    """Wait for fonts, formulas and what the theme does a little after a change of size."""
    await page.evaluate("document.fonts.ready.then(() => 0)")
    formulas = "window.MathJax && MathJax.startup && MathJax.startup.promise"
    await page.evaluate(f"Promise.resolve({formulas}).then(() => 0)")
    await page.wait_for_timeout(milliseconds)


async def wear(page: Any, scheme: str) -> None:
    """Put the page into its light or its dark theme, as its own button does."""
    await page.emulate_media(color_scheme=scheme)
    await page.evaluate("(s) => { document.documentElement.dataset.theme = s; }", scheme)


async def use(page: Any) -> tuple[list[str], int, int]:
    """Move every slider and choice by a key, answer the first question by keys: what did not move.

    Returns the complaints, the number of figures with controls, and that of questions.
    """
    from playwright.async_api import Error as PlaywrightError

    still = []
    figures = await page.query_selector_all(".mgr-frames")
    for number, figure in enumerate(figures, 1):
        image = await figure.query_selector("img")
        control = await figure.query_selector("input:checked, input[type=range], select")
        if image is None or control is None:
            still.append(f"figure {number} has no control or no picture")
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
            still.append(f"figure {number} is not moved by keys")
    forms = await page.query_selector_all(".mgr-quiz form")
    for form in forms[:1]:
        await (await form.query_selector("input")).focus()
        await page.keyboard.press("Space")
        await page.keyboard.press("Enter")
        if not (await (await form.query_selector(".mgr-why")).text_content()).strip():
            still.append("the quiz does not answer to keys")
    return still, len(figures), len(forms)


async def look_at(browser: Any, path: Path, root: Path, *, closely: bool) -> Seen:
    """Open one page in light, in dark and on a phone."""
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
    unmoved, controls, questions = await use(page)
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
    return Seen(name, violations, outside, errors, wide, seconds, unmoved, controls, questions)


async def judge_code(browser: Any, path: Path, style: Path) -> list[str]:
    """Whether every color in which code is written can be read, in light and in dark."""
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


async def _look(paths: Sequence[Path], root: Path, close: set[Path], workers: int) -> list[Seen]:
    from playwright.async_api import async_playwright

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find_browser(), args=list(SWITCHES)
        )
        free = asyncio.Semaphore(workers)

        async def one(path: Path) -> Seen:
            async with free:
                return await look_at(browser, path, root, closely=path in close)

        results = list(await asyncio.gather(*map(one, paths)))
        sample = root / "book/start.html"
        if sample in close:
            faults = await judge_code(browser, sample, root / "_static/pygments.css")
            results.append(Seen("the colors of code", violations=faults))
        await browser.close()
        return results


def look(
    paths: Iterable[Path], root: Path, *, closely: Iterable[Path] = (), workers: int = 2
) -> list[Seen]:
    """What was seen of each page under `root`; those in `closely` are also given to axe."""
    return asyncio.run(_look(list(paths), root, set(closely), workers))
