from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation import Predictions
from mgrlib.evaluation.multiframe import joined, songs_of
from mgrlib.recipes import reddy2024_songs
from mgrlib.recipes.core import Protocol, run
from mgrlib.recipes.ledger import recipe, study
from mgrlib.recipes.reddy2024_songs import FRAME, FRAMES, BandStatistics, cross_data, cross_pieces
from mgrlib.recipes.studies import conduct
from mgrlib.segments import cut

GENRES = ("hum", "hiss")


def mostly_hum_or_hiss(row: pd.Series, time: np.ndarray, noise: np.ndarray) -> np.ndarray:
    """A sine and noise, much of the one or much of the other."""
    share = 0.9 if row["genre"] == "hum" else 0.3
    return 0.3 * (share * np.sin(2 * np.pi * (200 + row["number"]) * time) + (1 - share) * noise)


@pytest.fixture(scope="module")
def songs(made_up):
    """A function that makes so many songs a genre, of so many seconds, two by each artist."""

    def make(n: int = 6, seconds: float = 100.0) -> Corpus:
        return made_up("humming", mostly_hum_or_hiss, GENRES, n, seconds, max(n // 2, 1))

    return make


@pytest.fixture(scope="module")
def result(songs):
    return run(recipe("reddy2024/frames-statistics"), songs(), Protocol(3, by="group"))


def test_a_song_is_trimmed_and_cut_into_frames_of_half_a_minute(songs):
    segments = cut(songs(1, seconds=100.0), FRAME, how=FRAMES)
    assert segments.inputs[0].shape == (4, 96, 1366)  # (100 - 40) / 29.12 = 2 frames a song


def test_frames_are_kept_with_the_result_and_give_its_songs(result):
    frames = [Predictions.from_dict(one["extra"]["frames"]) for one in result.runs]
    again = Predictions.concat([joined(part) for part in frames])
    assert np.allclose(again.probs, result.predictions(0).probs, atol=1e-3)
    assert set(songs_of(frames[0])) == set(result.runs[0]["predictions"]["clip_ids"])


def test_a_clip_of_half_a_minute_gives_six_pieces(songs):
    pieces = recipe("reddy2024/pieces-statistics")
    assert cut(songs(1, seconds=30.0), *pieces.features, how=pieces.how).inputs[0].shape == (
        12,
        288,
    )


def test_songs_that_hum_are_told_from_songs_that_hiss(result):
    assert result.predictions(0).correct.all()


def test_neighbours_among_scores_tell_songs_too(result):
    near = Predictions.concat([Predictions.from_dict(r["extra"]["nearest"]) for r in result.runs])
    assert near.correct.all()
    assert near.n == 12


def test_a_network_is_trained_on_frames(songs):
    small = replace(
        recipe("reddy2024/frames-crnn"), options={"widths": (2, 2, 2, 2), "n_hidden": 2}
    )
    made = run(small, songs(3), Protocol(3, by="clip"), changes={"epochs": 1})
    assert made.predictions(0).n == 6
    assert len(made.runs[0]["extra"]["frames"]["clip_ids"]) == 4


@pytest.fixture(scope="module")
def findings(songs):
    told = replace(
        study("reddy2024/multiframe"),
        settings={**study("reddy2024/multiframe").settings, "n_frames": (1, 2)},
    )
    return conduct(told, songs())


def test_the_study_has_a_row_for_each_number_of_the_paper(findings):
    names = [row["row"] for row in findings.rows]
    assert set(study("reddy2024/multiframe").reported) < set(names)
    assert len(names) == 2 * (2 + 4 + 1 + 2 + 1)


def test_rows_tell_frames_from_songs(findings):
    assert findings.row("by song: frames")["n"] == 24
    assert findings.row("by song: songs, mean")["n"] == 12
    assert findings.row("by artist: 1 frames a song")["protocol"] == "3 folds by group"


def test_trained_on_songs_and_tested_elsewhere(songs, monkeypatch):
    monkeypatch.setattr(reddy2024_songs, "handmade", songs)
    features = {"statistics": BandStatistics()}
    rows = cross_data(songs(5, seconds=30.0), (0,), n_per_genre=2, features=features)
    assert [row["value"] for row in rows] == [1.0, 1.0]
    assert rows[0]["n_frames"] == 8


def test_trained_on_pieces_of_ours_and_tested_elsewhere(songs, monkeypatch):
    monkeypatch.setattr(reddy2024_songs, "synthetic", lambda n: songs(n, seconds=30.0))
    feature = BandStatistics(n_frames=235)
    rows = cross_pieces(songs(5, seconds=30.0), (0,), n_per_genre=2, feature=feature)
    assert [row["value"] for row in rows] == [1.0, 1.0]
    assert rows[0]["n_frames"] == 24
