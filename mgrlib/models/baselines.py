"""Classifiers that any network has to beat: four scikit-learn pipelines on a row of numbers.

Each function makes an unfitted estimator that scales its own inputs as it needs them. Fit it on
rows (S, D) and class numbers (S,), and `mgrlib.evaluation.predict_sklearn` gives its predictions:

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

__all__ = ["BASELINES", "boosted_trees", "k_nn", "linear", "rbf_svm"]


def linear(seed: int, *, strength: float = 1.0) -> Pipeline:
    """Logistic regression on standardised values: one weight a value and genre.

    Args:
        seed: taken for the same call as the others have; nothing here is random.
        strength: how freely weights may grow, scikit-learn's `C`; small values shrink them.
    """
    regression = LogisticRegression(C=strength, max_iter=5000, random_state=seed)
    return make_pipeline(StandardScaler(), regression)


def k_nn(seed: int, *, n_neighbors: int = 5) -> Pipeline:
    """The vote of the nearest training rows in standardised values, by Euclidean distance.

    With one neighbour it is the plainest detector of a leak: it is as good as the best where a test
    row has a near copy among the training rows, and the worst where it has none.

    Args:
        seed: taken for the same call as the others have; nothing here is random.
        n_neighbors: how many vote, each with the same weight.
    """
    return make_pipeline(StandardScaler(), KNeighborsClassifier(n_neighbors=n_neighbors))


def rbf_svm(seed: int, *, strength: float = 10.0) -> Pipeline:
    """A support vector machine with Gaussian kernel on standardised values.

    It answers with a genre and no probabilities. The kernel's width is scikit-learn's `"scale"`.

    Args:
        seed: taken for the same call as the others have; nothing here is random.
        strength: the price of a training row on the wrong side, scikit-learn's `C`.
    """
    return make_pipeline(StandardScaler(), SVC(C=strength, random_state=seed))


def boosted_trees(
    seed: int, *, n_rounds: int = 100, lr: float = 0.1, min_leaf: int = 5
) -> HistGradientBoostingClassifier:
    """Gradient-boosted decision trees: each tree is fitted to what those before it got wrong.

    Trees ask whether a value lies above a threshold, so that no scaling matters to them.

    Args:
        seed: of the draw of rows that thresholds are chosen from, where there are very many.
        n_rounds: trees a genre.
        lr: how much of a tree's answer is added.
        min_leaf: training rows that a leaf holds at least; few, since data sets here are small.
    """
    return HistGradientBoostingClassifier(
        learning_rate=lr,
        max_iter=n_rounds,
        min_samples_leaf=min_leaf,
        early_stopping=False,
        random_state=seed,
    )


BASELINES = {
    "linear": linear,
    "k-NN": k_nn,
    "RBF SVM": rbf_svm,
    "boosted trees": boosted_trees,
}
"""The four by the name that tables give them."""
