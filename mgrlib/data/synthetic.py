"""The embedded corpus as a `Corpus`: ten genres that need no download, with faults on request."""

from __future__ import annotations

import io
import warnings
from collections.abc import Collection
from dataclasses import asdict, dataclass, fields
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
import soxr
from tqdm.auto import tqdm

from mgrlib import storage
from mgrlib.data.audio import write_audio
from mgrlib.data.corpus import Corpus
from mgrlib.errors import CorpusError, explain
from mgrlib.parallel import parallel
from mgrlib.synth import (
    GENRES,
    SYNTH_VERSION,
    TAGS,
    Truth,
    artist_names,
    clip_truth,
    render_clip,
    render_song,
    render_stem,
    song_plan,
    song_truth,
)

SAMPLE_RATE = 22_050
"""Hz at which the corpus is rendered, GTZAN's rate; other rates are resampled from it."""


@dataclass(frozen=True)
class Faults:
    """How many clips of each kind of fault `plant` puts into a table of clips.

    Args:
        exact: clips that repeat another one sample by sample.
        reencoded: clips that repeat another one, later by some milliseconds, quieter, through MP3.
        mislabeled: clips that carry another genre's name.
        clipped: clips recorded 12 dB too hot, their peaks cut off.
        silent: clips with nothing in them.
        truncated: clips that end early.
    """

    exact: int = 0
    reencoded: int = 0
    mislabeled: int = 0
    clipped: int = 0
    silent: int = 0
    truncated: int = 0


@dataclass(frozen=True)
class SyntheticSource:
    """Renders the rows of a synthetic corpus, or reads them back from the cache.

    `songs` renders whole songs in place of excerpts.
    """

    seed: int = 0
    songs: bool = False

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """(N,) float32 in [-1, 1]: the row's clip with its fault, if it has one."""
        y = faulty(self._clean(row), str(row["fault"]))
        if sample_rate != SAMPLE_RATE:
            y = soxr.resample(y, SAMPLE_RATE, sample_rate)
        return np.asarray(y, dtype=np.float32)

    def fingerprint(self, row: pd.Series) -> str:
        """Everything that the samples depend on, in words."""
        return "/".join(map(str, (*self._key(row), row["fault"])))

    def path(self, row: pd.Series) -> Path:
        """Where the cache keeps the row's clip, there or not."""
        version, seed, artist, index, length = self._key(row)
        name = f"{artist}-{index}-{length}.flac"
        return storage.home() / "synthetic" / version / seed / name

    def _key(self, row: pd.Series) -> tuple[str, str, str, int, str]:
        length = "song" if self.songs else f"{row['whole_seconds']:g}s"
        return f"v{SYNTH_VERSION}", f"seed{self.seed}", row["artist"], int(row["index"]), length

    def _clean(self, row: pd.Series) -> np.ndarray:
        path = self.path(row)
        y = _cached_clip(path, round(float(row["whole_seconds"]) * SAMPLE_RATE))
        if y is not None:
            return y
        genre, artist, index = str(row["true_genre"]), str(row["artist"]), int(row["index"])
        if self.songs:
            y = render_song(genre, artist, index, seed=self.seed)
        else:
            length = float(row["whole_seconds"])
            y = render_clip(genre, artist, index, seconds=length, seed=self.seed)
        write_audio(path, y, SAMPLE_RATE, form="FLAC", subtype="PCM_16")
        return y


def _cached_clip(path: Path, n: int) -> np.ndarray | None:
    """The clip of n samples from the cache; None, with a warning, if the file is damaged."""
    if not path.is_file():
        return None
    try:
        y, _ = sf.read(path, dtype="float32")
    except sf.LibsndfileError as error:
        reason = str(error)
    else:
        if len(y) == n:
            return y
        reason = f"{len(y)} samples where {n} belong"
    warnings.warn(f"{path} is damaged ({reason}); it is rendered again", stacklevel=3)
    return None


