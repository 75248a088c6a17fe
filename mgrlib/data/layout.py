"""What lies in a folder of music: which files are audio, which of them are pieces of one song.

Nothing is passed over in silence but what nobody takes for music: hidden files, covers, lists.
"""

from __future__ import annotations

import mimetypes
import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from mgrlib.data.ffmpeg import ffmpeg_available
from mgrlib.data.formats import CONVERTIBLE, EXTENSIONS, suffix

PLAYLISTS = (".m3u", ".m3u8", ".pls", ".xspf", ".asx")
SEARCH_DEPTH, SEARCH_FOLDERS = 3, 500

SEGMENT = re.compile(
    r"(?P<song>.+?)(?:\.(?:wav|au|mp3|flac|ogg|m4a))?[ ._-]+"
    r"(?:(?P<word>part|pt|segment|seg|chunk|slice|excerpt)[ ._-]*)?"
    r"\(?(?P<number>\d{1,3})\)?",
    re.IGNORECASE,
)
"""A name of a segment: `blues.00000.3`, `rock_00012_7`, `song-part2`, `000123 (1)`. The song's own
name ends in a digit, or a word says what the number is; `track_03` is a song."""


@dataclass
class Survey:
    """The audio files below a folder, sorted, and what was passed over, with its number."""

    files: list[Path] = field(default_factory=list)
    passed_over: Counter[str] = field(default_factory=Counter)

    def remark(self) -> str:
        """What was passed over, in one line; empty if nothing was."""
        return ", ".join(f"{n} × {what}" for what, n in sorted(self.passed_over.items()))


def survey(path: Path) -> Survey:
    """The audio files below a folder by their names; hidden ones and hidden folders are left out.

    Linked folders are not entered, since they may lead round in a circle.
    """
    result = Survey()

    def unreadable(error: OSError) -> None:
        result.passed_over["folder that cannot be read"] += 1

    with_ffmpeg = ffmpeg_available()
    for at, folders, names in os.walk(path, onerror=unreadable):
        folders[:] = [name for name in folders if not hidden(name)]
        result.passed_over["linked folder"] += sum(
            os.path.islink(os.path.join(at, name)) for name in folders
        )
        for name in names:
            _sort_in(Path(at) / name, result, with_ffmpeg)
    result.passed_over = +result.passed_over
    result.files.sort()
    return result


def _sort_in(path: Path, result: Survey, with_ffmpeg: bool) -> None:
    """Add one file to the survey, as audio or as skipped."""
    if hidden(path.name):
        return
    ending = suffix(path.name)
    if ending in EXTENSIONS or (ending in CONVERTIBLE and with_ffmpeg):
        if path.is_file() or (path.is_symlink() and not path.exists()):
            result.files.append(path)  # a link to nothing is a lost file: reading it says so
        else:
            result.passed_over["pipe or device"] += 1
    elif ending in CONVERTIBLE:
        result.passed_over[f"{ending} (install ffmpeg, or convert them)"] += 1
    elif _other_audio(path.name, ending):
        result.passed_over[f"{ending} (convert them)"] += 1


def _other_audio(name: str, ending: str) -> bool:
    kind, _ = mimetypes.guess_type(name, strict=False)
    return (kind or "").startswith("audio/") and ending not in PLAYLISTS


def hidden(name: str) -> bool:
    """Whether a file or folder is one that no listing shows, such as macOS's `._song.wav`."""
    return name.startswith(".") or name == "__MACOSX"


def is_audio(path: Path) -> bool:
    """Whether a file is taken for audio, by its name."""
    result = Survey()
    _sort_in(path, result, ffmpeg_available())
    return bool(result.files)


def loose_audio(path: Path) -> int:
    """How many files right in a folder are audio of any kind by their names, read or not."""
    result = Survey()
    for file in path.iterdir():
        if not file.is_dir():
            _sort_in(file, result, ffmpeg_available())
    return len(result.files) + result.passed_over.total()


def genres_below(path: Path) -> Path | None:
    """The folder nearest to `path`, or below it, that has folders with audio right in them."""
    level = [path]
    for _ in range(SEARCH_DEPTH + 1):
        folders = {at: _visible_folders(at) for at in level}
        for at, below in folders.items():
            if sum(_has_audio(folder) for folder in below) >= 2:
                return at
        level = list(
            islice((folder for below in folders.values() for folder in below), SEARCH_FOLDERS)
        )
    return None


def _visible_folders(path: Path) -> list[Path]:
    try:
        return sorted(d for d in path.iterdir() if d.is_dir() and not hidden(d.name))
    except OSError:
        return []


def _has_audio(path: Path) -> bool:
    try:
        return any(is_audio(file) for file in path.iterdir())
    except OSError:
        return False


def songs_of(names: Sequence[str]) -> list[str | None]:
    """The song that each of one folder's files is a segment of, by its name without extension.

    None for a file that is no segment. Numbers alone prove nothing where all of a folder would be
    one song: then they count songs.

    >>> songs_of(["blues.00000.0", "blues.00000.1", "blues.00001.0", "take five"])
    ['blues.00000', 'blues.00000', None, None]
    >>> songs_of(["hit_80_1", "hit_80_2"])
    [None, None]
    """
    matches = [_segment(name) for name in names]
    counts = Counter(song for song, _ in filter(None, matches))
    songs = [match[0] if match and counts[match[0]] > 1 else None for match in matches]
    parents = [name if name in counts and counts[name] > 1 else None for name in names]
    songs = [song or parent for song, parent in zip(songs, parents, strict=True)]
    by_word = any(match[1] for match in matches if match)
    if None not in songs and len(set(songs)) == 1 and not by_word:
        return [None] * len(songs)
    return songs


def _segment(name: str) -> tuple[str, bool] | None:
    """The song's name, and whether the file name contains a word such as `part`."""
    match = SEGMENT.fullmatch(name)
    if match is None or not (match["word"] or match["song"][-1].isdigit()):
        return None
    return match["song"], bool(match["word"])
