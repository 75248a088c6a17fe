import numpy as np
import pytest
import torch

from mgrlib.errors import ShapeError
from mgrlib.features import LogMel, Mfcc, mel_filterbank
from mgrlib.plots import (
    plot_filterbank,
    plot_mel,
    plot_mfcc,
    plot_waveform,
)

MEL = LogMel(22050, n_mels=64)
MFCC = Mfcc(22050, n_mfcc=13, c0=False, n_deltas=2)


def sine(hz=1000.0, seconds=2.0, sample_rate=22050):
    return np.sin(2 * np.pi * hz * np.arange(int(seconds * sample_rate)) / sample_rate)


def labels(ax):
    return ax.get_xlabel(), ax.get_ylabel()


PLOTS = {
    "waveform": lambda ax: plot_waveform(sine(), 22050, ax=ax),
    "mel": lambda ax: plot_mel(MEL(sine()), MEL, ax=ax),
    "mfcc": lambda ax: plot_mfcc(MFCC(sine()), MFCC, ax=ax),
    "filterbank": lambda ax: plot_filterbank(mel_filterbank(22050, 2048, 8), 22050, ax=ax),
}


@pytest.mark.parametrize("name", PLOTS)
def test_a_plot_draws_on_the_axes_given_or_makes_its_own(name, check_axes):
    check_axes(PLOTS[name])


def test_a_short_waveform_is_a_line_of_its_samples():
    ax = plot_waveform(sine(seconds=0.01), 22050)
    assert labels(ax) == ("time (s)", "amplitude (1 = full scale)")
    np.testing.assert_allclose(ax.lines[0].get_ydata(), sine(seconds=0.01))
    assert ax.get_xlim() == (0, pytest.approx(0.01, abs=1e-4))


def test_a_long_waveform_keeps_its_peaks():
    y = np.zeros(30 * 22050)
    y[123_456] = 0.7  # one sample among 661,500
    ax = plot_waveform(y, 22050)
    corners = ax.collections[0].get_paths()[0].vertices
    assert corners[:, 1].max() == pytest.approx(0.7)
    assert len(corners) < 5000
    peak = corners[corners[:, 1].argmax(), 0]
    assert peak == pytest.approx(123_456 / 22050, abs=30 / 1200)


def test_silence_and_stereo():
    ax = plot_waveform(np.zeros(100), 22050)
    assert ax.get_ylim() == (-0.01, 0.01)
    with pytest.raises(ShapeError, match="average the channels"):
        plot_waveform(np.zeros((2, 100)), 22050)


@pytest.mark.parametrize("hz", [250, 1000, 4000])
def test_a_tone_lies_at_its_frequency_on_the_axis(hz):
    x = MEL(sine(hz))
    ax = plot_mel(x, MEL)
    assert labels(ax) == ("time (s)", "frequency (Hz)")
    row = {t.get_text(): y for t, y in zip(ax.get_yticklabels(), ax.get_yticks(), strict=True)}
    assert row[str(hz)] == pytest.approx(x.mean(axis=1).argmax(), abs=0.6)  # half a band


def test_mel_has_its_length_in_seconds_and_its_unit_at_the_bar():
    x = torch.from_numpy(MEL(sine(seconds=2.0)))
    ax = plot_mel(x, MEL)
    # 87 frames of 512 samples
    assert ax.get_xlim() == (0, pytest.approx(87 * 512 / 22050))
    assert ax.images[0].get_cmap().name == "magma"
    assert ax.figure.axes[1].get_ylabel() == "level (dB)"
    alone = plot_mel(x, MEL, color_bar=False)
    assert len(alone.figure.axes) == 1


def test_mel_of_another_feature_is_refused():
    with pytest.raises(ShapeError, match="F=64"):
        plot_mel(np.zeros((128, 10)), MEL)
    with pytest.raises(ShapeError, match="without its channel"):
        plot_mel(np.zeros((1, 64, 10)), MEL)


def test_mfcc_rows_have_their_names_and_zero_is_white():
    ax = plot_mfcc(MFCC(sine()), MFCC)
    assert [t.get_text() for t in ax.get_yticklabels()][:4] == ["C1", "C6", "C11", "ΔC3"]
    low, high = ax.images[0].get_clim()
    assert low == -high
    with_c0 = Mfcc(22050, n_mfcc=4)
    ax = plot_mfcc(with_c0(sine()), with_c0)
    assert [t.get_text() for t in ax.get_yticklabels()] == ["C0", "C1", "C2", "C3"]


def test_by_row_shows_standard_deviations_and_leaves_constant_rows_white():
    feature = Mfcc(22050, n_mfcc=3)
    x = np.array([[1.0, 1, 1, 1], [0, 2, 0, 2], [-300, -100, -300, -100]])
    ax = plot_mfcc(x, feature, by_row=True)
    np.testing.assert_allclose(ax.images[0].get_array(), [[0] * 4, [-1, 1, -1, 1], [-1, 1, -1, 1]])
    assert ax.figure.axes[1].get_ylabel() == "standard deviations"


def test_a_filter_bank_is_drawn_band_by_band():
    bank = mel_filterbank(22050, 2048, 8)
    ax = plot_filterbank(bank, 22050)
    assert len(ax.lines) == 8
    top = ax.lines[3].get_xdata()[ax.lines[3].get_ydata().argmax()]
    assert top == pytest.approx(bank[3].argmax() * 22050 / 2048)
