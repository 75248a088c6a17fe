from __future__ import annotations

import numpy as np
import pytest

from mgrlib.data.tables import FeatureTable
from mgrlib.recipes import reddy2024
from mgrlib.recipes.ledger import recipes, studies
from mgrlib.recipes.reddy2024 import imbalance
from mgrlib.training import TrainConfig


@pytest.fixture(scope="module")
def corpus():
    """Three genres of 40 clips that overlap, so that a rare one is easily overlooked."""
    rng = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], 40)
    x = rng.normal(size=(120, 57)) + 0.4 * labels[:, None]
    ids = np.array([f"{'abc'[k]}.{m:05d}" for m, k in enumerate(labels)])
    columns = tuple(f"c{i}" for i in range(57))
    none = np.zeros(120, dtype=np.int64)
    return FeatureTable(x, columns, labels, ids, ids, none, ("a", "b", "c")).corpus()


@pytest.fixture(scope="module")
def table(corpus):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reddy2024, "MLP", TrainConfig(epochs=25, batch_size=16, lr=3e-3))
        rows = imbalance(corpus, (0,), rare=("b",), share=0.2, n_folds=2)
    return {row["row"]: row for row in rows}


def test_every_way_of_training_has_its_five_metrics(table):
    assert len(table) == 5 * 5
    assert table["class weights: macro F1"]["n"] == 120


def test_a_rare_genre_is_found_less_often(table):
    rare = "recall of rare genres"
    assert table[f"imbalanced: {rare}"]["value"] < table[f"balanced: {rare}"]["value"] - 0.1


def test_under_sampling_finds_it_again(table):
    rare = "recall of rare genres"
    assert table[f"under-sampled: {rare}"]["value"] > table[f"imbalanced: {rare}"]["value"]


def test_all_clips_are_tested_in_equal_numbers(table):
    assert np.sum(table["imbalanced: accuracy"]["confusion"], axis=1).tolist() == [40, 40, 40]


def test_names_of_recipes_and_studies_are_all_different():
    names = [one.name for one in (*recipes("reddy2024"), *studies("reddy2024"))]
    assert len(set(names)) == len(names)
