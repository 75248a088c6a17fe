"""What a random split of segments is worth: the same learners on segments divided in several ways.

Wei et al. (n.d.) report around .95 for segments of 3 s and .9274 for rows of a table of such
segments. Neighbouring segments of a clip hardly differ, and under a random split of segments nearly
every test segment has such neighbours among those that trained. These studies measure how much of
the accuracy is that.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import torch
from scipy.spatial.distance import cdist

from mgrlib.data.corpus import Corpus
from mgrlib.data.splits import folds
from mgrlib.data.tables import TableSource
from mgrlib.evaluation.aggregation import mean_probs
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.features import Vector57
from mgrlib.features.base import Feature
from mgrlib.models.baselines import k_nn, rbf_svm
from mgrlib.models.wei2023 import FeatureMlp57, SegmentCnn
from mgrlib.recipes.core import Reported
from mgrlib.recipes.studies import Study
from mgrlib.recipes.wei2023_segments import AROUND_95, SEGMENT_MFCC, SETTINGS
from mgrlib.segments import Cut, Segments, cut, standardize
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded

__all__ = [
    "LEAK",
    "PUBLISHED",
    "cnn",
    "distances",
    "divided",
    "divisions",
    "leak",
    "mlp",
    "nearest",
    "siblings",
    "svm",
    "take",
    "with_siblings",
]

Learn = Callable[[Segments, Segments, int], Predictions]
Rows = list[dict[str, Any]]

AT_RANDOM, BY_CLIP, BY_ARTIST = "segments at random", "clips apart", "artists apart"


# Learners: they train on some segments and answer for others, one by one


def nearest(train: Segments, test: Segments, seed: int) -> Predictions:
    """The genre of the nearest training segment: it learns nothing, it remembers."""
    return _estimated(k_nn(seed, n_neighbors=1), train, test)


def svm(train: Segments, test: Segments, seed: int) -> Predictions:
    """A support vector machine with Gaussian kernel."""
    return _estimated(rbf_svm(seed), train, test)


def mlp(train: Segments, test: Segments, seed: int) -> Predictions:
    """`FeatureMlp57`, 40 epochs in batches of 64."""
    config = TrainConfig(epochs=40, batch_size=64, seed=seed)
    return _trained(FeatureMlp57, config, train, test)


def cnn(train: Segments, test: Segments, seed: int) -> Predictions:
    """`SegmentCnn`, 40 epochs in batches of 16."""
    config = TrainConfig(epochs=40, batch_size=16, precision="bfloat16", seed=seed)
    return _trained(SegmentCnn, config, train, test)


def _estimated(estimator: Any, train: Segments, test: Segments) -> Predictions:
    train, test = (part.map(lambda x: x.flatten(1)) for part in (train, test))
    estimator.fit(train.inputs[0].numpy(), train.y.numpy())
    return predict_sklearn(estimator, test)


def _trained(
    model: Callable[..., torch.nn.Module], config: TrainConfig, train: Segments, test: Segments
) -> Predictions:
    train, test = standardize(train, test)
    with seeded(config.seed):
        network = model(train.n_classes, train.input_shape)
    fit(network, train, None, config)
    return predict(network, test)


# Segments one by one, and ways to divide them


def take(segments: Segments, index: np.ndarray) -> Segments:
    """The segments at these places, each as a clip of its own, so that each gets an answer."""
    where = torch.from_numpy(np.asarray(index, dtype=np.int64))
    names = (
        f"{segments.clip_ids[m]}#{i}" for i, m in zip(index, segments.clip[where], strict=True)
    )
    inputs = tuple(x[where] for x in segments.inputs)
    numbers = torch.arange(len(where))
    return Segments(inputs, segments.y[where], numbers, tuple(names), segments.genres)


def divisions(corpus: Corpus) -> tuple[str, ...]:
    """The ways to divide that differ here: by artist only where an artist has several clips."""
    known = corpus.clips["group"].nunique() < len(corpus)
    return (AT_RANDOM, BY_CLIP, BY_ARTIST) if known else (AT_RANDOM, BY_CLIP)


def divided(
    corpus: Corpus, segments: Segments, division: str, n_folds: int, seed: int
) -> np.ndarray:
    """The fold that each segment is tested in, (S,).

    Args:
        division: one of `divisions`. At random, the segments of each genre are dealt like cards;
            else those of a clip, or of an artist, are in one fold.
    """
    if division == AT_RANDOM:
        rng, y = np.random.default_rng(seed), segments.y.numpy()
        fold = np.empty(len(segments), dtype=np.int64)
        for k in range(segments.n_classes):
            mine = rng.permutation(np.flatnonzero(y == k))
            fold[mine] = np.arange(len(mine)) % n_folds
        return fold
    parts = folds(corpus, n_folds, seed=seed, by="clip" if division == BY_CLIP else "group")
    of_clip = {clip_id: k for k, part in enumerate(parts) for clip_id in part.test}
    return np.array([of_clip[clip_id] for clip_id in segments.clip_ids])[segments.clip.numpy()]


def _cut(corpus: Corpus, feature: Feature, progress: bool) -> Segments:
    """Segments of 3 s; a table's rows are such segments already."""
    how = Cut() if isinstance(corpus.source, TableSource) else Cut(3.0)
    return cut(corpus, feature, how=how, progress=progress)


