"""Probes do what they say to a waveform, and a curve puts any classifier on them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile as sf

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.errors import EvaluationError
from mgrlib.evaluation import Predictions
from mgrlib.evaluation.probes import PROBES, Probe, Probed, curve, probed
from mgrlib.features import Dropped, LogMel, Rms
from mgrlib.features.base import Feature
from mgrlib.features.crop import Crop
from mgrlib.features.spectrum import Sound

RATE = 22050
TIME = np.arange(RATE) / RATE
each = pytest.mark.parametrize("probe", PROBES.values(), ids=PROBES)


def tone(hz):
    return (0.5 * np.sin(2 * np.pi * hz * TIME)).astype(np.float32)


def rms(y):
    return float(np.sqrt(np.mean(np.square(y, dtype=np.float64))))


def decibels(ratio):
    return 20 * np.log10(ratio)


@each
def test_a_probe_keeps_length_and_type_and_leaves_its_input_alone(probe):
    y = tone(440)
    copy = y.copy()
    spoilt = probe(y, RATE, probe.levels[-1])
    assert (spoilt.shape, spoilt.dtype) == (y.shape, np.float32)
    assert np.array_equal(y, copy)
    assert not np.array_equal(spoilt, y)


@each
def test_a_probe_spoils_a_sound_the_same_way_again(probe):
    y, level = tone(440), probe.levels[0]
    assert np.array_equal(probe(y, RATE, level, seed=3), probe(y.copy(), RATE, level, seed=3))


@each
def test_a_harder_level_is_further_from_the_sound(probe):
    y = (tone(440) + tone(3000) + 0.1 * tone(9000)) * np.exp(-20 * (TIME % 0.25))
    shares = []
    for level in (probe.levels[0], probe.levels[-1]):
        spoilt = probe(y, RATE, level)
        shares.append(rms(spoilt - y * (spoilt @ y) / (y @ y)) + abs(1 - rms(spoilt) / rms(y)))
    assert shares[0] < shares[1]


@each
def test_silence_stays_silence(probe):
    assert not probe(np.zeros(RATE, np.float32), RATE, probe.levels[0]).any()


def test_pink_noise_has_the_level_asked_for():
    y = tone(440)
    assert decibels(rms(y) / rms(PROBES["pink noise"](y, RATE, 10.0) - y)) == pytest.approx(
        10, abs=0.1
    )


def test_two_sounds_get_different_noise():
    noises = [PROBES["pink noise"](y, RATE, 10.0) - y for y in (tone(440), tone(441))]
    assert abs(np.corrcoef(*noises)[0, 1]) < 0.2  # pink noise is slow: chance alone gives some


def test_the_low_pass_takes_what_is_above_its_cutoff_and_nothing_below():
    spoilt = [PROBES["low-pass"](tone(hz), RATE, 2000.0) for hz in (1000, 4000)]
    middle = slice(RATE // 4, -RATE // 4)  # the ends ring
    low, high = (decibels(rms(y[middle]) / rms(tone(440))) for y in spoilt)
    assert low == pytest.approx(0, abs=0.1)
    assert high < -60


def test_a_low_pass_above_all_there_is_changes_nothing():
    assert np.array_equal(PROBES["low-pass"](tone(440), RATE, 20_000.0), tone(440))


def test_clipping_flattens_peaks_and_keeps_the_loudness():
    spoilt = PROBES["clipping"](tone(440), RATE, 12.0)
    assert rms(spoilt) == pytest.approx(rms(tone(440)))
    assert rms(spoilt) / np.abs(spoilt).max() > 0.9  # nearly square; a sine has 0.71


def test_gain_moves_the_level_by_so_many_decibels():
    spoilt = PROBES["gain"](tone(440), RATE, -12.0)
    assert decibels(rms(spoilt) / rms(tone(440))) == pytest.approx(-12)


def test_reverberation_sounds_on_after_the_sound_has_stopped():
    y = tone(440) * (TIME < 0.3)
    spoilt = PROBES["reverb"](y, RATE, 0.9)
    after = slice(round(0.5 * RATE), round(0.6 * RATE))
    assert rms(spoilt[after]) > 0.01
    assert rms(spoilt) == pytest.approx(rms(y))


def test_lost_cells_are_those_of_the_dropped_feature():
    y, probe = tone(440), Probe("lost", PROBES["lost cells"].change, (50.0,), "%")
    spoilt = probe.change(y, RATE, 50.0, 7)
    lost = Dropped(LogMel(RATE), fraction=0.5, seed=7)
    assert np.array_equal(spoilt, lost.masked_sound(Sound(y, RATE)).y)


def test_a_probed_feature_is_a_feature_with_a_key_of_its_own():
    features = [probed(Rms(RATE), PROBES["gain"], level) for level in (-6.0, -12.0)]
    assert all(isinstance(feature, Feature) for feature in features)
    assert len({feature.key for feature in (*features, Rms(RATE))}) == 3
    assert features[0].shape(1.0) == features[0](tone(440)).shape == Rms(RATE).shape(1.0)


def test_a_crop_keeps_its_stretch_when_the_sound_is_spoilt():
    y = (TIME * tone(440)).astype(np.float32)
    crop = Crop(Rms(RATE), seconds=0.2)
    spoilt = probed(crop, PROBES["gain"], -20.0)
    assert isinstance(spoilt, Crop)
    assert isinstance(spoilt.feature, Probed)
    assert np.allclose(spoilt(y), crop(y) / 10, rtol=1e-4)


LOUDNESS = Rms(RATE)


@pytest.fixture
def corpus(tmp_path, monkeypatch) -> Corpus:
    """Four quiet and four loud tones."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    rows = []
    for i in range(8):
        genre = ("quiet", "loud")[i % 2]
        path = tmp_path / f"{genre}{i}.wav"
        sf.write(path, tone(300 + 50 * i) * (0.1, 1.0)[i % 2], RATE)
        rows.append((path.stem, str(path), genre, f"artist{i}", 1.0))
    table = pd.DataFrame(rows, columns=["clip_id", "path", "genre", "group", "seconds"])
    return Corpus("tones", ("quiet", "loud"), table.set_index("clip_id"), FileSource())


