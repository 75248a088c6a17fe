"""Your own audio: a folder that holds one folder per genre becomes a corpus."""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Sequence
from pathlib import Path

import pandas as pd

from mgrlib.data.artist_tables import artists_of, read_artists
from mgrlib.data.audio import FileSource, audio_info
from mgrlib.data.corpus import Corpus
from mgrlib.data.formats import EXTENSIONS
from mgrlib.data.layout import Survey, genres_below, hidden, loose_audio, songs_of, survey
from mgrlib.errors import AudioError, CorpusError, MgrWarning, explain, printable, some

LAYOUT = "one folder per genre with audio in it, as in music/blues/song.wav and music/jazz/song.mp3"


def folder(
    path: str | os.PathLike[str],
    *,
    name: str | None = None,
    exclude: Sequence[str] = (),
    artists: str | os.PathLike[str] | None = None,
    check: bool = True,
) -> Corpus:
    """A corpus of the audio below `path`, where each folder is a genre; whole songs are welcome.

    `path/genre/song.wav` is a clip of its own group. `path/genre/artist/song.wav`, or any deeper
    nesting, makes the folder right below the genre the group, so that `by_group` keeps an artist's
    or an album's songs together; one artist's folders in two genres are one group. Files whose
    names say that they are segments of one song (`blues.00000.0.wav`, `blues.00000.1.wav`) are one
    group too. Clip ids are paths below `path` without the extension.

    Passed over without a word: hidden files and folders (a name that begins with a dot, as macOS
    leaves them, or `__MACOSX`), and files that are not audio by their name, such as covers and
    lists. Everything else that is passed over is named in one `MgrWarning`: audio that only ffmpeg
    reads where that is not installed, linked folders, pipes, audio outside of the genres' folders.

    Args:
        path: the folder that holds the genres' folders.
        name: what results call the corpus; the folder's own name if not given.
        exclude: clips to leave out, by their ids; they need not be readable.
        artists: a table that names the artist of each file, such as FMA's `tracks.csv` (see
            `mgrlib.data.artist_tables`); clips of one artist become one group. Files that it does
            not name keep the group that their place gives.
        check: refuse files that cannot be read. False keeps them, their `seconds` NaN, for `audit`
            to report.

    Raises:
        CorpusError: no such folder, no genre folder, a single one, one without audio, an unknown
            clip in `exclude`, or audio files that cannot be read; the message names the first.
    """
    root = Path(path)
    where = f"folder({str(path)!r})"
    genres = _genres(root, where)
    surveys = {genre: survey(root / genre) for genre in genres}
    _check_full(root, surveys, where)
    clips = pd.concat(
        [_rows(root, genre, genre_survey.files) for genre, genre_survey in surveys.items()]
    )
    clips = _unique(clips)
    unknown = [clip for clip in exclude if clip not in clips.index]
    if unknown:
        hint = "clip ids are paths below the folder without the extension, as in blues/song."
        raise CorpusError(explain(where, "exclude to name clips of it", some(unknown), hint))
    clips = clips[~clips.index.isin(list(exclude))]
    _remark(root, surveys, clips, where)
    clips = clips.drop(columns="segment")
    if artists is not None:
        clips["group"] = _artists(clips, artists, where)
    clips["seconds"] = lengths(clips["path"], where, check=check)
    name = printable(root.resolve().name if name is None else name)
    return Corpus(name, tuple(map(printable, genres)), clips, FileSource())


def lengths(paths: Iterable[str], where: str, *, check: bool = True, hint: str = "") -> list[float]:
    """Seconds of each file; NaN for one that cannot be read if `check` is off.

    Files that were read otherwise than their headers say are named in one `MgrWarning`.

    Raises:
        CorpusError: files that cannot be read, with the reason of the first three.
    """
    seconds, broken, odd = [], [], []
    remedy = ""
    for path in paths:
        try:
            info = audio_info(path)
            seconds.append(info.seconds)
            odd += [f"{path}: {info.notes[0]}"] if info.notes else []
        except AudioError as error:
            seconds.append(float("nan"))
            reason, _, own_remedy = str(error).partition(" Hint: ")
            broken.append(reason)
            remedy = remedy or own_remedy
    if broken and check:
        remedy = remedy or "replace or remove the files."
        hint = hint or f"{remedy} With check=False, `audit` lists what is wrong."
        got = f"{len(broken)} that cannot be: {' '.join(broken[:3])}"
        raise CorpusError(explain(where, "audio files that can be read", got, hint))
    if odd:
        text = f"{where}: {len(odd)} files with odd headers, the first {odd[0]}"
        warnings.warn(f"{text} (`audit` lists them)", MgrWarning, stacklevel=3)
    return seconds


