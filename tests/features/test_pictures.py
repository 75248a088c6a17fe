"""Pictures: what is where, in which color."""

import matplotlib
import numpy as np
import pytest

from mgrlib.errors import FeatureError
from mgrlib.features import MelPicture, MfccPicture, WavePlot, ZcrPlot
from mgrlib.features.pictures import BLUE, color_map, colorize, fill_between, resize

RATE = 22050
ALL = (WavePlot, ZcrPlot, MelPicture, MfccPicture)


@pytest.mark.parametrize("name", ["magma", "coolwarm"])
def test_colors_are_matplotlibs(name):
    expected = matplotlib.colormaps[name](np.arange(256))[:, :3]
    np.testing.assert_allclose(color_map(name), expected, atol=2 / 255)


def test_lowest_and_highest_value_have_the_ends_of_the_map():
    picture = colorize(np.array([[-3.0, 7.0]]), "magma")
    np.testing.assert_array_equal(picture[0], color_map("magma")[[0, 255]])
    assert np.all(colorize(np.full((2, 2), 5.0), "magma") == color_map("magma")[0])


def test_resizing_keeps_the_mean():
    values = np.random.default_rng(0).normal(size=(13, 1292)).astype(np.float32)
    for height, width in ((13, 224), (224, 224), (5, 7)):
        assert resize(values, height, width).mean() == pytest.approx(values.mean(), abs=1e-5)


def test_half_covered_pixels_are_half_colored():
    picture = fill_between(np.array([1.0]), np.array([2.5]), 4)
    blue = np.array(BLUE)
    np.testing.assert_allclose(
        picture[:, 0], [[1] * 3, 1 - (1 - blue) / 2, blue, [1] * 3], atol=1e-6
    )


@pytest.mark.parametrize("picture", ALL)
def test_pictures_are_of_one_size_whatever_the_length(picture, music):
    for y in (music(3.0), music(1.0)[:1], music(1.0)[:1000], np.zeros(RATE, dtype=np.float32)):
        image = picture(RATE)(y)
        assert image.shape == picture(RATE).shape(len(y) / RATE) == (224, 224, 3)
        assert image.dtype == np.float32
        assert image.min() >= 0.0 and image.max() <= 1.0


@pytest.mark.parametrize("picture", ALL)
def test_networks_get_channels_first(picture, y):
    first = picture(RATE, channels="first")
    assert first(y).shape == first.shape(4.0) == (3, 224, 224)
    np.testing.assert_array_equal(first(y), np.moveaxis(picture(RATE)(y), 2, 0))


def test_a_wave_plot_shows_when_it_is_loud():
    y = np.zeros(RATE, dtype=np.float32)
    y[RATE // 2 :] = np.random.default_rng(0).uniform(-1, 1, RATE - RATE // 2)
    is_white = WavePlot(RATE)(y).min(axis=2) > 0.99
    assert is_white[:, :110].mean() > 0.99
    assert is_white[:, 115:].mean() < 0.1
    np.testing.assert_allclose(WavePlot(RATE)(y), WavePlot(RATE)(y / 4), atol=1e-5)
    assert (WavePlot(RATE, limit=1.0)(y / 4)[:, 115:].min(axis=2) > 0.99).mean() > 0.7


def test_a_higher_tone_has_a_higher_zero_crossing_line(sine):
    y = np.concatenate([sine(500.0), sine(2000.0)])
    coverage = 1.0 - ZcrPlot(RATE)(y)[..., 0]
    heights = (coverage * np.arange(223, -1, -1)[:, np.newaxis]).sum(axis=0) / coverage.sum(axis=0)
    assert heights[150:200].mean() == pytest.approx(4 * heights[20:70].mean(), rel=0.05)


def test_low_bands_are_below(sine):
    brightness = MelPicture(RATE)(sine(200.0, 2.0)).sum(axis=(1, 2))
    assert 200 < brightness.argmax() < 224


def test_only_c0_of_noise_stands_out():
    noise = np.random.default_rng(0).normal(size=RATE)
    picture = MfccPicture(RATE, n_mfcc=4)(noise)
    assert np.ptp(picture[:160].mean(axis=(0, 1))) < np.ptp(picture[180:].mean(axis=(0, 1)))


@pytest.mark.parametrize(
    "make",
    [
        lambda: WavePlot(RATE, size=0),
        lambda: WavePlot(RATE, limit=0.0),
        lambda: ZcrPlot(RATE, line_width=-1),
        lambda: MelPicture(RATE, n_mels=5000),
        lambda: MfccPicture(RATE, n_mfcc=500),
        lambda: MelPicture(RATE, channels="middle"),
    ],
)
def test_impossible_settings_are_refused(make):
    with pytest.raises(FeatureError):
        make()


def test_pictures_are_values():
    assert WavePlot(RATE) == WavePlot(RATE) and hash(WavePlot(RATE)) == hash(WavePlot(RATE))
    assert WavePlot(RATE).key != WavePlot(RATE, channels="first").key
