from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import soundfile as sf
import torch
from torch import nn

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.tables import FeatureTable
from mgrlib.errors import RecipeError, StorageError
from mgrlib.features import LogMel
from mgrlib.recipes import all_clips, wei2023_distil, wei2023_int8, wei2023_pruning
from mgrlib.recipes.core import Recipe
from mgrlib.recipes.ledger import recipe, recipes, study
from mgrlib.recipes.studies import conduct
from mgrlib.recipes.wei2023_costs import accuracies, networks, sharing
from mgrlib.segments import Cut
from mgrlib.training import TrainConfig

RATE = 8000


class Tiny(nn.Module):
    """One convolution, and the mean over time."""

    def __init__(self, n_classes: int, input_shape: tuple[int, int]) -> None:
        super().__init__()
        self.conv, self.linear = nn.Conv1d(input_shape[0], 6, 3), nn.Linear(6, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        return self.linear(torch.relu(self.conv(x)).mean(2))


TINY = Recipe(
    "tiny/net",
    "Tiny",
    (LogMel(RATE, n_fft=256, hop_length=128, n_mels=8),),
    Tiny,
    TrainConfig(epochs=20, batch_size=8, lr=0.05),
    how=Cut(0.5),
    scaling="coefficient",
)


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    """An empty store for each test."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))


@pytest.fixture
def music(tmp_path) -> Corpus:
    """Twelve clips of a second: low tones, and noise."""
    rng, time = np.random.default_rng(0), np.arange(RATE) / RATE
    rows = []
    for i in range(12):
        genre = ("tone", "noise")[i % 2]
        y = 0.3 * np.sin(2 * np.pi * (150 + 10 * i) * time) if genre == "tone" else 0.0
        path = tmp_path / f"{genre}{i}.wav"
        sf.write(path, y + 0.01 * rng.standard_normal(RATE) * (1 + 9 * (i % 2)), RATE)
        rows.append((path.stem, str(path), genre, path.stem, 1.0))
    table = pd.DataFrame(rows, columns=["clip_id", "path", "genre", "group", "seconds"])
    return Corpus("tiny", ("tone", "noise"), table.set_index("clip_id"), FileSource())


@pytest.fixture
def table() -> Corpus:
    """Forty clips of two genres, five rows each, that a small network tells apart."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40) % 2, 5)
    x = rng.normal(size=(200, 57)) + labels[:, None]
    ids = np.repeat([f"{'ab'[m % 2]}.{m:05d}" for m in range(40)], 5)
    columns = tuple(f"c{i}" for i in range(57))
    made = FeatureTable(x, columns, labels, ids, ids, np.tile(np.arange(5), 40), ("a", "b"))
    return made.corpus("toy-table")


def test_every_number_that_the_paper_prints_on_compression_has_its_row():
    printed = [study(f"wei2023/{name}").reported for name in ("pruning", "int8")]
    values = {one.value for rows in printed for one in rows.values()}
    assert values == {0.9274, 5.49, 0.7374, 0.7273, 3.93, 0.14883461, 0.14791101}


def test_pruning_gives_a_row_a_way_and_the_ratios(table):
    names = ("pruned gradually", "units taken out")
    ways = {name: (wei2023_pruning.WAYS[name][0], (0.75,), "gone") for name in names}
    training = TrainConfig(epochs=1, batch_size=64)
    told = {
        **study("wei2023/pruning").settings,
        "ways": ways,
        "schedule": wei2023_pruning.Schedule(training, 3),
    }
    told["ratio_of"] = "pruned gradually, 75% gone"
    short = replace(study("wei2023/pruning"), settings=told, reported={})
    found = conduct(short, table, seeds=(0, 1)).table()
    rows = found[found.division == "clips apart"]
    assert len(rows) == 1 + len(ways)
    cut = rows.loc["clips apart: pruned gradually, 75% gone"]
    assert cut.nonzeros < 0.26 * cut.parameters
    assert cut.stored == rows.loc["clips apart: whole"].stored
    assert rows.loc["clips apart: units taken out, 75% gone"].parameters < 20_000
    assert found.loc["clips apart: ratio, stored bytes", "value"] == 1
    assert found.loc["clips apart: ratio, stored to packed", "value"] > 3


def test_the_three_parts_share_no_clip_where_clips_are_apart(table):
    from mgrlib.features import Vector57
    from mgrlib.segments import cut

    rows = cut(table, Vector57(22050))
    parts = wei2023_pruning.parts_of(table, rows, "clips apart", seed=0)
    clips = [
        {name.split("#")[0] for name in part.clip_ids}
        for part in (parts.train, parts.dev, parts.test)
    ]
    assert [len(part) for part in clips] == [28, 8, 4]
    assert not (clips[0] & clips[1] | clips[0] & clips[2] | clips[1] & clips[2])


def test_int8_is_compared_on_the_same_clips(music):
    told = {"systems": {"Tiny": TINY}, "n_folds": 2, "rounds": 3}
    short = replace(study("wei2023/int8"), settings=told, reported={})
    found = conduct(short, music).table()
    assert found.loc["Tiny: float32", "value"] > 0.9
    assert found.loc["Tiny: int8 static", "answers changed"] <= 0.2
    assert found.loc["Tiny: ratio, float32", "value"] == 1
    assert found.loc["Tiny: float32", "gain"] == [0, 0, 0]
    assert (found[found.metric == "seconds"].value > 0).all()


def test_int8_loses_what_it_loses_over_all_seeds_and_systems(music):
    told = {"systems": {"Tiny": TINY, "Again": TINY}, "n_folds": 2, "rounds": 1}
    short = replace(study("wei2023/int8"), settings=told, reported={})
    found = conduct(short, music, seeds=(0, 1)).table()
    names = [f"{name}: int8 static" for name in ("Tiny", "Again")]
    assert list(found.loc[names, "answers"]) == [24, 24]  # twelve clips, two seeds
    assert found.loc["all: int8 static", ["answers", "n"]].tolist() == [48, 12]
    gains = [found.loc[name, "gain"][0] for name in names]
    assert found.loc["all: int8 static", "value"] == pytest.approx(np.mean(gains))


def test_distillation_compares_on_the_same_folds(music):
    short = replace(
        study("wei2023/distillation"),
        settings={"teacher": TINY, "student": TINY, "temperatures": (2.0,), "n_folds": 2},
    )
    found = conduct(short, music).table()
    assert list(found.index) == ["teacher", "student alone", "student, temperature 2"]
    assert found.loc["student alone", "gain"] == [0, 0, 0]
    assert found.loc["student, temperature 2", "value"] > 0.8


def test_a_student_hands_out_its_network_and_hears_one_modality(music, monkeypatch):
    monkeypatch.setattr(wei2023_distil, "TEACHER", TINY)
    two = replace(
        TINY,
        features=TINY.features * 2,
        model=lambda n_classes, *shapes: Tiny(n_classes, shapes[0]),
        learn=wei2023_distil.learn_student,
    )
    made = all_clips.train_on_all(two, music, changes={"epochs": 1})
    assert isinstance(made.model, Tiny)
    assert made.feature == TINY.features[0]


def test_every_network_is_costed_once():
    found = networks(recipes("luo2021"))
    assert "luo2021/cnn-mel" in found
    assert "luo2021/cnn-mel-scaled" not in found  # the same network, trained otherwise
    assert sharing(recipes("luo2021"))["luo2021/cnn-mel-scaled"] == "luo2021/cnn-mel"
    model, shapes = found["luo2021/cnn-mel"]
    assert (type(model).__name__, shapes) == ("ShallowCNN", [(128, 1024)])


def test_accuracies_are_those_of_the_results_there_are():
    found = accuracies("gtzan-mini")
    assert found.loc["luo2021/cnn-mel", "n"] == 100
    assert ((found.low <= found.accuracy) & (found.accuracy <= found.high)).all()
    assert accuracies("no such data").empty


def test_a_pipeline_is_trained_on_all_clips_and_kept(music, tmp_path):
    made = all_clips.train_on_all(TINY, music)
    y = music.audio("tone0", RATE)[:4000]
    assert made.genres[int(made(y).argmax())] == "tone"
    assert made.about["trained on"] == "12 clips of tiny"
    back = all_clips.kept(TINY, all_clips.keep(made, tmp_path / "net.pt"))
    assert np.array_equal(back(y), made(y))


def test_ranges_are_settled_on_clips_of_every_genre(music):
    made = all_clips.train_on_all(TINY, music, changes={"epochs": 1})
    ranges = all_clips.calibration(TINY, made, music, n_clips=12)
    assert set(ranges.y.tolist()) == {0, 1}


def test_weights_of_another_recipe_and_other_files_are_refused(music, tmp_path):
    path = all_clips.keep(
        all_clips.train_on_all(TINY, music, changes={"epochs": 1}), tmp_path / "net.pt"
    )
    with pytest.raises(RecipeError, match="weights of tiny/net"):
        all_clips.kept(recipe("luo2021/cnn-mel"), path)
    path.write_bytes(b"nothing of the kind")
    with pytest.raises(StorageError, match="export --keep"):
        all_clips.kept(TINY, path)
    with pytest.raises(StorageError, match="nothing there"):
        all_clips.kept(TINY, tmp_path / "none.pt")


def test_the_reported_accuracies_are_one_clip_apart():
    values = [r.value for r in wei2023_int8._REPORTED.values() if r.metric == "accuracy"]
    assert [round(v * 99) for v in values] == [73, 72]
    assert [round(k / 99, 4) for k in (73, 72)] == values
