"""Sliders and choices: every frame there, the right words with each, nothing left open."""

from __future__ import annotations

import base64
import io
import json
import re

import matplotlib.pyplot as plt
import numpy as np
import pytest
from PIL import Image

from mgrlib.errors import MgrError
from mgrlib.page import choices, frames_slider


def shade(value):
    """A figure of one gray, so that a frame can be told by its pixels."""
    fig = plt.figure(figsize=(1, 0.5))
    fig.add_axes((0, 0, 1, 1)).imshow([[value]], cmap="gray", vmin=0, vmax=10, aspect="auto")
    return fig


def frames_of(slider):
    return json.loads(re.search(r'<script type="application/json">(.*?)</script>', slider.data)[1])


def gray(source):
    data = base64.b64decode(source.removeprefix("data:image/png;base64,"))
    return np.asarray(Image.open(io.BytesIO(data)).convert("L"))[25, 50]


def test_slider_shows_each_value_in_order_with_its_words(page):
    slider = frames_slider(shade, [0, 5, 10], label="level", alt=lambda v: f"gray {v}", start=1)
    frames = frames_of(slider)
    assert [alt for _, alt, _ in frames] == ["gray 0", "gray 5", "gray 10"]
    assert [gray(frames[0][0]), gray(frames[2][0])] == [0, 255]
    assert frames[1][0] == ""  # it stands on the page already
    image = page(slider).named("img")[0]
    assert image["alt"] == "gray 5"
    assert 120 < gray(image["src"]) < 135


def test_slider_has_a_label_and_says_value_and_unit(page):
    reader = page(frames_slider(shade, [1, 2], label="hop", unit="samples", alt="gray"))
    slider = reader.named("input")[0]
    assert (slider["min"], slider["max"], slider["aria-valuetext"]) == ("0", "1", "1 samples")
    assert reader.named("label")[0]["for"] == slider["id"]
    assert reader.named("img")[0]["alt"] == "gray (1 samples)"


def test_choices_offer_each_name_once_and_check_the_first(page):
    reader = page(choices(shade, [1, 2, 3], names=["a", "b", "<c>"], label="which", alt="gray"))
    buttons = reader.named("input")
    assert ["checked" in b for b in buttons] == [True, False, False]
    assert len({b["name"] for b in buttons}) == 1
    assert "<c>" in reader.text


def test_axes_are_as_good_as_a_figure_and_figures_are_closed():
    before = plt.get_fignums()
    frames_slider(lambda v: shade(v).axes[0], [1, 2], label="level", alt="gray")
    assert plt.get_fignums() == before


def test_two_on_one_page_do_not_share_ids(page):
    page(*(frames_slider(shade, [1, 2], label="level", alt="gray") for _ in range(2)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"values": [1]}, "at least two values"),
        ({"start": 2}, "a start from 0 to 1"),
        ({"alt": " "}, "a text alternative for each figure"),
        ({"make": lambda v: v}, "return ax"),
    ],
)
def test_slider_refuses_what_would_mislead(arguments, message):
    settings = {"make": shade, "values": [1, 2], "label": "level", "alt": lambda v: "gray"}
    settings |= {"alt": (lambda v: " ")} if "alt" in arguments else arguments
    make, values = settings.pop("make"), settings.pop("values")
    with pytest.raises(MgrError, match=message):
        frames_slider(make, values, **settings)


def test_choices_refuse_names_that_do_not_match():
    with pytest.raises(MgrError, match="2 names"):
        choices(shade, [1, 2], names=["one"], label="which", alt="gray")


def test_arrow_keys_belong_to_the_control_and_not_to_jupyterlab(page):
    for control in (
        frames_slider(shade, [0, 5], label="level", alt="gray {}".format),
        choices(shade, [0, 5], label="level", alt="gray {}".format),
    ):
        controls = page(control).named("input")
        assert controls and all(c["data-lm-suppress-shortcuts"] == "true" for c in controls)
