"""The composer, which turns a style, an artist and a number into a score of notes and drum hits.

A song has a form (intro, verse, chorus, ...), and sections with the same name have the same
material. A clip is a window of a song, and only the sections in the window are composed.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from mgrlib.errors import CorpusError, explain
from mgrlib.synth.artists import Artist, Player
from mgrlib.synth.randomness import generator, pick
from mgrlib.synth.styles.style import (
    Arpeggio,
    Bass,
    Comp,
    Groove,
    Melody,
    Riff,
    Shadow,
    Walk,
)
from mgrlib.synth.theory import PITCH_CLASSES, SCALES, Chord, parse_chord, parse_progression

LEVELS = {"X": 1.0, "x": 0.78, "o": 0.4}


class Note(NamedTuple):
    """Pitches (MIDI) that start together; times in seconds (in beats while composing)."""

    start: float
    length: float
    pitches: tuple[float, ...]
    velocity: float
    mark: str = ""


class Hit(NamedTuple):
    """A drum, when, and how hard (0 to 1)."""

    start: float
    drum: str
    velocity: float


class Section(NamedTuple):
    """A section of the form: its name and when it starts and ends, in beats from the start."""

    name: str
    start: float
    end: float


class ChordAt(NamedTuple):
    """A chord and when it starts and ends, in beats from the start of the song."""

    start: float
    end: float
    chord: Chord


@dataclass(frozen=True)
class Song:
    """The plan of a song before its notes: key, tempo, form, charts, grooves."""

    artist: Artist
    index: int
    seed: int
    tempo_bpm: float
    tonic: int
    mode: str
    sections: tuple[Section, ...]
    charts: dict[str, str]
    ending: str = "fade"

    @property
    def seconds(self) -> float:
        """Length of the song."""
        return self.sections[-1].end * 60.0 / self.tempo_bpm

    @property
    def key(self) -> str:
        """Name of the tonic."""
        return PITCH_CLASSES[self.tonic]

    def swell(self, beats: NDArray[np.float64]) -> NDArray[np.float64]:
        """The loudness of the band at times in beats, as a factor of velocity: two slow waves."""
        slow, fast, slow_phase, fast_phase = _waves(self.artist.name, self.index, self.seed)
        seconds = beats * 60.0 / self.tempo_bpm
        wave = 0.65 * np.sin(2 * np.pi * (seconds / slow + slow_phase))
        wave += 0.35 * np.sin(2 * np.pi * (seconds / fast + fast_phase))
        # Loudness is the velocity to the power 1.5 (see the renderer): 30 dB per factor of ten.
        return 10 ** (self.artist.substyle.swell_db * wave / 30)

    def rng(self, *names: object) -> np.random.Generator:
        """A generator for one decision in this song."""
        return generator("song", self.artist.name, self.index, self.seed, *names)


@lru_cache(maxsize=64)
def _waves(artist: str, index: int, seed: int) -> tuple[float, float, float, float]:
    """Seconds that a song's two swells last, and where in them it begins (0 to 1)."""
    rng = generator("song", artist, index, seed, "swell")
    return rng.uniform(12, 28), rng.uniform(4, 9), rng.random(), rng.random()


@dataclass(frozen=True)
class Score:
    """Timed events of a window of a song; times in seconds from the window's start.

    `fade`: from when to when the music fades out, where the window reaches so far.
    """

    song: Song
    seconds: float
    notes: tuple[tuple[Player, tuple[Note, ...]], ...]
    hits: tuple[Hit, ...]
    beats: tuple[float, ...]
    chords: tuple[tuple[float, float, str], ...]
    sections: tuple[tuple[float, float, str], ...] = field(default=())
    fade: tuple[float, float] | None = None


