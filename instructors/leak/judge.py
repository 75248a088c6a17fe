"""What the assignment on leaks asks, and what is right."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np

from mgrlib.data.synthetic import Faults, planted, synthetic
from mgrlib.grading.assignment import Assignment, Hidden, Part, Question, Verdict, Written
from mgrlib.grading.checks import close
from mgrlib.grading.corpora import write_corpus

RATE = 22_050
GENRES = ("blues", "disco", "jazz")
SPOILED = {"a": ("silent", "truncated"), "b": ("silent", "clipped")}
PUBLIC_SEED = 104
CORPORA = ("first", "second", "third", "fourth", "fifth")
"""Broken clips are asked for of two, exact copies of one, and disguised ones of two others.

The parts may not share a corpus: what one of them gets as an input is another's answer.
"""
SETUP = """
import numpy as np
import pandas as pd
from mgrlib.grading.corpora import read_corpus

RATE = 22_050
GENRES = ("blues", "disco", "jazz")
corpus = read_corpus(JOB + "/public")
"""


def faulty_corpus(seed: int, variant: str) -> Any:
    """Some fifty clips of five seconds with every kind of fault of this variant among them."""
    first, second = SPOILED[variant]
    faults = Faults(**{"exact": 14, "reencoded": 14, first: 8, second: 8})
    for number in range(50):
        corpus = synthetic(18, 5.0, seed=seed + number, faults=faults).select(genres=GENRES)
        counts = planted(corpus)["fault"].value_counts()
        if all(counts.get(kind, 0) >= 2 for kind in ("exact", "reencoded", first, second)):
            return corpus
    raise AssertionError("no seed plants every kind of fault")


def hidden_corpus(hidden: Hidden, name: str) -> tuple[Path, dict[str, Any]]:
    """The folder of a hidden corpus, and what is wrong with its clips."""

    def make() -> tuple[Path, dict[str, Any]]:
        corpus = faulty_corpus(hidden.seed(name) % 100_000_000, hidden.variant)
        folder = hidden.folder / name
        ids = write_corpus(corpus, folder, seed=hidden.seed(f"{name} names"), keep=0.85)
        table = planted(corpus)
        spoiled = table.index[table["fault"].isin(SPOILED[hidden.variant])]
        truth = {"broken": {ids[c] for c in spoiled}, "all": set(ids.values())}
        for kind in ("exact", "reencoded"):
            pairs = table.loc[table["fault"] == kind, "of"].items()
            truth[kind] = {frozenset([ids[a], ids[b]]) for a, b in pairs}
        return folder, truth

    return hidden.once(name, make)


def data(hidden: Hidden) -> Mapping[str, Path]:
    """The corpora that the box shows: the hidden ones, and the one that students know."""

    def public() -> Path:
        corpus = faulty_corpus(PUBLIC_SEED, hidden.variant)
        write_corpus(corpus, hidden.folder / "public", seed=PUBLIC_SEED, keep=0.85)
        return hidden.folder / "public"

    names = {name: hidden_corpus(hidden, name)[0] for name in CORPORA}
    return names | {"public": hidden.once("public", public)}


def clip_ids(value: Any, what: str) -> set[str]:
    """The ids in an answer.

    Raises:
        AssertionError: it is not a collection of texts.
    """
    assert isinstance(value, set | frozenset | list | tuple), f"{what}: a set of ids was expected."
    assert all(isinstance(c, str) for c in value), f"{what}: ids are texts."
    return set(value)


def pairs_of(value: Any, what: str) -> set[frozenset[str]]:
    """The pairs in an answer.

    Raises:
        AssertionError: it is not a collection of pairs of texts.
    """
    assert isinstance(value, set | frozenset | list | tuple), (
        f"{what}: a set of pairs was expected."
    )
    pairs = {frozenset(clip_ids(pair, what)) for pair in value}
    assert all(len(pair) == 2 for pair in pairs), f"{what}: each pair has two different ids."
    return pairs


def scored(answer: Collection[Any], truth: Collection[Any], what: str) -> Verdict:
    """F1 of what was found, as a fraction of the points, in words."""
    right = len(set(answer) & set(truth))
    f1 = 2 * right / max(len(answer) + len(truth), 1)
    reason = f"{right} of {len(truth)} {what} found, {len(answer) - right} named in error"
    return Verdict(f1, f"{reason}: F1 {f1:.2f}.")


def broken_questions(hidden: Hidden) -> list[Question]:
    """Broken clips of two corpora: F1 above one half counts."""

    def question(name: str) -> Question:
        truth = hidden_corpus(hidden, name)[1]

        def judge(value: Any) -> Verdict:
            verdict = scored(clip_ids(value, "broken"), truth["broken"], "broken clips")
            return Verdict(max(0.0, 2 * verdict.fraction - 1), verdict.reason)

        code = f'result = set(broken(read_corpus(JOB + "/{name}")))'
        return Question(f"Broken clips of the {name} hidden corpus", 1, code, judge)

    return [question("first"), question("second")]


def copies_questions(hidden: Hidden) -> list[Question]:
    """Exact copies of a corpus, whose broken clips are given."""
    truth = hidden_corpus(hidden, "third")[1]

    def judge(value: Any) -> Verdict:
        return scored(pairs_of(value, "copies"), truth["exact"], "exact copies")

    code = 'result = copies(read_corpus(JOB + "/third"), skip)'
    title = "Exact copies of a hidden corpus"
    return [Question(title, 1, code, judge, {"skip": truth["broken"]})]


def disguised_questions(hidden: Hidden) -> list[Question]:
    """Re-encoded copies of two corpora, whose broken clips and exact copies are given."""

    def question(name: str) -> Question:
        truth = hidden_corpus(hidden, name)[1]

        def judge(value: Any) -> Verdict:
            return scored(pairs_of(value, "disguised"), truth["reencoded"], "disguised copies")

        code = f'result = disguised(read_corpus(JOB + "/{name}"), skip, same)'
        inputs = {"skip": truth["broken"], "same": truth["exact"]}
        title = f"Disguised copies of the {name} hidden corpus"
        return Question(title, 2, code, judge, inputs)

    return [question("fourth"), question("fifth")]


def made_up_clips(rng: np.random.Generator) -> dict[str, Any]:
    """A table of clips without sound: genres, artists, broken clips, and chains of copies."""
    rows = []
    for genre in ("rock", "folk", "soul", "jazz")[: int(rng.integers(3, 5))]:
        for artist in range(int(rng.integers(8, 12))):
            rows += [(genre, f"{genre} {artist}")] * int(rng.integers(3, 6))
    order = rng.permutation(len(rows))
    ids = [f"c{k:03d}" for k in range(len(rows))]
    table = {"clip_id": ids, "genre": [rows[k][0] for k in order]}
    table["group"] = [rows[k][1] for k in order]
    chosen = [str(c) for c in rng.permutation(ids)]
    broken = set(chosen[:8])
    chains = [chosen[8:11], chosen[11:14], *[chosen[14 + 2 * k : 16 + 2 * k] for k in range(5)]]
    pairs = {frozenset(pair) for chain in chains for pair in pairwise(chain)}
    pairs.add(frozenset([chosen[0], chosen[30]]))  # one of the two is broken
    return {"table": table, "broken": broken, "pairs": pairs, "chains": chains}


SPLIT_CODE = """
clips = pd.DataFrame(table).set_index("clip_id")
result = [
    [list(part) for part in fair_split(clips.copy(), set(broken), set(pairs), seed)]
    for seed in (0, 1, 0)
]
"""


def split_questions(hidden: Hidden) -> list[Question]:
    """What may not happen in a split, its sizes, and what it keeps."""
    rules = [("Nothing leaks", 2, nothing_leaks), ("Sizes and genres", 1, has_sizes)]
    rules.append(("Keeps what is good; seeds", 1, keeps_what_is_good))
    n_parts = 2 if hidden.variant == "a" else 3
    questions = []
    for number, (title, points, rule) in enumerate(rules):
        case = made_up_clips(hidden.rng(f"split {number}"))

        def judge(value: Any, rule: Any = rule, case: dict[str, Any] = case) -> None:
            rule(parts_of(value, case, n_parts), case)

        questions.append(Question(title, points, SPLIT_CODE, judge, case))
    return questions


def parts_of(value: Any, case: dict[str, Any], n_parts: int) -> list[list[list[str]]]:
    """The lists of ids of three calls.

    Raises:
        AssertionError: they are not lists of different, known ids.
    """
    known = set(case["table"]["clip_id"])
    for parts in value:
        assert len(parts) == n_parts, f"fair_split: {n_parts} lists of ids were expected."
        everything = [c for part in parts for c in part]
        assert set(everything) <= known, "fair_split: there are unknown ids."
        assert len(set(everything)) == len(everything), "fair_split: an id is there twice."
        assert all(parts), "fair_split: a part is empty."
    return value


def nothing_leaks(value: list[list[list[str]]], case: dict[str, Any]) -> None:
    """No artist in two parts, no broken clip, one of each chain of copies."""
    group = dict(zip(case["table"]["clip_id"], case["table"]["group"], strict=True))
    for parts in value:
        sides = [{group[c] for c in part} for part in parts]
        shared = [a & b for k, a in enumerate(sides) for b in sides[:k]]
        assert not any(shared), "An artist is in two parts."
        everything = {c for part in parts for c in part}
        assert not everything & case["broken"], "A broken clip is in the split."
        for chain in case["chains"]:
            assert len(everything & set(chain)) <= 1, "Two copies of a clip are in it."


def has_sizes(value: list[list[list[str]]], case: dict[str, Any]) -> None:
    """Held-out parts of the right size, and every genre in each part."""
    genre = dict(zip(case["table"]["clip_id"], case["table"]["genre"], strict=True))
    for parts in value:
        for part in parts[1:]:
            fraction = len(part) / sum(map(len, parts))
            assert 0.15 <= fraction <= 0.35, f"A held-out part has {fraction:.0%} of the clips."
        for part in parts:
            assert {genre[c] for c in part} == set(genre.values()), "A genre is missing."


def keeps_what_is_good(value: list[list[list[str]]], case: dict[str, Any]) -> None:
    """Nearly all good clips are in it, and the seed decides."""
    n_copies = sum(len(chain) - 1 for chain in case["chains"])
    n_good = len(case["table"]["clip_id"]) - len(case["broken"]) - n_copies
    first, other, again = value
    n_kept = sum(map(len, first))
    assert n_kept >= 0.97 * n_good, f"Only {n_kept} of {n_good} good clips were kept."
    assert first == again, "The same seed gave another split."
    assert set(first[1]) != set(other[1]), "Another seed gave the same split."


def accuracies(variant: str, x: np.ndarray, y: np.ndarray, splits: Any) -> list[float]:
    """Test accuracy of the variant's classifier on each pair of index arrays."""
    values = []
    for train, test in splits:
        spread = x[train].std(0)
        spread[spread == 0] = 1
        a, b = (x[train] - x[train].mean(0)) / spread, (x[test] - x[train].mean(0)) / spread
        if variant == "a":
            distance = ((b[:, None] - a[None]) ** 2).sum(2)
            guess = y[train][distance.argmin(1)]
        else:
            classes = np.unique(y[train])
            means = np.stack([a[y[train] == k].mean(0) for k in classes])
            guess = classes[((b[:, None] - means[None]) ** 2).sum(2).argmin(1)]
        values.append(float((guess == y[test]).mean()))
    return values


