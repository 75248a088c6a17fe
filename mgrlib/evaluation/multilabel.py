"""Several genres a clip: predictions in which the genres do not compete, and their metrics.

Where a clip has one genre, an answer is right or wrong. Where it has several, an answer can be
partly right, and each metric counts that in its own way: print two, and say which.

Metrics are functions of `LabelPredictions`, as those of one genre are functions of `Predictions`.
A genre that none of the clips has is undefined (NaN), and means over genres leave it out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import torch
from torch import nn

from mgrlib.errors import EvaluationError, ShapeError, explain, some
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.intervals import Interval
from mgrlib.models.modes import evaluating
from mgrlib.segments import Segments

__all__ = [
    "LabelPredictions",
    "all_found",
    "average_precision",
    "exact_match",
    "hamming_loss",
    "label_bootstrap",
    "label_f1",
    "macro_f1",
    "mean_average_precision",
    "micro_f1",
    "predict_labels",
]

THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class LabelPredictions:
    """What a classifier says of each clip and genre, beside which genres the clip has.

    Args:
        clip_ids: M different clips.
        truth: (M, K) bool, whether the clip has the genre.
        probs: (M, K) in [0, 1], each genre's probability for itself; rows need not sum to 1.
        genres: the K class names.

    Raises:
        ShapeError: parts that do not fit together.
        EvaluationError: no clip, a clip twice or without a genre, or a number that is no
            probability.

    >>> p = LabelPredictions(("a",), np.array([[1, 1, 0]]), np.array([[.9, .4, .2]]), tuple("xyz"))
    >>> p.decided(), all_found(p), exact_match(p)
    (array([[ True, False, False]]), 1.0, 0.0)
    """

    clip_ids: tuple[str, ...]
    truth: np.ndarray
    probs: np.ndarray
    genres: tuple[str, ...]

    def __post_init__(self) -> None:
        truth, probs = np.array(self.truth), np.array(self.probs, dtype=np.float64)
        shape = (len(self.clip_ids), len(self.genres))
        if truth.shape != shape or probs.shape != shape:
            got = f"truth {truth.shape} and probs {probs.shape}"
            hint = "one row a clip, one column a genre."
            raise ShapeError(explain("LabelPredictions", f"both (M, K) = {shape}", got, hint))
        if not np.isin(truth, (0, 1)).all():
            got = some(np.unique(truth).tolist())
            raise EvaluationError(explain("LabelPredictions", "truth of 0 and 1", got))
        object.__setattr__(self, "clip_ids", tuple(self.clip_ids))
        object.__setattr__(self, "genres", tuple(self.genres))
        object.__setattr__(self, "truth", truth.astype(bool))
        object.__setattr__(self, "probs", probs)
        self._check_values()

    def _check_values(self) -> None:
        where, ids = "LabelPredictions", np.asarray(self.clip_ids, dtype=object)
        if not self.n:
            raise EvaluationError(explain(where, "at least one clip", "none"))
        if len(set(self.clip_ids)) < self.n:
            repeated = some(ids[pd.Index(self.clip_ids).duplicated()])
            raise EvaluationError(explain(where, "each clip once", repeated))
        bare = ids[~self.truth.any(axis=1)]
        if len(bare):
            raise EvaluationError(explain(where, "a genre for each clip", f"none for {some(bare)}"))
        wrong = ~((self.probs >= 0) & (self.probs <= 1)).all(axis=1)
        if wrong.any():
            hint = "apply the sigmoid to logits first."
            got = f"others at {some(ids[wrong])}"
            raise EvaluationError(explain(where, "probabilities from 0 to 1", got, hint))

    def __repr__(self) -> str:
        labels = self.truth.sum() / self.n
        return f"LabelPredictions({self.n} clips, {len(self.genres)} genres, {labels:g} a clip)"

    @property
    def n(self) -> int:
        """The number of clips, M."""
        return len(self.clip_ids)

    def decided(self, threshold: float = THRESHOLD) -> np.ndarray:
        """The genres that are at least that probable, (M, K) bool."""
        return self.probs >= threshold


def predict_labels(
    model: nn.Module,
    segments: Segments,
    *,
    batch_size: int = 64,
    aggregate: Aggregate = mean_probs,
) -> LabelPredictions:
    """One row for each clip: the sigmoid of each logit, joined over the clip's segments.

    Args:
        segments: with targets y (S, K) of 0 and 1, as the loss `mgrlib.training.multi_label` wants.
        aggregate: joins the segments of a clip, (S, K) -> (M, K).

    Raises:
        EvaluationError: segments with class numbers, or clips whose segments differ in their
            genres.
    """
    if segments.y.ndim != 2:
        hint = "segments of one genre each are for `predict`."
        got = f"y {tuple(segments.y.shape)}"
        raise EvaluationError(explain("predict_labels", "targets (S, K)", got, hint))
    pieces = []
    with evaluating(model) as device:
        for start in range(0, len(segments), batch_size):
            batch = tuple(x[start : start + batch_size].to(device) for x in segments.inputs)
            pieces.append(model(*batch).double().cpu())
    probs = torch.cat(pieces).sigmoid().numpy()
    present, first, row = np.unique(segments.clip, return_index=True, return_inverse=True)
    truth = segments.y.numpy()[first]
    if not np.array_equal(truth[row], segments.y.numpy()):
        raise EvaluationError(explain("predict_labels", "one set of genres a clip", "several"))
    clip_ids = tuple(segments.clip_ids[i] for i in present)
    joined = aggregate(probs, row, len(present))
    return LabelPredictions(clip_ids, truth > 0.5, joined.clip(0, 1), tuple(segments.genres))


def hamming_loss(predictions: LabelPredictions, *, threshold: float = THRESHOLD) -> float:
    """The share of wrong cells of the (M, K) table: small even if the answer is always "none"."""
    return float((predictions.decided(threshold) != predictions.truth).mean())


def exact_match(predictions: LabelPredictions, *, threshold: float = THRESHOLD) -> float:
    """The share of clips whose genres are all decided rightly: the strictest."""
    return float((predictions.decided(threshold) == predictions.truth).all(axis=1).mean())


def all_found(predictions: LabelPredictions) -> float:
    """The share of clips whose k genres are the k most probable ones; needs no threshold.

    For clips of one genre it is the accuracy.
    """
    order = np.argsort(-predictions.probs, axis=1, kind="stable")
    ranks = np.argsort(order, axis=1, kind="stable")
    k = predictions.truth.sum(axis=1, keepdims=True)
    return float(((ranks < k) == predictions.truth).all(axis=1).mean())


def label_f1(predictions: LabelPredictions, *, threshold: float = THRESHOLD) -> np.ndarray:
    """Each genre's F1, 2 TP / (2 TP + FP + FN), (K,); NaN for a genre neither there nor decided."""
    said, true = predictions.decided(threshold), predictions.truth
    hits, total = (said & true).sum(axis=0), said.sum(axis=0) + true.sum(axis=0)
    return np.where(total > 0, 2 * hits / np.maximum(total, 1), np.nan)


