"""Protocol: how a corpus is divided for an experiment."""

from __future__ import annotations

import typing
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

from mgrlib.data.corpus import Corpus, Split
from mgrlib.data.splits import (
    artist_folds,
    by_group,
    fault_filtered,
    folds,
    own_split,
    stratified,
)
from mgrlib.errors import RecipeError, SplitError, explain, some

By = Literal["clip", "group"]


class Division(typing.Protocol):
    """A way to divide a corpus: a value whose text says how, as records keep it."""

    def splits(self, corpus: Corpus, seed: int) -> list[Split]:
        """The splits of this division for a seed."""


@dataclass(frozen=True)
class Protocol:
    """Folds that test every clip once, or one holdout.

    Args:
        n_folds: number of folds, or None for a single holdout of `test`.
        by: "clip" divides clips at random within genres; "group" keeps an artist's clips together.
        test: fraction of test clips of a holdout.
        valid: fraction of validation clips of a holdout.
        n_valid: how many of the folds validate while one tests.

    Raises:
        RecipeError: another `by`.
    """

    n_folds: int | None = 5
    by: By = "clip"
    test: float = 0.2
    valid: float = 0.0
    n_valid: int = 0

    def __post_init__(self) -> None:
        if self.by not in ("clip", "group"):
            raise RecipeError(explain("Protocol", 'by="clip" or by="group"', repr(self.by)))

    def __str__(self) -> str:
        if self.n_folds is not None:
            validating = f", {self.n_valid} to validate," if self.n_valid else ""
            return f"{self.n_folds} folds{validating} by {self.by}"
        parts = (1 - self.valid - self.test, self.valid, self.test)
        return f"{'/'.join(f'{100 * part:g}%' for part in parts if part)} by {self.by}"

    def splits(self, corpus: Corpus, seed: int) -> list[Split]:
        """The splits of this protocol, which differ from seed to seed."""
        if self.n_folds is not None:
            splits = folds(corpus, self.n_folds, seed=seed, by=self.by, n_valid=self.n_valid)
        else:
            splitter = stratified if self.by == "clip" else by_group
            splits = [splitter(corpus, valid=self.valid, test=self.test, seed=seed)]
        return [split.check(corpus, leaky=self.by == "clip") for split in splits]


@dataclass(frozen=True)
class Published:
    """A published division, the same for every seed.

    Args:
        text: how records name it.
        divide: the splits of a corpus.
        leaky: take it as it was published, even if some artists are in several parts.
    """

    text: str
    divide: Callable[[Corpus], list[Split]]
    leaky: bool = False

    def __str__(self) -> str:
        return self.text

    def splits(self, corpus: Corpus, seed: int) -> list[Split]:
        """The same splits for every seed.

        Raises:
            SplitError: an artist in several parts, unless the division is leaky.
        """
        splits = self.divide(corpus)
        shared = sorted({group for split in splits for group in split.shared_groups(corpus)})
        if shared and not self.leaky:
            hint = (
                "own-split-published or artist-folds-published takes it as it is; folds by group "
                "keep artists apart."
            )
            where = f"{self.text} of {corpus.name!r}"
            raise SplitError(explain(where, "each artist in one part", some(shared), hint))
        return [split.check(corpus, leaky=self.leaky) for split in splits]


NAMED: dict[str, Division] = {
    "artist-folds": Published("3 artist folds", artist_folds),
    "artist-folds-published": Published(
        "3 artist folds, as published", partial(artist_folds, published=True), leaky=True
    ),
    "fault-filtered": Published("fault-filtered", lambda c: [fault_filtered(c)], leaky=True),
    "own-split": Published("own split", lambda c: [own_split(c)]),
    "own-split-published": Published(
        "own split, as published", lambda c: [own_split(c)], leaky=True
    ),
}
"""Published divisions by the name that the command line takes: three of GTZAN, one of FMA."""


def best_by(corpus: Corpus, n_parts: int = 5) -> By:
    """By group where groups are known and every genre has enough to divide, else by clip.

    Args:
        n_parts: how many parts each genre's groups have to fill.
    """
    n_groups = corpus.clips.groupby("genre")["group"].nunique()
    enough = int(n_groups.min()) >= n_parts
    return "group" if corpus.grouped and enough else "clip"
