"""Stores of several computers: features computed where the workers are, and joined into one store.

Workers that share a folder need none of this: with the same `MGRLIB_HOME`, `cut` and everything
that calls it write to it from all of them. Where there is no such folder each worker fills a store
of its own, and `join_stores` puts what they hold into one.
"""

from __future__ import annotations

import filecmp
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from tqdm.auto import tqdm

from mgrlib.data.corpus import Corpus, FeatureSource
from mgrlib.errors import StorageError, explain
from mgrlib.feature_store import read_stack
from mgrlib.features.base import Feature
from mgrlib.parallel import parallel
from mgrlib.segments import Cut, cut
from mgrlib.storage import atomic_write, home, read_json

PARTS = {"features": ".npy", "runs": ".json"}


def fill(
    corpus: Corpus,
    *features: Feature,
    how: Cut | None = None,
    n_jobs: int | None = None,
    progress: bool = False,
) -> None:
    """Compute features of all clips and leave them in the store of whichever worker computes them.

    `cut` gives segments and needs the files that its workers wrote. This gives nothing, so the
    workers may have stores that this process cannot read. What is in a worker's store is not
    computed again.

    Args:
        corpus: the clips. A corpus of stored features needs no filling.
        features: what to compute.
        how: how each clip is cut; by default the whole clip is one segment.
        n_jobs: processes; None takes what `joblib.parallel_config` says, or one.
        progress: show a bar.

    Raises:
        AudioError, FeatureError: a clip that gives no feature; the message names it.
        StorageError: a worker's store cannot be written.
    """
    if isinstance(corpus.source, FeatureSource):
        return
    ids = list(corpus.clips.index)
    clips = (corpus.select(clip_ids=[clip_id]) for clip_id in ids)
    jobs = (partial(_fill_clip, clip, features, how or Cut()) for clip in clips)
    answers = parallel(jobs, n_jobs=n_jobs)
    for _ in tqdm(answers, "features", len(ids), disable=not progress, file=sys.stdout):
        pass


def _fill_clip(clip: Corpus, features: Sequence[Feature], how: Cut) -> None:
    """Compute the features of a corpus of one clip."""
    cut(clip, *features, how=how)


@dataclass(frozen=True)
class JoinReport:
    """What joining stores did: the numbers of files, and the damaged ones, which were left."""

    copied: int
    present: int
    damaged: tuple[Path, ...]


def join_stores(sources: Sequence[Path], target: Path | None = None) -> JoinReport:
    """Put the features and finished folds of several stores into one.

    Every file's checksum is compared first. Files of the same name must have the same bytes in all
    stores; otherwise nothing is copied at all. Damaged files are left where they are and named in
    the answer: what they held is computed again when it is needed.

    Args:
        sources: folders that were `MGRLIB_HOME` somewhere.
        target: the store to put everything into; this process's own if not given.

    Raises:
        StorageError: no such store, files that contradict each other, or a target that cannot be
            written.
    """
    target = target or home()
    origins: dict[Path, Path] = {}
    damaged, conflicts = [], []
    for store in (target, *sources):
        for name in _content(store, optional=store == target):
            path = store / name
            if not _complete(path):
                damaged.append(path)
            elif name not in origins:
                origins[name] = path
            elif not filecmp.cmp(path, origins[name], shallow=False):
                conflicts.append(f"{origins[name]} and {path}")
    if conflicts:
        got = f"{len(conflicts)} that differ, the first {conflicts[0]}"
        hint = (
            "nothing was copied. Computers of different kinds differ in the last digits: delete "
            "one file of each pair, or compute both stores on one kind."
        )
        expected = "the same content in files of one name"
        raise StorageError(explain("join_stores", expected, got, hint))
    new = [name for name, path in origins.items() if path != target / name]
    for name in new:
        with atomic_write(target / name) as part:
            shutil.copyfile(origins[name], part)
    return JoinReport(len(new), len(origins) - len(new), tuple(damaged))


def _content(store: Path, *, optional: bool) -> Iterator[Path]:
    """The files of a store that can be joined, as paths below it, in order.

    Raises:
        StorageError: a folder that is no store.
    """
    if not optional and not any((store / part).is_dir() for part in PARTS):
        got = "no such folder" if not store.is_dir() else "neither of them"
        hint = "give the folder that was MGRLIB_HOME of a worker."
        raise StorageError(explain(str(store), f"a store with {' or '.join(PARTS)}", got, hint))
    for part, suffix in PARTS.items():
        for path in sorted((store / part).rglob(f"*{suffix}")):
            yield path.relative_to(store)


def _complete(path: Path) -> bool:
    """Whether a file's checksum fits its content."""
    if path.suffix == ".json":
        try:
            read_json(path)
        except StorageError:
            return False
        return True
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return read_stack(path.parent, path.name) is not None
