"""The music of the embedded corpus: styles, artists, a composer and a renderer.

It consists of ten genres as data (`styles`), artists with habits (`artists`), a composer that turns
a style, an artist and a number into a score (`composer`), and a renderer that turns the score into
a waveform (`renderer`). The same names and numbers give the same samples on every computer.

>>> from mgrlib.synth import clip_truth, render_clip
>>> render_clip("reggae", "reggae-a02", 5, seconds=1.0).shape
(22050,)
>>> clip_truth("reggae", "reggae-a02", 5).genre
'reggae'
"""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from mgrlib.errors import AudioError, explain
from mgrlib.synth.artists import N_ARTISTS, artist, artist_names
from mgrlib.synth.composer import Score, Song, compose, plan, window_start
from mgrlib.synth.renderer import render
from mgrlib.synth.stems import stem
from mgrlib.synth.styles import SKETCHES as _SKETCHES
from mgrlib.synth.styles import STYLES
from mgrlib.synth.tags import TAGS
from mgrlib.synth.truth import Truth, truth_of

__all__ = [
    "GENRES",
    "N_ARTISTS",
    "SKETCHES",
    "SYNTH_VERSION",
    "TAGS",
    "Truth",
    "artist_names",
    "clip_score",
    "clip_truth",
    "render_clip",
    "render_song",
    "render_stem",
    "song_plan",
    "song_score",
    "song_truth",
]

GENRES: tuple[str, ...] = tuple(sorted(STYLES))
SKETCHES: tuple[str, ...] = tuple(_SKETCHES)
# A part of every cache key, which is raised whenever a sample changes.
SYNTH_VERSION = "3"


def song_plan(genre: str, artist_name: str, index: int, *, seed: int = 0) -> Song:
    """The plan of a song before its notes: tempo, key, mode, form, length. It is fast."""
    return plan(artist(genre, artist_name, seed), index, seed)


def clip_score(
    genre: str, artist_name: str, index: int, *, seconds: float = 30.0, seed: int = 0
) -> Score:
    """The score of a clip, which is a window of song `index` of the artist.

    Raises:
        AudioError: if `seconds` is not positive.
        CorpusError: for an unknown genre or artist, or a window longer than the song.
    """
    if seconds <= 0:
        raise AudioError(explain("clip_score", "a positive length in seconds", f"{seconds:g}"))
    song = song_plan(genre, artist_name, index, seed=seed)
    return compose(song, window_start(song, seconds), seconds)


def song_score(genre: str, artist_name: str, index: int, *, seed: int = 0) -> Score:
    """The score of a whole song, two to five minutes from intro to ending."""
    song = song_plan(genre, artist_name, index, seed=seed)
    return compose(song, 0.0, song.seconds)


def render_clip(
    genre: str,
    artist: str,
    index: int,
    *,
    seconds: float = 30.0,
    seed: int = 0,
    sample_rate: int = 22050,
) -> NDArray[np.float32]:
    """Render a clip, (N,), quantized to 16 bits in [-1, 1); N is ``round(seconds * sample_rate)``.

    Args:
        genre: one of `GENRES`.
        artist: one of ``artist_names(genre)``; any number after ``-a`` is an artist.
        index: the number of the artist's song.
        seconds: length; the start of the clip depends only on the song.
        seed: of the whole corpus; a different seed gives different artists and songs.
        sample_rate: in Hz.
    """
    return render(clip_score(genre, artist, index, seconds=seconds, seed=seed), sample_rate)


def render_song(
    genre: str, artist: str, index: int, *, seed: int = 0, sample_rate: int = 22050
) -> NDArray[np.float32]:
    """Render a whole song, (N,), which contains the clip of `render_clip` with the same numbers."""
    return render(song_score(genre, artist, index, seed=seed), sample_rate)


def render_stem(
    genre: str,
    artist: str,
    index: int,
    instruments: Collection[str],
    *,
    seconds: float = 30.0,
    seed: int = 0,
    sample_rate: int = 22050,
) -> NDArray[np.float32]:
    """Render what some instruments contribute to a clip, (N,); the clip minus it is without them.

    Args:
        genre, artist, index, seconds, seed, sample_rate: as in `render_clip`.
        instruments: names from the clip's `Truth.instruments`, such as "drums".

    Raises:
        CorpusError: if an instrument does not sound in the clip.
    """
    score = clip_score(genre, artist, index, seconds=seconds, seed=seed)
    return stem(score, instruments, sample_rate)


def clip_truth(
    genre: str, artist: str, index: int, *, seconds: float = 30.0, seed: int = 0
) -> Truth:
    """The true properties of a clip, such as tempo and key, without rendering it."""
    return truth_of(clip_score(genre, artist, index, seconds=seconds, seed=seed))


def song_truth(genre: str, artist: str, index: int, *, seed: int = 0) -> Truth:
    """The true properties of a whole song, without rendering it."""
    return truth_of(song_score(genre, artist, index, seed=seed))
