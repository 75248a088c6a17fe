"""The page "Try it" as a reader uses it: in a browser, from a disk, with the network off."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile as sf
import torch
from bands import BANDS, MEL, RATE

pytest.importorskip("playwright", reason="playwright is not installed")
pytest.importorskip("axe_playwright_python", reason="axe-playwright-python is not installed")

from checks import browser
from mgrlib.compression.export import export
from mgrlib.compression.listening import SoundClassifier
from mgrlib.page.player import mp3_bytes
from mgrlib.page.tryout import TryClip, TryModel, demo_page, model_of, try_it
from mgrlib.papers.wei2023 import pocket
from mgrlib.segments import Segments
from mgrlib.systems import learn

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        browser.find_browser() is None,
        reason="neither Chromium nor Chrome was found (MGRLIB_BROWSER names one)",
    ),
]
PARITY = 1e-4  # what `export` allows a file to differ by from its system
WORTH = "Of 100 clips it names 55 correctly (95 % interval 45 % to 64 %)."
PATIENCE_MS = 120_000
HEAR = """() => {
  window.answers = [];
  document.querySelector(".mgr-try").addEventListener("mgr-answer", (e) => answers.push(e.detail));
}"""


def sound(n_samples: int, seed: int = 0, rate: int = RATE) -> np.ndarray:
    """A falling tone in noise."""
    rng = np.random.default_rng(seed)
    time = np.arange(n_samples) / rate
    tone = np.sin(2 * np.pi * (1000 + 300 * seed - 200 * time) * time) * np.exp(-time)
    return (0.3 * tone + 0.01 * (1 + seed) * rng.standard_normal(n_samples)).astype(np.float32)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network, and the page that runs it."""
    folder = tmp_path_factory.mktemp("tryout")
    x = torch.from_numpy(np.stack([MEL(sound(4096, seed)) for seed in range(6)]))
    labels = torch.arange(6) % 3
    genres = ("low", "middle", "high")
    segments = Segments((x,), labels, torch.arange(6), tuple("abcdef"), genres)
    export(learn(BANDS, segments), folder / "bands.onnx")
    demo_page(model_of(folder / "bands.onnx", worth=WORTH), folder / "bands.html")
    return folder


@pytest.fixture(scope="module")
def chromium() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    switches = [*browser.SWITCHES, "--use-fake-device-for-media-stream", "--mute-audio"]
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=browser.find_browser(),
            args=[*switches, "--autoplay-policy=no-user-gesture-required"],
        )
        yield launched
        launched.close()


@pytest.fixture
def opened(chromium, folder) -> Iterator[Any]:
    """A function that opens a page and listens to its answers; nothing may be asked of the net."""
    contexts, outside = [], []

    def open_page(name: str, *, before: str = "", microphone: bool = False, **options: Any) -> Any:
        context = chromium.new_context(offline=True, **options)
        contexts.append(context)
        if microphone:
            context.grant_permissions(["microphone"])
        if before:
            context.add_init_script(before)
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        page.on("request", lambda r: outside.append(r.url) if browser.is_outside(r.url) else None)
        page.on("pageerror", lambda error: outside.append(str(error)))
        page.goto((folder / name).as_uri())
        page.evaluate(HEAR)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert outside == []


def give(page: Any, path: Path) -> dict[str, Any]:
    """What the page says of a file."""
    n = page.evaluate("answers.length")
    page.set_input_files("[data-part=file]", str(path))
    page.wait_for_function("(n) => answers.length > n", arg=n)
    answer: dict[str, Any] = page.evaluate("answers.at(-1)")
    return answer


def status_text(page: Any, path: Path, words: str) -> str:
    """What the status says of a file, once it holds these words."""
    page.set_input_files("[data-part=file]", str(path))
    holds = "(w) => document.querySelector('[data-part=status]').textContent.includes(w)"
    page.wait_for_function(holds, arg=words)
    text: str = page.inner_text("[data-part=status]")
    return text


def wav(path: Path, y: np.ndarray, rate: int = RATE) -> Path:
    """Samples as they are: 32-bit floats."""
    sf.write(path, y, rate, subtype="FLOAT")
    return path


# --- the same answers as Python's


