"""Metrics: each is a function of `Predictions`.

`accuracy`, `precision`, `recall` and `f1` are numbers; the last three are macro averages, every
genre weighing the same. `genre_precision`, `genre_recall` and `genre_f1` are their (K,) parts.

What is undefined: a genre without clips has no recall (NaN), and macro averages leave it out. A
genre with clips that is never predicted has precision 0, as in scikit-learn with `zero_division=0`:
the classifier failed there. With neither clips nor predictions all three are NaN.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from mgrlib.evaluation.intervals import Interval, bootstrap, wilson
from mgrlib.evaluation.predictions import Predictions

__all__ = [
    "accuracy",
    "accuracy_interval",
    "confusion",
    "f1",
    "genre_f1",
    "genre_precision",
    "genre_recall",
    "per_genre",
    "precision",
    "recall",
    "summary",
]


def accuracy(predictions: Predictions) -> float:
    """The share of clips predicted correctly, in [0, 1].

    >>> probs = np.array([[.9, .1], [.6, .4]])
    >>> p = Predictions(("a", "b"), np.array([0, 1]), probs, ("jazz", "pop"))
    >>> accuracy(p)
    0.5
    """
    return float(predictions.correct.mean())


def accuracy_interval(predictions: Predictions, *, level: float = 0.95) -> Interval:
    """The accuracy with its Wilson interval.

    Right when clips are independent; if several come from one artist or song, use
    `bootstrap(predictions, accuracy, groups=...)`, whose interval is wider.
    """
    return wilson(int(predictions.correct.sum()), predictions.n, level=level)


def confusion(predictions: Predictions) -> np.ndarray:
    """Counts (K, K) int64: row = truth, column = predicted.

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
    """Of the clips called a genre, the share that is of it: TP / (TP + FP), (K,)."""
    hits, truths, calls = _counts(predictions)
    return np.where(calls + truths > 0, hits / np.maximum(calls, 1), np.nan)


def genre_recall(predictions: Predictions) -> np.ndarray:
    """Of a genre's clips, the share found: TP / (TP + FN), (K,); the genre's own accuracy."""
    hits, truths, _ = _counts(predictions)
    return np.where(truths > 0, hits / np.maximum(truths, 1), np.nan)


def genre_f1(predictions: Predictions) -> np.ndarray:
    """The harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN), (K,)."""
    hits, truths, calls = _counts(predictions)
    total = truths + calls
    return np.where(total > 0, 2 * hits / np.maximum(total, 1), np.nan)


def precision(predictions: Predictions) -> float:
    """The mean of `genre_precision` over the genres that have clips."""
    return _macro(genre_precision(predictions), predictions)


def recall(predictions: Predictions) -> float:
    """The mean of `genre_recall` over the genres that have clips: the balanced accuracy."""
    return _macro(genre_recall(predictions), predictions)


def f1(predictions: Predictions) -> float:
    """The mean of `genre_f1` over the genres that have clips.

    The mean of the genres' F1, not the F1 of the mean precision and recall: the two differ
    (Opitz and Burst, 2019), and papers seldom say which they print.
    """
    return _macro(genre_f1(predictions), predictions)


def per_genre(predictions: Predictions, *, level: float = 0.95) -> pd.DataFrame:
    """One row a genre: n, correct, accuracy (its recall) with Wilson interval, precision, F1."""
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

    The accuracy's interval is Wilson's; the others' come from 2,000 bootstrap samples of the clips.
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
    """Of each genre: correct predictions, clips, and predictions, three times (K,)."""
    table = confusion(predictions)
    return np.diag(table), table.sum(axis=1), table.sum(axis=0)


def _macro(values: np.ndarray, predictions: Predictions) -> float:
    return float(values[np.unique(predictions.truth)].mean())
