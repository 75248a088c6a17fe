"""Splits: who trains, who tests, and how they are kept apart.

The two ways to divide a corpus differ in what they answer. `stratified` draws clips, so that an
artist's clips fall on both sides and a model is paid for recognizing the artist; `by_group` draws
groups (artists or songs), and asks about music never heard. Same seed, same split.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from mgrlib import storage
from mgrlib.data import facts
from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.errors import SplitError, explain, some

PARTS = ("train", "valid", "test")
PART_NAMES = {"training": "train", "validation": "valid", "testing": "test"}


def stratified(corpus: Corpus, *, test: float = 0.2, valid: float = 0.0, seed: int) -> Split:
    """Clips drawn at random, each genre in the same proportions: leaky as to groups.

    Artists and songs fall on both sides wherever a group has several clips, so `Split.check`
    wants `leaky=True` for it. This is how most published figures on GTZAN were made.

    Args:
        test, valid: shares of the clips, at least 0 and together below 1; the rest trains.
        seed: which of the possible splits.

    Raises:
        SplitError: impossible shares, or a part or a genre left without a clip to train on.
    """
    return _divided(corpus, corpus.clips.index.to_numpy(), "stratified", (test, valid), seed)


def by_group(corpus: Corpus, *, test: float = 0.2, valid: float = 0.0, seed: int) -> Split:
    """Groups (artists or songs) drawn at random, each genre as near to its share as they allow.

    No group is in two parts. Large groups make the parts uneven: look at the counts.

    Args:
        test, valid: shares of the clips, at least 0 and together below 1; the rest trains.
        seed: which of the possible splits.

    Raises:
        SplitError: impossible shares, a part without a clip, or a genre with nothing to train on,
            as when all its clips are one artist's.
    """
    return _divided(corpus, corpus.clips["group"].to_numpy(), "by_group", (test, valid), seed)


def folds(
    corpus: Corpus,
    n_folds: int,
    *,
    seed: int,
    by: Literal["group", "clip"] = "group",
    n_valid: int = 0,
) -> list[Split]:
    """`n_folds` splits; every clip tests in exactly one of them.

    Args:
        n_folds: 2 or more.
        seed: which of the possible divisions.
        by: `"group"` keeps artists or songs together, as `by_group` does; `"clip"` is leaky as to
            groups, as `stratified` is.
        n_valid: how many folds validate: in split i fold i tests, and the next `n_valid` validate.

    Raises:
        SplitError: fewer groups than folds, or a genre with nothing to train on.
    """
    if not 2 <= n_folds <= len(corpus) or not 0 <= n_valid <= n_folds - 2:
        got = f"n_folds={n_folds}, n_valid={n_valid}"
        want = f"2 to {len(corpus)} folds, of which at least one trains"
        raise SplitError(explain("folds", want, got))
    if by not in ("group", "clip"):
        raise SplitError(explain("folds", "by='group' or by='clip'", repr(by)))
    units = corpus.clips["group"] if by == "group" else corpus.clips.index
    fold = _assign(corpus, units.to_numpy(), np.full(n_folds, 1 / n_folds), seed)
    source = f"{n_folds} folds by {by}, seed {seed}"
    splits = []
    for k in range(n_folds):
        turn = (fold - k) % n_folds  # 0 tests, 1 to n_valid validate, the rest train
        part = np.where(turn == 0, 2, np.where(turn <= n_valid, 1, 0))
        splits.append(_split(corpus, part, f"fold-{k}", f"{source}, fold {k}"))
    return splits


def fault_filtered(corpus: Corpus) -> Split:
    """The split of GTZAN by Kereliuk, Sturm and Larsen (2015): 443 train, 197 valid, 290 test.

    It leaves out 70 clips, nearly all of them repetitions. It is meant to keep artists apart, and
    does so for the artists in Sturm's index; by the artists known today, 17 groups are in several
    parts (56 of the 290 test clips share one). It is given as published all the same, so that
    results can be compared.
    `corpus` is GTZAN with clip ids such as `"blues.00012"`. A corpus without all of the 930 clips
    gets the part of the split that it has, and `source` says how many: such figures cannot be
    compared with published ones.

    Raises:
        SplitError: a part without a clip, because the corpus is too small or is not GTZAN.
    """
    clip_ids: dict[str, list[str]] = {part: [] for part in PARTS}
    for part, genre, numbers in facts.read("gtzan_fault_filtered").itertuples(index=False):
        clip_ids[part] += facts.expand(genre, numbers)
    present = {p: [c for c in ids if c in corpus.clips.index] for p, ids in clip_ids.items()}
    empty = [part for part in PARTS if not present[part]]
    where = f"fault_filtered({corpus.name!r})"
    if empty:
        hint = "this split is for GTZAN, with clip ids such as 'blues.00012'."
        raise SplitError(explain(where, "clips in every part", f"none in {some(empty)}", hint))
    n_here, n_all = (sum(map(len, parts.values())) for parts in (present, clip_ids))
    source = "Kereliuk et al. (2015), fault-filtered" + _only(n_here, n_all, corpus)
    train, valid, test = (tuple(present[part]) for part in PARTS)
    return Split("fault-filtered", train, valid, test, source)


def artist_folds(corpus: Corpus, *, published: bool = False) -> list[Split]:
    """The three folds of GTZAN by Foleis and Tavares (2020), 948 clips: each tests once.

    Repeated and distorted clips are left out, and the folds are meant to keep artists apart. By
    the artists known today, 28 groups are in several of the published folds, such as A Tribe
    Called Quest with ten clips in each of two. Here such a group moves to the fold that has most
    of its clips, which moves 58 clips.

    Args:
        corpus: GTZAN with clip ids such as `"blues.00012"`. A corpus without all of the 948 clips
            gets the part of the folds that it has, and `source` says how many.
        published: the folds as they were published, to be compared with.

    Raises:
        SplitError: a fold without a clip, or a genre with nothing to train on, because the corpus
            is too small or is not GTZAN.
    """
    rows = facts.read("gtzan_artist_folds").itertuples(index=False)
    numbers = {c: int(fold) - 1 for fold, genre, n in rows for c in facts.expand(genre, n)}
    fold_of = numbers if published else _whole_groups(numbers)
    present = [clip for clip in corpus.clips.index if clip in fold_of]
    where = f"artist_folds({corpus.name!r})"
    empty = sorted(set(fold_of.values()) - {fold_of[clip] for clip in present})
    if empty:
        hint = "these folds are for GTZAN, with clip ids such as 'blues.00012'."
        raise SplitError(explain(where, "clips in every fold", f"none in {some(empty)}", hint))
    source = f"Foleis and Tavares (2020){'' if published else ', groups kept whole'}"
    source += _only(len(present), len(numbers), corpus)
    part = corpus.select(clip_ids=present)
    number = np.array([fold_of[clip] for clip in present])
    return [
        _split(part, np.where(number == k, 2, 0), f"artist-fold-{k}", f"{source}, fold {k}")
        for k in range(3)
    ]


def own_split(corpus: Corpus) -> Split:
    """The division that comes with the data: the column `split` of the clips.

    FMA has one, and so has any table with a column `split`. Its words are train, valid and test, or
    training, validation and testing; clips without a word are left out. Nothing is assumed of the
    artists: `Split.check` compares them.

    Raises:
        SplitError: no such column, other words in it, or nothing to train or to test on.
    """
    where = f"own_split({corpus.name!r})"
    if "split" not in corpus.clips.columns:
        hint = "FMA has it, and tables for `--catalog` may have it; others need another protocol."
        raise SplitError(explain(where, "a column split of the clips", "none", hint))
    words = corpus.clips["split"].fillna("").str.strip().str.lower()
    parts = words.replace(PART_NAMES)
    odd = sorted(set(parts) - {*PARTS, ""})
    if odd:
        raise SplitError(explain(where, f"the words {', '.join(PARTS)} in split", some(odd)))
    ids = [tuple(corpus.clips.index[parts == part]) for part in PARTS]
    train, valid, test = ids
    n_out = int((parts == "").sum())
    source = f"as {corpus.name} comes divided{f', {n_out} clips without a part' if n_out else ''}"
    return Split("own-split", train, valid, test, source)


def _whole_groups(fold_of: dict[str, int]) -> dict[str, int]:
    """Move each group of artists to the fold that has most of its clips."""
    groups = artist_groups(fold_of)
    counts = Counter(zip(groups, fold_of.values(), strict=True))
    home = {group: max(range(3), key=lambda k: (counts[group, k], -k)) for group in set(groups)}
    return {clip: home[group] for clip, group in zip(fold_of, groups, strict=True)}


def _only(n_here: int, n_all: int, corpus: Corpus) -> str:
    """A remark for the split's source if the corpus lacks some of its clips."""
    return (
        f", only the {n_here} of its {n_all} clips that {corpus.name} has" if n_here < n_all else ""
    )


