from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.tables import FeatureTable
from mgrlib.errors import AudioError, FeatureError, RecipeError
from mgrlib.features import LogMel, Vector57
from mgrlib.recipes import ledger
from mgrlib.recipes.core import Protocol, Recipe, Reported, learn_estimator, run
from mgrlib.recipes.studies import Findings, Study, conduct, read_findings, write_findings
from mgrlib.segments import cut
from mgrlib.training import TrainConfig


def counting(corpus, seeds, progress=False, *, names=("all",), extra=0):
    """As many rows as names; the value is the number of clips."""
    return [
        {"row": name, "metric": "clips", "value": len(corpus) + extra, "seeds": list(seeds)}
        for name in names
    ]


def counting_more(corpus, seeds, progress=False, *, names=("all",), extra=0):
    """As `counting`, and one more."""
    return [
        {"row": name, "metric": "clips", "value": len(corpus) + 1 + extra, "seeds": list(seeds)}
        for name in names
    ]


def nearest(seed, *, n_neighbors=1):
    """The nearest neighbour."""
    from sklearn.neighbors import KNeighborsClassifier

    return KNeighborsClassifier(n_neighbors)


@pytest.fixture
def table() -> FeatureTable:
    """Forty clips of two genres, two rows each; the genre is the sign of the first value."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(80, 57))
    labels = np.repeat([0, 1], 40)
    x[:, 0] = np.where(labels == 0, -20.0, 20.0)
    clip_ids = np.array([f"{'ab'[k]}.{m // 2:05d}" for m, k in enumerate(labels)])
    segments = np.tile([1, 0], 40)
    columns = tuple(f"c{i}" for i in range(57))
    return FeatureTable(x, columns, labels, clip_ids, clip_ids, segments, ("a", "b"))


def test_rows_of_a_table_are_its_clips_segments_in_order(table: FeatureTable) -> None:
    corpus = table.corpus()
    segments = cut(corpus, Vector57(22050), clip_ids=["b.00020"])
    assert segments.inputs[0].shape == (2, 57)
    assert np.array_equal(segments.inputs[0][0].numpy(), table.x[41].astype(np.float32))


def test_table_refuses_other_features(table: FeatureTable) -> None:
    with pytest.raises(FeatureError, match="Vector57"):
        cut(table.corpus(), LogMel(22050))


def test_estimator_learns_the_table(table: FeatureTable, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path))
    recipe = Recipe(
        "paper/nearest",
        "1-NN",
        (Vector57(22050),),
        nearest,
        TrainConfig(),
        learn=learn_estimator,
    )
    result = run(recipe, table.corpus(), Protocol(n_folds=4), seeds=(0, 1))
    assert result.accuracy().value == 1.0
    assert result.predictions(1).n == 40


def test_learner_is_part_of_the_fingerprint() -> None:
    args = ("paper/nearest", "1-NN", (Vector57(22050),), nearest, TrainConfig())
    assert Recipe(*args).fingerprint != Recipe(*args, learn=learn_estimator).fingerprint


def test_findings_come_back_from_their_file(table: FeatureTable, tmp_path: Path) -> None:
    study = Study("paper/count", "Counting", counting, {"names": ["one", "two"]})
    made = conduct(study, table.corpus(), seeds=(0, 3))
    read = read_findings(write_findings(made, tmp_path))
    assert read.rows == made.rows
    assert read.seeds == (0, 3)
    assert read.row("two")["value"] == 40
    assert list(read.table().index) == ["one", "two"]


def test_findings_show_their_figures_with_intervals() -> None:
    rows = tuple(
        {"row": f"{a}, {b}", "metric": "accuracy", "value": v, "low": 0.1, "high": 0.9, "n": 40}
        | {"learner": a, "split": b}
        for a, b, v in (("svm", "random", 0.8), ("svm", "apart", 0.5), ("knn", "random", 0.7))
    )
    other = ({**rows[0], "row": "f1", "metric": "F1", "low": None, "n": None},)
    found = Findings("p/s", "", {"name": "d"}, (0,), rows + other, {})
    shown = found.intervals("learner", "split", metric="accuracy")
    assert list(shown.index) == ["svm", "knn"] and list(shown.columns) == ["random", "apart"]
    assert shown.loc["svm", "apart"] == ".500 [.100, .900] n=40"
    assert found.intervals(metric="F1").loc["f1", "F1"] == ".800"


def test_findings_name_the_rows_they_have(table: FeatureTable) -> None:
    made = conduct(Study("paper/count", "Counting", counting), table.corpus())
    with pytest.raises(RecipeError, match="all"):
        made.row("none")


def test_fingerprint_follows_settings_and_code() -> None:
    plain = Study("paper/count", "Counting", counting)
    assert plain.fingerprint == Study("paper/other", "Other title", counting).fingerprint
    assert plain.fingerprint != Study("paper/count", "Counting", counting, {"extra": 1}).fingerprint
    assert plain.fingerprint != Study("paper/count", "Counting", counting_more).fingerprint


@pytest.mark.parametrize(
    ("settings", "reported", "words"),
    [
        ({"names": ["a", "a"]}, {}, "once"),
        ({"names": []}, {}, "rows"),
        ({}, {"lost": Reported(0.5, "accuracy", 10, "random", "table 1")}, "lost"),
    ],
)
def test_study_refuses_rows_that_do_not_fit(table, settings, reported, words) -> None:
    study = Study("paper/count", "Counting", counting, settings, reported)
    with pytest.raises(RecipeError, match=words):
        conduct(study, table.corpus())


def test_damaged_file_of_findings_is_named(tmp_path: Path) -> None:
    path = tmp_path / "x.study.json"
    path.write_text(json.dumps({"study": "a/b"}))
    with pytest.raises(RecipeError, match=r"x\.study\.json"):
        read_findings(path)


def test_compare_sets_a_studys_rows_beside_the_papers(table, tmp_path, monkeypatch) -> None:
    printed = Reported(41.0, "clips", None, "all", "table 9")
    study = Study("luo2021/count", "Counting", counting, {"names": ["x", "y"]}, {"y": printed})
    monkeypatch.setattr(ledger, "listed", lambda paper: (study,))
    missing = ledger.compare("luo2021", tmp_path)
    assert list(missing["title"]) == ["y"] and list(missing["reported"]) == [41.0]
    write_findings(conduct(study, table.corpus()), tmp_path)
    rows = ledger.compare("luo2021", tmp_path).set_index("title")
    assert rows.loc["y", "replicated"] == 40 and rows.loc["y", "reported"] == 41.0
    assert pd.isna(rows.loc["x", "reported"]) and bool(rows.loc["x", "current"])


def test_corpus_of_a_table_has_no_audio(table: FeatureTable) -> None:
    corpus = table.corpus("mine")
    assert isinstance(corpus, Corpus) and not isinstance(corpus.source, FileSource)
    with pytest.raises(AudioError, match="feature table"):
        corpus.audio("a.00000", 22050)
