"""Multiframe: whole songs cut into frames of 29.12 s, frames classified, and songs from them.

The handmade set has 30 whole songs per genre of the embedded corpus (`--data songs`). Three folds
are 20 songs per genre to train and 10 to test, three times over, so that every song is tested once
and the intervals rest on 300 songs and not on 100.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mgrlib.data.corpus import Corpus
from mgrlib.data.songs import handmade
from mgrlib.data.synthetic import synthetic
from mgrlib.evaluation.aggregation import Aggregate, geometric_mean, mean_probs, median, vote
from mgrlib.evaluation.intervals import Interval, bootstrap, mean_interval
from mgrlib.evaluation.metrics import accuracy, genre_recall, recall
from mgrlib.evaluation.multiframe import joined, songs_of, thinned
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import By, Protocol, best_by
from mgrlib.experiments.run import Condition, Result, cross_validate, groups_of
from mgrlib.experiments.study import Row, Study, accuracy_row, row
from mgrlib.papers.reddy2024.features import START
from mgrlib.papers.reddy2024.learners import (
    OutOfFold,
    frame_predictions,
    neighbor_predictions,
)
from mgrlib.papers.reddy2024.recipes import (
    CONVOLUTIONS,
    FRAMES_STATISTICS,
    FRAMES_TAGGER,
    FRAMES_TUNED,
    IN_PIECES,
    LIGHT,
    OURS,
    PIECES_STATISTICS,
)
from mgrlib.segments import Cut
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.learners import Estimator
from mgrlib.systems.recipe import Recipe

AGGREGATIONS: dict[str, Aggregate] = {
    "mean": mean_probs,
    "median": median,
    "vote": vote,
    "geometric mean": geometric_mean,
}
"""Ways to tell a song from its frames, by the name that tables give them."""

NEIGHBORS = "nearest neighbors"
SPLITS: Mapping[str, By] = {"by song": "clip", "by artist": "group"}


def multiframe(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    n_frames: Sequence[int],
    n_folds: int,
) -> list[Row]:
    """Frames and songs of one recipe, split by song and, where artists are known, by artist.

    Each way of joining has a row, and so has each number of frames per song, joined by the mean.
    All intervals draw whole artists. Those for songs draw seeds as well; those for frames are a
    single seed's, averaged over seeds. The rows of frames and of neighbors keep the predictions.
    """
    on: dict[str, Condition] = {"frames": frame_predictions}
    if isinstance(recipe.learner, OutOfFold):
        on[NEIGHBORS] = neighbor_predictions
    rows: list[Row] = []
    for split, by in SPLITS.items():
        if by in ("clip", best_by(corpus, n_folds)):
            protocol = Protocol(n_folds, by)
            result = cross_validate(recipe, corpus, protocol, seeds=seeds, on=on, progress=progress)
            rows += _frame_rows(split, result) + _song_rows(split, result, n_frames)
    return rows


def _frame_rows(split: str, result: Result) -> list[Row]:
    """The accuracy and the mean recall of frames, and how many genres the mean over songs helps."""
    frames = [result.predictions(seed, "frames") for seed in result.seeds]
    condition, trained = {"split": split, "unit": "frames"}, result.train_accuracy

    def interval(metric: Callable[[Predictions], float]) -> Interval:
        return mean_interval(
            [bootstrap(f, metric, groups=artists_of(f, result), n=500) for f in frames]
        )

    gains = [genre_recall(joined(f)) - genre_recall(f) for f in frames]
    helped = float(np.mean([(gain > 0).mean() for gain in gains]))
    return [
        row("mean recall", interval(recall), condition=condition, train_accuracy=trained),
        {
            **row("accuracy", interval(accuracy), condition=condition, train_accuracy=trained),
            "runs": result.runs_under("frames"),
        },
        row(
            "fraction of genres",
            helped,
            condition={"split": split, "unit": "genres that the mean helps"},
        ),
    ]


def artists_of(frames: Predictions, result: Result) -> list[str]:
    """The artist of each frame's song; the song itself where artists are not known."""
    return [result.groups.get(song, song) for song in songs_of(frames)]


def _song_rows(split: str, result: Result, n_frames: Sequence[int]) -> list[Row]:
    """The accuracy of songs for each way of joining, and for fewer frames."""
    frames = [result.predictions(seed, "frames") for seed in result.seeds]

    def song_row(songs: Sequence[Predictions], **condition: Any) -> Row:
        condition = {"split": split, "unit": "songs", **condition}
        trained = result.train_accuracy
        return accuracy_row(songs, result.groups, condition=condition, train_accuracy=trained)

    rows = [
        song_row([joined(f, how) for f in frames], aggregation=name)
        for name, how in AGGREGATIONS.items()
    ]
    if NEIGHBORS in result.conditions:
        near = [result.predictions(seed, NEIGHBORS) for seed in result.seeds]
        runs = result.runs_under(NEIGHBORS)
        rows.append({**song_row(near, aggregation=NEIGHBORS), "runs": runs})
    return rows + [
        song_row([joined(thinned(f, n)) for f in frames], frames_per_song=n) for n in n_frames
    ]


