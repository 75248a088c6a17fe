"""Personal genres and social context, both simulated on the known truth of the embedded corpus.

`personal` gives each of four simulated listeners a head of their own on one frozen network and
counts the labels that it needs, asked for at random or by uncertainty. `popularity` gives the
embedded artists an audience and measures how recommenders and classifiers treat rare artists.

What we chose: the network learns the ten genres from half of the artists; listeners label clips of
a quarter and are tested on the last quarter. A twentieth of their answers are slips. All numbers of
the audience are assumptions (`mgrlib.data.audience`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mgrlib.data.audience import Audience, Listening, co_listening, tag_counts
from mgrlib.data.corpus import Corpus
from mgrlib.data.listeners import LISTENERS, Listener, relabeled, truths, with_slips
from mgrlib.data.splits import by_group
from mgrlib.data.synthetic import tags
from mgrlib.evaluation.intervals import Interval, over_groups
from mgrlib.evaluation.recommending import (
    by_content,
    by_neighbors,
    by_popularity,
    hit_rate,
    recommend,
    share_of,
)
from mgrlib.experiments.study import Row, Study, row
from mgrlib.models.baselines import linear
from mgrlib.papers.beyond.recipes import LISTENER
from mgrlib.papers.beyond.studies.domains import embedding
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.recipe import Recipe
from mgrlib.training.active import STRATEGIES, label_course

FROZEN = replace(LISTENER, name="beyond/listeners-frozen")
"""The network below all heads."""

SIZES = (5, 10, 15, 20, 30, 40, 60, 80)
SLIPS = 0.05
THIRDS = ("popular", "middle", "rare")


def head(seed: int = 0) -> Any:
    """The classifier on top of the embedding: strongly regularized logistic regression."""
    return linear(seed, strength=0.05)


@dataclass(frozen=True, eq=False)
class Quarters:
    """A frozen network and the clips that it has not been trained on.

    Args:
        pool, test: clip ids of a quarter of the artists each.
        x_pool, x_test: their embeddings, (U, D) and (M, D).
        train_accuracy: of the network, on its own training clips.
        accuracy: of the network on the clips of pool and test, in the ten genres.
    """

    pool: tuple[str, ...]
    test: tuple[str, ...]
    x_pool: np.ndarray
    x_test: np.ndarray
    train_accuracy: float
    accuracy: float


def quarters(recipe: Recipe, corpus: Corpus, segments: Segments, seed: int) -> Quarters:
    """A network trained on half of the artists, and the embeddings of the other two quarters."""
    split = by_group(corpus, valid=0.25, test=0.25, seed=seed).check(corpus)
    system = learn(recipe, segments.of(split.train), seed=seed)
    pool, test = segments.of(split.valid), segments.of(split.test)
    correct = [system.predict(part).correct for part in (pool, test)]
    return Quarters(
        tuple(split.valid),
        tuple(split.test),
        embedding(system, pool),
        embedding(system, test),
        float(system.about["train_accuracy"]),
        float(np.concatenate(correct).mean()),
    )


# Personal genres ---------------------------------------------------------------------------------


def personal(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    listeners: Mapping[str, Listener],
    sizes: Sequence[int] = SIZES,
    n_draws: int = 5,
) -> list[Row]:
    """Accuracy of a head for each listener against the number of labels, for each strategy.

    Args:
        corpus: the embedded corpus.
        n_draws: random starts for each seed; each has its own slips, and tests have none.
    """
    segments = segments_of(recipe, corpus, progress=progress)
    parts = {seed: quarters(recipe, corpus, segments, seed) for seed in seeds}
    artist, known = corpus.clips["group"].astype(str), truths(corpus)
    n_clips = len({clip for part in parts.values() for clip in part.test})
    rows: list[Row] = []
    for name, listener in listeners.items():
        own = relabeled(corpus, listener, known)
        curves: dict[str, list[np.ndarray]] = {how: [] for how in STRATEGIES}
        trained: dict[str, list[tuple[float, ...]]] = {how: [] for how in STRATEGIES}
        artists, majority = [], []
        for seed, part in parts.items():
            y_test = own.labels(part.test)
            majority.append(np.bincount(y_test).max() / len(y_test))
            for draw in range(n_draws):
                number = 1000 * seed + draw
                y_pool = with_slips(own.labels(part.pool), len(own.genres), SLIPS, number)
                artists.append(artist.loc[list(part.test)].to_numpy())
                for how, strategy in STRATEGIES.items():
                    course = label_course(
                        head,
                        (part.x_pool, y_pool),
                        part.x_test,
                        sizes=sizes,
                        strategy=strategy,
                        seed=number,
                    )
                    curves[how].append(course.predicted == y_test)
                    trained[how].append(course.train_accuracy)
        plan = _Plan(name, tuple(sizes), np.concatenate(artists), n_clips)
        rows += _curve_rows(plan, curves, trained) + _gain_rows(plan, curves)
        condition = {"listener": name, "strategy": "largest shelf"}
        rows.append(row("accuracy", float(np.mean(majority)), condition=condition, n=n_clips))
    return rows + _network_rows(parts)


@dataclass(frozen=True, eq=False)
class _Plan:
    """What the rows of one listener have in common.

    Args:
        listener: the name.
        sizes: numbers of labels.
        artists: the artist of each tested clip, over all runs.
        n_clips: number of different test clips.
    """

    listener: str
    sizes: tuple[int, ...]
    artists: np.ndarray
    n_clips: int


def _curve_rows(
    plan: _Plan,
    curves: Mapping[str, Sequence[np.ndarray]],
    trained: Mapping[str, Sequence[tuple[float, ...]]],
) -> list[Row]:
    """Accuracy for each strategy and number of labels; intervals are over artists."""
    rows: list[Row] = []
    for how, runs in curves.items():
        correct = np.concatenate(runs, axis=1).astype(float)
        for i, size in enumerate(plan.sizes):
            condition = {"listener": plan.listener, "strategy": how, "labels": int(size)}
            accuracy = float(np.mean([course[i] for course in trained[how]]))
            interval = over_groups(correct[i], plan.artists)
            rows.append(
                row(
                    "accuracy",
                    interval,
                    condition=condition,
                    n=plan.n_clips,
                    train_accuracy=accuracy,
                )
            )
    return rows


def _gain_rows(plan: _Plan, curves: Mapping[str, Sequence[np.ndarray]]) -> list[Row]:
    """Accuracy by uncertainty minus accuracy at random, on the same clips from the same start."""
    random, uncertain = (
        np.concatenate(curves[how], axis=1).astype(float) for how in ("random", "uncertainty")
    )
    rows: list[Row] = []
    for i, size in enumerate(plan.sizes):
        condition = {"listener": plan.listener, "labels": int(size)}
        interval = over_groups(uncertain[i] - random[i], plan.artists)
        rows.append(row("gain of uncertainty", interval, condition=condition, n=plan.n_clips))
    return rows


def _network_rows(parts: Mapping[int, Quarters]) -> list[Row]:
    """How good the network below the heads is in the ten genres, the mean over seeds."""
    accuracy = float(np.mean([part.accuracy for part in parts.values()]))
    trained = float(np.mean([part.train_accuracy for part in parts.values()]))
    condition = {"listener": "ten genres", "strategy": "the network itself"}
    return [row("accuracy", accuracy, condition=condition, train_accuracy=trained)]


# Popularity --------------------------------------------------------------------------------------


def artist_table(corpus: Corpus, clip_ids: Sequence[str], vectors: np.ndarray) -> tuple[Any, Any]:
    """Artists of some clips: their genre by name, and the mean of their clips' vectors, (A, D)."""
    import pandas as pd

    rows = corpus.clips.loc[list(clip_ids)]
    means = pd.DataFrame(vectors, index=rows.index).groupby(rows["group"].astype(str)).mean()
    genres = rows.groupby(rows["group"].astype(str))["genre"].first().loc[means.index]
    return genres, means.to_numpy()