def test_ten_waveforms_get_the_answers_of_pythons_classifier(opened, folder):
    page, classifier = opened("bands.html"), SoundClassifier(folder / "bands.onnx")
    for seed in range(10):
        y = sound(round(0.9 * RATE), seed)
        answer = give(page, wav(folder / f"{seed}.wav", y))
        expected = classifier.over_time(y)
        assert answer["starts"] == pytest.approx(expected.starts.tolist())
        assert np.abs(np.array(answer["probs"]) - expected.probs).max() < PARITY
        assert answer["overall"] == pytest.approx(expected.probs.mean(axis=0), abs=PARITY)


@pytest.mark.slow
def test_the_student_of_the_package_answers_as_in_python_for_clips_of_three_seconds(opened, folder):
    path = pocket.write_onnx(folder / "student.onnx")
    demo_page(model_of(path, worth=WORTH), folder / "student.html")
    page, classifier = opened("student.html"), SoundClassifier(path)
    for seed in range(10):
        y = sound(3 * 22_050, seed, 22_050)
        answer = give(page, wav(folder / f"student-{seed}.wav", y, 22_050))
        assert np.abs(np.array(answer["probs"]) - classifier.over_time(y).probs).max() < PARITY
    assert "It lasts 3.0 s, and the network listens to 23.8 s" in page.inner_text(
        "[data-part=remarks]"
    )


@pytest.mark.parametrize(
    "before",
    ["delete window.Worker", "delete window.Worker; delete window.WebAssembly"],
    ids=["no-worker", "no-webassembly"],
)
def test_a_browser_without_the_quick_ways_answers_the_same(opened, folder, before):
    y, classifier = sound(RATE), SoundClassifier(folder / "bands.onnx")
    answer = give(opened("bands.html", before=before), wav(folder / "slow.wav", y))
    assert np.abs(np.array(answer["probs"]) - classifier.over_time(y).probs).max() < PARITY


# --- sounds of every kind, each with its sentence


def test_a_stereo_mp3_of_48_khz_is_heard_as_mono_at_the_networks_rate(opened, folder):
    y = sound(2 * 48_000, 3, 48_000)
    path = folder / "stereo.mp3"
    path.write_bytes(mp3_bytes(np.stack([y, np.zeros_like(y)], axis=1), 48_000))
    page = opened("bands.html")
    answer = give(page, path)
    assert answer["starts"][-1] + 0.512 == pytest.approx(2.0, abs=0.1)
    assert "stereo.mp3" in page.inner_text("[data-part=answer]")


def test_a_clip_shorter_than_a_window_is_filled_up_and_the_page_says_so(opened, folder):
    page = opened("bands.html")
    give(page, wav(folder / "short.wav", sound(round(0.3 * RATE))))
    assert "lasts 0.3 s" in page.inner_text("[data-part=remarks]")
    assert "filled with silence" in page.inner_text("[data-part=status]")


def test_twenty_minutes_take_sixty_windows_and_the_page_says_so(opened, folder):
    page = opened("bands.html")
    answer = give(page, wav(folder / "long.wav", np.tile(sound(60 * RATE), 20)[:-9]))
    assert len(answer["starts"]) == 60
    assert answer["starts"][-1] == pytest.approx(1200 - 0.512, abs=0.01)
    assert "20 min 0 s, so the network listened at 60 places" in page.inner_text(
        "[data-part=remarks]"
    )


def test_more_than_half_an_hour_is_refused_before_it_is_decoded(opened, folder):
    path = folder / "hour.wav"
    sf.write(path, np.zeros(61 * 60 * 4000, np.int16), 4000)
    assert "up to 30 minutes" in status_text(opened("bands.html"), path, "minutes")


def test_silence_gets_an_answer_that_is_said_to_mean_nothing(opened, folder):
    page = opened("bands.html")
    answer = give(page, wav(folder / "silence.wav", np.zeros(RATE, np.float32)))
    expected = SoundClassifier(folder / "bands.onnx").over_time(np.zeros(RATE, np.float32))
    assert np.abs(np.array(answer["probs"]) - expected.probs).max() < PARITY
    assert "nothing to hear" in page.inner_text("[data-part=status]")


def test_a_text_that_calls_itself_mp3_is_refused_by_name(opened, folder):
    path = folder / "letter.mp3"
    path.write_text("Dear friend, this is no music.\n" * 50, encoding="utf-8")
    page = opened("bands.html")
    assert "“letter.mp3” cannot be read as sound" in status_text(page, path, "cannot be read")
    assert page.is_hidden("[data-part=outcome]")


def test_a_microphone_that_is_refused_is_said_to_be(opened):
    page = opened("bands.html")
    page.click("[data-part=record]")
    page.wait_for_function(
        "() => document.querySelector('[data-part=status]').textContent.includes('did not allow')"
    )
    assert page.inner_text("[data-part=record]") == "Record with the microphone"


