"""Augmentation: what it changes, what it leaves alone, and that a seed settles it."""

from functools import partial

import numpy as np
import pytest
import torch

from mgrlib.augment import (
    add_noise,
    drop_cells,
    over_sample,
    pitch_shift,
    spec_augment,
    time_stretch,
    under_sample,
)
from mgrlib.errors import FeatureError, ShapeError

RATE = 22050


def tone(hz=440.0, seconds=1.0):
    return np.sin(2 * np.pi * hz * np.arange(round(seconds * RATE)) / RATE).astype(np.float32)


def loudest_hz(y):
    spectrum = np.abs(np.fft.rfft(y * np.hanning(len(y))))
    return np.argmax(spectrum) * RATE / len(y)


def seeded(seed=0):
    return torch.Generator().manual_seed(seed)


def test_time_stretch_changes_the_length_and_not_the_pitch():
    fast = time_stretch(tone(), 2.0)
    assert len(fast) == RATE // 2
    assert fast.dtype == np.float32
    assert loudest_hz(fast) == pytest.approx(440.0, abs=5)


def test_pitch_shift_changes_the_pitch_and_not_the_length():
    octave_up = pitch_shift(tone(), RATE, 12)
    assert len(octave_up) == RATE
    assert loudest_hz(octave_up) == pytest.approx(880.0, abs=5)


@pytest.mark.parametrize("color", ["white", "pink"])
@pytest.mark.parametrize("snr_db", [20.0, 0.0, -6.0])
def test_noise_has_the_level_asked_for(snr_db, color):
    clean = tone()
    noise = add_noise(clean, snr_db, seed=1, color=color) - clean
    measured = 10 * np.log10(np.mean(clean**2) / np.mean(noise**2))
    assert measured == pytest.approx(snr_db, abs=0.01)


def test_pink_noise_has_equal_power_in_every_octave():
    clean = tone(seconds=4.0)
    noise = add_noise(clean, 0.0, seed=1, color="pink") - clean
    power = np.abs(np.fft.rfft(noise)) ** 2
    hz = np.fft.rfftfreq(len(noise), 1 / RATE)
    octaves = [power[(hz >= low) & (hz < 2 * low)].sum() for low in (100, 400, 1600)]
    np.testing.assert_allclose(octaves, np.mean(octaves), rtol=0.2)  # sums of random powers


def test_noise_depends_on_its_seed_only():
    np.testing.assert_array_equal(add_noise(tone(), 10.0, seed=3), add_noise(tone(), 10.0, seed=3))
    assert not np.array_equal(add_noise(tone(), 10.0, seed=3), add_noise(tone(), 10.0, seed=4))


def test_silence_cannot_have_a_signal_to_noise_ratio():
    with pytest.raises(FeatureError, match="silence"):
        add_noise(np.zeros(100), 10.0, seed=0)


@pytest.mark.parametrize(
    "augment",
    [
        partial(time_stretch, rate=1.2),
        partial(pitch_shift, sample_rate=RATE, semitones=1),
        partial(add_noise, snr_db=10.0, seed=0),
    ],
)
@pytest.mark.parametrize(
    "bad",
    [np.zeros(0), np.zeros((2, 100)), np.array([0.1, np.nan]), np.ones(10, dtype=np.int16)],
)
def test_bad_waveforms_are_refused(augment, bad):
    with pytest.raises(FeatureError):
        augment(bad)


def test_impossible_amounts_are_refused():
    with pytest.raises(FeatureError, match="rate"):
        time_stretch(tone(), 0.0)
    with pytest.raises(FeatureError, match="semitones"):
        pitch_shift(tone(), RATE, 100)
    with pytest.raises(FeatureError, match="snr_db"):
        add_noise(tone(), float("nan"), seed=0)
    with pytest.raises(FeatureError, match="color"):
        add_noise(tone(), 10.0, seed=0, color="brown")  # type: ignore[arg-type]


