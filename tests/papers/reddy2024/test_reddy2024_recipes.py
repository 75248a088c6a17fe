"""One fold of each kind of recipe, and that systems come back from files as they were."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib import papers
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.papers.reddy2024.learners import Weighted, neighbor_predictions
from mgrlib.papers.reddy2024.studies.imbalance import MLP57
from mgrlib.segments import Segments
from mgrlib.systems import System, learn, segments_of
from mgrlib.training import TrainConfig
from mgrlib.training.losses import class_weights

GOLDEN = {
    "small-crnn": (0.613, 0.616, 0.618, 0.469, 0.471, 0.469),
    "small-tuned": (0.436, 0.393, 0.44, 0.399, 0.401, 0.402),
    "small-tuned-recurrent": (0.446, 0.39, 0.459, 0.401, 0.413, 0.432),
    "small-softmax": (0.994, 0.997, 0.997, 0.003, 0.004, 0.007),
    "pieces-statistics": (0.933, 0.973, 0.977, 0.101, 0.105, 0.064),
}
"""The probability of "low" of three low and three high tones, after two epochs."""


@pytest.mark.parametrize("name", GOLDEN)
def test_a_fold_of_each_kind_of_recipe_is_as_it_was(tones, name):
    recipe = papers.recipe(f"reddy2024/{name}")
    result = cross_validate(recipe, tones(6), Protocol(2), changes={"epochs": 2})
    clips = [f"{genre}.{i}" for genre in ("low", "high") for i in range(3)]
    probs = result.predictions(0).select(clips).probs[:, 0]
    assert np.abs(probs - GOLDEN[name]).max() < 0.02


@pytest.mark.parametrize("name", ["small-tuned-recurrent", "small-softmax", "pieces-statistics"])
def test_a_saved_system_says_what_it_said(tones, tmp_path, name):
    recipe, corpus = papers.recipe(f"reddy2024/{name}"), tones(3)
    system = learn(recipe, corpus, epochs=1)
    again = System.load(system.save(tmp_path / "system.pt"), recipe)
    assert np.allclose(again.predict(corpus).probs, system.predict(corpus).probs, atol=1e-6)
    if name == "pieces-statistics":
        segments = segments_of(recipe, corpus)
        before, after = (neighbor_predictions(s, corpus, segments) for s in (system, again))
        assert np.allclose(before.probs, after.probs)


def test_a_rare_genre_weighs_more(monkeypatch):
    import torch

    y = torch.tensor([0, 0, 0, 1])
    train = Segments((torch.zeros(4, 3),), y, torch.arange(4), tuple("abcd"), ("x", "y"))
    logits = torch.tensor([[1.0, 0.0]] * 4)
    plain = torch.nn.functional.cross_entropy(logits, y, weight=class_weights(y, 2))
    assert Weighted().loss(train)(logits, y, ()) == plain
    assert MLP57.config == TrainConfig(epochs=40, batch_size=32, lr=1e-3)
