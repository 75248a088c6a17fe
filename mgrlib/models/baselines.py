"""Baseline classifiers for rows of numbers, as scikit-learn estimators.

Each function returns an unfitted estimator that scales its inputs if necessary. Fit it on rows
(S, D) and class numbers (S,); `mgrlib.evaluation.predict_sklearn` computes its predictions:

>>> import numpy as np
>>> x = np.array([[0.0, 1.0], [0.1, 0.9], [1.0, 0.0], [0.9, 0.2]])
>>> k_nn(0, n_neighbors=1).fit(x, [0, 0, 1, 1]).predict([[0.8, 0.1]])
array([1])
"""

from __future__ import annotations

from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC


def linear(seed: int, *, strength: float = 1.0) -> Pipeline:
    """Logistic regression on standardized values, with one weight per value and genre.

    Args:
        seed: has no effect; all baselines have this argument.
        strength: scikit-learn's `C`; small values regularize more and keep the weights small.
    """
    regression = LogisticRegression(C=strength, max_iter=5000, random_state=seed)
    return make_pipeline(StandardScaler(), regression)


def k_nn(seed: int, *, n_neighbors: int = 5) -> Pipeline:
    """The k nearest neighbors by Euclidean distance between standardized values.

    With one neighbor it is a simple detector of leaks: it is very accurate if test rows have near
    copies among the training rows, and inaccurate if they have none.

    Args:
        seed: has no effect; all baselines have this argument.
        n_neighbors: the number of neighbors that vote, each with the same weight.
    """
    return make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=n_neighbors))


def rbf_svm(seed: int, *, strength: float = 10.0) -> Pipeline:
    """A support vector machine with a Gaussian kernel on standardized values.

    It predicts a genre without probabilities. The width of the kernel is scikit-learn's `"scale"`.

    Args:
        seed: has no effect; all baselines have this argument.
        strength: scikit-learn's `C`, the penalty for training rows on the wrong side.
    """
    return make_pipeline(StandardScaler(), SVC(C=strength, random_state=seed))


def boosted_trees(
    seed: int, *, n_rounds: int = 100, lr: float = 0.1, min_leaf: int = 5
) -> HistGradientBoostingClassifier:
    """Gradient-boosted decision trees, each of which is fitted to the errors of the previous ones.

    Trees compare single values with thresholds, so their inputs need no scaling.

    Args:
        seed: of the sample of rows from which thresholds are chosen in very large data sets.
        n_rounds: trees per genre.
        lr: the weight of each tree.
        min_leaf: the smallest number of training rows in a leaf.
    """
    return HistGradientBoostingClassifier(
        learning_rate=lr,
        max_iter=n_rounds,
        min_samples_leaf=min_leaf,
        early_stopping=False,
        random_state=seed,
    )
