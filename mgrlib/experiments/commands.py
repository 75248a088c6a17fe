"""The command that measures a record again."""

from __future__ import annotations

import re
from collections.abc import Mapping

from mgrlib.experiments.record import Record

RENDERED = re.compile(r"(synthetic|songs)-(\d+)-seed0")
"""Corpora that the package renders, with the number of clips or songs per genre."""

FILES = {
    "gtzan-mini": "--data gtzan-mini --root MINI",
    "gtzan-three-genres": "--data folder --root gtzan-three-genres --artists ARTISTS",
    "gtzan-pictures": "--data gtzan-pictures --root PICTURES",
    "gtzan-table": "--data gtzan-table --root TABLE",
    "gtzan-openl3": "--data vectors --root EMBEDDINGS",
}
"""The beginning of a corpus's name, and the options that read it; capitals stand for paths."""

PART = re.compile(r"(gtzan-(?:pictures|table))-(\d+)")
"""A part of the pictures or of the table, with its number of clips."""

PUBLISHED = {
    "3 artist folds": "--protocol artist-folds",
    "3 artist folds, as published": "--protocol artist-folds-published",
    "fault-filtered": "--protocol fault-filtered",
}

FOLDS = re.compile(r"(\d+) folds by (clip|group)")
HOLDOUT = re.compile(r"80%/20% by (clip|group)")


def command(record: Record, kind: str) -> str:
    """The `mgrlib run` that measures a record again, with capitals in place of your paths.

    Args:
        kind: of the source, "recipe" or "study"; a study divides the clips itself.

    Returns:
        The command, or "" for what `mgrlib run` cannot measure, such as a record of sizes or of a
        corpus that only Python makes.
    """
    data = _data_options(record.data["name"])
    division = _division_options(record.protocol) if kind == "recipe" else []
    if data is None or division is None:
        return ""
    words = ["mgrlib run", record.source, data, *division, f"--seeds {len(record.seeds)}"]
    changes: Mapping[str, object] = record.changes
    words += ["--bfloat16"] if changes.get("precision") == "bfloat16" else []
    words += [f"--epochs {changes['epochs']}"] if "epochs" in changes else []
    return " ".join([*words, "--out RESULTS"])


def _data_options(name: str) -> str | None:
    rendered = RENDERED.fullmatch(name)
    if rendered:
        return f"--data {rendered[1]} --per-genre {rendered[2]}"
    part = PART.fullmatch(name)
    if part:
        return f"{FILES[part[1]]}-{part[2]}"
    return next((text for start, text in FILES.items() if name.startswith(start)), None)


def _division_options(protocol: str) -> list[str] | None:
    if protocol in PUBLISHED:
        return [PUBLISHED[protocol]]
    if match := FOLDS.fullmatch(protocol):
        return [f"--folds {match[1]} --by {match[2]}"]
    if match := HOLDOUT.fullmatch(protocol):
        return [f"--folds 0 --by {match[1]}"]
    return None
