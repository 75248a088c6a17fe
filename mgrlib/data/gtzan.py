"""GTZAN: 1,000 clips of 30 s in ten genres, the most used and most criticized genre data set.

Made by G. Tzanetakis in 2000 to 2001 from CDs, radio and microphone, without permission of the
owners and without a license: it can be used where the law allows research, and it is not ours to
pass on. `LICENSE` and `CITATION` hold this as text. Its original address died in 2022; mirrors
with checksums stand below. `known_faults` lists what is wrong with it (Sturm 2013).
"""

from __future__ import annotations

import os
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from mgrlib import storage
from mgrlib.data.audio import FileSource
from mgrlib.data.corpus import Corpus
from mgrlib.data.folder import lengths
from mgrlib.data.gtzan_artists import artist_groups
from mgrlib.data.gtzan_artists import known_artists as known_artists
from mgrlib.data.gtzan_artists import known_faults as known_faults
from mgrlib.data.layout import hidden, is_audio
from mgrlib.errors import CorpusError, explain, some

GENRES = (
    "blues",
    "classical",
    "country",
    "disco",
    "hiphop",
    "jazz",
    "metal",
    "pop",
    "reggae",
    "rock",
)

LICENSE = (
    "GTZAN has no license. Its clips come from commercial recordings whose owners were not asked; "
    "use it for research and teaching where your law allows that, and do not pass it on."
)

CITATION = """\
G. Tzanetakis and P. Cook. Musical genre classification of audio signals. IEEE Transactions on
Speech and Audio Processing 10(5), 293-302, 2002.
B. L. Sturm. The GTZAN dataset: its contents, its faults, their effects on evaluation, and its
future use. arXiv:1306.1461, 2013."""

FULL_URLS = (
    "https://huggingface.co/datasets/marsyas/gtzan/resolve/main/data/genres.tar.gz",
    "https://opihi.cs.uvic.ca/sound/genres.tar.gz",  # dead since 2022; kept in case it returns
)
FULL_DIGEST = "md5:5b3d6dddb579ab49814ab86dba69e7c7"

MINI_URLS = (
    "https://github.com/TempoBeatDownbeat/gtzan_mini/archive/refs/heads/main.zip",
    "https://codeload.github.com/TempoBeatDownbeat/gtzan_mini/zip/refs/heads/main",
)
MINI_DIGEST = "md5:44f7f23af8363d96c59663a987f29a4c"

PLACES = ("", "genres", "genres_original", "Data/genres_original", "Data/genres", "data/genres")
LAYOUT = (
    "the ten folders of GTZAN with files such as blues/blues.00000.wav (or .au, .flac), either "
    "here or in genres/, genres_original/ or Data/genres_original/"
)


def gtzan(
    root: str | os.PathLike[str] | None = None,
    *,
    exclude: Sequence[str] = (),
    groups: Literal["artist", "clip"] = "artist",
    check: bool = True,
) -> Corpus:
    """GTZAN from a folder in any layout in use, whole or a part of it that has all ten genres.

    Read are the original archive (`genres/<genre>/<genre>.00000.au`), the copies on Kaggle
    (`genres_original` or `Data/genres_original`, `.wav`), the archive on Hugging Face, flac
    copies, and the folder of the ten genres itself. Lists (`.mf`), other files that are not audio
    by their name, and hidden ones (`._blues.00000.wav`) are passed over. Clip ids are the files'
    names, such as `blues.00000`. The corpus is called `"gtzan"`, or `"gtzan-part"` if clips are
    missing that `exclude` does not name.

    GTZAN itself names no artist. With `groups="artist"` clips that share an artist share a group,
    and so do repeated recordings (`mgrlib.data.gtzan_artists`: the artists of 982 clips are
    known); every other clip is its own.

    Args:
        root: the folder; where `download_gtzan` puts it if not given.
        exclude: clips to leave out, such as `("jazz.00054",)`, which is corrupt in Kaggle's copy.
            Nothing is left out that is not named here.
        groups: `"clip"` makes each clip its own group, for comparing with work that ignores
            artists.
        check: refuse files that cannot be read. False keeps them, their `seconds` NaN, for `audit`.

    Raises:
        CorpusError: no such folder, genres missing or unknown, files of another form, an unknown
            clip in `exclude`, or files that cannot be read.
    """
    if root is None:
        root = storage.home() / "gtzan"
        if not root.is_dir():
            hint = "give the folder of your copy, or call download_gtzan() once (1.2 GB)."
            raise CorpusError(explain("gtzan", f"GTZAN in {root}", "no such folder", hint))
    clips = _table(Path(root), exclude, groups, check)
    complete = len(clips) + len(set(exclude)) == 1000
    return Corpus("gtzan" if complete else "gtzan-part", GENRES, clips, FileSource())


