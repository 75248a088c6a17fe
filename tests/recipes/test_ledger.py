from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

import mgrlib.recipes
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import RecipeError
from mgrlib.models.contract import count_parameters
from mgrlib.recipes.core import Result, corpus_fingerprint, read_result, write_result
from mgrlib.recipes.ledger import compare, listed, papers, recipe, recipes, results, study
from mgrlib.recipes.studies import SUFFIX, read_findings

RECIPES = recipes()
FILES = sorted((Path(mgrlib.recipes.__file__).parent / "results").rglob("*.json"))
SHIPPED = [path for path in FILES if not path.name.endswith(SUFFIX)]
STUDIED = [path for path in FILES if path.name.endswith(SUFFIX)]


def made(name: str, fingerprint: str = "", correct: tuple[bool, ...] = (True, True, False)):
    """A result of three clips."""
    predictions = {
        "genres": ["x", "y"],
        "clip_ids": ["a", "b", "c"],
        "truth": [1, 1, 1],
        "probs": [[0.25, 0.75] if right else [0.75, 0.25] for right in correct],
    }
    one = {"seed": 0, "split": "fold-0", "seconds": 1.0, "predictions": predictions}
    data = {"name": "mine", "n_clips": 3, "fingerprint": ""}
    return Result(name, fingerprint, data, "1 fold", {}, (one,), {})


def test_a_paper_is_found_by_its_file():
    assert "luo2021" in papers()
    assert not {"core", "ledger", "results"} & set(papers())


def test_every_recipe_has_a_name_of_its_own_and_its_papers_key():
    names = [one.name for one in listed()]
    assert len(set(names)) == len(names)
    assert {one.paper for one in listed()} == set(papers())


def test_a_recipe_is_found_by_its_name():
    assert recipe("luo2021/cnn-mel").reported[0].value == 0.705


def test_an_unknown_recipe_is_refused_with_the_ones_there_are():
    with pytest.raises(RecipeError, match=r"luo2021/cnn-mel.*'luo2021/cnn-male'.*mgrlib list"):
        recipe("luo2021/cnn-male")


@pytest.mark.parametrize("unknown", ["luo2022", "luo2022/cnn", "core"])
def test_an_unknown_paper_is_refused_with_the_ones_there_are(unknown):
    with pytest.raises(RecipeError, match="luo2021"):
        recipe(unknown) if "/" in unknown else recipes(unknown)


NETWORKS = [one for one in RECIPES if one.learn is None]


@pytest.mark.parametrize("one", NETWORKS, ids=lambda one: one.name)
def test_the_model_of_every_recipe_takes_its_features(one):
    shapes = [feature.shape(one.how.segment_seconds or 30.0) for feature in one.features]
    assert count_parameters(one.model(10, *shapes, **one.options)) > 0


@pytest.mark.parametrize("one", RECIPES, ids=lambda one: one.name)
def test_every_recipe_says_what_it_is(one):
    assert one.title.strip()
    assert one.reported or one.deviations


def test_the_trials_of_luo2021_are_table_2():
    """Accuracy, epochs and parameters as printed, of 200 test clips."""
    table = {
        "luo2021/cnn-mfcc": (0.21, 20, 134_282),
        "luo2021/cnn-mel": (0.705, 100, 435_338),
        "luo2021/lstm-mfcc": (0.25, 80, 76_042),
        "luo2021/lstm-mel": (0.68, 280, 133_386),
        "luo2021/resnet-mfcc": (0.43, 20, 2_346_378),
        "luo2021/resnet-mel": (0.66, 80, 2_389_386),
    }
    found = {}
    for one in recipes("luo2021"):
        for number in one.reported:
            n_parameters = count_parameters(one.model(10, one.features[0].shape(30.0)))
            found[one.name] = (number.value, one.config.epochs, n_parameters)
            assert (number.metric, number.n, number.place) == ("accuracy", 200, "table 2")
    assert found == table