def popularity(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    audience: Audience,
    n_audiences: int = 5,
    n_recommended: int = 5,
) -> list[Row]:
    """What recommenders and classifiers do with popular and rare artists.

    Every artist that the network was not trained on has a sound, an audience and tags. A third of
    each listener's artists is held out. Classifiers of genre are trained on half of the artists
    and tested on the other half, and the other way round.
    """
    segments = segments_of(recipe, corpus, progress=progress)
    results = _Tally()
    for seed in seeds:
        part = quarters(recipe, corpus, segments, seed)
        clips = (*part.pool, *part.test)
        genres, sound = artist_table(corpus, clips, np.concatenate([part.x_pool, part.x_test]))
        known = tags(corpus.select(clip_ids=clips)).to_numpy()
        _, shares = artist_table(corpus, clips, known.astype(float))
        half = np.isin(genres.index, corpus.clips.loc[list(part.pool), "group"].astype(str))
        for number in range(n_audiences):
            listening = audience.listen(list(genres), seed=1000 * seed + number)
            _add_recommendations(results, listening, sound, n_recommended, 1000 * seed + number)
            _add_classifiers(results, listening, (sound, shares >= 0.5), genres, half, number)
    return results.rows()


class _Tally:
    """Collects values and their groups (audiences or artists) by metric and condition."""

    def __init__(self) -> None:
        self.values: dict[tuple[str, tuple[tuple[str, str], ...]], list[np.ndarray]] = {}
        self.groups: dict[tuple[str, tuple[tuple[str, str], ...]], list[np.ndarray]] = {}
        self.trained: dict[str, list[float]] = {}

    def add(self, metric: str, values: np.ndarray, groups: np.ndarray, **condition: str) -> None:
        """Add values that are not NaN."""
        key, present = (metric, tuple(condition.items())), np.isfinite(values)
        self.values.setdefault(key, []).append(values[present])
        self.groups.setdefault(key, []).append(groups[present])

    def rows(self) -> list[Row]:
        """A row for each metric and condition, with an interval over audiences or artists."""
        rows: list[Row] = []
        for (metric, condition), values in self.values.items():
            groups = np.concatenate(self.groups[metric, condition])
            interval: Interval = over_groups(np.concatenate(values), groups)
            trained = self.trained.get(dict(condition)["system"]) if metric == "accuracy" else None
            rows.append(
                row(
                    metric,
                    interval,
                    condition=dict(condition),
                    train_accuracy=float(np.mean(trained)) if trained else None,
                    n_groups=len(np.unique(groups)),
                )
            )
        return rows


