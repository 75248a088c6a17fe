from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
import torch

from mgrlib import papers
from mgrlib.data.synthetic import synthetic, tags
from mgrlib.errors import ChecksumError
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.experiments.study import conduct
from mgrlib.features import standardize_clips
from mgrlib.models.contract import count_parameters
from mgrlib.papers.reddy2024 import tagger
from mgrlib.papers.reddy2024.features import SHORT, band_statistics
from mgrlib.papers.reddy2024.learners import TaggerLayers
from mgrlib.papers.reddy2024.studies import augmentation, pretraining
from mgrlib.papers.reddy2024.studies.few_clips import clip_sample
from mgrlib.papers.reddy2024.tagger import CNN_SHA256, TAGGER_SHA256
from mgrlib.segments import cut
from mgrlib.storage import checksum, home
from mgrlib.synth.tags import TAGS
from mgrlib.training import TrainConfig, layer_features


@pytest.fixture
def tiny(monkeypatch) -> None:
    """Two channels a block, which train as fast as one could wish."""
    narrow = partial(tagger.small_crnn, widths=(2, 2, 2, 2))
    monkeypatch.setattr(tagger, "small_crnn", narrow)
    monkeypatch.setitem(tagger.CNN_OPTIONS, "widths", (2, 2, 2, 2, 2))


@pytest.fixture
def untaught(monkeypatch, tiny) -> None:
    """Taggers that were never trained in the place of ours."""

    def stand_in(sha256: str, kind: tagger.Kind = "CRNN"):
        return tagger.untrained_tagger(kind=kind)

    monkeypatch.setattr(tagger, "embedded_tagger", stand_in)


def narrowed(name, **settings):
    """A study with other settings, its from-scratch networks narrow."""
    study = papers.study(f"reddy2024/{name}")
    narrow = {4: {"widths": (2, 2, 2, 2)}, 5: {**tagger.CNN_OPTIONS, "widths": (2, 2, 2, 2, 2)}}
    variants = tuple(
        (named, replace(recipe, options=narrow.get(len(recipe.options.get("widths", ())), {})))
        for named, recipe in study.settings["variants"]
    )
    return replace(study, settings={**study.settings, "variants": variants, **settings})


@pytest.mark.parametrize(("kind", "sha256"), [("CRNN", TAGGER_SHA256), ("CNN", CNN_SHA256)])
def test_our_taggers_come_with_the_package_and_know_their_tags(kind, sha256):
    network = tagger.embedded_tagger(sha256, kind=kind)
    assert network(torch.zeros(1, 96, 310)).shape == (1, len(TAGS))
    assert count_parameters(network) < 70_000


def test_weights_of_another_content_are_refused():
    with pytest.raises(ChecksumError, match="SHA-256"):
        tagger.embedded_tagger("0" * 64)


def test_tags_stand_where_genres_stood():
    corpus = synthetic(1, seconds=1.0)
    feature = replace(SHORT, n_frames=10)
    tagged = tagger.with_tags(corpus, cut(corpus, feature, clip_ids=corpus.clips.index[:3]))
    assert tagged.y.shape == (3, len(TAGS))
    assert tagged.genres == TAGS
    assert tagged.y[2].numpy().astype(bool).tolist() == tags(corpus).iloc[2].tolist()


@pytest.mark.filterwarnings("ignore:Mean of empty slice")  # ten clips do not have all tags
@pytest.mark.parametrize("kind", ["CRNN", "CNN"])
def test_pretraining_keeps_the_weights_that_it_measured(tiny, kind):
    settings = {
        "music": pretraining.OtherWorlds((1, 2), n_per_genre=1, seconds=1.0),
        "kind": kind,
        "config": TrainConfig(epochs=1, batch_size=10),
    }
    study = replace(pretraining.PRETRAINING, settings=settings)
    rows = conduct(study, synthetic(1, seconds=2.0, seed=3))
    assert len(rows) == 1 + 5 + 2
    every = rows.only(tags="all tags", music="new artists")
    assert every.low <= every.value <= every.high
    assert len(rows.where(tags="all tags")) == 3
    assert checksum(home() / "weights" / pretraining.WEIGHTS[kind]) == every.details["sha256"]


