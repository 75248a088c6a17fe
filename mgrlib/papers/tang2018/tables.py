"""What the study "trees" of Tang et al. (2018) says of trees against a flat classifier."""

from __future__ import annotations

import numpy as np
import pandas as pd

from mgrlib.evaluation.paired import seeds_test
from mgrlib.experiments.record import Records

__all__ = ["CLASSIFIERS", "TREES", "against_flat", "share_beaten"]

CLASSIFIERS = ("linear", "RBF SVM")
TREES = ("the paper's tree", "random trees", "learnt trees")
N_DRAWS = 2000


def against_flat(records: Records) -> pd.DataFrame:
    """Each tree minus the flat classifier: tested over seeds, and resampled over clips.

    The t test pairs what was trained on the same folds. The second column draws clips with
    replacement, each with its share of right answers over the seeds, and says nothing of other
    seeds.
    """
    rows = {}
    for classifier in CLASSIFIERS:
        flat = records.only(system="flat", classifier=classifier)
        for system in TREES:
            means = [by_seed(records, name, classifier).mean(1) for name in (system, "flat")]
            tree = records.only(system=system, classifier=classifier, routing="hard")
            gain = np.array(tree.details["by_clip"]) - np.array(flat.details["by_clip"])
            draws = np.random.default_rng(0).choice(gain, (N_DRAWS, len(gain))).mean(axis=1)
            low, high = np.quantile(draws, [0.025, 0.975])
            rows[f"{system}, {classifier}"] = {
                "over seeds": str(seeds_test(*means, paired=True)) if len(means[0]) > 1 else "",
                "over clips": f"{gain.mean():+.3f} [{low:+.3f}, {high:+.3f}] n={len(gain)}",
            }
    return pd.DataFrame(rows).T


def by_seed(records: Records, system: str, classifier: str) -> np.ndarray:
    """The accuracies of a system, (seeds, trees per seed)."""
    record = records.only(system=system, classifier=classifier, routing=("hard", None))
    return np.reshape(record.details["by_seed"], (len(record.seeds), -1))


def share_beaten(records: Records) -> dict[str, float]:
    """By classifier the share of random trees that the paper's tree beats; ties count half."""
    shares = {}
    for classifier in CLASSIFIERS:
        paper, random = (by_seed(records, name, classifier) for name in TREES[:2])
        shares[classifier] = round(float((random < paper).mean() + (random == paper).mean() / 2), 3)
    return shares
