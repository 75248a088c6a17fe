from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from mgrlib import papers
from mgrlib.data.corpus import Corpus
from mgrlib.errors import DownloadError
from mgrlib.evaluation.multiframe import as_clips
from mgrlib.experiments.study import conduct
from mgrlib.models.contract import count_parameters
from mgrlib.models.wei2023 import FusionNet, ResNet18, SegmentCnn, SequenceLstm
from mgrlib.papers.wei2023 import learners
from mgrlib.papers.wei2023.layouts import layouts
from mgrlib.papers.wei2023.recipes import drop_modality
from mgrlib.papers.wei2023.studies import divisions, leak
from mgrlib.papers.wei2023.studies.divisions import fold_numbers
from mgrlib.papers.wei2023.studies.leak import NEAREST, with_siblings
from mgrlib.papers.wei2023.studies.missing import predict_without, without
from mgrlib.segments import Segments
from mgrlib.systems import Recipe, learn
from mgrlib.training.config import TrainConfig

GENRES = ("x", "y")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def as_segments(
    inputs: Sequence[np.ndarray], clip: np.ndarray, genre: Sequence[int] | np.ndarray
) -> Segments:
    """Segments of clips `c0`, `c1`, ...; `genre` is that of each clip."""
    tensors = tuple(torch.from_numpy(np.asarray(x, dtype=np.float32)) for x in inputs)
    names = tuple(f"c{m}" for m in range(len(genre)))
    y = torch.as_tensor(np.asarray(genre)[clip])
    return Segments(tensors, y, torch.from_numpy(clip), names, GENRES)


@pytest.fixture
def corpus() -> Corpus:
    """Forty clips of two genres by ten artists each; nobody will listen to them."""
    rows = [
        {"clip_id": f"c{m}", "path": "", "genre": GENRES[m % 2], "group": f"a{m % 20}"}
        for m in range(40)
    ]
    table = pd.DataFrame(rows).assign(seconds=30.0).set_index("clip_id")
    return Corpus("forty", GENRES, table, source=None)  # type: ignore[arg-type]


@pytest.fixture
def segments(corpus: Corpus) -> Segments:
    """Ten segments a clip, each close to its clip's place; places tell nothing of the genre."""
    clip = np.repeat(np.arange(40), 10)
    x = rng().standard_normal((40, 6))[clip] + 0.01 * rng(1).standard_normal((400, 6))
    return as_segments([x], clip, np.arange(40) % 2)


@pytest.fixture
def both() -> Segments:
    """Twelve clips with a picture and a sequence each."""
    clip = np.arange(12)
    pictures, sequences = rng().random((12, 3, 32, 32)), 50 * rng(1).random((12, 4, 15))
    return as_segments([pictures, sequences], clip, clip % 2)


# --- the ledger and the recipes


def test_table_1_is_in_the_ledger():
    table = {"resnet-wave": 0.48, "resnet-zcr": 0.50, "resnet-mel": 0.84, "resnet-mfcc": 0.70}
    entries = {e.source: e for e in papers.printed("wei2023") if e.place == "table 1"}
    for system, value in {**table, "lstm": 0.42}.items():
        entry = entries[f"wei2023/{system}"]
        assert (entry.value, entry.metric) == (value, "validation accuracy")
        assert (entry.n, entry.inferred) == (100, ("n",))


def recipe(name: str) -> Recipe:
    return papers.recipe(name)


def test_the_papers_shapes_are_those_of_its_recipes():
    for kind in ("wave", "zcr", "mel", "mfcc"):
        assert recipe(f"wei2023/resnet-{kind}").features[0].shape(30.0) == (3, 224, 224)
        assert recipe(f"wei2023/resnet-{kind}").config.batch_size == 8
    assert recipe("wei2023/lstm").features[0].shape(30.0) == (13, 1290)
    segment = recipe("wei2023/segment-3s")
    assert segment.features[0].shape(3.0) == (13, 130)
    assert (segment.config.batch_size, segment.config.epochs) == (16, 40)