def synthetic(
    n_per_genre: int = 100,
    seconds: float = 30.0,
    seed: int = 0,
    *,
    faults: Faults | None = None,
    songs: bool = False,
) -> Corpus:
    """The embedded corpus: ten genres, twelve artists each, as many clips as you like.

    Nothing is rendered until a clip's audio is asked for; each clip is then kept on disk.

    Args:
        n_per_genre: clips per genre; the first n are the same whatever n is.
        seconds: length of a clip, up to two minutes; ignored when `songs`.
        seed: another seed is another world of artists and songs.
        faults: what to plant; `planted` lists it.
        songs: whole songs of two to five minutes in place of excerpts.

    The table has, beside the usual columns, `artist`, `index`, `substyle`, `tempo_bpm`, `key`,
    `mode`, and `fault`, `of`, `true_genre`, which tell of planted faults. `truth` knows the rest.

    Raises:
        CorpusError: no clip, a length that is not positive or above two minutes, or more faults
            than clips.

    >>> corpus = synthetic(2)
    >>> corpus.clips.loc["blues.00001", ["genre", "group"]].tolist()
    ['blues', 'blues-a01']
    """
    if n_per_genre < 1:
        raise CorpusError(explain("synthetic", "at least one clip per genre", str(n_per_genre)))
    if not 0 < seconds <= 120:
        hint = "`songs=True` gives whole songs."
        raise CorpusError(explain("synthetic", "0 < seconds <= 120", f"{seconds:g}", hint))
    rows = [
        clip_row(genre, i, seconds, seed, songs) for genre in GENRES for i in range(n_per_genre)
    ]
    clips = pd.DataFrame(rows).set_index("clip_id")
    if faults is not None:
        clips = plant(clips, faults, seed)
    kind = "songs-" if songs else ""
    name = f"synthetic-{kind}{n_per_genre}-seed{seed}{'-faulty' if faults else ''}"
    return Corpus(name, GENRES, clips, SyntheticSource(seed, songs))


def clip_row(genre: str, number: int, seconds: float, seed: int, songs: bool) -> dict[str, object]:
    """The row of a clip in the table of a synthetic corpus."""
    names = artist_names(genre)
    artist, index = names[number % len(names)], number // len(names)
    song = song_plan(genre, artist, index, seed=seed)
    length = song.seconds if songs else seconds
    return {
        "clip_id": f"{genre}.{number:05d}",
        "path": "",
        "genre": genre,
        "group": artist,
        "seconds": length,
        "artist": artist,
        "index": index,
        "substyle": song.artist.substyle.name,
        "tempo_bpm": song.tempo_bpm,
        "key": song.key,
        "mode": song.mode,
        "fault": "",
        "of": "",
        "true_genre": genre,
        "whole_seconds": length,
    }


def truth(corpus: Corpus, clip_id: str) -> Truth:
    """What is known of one clip of a synthetic corpus: beats, chords, instruments, tags.

    It is the truth of the music before any fault: of the clip as it was played.

    Raises:
        CorpusError: the clip is not of a synthetic corpus.
    """
    if not isinstance(corpus.source, SyntheticSource):
        hint = "only music that mgrlib made has a known truth."
        raise CorpusError(explain("truth", "a synthetic corpus", repr(corpus.name), hint))
    row = corpus.rows([clip_id]).iloc[0]
    genre, artist, index = str(row["true_genre"]), str(row["artist"]), int(row["index"])
    if corpus.source.songs:
        return song_truth(genre, artist, index, seed=corpus.source.seed)
    length = float(row["whole_seconds"])
    return clip_truth(genre, artist, index, seconds=length, seed=corpus.source.seed)


def stem(corpus: Corpus, clip_id: str, instruments: Collection[str]) -> np.ndarray:
    """What some instruments contribute to a clip, (N,) at `SAMPLE_RATE`.

    The clip minus its stem is the same clip without these instruments: levels, mastering, room and
    compression are those of the whole clip.

    Args:
        corpus: clips, not songs, of a synthetic corpus.
        clip_id: one of them; its stem is that of the music before any fault.
        instruments: names from its `truth`, such as "drums".

    Raises:
        CorpusError: the clip is not of a synthetic corpus of clips, or lacks the instrument.
    """
    if not isinstance(corpus.source, SyntheticSource) or corpus.source.songs:
        hint = "only clips that mgrlib made can be taken apart."
        raise CorpusError(explain("stem", "a synthetic corpus of clips", repr(corpus.name), hint))
    row = corpus.rows([clip_id]).iloc[0]
    genre, artist, index = str(row["true_genre"]), str(row["artist"]), int(row["index"])
    length, seed = float(row["whole_seconds"]), corpus.source.seed
    return render_stem(genre, artist, index, instruments, seconds=length, seed=seed)


def tags(corpus: Corpus) -> pd.DataFrame:
    """Clips by tags, (M, 44) bool: the labels for multi-label work, columns as in `synth.TAGS`."""
    tags_of = {clip_id: set(truth(corpus, str(clip_id)).tags) for clip_id in corpus.clips.index}
    table = [[tag in words for tag in TAGS] for words in tags_of.values()]
    return pd.DataFrame(table, index=corpus.clips.index, columns=list(TAGS))


