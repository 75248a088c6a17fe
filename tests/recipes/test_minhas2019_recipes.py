"""Minhas et al. (2019): the paper's numbers are all there, and its studies do what they say."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import torch

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.gtzan import GENRES, known_artists
from mgrlib.data.tables import FeatureTable, kaggle_features
from mgrlib.evaluation.probes import PROBES
from mgrlib.features import MelPixels, Vector26, Vector57
from mgrlib.features.crop import Crop
from mgrlib.recipes import minhas2019 as paper
from mgrlib.recipes import minhas2019_noise, minhas2019_studies, minhas2019_systems
from mgrlib.recipes.core import Protocol, run
from mgrlib.recipes.ledger import recipe, recipes, studies, study
from mgrlib.recipes.minhas2019_systems import (
    PICTURE,
    VECTOR,
    in_steps,
    min_max_unit,
    n_steps,
    preparation,
    trained,
)
from mgrlib.recipes.studies import conduct
from mgrlib.segments import Segments, cut
from mgrlib.training import TrainConfig

RATE = 22050
SECONDS = 5.3


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Corpus:
    """Three genres of three clips each: low tones, high tones and noise, each another artist's."""
    folder, rng = tmp_path_factory.mktemp("sounds"), np.random.default_rng(0)
    time, rows = np.arange(round(SECONDS * RATE)) / RATE, []
    for i in range(9):
        genre = ("low", "high", "noise")[i % 3]
        hz = {"low": 200 + 8 * i, "high": 2500 + 60 * i, "noise": 0}[genre]
        beat = 0.3 + 0.7 * (time % 0.5 < 0.2)
        y = 0.3 * beat * np.sin(2 * np.pi * hz * time) + rng.normal(0, 0.01, len(time))
        y = y if hz else rng.normal(0, 0.1, len(time)) * beat
        path = folder / f"{genre}{i:02d}.wav"
        sf.write(path, y, RATE)
        rows.append((path.stem, str(path), genre, f"{genre}-artist{i // 3}", SECONDS))
    table = pd.DataFrame(rows, columns=["clip_id", "path", "genre", "group", "seconds"])
    return Corpus("sounds", ("low", "high", "noise"), table.set_index("clip_id"), FileSource())


@pytest.fixture(autouse=True)
def three_folds(monkeypatch) -> None:
    """As many folds as a genre here has artists."""
    monkeypatch.setattr(minhas2019_noise, "N_FOLDS", 3)
    monkeypatch.setattr(minhas2019_studies, "N_FOLDS", 3)


def quick(one, epochs=8):
    return replace(one, config=replace(one.config, epochs=epochs))


def table_1():
    """What the two studies of noise hold of the paper's table."""
    both = [study(f"minhas2019/{name}").reported for name in ("noise", "noise-cnn")]
    return {**both[0], **both[1]}


def test_table_1_has_its_ten_numbers_and_lacks_the_two_that_were_not_run():
    printed = {name: one.value for name, one in table_1().items()}
    assert sorted(printed.values(), reverse=True) == [
        *(0.3341, 0.3215, 0.209, 0.205, 0.146, 0.146, 0.105, 0.1, 0.1, 0.1),
    ]
    assert not [name for name in printed if name.startswith(("cnn, 50", "cnn, 75"))]


def test_the_noisy_numbers_count_a_thousand_clips_and_the_clean_ones_two_hundred():
    for name, one in table_1().items():
        assert one.n == (200 if "clean" in name else 1000)
        assert name.endswith("held out" if "clean" in name else "same clips")


def test_two_of_the_clean_numbers_are_no_share_of_two_hundred_clips():
    shares = np.arange(201) / 200
    whole = [
        bool(np.isclose(shares, one.reported[0].value, atol=1e-6).any())
        for one in recipes("minhas2019")[:3]
    ]
    assert whole == [False, True, False]


def test_everything_listed_has_a_name_of_its_own():
    names = [one.name for one in (*recipes("minhas2019"), *studies("minhas2019"))]
    assert len(set(names)) == len(names) == 21