def test_masks_are_whole_stripes_and_each_segment_has_its_own():
    x = torch.ones(8, 40, 100)
    masked = spec_augment(x, seeded(), time_width=30, band_width=10, fill=0.0)
    frames = (masked == 0).all(dim=1).sum(dim=1)
    bands = (masked == 0).all(dim=2).sum(dim=1)
    for segment, n_frames, n_bands in zip(masked, frames, bands, strict=True):
        assert n_frames <= 30 and n_bands <= 10
        assert (segment == 0).sum() == n_frames * 40 + n_bands * 100 - n_frames * n_bands
    assert len(set(frames.tolist())) > 1
    assert torch.equal(x, torch.ones(8, 40, 100))


def test_masks_hold_the_segments_mean_unless_told():
    x = torch.arange(2 * 3 * 4, dtype=torch.float32).reshape(2, 1, 3, 4)
    masked = spec_augment(x, seeded(1), time_width=4, band_width=3)
    changed = masked != x
    means = x.mean(dim=(1, 2, 3), keepdim=True).expand_as(x)
    assert changed.any()
    assert torch.equal(masked[changed], means[changed])


def test_masks_of_no_width_change_nothing():
    x = torch.rand(3, 5, 7, generator=seeded())
    assert torch.equal(spec_augment(x, seeded(), time_width=0, band_width=0), x)


def test_a_mask_wider_than_the_picture_is_cut_to_it():
    x = torch.ones(4, 5, 7)
    assert spec_augment(x, seeded(), time_width=500, band_width=500).shape == x.shape


def test_spec_augment_wants_a_batch():
    with pytest.raises(ShapeError, match="spec_augment"):
        spec_augment(torch.ones(5, 7), seeded())


@pytest.mark.parametrize("fraction", [0.0, 0.25, 0.5, 0.75, 1.0])
def test_drop_out_takes_exactly_its_share_of_each_segment(fraction):
    dropped = drop_cells(torch.ones(3, 8, 10), seeded(), fraction=fraction)
    assert (dropped == 0).sum(dim=(1, 2)).tolist() == [round(80 * fraction)] * 3


def test_drop_out_depends_on_the_generator_only():
    x = torch.rand(2, 20, 20, generator=seeded())
    assert torch.equal(
        drop_cells(x, seeded(5), fraction=0.5), drop_cells(x, seeded(5), fraction=0.5)
    )
    assert not torch.equal(
        drop_cells(x, seeded(5), fraction=0.5), drop_cells(x, seeded(6), fraction=0.5)
    )


def test_over_sampling_keeps_everything_and_balances():
    labels = np.array(["rock"] * 7 + ["jazz"] * 2 + ["blues"] * 3)
    numbers = over_sample(labels, seed=0)
    names, counts = np.unique(labels[numbers], return_counts=True)
    assert counts.tolist() == [7, 7, 7] and names.tolist() == ["blues", "jazz", "rock"]
    assert set(numbers) == set(range(12))
    repeats = np.bincount(numbers)
    assert sorted(repeats[7:9]) == [3, 4] and sorted(repeats[9:]) == [2, 2, 3]


def test_under_sampling_balances_without_repetition():
    labels = [0] * 7 + [1] * 2 + [2] * 3
    numbers = under_sample(labels, seed=0)
    assert np.bincount(np.array(labels)[numbers]).tolist() == [2, 2, 2]
    assert len(set(numbers)) == len(numbers)


def test_sampling_depends_on_its_seed_only():
    labels = [0] * 50 + [1] * 20
    np.testing.assert_array_equal(under_sample(labels, 1), under_sample(labels, 1))
    assert not np.array_equal(under_sample(labels, 1), under_sample(labels, 2))


@pytest.mark.parametrize("sample", [over_sample, under_sample])
def test_sampling_refuses_what_is_not_a_list_of_labels(sample):
    with pytest.raises(ShapeError):
        sample([], seed=0)
    with pytest.raises(ShapeError):
        sample(np.zeros((2, 2)), seed=0)
