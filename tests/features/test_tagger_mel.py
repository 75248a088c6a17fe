from __future__ import annotations

import librosa
import numpy as np
import pytest
import torch

from mgrlib.errors import FeatureError
from mgrlib.features import TaggerMel, standardize_clips

N = 349_440
DB = TaggerMel(12000, scale="none")


@pytest.fixture(scope="module")
def long(music) -> np.ndarray:
    return music(seconds=30.0, sample_rate=12000)


def by_librosa(y: np.ndarray) -> np.ndarray:
    """The original's steps: a mel power spectrogram, squared once more, in dB."""
    power = librosa.feature.melspectrogram(
        y=y, sr=12000, n_fft=512, hop_length=256, n_mels=96, pad_mode="reflect"
    )
    return librosa.power_to_db(power**2, ref=1.0, amin=1e-10, top_db=80)


def test_the_spectrogram_is_the_originals(long):
    start = (len(long) - N) // 2
    assert np.allclose(DB(long), by_librosa(long[start : start + N]), atol=0.01)


def test_the_part_may_be_the_start(long):
    feature = TaggerMel(12000, part="start", scale="none")
    assert np.array_equal(feature(long), feature(long[:N]))
    assert not np.array_equal(feature(long), DB(long))


def test_a_short_sound_is_followed_by_silence(long):
    y = long[: N // 2]
    padded = np.pad(y, (0, N - len(y)))
    assert np.array_equal(DB(y), DB(padded))
    assert DB(y).shape == DB.shape(14.56) == (96, 1366)


def test_a_clip_is_standardized_by_itself(long):
    z = TaggerMel(12000)(long)
    assert z.dtype == np.float32
    assert abs(z.mean()) < 1e-5
    assert z.std() == pytest.approx(1, abs=1e-5)


def test_eighty_decibels_of_the_square_are_forty_of_power(long):
    squared, plain = DB(long), TaggerMel(12000, scale="none", exponent=1.0, top_db=40.0)(long)
    assert np.ptp(squared) == pytest.approx(80, abs=0.01)
    assert np.allclose(squared, 2 * plain, atol=0.01)


def test_silence_becomes_zeros():
    assert not TaggerMel(12000)(np.zeros(1000, dtype=np.float32)).any()


def test_clips_of_a_batch_do_not_share_their_statistics():
    x = np.arange(24.0).reshape(2, 3, 4) ** 2
    z = standardize_clips(x)
    assert np.allclose(z[1], standardize_clips(x[1]))
    assert np.allclose(z.mean((1, 2)), 0, atol=1e-6)


def test_tensors_stay_tensors():
    z = standardize_clips(torch.arange(6.0).reshape(1, 2, 3))
    assert isinstance(z, torch.Tensor)
    assert z.dtype == torch.float32


@pytest.mark.parametrize(
    ("options", "field"),
    [({"sample_rate": 22050}, "sample_rate"), ({"part": "end"}, "part"), ({"scale": "z"}, "scale")],
)
def test_settings_that_the_networks_do_not_know_are_refused(options, field):
    with pytest.raises(FeatureError, match=rf"TaggerMel\.{field}: expected one of"):
        TaggerMel(**{"sample_rate": 12000, **options})


def test_settings_are_in_the_key():
    keys = {TaggerMel(12000).key, DB.key, TaggerMel(12000, part="start").key}
    assert len(keys) == 3
