"""What the study "trees" of Tang et al. (2018) says about the paper's tree among random ones."""

from __future__ import annotations

import numpy as np

from mgrlib.experiments.record import Records

__all__ = ["CLASSIFIERS", "TREES", "share_beaten"]

CLASSIFIERS = ("linear", "RBF SVM")
TREES = ("the paper's tree", "random trees")


def by_seed(records: Records, system: str, classifier: str) -> np.ndarray:
    """The accuracies of a system, (seeds, trees per seed)."""
    record = records.only(system=system, classifier=classifier, routing=("hard", None))
    return np.reshape(record.details["by_seed"], (len(record.seeds), -1))


def share_beaten(records: Records) -> dict[str, float]:
    """By classifier the share of random trees that the paper's tree beats; ties count half."""
    shares = {}
    for classifier in CLASSIFIERS:
        paper, random = (by_seed(records, name, classifier) for name in TREES)
        shares[classifier] = round(float((random < paper).mean() + (random == paper).mean() / 2), 3)
    return shares
