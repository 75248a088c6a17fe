"""Cross-domain and cross-cultural: what a classifier does with music from outside its training set.

`cross_domain` trains on rendered music and tests on real recordings, and the other way round. Of
the recordings only pictures of spectrograms are at hand, so both sides are reduced to what pictures
keep: levels of mel bands below the loudest cell, then each clip at mean 0 and standard deviation 1.

`landing` gives the sketches, which belong to none of the ten genres, to networks that know nothing
else. `few_labels` then shows each network a few labeled clips of the sketches.

What we chose: the band statistics are the means and standard deviations of 64 bands; the network is
that of `mgrlib.papers.beyond.recipes`, trained for a few epochs. No setting was chosen on test
clips.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, cast

import numpy as np
import torch
from torch import nn

from mgrlib.augment import over_sample
from mgrlib.data.corpus import Corpus
from mgrlib.data.sketches import sketches
from mgrlib.data.splits import by_group
from mgrlib.data.synthetic import SyntheticSource, synthetic
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.intervals import over_groups, over_runs
from mgrlib.evaluation.metrics import confusion
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import NAMED, Division, Protocol
from mgrlib.experiments.study import Row, Study, row
from mgrlib.features import LogMel
from mgrlib.models.baselines import linear
from mgrlib.models.luo2021 import DilatedCNN
from mgrlib.models.modes import evaluating
from mgrlib.papers.beyond.recipes import LISTENER
from mgrlib.segments import Segments
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.learners import Estimator
from mgrlib.systems.prepare import PerClip, RowStatistics
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.config import TrainConfig

LEVELS = LogMel(22050, n_mels=64, hop_length=2048, n_frames=320)
"""What both a sound and a picture can give: 64 bands, no more than 80 dB below the loudest cell."""

BANDS = Recipe(
    "beyond/domains-bands",
    "logistic regression on band statistics",
    (LEVELS,),
    linear,
    TrainConfig(),
    options={"strength": 0.05},
    prepare=(PerClip(), RowStatistics()),
    learner=Estimator(),
)
CNN = Recipe(
    "beyond/domains-cnn",
    "dilated CNN on the log-mel spectrogram",
    (LEVELS,),
    DilatedCNN,
    TrainConfig(epochs=6, batch_size=32, lr=2e-3, schedule="cosine", precision="bfloat16"),
    prepare=(PerClip(),),
)
KNOWN = replace(LISTENER, name="beyond/domains-known", config=replace(LISTENER.config, epochs=12))
"""The network that knows the ten genres and is given the sketches."""

EMBEDDED, RECORDED = "embedded corpus", "GTZAN maps"


# Rendered music and recordings -----------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class _Side:
    """One of the two domains: its segments, its clips, and how it is divided."""

    segments: Segments
    corpus: Corpus
    division: Division

    def own(self, recipe: Recipe, seed: int) -> tuple[Predictions, list[float]]:
        """Every clip tested in a fold of this domain, and the training accuracies."""
        parts, trained = [], []
        for split in self.division.splits(self.corpus, seed):
            system = learn(recipe, self.segments.of(split.train), seed=seed)
            parts.append(system.predict(self.segments.of(split.test)))
            trained.append(float(system.about["train_accuracy"]))
        return Predictions.concat(parts), trained


def cross_domain(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    systems: Mapping[str, Recipe],
    n_per_genre: int = 60,
    n_folds: int = 3,
) -> list[Row]:
    """Each system trained on either domain and tested on both, with artists apart within a domain.

    Args:
        corpus: GTZAN as sound or as pictures; the clips of its artist folds are used.
        n_per_genre: clips of the embedded corpus.
        n_folds: folds by artist of the embedded corpus.
    """
    rendered, division = synthetic(n_per_genre), NAMED["artist-folds"]
    tested = [clip for split in division.splits(corpus, 0) for clip in split.test]
    recorded = corpus.select(clip_ids=tested)
    rows: list[Row] = []
    for name, recipe in systems.items():
        sides = {
            EMBEDDED: _Side(
                segments_of(recipe, rendered, progress=progress),
                rendered,
                Protocol(n_folds, "group"),
            ),
            RECORDED: _Side(segments_of(recipe, recorded, progress=progress), recorded, division),
        }
        for source, side in sides.items():
            other = next(s for s in sides if s != source)
            own = [side.own(recipe, seed) for seed in seeds]
            domain_systems = [learn(recipe, side.segments, seed=seed) for seed in seeds]
            moved = [system.predict(sides[other].segments) for system in domain_systems]
            trained = [float(system.about["train_accuracy"]) for system in domain_systems]
            condition = {"system": name, "trained on": source}
            own_training = [value for _, values in own for value in values]
            rows += [
                _tested(condition | {"tested on": source}, side, [p for p, _ in own], own_training),
                _tested(condition | {"tested on": other}, sides[other], moved, trained),
            ]
    return rows


def _tested(
    condition: Mapping[str, Any], side: _Side, runs: Sequence[Predictions], trained: Sequence[float]
) -> Row:
    """Accuracy over seeds, with an interval over artists, and the mean confusion matrix."""
    artists = side.corpus.groups(runs[0].clip_ids)
    return row(
        "accuracy",
        over_runs(runs, groups=artists),
        condition=condition,
        train_accuracy=float(np.mean(trained)),
        n_artists=len(set(artists)),
        confusion=np.mean([confusion(run) for run in runs], axis=0).round(2).tolist(),
    )


# Sketches ---------------------------------------------------------------------------------------


def landing(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    n_per_sketch: int = 36,
    kept: float = 0.9,
) -> list[Row]:
    """Where clips of the sketches land among ten genres, how confidently, and what refusing costs.

    For each seed, a network is trained on three quarters of the artists of each genre. The other
    artists' clips and all sketches are tested.

    Args:
        corpus: the embedded corpus.
        kept: the fraction of the known test clips that a threshold on the confidence has to keep.
    """
    strangers = _sketches_beside(corpus, n_per_sketch)
    known_clips = segments_of(recipe, corpus, progress=progress)
    new_clips = segments_of(recipe, strangers, progress=progress)
    known: list[Predictions] = []
    new: list[Predictions] = []
    trained = []
    for seed in seeds:
        split = by_group(corpus, test=0.25, seed=seed).check(corpus)
        system = learn(recipe, known_clips.of(split.train), seed=seed)
        trained.append(float(system.about["train_accuracy"]))
        known.append(system.predict(known_clips.of(split.test)))
        new.append(_answers(system, new_clips))
    accuracy = np.concatenate([table.correct for table in known])
    train_accuracy = float(np.mean(trained))
    rows: list[Row] = [
        row(
            "accuracy",
            over_groups(accuracy, corpus.groups(_clips(known))),
            condition={"clips": "ten genres"},
            n=len({clip for table in known for clip in table.clip_ids}),
            train_accuracy=train_accuracy,
        )
    ]
    rows += _landing_rows(strangers, new)
    return rows + _confidence_rows(corpus, strangers, known, new, kept)


def _sketches_beside(corpus: Corpus, n_per_sketch: int) -> Corpus:
    """The sketches with the same seed as an embedded corpus."""
    if not isinstance(corpus.source, SyntheticSource):
        hint = "`mgrlib run` without `--data`."
        raise RecipeError(explain("sketches", "the embedded corpus", repr(corpus.name), hint))
    return sketches(n_per_sketch, seed=corpus.source.seed)


def _answers(system: System, segments: Segments) -> Predictions:
    """Predictions for clips whose classes the system does not know."""
    unknown = replace(segments, y=torch.full_like(segments.y, -1), genres=system.genres)
    return system.predict(unknown)


def _clips(tables: Sequence[Predictions]) -> np.ndarray:
    """The clip of each row of several tables, in order."""
    return np.array([clip for table in tables for clip in table.clip_ids])


def _landing_rows(strangers: Corpus, new: Sequence[Predictions]) -> list[Row]:
    """The fraction of each sketch's clips that each genre gets; intervals are over artists."""
    answers = np.concatenate([table.predicted for table in new])
    ids = _clips(new)
    names = strangers.clips.loc[ids, "genre"].to_numpy()
    artists = strangers.groups(ids)
    rows: list[Row] = []
    for sketch in strangers.genres:
        inside = names == sketch
        for k, genre in enumerate(new[0].genres):
            interval = over_groups((answers[inside] == k).astype(float), artists[inside])
            condition = {"clips": sketch, "genre": genre}
            rows.append(
                row("fraction of clips", interval, condition=condition, n=len(set(ids)) // 3)
            )
    return rows


def _confidence_rows(
    corpus: Corpus,
    strangers: Corpus,
    known: Sequence[Predictions],
    new: Sequence[Predictions],
    kept: float,
) -> list[Row]:
    """Confidence by kind of clip, and how many are refused where `kept` of the known are kept."""
    groups: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = {}
    thresholds = [refused_at(table.probs.max(axis=1), kept) for table in known]
    sure, refused = _confidence(known), _refused(known, thresholds)
    correct = np.concatenate([table.correct for table in known])
    ids = _clips(known)
    artists = corpus.groups(ids)
    for name, inside in (("", correct | ~correct), (", correct", correct), (", wrong", ~correct)):
        columns = (sure[inside], refused[inside], artists[inside], ids[inside])
        groups[f"ten genres{name}"] = columns
    ids = _clips(new)
    names = strangers.clips.loc[ids, "genre"].to_numpy()
    sure, refused, artists = _confidence(new), _refused(new, thresholds), strangers.groups(ids)
    for sketch in strangers.genres:
        inside = names == sketch
        groups[sketch] = (sure[inside], refused[inside], artists[inside], ids[inside])
    rows: list[Row] = []
    for name, (sure, refused, artists, ids) in groups.items():
        for metric, values in (("confidence", sure), ("fraction refused", refused)):
            interval = over_groups(values, artists)
            details = {"bins": np.histogram(sure, np.linspace(0, 1, 21))[0].tolist()}
            n_clips = len(set(ids))
            rows.append(row(metric, interval, condition={"clips": name}, n=n_clips, **details))
    return rows


def _confidence(tables: Sequence[Predictions]) -> np.ndarray:
    """The largest probability of each row of several tables."""
    return np.concatenate([table.probs.max(axis=1) for table in tables])


def _refused(tables: Sequence[Predictions], thresholds: Sequence[float]) -> np.ndarray:
    """Whether each row's confidence is below its table's threshold, 0.0 or 1.0."""
    pairs = zip(tables, thresholds, strict=True)
    return np.concatenate([table.probs.max(axis=1) < limit for table, limit in pairs]).astype(float)


def refused_at(confidence: np.ndarray, kept: float) -> float:
    """The threshold below which an answer is refused, so that `kept` of these are not.

    >>> refused_at(np.array([0.2, 0.4, 0.6, 0.8, 1.0]), kept=0.8)
    0.4
    """
    ordered = np.sort(confidence)
    n_refused = int(np.floor((1 - kept) * len(ordered) + 1e-9))
    return float(ordered[n_refused])


# A few labels ------------------------------------------------------------------------------------


def embedding(system: System, segments: Segments) -> np.ndarray:
    """What a `DilatedCNN` pools over time before its last layer, (S, 2 width)."""
    network = system.network
    pooled: list[torch.Tensor] = []
    head = cast(nn.Linear, network.linear)
    hook = head.register_forward_hook(lambda *call: pooled.append(call[1][0].detach()))
    prepared = system.preparation(segments)
    try:
        with evaluating(network) as device:
            for part in prepared.inputs[0].split(64):
                network(part.to(device))
    finally:
        hook.remove()
    return torch.cat(pooled).cpu().numpy()


def with_head(
    train: tuple[np.ndarray, np.ndarray], test: np.ndarray, *, strength: float = 0.05
) -> np.ndarray:
    """Class numbers (M,) of test vectors, by logistic regression on vectors and labels."""
    return np.asarray(linear(0, strength=strength).fit(*train).predict(test))


def few_of_each(labels: np.ndarray, pool: np.ndarray, n: int, seed: int) -> np.ndarray:
    """Places of n clips of each class of a pool, drawn at random; a smaller n gives a part of them.

    Args:
        labels: the class of every clip, (M,).
        pool: places of the clips to draw from.
    """
    order = np.random.default_rng(seed).permutation(pool)
    parts = [order[labels[order] == k][:n] for k in np.unique(labels[pool])]
    return np.concatenate(parts).astype(np.int64)


def few_labels(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    sizes: Sequence[int],
    n_per_sketch: int = 36,
) -> list[Row]:
    """Accuracy on sketches and on the ten genres, when a head sees n labeled clips of each sketch.

    The network is trained on the ten genres and then fixed; logistic regression on what it pools
    over time distinguishes thirteen classes. It is trained on the network's training clips and on
    n clips of each sketch, once as they are and once with the sketches' clips repeated until all
    classes are equally large. Test artists are others than training artists.
    """
    strangers = _sketches_beside(corpus, n_per_sketch)
    known_clips = segments_of(recipe, corpus, progress=progress)
    new_clips = segments_of(recipe, strangers, progress=progress)
    answers: dict[tuple[int, str, str], list[_Answer]] = {}
    for seed in seeds:
        split = by_group(corpus, test=0.25, seed=seed).check(corpus)
        new = by_group(strangers, test=0.5, seed=seed).check(strangers)
        system = learn(recipe, known_clips.of(split.train), seed=seed)
        first = len(corpus.genres)
        known = _Vectors.of(system, known_clips.of(split.train), corpus)
        pool = _Vectors.of(system, new_clips.of(new.train), strangers, first)
        tests = {
            "ten genres": _Vectors.of(system, known_clips.of(split.test), corpus),
            "sketches": _Vectors.of(system, new_clips.of(new.test), strangers, first),
        }
        for size in sizes:
            few = few_of_each(pool.y, np.arange(len(pool.y)), size, seed)
            x = np.concatenate([known.x, pool.x[few]])
            y = np.concatenate([known.y, pool.y[few]])
            repeated = over_sample(y, seed=seed)
            for how, rows_of in (("as they are", np.arange(len(y))), ("repeated", repeated)):
                train = (x[rows_of], y[rows_of])
                trained = float((with_head(train, x) == y).mean())
                for name, test in tests.items():
                    correct = with_head(train, test.x) == test.y
                    answers.setdefault((size, how, name), []).append((correct, test, trained))
    return [_few_row(key, parts) for key, parts in answers.items()]


@dataclass(frozen=True, eq=False)
class _Vectors:
    """Clips as a head sees them: embeddings (M, D), class numbers, artists and ids."""

    x: np.ndarray
    y: np.ndarray
    artists: np.ndarray
    clip_ids: tuple[str, ...]

    @classmethod
    def of(cls, system: System, clips: Segments, corpus: Corpus, first: int = 0) -> _Vectors:
        """One segment per clip; class numbers count from `first`."""
        artists = corpus.groups(clips.clip_ids)
        return cls(embedding(system, clips), clips.y.numpy() + first, artists, clips.clip_ids)


_Answer = tuple[np.ndarray, _Vectors, float]


def _few_row(key: tuple[int, str, str], parts: Sequence[_Answer]) -> Row:
    """Accuracy over the seeds, with an interval over artists."""
    correct = np.concatenate([part[0] for part in parts]).astype(float)
    interval = over_groups(correct, np.concatenate([part[1].artists for part in parts]))
    names = ("clips_per_sketch", "training", "clips")
    n = len({clip for part in parts for clip in part[1].clip_ids})
    trained = float(np.mean([part[2] for part in parts]))
    condition = dict(zip(names, key, strict=True))
    return row("accuracy", interval, condition=condition, n=n, train_accuracy=trained)


STUDIES = (
    Study(
        "beyond/cross-domain",
        "Trained on rendered music, tested on recordings, and back",
        cross_domain,
        {"systems": {"band statistics": BANDS, "dilated CNN": CNN}},
        "artists apart",
        ("of the recordings only pictures of their spectrograms are used",),
    ),
    Study(
        "beyond/sketches",
        "Music outside the ten genres: where it lands, and how confidently",
        landing,
        {"recipe": KNOWN},
        "three quarters of the artists train",
        ("the sketches are built of a few documented features and stand for no tradition",),
    ),
    Study(
        "beyond/few-labels",
        "What a few labeled clips of the sketches change",
        few_labels,
        {"recipe": KNOWN, "sizes": (0, 1, 2, 4, 8, 16)},
        "three quarters of the artists train, half of those of the sketches",
        ("the network is fixed; only the head sees the sketches",),
    ),
)