def write_split(split: Split, path: str | os.PathLike[str]) -> None:
    """Write a split as a table of clip ids and parts, its name and source in comments above.

    Raises:
        StorageError: the folder cannot be written.
    """
    lines = [f"# name: {split.name}", f"# source: {split.source}"]
    lines = [" ".join(line.split()) for line in lines] + ["clip_id,part"]
    lines += [f"{clip},{part}" for part, ids in split.parts().items() for clip in ids]
    with storage.atomic_write(Path(path)) as part_path:
        part_path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def read_split(path: str | os.PathLike[str]) -> Split:
    """The split that `write_split` wrote, clips in the same order.

    Raises:
        SplitError: no such file, not such a table, or a split that does not hold together.
    """
    path = Path(path)
    form = "a table of clip_id,part below '# name:' and '# source:'"
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()  # a BOM is Windows' habit
    except (OSError, UnicodeDecodeError) as error:
        raise SplitError(explain(str(path), form, str(error), "check the path.")) from error
    head = dict(line[2:].split(": ", 1) for line in lines if line.startswith("# ") and ": " in line)
    rows = [line.rsplit(",", 1) for line in lines if line.strip() and not line.startswith("#")]
    wrong = [row for row in rows[1:] if len(row) != 2 or row[1] not in PARTS]
    if rows[:1] != [["clip_id", "part"]] or wrong:
        got = f"rows {some(wrong)}" if wrong else f"a file that begins {some(lines[:1])}"
        raise SplitError(explain(str(path), form, got))
    train, valid, test = (tuple(clip for clip, part in rows[1:] if part == p) for p in PARTS)
    return Split(head.get("name", path.stem), train, valid, test, head.get("source", ""))


