"""The explorer: a page that needs no kernel, and a program that reckons as the package does."""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
import soundfile

from mgrlib.data.synthetic import synthetic
from mgrlib.errors import MgrError
from mgrlib.features import LogMel
from mgrlib.page import explorer
from mgrlib.page.explorer import explore, explorer_of
from mgrlib.page.html import Html

RATE = 22050
SCRIPT = Path(explorer.__file__).with_name("explorer.js")


def sounds() -> dict[str, np.ndarray]:
    """A falling tone with clicks, and noise: a second each."""
    t = np.arange(RATE) / RATE
    tone = 0.5 * np.sin(2 * np.pi * (2000 - 800 * t) * t) + (t % 0.25 < 0.002)
    noise = 0.1 * np.random.default_rng(0).normal(size=RATE)
    return {"tone": (tone / 2).astype(np.float32), "noise": noise.astype(np.float32)}


@pytest.fixture(scope="module")
def explorer() -> Html:
    return explorer_of(sounds(), RATE)


def test_the_page_has_controls_with_labels_and_asks_nothing_of_the_net(explorer, page):
    reader = page(explorer)
    assert "64 bands by 44 frames are 2,816 numbers" in reader.text
    selects = {s["data-part"]: s["id"] for s in reader.named("select")}
    assert list(selects) == ["genre", "window", "hop", "bands"]
    assert [label["for"] for label in reader.named("label")] == list(selects.values())
    assert reader.named("img")[0]["alt"].startswith("Mel spectrogram of tone: 64 bands")
    assert all(a["aria-label"] and a["src"] for a in reader.named("audio"))
    assert [p["role"] for p in reader.named("p")] == ["status"]


def test_the_page_holds_every_sound_and_little_else(explorer):
    content = json.loads(re.search(r'"application/json">(.*?)</script>', explorer.data)[1])
    assert list(content["sounds"]) == ["tone", "noise"]
    assert len(content["colors"]) == 6 * 256
    assert len(re.sub(r"data:audio/[^\"]+", "", explorer.data)) < 100_000


def test_two_explorers_on_a_page_do_not_share_names(page):
    page(explorer_of(sounds(), RATE), explorer_of(sounds(), RATE))


def test_a_corpus_gives_one_clip_of_each_genre_or_those_asked_for():
    corpus = synthetic(n_per_genre=2, seconds=2.0)
    few = explore(corpus, clip_ids=["jazz.00001", "rock.00000"], seconds=0.5)
    assert repr(few) == "explorer: 2 sounds of 0.5 s"
    assert re.findall(r"<option[^>]*>([a-z]+\.\d+)", few.data) == ["jazz.00001", "rock.00000"]
    with pytest.raises(MgrError, match="at least one clip"):
        explore(corpus, clip_ids=[])


# --- the browser's reckoning, by another engine that runs the same script


def in_javascript(code: str, y: np.ndarray) -> dict:
    """What `code` puts into `out`, given `y` and the explorer's functions as `mel`."""
    script = (
        f"const mel = require({json.dumps(str(SCRIPT))}), out = {{}};"
        "const y = Float32Array.from(JSON.parse(require('fs').readFileSync(0, 'utf8')));"
        f"{code}; console.log(JSON.stringify(out));"
    )
    process = subprocess.run(
        ["node", "-e", script],
        input=json.dumps(y.tolist()),
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    )
    return json.loads(process.stdout)


needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="there is no node")


@needs_node
@pytest.mark.parametrize(("n_fft", "hop", "n_mels"), [(1024, 128, 8), (2048, 512, 128)])
def test_the_browser_reckons_what_the_package_computes(n_fft, hop, n_mels):
    y = sounds()["tone"]
    code = f"const m = mel.logMel(y, {RATE}, {n_fft}, {hop}, {n_mels});"
    out = in_javascript(code + "out.db = Array.from(m.db); out.frames = m.frames", y)
    expected = LogMel(RATE, n_fft=n_fft, hop_length=hop, n_mels=n_mels)(y)
    values = np.reshape(out["db"], (out["frames"], n_mels)).T
    np.testing.assert_allclose(values, expected, atol=0.01)  # ours is in float32


@needs_node
def test_what_the_browser_keeps_has_the_spectrogram():
    y = sounds()["noise"]
    code = f"const m = mel.logMel(y, {RATE}, 2048, 512, 16);"
    code += f"out.y = Array.from(mel.noiseLike(m, {RATE}, 2048, 512))"
    sound = np.array(in_javascript(code, y)["y"], dtype=np.float32)
    feature = LogMel(RATE, n_mels=16)
    levels = [feature(x)[:, 4:-4].mean(axis=1) for x in (y, sound)]
    np.testing.assert_allclose(levels[1], levels[0], atol=3.0)  # a second of chance


@needs_node
def test_the_browsers_file_is_one():
    code = f"out.file = Array.from(mel.wav(y, {RATE}))"
    data = bytes(in_javascript(code, sounds()["tone"])["file"])
    y, rate = soundfile.read(io.BytesIO(data))
    assert rate == RATE and len(y) == RATE and np.abs(y).max() == pytest.approx(32000 / 32768)
