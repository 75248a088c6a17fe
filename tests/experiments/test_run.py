from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import TINY

from mgrlib.errors import RecipeError, TrainingError
from mgrlib.experiments import run as run_module
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.record import write_records
from mgrlib.experiments.run import PLAIN, Result, cross_validate, forget, restore
from mgrlib.systems.prepare import Standardize


@pytest.fixture
def trained(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seeds of the folds that are really trained."""
    seeds: list[int] = []
    learn = run_module.learn

    def counting(recipe, train, valid, *, seed):
        seeds.append(seed)
        return learn(recipe, train, valid, seed=seed)

    monkeypatch.setattr(run_module, "learn", counting)
    return seeds


def without_seconds(result: Result) -> list:
    """All of a result that must not depend on the clock."""
    return [{k: v for k, v in run.items() if k != "seconds"} for run in result.runs]


def silent(system, clips, test):
    """A condition: every input is zero."""
    return system.predict(test.map(torch.zeros_like))


def turned(system, clips, test):
    """A condition: the sound from end to beginning, taken from the clips."""
    return system.predict(clips.select(clip_ids=clips.clips.index[::-1]))


def test_cross_validation_learns_and_keeps_all_that_is_needed_to_judge_it(corpus):
    result = cross_validate(TINY, corpus, Protocol(3), seeds=(0, 1))
    assert result.accuracy().value == 1.0
    assert result.data["name"] == "tiny" and result.data["n_clips"] == 12
    assert [(run["seed"], run["split"]) for run in result.runs] == [
        (seed, f"fold-{k}") for seed in (0, 1) for k in range(3)
    ]
    record = result.record()
    assert (record.source, record.version, record.n) == ("luo2021/tiny", 1, 12)
    assert (record.protocol, record.seeds) == ("3 folds by clip", (0, 1))
    assert record.train_accuracy == 1.0
    assert {"torch", "librosa", "mgrlib"} <= set(record.about["versions"])
    assert len(record.runs[0]["history"]["train_loss"]) == 15


def test_conditions_are_asked_of_the_same_systems(corpus, trained):
    result = cross_validate(TINY, corpus, Protocol(2), on={"silent": silent, "turned": turned})
    assert trained == [0, 0]
    assert result.conditions == (PLAIN, "silent", "turned")
    assert len(set(map(tuple, result.predictions(0, "silent").probs.tolist()))) <= 2
    ids = corpus.clips.index
    assert np.allclose(
        result.predictions(0, "turned").select(ids).probs, result.predictions(0).select(ids).probs
    )
    record = result.record("silent", noise="silence")
    assert record.condition == {"noise": "silence"}
    assert record.value < result.record().value == 1.0


def test_conditions_are_part_of_what_folds_are_kept_by(corpus, trained):
    cross_validate(TINY, corpus, Protocol(2))
    cross_validate(TINY, corpus, Protocol(2), on={"silent": silent})
    assert len(trained) == 4
    cross_validate(TINY, corpus, Protocol(2), on={"silent": silent})
    assert len(trained) == 4


def test_conditions_without_a_name_are_never_taken_for_each_other(corpus, trained):
    for factor in (0.0, 1.0):

        def scaled(system, clips, test, factor=factor):
            return system.predict(test.map(lambda x: factor * x))

        cross_validate(TINY, corpus, Protocol(2), on={"scaled": scaled})
    assert len(trained) == 4
    with pytest.raises(RecipeError, match="a name for each condition"):
        cross_validate(TINY, corpus, Protocol(2), on={PLAIN: silent})


def test_the_same_seed_gives_the_same_result_to_the_bit(corpus, tmp_path, monkeypatch):
    first = cross_validate(TINY, corpus, Protocol(2))
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    torch.rand(5)
    assert without_seconds(cross_validate(TINY, corpus, Protocol(2))) == without_seconds(first)


def test_finished_folds_are_not_trained_again(corpus, trained):
    first = cross_validate(TINY, corpus, Protocol(2))
    assert trained == [0, 0]
    second = cross_validate(TINY, corpus, Protocol(2), seeds=(0, 1))
    assert trained == [0, 0, 1, 1]
    assert second.runs[:2] == first.runs


def test_a_run_that_was_killed_goes_on_where_it_stopped(corpus, trained, tmp_path, monkeypatch):
    counting = run_module.learn

    def dying(*arguments, **options):
        if len(trained) == 2:
            raise KeyboardInterrupt
        return counting(*arguments, **options)

    with monkeypatch.context() as patch:
        patch.setattr(run_module, "learn", dying)
        with pytest.raises(KeyboardInterrupt):
            cross_validate(TINY, corpus, Protocol(4))
    resumed = cross_validate(TINY, corpus, Protocol(4))
    assert len(trained) == 4
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    assert without_seconds(cross_validate(TINY, corpus, Protocol(4))) == without_seconds(resumed)


def test_forgetting_a_recipe_trains_it_again(corpus, trained):
    cross_validate(TINY, corpus, Protocol(2))
    forget(TINY)
    cross_validate(TINY, corpus, Protocol(2))
    assert len(trained) == 4


def test_seeds_are_added_to_an_earlier_result_without_its_folds_being_trained_again(
    corpus, trained, tmp_path, monkeypatch
):
    first = cross_validate(TINY, corpus, Protocol(2))
    write_records(first.records(), tmp_path / "results")
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    assert restore(tmp_path / "results", TINY, corpus, Protocol(2)) == 2
    second = cross_validate(TINY, corpus, Protocol(2), seeds=(0, 1))
    assert trained == [0, 0, 1, 1]
    assert second.seeds == (0, 1)
    assert [{**run, "about": None} for run in second.runs[:2]] == [
        {**run, "about": None} for run in first.runs
    ]
    about = {name: first.about[name] for name in ("date", "commit", "device")}
    assert [run.get("about") for run in second.runs] == [about, about, None, None]
    write_records(second.records(), tmp_path / "more")
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "a third"))
    assert restore(tmp_path / "more", TINY, corpus, Protocol(2)) == 4
    third = cross_validate(TINY, corpus, Protocol(2), seeds=(0, 1, 2))
    assert [run["about"]["date"] for run in third.runs[:2]] == [about["date"]] * 2
    assert len(trained) == 6


def test_folds_that_are_in_the_store_stay_as_they_are(corpus, trained, tmp_path):
    first = cross_validate(TINY, corpus, Protocol(2))
    write_records(first.records(), tmp_path)
    assert restore(tmp_path, TINY, corpus, Protocol(2)) == 0
    assert cross_validate(TINY, corpus, Protocol(2)).runs == first.runs
    assert trained == [0, 0]


def test_folds_of_an_old_record_without_all_their_parts_are_trained_again(
    corpus, trained, tmp_path, monkeypatch
):
    record = cross_validate(TINY, corpus, Protocol(2)).record()
    old, new = record.runs
    old = {name: value for name, value in old.items() if name != "train_accuracy"}
    write_records([replace(record, runs=(old, new))], tmp_path)
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    assert restore(tmp_path, TINY, corpus, Protocol(2)) == 1
    cross_validate(TINY, corpus, Protocol(2))
    assert len(trained) == 3


def test_only_results_of_the_same_recipe_clips_and_division_are_taken(
    corpus, trained, tmp_path, monkeypatch
):
    write_records(cross_validate(TINY, corpus, Protocol(2)).records(), tmp_path)
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "another"))
    assert restore(tmp_path, TINY, corpus, Protocol(3)) == 0
    assert restore(tmp_path, TINY, corpus, Protocol(2), changes={"epochs": 2}) == 0
    with pytest.raises(RecipeError, match="version 2 of luo2021/tiny"):
        restore(tmp_path, replace(TINY, version=2), corpus, Protocol(2))
    with pytest.raises(RecipeError, match="on these clips"):
        restore(tmp_path, TINY, corpus.select(clip_ids=corpus.clips.index[:8]), Protocol(2))
    with pytest.raises(RecipeError, match="a folder of result files"):
        restore(tmp_path / "missing", TINY, corpus, Protocol(2))


@pytest.mark.parametrize(
    "again",
    [
        lambda corpus: cross_validate(TINY, corpus, Protocol(2), changes={"epochs": 2}),
        lambda corpus: cross_validate(TINY, corpus, Protocol(2, "group")),
        lambda corpus: cross_validate(
            replace(TINY, prepare=(Standardize("array"),)), corpus, Protocol(2)
        ),
        lambda corpus: cross_validate(replace(TINY, version=2), corpus, Protocol(2)),
        lambda corpus: cross_validate(
            TINY, corpus.select(clip_ids=corpus.clips.index[:10]), Protocol(2)
        ),
    ],
)
def test_what_was_kept_of_another_run_is_not_taken(corpus, trained, again):
    cross_validate(TINY, corpus, Protocol(2), changes={"epochs": 1})
    again(corpus)
    assert len(trained) == 4


def test_what_was_kept_for_another_grouping_is_not_taken(corpus):
    before = cross_validate(TINY, corpus, Protocol(2, "group"))
    regrouped = replace(corpus, clips=corpus.clips.assign(group=list("aabbccddeeff")))
    after = cross_validate(TINY, regrouped, Protocol(2, "group"))
    assert before.predictions(0).n == after.predictions(0).n == 12
    (fold, _) = Protocol(2, "group").splits(regrouped, 0)
    assert set(after.runs[0]["predictions"][PLAIN]["clip_ids"]) == set(fold.test)


@pytest.mark.parametrize("content", ["", '{"seed": 0', "[]", "{}"])
def test_a_damaged_fold_is_announced_and_trained_again(corpus, trained, home: Path, content):
    first = cross_validate(TINY, corpus, Protocol(2))
    next((home / "runs").rglob("0-fold-1.json")).write_text(content)
    with pytest.warns(UserWarning, match="0-fold-1"):
        second = cross_validate(TINY, corpus, Protocol(2))
    assert len(trained) == 3
    assert without_seconds(second) == without_seconds(first)


def test_changes_of_the_training_are_recorded(corpus):
    record = cross_validate(TINY, corpus, Protocol(2), changes={"epochs": 2}).record()
    assert record.changes == {"epochs": 2}
    assert [len(run["history"]["train_loss"]) for run in record.runs] == [2, 2]


def test_changes_that_make_no_sense_are_refused_before_anything_is_computed(corpus, home):
    with pytest.raises(TrainingError, match="epochs"):
        cross_validate(TINY, corpus, Protocol(2), changes={"epochs": 0})
    assert not home.exists()


@pytest.mark.parametrize("seeds", [(), (0, 0)])
def test_seeds_are_wanted_each_once(corpus, home, seeds):
    with pytest.raises(RecipeError, match="seeds"):
        cross_validate(TINY, corpus, Protocol(2), seeds=seeds)
    assert not home.exists()


def by_hand(correct: dict[int, list[bool]], clips: str = "abcd") -> Result:
    """A result of one fold for each seed, in which the clips are right or wrong as given."""
    runs = [
        {
            "seed": seed,
            "split": "fold-0",
            "seconds": 1.5,
            "train_accuracy": 1.0,
            "predictions": {
                PLAIN: {
                    "genres": ["x", "y"],
                    "clip_ids": list(clips),
                    "truth": [0] * len(clips),
                    "probs": [[0.9, 0.1] if right else [0.2, 0.8] for right in rights],
                }
            },
        }
        for seed, rights in correct.items()
    ]
    data = {"name": "made-up", "n_clips": len(clips), "fingerprint": ""}
    return Result(TINY, data, Protocol(), tuple(runs), {}, {})


def test_accuracy_is_the_mean_over_seeds_with_the_clips_counted():
    accuracy = by_hand({3: [True, True, True, False], 1: [True, False, True, False]}).accuracy()
    assert accuracy.value == 0.625
    assert (accuracy.n, accuracy.unit) == (4, "clips")
    assert accuracy.low <= 0.625 <= accuracy.high


def test_seeds_keep_their_order_and_seconds_add_up():
    result = by_hand({3: [True] * 4, 1: [True] * 4})
    assert result.seeds == (3, 1)
    assert result.record().seconds == 3.0


def test_a_seed_that_was_not_run_is_refused():
    with pytest.raises(RecipeError, match=r"a seed among \(3,\)"):
        by_hand({3: [True] * 4}).predictions(5)


def test_holdouts_of_different_clips_are_uncertain_by_seed():
    first, other = by_hand({0: [True] * 4}), by_hand({1: [True, True, False, False]}, clips="efgh")
    accuracy = replace(first, runs=first.runs + other.runs).accuracy()
    assert (accuracy.value, accuracy.n, accuracy.unit) == (0.75, 2, "seeds")


def test_records_of_holdouts_draw_seeds_and_count_no_artists(corpus):
    record = cross_validate(TINY, corpus, Protocol(None, test=0.5), seeds=(0, 1)).record()
    assert "n_groups" not in record.details
    assert "low_over_clips" not in record.details
    single = cross_validate(TINY, corpus, Protocol(None, test=0.5), seeds=(0,)).record()
    assert single.details["n_groups"] <= single.n


def test_records_of_known_artists_have_intervals_over_artists_and_over_clips(corpus):
    record = cross_validate(TINY, corpus, Protocol(2), seeds=(0, 1)).record()
    assert record.details["n_groups"] == corpus.clips["group"].nunique()
    assert record.details["low_over_clips"] <= record.value <= record.details["high_over_clips"]
    alone = replace(corpus, clips=corpus.clips.assign(group=corpus.clips.index))
    plain = cross_validate(TINY, alone, Protocol(2), seeds=(0, 1)).record()
    assert plain.details == {}
    assert (plain.low, plain.high) == (
        record.details["low_over_clips"],
        record.details["high_over_clips"],
    )