def _divided(
    corpus: Corpus, units: np.ndarray, name: str, held: tuple[float, float], seed: int
) -> Split:
    """Split the corpus so that every unit (clip or group) is in one part."""
    test, valid = held
    if not (test > 0 and valid >= 0 and test + valid < 1):
        want = "test above 0, valid at least 0, together below 1"
        raise SplitError(explain(name, want, f"test={test}, valid={valid}"))
    shares = np.array([1 - valid - test, valid, test])
    part = _assign(corpus, units, shares, seed)
    source = f"{name}, test {test:g}, valid {valid:g}, seed {seed}"
    if valid and not (part == 1).any():
        want = f"a clip to validate on for valid={valid}"
        raise SplitError(explain(f"{name} of {corpus.name!r}", want, "none", "ask for more."))
    return _split(corpus, part, name, source)


def _assign(corpus: Corpus, units: np.ndarray, shares: np.ndarray, seed: int) -> np.ndarray:
    """The part of each clip, (M,), such that each part gets its fraction of each genre.

    Units are assigned from large to small, each to the part that still needs its genres most.
    """
    labels = corpus.labels(corpus.clips.index)
    numbers, names = pd.factorize(units)
    if len(names) < np.count_nonzero(shares):
        want = f"at least {np.count_nonzero(shares)} groups"
        raise SplitError(explain(f"splitting {corpus.name!r}", want, str(len(names))))
    counts = np.zeros((len(names), len(corpus.genres)))
    np.add.at(counts, (numbers, labels), 1)
    total = np.maximum(counts.sum(axis=0), 1)
    lack = shares[:, None] * total  # (parts, K): clips still wanted
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(names))
    order = order[np.argsort(-counts[order].sum(axis=1), kind="stable")]
    part_of = np.zeros(len(names), dtype=np.int64)
    for unit in order:
        need = (lack * counts[unit] / total**2).sum(axis=1)
        need[shares == 0] = -np.inf
        near = np.flatnonzero(need >= need.max() - 1e-12)
        best = near[np.argmax(lack[near].sum(axis=1))] if len(near) > 1 else near[0]
        part_of[unit] = best
        lack[best] -= counts[unit]
    return part_of[numbers]


def _split(corpus: Corpus, part: np.ndarray, name: str, source: str) -> Split:
    """Make a Split in the corpus's order; raise an error if a genre has no training clip."""
    ids = corpus.clips.index.to_numpy()
    train, valid, test = (tuple(ids[part == k].tolist()) for k in range(3))
    missing = _untaught(corpus, train)
    if missing:
        where = f"{source} of {corpus.name!r}"
        got = f"none: {some(missing)}"
        hint = _remedy(corpus, missing)
        raise SplitError(explain(where, "training clips in each genre", got, hint))
    return Split(name, train, valid, test, source)


def _untaught(corpus: Corpus, train: Sequence[str]) -> list[str]:
    """The genres without a training clip."""
    present = set(corpus.clips["genre"])
    return sorted(present - set(corpus.rows(train)["genre"]))


def _remedy(corpus: Corpus, genres: Sequence[str]) -> str:
    """A hint for genres without a training clip."""
    clips = corpus.clips[corpus.clips["genre"].isin(list(genres))]
    counts = clips.groupby("genre")["group"].agg(["size", "nunique"])
    single = sorted(counts.index[counts["size"] == 1])
    if single:
        return (
            f"a genre of one clip cannot both train and test: add clips to {some(single)}, or "
            "leave it out with `corpus.select(genres=...)`."
        )
    if (counts["nunique"] == 1).any():
        return "a genre whose clips are all one artist's or song's can only be split by clip."
    return "another seed, fewer folds or a smaller test part leaves each genre something."
