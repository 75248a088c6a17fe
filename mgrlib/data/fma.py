"""FMA: 106,574 tracks of the Free Music Archive under Creative Commons licenses, in four sizes.

Collected by M. Defferrard, K. Benzi, P. Vandergheynst and X. Bresson (2017) with the artist, the
genre and the license of each track and a division into training, validation and test. The layout
is that of the published archives, unpacked side by side: `fma_metadata/tracks.csv`, and sound such
as `fma_small/000/000002.mp3`.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from mgrlib.data import facts
from mgrlib.data.artist_tables import read_table
from mgrlib.data.audio import FileSource
from mgrlib.data.catalog import check_missing, without
from mgrlib.data.corpus import Corpus
from mgrlib.data.folder import lengths
from mgrlib.errors import CorpusError, MgrWarning, explain, some

SUBSETS = ("small", "medium", "large", "full")
"""8,000 excerpts in 8 genres of equal size; 25,000 in 16 genres; all 106,574; all, untrimmed."""

LICENSE = (
    "Each track has the Creative Commons license that its artist chose, which stands in the column "
    "`license`. The metadata is licensed under CC BY 4.0. The data set is meant for research."
)

CITATION = """\
M. Defferrard, K. Benzi, P. Vandergheynst, and X. Bresson. FMA: A dataset for music analysis. In
Proceedings of the 18th International Society for Music Information Retrieval Conference, pages
316-323, 2017. https://github.com/mdeff/fma"""

COLUMNS = {
    "track_id": "track_id",
    "artist.id": "artist_id",
    "artist.name": "artist",
    "album.title": "album",
    "track.title": "title",
    "track.genre_top": "genre",
    "track.license": "license",
    "set.split": "split",
    "set.subset": "subset",
}
LAYOUT = "fma_metadata/tracks.csv and fma_small/000/000002.mp3 (or fma_medium, fma_large, fma_full)"
TABLE = f"tracks.csv of fma_metadata, with the columns {', '.join(list(COLUMNS)[1:])}"
ONLY_IN_LARGE = ("large", "full")


def fma(
    root: str | os.PathLike[str],
    subset: str | None = None,
    *,
    exclude: Sequence[str] = (),
    faults: bool = False,
    partial: bool = False,
    check: bool = True,
) -> Corpus:
    """FMA from the folder that holds the unpacked archives.

    Clip ids are track numbers as the files have them, such as `000002`. The genre is the track's
    top genre, and the group is its artist, by the artist's number. The columns `title`, `artist`,
    `album`, `license` and `attribution` say whose music it is; `split` is the division that comes
    with the data, by which `mgrlib.data.splits.own_split` divides. Whether it keeps artists apart
    is checked there.

    Left out, and named or counted in one `MgrWarning`: the excerpts that are known to be silent or
    much shorter than 30 s (`known_faults`), and in the two large sizes the tracks that have no top
    genre because they belong to several.

    Args:
        root: the folder with `fma_metadata` and `fma_small`, or `fma_small` itself.
        subset: "small", "medium", "large" or "full"; not needed if `root` names it or holds one.
        exclude: clips to leave out, by their ids.
        faults: keep the excerpts of `known_faults`.
        partial: leave out tracks whose sound is missing, and count them, instead of refusing. The
            corpus is then called `fma-small-part`.
        check: refuse files that cannot be read. False keeps them, their `seconds` NaN, for `audit`
            to report.

    Raises:
        CorpusError: no such folder, subset or table, files that are missing or cannot be read, or
            an unknown clip in `exclude`.
    """
    where = f"fma({str(root)!r})"
    subset, sound, table = _find(Path(root), subset, where)
    clips = _select(_tracks(table), subset)
    n_tracks = len(clips)
    clips = clips[clips["genre"] != ""]
    n = n_tracks - len(clips)
    remarks = [f"{n} tracks without a single top genre"] if n else []
    clips["path"] = [str((sound / clip[:3] / f"{clip}.mp3").absolute()) for clip in clips.index]
    clips, faulty = _without_faults(clips, subset, faults)
    remarks += faulty
    clips = without(clips, exclude, where)
    present = [os.path.exists(path) for path in clips["path"]]
    missing = [f"{clip[:3]}/{clip}.mp3" for clip in clips.index[[not exists for exists in present]]]
    remarks += check_missing(missing, len(clips), f"{where}, {sound}", partial)
    clips = clips[present]
    if remarks:
        warnings.warn(f"{where}: passed over: {', '.join(remarks)}", MgrWarning, stacklevel=2)
    clips = clips.assign(seconds=lengths(clips["path"], where, check=check))
    name = f"fma-{subset}-part" if missing else f"fma-{subset}"
    return Corpus(name, tuple(sorted(clips["genre"].unique())), clips, FileSource())


