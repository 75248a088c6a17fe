from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib.data.tables import FeatureTable
from mgrlib.experiments.record import Records
from mgrlib.experiments.study import Study, conduct
from mgrlib.papers.reddy2024.studies.imbalance import MLP57, imbalance
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
def table(corpus) -> Records:
    config = TrainConfig(epochs=25, batch_size=16, lr=3e-3)
    settings = {"recipe": replace(MLP57, config=config), "rare": ("b",), "share": 0.2, "n_folds": 2}
    return conduct(Study("reddy2024/imbalance", "Rare", imbalance, settings), corpus)


RARE = "recall of rare genres"


def test_every_way_of_training_has_its_five_metrics(table):
    assert len(table) == 5 * 5
    assert table.only(training="class weights", metric="macro F1").n == 120


def test_a_rare_genre_is_found_less_often(table):
    recall = table.values("training", "metric")[RARE]
    assert recall["imbalanced"] < recall["balanced"] - 0.1


def test_under_sampling_finds_it_again(table):
    recall = table.values("training", "metric")[RARE]
    assert recall["under-sampled"] > recall["imbalanced"]


def test_all_clips_are_tested_in_equal_numbers(table):
    accuracy = table.only(training="imbalanced", metric="accuracy")
    assert np.sum(accuracy.details["confusion"], axis=1).tolist() == [40, 40, 40]
    assert 0.5 < accuracy.train_accuracy <= 1


def test_differences_are_those_of_the_values_and_paired(table):
    balanced, rare = (table.only(training=t, metric="accuracy") for t in ("balanced", "imbalanced"))
    gain, low, high = balanced.details["minus"]["imbalanced"]
    assert gain == pytest.approx(balanced.value - rare.value, abs=2e-4)
    assert [-gain, -high, -low] == pytest.approx(rare.details["minus"]["balanced"], abs=2e-4)
    widths = balanced.high - balanced.low + rare.high - rare.low
    assert low <= gain <= high and high - low < widths
