"""Every drawing parses, says what it shows, fetches nothing, and can be shown twice."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from xml.etree import ElementTree

import pytest

from mgrlib.errors import MgrError
from mgrlib.page import drawing

SVG = "{http://www.w3.org/2000/svg}"
FOLDERS = ("drawings", "questions")
PATHS = sorted(
    f"{folder}/{item.name.removesuffix('.svg')}"
    for folder in FOLDERS
    for item in (files("mgrlib.page") / folder).iterdir()
    if item.name.endswith(".svg")
)
NAMES = [path.split("/")[1] for path in PATHS if path.startswith("drawings/")]
COLORS = {"none", "currentColor", "var(--mgr-accent, #3a6ea5)", "var(--mgr-warm, #b35c00)"}


def source(path: str) -> str:
    return (files("mgrlib.page") / f"{path}.svg").read_text(encoding="utf-8")


def root(path: str) -> ElementTree.Element:
    return ElementTree.fromstring(source(path))


def test_there_are_drawings():
    assert len(NAMES) >= 10


@pytest.mark.parametrize("path", PATHS)
def test_a_drawing_has_a_title_and_a_description_that_label_it(path):
    svg = root(path)
    title, about = svg.find(f"{SVG}title"), svg.find(f"{SVG}desc")
    assert svg.get("role") == "img"
    assert svg.get("aria-labelledby") == f"{title.get('id')} {about.get('id')}"
    assert len(title.text.split()) >= 2
    assert len(about.text.split()) >= 15


@pytest.mark.parametrize("path", PATHS)
def test_a_drawing_fetches_nothing_and_runs_nothing(path):
    text = source(path).replace('xmlns="http://www.w3.org/2000/svg"', "", 1)
    assert re.findall(r"https?:|//|href|@import|<script|<image|<style|<foreignObject", text) == []
    assert set(re.findall(r"url\(([^)]*)\)", text)) <= {"#arrow"}


@pytest.mark.parametrize("path", PATHS)
def test_a_drawing_takes_its_colors_from_the_page(path):
    text = source(path)
    painted = re.findall(r"(?:fill|stroke)(?:: |=\")((?:[^;\"()]|\([^)]*\))+)", text)
    assert set(painted) <= COLORS
    assert 'fill="currentColor"' in text


@pytest.mark.parametrize("path", PATHS)
def test_a_drawing_keeps_its_text_as_text_of_a_readable_size(path):
    svg = root(path)
    width = float(svg.get("viewBox").split()[2])
    sizes = [float(e.get("font-size", svg.get("font-size"))) for e in svg.iter(f"{SVG}text")]
    assert len(sizes) >= 4
    assert min(sizes) * 340 / width >= 10  # px on a phone's page, 340 px wide


def test_a_drawing_shown_twice_has_no_id_twice():
    bodies = drawing("lstm-cell").body + drawing("lstm-cell").body
    ids = re.findall(r'\bid="([^"]+)"', bodies)
    assert len(ids) == len(set(ids)) >= 6
    referred = re.findall(r"url\(#([^)]+)\)", bodies)
    referred += " ".join(re.findall(r'aria-labelledby="([^"]+)"', bodies)).split()
    assert set(referred) <= set(ids)


def test_a_caption_stands_below_its_drawing_and_is_escaped():
    own = drawing("crnn", caption="1 < *2*")
    assert "<figcaption>1 &lt; <em>2</em></figcaption>" in own.body
    assert "figcaption" not in drawing("crnn", caption="").body
    assert repr(drawing("crnn")) == "drawing: A convolutional recurrent network"


def test_every_drawing_has_a_caption_of_its_own_and_no_caption_lacks_its_drawing():
    text = (files("mgrlib.page") / "drawings/captions.json").read_text(encoding="utf-8")
    captions = json.loads(text)
    assert sorted(captions) == NAMES
    assert all(f"<figcaption>{captions[name]}</figcaption>" in drawing(name).body for name in NAMES)


def test_a_drawing_that_is_not_there_is_refused_with_the_names_of_those_that_are():
    with pytest.raises(MgrError, match=r"lstm-cell.*'lstm'"):
        drawing("lstm")