def gap_questions(hidden: Hidden) -> list[Question]:
    """Accuracy under a fair and a leaky split, and with features of very different scales."""
    rng = hidden.rng("gap")

    def question(title: str, scale: np.ndarray, shift: float) -> Question:
        n_artists, per_artist = 12, 6
        artist = np.repeat(np.arange(n_artists), per_artist)
        y = artist % 4
        centers = rng.normal(size=(n_artists, 5)) + 0.7 * rng.normal(size=(4, 5))[np.arange(12) % 4]
        x = (centers[artist] + 0.4 * rng.normal(size=(len(artist), 5))) * scale
        order = rng.permutation(len(artist))
        held = set(rng.permutation(n_artists)[:4].tolist()) | {0, 1}
        fair = [
            np.flatnonzero(~np.isin(artist, list(held))),
            np.flatnonzero(np.isin(artist, list(held))),
        ]
        leaky = [np.sort(order[:48]), np.sort(order[48:])]
        x[fair[1]] += shift * scale
        expected = accuracies(hidden.variant, x, y, (fair, leaky))

        def judge(value: Any) -> None:
            close(value, expected, "the two accuracies", atol=1e-6)

        inputs = {"x": x, "y": y, "fair": fair, "leaky": leaky}
        return Question(title, 1, "result = list(leak_gap(x, y, fair, leaky))", judge, inputs)

    scales = np.array([1.0, 300.0, 0.01, 5.0, 0.0])
    return [
        question("Two accuracies", np.ones(5), 0.0),
        question("Features of different scales, one of them constant", scales, 0.5),
    ]