@dataclass(frozen=True)
class Source:
    """Music of ours to train on.

    Args:
        name: what tables call it.
        make: `(n_per_genre) -> corpus`.
        n_per_genre: how much of it.
    """

    name: str
    make: Callable[[int], Corpus]
    n_per_genre: int


def cross_data(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    source: Source,
    recipes: Mapping[str, Recipe],
    cut: Cut,
    own_folds: int = 5,
) -> list[Row]:
    """Recipes trained on music of ours and tested on another corpus, and trained on that itself.

    Args:
        source: what to train on.
        recipes: by the name of the system.
        cut: how the tested corpus is cut.
        own_folds: folds of the tested corpus for comparison; 0 for none.
    """
    training_corpus, artists = source.make(source.n_per_genre), groups_of(corpus)
    rows: list[Row] = []
    for name, recipe in recipes.items():
        train = segments_of(recipe, training_corpus, progress=progress)
        tested_recipe = replace(recipe, cut=cut)
        test = segments_of(tested_recipe, corpus, progress=progress)
        systems = [learn(recipe, train, seed=seed) for seed in seeds]
        answers = [system.predict(test) for system in systems]
        trained = float(np.mean([system.about["train_accuracy"] for system in systems]))
        condition = {"system": name, "training": f"trained on {source.name}"}
        n_frames = len(train)
        rows.append(
            accuracy_row(
                answers, artists, condition=condition, train_accuracy=trained, n_frames=n_frames
            )
        )
        if own_folds:
            own = cross_validate(
                tested_recipe, corpus, Protocol(own_folds), seeds=seeds, progress=progress
            )
            tables = [own.predictions(seed) for seed in seeds]
            condition = {"system": name, "training": "trained on the tested corpus"}
            trained = own.train_accuracy
            rows.append(accuracy_row(tables, artists, condition=condition, train_accuracy=trained))
    return rows


def _multiframe(
    name: str, title: str, recipe: Recipe, deviations: tuple[str, ...], n_folds: int = 3
) -> Study:
    settings = {"recipe": recipe, "n_frames": (1, 2, 3, 4, 6), "n_folds": n_folds}
    protocol = f"{n_folds} folds"
    return Study(f"reddy2024/{name}", title, multiframe, settings, protocol, deviations)


def _cross(name: str, title: str, deviations: tuple[str, ...], **settings: Any) -> Study:
    protocol = "trained elsewhere"
    return Study(f"reddy2024/{name}", title, cross_data, settings, protocol, deviations)


def _plain(recipe: Recipe) -> Recipe:
    """The recipe without scores for neighbors, under a name of its own."""
    return replace(recipe, name=f"{recipe.name}-alone", learner=Estimator(use_valid=False))


SONGS: dict[str, Any] = {"source": Source("the handmade set", handmade, 30), "cut": START}

STUDIES = (
    _multiframe(
        "pieces",
        "The same with six pieces of clips of half a minute",
        PIECES_STATISTICS,
        (IN_PIECES, LIGHT),
        n_folds=5,
    ),
    _multiframe(
        "multiframe", "Frames and songs, band statistics", FRAMES_STATISTICS, (LIGHT, OURS)
    ),
    _multiframe(
        "multiframe-tagger", "Frames and songs, the published tagger", FRAMES_TAGGER, (LIGHT, OURS)
    ),
    _multiframe(
        "multiframe-tuned",
        "Frames and songs, the published tagger fine-tuned",
        FRAMES_TUNED,
        (CONVOLUTIONS, OURS),
    ),
    _cross(
        "cross-tuned",
        "Trained on the handmade set, fine-tuning the published tagger",
        (CONVOLUTIONS, OURS),
        recipes={"fine-tuned": FRAMES_TUNED},
        own_folds=0,
        **SONGS,
    ),
    _cross(
        "cross-data",
        "Trained on the handmade set, tested elsewhere",
        (LIGHT, OURS),
        recipes={"statistics": _plain(FRAMES_STATISTICS), "tagger": _plain(FRAMES_TAGGER)},
        **SONGS,
    ),
    _cross(
        "cross-pieces",
        "Trained on our clips, tested elsewhere, in pieces",
        (IN_PIECES, LIGHT),
        source=Source("the embedded corpus", synthetic, 20),
        recipes={"statistics": _plain(PIECES_STATISTICS)},
        cut=PIECES_STATISTICS.cut,
    ),
)
