import importlib.util
import itertools
import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.colors import to_rgb

from mgrlib.plots import (
    GENRE_COLORS,
    GENRE_STYLES,
    alt_text,
    genre_styles,
    panels,
    style,
    use_style,
)

# Machado, Oliveira and Fernandes (2009), severity 1.0, for linear RGB
VISIONS = {
    "normal": np.eye(3),
    "protanopia": [
        [0.152286, 1.052583, -0.204868],
        [0.114503, 0.786281, 0.099216],
        [-0.003882, -0.048116, 1.051998],
    ],
    "deuteranopia": [
        [0.367322, 0.860646, -0.227968],
        [0.280085, 0.672501, 0.047413],
        [-0.011820, 0.042940, 0.968881],
    ],
    "tritanopia": [
        [1.255528, -0.076749, -0.178779],
        [-0.078411, 0.930809, 0.147602],
        [0.004733, 0.691367, 0.303900],
    ],
}
RGB_TO_XYZ = np.array(
    [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
)


def linear(colors):
    """Hex colors as linear RGB, (n, 3)."""
    rgb = np.array([to_rgb(color) for color in colors])
    return np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)


def lab(rgb):
    """Linear RGB (n, 3) as CIE L*a*b*."""
    t = rgb @ RGB_TO_XYZ.T / RGB_TO_XYZ.sum(axis=1)
    f = np.where(t > (6 / 29) ** 3, np.cbrt(t), t / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])], 1)


def smallest_difference(colors, vision="normal"):
    """The smallest CIE 1976 difference between two of the colors, as an eye of that kind sees."""
    colors_seen = lab(np.clip(linear(colors) @ np.array(VISIONS[vision]).T, 0, 1))
    return min(np.linalg.norm(a - b) for a, b in itertools.combinations(colors_seen, 2))


def contrast(color, paper="#ffffff"):
    """The contrast ratio of WCAG 2, 1 to 21."""
    low, high = sorted((linear([color, paper]) @ RGB_TO_XYZ[1]) + 0.05)
    return high / low


def test_the_measures_know_black_and_white():
    assert contrast("#000000") == pytest.approx(21)
    np.testing.assert_allclose(lab(linear(["#ffffff"])), [[100, 0, 0]], atol=0.02)
    assert smallest_difference(["#ff0000", "#ff0000"]) == 0


@pytest.mark.parametrize("vision", VISIONS)
def test_no_two_genres_look_alike_to_anyone(vision):
    # 2.3 is just noticeable; matplotlib's own ten colors come down to 7.2 for deuteranopia
    assert smallest_difference(GENRE_COLORS.values(), vision) > 20


def test_genres_differ_in_gray():
    lightness = np.sort(lab(linear(GENRE_COLORS.values()))[:, 0])
    assert np.diff(lightness).min() > 4


@pytest.mark.parametrize("genre", GENRE_COLORS)
def test_every_genre_stands_out_from_the_page(genre):
    assert contrast(GENRE_COLORS[genre]) > 2.95  # the 3:1 that WCAG asks of graphics


def test_series_and_text_stand_out_and_differ():
    for color in style.SERIES:
        assert contrast(color) > 2.95
    assert contrast(style.INK) > 7
    for vision in VISIONS:
        assert smallest_difference(style.SERIES, vision) > 20


def test_every_genre_has_a_marker_of_its_own():
    assert len({s.marker for s in GENRE_STYLES.values()}) == 10


def test_a_genre_keeps_its_style_in_any_company():
    assert genre_styles(["rock", "blues"]) == [GENRE_STYLES["rock"], GENRE_STYLES["blues"]]


def test_unknown_genres_get_what_is_left_over():
    styles = genre_styles(["samba", "blues", "tango"])
    assert styles[1] == GENRE_STYLES["blues"]
    assert len({s.color for s in styles}) == 3
    many = genre_styles([f"genre{i}" for i in range(12)])
    assert len({s.color for s in many}) == 10
    assert many[10] == many[0]


def test_importing_sets_nothing_and_use_style_does(monkeypatch):
    before = dict(mpl.rcParams)
    spec = importlib.util.spec_from_file_location("style_again", style.__file__)
    again = importlib.util.module_from_spec(spec)
    monkeypatch.setitem(sys.modules, "style_again", again)
    spec.loader.exec_module(again)
    assert dict(mpl.rcParams) == before
    use_style()
    assert mpl.rcParams["font.size"] == 11
    assert not mpl.rcParams["axes.spines.top"]


def test_panels_are_as_wide_as_the_page():
    fig, axes = panels(2, 3, height=2.0)
    assert len(axes) == 6
    assert tuple(fig.get_size_inches()) == (6.4, 4.0)


def test_a_figure_without_description_has_no_alternative_text():
    fig, _ = plt.subplots()
    assert alt_text(fig) == ""
