from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation import Predictions
from mgrlib.evaluation.multiframe import joined
from mgrlib.models.reddy2024 import Crnn, RecurrentHalf, recurrent_half
from mgrlib.recipes import reddy2024_published as published
from mgrlib.recipes import reddy2024_songs as whole_songs
from mgrlib.recipes.core import Protocol, run
from mgrlib.recipes.ledger import recipe
from mgrlib.segments import cut
from mgrlib.training import seeded

GENRES = ("hum", "hiss")


def hum_or_hiss(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A sine, or noise."""
    return 0.2 * (
        np.sin(2 * np.pi * (200 + row["number"]) * time) if row["genre"] == "hum" else noise
    )


@pytest.fixture(scope="module")
def corpus(made_up) -> Corpus:
    """Twelve artists a genre, one clip of half a minute each."""
    return made_up("hum-or-hiss", hum_or_hiss, GENRES, 12, 30.0)


@pytest.fixture
def network(monkeypatch) -> Crnn:
    """A network with first weights in the place of the published one, narrow before its end."""
    with seeded(0):
        made = Crnn(50, (96, 1366), widths=(2, 2, 2, 128), gru="keras1").eval()
    for module in (published, whole_songs):
        monkeypatch.setattr(module, "published_network", lambda: made)
    monkeypatch.setattr(whole_songs, "LAYERS", ("pool4", "gru2"))
    return made


def test_maps_and_the_recurrent_half_are_the_whole_network(network, tmp_path, monkeypatch):
    y = np.random.default_rng(0).normal(size=29 * 12000 + 1440).astype(np.float32)
    half = recurrent_half(network, 50, (15, 128)).eval()
    half.linear.load_state_dict(network.linear.state_dict())
    maps = torch.from_numpy(published.PublishedMaps()(y))[None]
    x = torch.from_numpy(published.standardize_clips(published.FRAME(y)))[None]
    with torch.inference_mode():
        assert torch.allclose(half(maps), network(x), atol=1e-5)


def test_the_copy_learns_and_the_published_layers_stay(network):
    half = published.tuned_half(2, (15, 128), seed=0)
    assert torch.equal(half.gru1.weight_in, network.gru1.weight_in)
    with torch.no_grad():
        half.gru1.weight_in.zero_()
    assert network.gru1.weight_in.abs().sum() > 0


def test_fine_tuning_tells_hum_from_hiss_and_keeps_the_frames(network, corpus, monkeypatch):
    one = replace(recipe("reddy2024/published-tuned"), name="reddy2024/tuned-here")
    made = run(one, corpus, Protocol(None, by="group"), changes={"epochs": 15})
    frames = Predictions.from_dict(made.runs[0]["extra"]["frames"])
    assert np.allclose(joined(frames).probs, made.predictions(0).probs, atol=1e-3)
    assert made.accuracy().value > 0.9


def test_the_curve_has_a_row_for_each_strategy_and_size(network, corpus):
    rows = published.published_curve(corpus, (0,), sizes=(3, 4), n_steps=0)
    assert len(rows) == 2 * 6
    rival = [row for row in rows if row["strategy"] == "band statistics + SVM"]
    assert [row["p"] for row in rival] == [1.0, 1.0]
    assert all(row["n"] == 6 for row in rows)


def test_frames_of_songs_train_and_clips_of_elsewhere_test(network, corpus, monkeypatch):
    monkeypatch.setattr(published, "handmade", lambda n: corpus)
    monkeypatch.setattr(published, "FRAMES", published.START)
    monkeypatch.setattr(published, "TUNED", replace(published.TUNED, epochs=1))
    (row,) = published.cross_tuned(corpus, (0,), n_per_genre=1)
    assert row["n_frames"] == row["n"] == 24


def test_a_wrong_shape_is_refused_by_name():
    from mgrlib.errors import ShapeError

    with pytest.raises(ShapeError, match="RecurrentHalf"):
        RecurrentHalf(2, (15, 128))(torch.zeros(1, 128, 15))


def test_maps_are_fifteen_steps_of_128_channels(network, corpus):
    segments = cut(
        corpus, published.PublishedMaps(), how=published.START, clip_ids=["hum.0"], store=False
    )
    assert segments.input_shape == published.PublishedMaps().shape(29.12) == (15, 128)
