"""The noise of Minhas et al. (2019), and their networks under it and under other damage."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch

from mgrlib import papers
from mgrlib.errors import RecipeError
from mgrlib.evaluation.probes import PROBES
from mgrlib.experiments import conditions
from mgrlib.experiments.record import Records
from mgrlib.experiments.study import conduct
from mgrlib.features import MelPixels
from mgrlib.papers.minhas2019 import recipes
from mgrlib.papers.minhas2019.studies import noise
from mgrlib.segments import cut


def test_a_picture_loses_the_share_of_its_pixels_and_a_vector_the_cells_of_its_stft(sounds):
    clean, lost = cut(sounds, recipes.PICTURE), noise.noisy(sounds, recipes.PICTURE, 0.5)
    share = (lost.inputs[0] != clean.inputs[0]).float().mean()
    assert float(share) == pytest.approx(0.5, abs=0.01)
    assert float(lost.inputs[0][lost.inputs[0] != clean.inputs[0]].max()) == 0.0
    vectors = noise.noisy(sounds, recipes.VECTOR, 0.5)
    assert not torch.equal(vectors.inputs[0], cut(sounds, recipes.VECTOR).inputs[0])


def test_silent_pixels_are_the_darkest_of_the_picture():
    assert MelPixels(22050).contrast * MelPixels(22050).top_db == noise.SILENCE


def test_noise_asks_for_a_stretch_of_five_seconds(sounds):
    with pytest.raises(RecipeError, match="features-whole: expected a Crop"):
        noise.noise_conditions(recipes.WHOLE, sounds)


@pytest.fixture(scope="module")
def noise_rows(sounds, quick, store, three_folds) -> Records:
    systems = {"features": quick(recipes.FEATURES_SCALED), "rows": quick(recipes.ROWS_SCALED)}
    study = replace(noise.NOISE_LONG, settings={"systems": systems, "slow": {"rows": (1, 2)}})
    return conduct(study, sounds, seeds=(0, 1))


def test_the_noise_study_has_the_conditions_of_the_records_that_come_with_the_package(noise_rows):
    names = ("noise-trained", "noise-rows-trained")
    shipped = papers.records("minhas2019", *names, data="gtzan-mini")
    shipped = shipped.where(system=("features", "rows"))
    produced = {tuple(record.condition.items()) for record in noise_rows}
    assert produced == {tuple(record.condition.items()) for record in shipped}
    assert {record.n for record in noise_rows} == {9}


def test_row_means_and_pictures_need_no_waveform_under_noise():
    """So that they run on corpora of spectrogram pictures."""
    for study in (noise.NOISE_ROWS, noise.NOISE_CNN, noise.NOISE_ROWS_LONG):
        for recipe in study.settings["systems"].values():
            assert isinstance(recipe.features[0].feature, MelPixels)


def test_a_system_that_is_slow_gets_fewer_seeds(noise_rows):
    runs = {record.get("system"): record.details["runs"] for record in noise_rows}
    assert runs == {"features": 2, "rows": 1}


def test_clips_that_were_trained_on_are_known_better_than_others(noise_rows):
    clean = noise_rows.where(system="features", noise="clean")
    same, held_out = (clean.only(clips=clips) for clips in ("same clips", "held out"))
    assert same.value == same.train_accuracy == 1.0
    assert held_out.value <= same.value


def test_the_robustness_study_asks_every_probe_at_every_level(sounds, monkeypatch):
    few = {name: PROBES[name] for name in ("gain", "clipping")}
    for module in (noise, conditions):
        monkeypatch.setattr(module, "PROBES", few)
    study = replace(noise.ROBUSTNESS, settings={"systems": {"svm": recipes.SVM}})
    records = conduct(study, sounds, seeds=(0,))
    shipped = papers.records("minhas2019", "robustness", data="gtzan-mini", system="svm")
    shipped = shipped.where(damage=tuple(few))
    produced = {(*r.condition.values(), r.get("label")) for r in records}
    assert produced == {(*r.condition.values(), r.get("label")) for r in shipped}
    assert len(records) == sum(1 + len(probe.levels) for probe in few.values())
    assert len({r.value for r in records.where(level=None)}) == 1