def _genres(root: Path, where: str) -> list[str]:
    """The names of the genre folders; raise an error if there are fewer than two."""
    if not root.is_dir():
        got = "a file" if root.exists() else "no such folder"
        raise CorpusError(explain(where, f"a folder with {LAYOUT}", got, "check the path."))
    genres = sorted(d.name for d in root.iterdir() if d.is_dir() and not hidden(d.name))
    if len(genres) < 2:
        got = f"only {genres[0]!r}" if genres else "no folder in it"
        loose = loose_audio(root)
        got += f" and {loose} audio files" if loose else ""
        hint = f"a classifier needs two genres; {_remedy(root)}."
        raise CorpusError(explain(where, LAYOUT, got, hint))
    return genres


def _remedy(root: Path) -> str:
    """A hint that names the folder to use instead."""
    below = genres_below(root)
    if below not in (None, root):
        return f"the genres are in {below}: give that folder"
    return "give the folder above the genres' folders"


def _check_full(root: Path, surveys: dict[str, Survey], where: str) -> None:
    """Raise an error if a genre has no audio."""
    silent = [genre for genre, genre_survey in surveys.items() if not genre_survey.files]
    if not silent:
        return
    got = f"no audio in {some(silent)}"
    over = "; ".join(surveys[genre].remark() for genre in silent if surveys[genre].passed_over)
    got += f" (passed over: {over})" if over else ""
    hint = f"fill or remove these folders; files ending in {', '.join(EXTENSIONS)} are taken."
    below = genres_below(root)
    if below not in (None, root):
        hint = f"the genres are in {below}: give that folder."
    raise CorpusError(explain(where, LAYOUT, got, hint))


def _remark(root: Path, surveys: dict[str, Survey], clips: pd.DataFrame, where: str) -> None:
    """Warn in one line about skipped files and files treated as segments of one song."""
    total = Survey()
    for genre_survey in surveys.values():
        total.passed_over += genre_survey.passed_over
    loose = loose_audio(root)
    total.passed_over.update({"audio outside of the genres' folders": loose} if loose else {})
    remarks = [f"passed over: {total.remark()}"] if total.passed_over else []
    segments = clips[clips["segment"]]
    if len(segments):
        n_songs = segments["group"].nunique()
        remarks.append(f"{len(segments)} files are segments of {n_songs} songs by their names")
    inside = [{d.name for d in (root / genre).iterdir() if d.is_dir()} for genre in surveys]
    if len(inside[0]) > 1 and all(names == inside[0] for names in inside):
        first_few = some(sorted(inside[0]))
        remarks.append(f"each of these folders holds {first_few}: are those the genres?")
    if remarks:
        warnings.warn(f"{where}: {'; '.join(remarks)}", MgrWarning, stacklevel=3)


def _rows(root: Path, genre: str, paths: list[Path]) -> pd.DataFrame:
    """One row per file, with printable ids, genres and groups."""
    names = [path.relative_to(root) for path in paths]
    ids = [printable(name.with_suffix("").as_posix()) for name in names]
    deep = [[printable(part) for part in name.parts[1:]] for name in names]
    loose = [i for i, parts in enumerate(deep) if len(parts) == 1]
    groups = [parts[0] if len(parts) > 1 else i for parts, i in zip(deep, ids, strict=True)]
    segment = [False] * len(paths)
    for i, song in zip(loose, songs_of([paths[i].stem for i in loose]), strict=True):
        name = printable(f"{genre}/{song}")
        groups[i], segment[i] = (name, True) if song else (groups[i], False)
    places = [_place(path.absolute()) for path in paths]
    table = {"path": places, "genre": printable(genre), "group": groups, "segment": segment}
    return pd.DataFrame(table, index=pd.Index(ids, name="clip_id"))


def _artists(clips: pd.DataFrame, table: str | os.PathLike[str], where: str) -> list[str]:
    """Each clip's artist, or its own group if the table does not list it."""
    names = artists_of(clips.index, read_artists(table))
    if not any(names):
        got = f"none of {some(clips.index)}"
        raise CorpusError(explain(where, f"files that {str(table)!r} names", got))
    return [name or group for name, group in zip(names, clips["group"], strict=True)]


def _place(path: Path) -> str | Path:
    """Convert the path to text, unless it is not valid UTF-8."""
    return str(path) if printable(str(path)) == str(path) else path


def _unique(clips: pd.DataFrame) -> pd.DataFrame:
    """Append the extension to ids that several files share."""
    twice = clips.index.duplicated(keep=False)
    suffixes = [Path(p).suffix for p in clips["path"]]
    ids = [i + s if t else i for i, s, t in zip(clips.index, suffixes, twice, strict=True)]
    return clips.set_axis(pd.Index(ids, name="clip_id"))
