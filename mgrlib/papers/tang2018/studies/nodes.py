"""Experiment 2 of Tang et al. (2018): each node, the products along the paths, and the truth."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.intervals import Interval, percentile_bounds
from mgrlib.evaluation.metrics import accuracy_interval
from mgrlib.evaluation.node_answers import NodeAnswers
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import cross_validate, mean_accuracy
from mgrlib.experiments.study import row
from mgrlib.systems.recipe import Recipe

N_DRAWS = 2000
MEAN = "mean of groups"


def sweep_nodes(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> list[dict[str, Any]]:
    """Each node's accuracy, the products along the paths, and what is measured end to end."""
    protocol = Protocol(5, best_by(corpus))
    result = cross_validate(recipe, corpus, protocol, seeds=seeds, progress=progress)
    answers = [node_answers(result.runs, seed) for seed in result.seeds]
    rows = []
    for name in answers[0].tree.nodes:
        train_accuracy = node_train_accuracy(result.runs, name)
        rows.append(node_row(answers, name, result.groups, train_accuracy))
    rows += product_rows(answers, result.groups, result.train_accuracy)
    for routing in ("hard", "soft"):
        tables = [a.route(routing).select(answers[0].clip_ids) for a in answers]
        condition = {"quantity": "end to end", "routing": routing}
        accuracy = over_tables(tables, result.groups)
        rows.append(
            row("accuracy", accuracy, condition=condition, train_accuracy=result.train_accuracy)
        )
    return rows


def node_answers(runs: Sequence[Mapping[str, Any]], seed: int) -> NodeAnswers:
    """The answers of all nodes in one seed's folds, which share one tree.

    Args:
        runs: of a `Result` or a `Record`.
    """
    parts = [run["details"]["answers"] for run in runs if run["seed"] == seed]
    return NodeAnswers.concat([NodeAnswers.from_dict(part) for part in parts])


def node_train_accuracy(runs: Sequence[Mapping[str, Any]], name: str) -> float | None:
    """A node's mean accuracy on its own training clips; None if a kept run does not have it."""
    by_run = [run["details"].get("train_accuracy") for run in runs]
    return None if None in by_run else float(np.mean([nodes[name] for nodes in by_run]))


def over_tables(tables: Sequence[Predictions], groups: Mapping[str, str]) -> Interval:
    """The mean accuracy over seeds; its interval draws artists where they are known.

    Without artists, one seed gets Wilson's interval, since a bootstrap of 50 of 50 has none.
    """
    if len(tables) == 1 and not groups:
        return accuracy_interval(tables[0])
    return mean_accuracy(tables, groups)


def node_row(
    answers: Sequence[NodeAnswers],
    name: str,
    groups: Mapping[str, str],
    train_accuracy: float | None,
) -> dict[str, Any]:
    """A node's accuracy on its genres' clips, and on those that arrive or have gone astray.

    Args:
        answers: of each seed.
        groups: the artist of each clip, or nothing.
        train_accuracy: of the node, on its own training clips.
    """
    first = answers[0].node(name)
    accuracy = over_tables([a.node(name).select(first.clip_ids) for a in answers], groups)
    tables = [a.table().loc[name] for a in answers]
    counts: dict[str, Any] = {}
    for which in ("reached", "astray"):
        n = np.array([t[f"n_{which}"] for t in tables], dtype=float)
        share = np.nan_to_num(np.array([t[f"accuracy_{which}"] for t in tables], dtype=float))
        counts |= {f"{which}_n": int(n.sum()), f"{which}_right": round(float(n @ share))}
    condition = {"node": f"LSTM{name}"}
    return row(
        "accuracy",
        accuracy,
        condition=condition,
        train_accuracy=train_accuracy,
        asks=tables[0]["asks"],
        **counts,
    )


def product_rows(
    answers: Sequence[NodeAnswers], artists: Mapping[str, str], train_accuracy: float
) -> list[dict[str, Any]]:
    """Products and measured accuracies by group of genres, with intervals over clips and seeds.

    Args:
        answers: of each seed.
        artists: of each clip; where they are known, the intervals draw artists in place of clips.
        train_accuracy: of the whole tree, on its training clips.
    """
    groups = answers[0].groups()
    artist_by_clip = [artists[clip] for clip in answers[0].clip_ids] if artists else None
    draws = {name: group_draws(answers, name, artist_by_clip) for name in groups.index}
    rows = []
    for quantity in ("product", "own product", "measured"):
        by_group = {groups["genres"][name]: draws[name][quantity] for name in groups.index}
        by_group[MEAN] = np.mean(list(by_group.values()), axis=0)
        sizes = [*groups["n"], groups["n"].sum()]
        metric = "accuracy" if quantity == "measured" else "product of accuracies"
        for (group, values), n in zip(by_group.items(), sizes, strict=True):
            condition = {"quantity": quantity, "group": group}
            interval = percentiles(values, int(n))
            rows.append(row(metric, interval, condition=condition, train_accuracy=train_accuracy))
    gap = np.mean([draw["measured"] - draw["product"] for draw in draws.values()], axis=0)
    condition = {"quantity": "measured minus product", "group": MEAN}
    interval = percentiles(gap, int(groups["n"].sum()))
    return [*rows, row("difference", interval, condition=condition)]


def group_draws(
    answers: Sequence[NodeAnswers], lowest: str, artists: Sequence[str] | None = None
) -> dict[str, np.ndarray]:
    """A group's three quantities: as measured, then for `N_DRAWS` draws of clips and seeds.

    Args:
        answers: of each seed.
        lowest: the last node of the group's path.
        artists: of each clip of the first seed, in its order; whole artists are then drawn.
    """
    order = answers[0].clip_ids
    M, R = len(order), len(answers)
    units = np.unique(range(M) if artists is None else artists, return_inverse=True)[1]  # (M,)
    G = int(units.max()) + 1
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(G, np.full(G, 1 / G), size=N_DRAWS)[:, units]  # (draws, M)
    clips = np.concatenate([np.ones((1, M)), drawn])
    seeds = np.concatenate(
        [np.full((1, R), 1 / R), rng.multinomial(R, np.full(R, 1 / R), size=N_DRAWS) / R]
    )
    by_seed = []
    for one_seed in answers:
        place = np.argsort([one_seed.clip_ids.index(clip_id) for clip_id in order])
        by_seed.append(quantities(one_seed, lowest, clips[:, place]))
    return {
        name: (np.stack([values[name] for values in by_seed], 1) * seeds).sum(1)
        for name in by_seed[0]
    }


def quantities(answers: NodeAnswers, lowest: str, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The three quantities of a group for each draw of clips; weights are (draws, M)."""
    genre = next(c for c in answers.tree.nodes[lowest].children if isinstance(c, str))
    way = [name for name, _ in answers.tree.path(genre)]
    own = answers.below(lowest)

    def share(right: np.ndarray, among: np.ndarray) -> np.ndarray:
        total = weights @ among
        return np.asarray(weights @ (right & among) / np.maximum(total, 1e-9))

    right = {name: answers.right(name) for name in way}
    return {
        "product": np.prod([share(right[n], answers.below(n)) for n in way], axis=0),
        "own product": np.prod([share(right[n], own) for n in way], axis=0),
        "measured": share(np.all(list(right.values()), axis=0), own),
    }


def percentiles(values: np.ndarray, n: int) -> Interval:
    """The first value with the interval of the others."""
    return Interval(float(values[0]), *percentile_bounds(values[1:]), n)
