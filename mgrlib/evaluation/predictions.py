"""Predictions with one row per clip: the output of every classifier, the input of every metric."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn

from mgrlib.errors import EvaluationError, ShapeError, explain, some
from mgrlib.evaluation.aggregation import Aggregate, mean_probs
from mgrlib.models.modes import evaluating
from mgrlib.segments import Segments

SUM_TOLERANCE = 1e-3  # float32 softmax and probabilities rounded to four digits stay within it
DIGITS = 4


@dataclass(frozen=True, eq=False)
class Predictions:
    """The probability of each genre for each clip, together with the clip's true genre.

    The arrays are copied and read-only.

    Args:
        clip_ids: M different clips.
        truth: (M,), the index of each clip's genre in `genres`, or -1 for all clips if the true
            genres are unknown.
        probs: (M, K), the probability of each genre; each row sums to 1.
        genres: the K class names.

    Raises:
        ShapeError: if the shapes do not match.
        EvaluationError: if there is no clip, a clip appears twice, a label is outside `genres`, or
            a row is not a probability distribution; the message names the first three clips.

    >>> probs = np.array([[.9, .1], [.6, .4]])
    >>> p = Predictions(("a", "b"), np.array([0, 1]), probs, ("jazz", "pop"))
    >>> p
    Predictions(2 clips, 2 genres, 1 correct)
    >>> p.predicted, p.correct
    (array([0, 0]), array([ True, False]))
    """

    clip_ids: tuple[str, ...]
    truth: np.ndarray
    probs: np.ndarray
    genres: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "clip_ids", tuple(self.clip_ids))
        object.__setattr__(self, "genres", tuple(self.genres))
        object.__setattr__(self, "truth", _freeze(_to_integers(self.truth)))
        object.__setattr__(self, "probs", _freeze(np.array(self.probs, dtype=np.float64)))
        self._check_shapes()
        self._check_values()

    def _check_shapes(self) -> None:
        M, K = len(self.clip_ids), len(self.genres)
        if self.truth.shape != (M,) or self.probs.shape != (M, K):
            expected = f"truth (M={M},) and probs (M={M}, K={K})"
            got = f"{self.truth.shape} and {self.probs.shape}"
            hint = "one row per clip, one column per genre."
            raise ShapeError(explain("Predictions", expected, got, hint))

    def _check_values(self) -> None:
        if not self.n:
            raise EvaluationError(explain("Predictions", "at least one clip", "none"))
        if len(set(self.clip_ids)) < self.n:
            clip_ids = pd.Index(self.clip_ids)
            duplicates = some(clip_ids[clip_ids.duplicated()].unique())
            hint = "aggregate the segments of each clip first."
            raise EvaluationError(explain("Predictions", "each clip once", duplicates, hint))
        if self.labeled:
            self._refuse((self.truth < 0) | (self.truth >= len(self.genres)), "labels in 0..K-1")
        self._refuse(~np.isfinite(self.probs).all(axis=1), "finite probabilities")
        self._refuse((self.probs < 0).any(axis=1), "no negative probability")
        sums = np.asarray(self.probs.sum(axis=1))
        self._refuse(
            np.abs(sums - 1) > SUM_TOLERANCE, "rows that sum to 1", "apply softmax to logits first."
        )

    def _refuse(self, wrong: Any, expected: str, hint: str = "") -> None:
        if wrong.any():
            offenders = some(np.asarray(self.clip_ids, dtype=object)[wrong])
            got = f"different values for {offenders}"
            raise EvaluationError(explain("Predictions", expected, got, hint))

    def __len__(self) -> int:
        return self.n

    def __repr__(self) -> str:
        result = f"{int(self.correct.sum())} correct" if self.labeled else "true genres unknown"
        return f"Predictions({self.n} clips, {len(self.genres)} genres, {result})"

    @property
    def n(self) -> int:
        """The number of clips, M."""
        return len(self.clip_ids)

    @property
    def predicted(self) -> np.ndarray:
        """The class number with the highest probability, (M,) int64; the first in case of a tie."""
        return self.probs.argmax(axis=1)

    @property
    def correct(self) -> np.ndarray:
        """Whether each prediction is correct, (M,) bool.

        Raises:
            EvaluationError: if the true genres are unknown.
        """
        if not self.labeled:
            hint = "predict a corpus, whose clips have labels."
            raise EvaluationError(explain("Predictions", "clips of known genre", "none", hint))
        return self.predicted == self.truth

    @property
    def labeled(self) -> bool:
        """Whether the true genres are known."""
        return not bool((self.truth == -1).all())

    @staticmethod
    def concat(parts: Sequence[Predictions]) -> Predictions:
        """Join the predictions of several folds.

        Raises:
            EvaluationError: if there are no parts, if their genres differ, or if a clip is in two
                parts.
        """
        if not parts:
            raise EvaluationError(explain("Predictions.concat", "at least one part", "none"))
        genres = parts[0].genres
        for part in parts:
            if part.genres != genres:
                got = f"{part.genres}"
                raise EvaluationError(explain("Predictions.concat", f"genres {genres}", got))
        return Predictions(
            clip_ids=tuple(clip_id for part in parts for clip_id in part.clip_ids),
            truth=np.concatenate([part.truth for part in parts]),
            probs=np.concatenate([part.probs for part in parts]),
            genres=genres,
        )

    def select(self, clip_ids: Sequence[str]) -> Predictions:
        """Select the rows of these clips, in this order.

        Raises:
            EvaluationError: if there is no prediction for a clip.
        """
        row = {clip_id: i for i, clip_id in enumerate(self.clip_ids)}
        unknown = [c for c in clip_ids if c not in row]
        if unknown:
            got = f"unknown {some(unknown)}"
            raise EvaluationError(explain("Predictions.select", "clips predicted", got))
        rows = np.array([row[c] for c in clip_ids], dtype=np.int64)
        return Predictions(tuple(clip_ids), self.truth[rows], self.probs[rows], self.genres)

    def frame(self) -> pd.DataFrame:
        """Convert to a table indexed by `clip_id`, with a column for each genre's probability.

        >>> p = Predictions(("a",), np.array([1]), np.array([[.75, .25]]), ("jazz", "pop"))
        >>> p.frame()
                truth predicted  correct  confidence  jazz   pop
        clip_id
        a         pop      jazz    False        0.75  0.75  0.25
        """
        names = np.asarray(self.genres, dtype=object)
        index = pd.Index(self.clip_ids, name="clip_id")
        columns = {
            "truth": names[self.truth] if self.labeled else None,
            "predicted": names[self.predicted],
            "correct": self.correct if self.labeled else None,
            "confidence": self.probs.max(axis=1),
        }
        probs = pd.DataFrame(self.probs, index=index, columns=list(self.genres))
        return pd.concat([pd.DataFrame(columns, index=index), probs], axis=1)

    def to_dict(self) -> dict[str, Any]:
        """Convert to lists and numbers for JSON, with probabilities rounded to four digits.

        Rounding can make two probabilities equal. The predicted genre then gets 0.0001 more, so
        that the prediction is the same after reading.

        >>> p = Predictions(("a",), np.array([1]), np.array([[2 / 3, 1 / 3]]), ("jazz", "pop"))
        >>> p.to_dict()
        {'genres': ['jazz', 'pop'], 'clip_ids': ['a'], 'truth': [1], 'probs': [[0.6667, 0.3333]]}
        """
        probs = self.probs.round(DIGITS)
        rows = np.flatnonzero(probs.argmax(axis=1) != self.predicted)
        probs[rows, self.predicted[rows]] = probs[rows].max(axis=1) + 10.0**-DIGITS
        return {
            "genres": list(self.genres),
            "clip_ids": list(self.clip_ids),
            "truth": self.truth.tolist(),
            "probs": probs.round(DIGITS).tolist(),
        }

    @staticmethod
    def from_dict(content: dict[str, Any]) -> Predictions:
        """Read what `to_dict` returned, and rescale each row of probabilities to sum to 1.

        Raises:
            EvaluationError: if an entry is missing, or if the entries are not valid predictions.
        """
        missing = [k for k in ("genres", "clip_ids", "truth", "probs") if k not in content]
        if missing:
            got = f"no {some(missing)}"
            raise EvaluationError(explain("Predictions.from_dict", "a dict from to_dict", got))
        genres = tuple(content["genres"])
        probs = np.asarray(content["probs"], dtype=np.float64).reshape(-1, len(genres))
        # The sum of K entries rounded to four digits is off by at most K/2 * 1e-4 (and 1e-4 for a
        # tie). A larger gap means a damaged file, which the check at construction reports.
        sums = probs.sum(axis=1, keepdims=True)
        rounding = (len(genres) / 2 + 1) * 10.0**-DIGITS
        probs = np.where(np.abs(sums - 1) <= rounding, probs / np.where(sums > 0, sums, 1), probs)
        truth = np.asarray(content["truth"], dtype=np.int64)
        return Predictions(tuple(content["clip_ids"]), truth, probs, genres)


def _freeze(x: np.ndarray) -> np.ndarray:
    x.flags.writeable = False
    return x


def _to_integers(x: Any) -> np.ndarray:
    """Copy labels to int64, and raise an error if they are not integers already."""
    labels = np.asarray(x)
    if labels.size and labels.dtype.kind not in "iu":
        hint = "labels are class numbers: `corpus.labels(clip_ids)`."
        got = f"an array of {labels.dtype}"
        raise EvaluationError(explain("Predictions", "integer labels", got, hint))
    return np.array(labels, dtype=np.int64)


def logits_of(model: nn.Module, segments: Segments, *, batch_size: int = 64) -> torch.Tensor:
    """The logits of each segment, (S, K) on the CPU, of a model in evaluation mode."""
    with evaluating(model) as device:
        parts = [
            model(*(x.to(device) for x in inputs)).cpu() for inputs in segments.in_order(batch_size)
        ]
    return torch.cat(parts)


def predict(
    model: nn.Module,
    segments: Segments,
    *,
    batch_size: int = 64,
    aggregate: Aggregate = mean_probs,
) -> Predictions:
    """Predict one row per clip, in the order of `segments.clip_ids`.

    The model computes logits (S, K) for the segments, softmax turns them into probabilities, and
    `aggregate` combines the segments of each clip, (S, K) -> (M, K). The model runs in evaluation
    mode on the device of its weights, and its modes are restored afterwards.

    Raises:
        EvaluationError: if there is no segment, if a segment has several labels, or if logits are
            not finite (the message names the clips).
        ShapeError: if the logits are not (B, K).
    """
    S = _n_segments("predict", segments)
    logits = logits_of(model, segments, batch_size=batch_size).double()
    K = len(segments.genres)
    if tuple(logits.shape) != (S, K):
        hint = "build the model with `n_classes=len(segments.genres)`."
        raise ShapeError(explain("predict", f"logits (S={S}, K={K})", f"{(*logits.shape,)}", hint))
    clip = np.asarray(segments.clip)
    not_finite = np.unique(clip[~torch.isfinite(logits).all(dim=1).numpy()])
    if not_finite.size:
        got = f"NaN or infinite ones for {some(segments.clip_ids[i] for i in not_finite)}"
        hint = "lower the learning rate, and look for NaN among the inputs."
        raise EvaluationError(explain("predict", "finite logits", got, hint))
    return by_clip(logits.softmax(dim=1).numpy(), segments, aggregate)


def predict_sklearn(
    estimator: Any, segments: Segments, *, aggregate: Aggregate = mean_probs
) -> Predictions:
    """Predict one row per clip with a fitted scikit-learn classifier.

    Its input is each segment's first input as a vector, (S, ...) -> (S, D), and it must have been
    fitted on class numbers. A genre that was not in its training set gets probability 0. Without
    `predict_proba`, the predicted genre gets probability 1.

    Raises:
        EvaluationError: if there is no segment, or if the classifier's classes are not class
            numbers of `segments.genres`.
    """
    S, K = _n_segments("predict_sklearn", segments), len(segments.genres)
    classes = np.asarray(estimator.classes_)
    if classes.dtype.kind not in "iu" or classes.min() < 0 or classes.max() >= K:
        hint = "fit it on `segments.y`, the class numbers."
        raise EvaluationError(
            explain("predict_sklearn", f"classes among 0..{K - 1}", some(classes), hint)
        )
    x = np.asarray(segments.inputs[0]).reshape(S, -1)
    probs = np.zeros((S, K))
    if hasattr(estimator, "predict_proba"):
        probs[:, classes] = estimator.predict_proba(x)
    else:
        probs[np.arange(S), estimator.predict(x)] = 1.0
    return by_clip(probs, segments, aggregate)


def _n_segments(where: str, segments: Segments) -> int:
    """Return S, after checking that there are segments with one label each."""
    if not len(segments):
        raise EvaluationError(explain(where, "at least one segment", "none"))
    if segments.y.ndim != 1:
        got = f"labels {tuple(segments.y.shape)}"
        raise EvaluationError(explain(where, "one class number per segment, (S,)", got))
    return len(segments)


def by_clip(
    probs: np.ndarray, segments: Segments, aggregate: Aggregate = mean_probs
) -> Predictions:
    """Combine the probabilities of segments, (S, K), into one row per clip.

    Raises:
        EvaluationError: if the segments of a clip have different labels.
    """
    y = segments.y.numpy()
    present, first, row = np.unique(segments.clip, return_index=True, return_inverse=True)
    truth = y[first]
    conflicts = present[np.unique(row[y != truth[row]])]
    if conflicts.size:
        names = some(segments.clip_ids[i] for i in conflicts)
        raise EvaluationError(explain("predict", "one label per clip", f"several for {names}"))
    clip_ids = tuple(segments.clip_ids[i] for i in present)
    clip_probs = aggregate(probs, row, len(present))
    return Predictions(clip_ids, truth.astype(np.int64), clip_probs, tuple(segments.genres))
