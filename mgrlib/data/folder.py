"""Your own audio: a folder that holds one folder a genre becomes a corpus."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import pandas as pd

from mgrlib.data.audio import EXTENSIONS, FileSource, audio_info
from mgrlib.data.corpus import Corpus
from mgrlib.errors import AudioError, CorpusError, explain, printable, some

__all__ = ["audio_files", "folder", "lengths"]

LAYOUT = "one folder a genre with audio in it, as in music/blues/song.wav and music/jazz/song.mp3"


def folder(path: str | os.PathLike[str], *, name: str | None = None, check: bool = True) -> Corpus:
    """A corpus of the audio below `path`, where each folder is a genre; whole songs are welcome.

    `path/genre/song.wav` is a clip of its own group. `path/genre/artist/song.wav`, or any deeper
    nesting, makes the folder right below the genre the group, so that `by_group` keeps an artist's
    or an album's songs together; one artist's folders in two genres are one group. Clip ids are
    paths below `path` without the extension.

    Passed over: hidden files and folders (a name that begins with a dot, as macOS leaves them, or
    `__MACOSX`), and files whose name is not that of audio (`EXTENSIONS`), such as covers and lists.

    Args:
        path: the folder that holds the genres' folders.
        name: what results call the corpus; the folder's own name if not given.
        check: refuse files that cannot be read. False keeps them, their `seconds` NaN, for `audit`
            to report.

    Raises:
        CorpusError: no such folder, no genre folder, a single one, one without audio, or audio
            files that cannot be read; the message names the first of them.
    """
    root = Path(path)
    where = f"folder({str(path)!r})"
    if not root.is_dir():
        got = "a file" if root.exists() else "no such folder"
        raise CorpusError(explain(where, f"a folder with {LAYOUT}", got, "check the path."))
    genres = sorted(d.name for d in root.iterdir() if d.is_dir() and not hidden(d.name))
    if len(genres) < 2:
        got = f"only {genres[0]!r}" if genres else "no folder in it"
        hint = "a classifier needs two genres; give the folder above the genres' folders."
        raise CorpusError(explain(where, LAYOUT, got, hint))
    found = {genre: audio_files(root / genre) for genre in genres}
    silent = [genre for genre, paths in found.items() if not paths]
    if silent:
        got = f"no audio in {some(silent)}"
        hint = f"fill or remove these folders; files ending in {', '.join(EXTENSIONS)} are taken."
        raise CorpusError(explain(where, LAYOUT, got, hint))
    clips = pd.concat([_rows(root, genre, paths) for genre, paths in found.items()])
    clips["seconds"] = lengths(clips["path"], where, check=check)
    name = printable(root.resolve().name if name is None else name)
    return Corpus(name, tuple(map(printable, genres)), _unique(clips, where), FileSource())


def audio_files(path: Path) -> list[Path]:
    """The audio files below a folder by their names, sorted, hidden ones and hidden folders out."""
    found = []
    for at, folders, names in os.walk(path):
        folders[:] = [f for f in folders if not hidden(f)]
        found += [Path(at) / n for n in names if not hidden(n) and audible(n)]
    return sorted(found)


def hidden(name: str) -> bool:
    """Whether a file or folder is one that no listing shows, such as macOS's `._song.wav`."""
    return name.startswith(".") or name == "__MACOSX"


def audible(name: str) -> bool:
    """Whether a file's name is that of audio."""
    return Path(name).suffix.lower() in EXTENSIONS


def lengths(paths: Iterable[str], where: str, *, check: bool = True, hint: str = "") -> list[float]:
    """Seconds of each file, from its header; NaN for one that cannot be read if `check` is off.

    Raises:
        CorpusError: files that cannot be read, with the reason of the first three.
    """
    seconds, broken = [], []
    for path in paths:
        try:
            seconds.append(audio_info(path).seconds)
        except AudioError as error:
            seconds.append(float("nan"))
            broken.append(str(error))
    if broken and check:
        hint = hint or (
            "replace or remove the files, or pass check=False and let `audit` list what is wrong."
        )
        got = f"{len(broken)} that cannot be: {' '.join(broken[:3])}"
        raise CorpusError(explain(where, "audio files that can be read", got, hint))
    return seconds


def _rows(root: Path, genre: str, paths: list[Path]) -> pd.DataFrame:
    names = [path.relative_to(root) for path in paths]
    ids = [printable(name.with_suffix("").as_posix()) for name in names]
    deep = [[printable(part) for part in name.parts[1:]] for name in names]
    groups = [parts[0] if len(parts) > 1 else i for parts, i in zip(deep, ids, strict=True)]
    table = {"genre": printable(genre), "group": groups}
    clips = pd.DataFrame(table, index=pd.Index(ids, name="clip_id"))
    clips.insert(0, "path", pd.Series([str(p.absolute()) for p in paths], ids, dtype=object))
    return clips


def _unique(clips: pd.DataFrame, where: str) -> pd.DataFrame:
    """The table, with the extension back in ids that several files share."""
    twice = clips.index.duplicated(keep=False)
    suffixes = [Path(p).suffix for p in clips["path"]]
    ids = [i + s if t else i for i, s, t in zip(clips.index, suffixes, twice, strict=True)]
    return clips.set_axis(pd.Index(ids, name="clip_id"))