def setup(hidden: Hidden) -> tuple[str, Mapping[str, Any]]:
    """The corpus that students know."""
    return SETUP, {}


ASSIGNMENT = Assignment(
    title="Beat the leak",
    variants=("a", "b"),
    parts=(
        Part("broken", "Broken clips", 2, broken_questions),
        Part("copies", "Exact copies", 1, copies_questions),
        Part("disguised", "Copies in disguise", 4, disguised_questions),
        Part("fair_split", "A split that does not leak", 4, split_questions),
        Part("leak_gap", "What a leak does to accuracy", 2, gap_questions),
    ),
    written=(
        Written(
            "conclusion",
            "What the leak is worth",
            {
                "a labeled plot of both accuracies over at least 20 seeds": 1,
                "the mean difference with an interval, and how it was computed": 1,
                "says why the leaky split is more accurate, in terms of artists": 1,
                "the conclusion is not stronger than the interval": 1,
            },
        ),
        Written(
            "listening",
            "Listening to a copy",
            {
                "names a pair and at least two audible differences": 1,
                "explains why comparing samples does not find the pair": 1,
                "says why the threshold is where it is, from the values of other pairs": 1,
            },
        ),
    ),
    setup=setup,
    hidden_modules=(
        "mgrlib.synth",
        "mgrlib.data.synthetic",
        "mgrlib.data.audit",
        "mgrlib.data.songs",
    ),
    data=data,
)
