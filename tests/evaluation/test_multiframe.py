from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.errors import EvaluationError, ShapeError
from mgrlib.evaluation import Predictions, mean_probs, predict, vote
from mgrlib.evaluation.aggregation import nearest
from mgrlib.evaluation.multiframe import as_clips, joined, songs_of, thinned
from mgrlib.segments import Segments

GENRES = ("jazz", "pop")


def frames(rows: dict[str, list[float]], truth: list[int]) -> Predictions:
    """Predictions of frames from the probability of jazz, song by song."""
    ids = tuple(f"{song}#{i}" for song, p in rows.items() for i in range(len(p)))
    probs = np.array([[p, 1 - p] for song in rows.values() for p in song])
    return Predictions(ids, np.array(truth), probs, GENRES)


def songs(counts: tuple[int, ...] = (2, 3)) -> Segments:
    clip = torch.repeat_interleave(torch.arange(len(counts)), torch.tensor(counts))
    x = torch.randn(len(clip), 4, generator=torch.Generator().manual_seed(0))
    ids = tuple(f"song{m}" for m in range(len(counts)))
    return Segments((x,), clip % 2, clip, ids, GENRES)


def test_every_frame_becomes_a_clip_named_after_its_song():
    frames = as_clips(songs())
    assert frames.clip_ids == ("song0#0", "song0#1", "song1#0", "song1#1", "song1#2")
    assert torch.equal(frames.inputs[0], songs().inputs[0])


def test_joined_frames_are_what_predict_says_of_songs():
    model = nn.Linear(4, 2)
    predictions = predict(model, songs())
    other = joined(predict(model, as_clips(songs())))
    assert other.clip_ids == predictions.clip_ids
    assert np.allclose(other.probs, predictions.probs)


def test_ways_of_joining_can_disagree():
    predictions = frames({"a": [0.55, 0.55, 0.1]}, [0, 0, 0])
    assert joined(predictions, mean_probs).predicted[0] == 1
    assert joined(predictions, vote).predicted[0] == 0


def test_a_song_of_two_genres_is_refused():
    with pytest.raises(EvaluationError, match="several for 'a'"):
        joined(frames({"a": [0.5, 0.5]}, [0, 1]))


def test_clips_that_are_no_frames_are_refused():
    with pytest.raises(EvaluationError, match="as_clips"):
        songs_of(Predictions(("a",), np.array([0]), np.array([[1.0, 0.0]]), GENRES))


def test_one_frame_a_song_is_the_middle_one():
    predictions = frames({"a": [0.1, 0.2, 0.3], "b": [0.4]}, [0] * 4)
    assert thinned(predictions, 1).clip_ids == ("a#1", "b#0")


def test_frames_kept_are_spread_evenly():
    predictions = frames({"a": [0.5] * 10}, [0] * 10)
    assert thinned(predictions, 3).clip_ids == ("a#1", "a#5", "a#8")


def test_more_frames_than_there_are_keep_all():
    predictions = frames({"a": [0.5, 0.4], "b": [0.4]}, [0] * 3)
    assert thinned(predictions, 9).clip_ids == predictions.clip_ids


def test_no_frames_are_refused():
    with pytest.raises(EvaluationError, match="at least one"):
        thinned(frames({"a": [0.5]}, [0]), 0)


def test_neighbors_tell_a_genre_by_its_mistakes():
    # Pop is always called jazz with .6, jazz with .9: the scores are wrong, their places are not.
    train = np.array([[0.9, 0.1], [0.88, 0.12], [0.6, 0.4], [0.62, 0.38]])
    by_neighbors = nearest(train, np.array([0, 0, 1, 1]), k=2)
    predictions = frames({"a": [0.89, 0.91], "b": [0.61, 0.6]}, [0, 0, 1, 1])
    assert joined(predictions).correct.tolist() == [True, False]
    assert joined(predictions, by_neighbors).correct.all()


def test_fewer_training_frames_than_neighbors_all_tell():
    by_neighbors = nearest(np.array([[1.0, 0.0], [0.0, 1.0]]), np.array([0, 1]), k=15)
    assert joined(frames({"a": [0.9]}, [0]), by_neighbors).probs.tolist() == [[0.5, 0.5]]


def test_neighbors_without_a_class_are_refused():
    with pytest.raises(ShapeError, match="classes"):
        nearest(np.zeros((3, 2)), np.zeros(2, dtype=int))