def test_the_inputs_have_the_papers_shapes():
    assert VECTOR.shape(30.0) == (26,)
    assert PICTURE.shape(30.0) == (128, 216)


def test_ten_epochs_of_the_paper_are_seventy_steps_whatever_the_data():
    config = TrainConfig(epochs=10, batch_size=128)
    for n in (64, 80, 128, 129, 130, 300, 800):
        own = in_steps(config, n)
        assert 70 <= own.epochs * n_steps(own, n) < 70 + n_steps(own, n)


def test_vectors_are_scaled_to_unit_length_by_what_was_seen_in_training():
    x = torch.tensor([[0.0, 2.0], [4.0, 6.0]])
    train = Segments((x,), torch.tensor([0, 1]), torch.arange(2), ("a", "b"), ("p", "q"))
    scaled = min_max_unit(train)(train.map(lambda v: v + torch.tensor([3.0, 0.0])))
    expected = torch.tensor([[0.75, 0.0], [1.75, 1.0]])
    assert torch.allclose(scaled.inputs[0], torch.nn.functional.normalize(expected))


def test_the_steady_values_are_all_but_the_two_that_take_logarithms_of_single_cells(corpus):
    vectors = cut(corpus, VECTOR)
    steady = preparation(paper.STEADY)(vectors)(vectors).inputs[0]
    whole = preparation(paper.FEATURES_SCALED)(vectors)(vectors).inputs[0]
    kept = [i for i in range(26) if Vector26.columns[i] not in minhas2019_systems.FRAGILE]
    assert torch.allclose(steady, whole[:, kept])
    assert steady.shape == (9, 24)


def test_row_means_are_the_means_of_rows(corpus):
    pictures = cut(corpus, PICTURE)
    rows = preparation(paper.ROWS)(pictures)(pictures)
    assert rows.inputs[0].shape == (9, 128)
    assert torch.allclose(rows.inputs[0][3, 7], pictures.inputs[0][3, 7].mean())


@pytest.mark.parametrize("name", ["features", "rows", "features-scaled", "rows-scaled", "svm"])
def test_a_recipe_tells_tones_from_noise(corpus, name):
    found = run(quick(recipe(f"minhas2019/{name}"), 20), corpus, Protocol(3, by="group"))
    assert found.accuracy().value > 0.6
    assert found.predictions(0).n == 9


def test_a_recipe_and_a_study_train_the_same_network(corpus):
    one = quick(recipe("minhas2019/features-scaled"))
    split = Protocol(3, by="group").splits(corpus, 0)[0]
    segments = cut(corpus, VECTOR)
    answer = trained(one, segments.of(split.train), one.config)
    told = run(one, corpus, Protocol(3, by="group")).predictions(0).select(split.test)
    assert np.allclose(answer(segments.of(split.test)).probs, told.probs, atol=1e-3)


def test_the_training_of_a_large_network_is_found_again(corpus, tmp_path, monkeypatch):
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    monkeypatch.setattr(minhas2019_systems, "LARGE", 10)
    one = replace(quick(recipe("minhas2019/cnn-pooled"), 1), options={"pool": 8, "widths": (4, 4)})
    segments = cut(corpus, PICTURE)
    first = trained(one, segments, one.config)(segments)
    kept = list((tmp_path / "networks").glob("*.pt"))
    second = trained(one, segments, one.config)(segments)
    assert len(kept) == 1
    assert np.array_equal(first.probs, second.probs)


def test_a_picture_loses_the_share_of_its_pixels_and_a_vector_the_cells_of_its_stft(corpus):
    clean, lost = cut(corpus, PICTURE), minhas2019_noise.noisy(corpus, PICTURE, 0.5)
    share = (lost.inputs[0] != clean.inputs[0]).float().mean()
    assert float(share) == pytest.approx(0.5, abs=0.01)
    assert float(lost.inputs[0][lost.inputs[0] != clean.inputs[0]].max()) == 0.0
    vectors = minhas2019_noise.noisy(corpus, VECTOR, 0.5)
    assert not torch.equal(vectors.inputs[0], cut(corpus, VECTOR).inputs[0])