def plan(artist: Artist, index: int, seed: int = 0) -> Song:
    """Song number `index` of an artist, before its notes: two to five minutes."""
    rng = generator("plan", artist.name, index, seed)
    style = artist.substyle
    habits = np.random.Generator(np.random.PCG64(artist.habit))
    tempo = float(np.round(rng.uniform(*artist.tempo), 1))
    mode = pick(rng, style.modes)
    charts = {}
    for name, options in (
        ("verse", style.verse),
        ("chorus", style.chorus or style.verse),
        ("bridge", style.bridge or style.chorus or style.verse),
    ):
        favorites = tuple(options[i] for i in habits.permutation(len(options))[:3])
        charts[name] = pick(rng, favorites)
    charts["intro"] = charts["ending"] = charts["verse"]
    charts["solo"] = charts["verse"]
    sections = []
    at = 0.0
    # Repeat the form's middle until the song is at least two minutes long, and stop before five.
    form = list(style.form)
    beat = 60.0 / tempo
    bars = {n: _n_bars(n, charts[n], style.section_bars) for n in set(form)}
    while sum(bars[n] for n in form) * style.beats * beat < 125:
        form[-1:-1] = form[1:-1]
    while sum(bars[n] for n in form) * style.beats * beat > 295 and len(form) > 3:
        del form[-2]
    for name in form:
        end = at + bars[name] * style.beats
        sections.append(Section(name, at, end))
        at = end
    tonic = int(pick(rng, artist.tonics))
    ending = pick(generator("ending", artist.name, index, seed), style.endings)
    return Song(artist, index, seed, tempo, tonic, mode, tuple(sections), charts, ending)


def _n_bars(name: str, chart: str, section_bars: int) -> int:
    n = len(parse_progression(chart))
    if name in ("intro", "ending"):
        return 4
    return n * max(1, round(section_bars / n))


def window_start(song: Song, seconds: float) -> float:
    """Where in the song (s) a clip of this length is cut: anywhere, as radio recordings are."""
    spare = song.seconds - seconds
    if spare < 0:
        raise CorpusError(
            explain(
                "render_clip",
                f"at most {song.seconds:.0f} s of this song",
                f"{seconds:g} s",
                "`render_song` gives the whole of it.",
            )
        )
    return float(song.rng("window").uniform(0.02, 0.9) * spare)


def compose(song: Song, start: float, seconds: float) -> Score:
    """The score of a window of a song (both in seconds)."""
    beat = 60.0 / song.tempo_bpm
    notes: dict[int, list[Note]] = {i: [] for i in range(len(song.artist.players))}
    hits: list[Hit] = []
    chords: list[tuple[float, float, str]] = []
    sections: list[tuple[float, float, str]] = []
    for number, section in enumerate(song.sections):
        begin, end = section.start * beat - start, section.end * beat - start
        if end <= 0 or begin >= seconds:
            continue
        sections.append((max(0.0, begin), min(seconds, end), section.name))
        chart = _chart(song, section)
        for at in chart:
            span = (begin + at.start * beat, begin + at.end * beat)
            if span[1] > 0 and span[0] < seconds:
                name = at.chord.name(song.tonic)
                chords.append((max(0.0, span[0]), min(seconds, span[1]), name))
        timing = song.rng("timing", number)
        for i, player in enumerate(song.artist.players):
            if not player.part.where or section.name in player.part.where.split():
                rng = song.rng("part", player.part.name, section.name)
                part = _write(song, player, section, chart, rng)
                part = _retuned(song, _add_ending(song, player, section, part))
                notes[i] += _perform(song, part, section.start, begin, timing, seconds)
        if song.artist.kit is not None:
            hits += _drum(song, section, begin, beat, number, timing, seconds)
    n_beats = int(song.sections[-1].end)
    beats = np.arange(n_beats) * beat - start
    beats = beats[(beats >= 0) & (beats < seconds)]
    parts = tuple((p, tuple(notes[i])) for i, p in enumerate(song.artist.players))
    events = (parts, tuple(hits), tuple(beats.tolist()), tuple(chords), tuple(sections))
    return Score(song, seconds, *events, fade=_fade(song, start, seconds))


