"""Multi-label predictions, for clips with several genres, and their metrics.

A prediction of one genre is right or wrong. A prediction of several genres can be partly right, and
each metric counts that differently: report at least two of them by name.

Metrics are functions of `LabelPredictions`. A metric per genre is undefined (NaN) for a genre that
no clip has, and means over genres leave it out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import nn

from mgrlib.errors import EvaluationError, ShapeError, explain, some
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.evaluation.predictions import logits_of
from mgrlib.segments import Segments

THRESHOLD = 0.5


@dataclass(frozen=True, eq=False)
class LabelPredictions:
    """The probability of each genre for each clip, together with the clip's true genres.

    Args:
        clip_ids: M different clips.
        truth: (M, K) bool, whether the clip has the genre.
        probs: (M, K) in [0, 1], the probability of each genre by itself; rows need not sum to 1.
        genres: the K class names.

    Raises:
        ShapeError: if the shapes do not match.
        EvaluationError: if there is no clip, a clip appears twice or has no genre, or a value is
            not a probability.

    >>> p = LabelPredictions(("a",), np.array([[1, 1, 0]]), np.array([[.9, .4, .2]]), tuple("xyz"))
    >>> p.decisions(), all_found(p)
    (array([[ True, False, False]]), 1.0)
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
            hint = "one row per clip, one column per genre."
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
            duplicates = some(ids[pd.Index(self.clip_ids).duplicated()])
            raise EvaluationError(explain(where, "each clip once", duplicates))
        bare_ids = ids[~self.truth.any(axis=1)]
        if len(bare_ids):
            got = f"none for {some(bare_ids)}"
            raise EvaluationError(explain(where, "a genre for each clip", got))
        wrong = ~((self.probs >= 0) & (self.probs <= 1)).all(axis=1)
        if wrong.any():
            hint = "apply the sigmoid to logits first."
            got = f"different values for {some(ids[wrong])}"
            raise EvaluationError(explain(where, "probabilities from 0 to 1", got, hint))

    def __repr__(self) -> str:
        labels = self.truth.sum() / self.n
        return f"LabelPredictions({self.n} clips, {len(self.genres)} genres, {labels:g} per clip)"

    @property
    def n(self) -> int:
        """The number of clips, M."""
        return len(self.clip_ids)

    def decisions(self, threshold: float = THRESHOLD) -> np.ndarray:
        """The genres whose probability is at least the threshold, (M, K) bool."""
        return self.probs >= threshold


def predict_labels(
    model: nn.Module,
    segments: Segments,
    *,
    batch_size: int = 64,
    aggregate: Aggregate = mean_probs,
) -> LabelPredictions:
    """Predict several genres per clip: the sigmoid of each logit, combined over the segments.

    Args:
        model: a network that returns logits (B, K).
        segments: with targets y (S, K) of 0 and 1, as in the loss `mgrlib.training.multi_label`.
        batch_size: segments per batch.
        aggregate: combines the segments of a clip, (S, K) -> (M, K).

    Raises:
        EvaluationError: if the segments have class numbers as labels, or if the segments of a clip
            have different genres.
    """
    if segments.y.ndim != 2:
        hint = "for segments with one genre each, use `predict`."
        got = f"y {tuple(segments.y.shape)}"
        raise EvaluationError(explain("predict_labels", "targets (S, K)", got, hint))
    probs = logits_of(model, segments, batch_size=batch_size).double().sigmoid().numpy()
    present, first, row = np.unique(segments.clip, return_index=True, return_inverse=True)
    truth = segments.y.numpy()[first]
    if not np.array_equal(truth[row], segments.y.numpy()):
        raise EvaluationError(explain("predict_labels", "one set of genres per clip", "several"))
    clip_ids = tuple(segments.clip_ids[i] for i in present)
    clip_probs = aggregate(probs, row, len(present)).clip(0, 1)
    return LabelPredictions(clip_ids, truth > 0.5, clip_probs, tuple(segments.genres))


def all_found(predictions: LabelPredictions) -> float:
    """The fraction of clips whose k genres are the k most probable ones, without a threshold.

    For clips with one genre it is the accuracy.
    """
    order = np.argsort(-predictions.probs, axis=1, kind="stable")
    ranks = np.argsort(order, axis=1, kind="stable")
    k = predictions.truth.sum(axis=1, keepdims=True)
    return float(((ranks < k) == predictions.truth).all(axis=1).mean())


def micro_f1(predictions: LabelPredictions, *, threshold: float = THRESHOLD) -> float:
    """The F1 over all cells of the table, in which frequent genres have more weight."""
    decisions, truth = predictions.decisions(threshold), predictions.truth
    return float(2 * (decisions & truth).sum() / max(decisions.sum() + truth.sum(), 1))


def average_precision(predictions: LabelPredictions) -> np.ndarray:
    """The area under each genre's precision-recall curve, (K,), which needs no threshold.

    Clips are ranked by the genre's probability. For each clip that has the genre, the precision
    among the clips ranked at least as high is computed; the area is the mean of these precisions.
    Clips with the same probability have the same rank. The average precision of a random ranking
    is about the fraction of clips that have the genre.

    >>> p = LabelPredictions(tuple("abc"), np.eye(3)[[0, 1, 0]], np.array([[.9, .1, 0], [.8, .6, 0],
    ...     [.7, .2, 0]]), tuple("xyz"))
    >>> average_precision(p).round(3)
    array([0.833, 1.   ,   nan])
    """
    from sklearn.metrics import average_precision_score

    areas = np.full(len(predictions.genres), np.nan)
    for k in np.flatnonzero(predictions.truth.any(axis=0)):
        areas[k] = average_precision_score(predictions.truth[:, k], predictions.probs[:, k])
    return areas


def mean_average_precision(predictions: LabelPredictions) -> float:
    """The mean of `average_precision` over the genres that at least one clip has."""
    return float(np.nanmean(average_precision(predictions)))
