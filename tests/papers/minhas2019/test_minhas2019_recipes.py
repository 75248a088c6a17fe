"""The recipes of Minhas et al. (2019): inputs, scaling, steps, and one tiny fold of each kind."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
import torch

from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.features import Vector26, Vector57
from mgrlib.features.crop import Crop
from mgrlib.papers.minhas2019 import recipes
from mgrlib.segments import Segments, cut
from mgrlib.systems import Preparation

RECIPES = {recipe.name.split("/")[1]: recipe for recipe in recipes.RECIPES}
GOLDEN = {
    "features": [0.3993, 0.1986, 0.2049],
    "features-scaled": [0.3241, 0.2287, 0.2384],
    "features-steady": [0.3397, 0.2424, 0.2532],
    "rows": [0.0208, 0.0139, 0.1346],
    "rows-scaled": [0.5645, 0.3922, 0.0957],
    "cnn-pooled": [0.3393, 0.282, 0.0303],
    "linear": [0.9723, 0.0187, 0.0122],
    "k-nn": [0.4, 0.2, 0.2],
}
"""The probability of the first genre for the test clips of the first fold, one of each genre."""


def test_the_inputs_have_the_papers_shapes():
    assert recipes.VECTOR.shape(30.0) == (26,)
    assert recipes.PICTURE.shape(30.0) == (128, 216)


def vectors(n: int) -> Segments:
    x = torch.randn(n, 26, generator=torch.Generator().manual_seed(0))
    clips = torch.arange(n), tuple(map(str, range(n)))
    return Segments((x,), torch.arange(n) % 2, *clips, ("a", "b"))


@pytest.mark.parametrize("n", [64, 80, 128, 129, 130, 300, 800])
def test_ten_epochs_of_the_paper_are_seventy_steps_whatever_the_data(n):
    config = recipes.PACE.paced(recipes.SHORT, vectors(n))
    steps_an_epoch = math.ceil((n - 1) / 128)  # a last batch of one clip joins the batch before it
    assert 70 <= config.epochs * steps_an_epoch < 70 + steps_an_epoch


def test_vectors_are_scaled_to_unit_length_by_what_was_seen_in_training():
    x = torch.tensor([[0.0, 2.0], [4.0, 6.0]])
    train = Segments((x,), torch.tensor([0, 1]), torch.arange(2), ("a", "b"), ("p", "q"))
    prepare = Preparation.fit(recipes.FEATURES.prepare, train)
    scaled = prepare(train.map(lambda v: v + torch.tensor([3.0, 0.0])))
    expected = torch.tensor([[0.75, 0.0], [1.75, 1.0]])
    assert torch.allclose(scaled.inputs[0], torch.nn.functional.normalize(expected))


def test_the_steady_values_are_all_but_the_two_that_take_logarithms_of_single_cells(sounds):
    clips = cut(sounds, recipes.VECTOR)
    steady, every = (
        Preparation.fit(recipe.prepare, clips)(clips).inputs[0]
        for recipe in (recipes.STEADY, recipes.FEATURES_SCALED)
    )
    others = [i for i in range(26) if Vector26.columns[i] not in recipes.FRAGILE]
    assert torch.allclose(steady, every[:, others])
    assert steady.shape == (9, 24)


def test_row_means_are_the_means_of_rows(sounds):
    pictures = cut(sounds, recipes.PICTURE)
    rows = Preparation.fit(recipes.ROWS.prepare, pictures)(pictures)
    assert rows.inputs[0].shape == (9, 128)
    assert torch.allclose(rows.inputs[0][3, 7], pictures.inputs[0][3, 7].mean())


def test_a_recipe_of_whole_clips_differs_in_the_feature_alone():
    crop, clip = RECIPES["features-scaled"], RECIPES["features-whole"]
    assert isinstance(crop.features[0], Crop)
    assert clip.features[0] == crop.features[0].feature
    assert replace(clip, features=crop.features, name=crop.name).key == crop.key


@pytest.mark.parametrize("name", ["features", "rows", "features-scaled", "rows-scaled", "svm"])
def test_a_recipe_tells_tones_from_noise(sounds, quick, name):
    result = cross_validate(quick(RECIPES[name], 20), sounds, Protocol(3, by="group"))
    assert result.accuracy().value > 0.6
    assert result.predictions(0).n == 9
    assert result.train_accuracy > 0.6


@pytest.mark.parametrize("name", GOLDEN)
def test_a_tiny_fold_is_what_it_was(sounds, quick, name):
    recipe = quick(RECIPES[name], 1)
    if name.startswith("cnn"):
        recipe = replace(recipe, options={**recipe.options, "widths": (4, 4)})
    run = cross_validate(recipe, sounds, Protocol(3, by="group")).runs[0]
    first = [row[0] for row in run["predictions"][""]["probs"]]
    assert first == pytest.approx(GOLDEN[name], abs=0.02)


def test_the_public_table_has_all_values_but_flatness_and_contrast():
    names = [Vector57.columns[i] for i in recipes.TABLE_COLUMNS]
    assert names[:4] == [
        "tempo",
        "zero_crossing_rate_mean",
        "spectral_centroid_mean",
        "chroma_stft_mean",
    ]
    assert names[4:] == [f"mfcc{i}_mean" for i in range(1, 21)]