def _add_recommendations(
    results: _Tally, listening: Listening, sound: np.ndarray, n: int, number: int
) -> None:
    """Hit rates and shares of four recommenders, and the shares of what was played.

    Their intervals are over audiences (`number`): the listeners of one audience share its ranks.
    """
    history, targets = listening.held_out(1 / 3, seed=number)
    thirds, plays = listening.thirds(), history.plays
    scores = {
        "most played": by_popularity(plays),
        "co-listening": by_neighbors(plays),
        "sound": by_content(plays, sound),
        "random": np.random.default_rng([number, 1]).random(plays.shape),
    }
    listeners = np.full(len(plays), number)
    for name, table in scores.items():
        best = recommend(table, plays, n)
        results.add("hit rate", hit_rate(best, targets), listeners, system=name, artists="all")
        rare = targets & (thirds == 2)
        results.add("hit rate", hit_rate(best, rare), listeners, system=name, artists="rare")
        for k, third in enumerate(THIRDS):
            share = share_of(best, thirds == k)
            results.add("fraction", share, listeners, system=name, artists=third)
    total = np.maximum(listening.plays.sum(axis=1), 1)
    for k, third in enumerate(THIRDS):
        share = listening.plays[:, thirds == k].sum(axis=1) / total
        results.add("fraction", share, listeners, system="plays", artists=third)


def _add_classifiers(
    results: _Tally,
    listening: Listening,
    known: tuple[np.ndarray, np.ndarray],
    genres: Any,
    half: np.ndarray,
    number: int,
) -> None:
    """Accuracy of genre from sound, from co-listening, from written tags, and from their mean."""
    sound, true_tags = known
    counts = tag_counts(listening.plays, true_tags, seed=number).astype(float)
    views = {
        "sound": sound,
        "co-listening": co_listening(listening.plays),
        "tags": counts / np.maximum(counts.sum(axis=1, keepdims=True), 1),
    }
    names, y = np.unique(np.asarray(genres), return_inverse=True)
    probs = {name: np.zeros((len(y), len(names))) for name in views}
    for train in (half, ~half):
        for name, x in views.items():
            classifier = head().fit(x[train], y[train])
            probs[name][~train] = classifier.predict_proba(x[~train])
            trained = float((classifier.predict(x[train]) == y[train]).mean())
            results.trained.setdefault(name, []).append(trained)
    probs["all three, averaged"] = np.mean(list(probs.values()), axis=0)
    artists, thirds = np.asarray(genres.index), listening.thirds()
    for name, table in probs.items():
        correct = (table.argmax(axis=1) == y).astype(float)
        for k, third in enumerate(THIRDS):
            inside = thirds == k
            results.add("accuracy", correct[inside], artists[inside], system=name, artists=third)


STUDIES = (
    Study(
        "beyond/personal",
        "A head for each listener: accuracy against labels, at random and by uncertainty",
        personal,
        {"recipe": FROZEN, "listeners": LISTENERS},
        "half of the artists train the network, a quarter is labeled, a quarter tests",
        ("listeners are rules on known truth; a twentieth of their answers are slips",),
    ),
    Study(
        "beyond/popularity",
        "Popular and rare artists: recommenders, and genre from sound, co-listening and tags",
        popularity,
        {"recipe": FROZEN, "audience": Audience()},
        "half of the artists train the network; the others are recommended and classified",
        ("the audience is an assumption, and popularity has nothing to do with sound",),
    ),
)