def _groups(corpus: Corpus, segments: Segments) -> np.ndarray:
    """The number of each clip's artist, (M,), or of what else must not be split."""
    return pd.factorize(corpus.rows(segments.clip_ids)["group"])[0]


def _share(right: np.ndarray, group: np.ndarray) -> dict[str, float]:
    """The share of right answers; its interval comes from drawing whole groups anew."""
    _, member = np.unique(group, return_inverse=True)
    sums, counts = np.bincount(member, right), np.bincount(member)
    n = len(counts)
    weight = np.random.default_rng(0).multinomial(n, np.full(n, 1 / n), size=2000)
    low, high = np.quantile((weight @ sums) / (weight @ counts), [0.025, 0.975])
    return {"value": float(right.mean()), "low": float(low), "high": float(high)}


# Studies


def leak(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    feature: Feature,
    learners: Mapping[str, Learn],
    n_folds: int = 5,
    n_rounds: int = 5,
) -> Rows:
    """Accuracy of each learner under each way to divide the segments: a row each.

    Where clips stay together there is a second row, of clips: their segments answer as one.

    Args:
        feature: of segments of 3 s.
        n_rounds: how many of the folds are tested.
    """
    segments = _cut(corpus, feature, progress)
    group, rows = _groups(corpus, segments), []
    for division, (name, learn) in itertools.product(divisions(corpus), learners.items()):
        answers = []
        for seed in seeds:
            fold = divided(corpus, segments, division, n_folds, seed)
            answers += [_answers(segments, fold == k, learn, seed) for k in range(n_rounds)]
        right, clip, voted, of_clip = (np.concatenate(part) for part in zip(*answers, strict=True))
        protocol = f"{n_rounds} of {n_folds} folds, {segments.n_classes} genres"
        n = len(np.unique(clip))
        told = {"learner": name, "division": division, "protocol": protocol, "n": n}
        row = {"row": f"{name}, {division}", "metric": "accuracy of segments", **told}
        rows.append({**row, **_share(right, group[clip])})
        if division != AT_RANDOM:
            row = {"row": f"{name}, {division}, voting", "metric": "accuracy of clips", **told}
            rows.append({**row, **_share(voted, group[of_clip])})
    return rows


