"""The data types of styles: parts and what they play, grooves, sounds, and substyles.

Rhythms are written as drum tablature. Each character is a step, and the steps divide the bar
evenly: ``x`` is a note, ``X`` an accented note, ``o`` a soft note, ``-`` continues the previous
note, and ``.`` is silence. Eight characters in a 4/4 bar are eighth notes, sixteen are sixteenth
notes, and twelve are triplets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

BANDS_HZ = (60, 120, 250, 500, 1000, 2000, 4000, 8000)
FORM = ("intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "ending")


@dataclass(frozen=True)
class Bass:
    """A bass line: one bar of steps, in chord degrees.

    ``1 3 5 6 b7 8`` are degrees of the chord, ``a`` leads into the next root by a semitone, ``-``
    holds, ``.`` rests. ``"1 . 8 . 1 . 8 ."`` is a disco bass.
    """

    patterns: tuple[str, ...]
    lowest: int = 28


@dataclass(frozen=True)
class Walk:
    """A walking bass: a new note on every beat, mostly chord tones, leading into the next root."""

    lowest: int = 31


@dataclass(frozen=True)
class Comp:
    """Chords in rhythm. `voicing`: close, open, power, guitar, rootless, octaves or root.

    `center` is the MIDI pitch around which the chord lies; `short` cuts each chord off.
    """

    rhythms: tuple[str, ...]
    voicing: str = "close"
    center: int = 60
    short: bool = False


@dataclass(frozen=True)
class Arpeggio:
    """Broken chords: numbers are the chord's notes from the lowest, ``-`` holds, ``.`` rests."""

    patterns: tuple[str, ...]
    voicing: str = "open"
    center: int = 60


@dataclass(frozen=True)
class Riff:
    """A figure that repeats, in semitones above the root; ``m`` after a number mutes the note.

    `voicing`: "power" (root, fifth, octave), "fifth", "single", or "octaves".
    """

    patterns: tuple[str, ...]
    voicing: str = "power"
    lowest: int = 40
    on_tonic: bool = False


@dataclass(frozen=True)
class Melody:
    """A tune: rhythm cells, a scale, a range, and how it moves.

    `leap`: chance of a leap; `rest`: chance that a bar of the phrase stays silent; `bend`: chance
    of a bent note; `voices`: thirds or sixths below, for two singers.
    """

    rhythms: tuple[str, ...]
    low: int = 60
    high: int = 77
    scale: str = ""
    leap: float = 0.2
    rest: float = 0.2
    bend: float = 0.0
    voices: int = 1
    steady: float = 0.0


@dataclass(frozen=True)
class Shadow:
    """The tune of another part, played in its own way at the same time: heterophony.

    `of`: the name of a part with a `Melody`; `shift`: semitones above it; `divide`: how many notes
    replace each of its notes, going to the scale's neighbors and back; `every`: play only its notes
    on multiples of so many beats and hold each to the next, 0 for all notes.
    """

    of: str
    shift: int = 0
    divide: int = 1
    every: float = 0.0


Play = Bass | Walk | Comp | Arpeggio | Riff | Melody | Shadow


@dataclass(frozen=True)
class Part:
    """One instrument of the band and what it does.

    `instruments`: the instruments from which an artist chooses; `chance`: the fraction of artists
    that have this part; `where`: the sections in which it plays, all if empty; `wet`: the level of
    reverb; `echo`: the level of a tape echo that repeats every three quarters of a beat.
    """

    name: str
    instruments: tuple[str, ...]
    play: Play
    level_db: float = 0.0
    chance: float = 1.0
    where: str = ""
    wet: float = 0.25
    echo: float = 0.0


@dataclass(frozen=True)
class Groove:
    """One bar of drums, with a line per drum: its name and its steps, as in ``"kick x...x..."``."""

    lines: tuple[str, ...]
    fill: tuple[str, ...] = ("snare ........x.xxXXXX", "kick x.......x.......")


@dataclass(frozen=True)
class Sound:
    """How the band is recorded.

    Args:
        balance: the target spectrum of mastering, in dB at `BANDS_HZ`.
        loudness_db: mean and standard deviation of the clips' RMS level, in dB below full scale.
        squash: compression, 0 (none) to 1 (a brick).
        bandwidth_hz: range in which the upper limit of the recording lies.
        reverb: (seconds, level) of the room.
        hiss_db: level of the noise against the music, mean and spread.
        spread_db: how far artists differ in each band.
        drums_db: level of the drums; `drum_echo`: how much of snare and rim the tape echo repeats.
        vinyl: clicks per second.
    """

    balance: tuple[float, ...] = (8, 7, 5, 0, -5, -9, -13, -18)
    loudness_db: tuple[float, float] = (-18.0, 3.0)
    squash: float = 0.4
    bandwidth_hz: tuple[float, float] = (9000.0, 10600.0)
    reverb: tuple[float, float] = (1.0, 0.25)
    hiss_db: tuple[float, float] = (-45.0, 7.0)
    spread_db: float = 4.0
    drums_db: float = 0.0
    drum_echo: float = 0.0
    vinyl: float = 0.0


@dataclass(frozen=True)
class Substyle:
    """One way in which a genre is played.

    Args:
        tempo: range of tempi in BPM (of the beat that `beats` counts).
        swing: the position of a beat's second half: 0.5 for straight rhythm, 0.67 for triplets.
        swing_beats: length in beats of what is swung: 1 swings eighths, 0.5 sixteenths.
        modes: scales of `theory.SCALES` from which songs choose.
        verse, chorus, bridge: charts in Roman numerals; each song has one of each.
        kit: "" for no drums.
        human_ms: how far notes fall from the grid.
        dynamics: spread of neighboring notes' loudness, 0 to 1.
        swell_db: how much the loudness of the whole band varies over some seconds.
        endings: how songs end: "cadence" (a last chord that rings) or "fade".
        moods: tags.
        tuning: (semitones above the tonic, cents) of the notes that differ from equal temperament.
        tuning_spread: the cents by which each artist's scale differs from `tuning`.
        weight: the relative number of the genre's artists with this substyle.
    """

    name: str
    tempo: tuple[float, float]
    modes: tuple[str, ...]
    verse: tuple[str, ...]
    parts: tuple[Part, ...]
    chorus: tuple[str, ...] = ()
    bridge: tuple[str, ...] = ()
    grooves: tuple[Groove, ...] = ()
    kits: tuple[str, ...] = ("rock",)
    beats: int = 4
    swing: float = 0.5
    swing_beats: float = 1.0
    human_ms: float = 8.0
    dynamics: float = 0.12
    swell_db: float = 2.0
    fills: float = 0.8
    form: tuple[str, ...] = FORM
    section_bars: int = 8
    endings: tuple[str, ...] = ("cadence", "fade")
    sound: Sound = field(default_factory=Sound)
    moods: tuple[str, ...] = ()
    weight: float = 1.0
    tuning: tuple[tuple[int, float], ...] = ()
    tuning_spread: float = 0.0


@dataclass(frozen=True)
class Style:
    """A genre: a name, one sentence, and the ways in which it is played."""

    genre: str
    text: str
    substyles: tuple[Substyle, ...]