def test_a_branch_alone_is_as_large_as_early_fusion():
    counts = {}
    for system in ("early", "picture", "sequence"):
        branch = recipe(f"wei2023/fusion-{system}")
        shapes = [feature.shape(30.0) for feature in branch.features]
        counts[system] = count_parameters(branch.model(10, *shapes, **branch.options))
        assert branch.config == recipe("wei2023/fusion-early").config
    assert max(counts.values()) / min(counts.values()) < 1.01


def printed_parameters() -> int:
    """The parameters of the network for segments of 3 s."""
    names = {entry.what: entry.value for entry in papers.printed("wei2023")}
    return int(names["parameters of the CNN at 3 s"])


def test_the_nets_of_one_count_are_run_with_the_same_training():
    nets = [recipe(f"wei2023/segment-3s{suffix}") for suffix in ("", "-net2", "-net3")]
    counts = [count_parameters(net.model(10, (13, 130), **net.options)) for net in nets]
    assert counts == [printed_parameters()] * 3
    assert len({net.config for net in nets}) == 1


def test_whole_clips_are_trained_with_as_few_steps_as_segments():
    """With two thirds of 100 clips; a clip of GTZAN has nine or ten segments of 3 s."""
    n_steps = []
    for name, n_segments in (("whole", 67), ("3s-short", 665)):
        config = recipe(f"wei2023/segment-{name}").config
        n_steps.append(config.epochs * -(-n_segments // config.batch_size))
    assert n_steps == [200, 210]


def test_the_search_finds_the_nets_that_are_known_to_fit():
    nets = layouts(printed_parameters(), (32, 64, 128, 256, 512), (256,))
    assert {**SegmentCnn.same_count["eight convolutions, two poolings"], "norm": True} == {
        **{k: nets[1][k] for k in ("widths", "dense", "ceil", "norm")},
        "pool_after": (1, 3),
    }
    assert nets[0]["widths"] == (32, 64, 64, 128, 256, 256, 512)


def test_the_count_fits_segments_at_twice_the_sample_rate_with_one_more_pooling():
    nets = layouts(printed_parameters(), (32, 64, 128, 256, 512), (256,), n_frames=259)
    assert [(net["widths"], net["n_poolings"]) for net in nets] == [
        ((32, 64, 64, 128, 256, 256, 512), 6)
    ]
    net = SegmentCnn(10, (13, 259), pool_after=(1, 2, 3, 4, 6, 7))
    assert count_parameters(net) == printed_parameters()


# --- pretraining and fusion


@pytest.fixture
def tiny() -> Recipe:
    """A recipe of one epoch for a narrow ResNet18."""
    config = TrainConfig(epochs=1, batch_size=6)
    return replace(recipe("wei2023/resnet-mel"), config=config, options={"width": 4})


def test_without_the_imagenet_weights_the_record_says_so(tiny, both, monkeypatch):
    def gone(*_):
        raise DownloadError("no network")

    monkeypatch.setattr(learners, "pretrained_resnet18", gone)
    pictures = replace(both, inputs=both.inputs[:1])
    system = learn(tiny, pictures)
    assert system.about["details"]["weights"].startswith("from scratch")
    assert system.predict(pictures).n == 12


def test_the_imagenet_weights_are_trained_on_where_there_are_any(tiny, both, monkeypatch):
    ready = ResNet18(2, (3, 32, 32), width=4)
    before = ready.conv1.weight.detach().clone()
    monkeypatch.setattr(learners, "pretrained_resnet18", lambda *_: ready)
    system = learn(tiny, replace(both, inputs=both.inputs[:1]))
    assert system.about["details"] == {"weights": "ImageNet"}
    assert not torch.equal(system.network.conv1.weight, before)


def test_every_modality_is_standardized_by_the_training_part(both):
    config = TrainConfig(epochs=1, batch_size=6)
    fused = replace(recipe("wei2023/fusion-early"), config=config, options={"width": 4})
    train = both.of([f"c{m}" for m in range(8)])
    system = learn(fused, train)
    for x in system.segments(train).inputs:
        axes = (0, *range(2, x.ndim))
        assert torch.allclose(x.mean(axes), torch.zeros(x.shape[1]), atol=1e-4)
        assert torch.allclose(x.std(axes, correction=0), torch.ones(x.shape[1]), atol=1e-3)


def test_a_missing_modality_is_all_zero_and_the_other_untouched(both):
    blind = without(both, 0)
    assert not blind.inputs[0].any()
    assert torch.equal(blind.inputs[1], both.inputs[1])


def test_modality_dropout_takes_a_quarter_of_each_and_never_both():
    inputs = (torch.ones(2000, 2), torch.ones(2000, 3, 2))
    (a, b), _ = drop_modality(inputs, torch.zeros(2000), torch.Generator().manual_seed(0))
    gone_a, gone_b = (a == 0).all(1), (b == 0).flatten(1).all(1)
    assert not (gone_a & gone_b).any()
    assert gone_a.float().mean() == pytest.approx(0.25, abs=0.04)  # four standard errors
    assert gone_b.float().mean() == pytest.approx(0.25, abs=0.04)


@pytest.mark.parametrize("fusion", ["early", "weighted"])
def test_fusion_is_tested_with_each_modality_missing(fusion, both, corpus):
    options = {"width": 4, "n_hidden": 4, "fusion": fusion}
    config = TrainConfig(epochs=1, batch_size=6)
    system = learn(replace(recipe("wei2023/fusion-early"), options=options, config=config), both)
    blind = predict_without(system, corpus, both, modality=0)
    assert blind.clip_ids == system.predict(both).clip_ids
    assert not np.allclose(blind.probs, system.predict(both).probs, atol=1e-3)
    weights = system.about["details"].get("weights")
    assert weights is None if fusion == "early" else sum(weights) == pytest.approx(1.0)


def test_the_full_size_fusion_takes_the_papers_shapes():
    fusion = recipe("wei2023/fusion-full")
    assert (fusion.model, dict(fusion.options)) == (FusionNet, {})
    assert [f.shape(30.0) for f in fusion.features] == [(3, 224, 224), (13, 1290)]
    assert recipe("wei2023/lstm").model is SequenceLstm


# --- segments, one by one


def test_each_segment_taken_is_a_clip_of_its_own(segments):
    clips = as_clips(segments, np.array([3, 15, 4]))
    assert (clips.n_clips, clips.clip.tolist()) == (3, [0, 1, 2])
    assert torch.equal(clips.inputs[0], segments.inputs[0][[3, 15, 4]])
    assert clips.clip_ids == ("c0#3", "c1#5", "c0#4")


def test_artists_are_told_from_clips_only_where_they_differ(corpus):
    assert divisions.divisions(corpus)[-1] == "artists apart"
    single = replace(corpus, clips=corpus.clips.assign(group=corpus.clips.index))
    assert divisions.divisions(single) == ("segments at random", "clips apart")


def test_segments_at_random_leave_siblings_on_both_sides(corpus, segments):
    fold = fold_numbers(corpus, segments, "segments at random", 5, seed=0)
    assert np.bincount(fold).tolist() == [80] * 5
    assert all(len(set(fold[segments.clip.numpy() == m])) > 1 for m in range(40))


@pytest.mark.parametrize(("division", "column"), [("clips apart", 40), ("artists apart", 20)])
def test_what_is_kept_apart_is_in_one_fold(division, column, corpus, segments):
    fold = fold_numbers(corpus, segments, division, 5, seed=0)
    columns = segments.clip.numpy() % column
    assert all(len(set(fold[columns == g])) == 1 for g in range(column))
    assert len(set(fold)) == 5


def test_all_rows_of_the_dial_test_the_same_and_train_on_as_many(segments):
    clip = segments.clip.numpy()
    tested = clip < 8
    siblings = [with_siblings(clip, tested, k, seed=3) for k in range(10)]
    for k, (inside, outside) in enumerate(siblings):
        assert np.array_equal(outside, siblings[0][1])
        assert len(inside) == len(set(inside)) == 320
        assert not set(inside) & set(outside)
        assert np.array_equal(np.bincount(clip[inside], minlength=40)[:8], np.full(8, k))
    assert set(clip[siblings[0][1]]) == set(range(8))


# --- what the studies find where the truth is known: places that tell nothing of the genre


@pytest.fixture
def studied(monkeypatch: pytest.MonkeyPatch, segments: Segments) -> None:
    monkeypatch.setattr(leak, "three_seconds", lambda *_: segments)


def study(name: str, corpus: Corpus, seeds: tuple[int, ...] = (0,), **settings: object):
    """The records of a study on these segments, under other settings."""
    full_size = papers.study(f"wei2023/{name}")
    changed = replace(full_size, settings={**full_size.settings, **settings})
    records = conduct(changed, replace(corpus, source=Silent()), seeds=seeds)
    assert all(r.low <= r.value <= r.high for r in records)
    return records


class Silent:
    """A source for corpora that nobody listens to."""

    def fingerprint(self, row: pd.Series) -> str:
        return str(row.name)


@pytest.mark.usefixtures("studied")
def test_a_random_split_pays_for_what_cannot_be_learned(corpus):
    records = study("leak-57", corpus, (0, 1), systems={"1-NN": NEAREST})
    value = {(r.metric, r.condition["division"]): r.value for r in records}
    assert value["accuracy of segments", "segments at random"] == 1.0
    assert value["accuracy of segments", "clips apart"] < 0.7
    assert value["accuracy of clips", "artists apart"] < 0.7
    assert {r.train_accuracy for r in records} == {1.0}  # who remembers knows what trained it


@pytest.mark.usefixtures("studied")
def test_one_sibling_is_enough_for_a_learner_that_remembers(corpus):
    records = study("siblings", corpus, systems={"1-NN": NEAREST})
    accuracies = records.where(metric="accuracy of segments")
    value = {r.condition["siblings"]: r.value for r in accuracies}
    for share in records.where(metric="share of the gain"):
        gain = value[share.condition["siblings"]] - value[0]
        assert share.value == pytest.approx(gain / (value[9] - value[0]), abs=1e-3)
        assert share.low is None or share.low <= share.value <= share.high
    assert len(value) == 10
    assert value[0] < 0.75
    assert [value[k] for k in range(1, 10)] == [1.0] * 9


@pytest.mark.usefixtures("studied")
def test_the_nearest_segment_is_known_to_be_of_the_same_clip(corpus):
    records = study("distances", corpus, features={"places": None})
    nearest = records.only(feature="places", distance="euclidean", same="clip")
    assert nearest.value == 1.0
    assert records.only(feature="places", distance="correlation", same="genre").value == 1.0
    assert nearest.details["within by between"] < 0.05


# --- what the recipes gave when their code moved here, identical to the code before


def made_up_segments(*shapes: tuple[int, ...]) -> Segments:
    """Twelve clips of two genres, the second louder."""
    clip = np.arange(12)
    louder = 1.0 + clip % 2
    inputs = [
        louder.reshape(-1, *[1] * len(shape)) * rng(i).standard_normal((12, *shape))
        for i, shape in enumerate(shapes)
    ]
    return as_segments(inputs, clip, clip % 2)


GOLDEN = {
    "segment-3s": (((13, 130),), (0.7794, 0.7474, 0.7797, 0.7461)),
    "lstm-mean": (((13, 40),), (0.5067, 0.5091, 0.5101, 0.4975)),
    "fusion-weighted": (((3, 32, 32), (13, 20)), (0.518, 0.6343, 0.5224, 0.5409)),
    "mlp57": (((57,),), (0.4815, 0.4862, 0.4927, 0.4645)),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_tiny_training_gives_what_it_always_gave(name):
    """One training for each kind of recipe; other processors may round otherwise."""
    shapes, expected = GOLDEN[name]
    segments = made_up_segments(*shapes)
    train = segments.of([f"c{m}" for m in range(8)])
    system = learn(recipe(f"wei2023/{name}"), train, epochs=2, precision="float32", batch_size=4)
    test = segments.of([f"c{m}" for m in range(8, 12)])
    assert np.allclose(system.predict(test).probs[:, 0], expected, atol=0.02)