def known_faults() -> pd.DataFrame:
    """Excerpts that are silent or much shorter than 30 s, one row each, by `clip_id`.

    The columns are `fault` ("silent" or "short"), `reported_seconds`, the length of the song by
    which its middle was computed, and `real_seconds`, its true length (Defferrard,
    github.com/mdeff/fma, issues 8 and 44). The whole tracks of `fma_full` are not affected.
    """
    table = facts.read("fma_faults")
    numbers = table[["reported_seconds", "real_seconds"]].astype(float)
    table = table.assign(**numbers)
    return table.set_index(pd.Index(map(_clip_id, table.pop("track_id")), name="clip_id"))


def _clip_id(track: str) -> str:
    """The name of a track's file, without folder and extension.

    >>> _clip_id("2")
    '000002'
    """
    return f"{int(track):06d}"


def _find(root: Path, subset: str | None, where: str) -> tuple[str, Path, Path]:
    """The subset, the folder of its sound, and the table."""
    if subset is not None and subset not in SUBSETS:
        raise CorpusError(explain(where, f"a subset among {SUBSETS}", repr(subset)))
    if not root.is_dir():
        got = "a file" if root.exists() else "no such folder"
        raise CorpusError(explain(where, LAYOUT, got, "check the path."))
    root = root.resolve()
    own = root.name.removeprefix("fma_")
    base = root.parent if own in SUBSETS and root.name == f"fma_{own}" else root
    present = [s for s in SUBSETS if (base / f"fma_{s}").is_dir()]
    if base != root:
        present = [own]
    choice = [s for s in present if subset in (None, s)]
    if len(choice) != 1:
        got = f"folders of {some(present, 4)}" if present else "none of these folders"
        hint = "say which one with subset= or --subset." if len(choice) > 1 else "unpack it there."
        raise CorpusError(explain(where, f"{LAYOUT} of one subset", got, hint))
    tables = [base / "fma_metadata" / "tracks.csv", base / "tracks.csv"]
    table = next((path for path in tables if path.is_file()), None)
    if table is None:
        hint = "unpack fma_metadata.zip beside the folder of the sound."
        raise CorpusError(explain(where, str(tables[0]), "no such file", hint))
    return choice[0], base / f"fma_{choice[0]}", table


def _tracks(path: Path) -> pd.DataFrame:
    """The table of tracks, indexed by clip id, with the columns that a corpus needs."""
    table = read_table(path, TABLE, columns=COLUMNS)
    missing = [name for name in COLUMNS if name not in table.columns]
    if missing:
        hint = "take the tracks.csv of fma_metadata.zip as it is."
        raise CorpusError(explain(str(path), TABLE, f"none called {some(missing)}", hint))
    tracks = table.rename(columns=COLUMNS)
    odd = [track for track in tracks["track_id"] if not track.isdigit()]
    if odd:
        raise CorpusError(explain(str(path), "track numbers", some(odd)))
    names = tracks.groupby("artist_id")["artist"].transform("first")
    license_text = tracks["license"].where(tracks["license"] != "", "license not stated")
    credit = tracks["title"] + " by " + tracks["artist"] + " (" + license_text + ")"
    tracks["group"] = tracks["artist_id"] + " " + names
    tracks["attribution"] = credit + ", Free Music Archive, track " + tracks["track_id"]
    return tracks.set_index(pd.Index(map(_clip_id, tracks.pop("track_id")), name="clip_id"))


def _select(tracks: pd.DataFrame, subset: str) -> pd.DataFrame:
    """The tracks of a subset, which contains all smaller subsets."""
    if subset in ONLY_IN_LARGE:
        return tracks.copy()
    smaller = SUBSETS[: SUBSETS.index(subset) + 1]
    return tracks[tracks["subset"].isin(smaller)].copy()


def _without_faults(clips: pd.DataFrame, subset: str, keep: bool) -> tuple[pd.DataFrame, list[str]]:
    """Remove the faulty excerpts, and return a remark about them for the warning."""
    if keep or subset == "full":
        return clips, []
    faulty = known_faults().index.intersection(clips.index)
    if faulty.empty:
        return clips, []
    remark = f"{len(faulty)} excerpts known to be silent or too short ({', '.join(faulty)})"
    return clips.drop(index=faulty), [remark]
