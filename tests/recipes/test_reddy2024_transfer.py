from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic, tags
from mgrlib.errors import ChecksumError
from mgrlib.models.contract import count_parameters
from mgrlib.recipes import reddy2024_transfer as transfer
from mgrlib.recipes.core import Protocol, run
from mgrlib.recipes.ledger import recipe
from mgrlib.segments import cut
from mgrlib.storage import checksum, home
from mgrlib.synth.tags import TAGS
from mgrlib.training import TrainConfig, seeded

GENRES = ("low", "high")


def low_or_high(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A tone, of one genre low and of the other high, with a little noise."""
    pitch = (300 if row["genre"] == "low" else 2500) + 5 * row["number"]
    return 0.3 * np.sin(2 * np.pi * pitch * time) + 0.03 * noise


@pytest.fixture(scope="module")
def tones(made_up) -> Corpus:
    """Twelve artists a genre, one clip of ten seconds each."""
    return made_up("tones", low_or_high, GENRES, 12, 10.0)


@pytest.fixture
def tiny(monkeypatch) -> None:
    """Two channels a block, which train as fast as one could wish."""
    narrow = partial(transfer.small_crnn, widths=(2, 2, 2, 2))
    monkeypatch.setattr(transfer, "small_crnn", narrow)


@pytest.fixture
def untaught(monkeypatch, tiny) -> None:
    """A tagger that was never trained in the place of ours."""

    def tagger(sha256: str = "") -> torch.nn.Module:
        with seeded(0):
            return transfer.small_crnn(len(TAGS)).eval()

    monkeypatch.setattr(transfer, "embedded_tagger", tagger)


def test_our_tagger_comes_with_the_package_and_knows_its_tags():
    tagger = transfer.embedded_tagger()
    logits = tagger(torch.zeros(1, 96, 310))
    assert logits.shape == (1, len(TAGS))
    assert count_parameters(tagger) < 70_000


def test_weights_of_another_content_are_refused():
    with pytest.raises(ChecksumError, match="SHA-256"):
        transfer.embedded_tagger("0" * 64)


def test_tags_stand_where_genres_stood():
    corpus = synthetic(1, seconds=1.0)
    feature = replace(transfer.SHORT, n_frames=10)
    tagged = transfer.with_tags(corpus, cut(corpus, feature, clip_ids=corpus.clips.index[:3]))
    assert tagged.y.shape == (3, len(TAGS))
    assert tagged.genres == TAGS
    assert tagged.y[2].numpy().astype(bool).tolist() == tags(corpus).iloc[2].tolist()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")  # ten clips do not have all tags
def test_pretraining_keeps_the_weights_that_it_measured(monkeypatch, tiny):
    monkeypatch.setattr(transfer, "SECONDS", 1.0)
    corpus = synthetic(1, seconds=2.0, seed=3)
    rows = transfer.pretrain(
        corpus, (0,), worlds=(1, 2), n_per_genre=1, config=TrainConfig(epochs=1, batch_size=10)
    )
    assert rows[0]["row"] == "all tags"
    assert rows[0]["low"] <= rows[0]["value"] <= rows[0]["high"]
    assert {"all tags, first excerpt", "all tags, music that it learnt from"} <= {
        row["row"] for row in rows
    }
    assert checksum(home() / "weights" / transfer.WEIGHTS) == rows[0]["sha256"]


def test_a_network_makes_as_many_steps_whatever_the_number_of_clips(tones):
    segments = cut(tones, transfer.SHORT)
    for size in (2, 4):
        train = transfer.few_clips(segments, tones.clips.index, size, seed=0)
        config = transfer.steps(TrainConfig(batch_size=4), train, 0, n_steps=6)
        assert config.epochs * len(train) / 4 == 6


def test_band_statistics_are_mean_deviation_and_step(tones):
    segments = cut(tones, transfer.SHORT, clip_ids=tones.clips.index[:2])
    rows = transfer.statistics(segments).inputs[0]
    x = segments.inputs[0]
    assert rows.shape == (2, 3 * 96)
    assert torch.allclose(rows[:, 96], x[:, 0].std(1))


def test_fewer_training_clips_are_among_more(tones):
    segments = cut(tones, transfer.SHORT)
    few, more = (transfer.few_clips(segments, tones.clips.index, n, seed=1) for n in (2, 5))
    assert set(few.clip_ids) < set(more.clip_ids)
    assert torch.bincount(more.y).tolist() == [5, 5]


@pytest.mark.parametrize("name", ["small-crnn", "small-tuned", "small-tuned-recurrent"])
def test_recipes_of_networks_run(tones, untaught, name):
    one = recipe(f"reddy2024/{name}")
    one = replace(one, options={"widths": (2, 2, 2, 2)}) if one.options else one
    made = run(one, tones, Protocol(None, by="group"), changes={"epochs": 1})
    assert made.predictions(0).n == len(made.predictions(0).clip_ids) == 4


def test_features_tell_low_from_high(tones, untaught):
    made = run(recipe("reddy2024/small-svm"), tones, Protocol(3, by="group"))
    assert made.accuracy().value > 0.9


def test_a_learning_curve_has_a_row_for_each_strategy_and_size(tones, untaught):
    rows = transfer.learning_curve(tones, (0, 1), sizes=(3, 4), n_steps=0, tagger="")
    assert len(rows) == 2 * 8
    assert {row["size"] for row in rows} == {3, 4}
    fresh = [row for row in rows if row["strategy"] == "from scratch"]
    assert [row["p"] for row in fresh] == [1.0, 1.0]
    assert all(row["n"] == 6 for row in rows)


def test_studies_of_fine_tuning_have_a_row_for_each_way(tones, untaught):
    common = {"size": 2, "n_steps": 0, "tagger": ""}  # one epoch, the least there is
    rows = transfer.frozen_layers(tones, (0,), n_frozen=(0, 7), **common)
    assert [row["row"] for row in rows] == [
        "0 layers fixed",
        "7 layers fixed",
        "each layer at half the rate of the next",
    ]
    assert len(rows[0]["valid_loss"]) == len(rows[0]["train_loss"])
    rows = transfer.optimisers(tones, (0,), rates={"sgd": 0.01}, **common)
    assert [row["row"] for row in rows] == ["sgd, from scratch", "sgd, fine-tuned"]
    rows = transfer.initialisations(tones, (0,), hows=("Xavier",), **common)
    assert [row["row"] for row in rows] == ["PyTorch's own", "Xavier", "the tagger's weights"]