def test_a_recording_is_listened_to(opened):
    page = opened("bands.html", microphone=True)
    page.click("[data-part=record]")
    page.wait_for_selector("[data-part=record][aria-pressed=true]")
    page.wait_for_timeout(1500)
    page.click("[data-part=record]")
    page.wait_for_function("() => answers.length > 0")
    assert "your recording" in page.inner_text("[data-part=answer]")


def test_a_browser_that_cannot_says_so_plainly(opened):
    page = opened("bands.html", before="delete window.OfflineAudioContext")
    assert "cannot decode sound" in page.inner_text("[data-part=status]")
    assert page.is_disabled("[data-part=choose]")


# --- the page itself


def test_the_cursor_moves_with_the_sound_and_a_click_moves_the_sound(opened, folder):
    page = opened("bands.html")
    give(page, wav(folder / "cursor.wav", sound(4 * RATE)))
    place = "() => Number(document.querySelector('.mgr-cursor').getAttribute('x1'))"
    start = page.evaluate(place)
    page.evaluate("document.querySelector('[data-part=audio]').play()")
    page.wait_for_function(f"(start) => ({place})() > start + 20", arg=start)
    page.evaluate("document.querySelector('[data-part=audio]').pause()")
    box = page.locator("[data-part=plot] svg").bounding_box()
    page.mouse.click(box["x"] + 0.72 * box["width"], box["y"] + 60)
    page.wait_for_function("() => document.querySelector('audio').currentTime > 2.5")
    text = "document.querySelector('[data-part=now]').innerText"
    page.wait_for_function(f"() => {text}.startsWith('At 3.')")


def test_everything_is_reached_and_used_by_keys(opened, folder):
    page = opened("bands.html")
    path = str(wav(folder / "keys.wav", sound(RATE)))
    page.on("filechooser", lambda chooser: chooser.set_files(path))
    reached = []
    for _ in range(3):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.textContent"))
    assert reached == ["Model card", "Choose a sound file", "Record with the microphone"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("() => answers.length > 0")
    assert page.get_attribute("[data-part=status]", "aria-live") == "polite"
    assert page.inner_text("[data-part=status]").startswith("Overall: ")
    assert "Most probable: " in page.get_attribute("[data-part=plot] svg", "aria-label")
    assert page.inner_text("[data-part=worth]") == WORTH


@pytest.mark.parametrize(
    "options",
    [{}, {"color_scheme": "dark"}, {"viewport": browser.PHONE}],
    ids=["light", "dark", "phone"],
)
def test_the_page_with_an_answer_has_no_violation_and_does_not_scroll_sideways(
    opened, folder, options
):
    page = opened("bands.html", bypass_csp=True, **options)
    give(page, wav(folder / "looks.wav", sound(2 * RATE)))
    page.evaluate("document.querySelectorAll('details').forEach((d) => { d.open = true; })")
    page.evaluate(browser.axe_source())
    violations = page.evaluate("axe.run().then((r) => r.violations.map((v) => v.id))")
    assert violations == []
    has, shows = page.evaluate(
        "[document.documentElement.scrollWidth, document.documentElement.clientWidth]"
    )
    assert has <= shows


def test_in_the_book_models_and_clips_are_loaded_on_a_click(opened, folder):
    onnx = (folder / "bands.onnx").read_bytes()
    models = [TryModel(key, key, onnx, (("What", "a test"),), WORTH) for key in ("one", "two")]
    clip = TryClip("A falling tone", mp3_bytes(sound(2 * RATE), RATE))
    widget = try_it(models, [clip], folder=folder / "parts", address="parts/")
    html = f"<!DOCTYPE html><html lang=en><title>a</title><main>{widget.data}</main></html>"
    (folder / "book.html").write_text(html, encoding="utf-8")
    page = opened("book.html")
    assert page.evaluate("Object.keys(mgrTryParts).length") == 0
    page.click("[data-part=take]")
    page.wait_for_function("() => answers.length === 1")
    assert page.evaluate("Object.keys(mgrTryParts)") == ["clip-1", "one"]
    page.check("input[value=two]", force=True)  # and the same clip is heard by the other network
    page.wait_for_function("() => answers.length === 2")
    assert page.is_visible("[data-card=two]") or page.locator("[data-card=two]").count() == 1
    assert page.evaluate("answers[0].probs") == page.evaluate("answers[1].probs")
