from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError
from mgrlib.features import Mfcc
from mgrlib.models.tree import PAPER_TREE, Tree
from mgrlib.recipes import tang2018 as tang
from mgrlib.recipes import tang2018_learners as learners
from mgrlib.recipes import tang2018_reported as printed
from mgrlib.recipes.core import Protocol, run
from mgrlib.recipes.studies import conduct
from mgrlib.recipes.tang2018_studies import CHOSEN, EARLY, node_answers
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig

RATE = 8000
TINY = Mfcc(RATE, n_mfcc=4, n_fft=256, hop_length=128, n_mels=12, n_frames=12)
SMALL = {"n_hidden": (6, 4), "pool": 4}


def tone_of_genre(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """Each genre a tone of its own, with noise."""
    return 0.3 * np.sin(2 * np.pi * 200 * (row["number"] // 6 + 1) * time) + 0.02 * noise


@pytest.fixture(autouse=True)
def quick(tmp_path, monkeypatch):
    """An empty store, and no more draws, sets and trees than show that they are made."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    for name, n in {"N_DRAWS": 50, "N_SUBSETS": 1, "N_RANDOM": 1}.items():
        monkeypatch.setattr(f"mgrlib.recipes.tang2018_studies.{name}", n)


@pytest.fixture
def corpus(made_up) -> Corpus:
    """Ten genres of six clips by five artists each, a fifth of a second long."""
    return made_up("tones", tone_of_genre, sorted(PAPER_TREE.genres), 6, 0.2, 5)


def tiny(recipe, epochs: int = 2, **options):
    config = replace(recipe.config, epochs=epochs)
    return replace(
        recipe, features=(TINY,), config=config, options={**recipe.options, **SMALL, **options}
    )


# --- what the paper prints


def test_accuracies_printed_are_whole_numbers_of_clips():
    for trial in printed.TRIALS:
        for measure in ("validation accuracy", "test accuracy"):
            found = trial.reported[measure]
            assert found.value * found.n == pytest.approx(round(found.value * found.n), abs=0.01)


def test_averages_printed_are_those_of_the_trials_but_for_one():
    off = []
    for average in printed.AVERAGES:
        trials = [one for one in printed.TRIALS if one.epochs == average.epochs]
        assert [one.trial for one in trials] == [1, 2, 3, 4]
        for measure in printed.MEASURES:
            mean = np.mean([one.reported[measure].value for one in trials])
            if abs(mean - average.reported[measure].value) > 3e-4:
                off.append((average.epochs, measure))
    assert off == [(200, "test loss")]


def test_products_printed_are_products_of_the_nodes_printed():
    for lowest, product in printed.PRODUCTS.items():
        way = [name for name, _ in PAPER_TREE.path(PAPER_TREE.nodes[lowest].genres[0])]
        expected = np.prod([printed.NODES[name].value for name in way])
        assert product.value == pytest.approx(expected, abs=6e-5)
    mean = np.mean([one.value for one in printed.PRODUCTS.values()])
    assert printed.PRODUCT_AVERAGE.value == pytest.approx(mean, abs=5e-5)


def test_the_flat_network_reads_as_much_as_the_seven_together():
    # genres times epochs: 10·35 + 5·20 + 5·35 + 3·40 + 2·20 + 2·20 + 3·40
    assert learners.budget(PAPER_TREE, printed.NODE_EPOCHS) == 945
    assert learners.FLAT_EPOCHS == 95


# --- how systems are trained


def sequences(n: int, genres: tuple[str, ...]) -> Segments:
    y = torch.arange(n) % len(genres)
    x = torch.randn(n, 3, 5, generator=torch.Generator().manual_seed(0))
    return Segments((x,), y, torch.arange(n), tuple(map(str, range(n))), genres)


def test_a_batch_is_half_a_genre():
    config, ten = TrainConfig(batch_size=35), tuple("abcdefghij")
    assert learners.as_in_paper(config, sequences(700, ten)).batch_size == 35
    assert learners.as_in_paper(config, sequences(80, ten)).batch_size == 4
    assert learners.as_in_paper(config, sequences(10, ten)).batch_size == 2


def test_a_tree_of_another_form_has_the_same_budget():
    binary = Tree.of([["a", "b"], ["c", ["d", ["e", ["f", ["g", ["h", ["i", "j"]]]]]]]])
    epochs = learners._node_epochs(binary, 1.0)
    assert len(set(epochs.values())) == 1
    assert learners.budget(binary, epochs) == pytest.approx(945, rel=0.03)
    assert learners._node_epochs(PAPER_TREE, 1.0) == printed.NODE_EPOCHS


def test_the_learnt_tree_joins_genres_that_sound_alike():
    genres = ("jazz", "metal", "rock", "blues")
    rng = np.random.default_rng(0)
    y = np.arange(80) % 4
    centre = np.array([[0, 0], [9, 9], [9.2, 9], [0.2, 0]])  # jazz by blues, metal by rock
    x = torch.from_numpy(centre[y] + rng.normal(size=(80, 2))).float()
    train = Segments(
        (x,), torch.from_numpy(y), torch.arange(80), tuple(map(str, y * 0 + np.arange(80))), genres
    )
    pairs = {frozenset(node.genres) for node in learners.learnt_tree(train, seed=0).nodes.values()}
    assert {frozenset({"jazz", "blues"}), frozenset({"metal", "rock"})} <= pairs


def test_statistics_are_mean_and_deviation_over_time():
    found = learners.statistics(sequences(4, ("a", "b"))).inputs[0]
    x = sequences(4, ("a", "b")).inputs[0].numpy()
    assert np.allclose(found, np.concatenate([x.mean(2), x.std(2)], axis=1), atol=1e-6)


def test_a_hierarchy_keeps_what_every_node_said(corpus):
    recipe = tiny(tang.HIERARCHY_SHORT, epochs=3)
    result = run(recipe, corpus, Protocol(2, by="group"))
    answers = node_answers(result, 0)
    table = result.predictions(0)
    assert set(answers.clip_ids) == set(corpus.clips.index)
    same = answers.route("hard").select(table.clip_ids)
    assert (same.predicted == table.predicted).all()


@pytest.mark.parametrize("recipe", [tang.RANDOM_SHORT, tang.LEARNT_SHORT, tang.FLAT_SHORT])
def test_every_system_gives_predictions_of_all_clips(corpus, recipe):
    result = run(tiny(recipe, epochs=3), corpus, Protocol(2, by="group"))
    assert result.predictions(0).n == len(corpus)
    assert result.runs[0]["extra"]["batch_size"] == 2


def test_an_unknown_tree_is_refused(corpus):
    with pytest.raises(RecipeError, match="'oak'"):
        run(tiny(tang.HIERARCHY_SHORT, tree="oak"), corpus, Protocol(2, by="group"))


# --- studies


def told(study, **settings):
    return replace(study, settings={**study.settings, **settings})


def test_the_sweep_measures_each_stage_and_two_ways_to_choose(corpus):
    recipe = tiny(tang.SIX_GENRES)
    study = replace(told(tang.SWEEP, recipe=recipe, stages=(1, 3)), reported={})
    table = conduct(study, corpus, seeds=(0, 1)).table()
    assert list(table.index) == ["1 epochs", "3 epochs", EARLY, CHOSEN]
    assert table.loc["3 epochs", "n"] == 36
    assert len(table.loc["3 epochs", "trials"]) == 2
    assert table.loc[CHOSEN, "value"] >= table["value"].max() - 1e-9
    assert table.loc[EARLY, "curves"]["epoch"] == [1, 2, 3]


def test_a_sweep_goes_on_where_it_was_killed(corpus, monkeypatch):
    recipe = tiny(tang.SIX_GENRES)
    study = replace(told(tang.SWEEP, recipe=recipe, stages=(1, 2)), reported={})
    first = conduct(study, corpus, seeds=(0,))
    monkeypatch.setattr("mgrlib.recipes.tang2018_studies.fit_in_stages", None)
    assert conduct(study, corpus, seeds=(0,)).rows == first.rows


def test_the_literal_sweep_trains_every_length_on_its_own(corpus):
    recipe = tiny(tang.SIX_GENRES)
    study = told(tang.SWEEP_LITERAL, recipe=recipe, stages=(1, 2))
    table = conduct(replace(study, reported={}), corpus, seeds=(0,)).table()
    assert list(table.index) == ["1 epochs", "2 epochs"]


def test_the_study_of_nodes_has_a_row_for_each_number_of_the_paper(corpus):
    recipe = tiny(tang.HIERARCHY_SHORT, epochs=4)
    table = conduct(told(tang.NODE_SWEEP, recipe=recipe), corpus, seeds=(0, 1)).table()
    assert set(tang.NODE_SWEEP.reported) <= set(table.index)
    groups = ["hiphop, metal, rock", "pop, reggae", "disco, country", "jazz, classical, blues"]
    weighted = table.loc[[f"measured, {g}" for g in groups], "value"] @ [0.3, 0.2, 0.2, 0.3]
    assert table.loc["end to end, hard", "value"] == pytest.approx(weighted, abs=2e-4)


def test_trees_genres_and_maps_are_compared(corpus):
    trees = conduct(told(tang.TREES, recipe=tiny(tang.FLAT_SHORT)), corpus, seeds=(0,)).table()
    assert trees.loc["flat, linear", "value"] > 0.5
    assert len(trees.loc["random trees, RBF SVM", "by_seed"]) == 1
    few = told(tang.FEW, recipe=tiny(tang.FLAT_SHORT), sets=(("classical", "metal"),))
    table = conduct(replace(few, reported={}), corpus, seeds=(0,)).table()
    assert "2 genres: classical, metal, linear" in table.index
    assert table.loc["3 genres, 1 random sets, linear", "value"] > 0.5  # tones are easy
    maps = conduct(told(tang.MAP, recipe=tiny(tang.FLAT_SHORT)), corpus, seeds=(0,)).table()
    assert len(maps.loc["network's last state, 2 values", "points"]["test"]["x"]) == 20
