"""The experiments on Tang et al. (2018) whose outcome is a table, as functions for `Study`."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

import numpy as np
import torch

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import by_group, folds, stratified
from mgrlib.evaluation.intervals import Interval, over_runs, over_seeds, wilson
from mgrlib.evaluation.metrics import accuracy_interval
from mgrlib.evaluation.node_answers import NodeAnswers
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.models.baselines import linear, rbf_svm
from mgrlib.models.tree import PAPER_TREE, Tree, random_tree
from mgrlib.recipes.core import (
    Learned,
    Protocol,
    Recipe,
    Result,
    corpus_fingerprint,
    learn_estimator,
    run,
)
from mgrlib.recipes.tang2018_learners import as_in_paper, learnt_tree, statistics
from mgrlib.recipes.tang2018_trees import ask, estimators, fit_hierarchy
from mgrlib.segments import Segments, cut
from mgrlib.storage import atomic_write, home
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit
from mgrlib.training.seeds import seeded
from mgrlib.training.stages import fit_in_stages

__all__ = [
    "EARLY",
    "compare_recipes",
    "compare_trees",
    "few_genres",
    "map_genres",
    "row_of_genres",
    "sweep_epochs",
    "sweep_nodes",
]

Row = dict[str, Any]

N_FOLDS = 5
PATIENCE = 20  # epochs without a lower validation loss
ENOUGH = 300  # clips from which a holdout of a tenth is worth testing on
EARLY = "stopped early"
CHOSEN = "epoch chosen on the test clips"
N_DRAWS = 2000
N_SUBSETS = 20  # random sets of genres of one size
N_RANDOM = 5  # random trees a seed


def _by(corpus: Corpus) -> Literal["clip", "group"]:
    """By group where groups are known and every genre has enough to divide, else by clip."""
    n_groups = corpus.clips.groupby("genre")["group"].nunique()
    known = corpus.clips["group"].nunique() < len(corpus)
    return "group" if known and int(n_groups.min()) >= N_FOLDS else "clip"


def _figures(interval: Interval) -> Row:
    """An interval as a row's values; bounds that are not known are left out."""
    bounds = {"low": interval.low, "high": interval.high}
    known = {k: round(v, 4) for k, v in bounds.items() if v == v}
    return {"value": round(interval.value, 4), **known, "n": interval.n}


# --- experiment 1


def sweep_epochs(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    genres: Sequence[str],
    stages: Sequence[int],
    literal: bool = False,
) -> list[Row]:
    """Accuracy and loss after each of these numbers of epochs, a trial a seed.

    With a constant learning rate a training of 5 epochs is the beginning of one of 400, so one long
    training a trial is looked at on its way. `literal` trains each number of epochs on its own,
    from its own initial weights, as the paper seems to have done.

    From 300 clips up a trial has one split of 70/20/10 % as the paper's; with fewer a tenth would
    be a handful of clips, and each trial tests every clip once, in five folds of 60/20/20 %.
    """
    own = corpus.select(genres=genres)
    segments = cut(own, *recipe.features, how=recipe.how, progress=progress)
    content = corpus_fingerprint(own)
    train_one = _literally if literal else _on_its_way
    trials = []
    for seed in seeds:
        courses = []
        for split in _seventy_twenty_ten(own, seed):
            told = [recipe.fingerprint, content, seed, split.source, list(stages), literal]
            parts = [segments.of(ids) for ids in split.parts().values()]
            config = replace(as_in_paper(recipe.config, parts[0]), seed=seed)
            courses.append(_kept(told, partial(train_one, recipe, parts, config, stages)))
            if progress:
                print(f"seed {seed}, {split.source}: trained", flush=True)
        trials.append(_joined(courses))
    protocol = "70/20/10 %" if len(own) >= ENOUGH else f"{N_FOLDS} folds"
    rows = [_stage_row(trials, epochs) for epochs in stages]
    rows += [] if literal else _choices(trials)
    return [{**row, "protocol": f"{protocol} by {_by(own)}"} for row in rows]


def _seventy_twenty_ten(corpus: Corpus, seed: int) -> list[Split]:
    by = _by(corpus)
    if len(corpus) < ENOUGH:
        return folds(corpus, N_FOLDS, seed=seed, by=by, n_valid=1)
    splitter = by_group if by == "group" else stratified
    return [splitter(corpus, valid=0.2, test=0.1, seed=seed)]


