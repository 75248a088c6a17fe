"""The studies of domains and sketches: what they measure, on data made for the purpose."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib.data.synthetic import synthetic
from mgrlib.errors import RecipeError
from mgrlib.experiments.study import conduct
from mgrlib.papers import records, study
from mgrlib.papers.beyond.studies.domains import (
    KNOWN,
    embedding,
    few_of_each,
    landing,
    refused_at,
    with_head,
)
from mgrlib.systems.learn import learn, segments_of

QUICK = replace(KNOWN, config=replace(KNOWN.config, epochs=1))


@pytest.fixture(scope="module")
def corpus():
    return synthetic(4)


def test_threshold_keeps_the_given_fraction():
    confidence = np.linspace(0, 1, 101)
    limit = refused_at(confidence, kept=0.9)
    assert (confidence < limit).sum() == 10
    assert refused_at(confidence, kept=1.0) == 0.0


def test_few_clips_are_equally_many_of_each_class_and_nested():
    labels = np.repeat([0, 1, 2], 20)
    small, large = (few_of_each(labels, np.arange(60), n, seed=4) for n in (3, 7))
    assert np.bincount(labels[small]).tolist() == [3, 3, 3]
    assert set(small) < set(large)
    assert len(few_of_each(labels, np.arange(60), 0, seed=4)) == 0


def test_embedding_is_the_input_of_the_last_layer(corpus):
    segments = segments_of(QUICK, corpus)
    system = learn(QUICK, segments, seed=0)
    vectors = embedding(system, segments)
    head = system.network.linear
    logits = vectors @ head.weight.detach().numpy().T + head.bias.detach().numpy()
    answers = system.predict(segments)
    assert vectors.shape == (40, 128)
    assert np.array_equal(logits.argmax(axis=1), answers.predicted)


def test_head_separates_what_can_be_separated():
    x = np.concatenate([np.full((5, 2), -1.0), np.full((5, 2), 1.0)])
    y = np.repeat([3, 7], 5)
    assert with_head((x, y), np.array([[-2.0, -2.0], [2.0, 2.0]])).tolist() == [3, 7]


def test_landing_fractions_of_a_sketch_add_up_to_one(corpus):
    rows = landing(corpus, (0,), recipe=QUICK, n_per_sketch=2)
    for sketch in ("additive", "drone", "layers"):
        fractions = [
            row["value"]
            for row in rows
            if row["metric"] == "fraction of clips" and row["condition"]["clips"] == sketch
        ]
        assert len(fractions) == 10
        assert sum(fractions) == pytest.approx(1, abs=1e-3)


def test_sketches_are_made_beside_the_embedded_corpus_only(corpus):
    with pytest.raises(RecipeError, match="embedded corpus"):
        conduct(study("beyond/sketches"), replace(corpus, source=object()))


def test_records_of_the_chapter_say_how_well_the_training_clips_were_learned():
    for name in ("cross-domain", "few-labels"):
        rows = records("beyond", name)
        assert len(rows) and all(row.train_accuracy is not None for row in rows)
        assert all(row.seeds == (0, 1, 2) for row in rows)
        assert all(row.low < row.value < row.high for row in rows if 0 < row.value < 1)


def test_without_labels_no_clip_of_a_sketch_is_classified_correctly():
    rows = records("beyond", "few-labels").where(clips_per_sketch=0, clips="sketches")
    assert [row.value for row in rows] == [0.0, 0.0]