def _fade(song: Song, start: float, seconds: float) -> tuple[float, float] | None:
    """Start and end of the fade-out in a window: the ending, but at most twelve seconds."""
    last = song.sections[-1]
    length = min(12.0, (last.end - last.start) * 60.0 / song.tempo_bpm)
    begin = song.seconds - length - start
    return (begin, begin + length) if song.ending == "fade" and begin < seconds else None


def _last_bar(song: Song, section: Section) -> float:
    """Where the last chord of the song is struck, in beats from the section's start."""
    closes = song.ending == "cadence" and section is song.sections[-1]
    return section.end - section.start - song.artist.substyle.beats if closes else np.inf


def _home(song: Song) -> Chord:
    """The chord of the tonic, as the verse has it."""
    chords = [chord for bar in parse_progression(song.charts["verse"]) for chord in bar]
    return next((chord for chord in chords if chord.root == 0), parse_chord("I"))


def _add_ending(song: Song, player: Player, section: Section, notes: list[Note]) -> list[Note]:
    """Replace the notes in the last bar of the song by a long chord."""
    bar = _last_bar(song, section)
    notes_before = [note for note in notes if note.start < bar]
    if len(notes_before) == len(notes) or not notes:
        return notes
    play, home, beats = player.part.play, _home(song), song.artist.substyle.beats
    pitches: tuple[float, ...]
    if isinstance(play, Comp | Arpeggio):
        pitches = voice(home, song.tonic, play.voicing, play.center)
    else:
        near = notes[-1].pitches[0]
        root = near - 6 + (song.tonic - near + 6) % 12
        pitches = (root, root + 7) if isinstance(play, Riff) else (root,)
    return [*notes_before, Note(bar, 0.8 * beats, pitches, 1.0)]


def _chart(song: Song, section: Section) -> list[ChordAt]:
    """The chords of a section; times in beats from its start."""
    bars = parse_progression(song.charts[section.name])
    beats = song.artist.substyle.beats
    n_bars = round((section.end - section.start) / beats)
    chart = []
    for bar in range(n_bars):
        chords = bars[bar % len(bars)]
        step = beats / len(chords)
        chart += [
            ChordAt(bar * beats + i * step, bar * beats + (i + 1) * step, chord)
            for i, chord in enumerate(chords)
        ]
    last = _last_bar(song, section)
    if last < np.inf:
        chart = [at for at in chart if at.start < last]
        chart.append(ChordAt(last, last + beats, _home(song)))
    return chart


def _retuned(song: Song, notes: list[Note]) -> list[Note]:
    """The notes in the artist's scale; unchanged if the substyle is in equal temperament."""
    style = song.artist.substyle
    if not style.tuning and not style.tuning_spread:
        return notes
    habits = np.random.Generator(np.random.PCG64(song.artist.habit + 23))
    cents = habits.normal(0, style.tuning_spread, 12)
    cents[0] = 0.0
    for degree, offset in style.tuning:
        cents[degree] += offset
    by_class = np.roll(cents / 100, song.tonic)  # semitones by pitch class, (12,)
    return [
        note._replace(pitches=tuple(float(p + by_class[int(p) % 12]) for p in note.pitches))
        for note in notes
    ]


def _swing(song: Song, at: float) -> float:
    """A time in beats, with the second half of each swung unit moved."""
    unit = song.artist.substyle.swing_beats
    swing = song.artist.substyle.swing
    n_units, part = divmod(at / unit, 1.0)
    part = part * 2 * swing if part < 0.5 else swing + (part - 0.5) * 2 * (1 - swing)
    return (n_units + part) * unit