def _on_its_way(
    recipe: Recipe, parts: Sequence[Segments], config: TrainConfig, stages: Sequence[int]
) -> Row:
    """One training of the longest number of epochs, measured after every epoch."""
    train, valid, test = parts
    with seeded(config.seed):
        model = recipe.make(train)
    course: Row = {"epochs": [], "test": {}}
    best = float("inf")
    for run_ in fit_in_stages(model, train, config, range(1, max(stages) + 1)):
        epoch, last = len(run_.history), run_.history.iloc[-1]
        checked, tested = predict(model, valid), predict(model, test)
        figures = [last["train_loss"], last["train_accuracy"], *_score(checked), *_score(tested)]
        course["epochs"].append([round(float(value), 4) for value in figures])
        if epoch in stages:
            course["test"][str(epoch)] = tested.to_dict()
        loss, waited = figures[2], epoch - course.get("stopped", 0)
        if loss < best and waited <= PATIENCE:
            best, course["stopped"] = loss, epoch
            course["test"]["stopped"] = tested.to_dict()
    return course


def _literally(
    recipe: Recipe, parts: Sequence[Segments], config: TrainConfig, stages: Sequence[int]
) -> Row:
    """A training of its own for each number of epochs."""
    train, valid, test = parts
    course: Row = {"epochs": {}, "test": {}}
    for i, epochs in enumerate(stages):
        own = replace(config, epochs=epochs, seed=1000 * (i + 1) + config.seed)
        with seeded(own.seed):
            model = recipe.make(train)
        last = fit(model, train, config=own).history.iloc[-1]
        tested = predict(model, test)
        figures = [last["train_loss"], last["train_accuracy"]]
        figures += [*_score(predict(model, valid)), *_score(tested)]
        course["epochs"][str(epochs)] = [round(float(value), 4) for value in figures]
        course["test"][str(epochs)] = tested.to_dict()
    return course


FIGURES = (
    "training loss",
    "training accuracy",
    "validation loss",
    "validation accuracy",
    "test loss",
    "test accuracy",
)


def _score(predictions: Predictions) -> tuple[float, float]:
    """Cross-entropy in nats and accuracy."""
    told = predictions.probs[np.arange(predictions.n), predictions.truth]
    return float(-np.log(np.maximum(told, 1e-30)).mean()), float(predictions.correct.mean())


def _joined(courses: Sequence[Row]) -> Row:
    """The folds of one trial as one: mean figures, and all tested clips in one table."""
    test = {
        name: Predictions.concat([Predictions.from_dict(c["test"][name]) for c in courses])
        for name in courses[0]["test"]
    }
    if isinstance(courses[0]["epochs"], dict):  # literal: only the stages are known
        stages = courses[0]["epochs"]
        return {
            "at": {e: np.mean([c["epochs"][e] for c in courses], axis=0) for e in stages},
            "test": test,
        }
    figures = np.mean([c["epochs"] for c in courses], axis=0)  # (epochs, 6)
    at = {str(i + 1): values for i, values in enumerate(figures)}
    return {"at": at, "test": test, "stopped": [c["stopped"] for c in courses]}


def _over_trials(trials: Sequence[Row], name: str) -> Interval:
    """Mean test accuracy: over seeds and clips if each trial tests the same, else over seeds."""
    tables = [trial["test"][name] for trial in trials]
    order = tables[0].clip_ids
    if all(set(table.clip_ids) == set(order) for table in tables):
        return over_runs([table.select(order) for table in tables])
    mean = over_seeds([float(table.correct.mean()) for table in tables])
    return replace(mean, n=tables[0].n, unit="clips")


def _stage_row(trials: Sequence[Row], epochs: int) -> Row:
    name = str(epochs)
    found = [dict(zip(FIGURES, t["at"][name].round(4).tolist(), strict=True)) for t in trials]
    for trial, figures in zip(trials, found, strict=True):
        figures["test accuracy"] = round(float(trial["test"][name].correct.mean()), 4)
    means = {f: round(float(np.mean([one[f] for one in found])), 4) for f in FIGURES}
    row = {"row": f"{epochs} epochs", "metric": "test accuracy", "epochs": epochs}
    return {**row, **_figures(_over_trials(trials, name)), "mean": means, "trials": found}


def _choices(trials: Sequence[Row]) -> list[Row]:
    """What stopping by the validation loss gives, and what choosing by the test clips would."""
    course = np.mean([[*trial["at"].values()] for trial in trials], axis=0)  # (epochs, 6)
    shown = [e for e in range(1, len(course) + 1) if e <= 50 or e % 5 == 0]
    curves = {f: course[[e - 1 for e in shown], i].round(4).tolist() for i, f in enumerate(FIGURES)}
    early: Row = {
        "row": EARLY,
        "metric": "test accuracy",
        **_figures(_over_trials(trials, "stopped")),
    }
    early |= {"stopped": [t["stopped"] for t in trials], "patience": PATIENCE}
    best = [max(float(values[5]) for values in trial["at"].values()) for trial in trials]
    chosen = {**_figures(over_seeds(best)), "n": early["n"]}
    return [
        {**early, "curves": {"epoch": shown, **curves}},
        {"row": CHOSEN, "metric": "test accuracy", **chosen},
    ]


