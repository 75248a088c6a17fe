"""The true properties of a clip or song, taken from its score."""

from __future__ import annotations

from dataclasses import dataclass

from mgrlib.synth.composer import Score
from mgrlib.synth.orchestra import instrument_tag
from mgrlib.synth.tags import tempo_tag, voice_tag
from mgrlib.synth.theory import parse_progression


@dataclass(frozen=True)
class Truth:
    """The true properties of a clip or song; times in seconds from its start.

    Attributes:
        tempo_bpm: beats per minute.
        key: the tonic, such as 'Bb'; `mode`: a scale of `theory.SCALES`.
        chords: (start, end, name) of every chord.
        beats: times of the beats; `beats_per_bar`: how many a bar has.
        instruments: the names of the instruments that sound, drums last.
        tags: words from `TAGS`, sorted.
        sections: (start, end, name), as in 'chorus'.
    """

    genre: str
    artist: str
    index: int
    substyle: str
    seconds: float
    tempo_bpm: float
    key: str
    mode: str
    chords: tuple[tuple[float, float, str], ...]
    beats: tuple[float, ...]
    beats_per_bar: int
    instruments: tuple[str, ...]
    tags: tuple[str, ...]
    sections: tuple[tuple[float, float, str], ...]


def truth_of(score: Score) -> Truth:
    """Collect the true properties of a score; only instruments that sound are listed."""
    song = score.song
    artist = song.artist
    instruments = tuple(dict.fromkeys(player.name for player, notes in score.notes if notes))
    drums = ("drums",) if score.hits else ()
    return Truth(
        genre=artist.genre,
        artist=artist.name,
        index=song.index,
        substyle=artist.substyle.name,
        seconds=score.seconds,
        tempo_bpm=song.tempo_bpm,
        key=song.key,
        mode=song.mode,
        chords=score.chords,
        beats=score.beats,
        beats_per_bar=artist.substyle.beats,
        instruments=instruments + drums,
        tags=_tags(score, instruments),
        sections=score.sections,
    )


def _tags(score: Score, instruments: tuple[str, ...]) -> tuple[str, ...]:
    song = score.song
    voices = {tag for tag in map(voice_tag, instruments) if tag}
    words = {instrument_tag(name) for name in instruments} - {"voice"}
    words |= voices or {"instrumental"}
    if score.hits:
        kit = song.artist.kit
        words.add("electronic drums" if kit is not None and kit.electronic else "drums")
    words.add(tempo_tag(song.tempo_bpm))
    # The mode is taken from the chords, because melodies of the blues have other thirds.
    tones = parse_progression(song.charts["verse"])[0][0].tones
    words |= {mode for third, mode in ((3, "minor mode"), (4, "major mode")) if third in tones}
    words |= set(song.artist.substyle.moods)
    return tuple(sorted(words))