def planted(corpus: Corpus) -> pd.DataFrame:
    """The faults that were planted: one row a faulty clip, with `fault`, `of` and `true_genre`."""
    clips = corpus.clips
    return clips.loc[clips["fault"] != "", ["fault", "of", "genre", "true_genre"]]


def plant(clips: pd.DataFrame, faults: Faults, seed: int = 0) -> pd.DataFrame:
    """A table of clips in which some have become faulty; the given table stays as it is.

    No clip has two faults, and none is the original of another's duplicate as well. A duplicate
    takes the sound and the artist of a clip of its genre; a mislabeled clip only changes its
    genre.

    Raises:
        CorpusError: more faults than clips, or than a genre has clips for.
    """
    counts = asdict(faults)
    n_clips = sum(counts.values()) + faults.exact + faults.reencoded
    if n_clips > len(clips):
        raise CorpusError(explain("plant", f"at most {len(clips)} clips", f"faults in {n_clips}"))
    rng = np.random.default_rng([seed, 7])
    free = [str(clips.index[i]) for i in rng.permutation(len(clips))]
    table = clips.copy()
    for kind in (f.name for f in fields(faults)):
        for _ in range(counts[kind]):
            _spoil(table, kind, free, rng)
    return table


def _spoil(table: pd.DataFrame, kind: str, free: list[str], rng: np.random.Generator) -> None:
    clip_id = free.pop(0)
    if kind in ("exact", "reencoded"):
        genre = str(table.at[clip_id, "true_genre"])
        same = [other for other in free if str(table.at[other, "true_genre"]) == genre]
        if not same:
            hint = "fewer faults, or more clips per genre."
            raise CorpusError(explain("plant", f"a second free {genre} clip", "none", hint))
        original = same[0]
        free.remove(original)
        table.loc[clip_id] = table.loc[original]
        table.loc[clip_id, "of"] = original
    if kind == "mislabeled":
        others = sorted(set(table["true_genre"]) - {table.loc[clip_id, "true_genre"]})
        table.loc[clip_id, "genre"] = others[int(rng.integers(len(others)))]
    if kind == "truncated":
        seconds = float(str(table.at[clip_id, "whole_seconds"]))
        table.loc[clip_id, "seconds"] = TRUNCATED_SHARE * seconds
    table.loc[clip_id, "fault"] = kind


TRUNCATED_SHARE = 0.3
_HOT = 4.0  # 12 dB


def faulty(y: np.ndarray, fault: str) -> np.ndarray:
    """The waveform (N,) with a fault of `Faults`; "" and faults of labels change nothing.

    Raises:
        CorpusError: an unknown fault.
    """
    if fault in ("", "exact", "mislabeled"):
        return y
    if fault == "silent":
        return np.zeros_like(y)
    if fault == "truncated":
        return y[: round(TRUNCATED_SHARE * len(y))]
    if fault == "clipped":
        return np.clip(_HOT * y * (0.5 / (np.max(np.abs(y)) + 1e-9)), -1.0, 1.0) * 0.99
    if fault == "reencoded":
        return _reencoded(y)
    names = [field.name for field in fields(Faults)]
    raise CorpusError(explain("faulty", f"one of {names}", repr(fault)))


def _reencoded(y: np.ndarray) -> np.ndarray:
    """The clip as somebody else's MP3: 3 dB quieter and 40 ms late, of the same length."""
    late = round(0.04 * SAMPLE_RATE)
    shifted = 0.7 * np.concatenate([np.zeros(late, np.float32), y[:-late]])
    file = io.BytesIO()
    sf.write(file, shifted, SAMPLE_RATE, format="MP3")
    file.seek(0)
    decoded, _ = sf.read(file, dtype="float32")
    return np.append(decoded, np.zeros(max(0, len(y) - len(decoded)), np.float32))[: len(y)]


def prepare(corpus: Corpus, n_jobs: int | None = None) -> int:
    """The number of clips rendered into the cache now; those already there are left alone.

    Several processes share the work, one thread each. Stop it at any time: what is finished stays.
    A script needs no `if __name__ == "__main__":` around it.

    Args:
        n_jobs: processes; all cores when None.
    """
    source = corpus.source
    if not isinstance(source, SyntheticSource):
        raise CorpusError(explain("prepare", "a synthetic corpus", repr(corpus.name)))
    rows = [row for _, row in corpus.clips.iterrows() if not source.path(row).is_file()]
    if not rows:
        return 0
    work = parallel((partial(_render, source, row) for row in rows), n_jobs=n_jobs or -1)
    for _ in tqdm(work, total=len(rows), desc="rendering", unit="clip"):
        pass
    return len(rows)


def _render(source: SyntheticSource, row: pd.Series) -> None:
    source.audio(row, SAMPLE_RATE)