def test_band_statistics_are_mean_deviation_and_step(tones):
    x = cut(tones(), SHORT, clip_ids=["low.0", "low.1"]).inputs[0]
    rows = band_statistics(x)
    assert rows.shape == (2, 3 * 96)
    assert torch.allclose(rows[:, 96], x[:, 0].std(1))


def test_rows_of_the_tagger_are_its_pooled_layers(tones):
    segments = cut(tones(), SHORT, clip_ids=["low.0", "high.1"]).map(standardize_clips)
    expected = layer_features(tagger.embedded_tagger(), segments).inputs[0]
    assert torch.allclose(TaggerLayers().change(segments.inputs[0]), expected, atol=1e-5)


def test_fewer_training_clips_are_among_more(tones):
    corpus = tones()
    few, more = (clip_sample(corpus, corpus.clips.index, n, seed=1) for n in (2, 5))
    assert set(few) < set(more)
    assert corpus.clips.loc[more, "genre"].value_counts().to_list() == [5, 5]


def test_features_tell_low_from_high(tones, untaught):
    recipe = papers.recipe("reddy2024/small-svm")
    result = cross_validate(recipe, tones(), Protocol(3, by="group"))
    assert result.accuracy().value > 0.9


@pytest.mark.parametrize(
    ("name", "n_strategies", "rival"),
    [("learning-curve", 8, "from scratch"), ("cnn-curve", 3, "CNN from scratch")],
)
def test_a_curve_has_a_row_for_each_strategy_and_size(tones, untaught, name, n_strategies, rival):
    rows = conduct(narrowed(name, sizes=(3, 4), n_steps=0), tones(), seeds=(0, 1))
    assert len(rows) == 2 * n_strategies
    assert {row.condition["clips_per_genre"] for row in rows} == {3, 4}
    assert [row.details["p"] for row in rows.where(strategy=rival)] == [1.0, 1.0]
    assert [row.details["gain"] for row in rows.where(strategy=rival)] == [[0.0] * 3] * 2
    assert all(row.n == 6 and row.train_accuracy is not None for row in rows)


@pytest.mark.parametrize(
    ("name", "n_rows"), [("frozen-layers", 5), ("optimizers", 6), ("initializations", 5)]
)
def test_studies_of_fine_tuning_have_a_row_for_each_way(tones, untaught, name, n_rows):
    rows = conduct(narrowed(name, sizes=(2,), n_steps=0), tones())  # one epoch, the least there is
    assert len(rows) == n_rows
    for row in rows:
        assert len(row.details["valid_loss"]) == len(row.details["train_loss"]) == 1


def test_conditions_of_the_records_are_those_of_the_studies():
    for name in ("learning-curve", "cnn-curve", "published-curve", "frozen-layers", "optimizers"):
        study = papers.study(f"reddy2024/{name}")
        conditions = {
            tuple(sorted({**named, "clips_per_genre": size}.items()))
            for named, _ in study.settings["variants"]
            for size in study.settings["sizes"]
        }
        rows = papers.records("reddy2024", name)
        assert {tuple(sorted(row.condition.items())) for row in rows} == conditions


def test_changed_copies_differ_from_the_clips_and_from_each_other(tones):
    recipe = papers.recipe("reddy2024/small-cnn")
    clips = tones(3)
    for name, changes in augmentation.WAYS.items():
        train = augmentation.with_copies(recipe, clips, changes, n_copies=2, seed=0)
        plain, first, second = train.inputs[0].split(6)
        assert train.n_clips == 18
        assert torch.equal(plain, first) == torch.equal(first, second) == (name == "none")


def test_augmentation_has_a_row_for_each_way_and_test(tones):
    study = papers.study("reddy2024/augmentation")
    options = {**tagger.CNN_OPTIONS, "widths": (2, 2, 2, 2, 2)}
    recipe = replace(study.settings["recipe"], options=options)
    settings = {"recipe": recipe, "ways": tuple(augmentation.WAYS), "size": 2, "n_steps": 0}
    rows = conduct(replace(study, settings=settings), tones())
    assert len(rows) == 2 * len(augmentation.WAYS)
    assert {row.condition["test"] for row in rows} == {"unchanged", "with noise"}