# --- results that come with the package


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_a_result_that_is_shipped_was_made_by_the_recipe_as_it_is_now(path):
    result = read_result(path)
    assert path.parent.name == result.recipe.split("/")[0]
    assert result.fingerprint == recipe(result.recipe).fingerprint


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.stem)
def test_the_accuracy_of_a_shipped_result_follows_from_its_predictions(path):
    result = read_result(path)
    shares = []
    for seed in result.seeds:
        table = result.predictions(seed)
        assert len(set(table.clip_ids)) == table.n
        if "folds" in result.protocol:
            assert table.n == result.data["n_clips"]
        shares.append(np.mean(table.probs.argmax(axis=1) == table.truth))
    assert result.accuracy().value == pytest.approx(np.mean(shares))


@pytest.mark.parametrize("path", STUDIED, ids=lambda path: path.stem)
def test_findings_that_are_shipped_were_made_by_the_study_as_it_is_now(path):
    found = read_findings(path)
    one = study(found.study)
    assert path.parent.name == one.paper
    assert found.fingerprint == one.fingerprint
    assert set(one.reported) <= set(found.table().index)


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_what_was_found_on_the_embedded_corpus_was_found_on_its_present_samples(path):
    read = read_findings if path in STUDIED else read_result
    data = read(path).data
    whole = re.fullmatch(r"synthetic-(\d+)-seed(\d+)", data["name"])
    if whole and data["n_clips"] == 10 * int(whole[1]):
        corpus = synthetic(int(whole[1]), seed=int(whole[2]))
        assert data["fingerprint"] == corpus_fingerprint(corpus)


# --- reported beside replicated


def test_your_own_results_stand_beside_the_papers_numbers(tmp_path):
    write_result(made("luo2021/cnn-mel", recipe("luo2021/cnn-mel").fingerprint), tmp_path)
    table = compare("luo2021", tmp_path)
    (row,) = table[table["data"] == "mine"].to_dict("records")
    assert (row["recipe"], row["reported"], row["n_reported"]) == ("luo2021/cnn-mel", 0.705, 200)
    assert row["replicated"] == pytest.approx(2 / 3)
    assert row["low"] <= 2 / 3 <= row["high"]
    assert (row["n_clips"], row["seeds"], row["protocol"]) == (3, 1, "1 fold")
    assert row["current"]


def test_a_result_of_an_older_recipe_is_marked(tmp_path):
    write_result(made("luo2021/cnn-mel", "0123"), tmp_path)
    table = compare("luo2021", tmp_path)
    assert not table[table["data"] == "mine"]["current"].any()


def test_a_recipe_that_was_not_run_keeps_its_row(tmp_path, monkeypatch):
    one = replace(recipe("luo2021/cnn-mel"), name="luo2021/never-run")
    monkeypatch.setattr("mgrlib.recipes.ledger.listed", lambda paper: (one,))
    (row,) = compare("luo2021", tmp_path).to_dict("records")
    assert (row["recipe"], row["reported"]) == ("luo2021/never-run", 0.705)
    assert "replicated" not in row


def test_results_are_the_packages_and_then_your_own(tmp_path):
    write_result(made("luo2021/cnn-mel"), tmp_path)
    found = results("luo2021", tmp_path)
    assert len(found) == 1 + len([path for path in SHIPPED if path.parent.name == "luo2021"])
    assert found[-1].data["name"] == "mine"


def test_your_own_results_are_looked_for_at_home(tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    write_result(made("luo2021/cnn-mel"), tmp_path / "results")
    assert results("luo2021")[-1].data["name"] == "mine"


def test_a_damaged_result_is_named(tmp_path):
    path = write_result(made("luo2021/cnn-mel"), tmp_path)
    path.write_text(path.read_text()[:50])
    with pytest.raises(RecipeError, match=r"cnn-mel\.mine\..*json"):
        compare("luo2021", tmp_path)
