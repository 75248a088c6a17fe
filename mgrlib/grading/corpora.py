"""Corpora whose files and table do not give their secrets away.

`write_corpus` turns any corpus into plain 16-bit WAV files with shuffled names, and a table with
path, genre, group, and the seconds that a clip should last. What is wrong with a clip can then only
be heard. `read_corpus` reads such a folder, without the package's generators.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd

from mgrlib.data.corpus import Corpus

TABLE = "clips.csv"


def write_corpus(
    corpus: Corpus, folder: Path | str, *, seed: int, sample_rate: int = 22_050, keep: float = 1.0
) -> dict[str, str]:
    """Write a corpus as anonymous files; returns the new id of each clip that was written.

    Args:
        corpus: its clips' `whole_seconds` are what the table says, if it has them.
        folder: made if it is not there.
        seed: of the shuffle.
        sample_rate: of the files.
        keep: fraction of the clips without a fault that are written, so that how many clips an
            artist has tells nothing.
    """
    import soundfile as sf

    rng = np.random.default_rng([seed, 11])
    clips = corpus.clips
    plain = [c for c in clips.index if not _is_involved(clips, c)]
    dropped = set(rng.permutation(plain)[: round((1 - keep) * len(plain))])
    clip_ids = [c for c in clips.index if c not in dropped]
    ids = {old: f"clip-{k:04d}" for k, old in enumerate(rng.permutation(clip_ids))}
    groups = sorted(set(clips.loc[clip_ids, "group"]))
    artists = {old: f"artist-{k:03d}" for k, old in enumerate(rng.permutation(groups))}
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    rows = []
    for old, new in ids.items():
        y = np.clip(corpus.audio(old, sample_rate), -1, 1)
        sf.write(folder / f"{new}.wav", y, sample_rate, subtype="PCM_16")
        row = clips.loc[old]
        seconds = float(row.get("whole_seconds", row["seconds"]))
        rows.append((new, row["genre"], artists[row["group"]], seconds))
    table = pd.DataFrame(rows, columns=["clip_id", "genre", "group", "seconds"])
    table.to_csv(folder / TABLE, index=False)
    return ids


def _is_involved(clips: pd.DataFrame, clip_id: str) -> bool:
    """Whether a clip has a planted fault or is the original of a copy."""
    if "fault" not in clips:
        return False
    return bool(clips.at[clip_id, "fault"]) or clip_id in set(clips["of"])


def read_corpus(folder: Path | str, name: str = "corpus") -> Corpus:
    """The corpus in a folder that `write_corpus` has written."""
    from mgrlib.data.audio import FileSource

    folder = Path(folder)
    table = pd.read_csv(folder / TABLE, index_col="clip_id")
    table.insert(0, "path", [str(folder / f"{clip_id}.wav") for clip_id in table.index])
    genres = tuple(sorted(set(table["genre"])))
    return Corpus(name, genres, table, FileSource())
