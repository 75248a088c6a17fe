"""`contrast`: two systems compared through their records."""

import numpy as np
import pytest

from mgrlib.errors import RecipeError
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.contrast import contrast
from mgrlib.experiments.record import Record

CLIPS = tuple(f"rock.{i:05d}" for i in range(40))
ARTISTS = {clip: f"artist {i // 10}" for i, clip in enumerate(CLIPS)}


def record(correct, seeds=(0,), train_accuracy=1.0, clips=CLIPS):
    """A record whose clips are classified correctly where `correct` says so, for every seed."""
    runs = []
    for seed in seeds:
        probs = np.where(np.asarray(correct)[:, None], [0.2, 0.8], [0.9, 0.1])
        table = Predictions(clips, np.ones(len(clips), dtype=np.int64), probs, ("jazz", "rock"))
        runs.append({"seed": seed, "split": "all", "predictions": table.to_dict()})
    return Record(
        source="luo2021/cnn-mel",
        version=1,
        data={"name": "made-up", "n_clips": len(clips), "fingerprint": "0"},
        protocol="all",
        seeds=tuple(seeds),
        metric="accuracy",
        value=float(np.mean(correct)),
        train_accuracy=train_accuracy,
        runs=tuple(runs),
    )


def test_the_difference_is_that_of_the_accuracies():
    good, poor = np.arange(40) < 30, np.arange(40) < 10
    result = contrast(record(good, seeds=(0, 1)), record(poor), ARTISTS)
    assert result.value == 0.5
    assert (result.n, result.n_groups) == (40, 4)


def test_artists_widen_the_interval():
    """One artist of four makes the whole difference: clips alone would resolve it."""
    good, poor = np.arange(40) < 10, np.zeros(40, dtype=bool)
    by_clip = contrast(record(good), record(poor), {})
    by_artist = contrast(record(good), record(poor), ARTISTS)
    assert by_clip.resolved
    assert not by_artist.resolved
    assert by_artist.verdict == "not resolved"


def test_networks_that_did_not_learn_are_named():
    good, poor = np.ones(40, dtype=bool), np.zeros(40, dtype=bool)
    assert contrast(record(good), record(poor), ARTISTS).verdict == "different"
    untrained = contrast(record(good), record(poor, train_accuracy=0.7), ARTISTS)
    assert untrained.verdict == "different, as trained here"


def test_records_of_other_clips_are_refused():
    others = tuple(f"jazz.{i:05d}" for i in range(40))
    with pytest.raises(RecipeError, match="0 of them shared"):
        contrast(record(np.ones(40)), record(np.ones(40), clips=others), ARTISTS)
