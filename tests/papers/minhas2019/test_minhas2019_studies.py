"""Steps, values, blends and the public table: the other studies of Minhas et al. (2019)."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from mgrlib import papers
from mgrlib.data.gtzan import GENRES, known_artists
from mgrlib.data.tables import FeatureTable, kaggle_features
from mgrlib.experiments.record import Records
from mgrlib.experiments.study import conduct
from mgrlib.features import Vector26, Vector57
from mgrlib.papers.minhas2019 import recipes
from mgrlib.papers.minhas2019.studies import features, genres, table
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig


def conditions(records: Records) -> list[tuple]:
    return sorted((r.metric, *map(str, r.condition.items())) for r in records)


def shipped(study: str, **values: object) -> Records:
    return papers.records("minhas2019", study, **{"data": "gtzan-mini", **values})


def test_a_learning_curve_knows_the_training_clips_at_its_end(sounds, quick, monkeypatch):
    monkeypatch.setattr(features, "AFTER", (10, 140))
    systems = {"features standardized": quick(recipes.FEATURES_SCALED, 29)}
    study = replace(features.STEPS, settings={"systems": systems})
    records = conduct(study, sounds, seeds=(0,))
    assert conditions(records) == conditions(shipped("steps", steps=(10, 140), **only(systems)))
    early, late = records
    assert late.train_accuracy == 1.0
    assert late.value >= early.value


def only(systems: dict) -> dict:
    return {"system": tuple(systems)}


def test_the_seven_families_are_the_26_columns():
    columns = [i for family in features.FAMILIES.values() for i in family]
    assert columns == list(range(26))
    assert [Vector26.columns[c[0]] for c in features.FAMILIES.values()][:3] == [
        *("tempo", "zero_crossing_rate", "spectral_centroid"),
    ]


def test_importance_has_each_value_shuffled_and_each_family_alone_and_left_out(sounds, monkeypatch):
    monkeypatch.setattr(features, "N_REPEATS", 2)
    study = replace(features.IMPORTANCE, settings={"recipe": recipes.SVM})
    records = conduct(study, sounds, seeds=(0,))
    assert conditions(records) == conditions(shipped("importance"))
    assert len(records) == 1 + 7 + 7 + 26 + 1
    alone = {r.get("values"): r.value for r in records.where(kind="alone")}
    assert alone["centroid"] > 0.5 > alone["tempo"] + 0.05
    assert records.only(kind="permuted", values="tempo").value == pytest.approx(0, abs=0.12)


def test_shuffled_columns_move_together_and_the_others_stay():
    x = torch.arange(20.0).reshape(5, 4)
    part = Segments((x,), torch.zeros(5), torch.arange(5), tuple("abcde"), ("p", "q"))
    listener = SimpleNamespace(predict=lambda segments: segments.inputs[0])
    mixed = features.Permuted((1, 2), 1)(listener, None, part)
    assert torch.equal(mixed[:, [0, 3]], x[:, [0, 3]])
    assert torch.equal(mixed[:, 2] - mixed[:, 1], torch.ones(5))
    assert not torch.equal(mixed, x)
    assert not torch.equal(mixed, features.Permuted((1, 2), 2)(listener, None, part))


def test_clips_of_two_genres_are_asked_of_three_networks(sounds, monkeypatch):
    monkeypatch.setattr(genres, "N_TRAIN", 24)
    monkeypatch.setattr(genres, "N_TEST", 12)
    (study,) = genres.STUDIES
    settings = {"config": TrainConfig(epochs=6, batch_size=32)}
    records = conduct(replace(study, settings=settings), sounds, seeds=(0,))
    assert conditions(records) == conditions(shipped("two-genres"))
    assert {r.n for r in records.where(clips="blends")} == {12}
    assert all(0 <= r.value <= 1 and 0 < r.train_accuracy <= 1 for r in records)


@pytest.fixture(scope="module")
def columns() -> FeatureTable:
    """A table with GTZAN's clip ids, whose columns tell the genre faintly."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 100)
    x = rng.normal(size=(1000, 57)) + np.eye(57)[labels] * 4
    ids = np.array([f"{GENRES[k]}.{i % 100:05d}" for i, k in enumerate(labels)])
    zeros = np.zeros(1000, dtype=np.int64)
    return FeatureTable(x, Vector57.columns, labels, ids, ids, zeros, GENRES)


def test_the_splits_of_the_table_keep_their_promises(columns):
    splits = table.splits_by_kind(columns.corpus(), (0, 1))
    sizes = {name: [len(p) for p in kind[0].parts().values()] for name, kind in splits.items()}
    assert sizes["fault-filtered"] == [443, 197, 290]
    assert np.abs(np.subtract(sizes["random, same sizes"], [443, 267, 290])).max() <= 10
    assert splits["fault-filtered"][0] is splits["fault-filtered"][1]
    assert splits["random"][0].test != splits["random"][1].test
    artists = known_artists()
    for split in splits["artists together"]:
        train, test = ({artists[c] for c in p if c in artists} for p in (split.train, split.test))
        assert not train & test


def test_the_table_study_has_each_system_under_five_splits(columns, quick, monkeypatch):
    few = {
        "dense network": quick(table.DENSE, 4),
        "logistic regression": table.SYSTEMS["logistic regression"],
    }
    monkeypatch.setattr(table, "SYSTEMS", few)
    study = table.STUDIES[0]
    records = conduct(study, columns.corpus(), seeds=(0, 1))
    assert conditions(records) == conditions(shipped("table57", data="gtzan-table", **only(few)))
    assert {r.n for r in records} >= {200, 290}
    assert min(r.value for r in records.where(system="logistic regression")) > 0.8


@pytest.mark.realdata
def test_the_public_table_gives_the_known_accuracy_of_a_random_split(realdata, monkeypatch):
    monkeypatch.setattr(table, "SYSTEMS", {"RBF SVM": table.SYSTEMS["RBF SVM"]})
    corpus = kaggle_features(realdata / "kaggle" / "features_30_sec.csv.gz").corpus()
    study = table.STUDIES[0]
    value = {r.get("split"): r.value for r in conduct(study, corpus, seeds=(0, 1))}
    assert 0.65 < value["random"] < 0.82
    assert value["fault-filtered"] < value["random, same sizes"]


def test_zero_crossings_are_averaged_by_genre_and_drawn_by_artist(columns):
    column = Vector57.columns.index("zero_crossing_rate_mean")
    rates = columns.x.copy()
    genre_numbers = np.array([GENRES.index(clip.split(".")[0]) for clip in columns.clip_ids])
    rates[:, column] = genre_numbers / 100
    records = conduct(table.STUDIES[1], replace(columns, x=rates).corpus(), seeds=(0,))
    assert [r.condition["genre"] for r in records] == list(GENRES)
    assert np.allclose([r.value for r in records], np.arange(10) / 100, atol=1e-4)
    assert all(r.low <= r.value <= r.high and r.n == 100 for r in records)
    assert records.only(genre="blues").get("n_artists") < 100
