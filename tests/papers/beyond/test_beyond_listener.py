"""The parts of the studies beyond the papers, on a few short clips of which the truth is known."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from mgrlib.data.synthetic import SAMPLE_RATE, synthetic, truth
from mgrlib.evaluation.intervals import over_values
from mgrlib.papers.beyond.networks import (
    artist_split,
    decibels,
    few_per_artist,
    on_waveforms,
    train,
)
from mgrlib.papers.beyond.recipes import LISTENER, MEL
from mgrlib.papers.beyond.studies.listening import WITH, pairs_of
from mgrlib.segments import Cut, cut
from mgrlib.training import TrainConfig


@pytest.fixture(scope="module")
def corpus():
    return synthetic(3, seconds=3.0)


@pytest.fixture(scope="module")
def segments(corpus):
    return cut(corpus, MEL, store=False)


QUICK = TrainConfig(epochs=2, batch_size=16)


def test_the_split_keeps_artists_apart(corpus):
    split = artist_split(corpus)
    assert not set(corpus.groups(split.train)) & set(corpus.groups(split.test))


def test_few_per_artist_takes_the_first_clips_of_each(corpus):
    twice = synthetic(24, seconds=3.0)
    ids = few_per_artist(twice, list(twice.clips.index), 1)
    assert len(ids) == len(set(twice.groups(ids))) == 120
    assert len(few_per_artist(corpus, list(corpus.clips.index), 5)) == len(corpus)


def test_training_gives_the_same_network_again_and_another_for_another_seed(segments):
    first, again, other = (train(segments, seed, config=QUICK) for seed in (0, 0, 1))
    weights = [trained.network.linear.weight for trained in (first, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_adversarial_training_is_another_training(segments):
    plain, hardened = (train(segments, 0, size_db=size, config=QUICK) for size in (0.0, 1.0))
    assert not torch.equal(plain.network.linear.weight, hardened.network.linear.weight)


def test_a_size_in_decibels_is_that_far_in_every_band(segments):
    trained = train(segments, 0, config=QUICK)
    louder = trained.preparation(segments.map(lambda x: x + 3.0)).inputs[0]
    moved = trained.preparation(segments).inputs[0] + decibels(3.0, trained.preparation)
    torch.testing.assert_close(louder, moved, atol=1e-4, rtol=0)


def test_the_network_answers_to_sound_as_it_does_to_its_picture(corpus, segments):
    trained = train(segments, 0, config=QUICK)
    ids = segments.clip_ids[:4]
    sound = torch.from_numpy(np.stack([corpus.audio(c, SAMPLE_RATE) for c in ids]))
    x = trained.preparation(segments.of(ids)).inputs[0]
    with torch.no_grad():
        pair = on_waveforms(trained)(sound), trained.network.eval()(x)
    torch.testing.assert_close(*pair, atol=1e-2, rtol=0)


def test_pairs_differ_where_the_drums_are_and_nowhere_before_the_first_hit(corpus):
    ids = list(corpus.clips.index)
    pairs, masks = pairs_of(corpus, ids, Cut())
    assert list(masks) == [c for c in ids if "drums" in truth(corpus, c).instruments]
    assert pairs.y.tolist() == [0, WITH] * len(masks)
    name = next(iter(masks))
    without, mixture = (pairs.of([n]).inputs[0][0] for n in (f"{name} without", name))
    assert (((mixture - without) > 6.0).numpy() == masks[name]).all()


def test_an_interval_over_artists_is_wider_than_its_values_and_a_constant_has_none():
    groups = ["a", "a", "b", "b", "c", "c"]
    same = over_values(np.full((3, 6), 0.5), groups)
    assert (same.value, same.low, same.high, same.n) == (0.5, 0.5, 0.5, 6)
    apart = over_values(np.array([[0.0, 0, 1, 1, 0, 0]] * 3), groups)
    assert apart.value == pytest.approx(1 / 3)
    assert (apart.low, apart.high) == (0.0, 1.0)


def test_the_listener_hears_the_middle_of_a_clip_of_thirty_seconds():
    y = np.arange(30 * 22_050)
    (piece,) = LISTENER.cut(y, 22_050)
    assert (piece[0], len(piece)) == (10 * 22_050, 10 * 22_050)
