"""The studies of Tang et al. (2018), on a corpus of tones."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib import papers
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.compare import unfinished
from mgrlib.experiments.study import conduct
from mgrlib.papers.tang2018 import recipes
from mgrlib.papers.tang2018.studies import (
    FEW_GENRES,
    LENGTHS,
    MAP,
    NODES,
    SWEEP,
    SWEEP_LITERAL,
    TREES,
)
from mgrlib.papers.tang2018.studies.epochs import EARLY, LATE, MEASURES
from mgrlib.papers.tang2018.studies.nodes import node_train_accuracy, over_tables


@pytest.fixture(autouse=True)
def few_draws(monkeypatch):
    """No more draws, sets and trees than show that they are made."""
    monkeypatch.setattr("mgrlib.papers.tang2018.studies.nodes.N_DRAWS", 50)
    monkeypatch.setattr("mgrlib.papers.tang2018.studies.trees.N_SUBSETS", 1)
    monkeypatch.setattr("mgrlib.papers.tang2018.studies.trees.N_RANDOM", 1)


def with_settings(study, **settings):
    return replace(study, settings={**study.settings, **settings})


@pytest.fixture
def sweep(tiny):
    return with_settings(SWEEP, recipe=tiny(recipes.SIX_GENRES), stages=(1, 3))


def test_the_sweep_measures_each_stage_and_two_ways_to_choose(tones, sweep):
    records = conduct(sweep, tones, seeds=(0, 1))
    assert len(records) == 2 * len(MEASURES) + 2
    assert records[0].protocol == "5 folds, 1 to validate, by group"
    last = records.only(epochs=3, measure="test accuracy")
    assert last.n == 36 and len(last.details["trials"]) == 2
    accuracies = [r.value for r in records.where(measure="test accuracy")]
    assert records.only(choice=LATE).value >= max(accuracies) - 1e-9
    assert records.only(choice=EARLY).details["curves"]["epoch"] == [1, 2, 3]


def test_a_sweep_goes_on_where_it_was_killed(tones, sweep, monkeypatch):
    first = conduct(sweep, tones, seeds=(0,))
    monkeypatch.setattr("mgrlib.papers.tang2018.studies.epochs.fit_in_stages", None)
    again = conduct(sweep, tones, seeds=(0,))
    assert [r.value for r in again] == [r.value for r in first]


def test_the_literal_sweep_trains_every_length_on_its_own(tones, tiny):
    study = with_settings(SWEEP_LITERAL, recipe=tiny(recipes.SIX_GENRES), stages=(1, 2))
    records = conduct(study, tones, seeds=(0,))
    assert {r.condition["epochs"] for r in records} == {1, 2}
    assert all(r.train_accuracy is not None for r in records)


def test_the_study_of_nodes_measures_each_number_of_the_paper(tones, tiny):
    study = with_settings(NODES, recipe=tiny(recipes.HIERARCHY_SHORT, epochs=4))
    records = conduct(study, tones, seeds=(0, 1))
    for entry in papers.printed("tang2018"):
        if entry.source == study.name:
            assert sum(entry.measures(r.source, r.condition) for r in records) == 1
    groups = ["hiphop, metal, rock", "pop, reggae", "disco, country", "jazz, classical, blues"]
    measured = [records.only(quantity="measured", group=group).value for group in groups]
    hard = records.only(quantity="end to end", routing="hard")
    weighted = sum(w * value for w, value in zip((0.3, 0.2, 0.2, 0.3), measured, strict=True))
    assert hard.value == pytest.approx(weighted, abs=2e-4)
    assert not any(unfinished(record).endswith("not recorded") for record in records)


def test_intervals_of_trees_and_nodes_draw_artists(tones):
    """Artists whose clips are all right or all wrong widen the interval."""
    groups = tones.clips["group"].to_dict()
    ids = tuple(tones.clips.index)
    of_artist = {artist: i % 2 for i, artist in enumerate(dict.fromkeys(groups.values()))}
    right = np.array([of_artist[groups[clip]] for clip in ids])
    probs = np.eye(2)[1 - right]
    tables = [Predictions(ids, np.zeros(len(ids), int), probs, ("a", "b"))] * 2
    by_artist, by_clip = over_tables(tables, groups), over_tables(tables, {})
    assert by_artist.high - by_artist.low > by_clip.high - by_clip.low


def test_every_node_has_the_accuracy_on_its_own_training_clips(tones, tiny):
    study = with_settings(NODES, recipe=tiny(recipes.HIERARCHY_SHORT, epochs=1))
    records = conduct(study, tones, seeds=(0,))
    nodes = [record for record in records if "node" in record.condition]
    assert len(nodes) == 7 and all(0 < record.train_accuracy <= 1 for record in nodes)
    assert node_train_accuracy([{"details": {}}], "1") is None  # kept by an earlier version


def test_trees_are_compared_with_a_flat_classifier(tones, tiny):
    records = conduct(with_settings(TREES, recipe=linear(tiny)), tones, seeds=(0,))
    assert records.only(system="flat", classifier="linear").value > 0.5  # tones are easy
    random = records.only(system="random trees", classifier="RBF SVM")
    assert len(random.details["by_seed"]) == 1
    assert len(records.where(routing="soft")) == 2


def linear(tiny):
    return replace(tiny(recipes.LINEAR), options={})


def test_few_genres_are_compared_with_random_sets(tones, tiny):
    sets = (("classical", "metal"),)
    study = with_settings(
        FEW_GENRES, recipe=tiny(recipes.FLAT_SHORT), quick=linear(tiny), sets=sets
    )
    records = conduct(study, tones, seeds=(0,))
    assert len(records.where(set="classical, metal")) == 2
    assert records.only(genres=3).value > 0.5


def test_a_map_has_points_in_two_dimensions(tones, tiny):
    records = conduct(with_settings(MAP, recipe=tiny(recipes.FLAT_SHORT)), tones, seeds=(0,))
    flat_map = records.only(values="network's last state", dimensions=2)
    assert len(flat_map.details["points"]["test"]["x"]) == 20


def test_lengths_are_compared_on_the_same_folds(tones, tiny):
    variants = tuple(tiny(r) for r in LENGTHS.settings["recipes"][:2])
    records = conduct(with_settings(LENGTHS, recipes=variants), tones, seeds=(0,))
    assert [r.condition["input"] for r in records] == ["1293 frames", "4 frames averaged into one"]


def test_records_that_come_with_the_package_have_the_conditions_that_studies_produce(tones, sweep):
    shipped = papers.records("tang2018", "epochs", data="gtzan-mini")
    produced = conduct(sweep, tones, seeds=(0,))
    names = {tuple(r.condition) for r in produced}
    assert {tuple(r.condition) for r in shipped} == names
