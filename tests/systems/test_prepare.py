from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mgrlib.errors import FeatureError
from mgrlib.segments import Segments, standardize
from mgrlib.systems.prepare import (
    Columns,
    MinMaxUnit,
    PerClip,
    Preparation,
    RowMeans,
    RowStatistics,
    Standardize,
)


def segments_of(*inputs: torch.Tensor) -> Segments:
    n = len(inputs[0])
    y = torch.zeros(n, dtype=torch.int64)
    return Segments(inputs, y, torch.arange(n), tuple(map(str, range(n))), ("a", "b"))


@pytest.fixture
def train() -> Segments:
    return segments_of(torch.randn(6, 3, 5, generator=torch.Generator().manual_seed(0)) * 4 + 2)


def test_standardize_is_fitted_to_training_segments_and_applied_to_others(train):
    preparation = Preparation.fit((Standardize(),), train)
    other = segments_of(torch.ones(2, 3, 5))
    expected = standardize(train, other)
    for part, result in zip((train, other), expected, strict=True):
        assert torch.equal(preparation(part).inputs[0], result.inputs[0])
    mean = preparation(train).inputs[0].mean(dim=(0, 2))
    np.testing.assert_allclose(mean, np.zeros(3), atol=1e-6)


def test_steps_are_fitted_to_what_the_steps_before_them_leave(train):
    preparation = Preparation.fit((RowMeans(), Standardize(eps=0.0)), train)
    x = preparation(train).inputs[0]
    assert x.shape == (6, 3)
    np.testing.assert_allclose(x.std(0, correction=0), np.ones(3), atol=1e-5)


def test_min_max_unit_gives_vectors_of_length_one():
    train = segments_of(torch.tensor([[0.0, 10.0, 5.0], [4.0, 20.0, 5.0]]))
    x = Preparation.fit((MinMaxUnit(),), train)(train).inputs[0]
    np.testing.assert_allclose(x[1], np.array([1, 1, 0]) / np.sqrt(2), atol=1e-6)


def test_fixed_steps_do_what_their_names_say(train):
    x = train.inputs[0]
    statistics = RowStatistics().change(x)
    assert torch.allclose(statistics[:, :3], RowMeans().change(x))
    assert torch.allclose(statistics[:, 3:], x.std(2, correction=0), atol=1e-6)
    assert torch.equal(Columns((2, 0)).change(x[:, :, 0]), x[:, [2, 0], 0])
    for clip in PerClip().change(x):
        assert abs(float(clip.mean())) < 1e-5
        assert float(clip.std(correction=0)) == pytest.approx(1, abs=1e-4)


def test_standardize_changes_one_of_several_modalities(train):
    both = segments_of(train.inputs[0], torch.full((6, 2), 3.0))
    prepared_segments = Preparation.fit((Standardize(),), both)(both)
    assert torch.equal(prepared_segments.inputs[1], both.inputs[1])
    with pytest.raises(FeatureError, match="modality 2 of 2"):
        Preparation.fit((Standardize(modality=2),), both)


def test_empty_segments_and_no_steps_leave_everything_as_it_is(train):
    assert Preparation()(train) is train
    empty = train.of([])
    assert len(Preparation.fit((Standardize(),), train)(empty)) == 0


def test_a_state_is_enough_to_prepare_again(train):
    fitted = Preparation.fit((Standardize(), PerClip()), train)
    again = Preparation(fitted.steps, tuple(dict(state) for state in fitted.states))
    assert torch.equal(again(train).inputs[0], fitted(train).inputs[0])
    assert replace(fitted).states == fitted.states