def loudness(segments):
    """Louder than 0.1 is loud."""
    louder = segments.in_memory().inputs[0].mean(dim=(1, 2)).numpy() > 0.1
    return Predictions(
        segments.clip_ids, segments.y.numpy(), np.eye(2)[louder * 1], segments.genres
    )


def test_a_classifier_by_loudness_is_thrown_by_gain_and_by_nothing_that_keeps_the_loudness(corpus):
    table = curve(loudness, corpus, LOUDNESS, probes=["gain", "clipping"])
    gain, clipping = (table[table["probe"] == name] for name in ("gain", "clipping"))
    assert gain["accuracy"].tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]
    assert gain["same"].tolist() == [1.0, 1.0, 0.5, 0.5, 0.5]
    assert clipping["accuracy"].tolist() == [1.0] * 5


def test_a_curve_has_a_row_for_untouched_sound_and_one_for_each_level(corpus):
    table = curve(loudness, corpus, LOUDNESS, probes=["gain"])
    assert table["label"].tolist() == ["untouched", "-6 dB", "-12 dB", "-24 dB", "-48 dB"]
    assert (table["n"] == 8).all()
    assert ((table["low"] <= table["accuracy"]) & (table["accuracy"] <= table["high"])).all()


def test_a_probe_of_your_own_needs_no_registering(corpus):
    upside_down = Probe("polarity", lambda y, rate, level, seed: -y, (1.0,), "")
    assert curve(loudness, corpus, LOUDNESS, probes=[upside_down])["same"].tolist() == [1.0, 1.0]


def test_another_version_of_a_probe_is_not_taken_for_the_old_one():
    older, newer = (replace(PROBES["gain"], version=v) for v in (1, 2))
    assert probed(LOUDNESS, older, -6.0).key != probed(LOUDNESS, newer, -6.0).key


def test_an_unknown_probe_is_refused_by_name(corpus):
    with pytest.raises(EvaluationError, match=r"one of .*'reverb'"):
        curve(loudness, corpus, LOUDNESS, probes=["rain"])
