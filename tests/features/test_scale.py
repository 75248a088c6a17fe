"""Scalers: fitted on training data, applied to anything of the same kind."""

import numpy as np
import pytest
import torch

from mgrlib.errors import FeatureError
from mgrlib.features import MinMax, Standardize, UnitNorm


def data(*shape):
    return np.random.default_rng(0).normal(3.0, 2.0, size=shape).astype(np.float32)


@pytest.mark.parametrize("shape", [(50, 7), (20, 7, 30)])
def test_training_data_has_mean_0_and_deviation_1_in_each_coefficient(shape):
    train = data(*shape)
    scaled = Standardize.fit(train)(train)
    axes = (0, *range(2, train.ndim))
    np.testing.assert_allclose(scaled.mean(axis=axes), 0.0, atol=1e-5)
    np.testing.assert_allclose(scaled.std(axis=axes), 1.0, atol=1e-5)
    assert scaled.dtype == np.float32


@pytest.mark.parametrize("shape", [(50, 7), (20, 7, 30)])
def test_training_data_fills_0_to_1_in_each_coefficient(shape):
    train = data(*shape)
    scaled = MinMax.fit(train)(train)
    axes = (0, *range(2, train.ndim))
    np.testing.assert_allclose(scaled.min(axis=axes), 0.0, atol=1e-6)
    np.testing.assert_allclose(scaled.max(axis=axes), 1.0, atol=1e-6)


@pytest.mark.parametrize("scaler", [Standardize, MinMax])
def test_other_data_are_scaled_by_the_training_datas_values(scaler):
    train, test = data(20, 7), data(20, 7) + 100.0
    assert scaler.fit(train)(test).min() > 5.0


@pytest.mark.parametrize("scaler", [Standardize, MinMax])
def test_a_coefficient_that_never_changes_becomes_0(scaler):
    train = data(20, 3)
    train[:, 1] = -1131.3708
    assert np.all(scaler.fit(train)(train)[:, 1] == 0.0)


def test_what_never_changes_is_only_shifted_however_its_mean_was_rounded():
    train = torch.full((7, 2, 11), -1131.3708)
    train[:, 1] = torch.arange(11.0)
    scaled = Standardize.fit(train, eps=1e-5)(train + 1.0)
    torch.testing.assert_close(scaled[:, 0], torch.ones(7, 11))


def test_arrays_and_tensors_are_scaled_alike():
    train, test = data(20, 7, 30), data(5, 7, 30)
    for scaler in (Standardize, MinMax):
        of_array = scaler.fit(train)(test)
        of_tensor = scaler.fit(torch.from_numpy(train))(torch.from_numpy(test))
        np.testing.assert_allclose(of_tensor.numpy(), of_array, atol=1e-5)


def test_one_scale_for_the_array_keeps_the_differences_between_rows():
    train = data(20, 3, 5) + np.array([0.0, 10.0, 20.0], dtype=np.float32)[:, np.newaxis]
    scaled = Standardize.fit(train, per="array")(train)
    np.testing.assert_allclose(scaled, (train - train.mean()) / train.std(), atol=1e-5)
    with pytest.raises(FeatureError, match="'clip'"):
        Standardize.fit(train, per="clip")


def test_a_little_added_keeps_small_what_hardly_changes():
    train = np.array([[0.0, 0.0], [2.0, 2e-6]])
    np.testing.assert_allclose(Standardize.fit(train)(train)[1], [1.0, 1.0], rtol=1e-5)
    np.testing.assert_allclose(Standardize.fit(train, eps=1e-3)(train)[1], [0.999, 1e-3], rtol=0.01)


@pytest.mark.parametrize("scaler", [Standardize, MinMax])
def test_one_segment_is_scaled_like_one_of_many(scaler):
    train = data(20, 7, 30)
    fitted = scaler.fit(train)
    np.testing.assert_array_equal(fitted(train[3]), fitted(train)[3])
    assert fitted(train[3][:, :11]).shape == (7, 11)


@pytest.mark.parametrize("scaler", [Standardize, MinMax])
def test_a_tensor_stays_a_tensor(scaler):
    train = torch.from_numpy(data(20, 7))
    scaled = scaler.fit(train)(train)
    assert isinstance(scaled, torch.Tensor) and scaled.dtype == torch.float32
    assert isinstance(UnitNorm()(train), torch.Tensor)


def test_vectors_have_length_1_and_zeros_stay():
    x = data(5, 26)
    x[2] = 0.0
    lengths = np.linalg.norm(UnitNorm()(x), axis=1)
    np.testing.assert_allclose(lengths, [1, 1, 0, 1, 1], atol=1e-6)


@pytest.mark.parametrize("scaler", [Standardize, MinMax])
@pytest.mark.parametrize("bad", [np.zeros(5), np.zeros((0, 5)), np.array([[1.0, np.nan]])])
def test_what_cannot_be_fitted_to_is_refused(scaler, bad):
    with pytest.raises(FeatureError, match="fit"):
        scaler.fit(bad)


@pytest.mark.parametrize("scaler", [Standardize, MinMax])
def test_data_of_other_coefficients_are_refused(scaler):
    with pytest.raises(FeatureError, match="F=7"):
        scaler.fit(data(20, 7))(data(20, 8))
    with pytest.raises(FeatureError, match="F=7"):
        scaler.fit(data(20, 7))(data(2, 20, 7, 5))
