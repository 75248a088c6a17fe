"""Which tree, which genres, which inputs: what Tang et al. (2018) do not compare."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.intervals import over_seeds, over_values, wilson
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.runs import accuracy_by_clip
from mgrlib.experiments.protocol import Protocol, best_by
from mgrlib.experiments.run import PLAIN, Result, cross_validate, groups_of
from mgrlib.experiments.study import accuracy_row, row
from mgrlib.models.baselines import linear, rbf_svm
from mgrlib.papers.tang2018.learners import RandomTree, grown_tree, paper_tree
from mgrlib.segments import Segments
from mgrlib.systems.classifiers import TreeClassifier
from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.learners import Estimator, NodeByNode
from mgrlib.systems.prepare import RowStatistics
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System

Rows = list[dict[str, Any]]

N_SUBSETS = 20  # random sets of genres of one size
N_RANDOM = 5  # random trees per seed
CLASSIFIERS = {"linear": linear, "RBF SVM": rbf_svm}


def compare_trees(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> Rows:
    """The question of the tree with quick classifiers on the sequences' statistics: many seeds.

    Flat, the paper's tree, random trees of its form and trees learned from the training clips, each
    with logistic regression and with an RBF SVM at every node.

    Args:
        recipe: of the flat logistic regression.
    """
    protocol = Protocol(5, best_by(corpus))
    random = [RandomTree(i, N_RANDOM) for i in range(N_RANDOM)]
    trees: dict[str, list[Any]] = {
        "flat": [None],
        "the paper's tree": [paper_tree],
        "random trees": random,
        "grown trees": [grown_tree],
    }
    rows = []
    for classifier, model in CLASSIFIERS.items():
        for system, variants in trees.items():
            with_soft = classifier == "linear" and system in ("the paper's tree", "grown trees")
            results = []
            for i, tree in enumerate(variants):
                learner = NodeByNode(tree, Estimator()) if tree else Estimator()
                name = f"{recipe.paper}/{slug(system)}-{i}-{slug(classifier)}"
                variant = replace(recipe, name=name, model=model, learner=learner)
                on = {"soft": soft_routes} if with_soft else {}
                run = cross_validate(
                    variant, corpus, protocol, seeds=seeds, on=on, progress=progress
                )
                results.append(run)
            condition = {"system": system, "classifier": classifier}
            if system == "flat":
                rows.append(tree_row(results, condition))
                continue
            rows.append(tree_row(results, condition | {"routing": "hard"}))
            if with_soft:
                rows.append(tree_row(results, condition | {"routing": "soft"}, "soft"))
    return rows


def slug(text: str) -> str:
    """A text as it can be used in a recipe's name."""
    return text.lower().replace(" ", "-").replace("'", "")


def soft_routes(system: System, clips: Corpus, test: Segments) -> Predictions:
    """The genres where the products of the nodes' probabilities are largest."""
    if not isinstance(system.classifier, TreeClassifier):
        got = type(system.classifier).__name__
        raise RecipeError(explain("soft_routes", "a tree of classifiers", got))
    return system.classifier.answers(system.segments(test)).route("soft")


def tree_row(
    results: Sequence[Result], condition: dict[str, str], on: str = PLAIN
) -> dict[str, Any]:
    """The mean accuracy over seeds and trees, with what each run and each clip contribute."""
    tables = [result.predictions(seed, on) for seed in results[0].seeds for result in results]
    order = tuple(sorted(tables[0].clip_ids))
    tables = [table.select(order) for table in tables]
    return accuracy_row(
        tables,
        results[0].groups,
        condition=condition,
        train_accuracy=mean_train_accuracy(results),
        by_seed=[round(float(t.correct.mean()), 4) for t in tables],
        by_clip=accuracy_by_clip(tables).round(4).tolist(),
    )


def mean_train_accuracy(results: Sequence[Result]) -> float:
    """The mean over these of the accuracy on the clips of training."""
    return float(np.mean([result.train_accuracy for result in results]))


