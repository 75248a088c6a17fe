"""Metrics, each of which is a function of `Predictions`.

`accuracy`, `precision`, `recall` and `f1` return numbers; the last three are macro averages, in
which every genre has the same weight. `genre_precision`, `genre_recall` and `genre_f1` return the
values per genre, (K,).

A genre without clips has no recall (NaN), and macro averages leave it out. A genre with clips that
is never predicted has precision 0, as in scikit-learn with `zero_division=0`. A genre with neither
clips nor predictions has NaN for all three.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mgrlib.evaluation.intervals import Interval, bootstrap, wilson
from mgrlib.evaluation.predictions import Predictions


def accuracy(predictions: Predictions) -> float:
    """The fraction of clips classified correctly, in [0, 1].

    >>> probs = np.array([[.9, .1], [.6, .4]])
    >>> p = Predictions(("a", "b"), np.array([0, 1]), probs, ("jazz", "pop"))
    >>> accuracy(p)
    0.5
    """
    return float(predictions.correct.mean())


def accuracy_interval(predictions: Predictions, *, level: float = 0.95) -> Interval:
    """The accuracy with its Wilson interval.

    Wilson's interval assumes independent clips. If several clips come from one artist or song, use
    `bootstrap(predictions, accuracy, groups=...)`, whose interval is wider.
    """
    return wilson(int(predictions.correct.sum()), predictions.n, level=level)


def confusion(predictions: Predictions) -> np.ndarray:
    """The confusion matrix, counts (K, K) int64, with true genres in rows, predicted in columns.

    >>> probs = np.array([[.9, .1], [.6, .4]])
    >>> p = Predictions(("a", "b"), np.array([0, 1]), probs, ("jazz", "pop"))
    >>> confusion(p)
    array([[1, 0],
           [1, 0]])
    """
    K = len(predictions.genres)
    cell = predictions.truth * K + predictions.predicted
    return np.bincount(cell, minlength=K * K).reshape(K, K)


def genre_precision(predictions: Predictions) -> np.ndarray:
    """The fraction of correct clips among those classified as each genre, TP / (TP + FP), (K,)."""
    hits, truths, answers = _counts(predictions)
    return np.where(answers + truths > 0, hits / np.maximum(answers, 1), np.nan)


def genre_recall(predictions: Predictions) -> np.ndarray:
    """The fraction of each genre's clips classified correctly, TP / (TP + FN), (K,)."""
    hits, truths, _ = _counts(predictions)
    return np.where(truths > 0, hits / np.maximum(truths, 1), np.nan)


def genre_f1(predictions: Predictions) -> np.ndarray:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN), (K,)."""
    hits, truths, answers = _counts(predictions)
    total = truths + answers
    return np.where(total > 0, 2 * hits / np.maximum(total, 1), np.nan)


def precision(predictions: Predictions) -> float:
    """The mean of `genre_precision` over the genres that have clips."""
    return _macro(genre_precision(predictions), predictions)


def recall(predictions: Predictions) -> float:
    """The mean of `genre_recall` over the genres that have clips, also called balanced accuracy."""
    return _macro(genre_recall(predictions), predictions)


def f1(predictions: Predictions) -> float:
    """The mean of `genre_f1` over the genres that have clips.

    This differs from the F1 of the mean precision and the mean recall (Opitz and Burst, 2019), and
    papers seldom say which of the two they print.
    """
    return _macro(genre_f1(predictions), predictions)


def per_genre(predictions: Predictions, *, level: float = 0.95) -> pd.DataFrame:
    """A table with one row per genre.

    The columns are n, correct, accuracy (the genre's recall) with its Wilson interval, precision
    and F1.
    """
    hits, truths, _ = _counts(predictions)
    bounds = [
        wilson(int(k), int(n), level=level) if n else Interval(np.nan, np.nan, np.nan, 0, level)
        for k, n in zip(hits, truths, strict=True)
    ]
    columns = {
        "n": truths,
        "correct": hits,
        "accuracy": [interval.value for interval in bounds],
        "low": [interval.low for interval in bounds],
        "high": [interval.high for interval in bounds],
        "precision": genre_precision(predictions),
        "f1": genre_f1(predictions),
    }
    return pd.DataFrame(columns, index=pd.Index(predictions.genres, name="genre"))


def summary(predictions: Predictions, *, level: float = 0.95, seed: int = 0) -> pd.DataFrame:
    """Accuracy, precision, recall and F1, each with its interval and the number of clips.

    The interval of the accuracy is Wilson's; the other intervals come from 2,000 bootstrap samples
    of the clips.
    """
    rows = {"accuracy": accuracy_interval(predictions, level=level)}
    for metric in (precision, recall, f1):
        rows[metric.__name__] = bootstrap(predictions, metric, level=level, seed=seed)
    columns = {
        "value": [interval.value for interval in rows.values()],
        "low": [interval.low for interval in rows.values()],
        "high": [interval.high for interval in rows.values()],
        "n": [interval.n for interval in rows.values()],
    }
    return pd.DataFrame(columns, index=pd.Index(list(rows), name="metric"))


def _counts(predictions: Predictions) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The numbers of correct predictions, clips, and predictions of each genre, (K,) each."""
    table = confusion(predictions)
    return np.diag(table), table.sum(axis=1), table.sum(axis=0)


def _macro(values: np.ndarray, predictions: Predictions) -> float:
    return float(values[np.unique(predictions.truth)].mean())
