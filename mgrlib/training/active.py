"""Active learning: which clips to ask a person about, when every answer costs the person's time.

Unlabeled clips are plentiful, labels are not. A *strategy* looks at the probabilities that the
present classifier gives to the unlabeled clips and says which to ask about next. Uncertainty
sampling (Lewis and Gale, 1994) asks about those of which the classifier is least certain.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mgrlib.errors import TrainingError, explain

Strategy = Callable[[np.ndarray, np.random.Generator], np.ndarray]
"""From probabilities (U, K) of unlabeled clips to their places, the first to be asked first."""


def margins(probs: np.ndarray) -> np.ndarray:
    """The largest probability minus the second largest of each row, (U, K) -> (U,).

    >>> margins(np.array([[0.5, 0.5, 0.0], [0.7, 0.1, 0.2]])).round(2)
    array([0. , 0.5])
    """
    ordered = np.sort(probs, axis=1)
    return np.asarray(ordered[:, -1] - ordered[:, -2])


def least_certain(probs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places of the rows in the order of their margins, the smallest first; ties at random."""
    return np.lexsort((rng.random(len(probs)), margins(probs)))


def at_random(probs: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Places of the rows in random order."""
    return rng.permutation(len(probs))


STRATEGIES: dict[str, Strategy] = {"random": at_random, "uncertainty": least_certain}
"""The strategies by name."""


@dataclass(frozen=True, eq=False)
class LabelCourse:
    """How a classifier grows with its labels.

    Args:
        sizes: the numbers of labels after which a classifier was trained.
        places: the clips of the pool in the order in which they were asked about.
        predicted: class numbers of the test clips for each size, (len(sizes), M).
        train_accuracy: on the labeled clips, for each size.
    """

    sizes: tuple[int, ...]
    places: np.ndarray
    predicted: np.ndarray
    train_accuracy: tuple[float, ...]


def label_course(
    make: Callable[[], Any],
    pool: tuple[np.ndarray, np.ndarray],
    test: np.ndarray,
    *,
    sizes: Sequence[int],
    strategy: Strategy,
    seed: int,
) -> LabelCourse:
    """Ask for labels step by step, and train a new classifier after each step.

    The first `sizes[0]` clips are drawn at random, the same for every strategy with this seed. If
    they all have one label, the first clip with another is added to the draw by exchange, since a
    classifier needs two classes.

    Args:
        make: returns an unfitted scikit-learn classifier with `predict_proba`.
        pool: vectors (U, D) and labels (U,) of the clips that may be asked about; a label counts
            as known only after the question.
        test: vectors (M, D).
        sizes: increasing numbers of labels, at least 2.

    Raises:
        TrainingError: sizes that do not increase or exceed the pool, or a pool with one class.
    """
    x, y = pool
    counts = tuple(int(size) for size in sizes)
    if not counts or counts[0] < 2 or counts[-1] > len(y) or list(counts) != sorted(set(counts)):
        expected = f"increasing sizes from 2 to {len(y)}, the pool's clips"
        raise TrainingError(explain("label_course", expected, str(counts)))
    if len(np.unique(y)) < 2:
        raise TrainingError(explain("label_course", "labels of two classes", "one in the pool"))
    rng = np.random.default_rng(seed)
    labeled = _first(y, counts[0], rng)
    guesses, trained = [], []
    for i, size in enumerate(counts):
        classifier = make().fit(x[labeled], y[labeled])
        guesses.append(classifier.predict(test))
        trained.append(float((classifier.predict(x[labeled]) == y[labeled]).mean()))
        if i + 1 < len(counts):
            rest = np.setdiff1d(np.arange(len(y)), labeled)
            order = strategy(classifier.predict_proba(x[rest]), rng)
            labeled = np.concatenate([labeled, rest[order[: counts[i + 1] - size]]])
    return LabelCourse(counts, labeled, np.stack(guesses), tuple(trained))


def _first(y: np.ndarray, size: int, rng: np.random.Generator) -> np.ndarray:
    """Places of the first clips: a random draw with two classes at least."""
    order = rng.permutation(len(y))
    if len(np.unique(y[order[:size]])) < 2:
        other = size + int(np.flatnonzero(y[order[size:]] != y[order[0]])[0])
        order[[size - 1, other]] = order[[other, size - 1]]
    return np.asarray(order[:size])
