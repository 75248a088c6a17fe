"""What the records of Tang et al. (2018) say about its tree: random rivals, nodes and products."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.evaluation.intervals import Interval, over_groups
from mgrlib.evaluation.node_answers import NodeAnswers
from mgrlib.experiments.record import Record, Records
from mgrlib.papers.tang2018.studies.nodes import (
    MEAN,
    N_DRAWS,
    group_draws,
    node_answers,
    percentiles,
)

CLASSIFIERS = ("linear", "RBF SVM")
TREES = ("the paper's tree", "random trees")


def by_seed(records: Records, system: str, classifier: str) -> np.ndarray:
    """The accuracies of a system, (seeds, trees per seed)."""
    record = records.only(system=system, classifier=classifier, routing=("hard", None))
    return np.reshape(record.details["by_seed"], (len(record.seeds), -1))


def fraction_beaten(records: Records) -> dict[str, float]:
    """By classifier, the fraction of random trees that the paper's tree beats; ties count half."""
    fractions = {}
    for classifier in CLASSIFIERS:
        paper, random = (by_seed(records, name, classifier) for name in TREES)
        beaten = (random < paper).mean() + (random == paper).mean() / 2
        fractions[classifier] = round(float(beaten), 3)
    return fractions


def answers_by_seed(record: Record) -> list[NodeAnswers]:
    """The answers of every node of a tree to every test clip, for each seed of a record."""
    return [node_answers(record.runs, seed) for seed in record.seeds]


def node_accuracies(record: Record) -> dict[str, Interval]:
    """Each node's accuracy on GTZAN's clips of its genres; intervals resample artists."""
    accuracies = {}
    answers = answers_by_seed(record)
    for name in answers[0].tree.nodes:
        tables = [one_seed.node(name) for one_seed in answers]
        right = np.concatenate([table.correct for table in tables])
        artists = artist_groups([clip_id for table in tables for clip_id in table.clip_ids])
        interval = over_groups(right, np.array(artists))
        accuracies[name] = replace(interval, n=tables[0].n, unit="clips")
    return accuracies


def arrivals_and_strays(record: Record) -> dict[str, Interval]:
    """How often the nodes below the first are right, by whether a clip reached them correctly.

    Genres differ in how many of their clips arrive and in how difficult they are, which makes the
    two fractions differ even if the errors on single clips are independent. The difference within
    genres is free of that: it is taken for each node and genre, and averaged with the weights of
    Mantel and Haenszel.

    Returns:
        `arrived`, the fraction right among clips that all earlier nodes sent the right way;
        `astray`, the fraction among clips of the node's genres that an earlier node sent
        elsewhere; their `difference`; and the `difference within genres`. Intervals resample
        GTZAN's artists; n counts answers.
    """
    clip_ids, cell, arrived, right = _answers_below_the_first(answers_by_seed(record))
    artist = np.unique(artist_groups(clip_ids), return_inverse=True)[1]
    G, n_cells = int(artist.max()) + 1, int(cell.max()) + 1
    weights = np.random.default_rng(0).multinomial(G, np.full(G, 1 / G), size=N_DRAWS)
    weights = np.concatenate([np.ones((1, G)), weights])

    def counts(among: np.ndarray) -> np.ndarray:
        """How many of these answers each draw has in each cell, (draws, cells)."""
        per_artist = np.zeros((G, n_cells))
        np.add.at(per_artist, (artist[among], cell[among]), 1)
        totals: np.ndarray = weights @ per_artist
        return totals

    n, n_right = {}, {}
    for name, among in (("arrived", arrived), ("astray", ~arrived)):
        n[name], n_right[name] = counts(among), counts(among & right)
    draws = {name: n_right[name].sum(1) / n[name].sum(1) for name in n}
    draws["difference"] = draws["arrived"] - draws["astray"]
    fractions = {name: n_right[name] / np.maximum(n[name], 1) for name in n}
    cell_weights = n["arrived"] * n["astray"] / np.maximum(n["arrived"] + n["astray"], 1)
    gaps = cell_weights * (fractions["arrived"] - fractions["astray"])
    draws["difference within genres"] = gaps.sum(1) / cell_weights.sum(1)
    sizes = {"arrived": int(arrived.sum()), "astray": int((~arrived).sum())}
    return {
        name: replace(percentiles(values, sizes.get(name, len(right))), unit="answers")
        for name, values in draws.items()
    }


def _answers_below_the_first(
    by_seed: list[NodeAnswers],
) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Each answer of a node to a clip of its genres: clip, node and genre, if it arrived, if right.

    Node and genre are one number for each pair.
    """
    clip_ids: list[str] = []
    cell, arrived, right = [], [], []
    for answers in by_seed:
        for i, name in enumerate(answers.tree.nodes):
            members = np.flatnonzero(answers.below(name))
            if len(members) < len(answers.clip_ids):  # every clip reaches the first node
                clip_ids += [answers.clip_ids[m] for m in members]
                cell.append(i * len(answers.genres) + answers.truth[members])
                arrived.append(answers.arrivals(name)[members])
                right.append(answers.right(name)[members])
    return clip_ids, np.concatenate(cell), np.concatenate(arrived), np.concatenate(right)


def products(record: Record) -> dict[str, dict[str, Interval]]:
    """The paper's product and the measured accuracy of each group of genres, on GTZAN's clips.

    Returns:
        By group and "mean of groups": `product`, `own product`, `measured`, and the difference
        `measured minus product`. Intervals resample artists and seeds.
    """
    answers = answers_by_seed(record)
    groups, artists = answers[0].groups(), artist_groups(answers[0].clip_ids)
    draws = {}
    for lowest, group in zip(map(str, groups.index), groups["genres"], strict=True):
        draws[group] = group_draws(answers, lowest, artists)
        draws[group]["measured minus product"] = draws[group]["measured"] - draws[group]["product"]
    quantities = list(next(iter(draws.values())))
    draws[MEAN] = {q: np.mean([draw[q] for draw in draws.values()], axis=0) for q in quantities}
    sizes = dict(zip(groups["genres"], groups["n"], strict=True)) | {MEAN: groups["n"].sum()}
    return {
        group: {q: percentiles(values, int(sizes[group])) for q, values in draw.items()}
        for group, draw in draws.items()
    }