def gtzan_mini(
    root: str | os.PathLike[str] | None = None,
    *,
    exclude: Sequence[str] = (),
    urls: Sequence[str] = MINI_URLS,
    digest: str = MINI_DIGEST,
    groups: Literal["artist", "clip"] = "artist",
    check: bool = True,
) -> Corpus:
    """The 100-clip mini set: ten clips of each genre, from a folder or downloaded once.

    These are the first ten, except in jazz, where it has 0 to 2, 4 to 8, 11, and 12.

    The ten blues clips are all John Lee Hooker's, the ten classical ones all Bach's: nothing can be
    split by artist here, and every figure on this set is helped by artists on both sides. Say so
    beside it.

    Args:
        root: the folder; without it the set (120 MB) is downloaded into `storage.home()` and kept.
        exclude: clips to leave out, as for `gtzan`.
        urls: mirrors, tried in this order.
        digest: what the archive's content must be. GitHub makes its archives anew and may one day
            pack the same files into other bytes; the error then tells the digest that came.
        groups, check: as for `gtzan`.

    Raises:
        CorpusError: as for `gtzan`.
        DownloadError: no mirror has it; `ChecksumError` if one has something else.
        StorageError: no room, or a folder that cannot be written.
    """
    if root is None:
        root = _fetched("gtzan-mini", "gtzan_mini.zip", urls, digest)
    return Corpus("gtzan-mini", GENRES, _table(Path(root), exclude, groups, check), FileSource())


def download_gtzan(*, urls: Sequence[str] = FULL_URLS, digest: str = FULL_DIGEST) -> Path:
    """The folder of the full GTZAN, fetched and unpacked (1.2 GB each way) if not there yet.

    Never called by anything else: read `LICENSE` first. Continue with `gtzan()`.

    Args:
        urls: mirrors, tried in this order.
        digest: of the original archive. A mirror that packed the files anew is refused, and the
            error tells the digest that came: pass it here if you trust the mirror.

    Raises:
        DownloadError: no mirror has it; `ChecksumError` if one has something else.
        StorageError: no room, or a folder that cannot be written.
    """
    return _fetched("gtzan", "genres.tar.gz", urls, digest)


def _fetched(folder: str, archive: str, urls: Sequence[str], digest: str) -> Path:
    """Download and unpack an archive, delete it, and return the folder."""
    place = storage.home() / folder
    if not place.is_dir():
        path = storage.download(archive, urls, digest)
        storage.unpack(path, place)
        path.unlink(missing_ok=True)
    return place


def _table(root: Path, exclude: Sequence[str], groups: str, check: bool) -> pd.DataFrame:
    """The table of clips of a folder in any of the known layouts."""
    where = f"GTZAN in {str(root)!r}"
    if groups not in ("artist", "clip"):
        raise CorpusError(explain(where, "groups='artist' or groups='clip'", repr(groups)))
    base = _genres_folder(root, where)
    files = {genre: _clips(base / genre, genre, where) for genre in GENRES}
    empty = [genre for genre, paths in files.items() if not paths]
    if empty:
        raise CorpusError(explain(where, LAYOUT, f"no clip in {some(empty)}"))
    paths = {clip: path for clips in files.values() for clip, path in clips.items()}
    unknown = [clip for clip in exclude if clip not in paths]
    if unknown:
        raise CorpusError(explain(where, "exclude to name clips of it", some(unknown)))
    ids = [clip for clip in paths if clip not in set(exclude)]
    table = pd.DataFrame(
        {
            "path": [str(paths[clip].absolute()) for clip in ids],
            "genre": [clip.split(".")[0] for clip in ids],
            "group": artist_groups(ids) if groups == "artist" else ids,
        },
        index=pd.Index(ids, name="clip_id"),
    )
    hint = "take a whole copy, or name these in `exclude`: Kaggle's copy has a corrupt jazz.00054."
    table["seconds"] = lengths(table["path"], where, check=check, hint=hint)
    return table


def _genres_folder(root: Path, where: str) -> Path:
    """Find the folder that contains the ten genre folders."""
    if not root.is_dir():
        got = "a file" if root.exists() else "no such folder"
        raise CorpusError(explain(where, LAYOUT, got, "check the path."))
    visible = sorted(d for d in root.iterdir() if d.is_dir() and not hidden(d.name))
    below = visible if len(visible) == 1 else []  # archives from GitHub wrap all in one folder
    candidates = [start / place for start in [root, *below] for place in PLACES]
    held = {c: {d.name for d in _folders(c)} & set(GENRES) for c in candidates}
    best = max(candidates, key=lambda c: len(held[c]))
    if not held[best]:
        got = f"folders {some([d.name for d in visible])}" if visible else "no folder in it"
        raise CorpusError(explain(where, LAYOUT, got))
    missing = [genre for genre in GENRES if genre not in held[best]]
    extra = sorted(d.name for d in _folders(best) if d.name not in GENRES)
    if missing or extra:
        parts = [f"{len(held[best])} of them in {best}"]
        parts += [f"without {some(missing, 10)}"] if missing else []
        parts += [f"with {some(extra)} besides"] if extra else []
        hint = "for other genres, or fewer of them, use `folder(path)`."
        raise CorpusError(explain(where, LAYOUT, ", ".join(parts), hint))
    return best


def _folders(path: Path) -> list[Path]:
    if not path.is_dir():
        return []
    return [d for d in path.iterdir() if d.is_dir() and not hidden(d.name)]


def _clips(path: Path, genre: str, where: str) -> dict[str, Path]:
    """The clips of one genre by id."""
    paths: dict[str, Path] = {}
    form = re.compile(rf"({genre}\.\d{{5}})\.\w+")
    for file in sorted(f for f in path.iterdir() if is_audio(f)):
        match = form.fullmatch(file.name)
        if not match:
            hint = "use `folder(path)` for audio of your own."
            want = f"files such as {genre}.00000.wav in {path}"
            raise CorpusError(explain(where, want, repr(file.name), hint))
        if match[1] in paths:
            got = f"{paths[match[1]].name} and {file.name}"
            raise CorpusError(explain(where, "one file per clip", got, "remove one of the copies."))
        paths[match[1]] = file
    return paths
