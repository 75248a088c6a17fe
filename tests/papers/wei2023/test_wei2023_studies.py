from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from bands import Bands
from tiny import RATE, clips_of_tones_and_noise

from mgrlib import papers
from mgrlib.data.corpus import Corpus
from mgrlib.data.tables import FeatureTable
from mgrlib.experiments.costs import costs, networks, sharing
from mgrlib.experiments.record import Records
from mgrlib.experiments.study import conduct
from mgrlib.features import LogMel, Vector57
from mgrlib.papers.wei2023.learners import Taught
from mgrlib.papers.wei2023.studies import pruning
from mgrlib.segments import Cut, cut
from mgrlib.systems import Recipe, System, learn
from mgrlib.systems.prepare import Standardize
from mgrlib.training import TrainConfig

pytestmark = pytest.mark.usefixtures("home")


TINY = Recipe(
    "tiny/net",
    "Tiny",
    (LogMel(RATE, n_fft=256, hop_length=128, n_mels=8),),
    Bands,
    TrainConfig(epochs=20, batch_size=8, lr=0.05),
    cut=Cut(0.5),
    prepare=(Standardize(),),
)


@pytest.fixture
def music(tmp_path) -> Corpus:
    """Twelve clips of a second: low tones, and noise."""
    return clips_of_tones_and_noise(tmp_path, seconds=1.0, n_artists=12)


@pytest.fixture
def table() -> Corpus:
    """Forty clips of two genres, five rows each, that a small network tells apart."""
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(40) % 2, 5)
    x = rng.normal(size=(200, 57)) + labels[:, None]
    ids = np.repeat([f"{'ab'[m % 2]}.{m:05d}" for m in range(40)], 5)
    columns = tuple(f"c{i}" for i in range(57))
    feature_table = FeatureTable(
        x, columns, labels, ids, ids, np.tile(np.arange(5), 40), ("a", "b")
    )
    return feature_table.corpus()


def study(name: str, corpus: Corpus, seeds: tuple[int, ...] = (0,), **settings: object) -> Records:
    """The records of a study under other settings."""
    full_size = papers.study(f"wei2023/{name}")
    return conduct(
        replace(full_size, settings={**full_size.settings, **settings}), corpus, seeds=seeds
    )


def test_every_number_that_the_paper_prints_on_compression_has_its_record():
    values = set()
    for data, name in (("gtzan-table-300", "pruning"), ("gtzan-pictures", "int8")):
        pairs = papers.compare("wei2023", data=data).of(name)
        values |= {pair.printed.value for pair in pairs if pair.printed}
    assert values == {0.9274, 5.49, 0.7374, 0.7273, 3.93, 0.14883461, 0.14791101}


def test_pruning_gives_a_record_for_each_way_and_the_ratios(table):
    units = {"pruned gradually": "zeros", "units removed": "units"}
    ways = {name: (pruning.WAYS[name][0], (0.75,), unit) for name, unit in units.items()}
    schedule = pruning.Schedule(TrainConfig(epochs=1, batch_size=64), 3)
    ratio_of = ("pruned gradually", 0.75)
    records = study("pruning", table, (0, 1), ways=ways, schedule=schedule, ratio_of=ratio_of)
    apart = records.where(division="clips apart", metric="accuracy of rows")
    assert len(apart) == 1 + len(ways)
    smaller = apart.only(zeros=0.75)
    assert smaller.get("nonzeros") < 0.26 * smaller.get("parameters")
    assert smaller.get("stored") == apart.only(way="original").get("stored")
    assert 0 <= smaller.train_accuracy <= 1
    assert 4 <= smaller.n <= 8  # clips of two splits that test four each, not their 20 rows
    assert apart.only(units=0.75).get("parameters") < 20_000
    assert records.only(division="clips apart", ratio="stored bytes").value == 1
    assert records.only(division="clips apart", ratio="stored to packed").value > 3


def test_the_three_parts_share_no_clip_where_clips_are_apart(table):
    parts = pruning.parts_of(table, cut(table, Vector57(22050)), "clips apart", seed=0)
    clips = [
        {name.split("#")[0] for name in part.clip_ids}
        for part in (parts.train, parts.dev, parts.test)
    ]
    assert [len(part) for part in clips] == [28, 8, 4]
    assert not (clips[0] & clips[1] | clips[0] & clips[2] | clips[1] & clips[2])


def test_int8_is_compared_on_the_same_clips(music):
    records = study("int8", music, systems={"Tiny": TINY}, rounds=3)
    accuracy = records.where(metric="accuracy")
    assert accuracy.only(file="float32").value > 0.9
    assert accuracy.only(file="int8 static").get("answers changed") <= 0.2
    assert accuracy.only(file="float32").get("gain") == [0, 0, 0]
    assert records.only(metric="compression ratio", file="float32").value == 1
    assert all(record.value > 0 for record in records.where(metric="seconds"))


def test_int8_loses_what_it_loses_over_all_seeds_and_systems(music):
    records = study("int8", music, (0, 1), systems={"Tiny": TINY, "Again": TINY}, rounds=1)
    own = records.where(metric="accuracy", file="int8 static")
    assert [record.get("answers") for record in own] == [24, 24]  # twelve clips, two seeds
    over_all = records.only(system="all", file="int8 static")
    assert (over_all.get("answers"), over_all.n) == (48, 12)
    assert over_all.value == pytest.approx(np.mean([r.get("gain")[0] for r in own]), abs=1e-4)


def test_distillation_compares_on_the_same_folds(music):
    settings = {"teacher": TINY, "student": TINY, "temperatures": (2.0,)}
    records = study("distillation", music, **settings)
    assert [r.condition["system"] for r in records] == ["teacher", "student alone", "student"]
    assert records.only(system="student alone").get("gain") == [0, 0, 0]
    assert records.only(system="student", temperature=2).value > 0.8


def test_a_student_looks_at_one_modality_and_is_saved_without_its_teacher(music, tmp_path):
    taught = replace(TINY, learner=Taught(TINY))
    system = learn(taught, music, epochs=1)
    assert isinstance(system.network, Bands)
    y = music.audio("tone0", RATE)
    expected = system.predict(y).probs
    back = System.load(system.save(tmp_path / "student.pt"), taught)
    assert np.array_equal(back.predict(y).probs, expected)


def test_every_network_is_costed_once():
    recipes = papers.recipes("luo2021")
    built = networks(recipes)
    assert "luo2021/cnn-mel" in built
    assert "luo2021/cnn-mel-scaled" not in built  # the same network, trained otherwise
    assert sharing(recipes)["luo2021/cnn-mel-scaled"] == "luo2021/cnn-mel"
    network, shapes = built["luo2021/cnn-mel"]
    assert (type(network).__name__, shapes) == ("ShallowCNN", [(128, 1024)])


def test_costs_are_records_like_those_of_the_book():
    (record,) = costs([recipe for recipe in papers.recipes("wei2023") if "mlp57" in recipe.name])
    shipped = papers.records("wei2023", "costs").only(recipe="wei2023/mlp57")
    assert (record.source, record.metric) == (shipped.source, shipped.metric)
    for name in ("parameters", "macs", "stored", "inputs", "model"):
        assert record.get(name) == shipped.get(name)


def test_the_reported_accuracies_are_one_clip_apart():
    entries = [e for e in papers.printed("wei2023") if e.source == "wei2023/int8"]
    values = [entry.value for entry in entries if entry.metric == "accuracy"]
    assert [round(v * 99) for v in values] == [73, 72]
    assert [round(k / 99, 4) for k in (73, 72)] == values
