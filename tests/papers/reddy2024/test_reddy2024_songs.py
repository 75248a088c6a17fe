from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from mgrlib import papers
from mgrlib.evaluation.multiframe import joined, songs_of
from mgrlib.experiments.protocol import Protocol
from mgrlib.experiments.run import cross_validate
from mgrlib.experiments.study import conduct
from mgrlib.papers.reddy2024.features import FRAME, FRAMES
from mgrlib.papers.reddy2024.learners import frame_predictions, neighbor_predictions
from mgrlib.papers.reddy2024.studies.songs import Source
from mgrlib.segments import cut


@pytest.fixture(scope="module")
def result(songs):
    recipe = papers.recipe("reddy2024/frames-statistics")
    on = {"frames": frame_predictions, "neighbors": neighbor_predictions}
    return cross_validate(recipe, songs(), Protocol(3, by="group"), on=on)


def changed(name, **settings):
    """A study with other settings."""
    study = papers.study(f"reddy2024/{name}")
    return replace(study, settings={**study.settings, **settings})


def test_a_song_is_trimmed_and_cut_into_frames_of_half_a_minute(songs):
    segments = cut(songs(1, seconds=100.0), FRAME, how=FRAMES)
    assert segments.inputs[0].shape == (4, 96, 1366)  # (100 - 40) / 29.12 = 2 frames a song


def test_frames_are_kept_with_the_result_and_give_its_songs(result):
    frames = result.predictions(0, "frames")
    songs = result.predictions(0)
    assert np.allclose(joined(frames).select(songs.clip_ids).probs, songs.probs, atol=1e-3)
    assert set(songs_of(frames)) == set(songs.clip_ids)


def test_a_clip_of_half_a_minute_gives_six_pieces(songs):
    pieces = papers.recipe("reddy2024/pieces-statistics")
    segments = cut(songs(1, seconds=30.0), *pieces.features, how=pieces.cut)
    assert segments.inputs[0].shape == (12, 288)


def test_songs_that_hum_are_told_from_songs_that_hiss(result):
    assert result.predictions(0).correct.all()


def test_neighbors_among_scores_tell_songs_too(result):
    near = result.predictions(0, "neighbors")
    assert near.correct.all()
    assert near.n == 12


def test_a_network_is_trained_on_frames(songs):
    recipe = papers.recipe("reddy2024/frames-crnn")
    small = replace(recipe, options={"widths": (2, 2, 2, 2), "n_hidden": 2})
    on = {"frames": frame_predictions}
    result = cross_validate(small, songs(3), Protocol(3), changes={"epochs": 1}, on=on)
    assert result.predictions(0).n == 6
    assert result.predictions(0, "frames").n == 12


@pytest.fixture(scope="module")
def table(songs):
    return conduct(changed("multiframe", n_frames=(1, 2)), songs())


def test_the_study_has_a_row_for_each_number_of_the_paper(table):
    assert len(table) == 2 * (2 + 4 + 1 + 2 + 1)
    entries = [e for e in papers.printed("reddy2024") if e.source == "reddy2024/multiframe"]
    assert len(entries) == 3
    for entry in entries:
        assert len(table.where(**entry.condition)) == 1


def test_rows_tell_frames_from_songs(table):
    frames = table.only(split="by song", unit="frames", metric="accuracy")
    assert frames.n == frames.predictions().n == 24
    assert table.only(split="by song", aggregation="mean").n == 12
    assert table.only(split="by artist", aggregation="nearest neighbors").predictions().n == 12


def test_without_known_artists_there_is_no_split_by_artist(tones):
    rows = conduct(changed("pieces", n_frames=(1,), n_folds=2), tones(6))
    assert {row.condition["split"] for row in rows} == {"by song"}


@pytest.mark.parametrize(
    ("name", "seconds", "n_frames"), [("cross-data", 100.0, 8), ("cross-pieces", 30.0, 24)]
)
def test_trained_on_ours_and_tested_elsewhere(songs, name, seconds, n_frames):
    recipes = {"statistics": papers.study(f"reddy2024/{name}").settings["recipes"]["statistics"]}
    source = Source("ours", lambda n: songs(n, seconds), 2)
    rows = conduct(changed(name, source=source, recipes=recipes), songs(5, seconds=30.0))
    assert [row.value for row in rows] == [1.0, 1.0]
    assert rows[0].details["n_frames"] == n_frames
    assert rows[0].condition["training"] == "trained on ours"