def _answers(
    segments: Segments, tested: np.ndarray, learn: Learn, seed: int
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """For each segment tested, whether its answer is right, and its clip; the same clip by clip."""
    inside, outside = np.flatnonzero(~tested), np.flatnonzero(tested)
    made = learn(take(segments, inside), take(segments, outside), seed)
    clip = segments.clip.numpy()[outside]
    clips, first, member = np.unique(clip, return_index=True, return_inverse=True)
    joined = mean_probs(made.probs, member, len(clips)).argmax(axis=1)
    return made.correct, clip, joined == made.truth[first], clips


def siblings(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    feature: Feature,
    learners: Mapping[str, Learn],
    n_folds: int = 5,
) -> Rows:
    """From honest to leaky: accuracy with 0 to 9 other segments of the test clip in training.

    One segment of each clip is tested, the same one in every row. What siblings come in, as many
    segments of other clips go out: all rows train on equally many.
    """
    segments = _cut(corpus, feature, progress)
    clip, group = segments.clip.numpy(), _groups(corpus, segments)
    rows = []
    for k, (name, learn) in itertools.product(range(10), learners.items()):
        right, of = [], []
        for seed in seeds:
            fold = divided(corpus, segments, BY_CLIP, n_folds, seed)
            for turn in range(n_folds):
                inside, outside = with_siblings(clip, fold == turn, k, seed)
                made = learn(take(segments, inside), take(segments, outside), seed)
                right.append(made.correct)
                of.append(group[clip[outside]])
        protocol = f"{n_folds} folds, {segments.n_classes} genres"
        told = {"learner": name, "siblings": k, "protocol": protocol, "n": segments.n_clips}
        row = {"row": f"{name}, {k} siblings", "metric": "accuracy of segments", **told}
        rows.append({**row, **_share(np.concatenate(right), np.concatenate(of))})
    return rows


def with_siblings(
    clip: np.ndarray, tested: np.ndarray, k: int, seed: int
) -> tuple[np.ndarray, np.ndarray]:
    """Places of the segments that train, and of those tested: one of each test clip.

    Args:
        clip, tested: the clip of each segment (S,), and whether it is one of the test clips (S,).
        k: how many other segments of each test clip train.
    """
    rng = np.random.default_rng(seed)
    pool = rng.permutation(np.flatnonzero(~tested))
    tests, added = [], []
    for m in np.unique(clip[tested]):
        first, *others = rng.permutation(np.flatnonzero(clip == m))
        tests.append(first)
        added += others[:k]
    inside = np.concatenate([pool[len(added) :], np.array(added, dtype=np.int64)])
    return inside, np.array(tests)


def distances(
    corpus: Corpus,
    seeds: Sequence[int],
    *,
    progress: bool = False,
    features: Mapping[str, Feature],
) -> Rows:
    """How often the nearest of all other segments is of the same clip, genre or artist.

    Values are standardised over all segments; distances are Euclidean, or one minus correlation.
    Each row also has the mean distance within clips (genres, artists) by that between them.
    """
    rows = []
    for (name, feature), metric in itertools.product(
        features.items(), ("euclidean", "correlation")
    ):
        segments = _cut(corpus, feature, progress)
        x = standardize(segments)[0].inputs[0].flatten(1).numpy()
        clip, artist = segments.clip.numpy(), _groups(corpus, segments)[segments.clip.numpy()]
        kinds = {"clip": clip, "genre": segments.y.numpy()}
        kinds |= {"artist": artist} if BY_ARTIST in divisions(corpus) else {}
        apart = cdist(x, x, metric)
        np.fill_diagonal(apart, np.inf)
        closest = apart.argmin(axis=1)
        for kind, label in kinds.items():
            same = label[:, None] == label
            ratio = apart[same & np.isfinite(apart)].mean() / apart[~same].mean()
            row = {"row": f"{name}, {metric}: same {kind}", "metric": "share of segments"}
            told = {"n": len(corpus), "within by between": float(ratio)}
            rows.append({**row, **told, **_share(label[closest] == label, artist)})
    return rows


_VALUES: dict[str, Learn] = {"MLP": mlp, "1-NN": nearest, "RBF SVM": svm}
_FRAMES: dict[str, Learn] = {"SegmentCnn": cnn, "1-NN": nearest, "RBF SVM": svm}
_MLP = Reported(
    0.9274,
    "accuracy of rows",
    None,
    "70/20/10 of the rows of a table of features",
    "section 6.3",
    "that the rows are segments of 3 s, divided at random, follows from the figure alone",
)

PUBLISHED = (
    ("Wei et al., section 5.3", "leak-mfcc", "SegmentCnn", AROUND_95.value),
    ("Wei et al., section 6.3", "leak-57", "MLP", _MLP.value),
    ("Ndou et al. (2021), features of 3 s", "leak-57", "1-NN", 0.9269),
)
"""Accuracies of segments of GTZAN in print: where, our study and learner of the kind, the value.

The third is the best figure of the review's third experiment, as a summary of it tells.
"""

LEAK = (
    Study(
        "wei2023/leak-mfcc",
        "the leak: MFCC of 3 s",
        leak,
        {"feature": SEGMENT_MFCC, "learners": _FRAMES, "n_rounds": 1},
        {"SegmentCnn, segments at random": AROUND_95},
        (SETTINGS, "one of five folds is tested"),
    ),
    Study(
        "wei2023/leak-57",
        "the leak: 57 values of 3 s",
        leak,
        {"feature": Vector57(22050), "learners": _VALUES},
        {"MLP, segments at random": _MLP},
        ("five folds, so that every segment is tested; the paper has one split",),
    ),
    Study(
        "wei2023/siblings",
        "from honest to leaky: 57 values of 3 s",
        siblings,
        {"feature": Vector57(22050), "learners": {"1-NN": nearest, "RBF SVM": svm}},
        deviations=("ours; the paper does not ask",),
    ),
    Study(
        "wei2023/distances",
        "nearest segments, and whose they are",
        distances,
        {"features": {"57 values": Vector57(22050), "MFCC": SEGMENT_MFCC}},
        deviations=("named in section 5.2 as a way to compare; no result is told",),
    ),
)
