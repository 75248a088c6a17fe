"""Whole songs: the handmade set of Jiménez and José, remade from the embedded corpus.

Theirs was 30 songs in each of GTZAN's ten genres, taken from playlists, 20 to train and 10 to test
on; the songs are not published. Ours has as many, two to five minutes long, by ten artists in each
genre.
"""

from __future__ import annotations

from dataclasses import replace

from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic
from mgrlib.errors import CorpusError, explain
from mgrlib.synth import N_ARTISTS

FRAME_SECONDS = 29.12
"""Length of a frame: 1366 STFT columns at 12 kHz and hop 256."""

TRIM_SECONDS = 20.0
"""Dropped at either end of a song: Jiménez and José (2016), section 4.3."""

SONGS_EACH = 3


def handmade(n_per_genre: int = 30, *, seed: int = 0) -> Corpus:
    """Whole songs of the embedded corpus, three by each artist of ten genres; rendered when needed.

    Thirty songs per genre are fifteen hours of music: ten minutes of rendering, and 2 GB on disk.
    Fewer have fewer artists, so that a split by artist stays another thing than one by song.

    Raises:
        CorpusError: more than 36 songs per genre, or none.

    >>> handmade(6).clips.loc[["jazz.00000", "jazz.00012", "jazz.00001"], "artist"].tolist()
    ['jazz-a00', 'jazz-a00', 'jazz-a01']
    """
    if not 0 < n_per_genre <= SONGS_EACH * N_ARTISTS:
        expected = f"1 to {SONGS_EACH * N_ARTISTS} songs per genre"
        raise CorpusError(explain("handmade", expected, str(n_per_genre)))
    everything = synthetic(SONGS_EACH * N_ARTISTS, seed=seed, songs=True)
    numbers = [N_ARTISTS * (i % SONGS_EACH) + i // SONGS_EACH for i in range(n_per_genre)]
    ids = [f"{genre}.{number:05d}" for genre in everything.genres for number in sorted(numbers)]
    return replace(everything.select(clip_ids=ids), name=f"songs-{n_per_genre}-seed{seed}")