def _perform(
    song: Song,
    notes: list[Note],
    begin_beats: float,
    begin: float,
    rng: np.random.Generator,
    seconds: float,
) -> list[Note]:
    """Convert notes to seconds, with swing and with small variations of timing and loudness."""
    style = song.artist.substyle
    beat = 60.0 / song.tempo_bpm
    delays = rng.normal(0, style.human_ms / 1000, len(notes))
    touch = np.clip(1 + rng.normal(0, style.dynamics, len(notes)), 0.3, 1.4)
    place = np.array([note.start for note in notes]) + begin_beats
    touch = touch * song.swell(place)
    performance = []
    for i, note in enumerate(notes):
        start = begin + _swing(song, note.start) * beat + delays[i]
        length = note.length * beat
        if start + length > 0.05 and start < seconds:
            if start < 0:
                length, start = length + start, 0.0
            performance.append(
                note._replace(start=start, length=length, velocity=note.velocity * touch[i])
            )
    return performance


def _chord_at(chart: list[ChordAt], at: float) -> tuple[Chord, Chord]:
    """The chord at a time in beats, and the one after it."""
    for i, item in enumerate(chart):
        if item.start <= at + 1e-6 < item.end:
            return item.chord, chart[(i + 1) % len(chart)].chord
    return chart[-1].chord, chart[0].chord


def steps(pattern: str, beats: float) -> list[tuple[float, float, float]]:
    """The notes in a bar of tablature as (start, length, level), times in beats.

    >>> steps("x-.X", 4)
    [(0.0, 2.0, 0.78), (3.0, 1.0, 1.0)]
    """
    step = beats / len(pattern)
    notes: list[tuple[float, float, float]] = []
    for i, sign in enumerate(pattern):
        if sign in LEVELS:
            notes.append((i * step, step, LEVELS[sign]))
        elif sign == "-" and notes:
            start, _, level = notes[-1]
            notes[-1] = (start, (i + 1) * step - start, level)
    return notes


def _tokens(pattern: str, beats: float) -> list[tuple[float, float, str]]:
    """The words of a bar as (start, length, word), times in beats."""
    words = pattern.split()
    step = beats / len(words)
    tokens: list[tuple[float, float, str]] = []
    for i, word in enumerate(words):
        if word == "-" and tokens:
            start, _, token = tokens[-1]
            tokens[-1] = (start, (i + 1) * step - start, token)
        elif word not in (".", "-"):
            tokens.append((i * step, step, word))
    return tokens


def _write(
    song: Song, player: Player, section: Section, chart: list[ChordAt], rng: np.random.Generator
) -> list[Note]:
    """Write the notes of a part in a section; times in beats from the section's start."""
    play = player.part.play
    if isinstance(play, Melody):
        return _melody(song, play, section, chart, rng)
    if isinstance(play, Walk):
        return _walk(song, play, section, chart, rng)
    if isinstance(play, Shadow):
        return _shadow(song, play, section, chart)
    return _repeat_patterns(song, play, player.part.name, section, chart)


def _bars(song: Song, section: Section) -> range:
    return range(round((section.end - section.start) / song.artist.substyle.beats))


def _repeat_patterns(
    song: Song,
    play: Bass | Comp | Arpeggio | Riff,
    name: str,
    section: Section,
    chart: list[ChordAt],
) -> list[Note]:
    """Write a part from one-bar patterns: a main pattern, and a second one in every fourth bar."""
    patterns = play.rhythms if isinstance(play, Comp) else play.patterns
    habits = np.random.Generator(np.random.PCG64(song.artist.habit + len(name)))
    favorites = tuple(patterns[i] for i in habits.permutation(len(patterns))[:3])
    rng = song.rng("pattern", name, section.name)
    main, variation = pick(rng, favorites), pick(rng, favorites)
    beats = song.artist.substyle.beats
    notes: list[Note] = []
    for bar in _bars(song, section):
        pattern = variation if bar % 4 == 3 else main
        at = bar * beats
        if isinstance(play, Comp):
            notes += _comp(song, play, pattern, at, chart)
        elif isinstance(play, Bass):
            notes += _bass(song, play, pattern, at, chart)
        elif isinstance(play, Arpeggio):
            notes += _arpeggio(song, play, pattern, at, chart)
        else:
            notes += _riff(song, play, pattern, at, chart)
    return notes