def macro_f1(predictions: LabelPredictions, *, threshold: float = THRESHOLD) -> float:
    """The mean of `label_f1` over the genres that some clip has."""
    there = predictions.truth.any(axis=0)
    return float(label_f1(predictions, threshold=threshold)[there].mean())


def micro_f1(predictions: LabelPredictions, *, threshold: float = THRESHOLD) -> float:
    """The F1 of all cells of the table taken together: frequent genres weigh more."""
    said, true = predictions.decided(threshold), predictions.truth
    return float(2 * (said & true).sum() / max(said.sum() + true.sum(), 1))


def average_precision(predictions: LabelPredictions) -> np.ndarray:
    """The area under each genre's precision-recall curve, (K,); needs no threshold.

    Clips are ranked by the genre's probability; at each clip that has the genre, the precision
    among those ranked at least as high is taken, and the mean of these is the area. Clips of the
    same probability have one rank. A ranking by lot has about the share of clips with the genre.

    >>> p = LabelPredictions(tuple("abc"), np.eye(3)[[0, 1, 0]], np.array([[.9, .1, 0], [.8, .6, 0],
    ...     [.7, .2, 0]]), tuple("xyz"))
    >>> average_precision(p).round(3)
    array([0.833, 1.   ,   nan])
    """
    areas = np.full(len(predictions.genres), np.nan)
    for k in np.flatnonzero(predictions.truth.any(axis=0)):
        score, true = predictions.probs[:, k], predictions.truth[:, k]
        above = score[None, :] >= score[true][:, None]  # for each hit: who ranks as high
        areas[k] = ((above & true).sum(axis=1) / above.sum(axis=1)).mean()
    return areas


def mean_average_precision(predictions: LabelPredictions) -> float:
    """The mean of `average_precision` over the genres that some clip has."""
    return float(np.nanmean(average_precision(predictions)))


def label_bootstrap(
    predictions: LabelPredictions,
    metric: Callable[[LabelPredictions], float],
    *,
    groups: Sequence[object] | np.ndarray | None = None,
    n: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> Interval:
    """Any metric with its percentile bootstrap interval over clips.

    Give `groups`, (M,), where clips are not independent (blends that share a clip): whole groups
    are drawn then.
    """
    names = np.arange(predictions.n) if groups is None else pd.factorize(np.asarray(groups))[0]
    if len(names) != predictions.n:
        got = f"{len(names)} groups for {predictions.n} clips"
        raise EvaluationError(explain("label_bootstrap", "one group a clip", got))
    members = [np.flatnonzero(names == g) for g in range(names.max() + 1)]
    rng, values = np.random.default_rng(seed), np.empty(n)
    for i in range(n):
        rows = np.concatenate([members[g] for g in rng.integers(len(members), size=len(members))])
        ids = tuple(map(str, range(len(rows))))
        drawn = predictions.truth[rows], predictions.probs[rows]
        values[i] = metric(LabelPredictions(ids, *drawn, predictions.genres))
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return Interval(metric(predictions), float(low), float(high), predictions.n, level, "clips")