def few_genres(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    quick: Recipe,
    sets: Sequence[Sequence[str]],
) -> Rows:
    """The cited sets of two, three and four genres; then random sets of every size, quickly.

    Args:
        quick: what the random sets are classified with.
    """
    rows = []
    for classifier, system in (("LSTM", recipe), ("linear", quick)):
        for genres in sets:
            result = on_genres(system, corpus, genres, seeds, progress)
            names = {"set": ", ".join(genres), "classifier": classifier}
            condition = {"genres": len(genres), **names}
            tables, train = [result.predictions(s) for s in result.seeds], result.train_accuracy
            rows.append(
                accuracy_row(tables, result.groups, condition=condition, train_accuracy=train)
            )
    rng = np.random.default_rng(0)
    for k in range(2, len(corpus.genres) + 1):
        n_sets = N_SUBSETS if k < len(corpus.genres) else 1
        draws = [
            sorted(rng.choice(corpus.genres, k, replace=False).tolist()) for _ in range(n_sets)
        ]
        results = [on_genres(quick, corpus, genres, seeds[:1]) for genres in draws]
        values = [round(result.accuracy().value, 4) for result in results]
        names = {"set": f"{n_sets} random sets", "classifier": "linear"}
        rows.append(
            row(
                "accuracy",
                over_seeds(values),
                condition={"genres": k, **names},
                train_accuracy=mean_train_accuracy(results),
                lowest=min(values),
                highest=max(values),
            )
        )
    return rows


def on_genres(
    recipe: Recipe,
    corpus: Corpus,
    genres: Sequence[str],
    seeds: Sequence[int],
    progress: bool = False,
) -> Result:
    """The recipe on the clips of these genres alone, five folds."""
    own = corpus.select(genres=genres)
    return cross_validate(recipe, own, Protocol(5, best_by(own)), seeds=seeds, progress=progress)


def compare_recipes(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipes: Sequence[Recipe]
) -> Rows:
    """The accuracy of each recipe on the same folds."""
    rows = []
    protocol = Protocol(5, best_by(corpus))
    for recipe in recipes:
        result = cross_validate(recipe, corpus, protocol, seeds=seeds, progress=progress)
        tables = [result.predictions(seed) for seed in result.seeds]
        rows.append(
            accuracy_row(
                tables,
                result.groups,
                condition={"input": recipe.title},
                train_accuracy=result.train_accuracy,
                by_seed=[round(float(table.correct.mean()), 4) for table in tables],
            )
        )
    return rows


def map_protocol(corpus: Corpus) -> Protocol:
    """70 % of the clips to train, 30 % to test."""
    return Protocol(None, best_by(corpus), test=0.3)


def map_genres(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> Rows:
    """Clips in two dimensions, by the network's last state and by plain statistics of its input.

    70 % of the clips train the network and turn the axes (principal components). A map is worth
    what a clip's nearest training clip says of its genre: the share of test clips whose is right.
    Where artists are known, its interval draws artists.
    """
    segments = segments_of(recipe, corpus, progress=progress)
    split = map_protocol(corpus).splits(corpus, seeds[0])[0]
    train, test = segments.of(split.train), segments.of(split.test)
    system = learn(recipe, train, seed=seeds[0])
    plain = [RowStatistics().apply(part.inputs, {})[0].numpy() for part in (train, test)]
    rows = []
    spaces = {
        "network's last state": [last_states(system, part) for part in (train, test)],
        "mean and standard deviation": plain,
    }
    for name, (a, b) in spaces.items():
        mean, std = a.mean(0), a.std(0) + 1e-9
        a, b = (a - mean) / std, (b - mean) / std
        axes = np.linalg.svd(a, full_matrices=False)[2][:2].T  # (D, 2)
        for n_axes, (p, q) in ((a.shape[1], (a, b)), (2, (a @ axes, b @ axes))):
            nearest = ((q[:, None] - p[None]) ** 2).sum(2).argmin(1)
            right = (train.y[nearest] == test.y).numpy()
            groups = groups_of(corpus)
            interval = wilson(int(right.sum()), len(test))
            if groups:
                interval = over_values(right[None], [groups[clip] for clip in test.clip_ids])
            points = {"train": points_of(p, train), "test": points_of(q, test)}
            details: dict[str, Any] = {"points": points} if n_axes == 2 else {}
            rows.append(
                row(
                    "nearest neighbor's genre",
                    interval,
                    condition={"values": name, "dimensions": n_axes},
                    train_accuracy=system.about["train_accuracy"],
                    **details,
                )
            )
    return rows


def last_states(system: System, segments: Segments) -> np.ndarray:
    """What the network's output layer sees of each segment, (S, D)."""
    import torch

    network: Any = system.network.eval()
    with torch.inference_mode():
        (x,) = system.segments(segments).in_memory().inputs
        states: np.ndarray = network.embed(x).numpy()
    return states


def points_of(at: np.ndarray, segments: Segments) -> dict[str, Any]:
    """Points of a map (S, 2) with the genres they are of."""
    return {"x": at.round(3).tolist(), "y": segments.y.tolist(), "genres": list(segments.genres)}