def test_silent_pixels_are_the_darkest_of_the_picture():
    assert MelPixels(RATE).contrast * MelPixels(RATE).top_db == minhas2019_noise.SILENCE


@pytest.fixture(scope="module")
def noise_rows(corpus) -> dict:
    systems = {
        "features": quick(paper.FEATURES_SCALED),
        "rows": quick(paper.ROWS_SCALED),
    }
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(minhas2019_noise, "N_FOLDS", 3)
        one = replace(paper.NOISE_LONG, settings={"systems": systems, "slow": {"rows": (1, 2)}})
        return {row["row"]: row for row in conduct(one, corpus, seeds=(0, 1)).rows}


def test_the_noise_study_has_a_row_for_each_share_and_both_protocols(noise_rows):
    shares = ("clean", "25 %", "50 %", "75 %")
    for protocol in ("same clips", "held out"):
        assert {f"{s}, {n}, {protocol}" for s in ("features", "rows") for n in shares} <= set(
            noise_rows
        )
        assert f"rows, 25 % silent, {protocol}" in noise_rows
    assert {row["n"] for row in noise_rows.values()} == {9}


def test_a_system_that_is_slow_gets_fewer_seeds(noise_rows):
    runs = {row["system"]: row["runs"] for row in noise_rows.values()}
    assert runs == {"features": 2, "rows": 1}


def test_clips_that_were_trained_on_are_known_better_than_others(noise_rows):
    same, held = (noise_rows[f"features, clean, {p}"]["value"] for p in ("same clips", "held out"))
    assert same >= held
    assert same == 1.0


def test_the_robustness_study_asks_every_probe_at_every_level(corpus, monkeypatch):
    few = {name: PROBES[name] for name in ("gain", "clipping")}
    monkeypatch.setattr(minhas2019_noise, "PROBES", few)
    one = replace(paper.ROBUSTNESS, settings={"systems": {"svm": paper.SVM}})
    rows = conduct(one, corpus, seeds=(0,)).rows
    assert len(rows) == sum(1 + len(probe.levels) for probe in few.values())
    assert {row["noise"] for row in rows} == set(few)


def test_a_learning_curve_knows_the_training_clips_at_its_end(corpus, monkeypatch):
    monkeypatch.setattr(minhas2019_studies, "AFTER", (5, 200))
    systems = {"scaled": quick(paper.FEATURES_SCALED, 29)}
    rows = conduct(replace(paper.STEPS, settings={"systems": systems}), corpus, seeds=(0,)).rows
    assert [row["steps"] for row in rows] == list(minhas2019_studies.AFTER)
    assert rows[-1]["train"] == 1.0
    assert rows[-1]["value"] >= rows[0]["value"]


def test_the_seven_families_are_the_26_columns():
    columns = [i for family in minhas2019_studies.FAMILIES.values() for i in family]
    assert columns == list(range(26))
    assert [Vector26.columns[c[0]] for c in minhas2019_studies.FAMILIES.values()][:3] == [
        *("tempo", "zero_crossing_rate", "spectral_centroid"),
    ]


def test_importance_has_each_value_shuffled_and_each_family_alone_and_left_out(corpus):
    settings = {"recipe": paper.SVM, "n_repeats": 2}
    rows = conduct(replace(paper.IMPORTANCE, settings=settings), corpus, seeds=(0,)).rows
    found = {row["row"]: row["value"] for row in rows}
    assert len(found) == 1 + 7 + 7 + 26 + 1
    assert found["centroid alone"] > 0.5 > found["tempo alone"] + 0.05
    assert found["tempo permuted"] == pytest.approx(0, abs=0.12)


