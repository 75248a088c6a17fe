from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from mgrlib import papers
from mgrlib.evaluation.multiframe import joined
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.experiments.study import conduct
from mgrlib.features import standardize_clips
from mgrlib.models.reddy2024 import RecurrentHalf, recurrent_half
from mgrlib.papers.reddy2024.features import FRAME, START, PublishedMaps
from mgrlib.papers.reddy2024.learners import frame_predictions, tuned_half
from mgrlib.papers.reddy2024.studies.songs import Source
from mgrlib.segments import cut

TUNED = papers.recipe("reddy2024/published-tuned")


@pytest.fixture(scope="module")
def corpus(songs):
    """Twelve clips of half a minute a genre, two by each artist."""
    return songs(12, seconds=30.0)


def test_maps_and_the_recurrent_half_are_the_whole_network(network):
    y = np.random.default_rng(0).normal(size=29 * 12000 + 1440).astype(np.float32)
    half = recurrent_half(network, 50, (15, 128)).eval()
    half.linear.load_state_dict(network.linear.state_dict())
    maps = torch.from_numpy(PublishedMaps()(y))[None]
    x = torch.from_numpy(standardize_clips(FRAME(y)))[None]
    with torch.inference_mode():
        assert torch.allclose(half(maps), network(x), atol=1e-5)


def test_the_copy_learns_and_the_published_layers_stay(network):
    half = tuned_half(TUNED, 2, ((15, 128),), seed=0)
    assert torch.equal(half.gru1.weight_in, network.gru1.weight_in)
    with torch.no_grad():
        half.gru1.weight_in.zero_()
    assert network.gru1.weight_in.abs().sum() > 0


def test_fine_tuning_tells_hum_from_hiss_and_frames_are_its_songs(network, corpus):
    recipe = replace(TUNED, name="reddy2024/tuned-here")
    on, protocol = {"frames": frame_predictions}, Protocol(None, by="group")
    result = cross_validate(recipe, corpus, protocol, changes={"epochs": 15}, on=on)
    frames, songs = result.predictions(0, "frames"), result.predictions(0)
    assert np.allclose(joined(frames).select(songs.clip_ids).probs, songs.probs, atol=1e-3)
    assert result.accuracy().value > 0.9


def test_the_curve_has_a_row_for_each_strategy_and_size(network, corpus):
    study = papers.study("reddy2024/published-curve")
    settings = {**study.settings, "sizes": (3, 4), "n_steps": 0}
    rows = conduct(replace(study, settings=settings), corpus)
    assert len(rows) == 2 * 6
    rival = rows.where(strategy="published convolutions, fresh recurrent layers")
    assert [row.details["p"] for row in rival] == [1.0, 1.0]
    assert {row.n for row in rows} == {6}


def test_frames_of_songs_train_and_clips_of_elsewhere_test(network, corpus):
    study = papers.study("reddy2024/cross-tuned")
    recipe = replace(study.settings["recipes"]["fine-tuned"], cut=START)
    recipe = replace(recipe, config=replace(recipe.config, epochs=1))
    settings = {"source": Source("ours", lambda n: corpus, 1), "recipes": {"tuned": recipe}}
    (row,) = conduct(replace(study, settings={**study.settings, **settings}), corpus)
    assert row.details["n_frames"] == row.n == 24


def test_a_wrong_shape_is_refused_by_name():
    from mgrlib.errors import ShapeError

    with pytest.raises(ShapeError, match="RecurrentHalf"):
        RecurrentHalf(2, (15, 128))(torch.zeros(1, 128, 15))


def test_maps_are_fifteen_steps_of_128_channels(network, corpus):
    segments = cut(corpus, PublishedMaps(), how=START, clip_ids=["hum.0"], store=False)
    assert segments.input_shape == PublishedMaps().shape(29.12) == (15, 128)
