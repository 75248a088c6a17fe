"""What Tang et al. (2018) report and what the studies found, as tables and intervals to show."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from mgrlib.evaluation.intervals import Interval, over_seeds
from mgrlib.evaluation.paired import seeds_test
from mgrlib.models.tree import PAPER_TREE
from mgrlib.recipes.studies import Findings
from mgrlib.recipes.tang2018_reported import MEASURES, PRODUCTS, TRIALS, Trial
from mgrlib.recipes.tang2018_studies import CHOSEN, EARLY

__all__ = [
    "CLASSIFIERS",
    "SYSTEMS",
    "against_flat",
    "averages_of",
    "averages_shown",
    "choice_intervals",
    "conditional_table",
    "node_intervals",
    "product_intervals",
    "share_beaten",
    "sweep_curves",
    "tree_intervals",
    "trials_beside",
    "trials_table",
]

CLASSIFIERS = ("linear", "RBF SVM")
SYSTEMS = ("flat", "the paper's tree", "random trees", "learnt trees")
N_DRAWS = 2000
CHOICES = {
    EARLY: "by the validation loss",
    "20 epochs": "always 20 epochs",
    "400 epochs": "always 400 epochs",
    CHOSEN: "by the test clips",
}


def trials_table(trials: Sequence[Trial]) -> pd.DataFrame:
    """A row a training, indexed by epochs and trial; averages, being trial 0, by epochs alone."""
    rows = [
        {"epochs": t.epochs, "trial": t.trial, **{m: r.value for m, r in t.reported.items()}}
        for t in trials
    ]
    table = pd.DataFrame(rows).set_index(["epochs", "trial"])
    return table.droplevel("trial") if not any(t.trial for t in trials) else table


def trials_beside(findings: Findings) -> pd.DataFrame:
    """The paper's trainings beside those of the study "epochs": a row a training, as in figure 9.

    Columns are pairs of "paper" or "ours" and one of the paper's four measures. Our trials share
    nothing with the paper's of the same number but that number.
    """
    rows = {
        (row["epochs"], trial + 1): [figures[measure] for measure in MEASURES]
        for row in findings.rows
        for trial, figures in enumerate(row.get("trials", ()))
    }
    ours = pd.DataFrame(rows, index=list(MEASURES)).T.rename_axis(["epochs", "trial"])
    return pd.concat({"paper": trials_table(TRIALS), "ours": ours}, axis=1)


def averages_of(findings: Findings) -> pd.DataFrame:
    """Means over the trials of the study "epochs", by epochs: training, validation and test."""
    rows = {row["epochs"]: row["mean"] for row in findings.rows if "mean" in row}
    return pd.DataFrame(rows).T.rename_axis("epochs")


def averages_shown(findings: Findings) -> pd.DataFrame:
    """The same means with their intervals over the trials, as text; cut off at what can be."""
    rows = {row["epochs"]: row for row in findings.rows if "mean" in row}
    shown = {
        epochs: {measure: _shown(row["trials"], measure) for measure in row["mean"]}
        for epochs, row in rows.items()
    }
    return pd.DataFrame(shown).T.rename_axis("epochs")


def _shown(trials: Sequence[Mapping[str, float]], measure: str) -> str:
    mean = over_seeds([trial[measure] for trial in trials])
    most = 1.0 if measure.endswith("accuracy") else math.inf
    low, high = max(mean.low, 0.0), min(mean.high, most)
    return f"{mean.value:.3f} [{low:.3f}, {high:.3f}]"


def sweep_curves(findings: Findings) -> pd.DataFrame:
    """Mean loss and accuracy of the trials in the course of their epochs, by epoch."""
    return pd.DataFrame(findings.row(EARLY)["curves"]).set_index("epoch")


def choice_intervals(findings: Findings) -> dict[str, Interval]:
    """Test accuracy by how the number of epochs is chosen."""
    return {shown: findings.interval(name) for name, shown in CHOICES.items()}


def node_intervals(findings: Findings) -> dict[str, Interval]:
    """Each node's accuracy in the study "nodes", by the node's name."""
    return {name: findings.interval(f"LSTM{name}") for name in PAPER_TREE.nodes}


def conditional_table(findings: Findings) -> pd.DataFrame:
    """How often each node is right on all its clips, on those that arrive, on those gone astray."""
    rows = {}
    for name in PAPER_TREE.nodes:
        found = findings.row(f"LSTM{name}")
        rows[f"LSTM{name}"] = {
            "all its clips": str(findings.interval(f"LSTM{name}")),
            "right of those that arrive": f"{found['reached_right']} of {found['reached_n']}",
            "right of those gone astray": f"{found['astray_right']} of {found['astray_n']}",
        }
    return pd.DataFrame(rows).T


def product_intervals(findings: Findings) -> dict[str, dict[str, Interval]]:
    """By group of genres, and for their mean, the product of accuracies and what is measured."""
    groups = [", ".join(PAPER_TREE.nodes[name].genres) for name in PRODUCTS]
    return {
        group: {kind: findings.interval(f"{kind}, {group}") for kind in ("product", "measured")}
        for group in [*groups, "mean of groups"]
    }


def tree_intervals(findings: Findings) -> dict[str, dict[str, Interval]]:
    """The accuracies of the study "trees", by system and classifier."""
    return {
        system: {kind: findings.interval(f"{system}, {kind}") for kind in CLASSIFIERS}
        for system in SYSTEMS
    }


def _per_seed(findings: Findings, system: str, kind: str) -> np.ndarray:
    """Accuracies (seeds, trees)."""
    values = findings.row(f"{system}, {kind}")["by_seed"]
    return np.reshape(values, (len(findings.seeds), -1))


def against_flat(findings: Findings) -> pd.DataFrame:
    """Each tree minus the flat classifier: tested over seeds, and resampled over clips.

    The t test pairs what was trained on the same folds. The second column draws clips with
    replacement, each with its share of right answers over the seeds, and says nothing of other
    seeds.
    """
    rows = {}
    for kind in CLASSIFIERS:
        flat = findings.row(f"flat, {kind}")
        for system in SYSTEMS[1:]:
            means = [_per_seed(findings, name, kind).mean(1) for name in (system, "flat")]
            clips = findings.row(f"{system}, {kind}")["by_clip"]
            gain = np.array(clips) - np.array(flat["by_clip"])
            drawn = np.random.default_rng(0).choice(gain, (N_DRAWS, len(gain))).mean(axis=1)
            low, high = np.quantile(drawn, [0.025, 0.975])
            rows[f"{system}, {kind}"] = {
                "over seeds": str(seeds_test(*means, paired=True)) if len(means[0]) > 1 else "",
                "over clips": f"{gain.mean():+.3f} [{low:+.3f}, {high:+.3f}] n={len(gain)}",
            }
    return pd.DataFrame(rows).T


def share_beaten(findings: Findings) -> dict[str, float]:
    """By classifier the share of random trees that the paper's tree beats; ties count half."""
    shares = {}
    for kind in CLASSIFIERS:
        paper, random = (_per_seed(findings, name, kind) for name in SYSTEMS[1:3])
        shares[kind] = round(float((random < paper).mean() + (random == paper).mean() / 2), 3)
    return shares