def voice(chord: Chord, tonic: int, voicing: str, center: int) -> tuple[int, ...]:
    """MIDI pitches of a chord laid out around a center, lowest first.

    >>> from mgrlib.synth.theory import parse_chord
    >>> voice(parse_chord("I"), tonic=0, voicing="close", center=60)
    (55, 60, 64)
    """
    root = (tonic + chord.root) % 12
    if voicing in ("root", "power", "octaves"):
        low = center - 6 + (root - (center - 6)) % 12
        fifth = 6 if 6 in chord.tones and 7 not in chord.tones else 7
        shape = {"root": (0,), "power": (0, fifth, 12), "octaves": (0, 12)}[voicing]
        return tuple(low + s for s in shape)
    rootless = voicing == "rootless" and len(chord.tones) > 3
    tones = chord.tones[1:] if rootless else chord.tones
    classes = sorted({(root + t) % 12 for t in tones[:5]})
    bottom = center - 6
    close = sorted(bottom + (c - bottom) % 12 for c in classes)
    if voicing == "guitar":
        low = 40 + (root - 40) % 12
        return tuple(sorted({low, *close, close[0] + 12}))[:6]
    if voicing == "open" and len(close) > 2:
        close[1] += 12
        return tuple(sorted(close))
    return tuple(close)


def _comp(song: Song, play: Comp, pattern: str, at: float, chart: list[ChordAt]) -> list[Note]:
    notes = []
    for count, (start, length, level) in enumerate(steps(pattern, song.artist.substyle.beats)):
        chord, _ = _chord_at(chart, at + start)
        pitches = voice(chord, song.tonic, play.voicing, play.center)
        length = min(length, 0.3) if play.short else length
        mark = "m" if play.short else ("u" if count % 2 else "")
        notes.append(Note(at + start, length, pitches, level, mark))
    return notes