def test_shuffled_columns_move_together_and_the_others_stay():
    x = torch.arange(20.0).reshape(5, 4)
    part = Segments((x,), torch.zeros(5), torch.arange(5), tuple("abcde"), ("p", "q"))
    mixed = minhas2019_studies._shuffled(part, (1, 2), np.random.default_rng(1)).inputs[0]
    assert torch.equal(mixed[:, [0, 3]], x[:, [0, 3]])
    assert torch.equal(mixed[:, 2] - mixed[:, 1], torch.ones(5))
    assert not torch.equal(mixed, x)


def test_clips_of_two_genres_are_asked_of_three_networks(corpus):
    settings = {"config": TrainConfig(epochs=6, batch_size=32), "n_train": 24, "n_test": 12}
    rows = conduct(replace(paper.GENRES, settings=settings), corpus, seeds=(0,)).rows
    assert len(rows) == 3 * 4
    assert {row["n"] for row in rows if row["clips"] == "blends"} == {12}
    assert all(0 <= row["value"] <= 1 for row in rows)


@pytest.fixture(scope="module")
def table() -> FeatureTable:
    """A table with GTZAN's clip ids, whose columns tell the genre faintly."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(10), 100)
    x = rng.normal(size=(1000, 57)) + np.eye(57)[labels] * 4
    ids = np.array([f"{GENRES[k]}.{i % 100:05d}" for i, k in enumerate(labels)])
    zeros = np.zeros(1000, dtype=np.int64)
    return FeatureTable(x, Vector57.columns, labels, ids, ids, zeros, GENRES)


def test_the_splits_of_the_table_keep_their_promises(table):
    whole = table.corpus()
    made = minhas2019_studies._table_splits(whole, (0, 1))
    sizes = {name: [len(p) for p in splits[0].parts().values()] for name, splits in made.items()}
    assert sizes["fault-filtered"] == [443, 197, 290]
    assert np.abs(np.subtract(sizes["random, same sizes"], [443, 267, 290])).max() <= 10
    assert made["fault-filtered"][0] is made["fault-filtered"][1]
    assert made["random"][0].test != made["random"][1].test
    artists = known_artists()
    for split in made["artists together"]:
        train, test = ({artists[c] for c in p if c in artists} for p in (split.train, split.test))
        assert not train & test


def test_the_table_study_has_five_systems_under_five_splits(table, monkeypatch):
    few = {"dense network", "logistic regression"}
    systems = minhas2019_studies._table_systems
    monkeypatch.setattr(
        minhas2019_studies,
        "_table_systems",
        lambda config: {name: one for name, one in systems(config).items() if name in few},
    )
    settings = {"config": TrainConfig(epochs=4, batch_size=128)}
    rows = conduct(replace(paper.TABLE, settings=settings), table.corpus(), seeds=(0, 1)).rows
    assert len(rows) == 2 * 5
    assert {row["n"] for row in rows} >= {200, 290}
    assert min(row["value"] for row in rows if row["system"] != "dense network") > 0.8


@pytest.mark.realdata
def test_the_public_table_gives_the_known_accuracy_of_a_random_split(realdata, monkeypatch):
    systems = minhas2019_studies._table_systems
    monkeypatch.setattr(
        minhas2019_studies,
        "_table_systems",
        lambda config: {"RBF SVM": systems(config)["RBF SVM"]},
    )
    whole = kaggle_features(realdata / "kaggle" / "features_30_sec.csv.gz").corpus("gtzan-table")
    rows = conduct(paper.TABLE, whole, seeds=(0, 1)).rows
    value = {row["split"]: row["value"] for row in rows}
    assert 0.65 < value["random"] < 0.82
    assert value["fault-filtered"] < value["random, same sizes"]


def test_a_recipe_of_whole_clips_differs_in_the_feature_alone():
    crop = recipe("minhas2019/features-scaled")
    whole = recipe("minhas2019/features-whole")
    assert isinstance(crop.features[0], Crop)
    assert whole.features[0] == crop.features[0].feature
    assert whole.config == crop.config