def _kept(told: Any, compute: Callable[[], Row]) -> Row:
    """What was computed before for the same settings, or what is computed now."""
    key = hashlib.sha256(json.dumps(told).encode()).hexdigest()[:24]
    path = home() / "runs" / "tang2018" / f"{key}.json"
    if not path.exists():
        with atomic_write(path) as part:
            part.write_text(json.dumps(compute()))
    found: Row = json.loads(path.read_text())
    return found


# --- experiment 2


def sweep_nodes(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> list[Row]:
    """Each node's accuracy, the products along the paths, and what is measured end to end."""
    result = run(recipe, corpus, Protocol(N_FOLDS, by=_by(corpus)), seeds=seeds, progress=progress)
    answers = [node_answers(result, seed) for seed in result.seeds]
    rows = [_node_row(answers, name) for name in answers[0].tree.nodes]
    rows += _product_rows(answers)
    for how in ("hard", "soft"):
        interval = _over_seeds([a.route(how).select(answers[0].clip_ids) for a in answers])
        rows.append({"row": f"end to end, {how}", "metric": "accuracy", **_figures(interval)})
    return [{**row, "protocol": result.protocol} for row in rows]


def node_answers(result: Result, seed: int) -> NodeAnswers:
    """The answers of all nodes in one seed's folds, which share one tree."""
    parts = [one["extra"]["answers"] for one in result.runs if one["seed"] == seed]
    return NodeAnswers.concat([NodeAnswers.from_dict(part) for part in parts])


def _over_seeds(tables: Sequence[Predictions]) -> Interval:
    """The mean accuracy; Wilson's interval for one seed, where a bootstrap of 50 of 50 has none."""
    return accuracy_interval(tables[0]) if len(tables) == 1 else over_runs(tables)


def _node_row(answers: Sequence[NodeAnswers], name: str) -> Row:
    first = answers[0].node(name)
    interval = _over_seeds([a.node(name).select(first.clip_ids) for a in answers])
    tables = [a.table().loc[name] for a in answers]
    row: Row = {"row": f"LSTM{name}", "metric": "accuracy", **_figures(interval)}
    row["asks"] = tables[0]["asks"]
    for which in ("reached", "astray"):
        n = np.array([t[f"n_{which}"] for t in tables], dtype=float)
        share = np.nan_to_num(np.array([t[f"accuracy_{which}"] for t in tables], dtype=float))
        row[f"{which}_n"], row[f"{which}_right"] = int(n.sum()), round(float(n @ share))
    return row


def _product_rows(answers: Sequence[NodeAnswers]) -> list[Row]:
    """Products and measured shares by group, with intervals over clips and seeds."""
    order = answers[0].clip_ids
    place = [np.array([a.clip_ids.index(c) for c in order]) for a in answers]
    groups = answers[0].groups()
    M, R = len(order), len(answers)
    rng = np.random.default_rng(0)
    clips = np.concatenate([np.ones((1, M)), rng.multinomial(M, np.full(M, 1 / M), size=N_DRAWS)])
    runs = np.concatenate(
        [np.full((1, R), 1 / R), rng.multinomial(R, np.full(R, 1 / R), size=N_DRAWS) / R]
    )
    found: dict[str, dict[str, np.ndarray]] = {}
    for name in groups.index:
        drawn = [
            _drawn(a, name, clips[:, np.argsort(p)]) for a, p in zip(answers, place, strict=True)
        ]
        found[name] = {k: (np.stack([d[k] for d in drawn], 1) * runs).sum(1) for k in drawn[0]}
    rows = []
    for kind in ("product", "own product", "measured"):
        named = {f"{kind}, {groups['genres'][n]}": found[n][kind] for n in groups.index}
        named[f"{kind}, mean of groups"] = np.mean([found[n][kind] for n in groups.index], axis=0)
        sizes = [*groups["n"], int(groups["n"].sum())]
        rows += [_drawn_row(*item, n, kind) for item, n in zip(named.items(), sizes, strict=True)]
    gap = np.mean([found[n]["measured"] - found[n]["product"] for n in groups.index], axis=0)
    return [*rows, _drawn_row("measured minus product", gap, int(groups["n"].sum()), "difference")]


def _drawn(answers: NodeAnswers, lowest: str, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The three figures of a group for each draw of clips; weights are (draws, M)."""
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


def _drawn_row(name: str, values: np.ndarray, n: int, kind: str) -> Row:
    low, high = np.quantile(values[1:], [0.025, 0.975])
    metric = {"measured": "accuracy", "difference": "difference"}.get(kind, "product of accuracies")
    return {"row": name, "metric": metric, **_figures(Interval(float(values[0]), low, high, n))}


# --- which tree, which genres, which length, which map


def compare_trees(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> list[Row]:
    """The question of the tree with quick classifiers on the sequences' statistics: many seeds.

    Flat, the paper's tree, random trees of its form and trees learnt from the training clips, each
    with logistic regression and with an RBF SVM at every node.
    """
    found: dict[str, dict[tuple[int, int], list[Predictions]]] = {}
    segments = statistics(cut(corpus, *recipe.features, how=recipe.how, progress=progress))
    splits = [(s, p) for s in seeds for p in folds(corpus, N_FOLDS, seed=s, by=_by(corpus))]
    for seed, split in splits:
        train, test = segments.of(split.train), segments.of(split.test)
        for classifier in ("linear", "RBF SVM"):
            for system, i, predictions in _systems(classifier, train, test, seed):
                runs = found.setdefault(f"{system}, {classifier}", {})
                runs.setdefault((seed, i), []).append(predictions)
    protocol = f"{N_FOLDS} folds by {_by(corpus)}"
    return [{**_tree_row(name, runs), "protocol": protocol} for name, runs in found.items()]


def _systems(
    classifier: str, train: Segments, test: Segments, seed: int
) -> Iterator[tuple[str, int, Predictions]]:
    """Each system's name, its number among those of that name, and what it says of the clips."""
    make = {"linear": linear, "RBF SVM": rbf_svm}[classifier]
    teach = estimators(lambda: make(seed))
    flat = teach("", train, None)
    yield "flat", 0, Predictions(test.clip_ids, test.y.numpy(), flat(test), test.genres)
    random = [random_tree(PAPER_TREE, N_RANDOM * seed + i) for i in range(N_RANDOM)]
    trees: list[tuple[str, int, Tree]] = [("the paper's tree", 0, PAPER_TREE)]
    trees += [("random trees", i, tree) for i, tree in enumerate(random)]
    trees += [("learnt trees", 0, learnt_tree(train, seed))]
    for name, i, tree in trees:
        answers = ask(fit_hierarchy(tree, teach, train), test)
        yield name, i, answers.route("hard")
        if classifier == "linear" and name != "random trees":
            yield f"{name} (soft)", i, answers.route("soft")


def _tree_row(name: str, runs: Mapping[tuple[int, int], list[Predictions]]) -> Row:
    tables = [Predictions.concat(parts) for parts in runs.values()]
    order = tuple(sorted(tables[0].clip_ids))
    tables = [table.select(order) for table in tables]
    by_seed = [round(float(t.correct.mean()), 4) for t in tables]
    by_clip = np.mean([t.correct for t in tables], axis=0).round(4).tolist()
    row = {"row": name, "metric": "accuracy", **_figures(over_runs(tables))}
    return {**row, "by_seed": by_seed, "by_clip": by_clip}


def row_of_genres(genres: Sequence[str]) -> str:
    """What the row of a set of genres is called.

    >>> row_of_genres(("classical", "metal"))
    '2 genres: classical, metal'
    """
    return f"{len(genres)} genres: {', '.join(genres)}"


def few_genres(
    corpus: Corpus,
    seeds: Sequence[int],
    progress: bool = False,
    *,
    recipe: Recipe,
    sets: Sequence[Sequence[str]],
) -> list[Row]:
    """The cited sets of two, three and four genres; then random sets of every size, quickly."""
    rows = []
    quick = replace(
        recipe, name=f"{recipe.paper}/quick", model=_quick, options={}, learn=learn_quick
    )
    for system, named in ((recipe, ""), (quick, ", linear")):
        for genres in sets:
            own = corpus.select(genres=genres)
            protocol = Protocol(N_FOLDS, by=_by(own))
            found = run(system, own, protocol, seeds=seeds, progress=progress)
            row: Row = {"row": row_of_genres(genres) + named, "metric": "accuracy"}
            figures = _figures(found.accuracy())
            rows.append({**row, **figures, "n_genres": len(genres), "protocol": str(protocol)})
    segments = statistics(cut(corpus, *recipe.features, how=recipe.how))
    rng = np.random.default_rng(0)
    for k in range(2, len(corpus.genres) + 1):
        n_sets = N_SUBSETS if k < len(corpus.genres) else 1
        drawn = [
            sorted(rng.choice(corpus.genres, k, replace=False).tolist()) for _ in range(n_sets)
        ]
        values = [_quick_accuracy(corpus, segments, genres, seeds[0]) for genres in drawn]
        row = {"row": f"{k} genres, {n_sets} random sets, linear", "metric": "accuracy"}
        row |= {**_figures(over_seeds(values)), "lowest": min(values), "highest": max(values)}
        row.pop("n")
        rows.append({**row, "n_genres": k, "protocol": f"{N_FOLDS} folds, mean over sets"})
    return rows


def _quick(seed: int) -> Any:
    return linear(seed)


def learn_quick(
    recipe: Recipe, train: Segments, valid: Segments, test: Segments, config: TrainConfig
) -> Learned:
    """The recipe's estimator on the mean and deviation of each coefficient over time."""
    train, valid, test = (statistics(part) for part in (train, valid, test))
    return learn_estimator(recipe, train, valid, test, config)


def _quick_accuracy(corpus: Corpus, segments: Segments, genres: Sequence[str], seed: int) -> float:
    """The accuracy of logistic regression on these genres alone, five folds."""
    own = corpus.select(genres=genres)
    right = 0
    for split in folds(own, N_FOLDS, seed=seed, by=_by(own)):
        train, test = segments.of(split.train), segments.of(split.test)
        estimator = linear(seed).fit(train.inputs[0].numpy(), train.y.numpy())
        right += int(predict_sklearn(estimator, test).correct.sum())
    return round(right / len(own), 4)


def compare_recipes(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipes: Sequence[Recipe]
) -> list[Row]:
    """The accuracy of each recipe on the same folds."""
    rows = []
    for recipe in recipes:
        found = run(
            recipe, corpus, Protocol(N_FOLDS, by=_by(corpus)), seeds=seeds, progress=progress
        )
        row = {"row": recipe.title, "metric": "accuracy", **_figures(found.accuracy())}
        by_seed = [round(float(found.predictions(s).correct.mean()), 4) for s in found.seeds]
        rows.append({**row, "by_seed": by_seed, "protocol": found.protocol})
    return rows


def map_genres(
    corpus: Corpus, seeds: Sequence[int], progress: bool = False, *, recipe: Recipe
) -> list[Row]:
    """Clips in two dimensions, by the network's last state and by plain statistics of its input.

    70 % of the clips train the network and turn the axes (principal components). A map is worth
    what a clip's nearest training clip tells of its genre: the share of test clips whose is right.
    """
    segments = cut(corpus, *recipe.features, how=recipe.how, progress=progress)
    splitter = by_group if _by(corpus) == "group" else stratified
    split = splitter(corpus, test=0.3, seed=seeds[0])
    train, test = segments.of(split.train), segments.of(split.test)
    config = replace(as_in_paper(recipe.config, train), seed=seeds[0])
    with seeded(config.seed):
        model = recipe.make(train)
    fit(model, train, config=config)
    learnt = [_last_states(model, part) for part in (train, test)]
    plain = [statistics(part).inputs[0].numpy() for part in (train, test)]
    rows = []
    for name, (a, b) in (("network's last state", learnt), ("mean and deviation", plain)):
        mean, deviation = a.mean(0), a.std(0) + 1e-9
        a, b = (a - mean) / deviation, (b - mean) / deviation
        axes = np.linalg.svd(a, full_matrices=False)[2][:2].T  # (D, 2)
        for n_axes, (p, q) in ((a.shape[1], (a, b)), (2, (a @ axes, b @ axes))):
            nearest = ((q[:, None] - p[None]) ** 2).sum(2).argmin(1)
            right = int((train.y[nearest] == test.y).sum())
            row: Row = {"row": f"{name}, {n_axes} values", "metric": "nearest neighbour's genre"}
            row |= {**_figures(wilson(right, len(test))), "protocol": f"70/30 % by {_by(corpus)}"}
            if n_axes == 2:
                row["points"] = {"train": _points(p, train), "test": _points(q, test)}
            rows.append(row)
    return rows


def _last_states(model: torch.nn.Module, segments: Segments) -> np.ndarray:
    """What the network's output layer sees of each segment, (S, D)."""
    embed: Callable[[torch.Tensor], torch.Tensor] = model.embed  # type: ignore[assignment]
    model.eval()
    with torch.inference_mode():
        return embed(segments.inputs[0]).numpy()


def _points(at: np.ndarray, segments: Segments) -> Row:
    return {"x": at.round(3).tolist(), "y": segments.y.tolist(), "genres": list(segments.genres)}