def _arpeggio(
    song: Song, play: Arpeggio, pattern: str, at: float, chart: list[ChordAt]
) -> list[Note]:
    notes = []
    for start, length, word in _tokens(pattern, song.artist.substyle.beats):
        chord, _ = _chord_at(chart, at + start)
        pitches = voice(chord, song.tonic, play.voicing, play.center)
        number = int(word)
        pitch = pitches[number % len(pitches)] + 12 * (number // len(pitches))
        level = 0.85 if start == 0 else 0.65
        notes.append(Note(at + start, length * 1.5, (pitch,), level))
    return notes


_BASS_DEGREES = {"1": 0, "2": 2, "b3": 3, "4": 5, "5": 7, "6": 9, "b7": 10, "8": 12, "10": 16}


def _bass(song: Song, play: Bass, pattern: str, at: float, chart: list[ChordAt]) -> list[Note]:
    notes = []
    for start, length, word in _tokens(pattern, song.artist.substyle.beats):
        chord, next_chord = _chord_at(chart, at + start)
        root = play.lowest + (song.tonic + chord.root - play.lowest) % 12
        if word == "a":
            target = play.lowest + (song.tonic + next_chord.root - play.lowest) % 12
            pitch = target + (1 if target < root else -1)
        elif word in ("3", "7"):
            index = 1 if word == "3" else 3
            pitch = root + (chord.tones[index] if index < len(chord.tones) else 7)
        elif word == "5" and 7 not in chord.tones and len(chord.tones) > 2:
            pitch = root + chord.tones[2]
        else:
            pitch = root + _BASS_DEGREES[word]
        notes.append(Note(at + start, length * 0.95, (pitch,), 0.9 if start == 0 else 0.78))
    return notes


def _riff(song: Song, play: Riff, pattern: str, at: float, chart: list[ChordAt]) -> list[Note]:
    shape = {"power": (0, 7, 12), "fifth": (0, 7), "single": (0,), "octaves": (0, 12)}[play.voicing]
    notes = []
    for start, length, word in _tokens(pattern, song.artist.substyle.beats):
        chord, _ = _chord_at(chart, at + start)
        root = song.tonic if play.on_tonic else song.tonic + chord.root
        low = play.lowest + (root - play.lowest) % 12
        is_muted = word.endswith("m")
        pitch = low + int(word.rstrip("m"))
        pitches = tuple(pitch + s for s in (shape[:2] if is_muted else shape))
        level = 0.7 if is_muted else 0.95
        notes.append(
            Note(at + start, length * (0.8 if is_muted else 1.0), pitches, level, "m" * is_muted)
        )
    return notes


def _walk(
    song: Song, play: Walk, section: Section, chart: list[ChordAt], rng: np.random.Generator
) -> list[Note]:
    beats = song.artist.substyle.beats
    low, high = play.lowest, play.lowest + 19
    pitch = low + (song.tonic - low) % 12
    notes = []
    for beat in range(len(_bars(song, section)) * beats):
        chord, next_chord = _chord_at(chart, beat)
        is_new = any(abs(item.start - beat) < 1e-6 for item in chart)
        leads = any(abs(item.start - beat - 1) < 1e-6 for item in chart)
        root = song.tonic + chord.root
        if is_new:
            options = [p for p in range(low, high) if (p - root) % 12 == 0]
        elif leads and rng.random() < 0.7:
            target = song.tonic + next_chord.root
            options = [p for p in range(low, high) if (p - target) % 12 in (1, 11)]
        else:
            tones = {(root + t) % 12 for t in chord.tones[:4]} | {(root + 2) % 12}
            options = [p for p in range(low, high) if p % 12 in tones and p != pitch]
        near = sorted(options, key=lambda p: abs(p - pitch))[:3]
        pitch = int(pick(rng, tuple(near)))
        notes.append(Note(beat, 0.95, (pitch,), 0.85 if beat % 2 else 0.78))
        if rng.random() < 0.08:
            notes.append(Note(beat + 0.5, 0.4, (pitch,), 0.5, "m"))
    return notes


def _melody(
    song: Song, play: Melody, section: Section, chart: list[ChordAt], rng: np.random.Generator
) -> list[Note]:
    """Phrases of two bars in the order A A B A, with variations; a breath between them."""
    style = song.artist.substyle
    habits = np.random.Generator(np.random.PCG64(song.artist.habit + 7))
    cells = tuple(play.rhythms[i] for i in habits.permutation(len(play.rhythms))[:4])
    scale = SCALES[play.scale or song.mode]
    ladder = [p for p in range(play.low, play.high + 1) if (p - song.tonic) % 12 in scale]
    phrases = {
        name: [(pick(rng, cells), rng.integers(2**31)) for _ in range(2)] for name in ("A", "B")
    }
    place = int(len(ladder) * rng.uniform(0.35, 0.65))
    notes: list[Note] = []
    for bar in _bars(song, section):
        name = "AABA"[(bar // 2) % 4]
        rhythm, number = phrases[name][bar % 2]
        moves = np.random.Generator(np.random.PCG64(int(number)))
        if moves.random() < play.rest * (1.6 if bar % 2 else 0.4):
            continue
        for start, length, level in steps(rhythm, style.beats):
            at = bar * style.beats + start
            place = _step(play, place, len(ladder), moves)
            chord, _ = _chord_at(chart, at)
            if start % 1 == 0 and moves.random() < 0.75:
                place = _to_chord(place, ladder, chord, song.tonic)
            pitches = [ladder[place]]
            if play.voices > 1:
                pitches += [ladder[max(0, place - 2 * v)] for v in range(1, play.voices)]
            mark = "b" if moves.random() < play.bend and length >= 0.4 else ""
            notes.append(Note(at, length * 0.85, tuple(dict.fromkeys(pitches)), level, mark))
    return notes


def _shadow(song: Song, play: Shadow, section: Section, chart: list[ChordAt]) -> list[Note]:
    """Another part's tune, thinned out or divided, at the same time as that part plays it."""
    leader = next(p.part for p in song.artist.players if p.part.name == play.of)
    if not isinstance(leader.play, Melody):
        raise CorpusError(explain("Shadow", "a part with a Melody", repr(play.of)))
    tune = _melody(song, leader.play, section, chart, song.rng("part", leader.name, section.name))
    if play.every:
        tune = _thinned(tune, play.every, section.end - section.start)
    scale = SCALES[leader.play.scale or song.mode]
    notes = []
    for note in tune:
        pitch = int(note.pitches[0]) + play.shift
        length = note.length / play.divide
        for i in range(play.divide):
            # The note itself on even places; the scale's upper and lower neighbor in turn between.
            step = (0, 1, 0, -1)[i % 4]
            near = _neighbor(pitch, step, song.tonic, scale)
            level = note.velocity * (1.0 if i == 0 else 0.8)
            notes.append(Note(note.start + i * length, length, (near,), level))
    return notes


def _thinned(tune: list[Note], every: float, end: float) -> list[Note]:
    """The notes on multiples of `every` beats, each held to the next, times from 0 to `end`."""
    main = [note for note in tune if note.start % every < 1e-6]
    ends = [note.start for note in main[1:]] + [end]
    return [
        note._replace(length=0.95 * (stop - note.start))
        for note, stop in zip(main, ends, strict=True)
    ]


def _neighbor(pitch: int, step: int, tonic: int, scale: tuple[int, ...]) -> int:
    """The scale's note above (1) or below (-1) a pitch of the scale, or the pitch itself (0)."""
    near = pitch + step
    while step and (near - tonic) % 12 not in scale:
        near += step
    return near


def _step(play: Melody, place: int, n: int, rng: np.random.Generator) -> int:
    """The next place on the ladder: mostly a step, sometimes a leap, back from the edges."""
    if rng.random() < play.steady:
        return place
    size = int(rng.integers(2, 5)) if rng.random() < play.leap else 1
    pull = 0.5 + 0.4 * (0.5 - place / max(n - 1, 1)) * 2
    direction = 1 if rng.random() < pull else -1
    return min(max(place + size * direction, 0), n - 1)


def _to_chord(place: int, ladder: list[int], chord: Chord, tonic: int) -> int:
    tones = {(tonic + chord.root + t) % 12 for t in chord.tones}
    for distance in (0, 1, -1, 2, -2):
        target = place + distance
        if 0 <= target < len(ladder) and ladder[target] % 12 in tones:
            return target
    return place


def _drum(
    song: Song,
    section: Section,
    begin: float,
    beat: float,
    number: int,
    rng: np.random.Generator,
    seconds: float,
) -> list[Hit]:
    """The drums of a section: its groove, a fill before the next section, a crash after it."""
    style = song.artist.substyle
    habits = np.random.Generator(np.random.PCG64(song.artist.habit + 3))
    grooves = tuple(style.grooves[i] for i in habits.permutation(len(style.grooves))[:2])
    groove: Groove = pick(song.rng("groove", section.name), grooves)
    has_crash = any(line.startswith("crash") for line in groove.fill)
    hits: list[Hit] = []
    bars = _bars(song, section)
    # Once every quarter of a beat is enough for waves of seconds.
    swell = song.swell(section.start + np.arange(4 * (len(bars) + 1) * style.beats) / 4).tolist()
    for bar in bars:
        at = bar * style.beats
        last = bar == bars[-1] or (bar % 4 == 3 and rng.random() < 0.25)
        lines = groove.lines
        if last and rng.random() < style.fills:
            lines = groove.fill
        if has_crash and bar == 0:
            lines = (*lines, "crash X...............")
        if at >= _last_bar(song, section):
            lines = ("kick X...............", "crash X...............")
        for line in lines:
            drum, pattern = line.split()
            for start, _, level in steps(pattern, style.beats):
                time = begin + _swing(song, at + start) * beat
                time += rng.normal(0, style.human_ms / 2000)
                if 0 <= time < seconds:
                    touch = min(max(1 + rng.normal(0, style.dynamics), 0.3), 1.4)
                    touch *= swell[round((at + start) * 4)]
                    hits.append(Hit(time, drum, level * touch))
    return hits
