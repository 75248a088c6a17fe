"""Notes, scales and chord symbols."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache

from mgrlib.errors import CorpusError, explain

PITCH_CLASSES = ("C", "C#", "D", "Eb", "E", "F", "F#", "G", "Ab", "A", "Bb", "B")

# Semitones above the tonic.
SCALES: dict[str, tuple[int, ...]] = {
    "major": (0, 2, 4, 5, 7, 9, 11),
    "minor": (0, 2, 3, 5, 7, 8, 10),
    "harmonic minor": (0, 2, 3, 5, 7, 8, 11),
    "dorian": (0, 2, 3, 5, 7, 9, 10),
    "mixolydian": (0, 2, 4, 5, 7, 9, 10),
    "phrygian": (0, 1, 3, 5, 7, 8, 10),
    "blues": (0, 3, 5, 6, 7, 10),
    "major pentatonic": (0, 2, 4, 7, 9),
    "minor pentatonic": (0, 3, 5, 7, 10),
    "bebop": (0, 2, 4, 5, 7, 8, 9, 11),
    "whole tone": (0, 2, 4, 6, 8, 10),
    # Scales of the sketches, whose substyles retune some of these notes.
    "neutral third": (0, 2, 4, 5, 7, 9, 11),
    "neutral second": (0, 2, 3, 5, 7, 8, 10),
    "five near-equal": (0, 2, 5, 7, 10),
}

# Chord qualities by their suffix; semitones above the root.
QUALITIES: dict[str, tuple[int, ...]] = {
    "": (0, 4, 7),
    "m": (0, 3, 7),
    "5": (0, 7),
    "6": (0, 4, 7, 9),
    "m6": (0, 3, 7, 9),
    "7": (0, 4, 7, 10),
    "m7": (0, 3, 7, 10),
    "maj7": (0, 4, 7, 11),
    "9": (0, 4, 7, 10, 14),
    "m9": (0, 3, 7, 10, 14),
    "maj9": (0, 4, 7, 11, 14),
    "13": (0, 4, 10, 14, 21),
    "7#9": (0, 4, 10, 15),
    "7b9": (0, 4, 7, 10, 13),
    "sus4": (0, 5, 7),
    "sus2": (0, 2, 7),
    "add9": (0, 4, 7, 14),
    "dim": (0, 3, 6),
    "dim7": (0, 3, 6, 9),
    "m7b5": (0, 3, 6, 10),
    "aug": (0, 4, 8),
}

_DEGREES = {"I": 0, "II": 2, "III": 4, "IV": 5, "V": 7, "VI": 9, "VII": 11}
_SYMBOL = re.compile(r"(b|#)?(VII|VI|IV|V|III|II|I|vii|vi|iv|v|iii|ii|i)(.*)")


@dataclass(frozen=True)
class Chord:
    """A chord above a tonic: `root` in semitones (0 to 11), `tones` in semitones above the root."""

    root: int
    tones: tuple[int, ...]
    suffix: str

    def name(self, tonic: int) -> str:
        """The chord's name in a key, such as 'Bb7'.

        >>> parse_chord("bVII7").name(tonic=0)
        'Bb7'
        """
        return PITCH_CLASSES[(tonic + self.root) % 12] + self.suffix


@cache
def parse_chord(symbol: str) -> Chord:
    """Parse a Roman numeral: its case determines the third, its suffix the other notes.

    The degrees count from the major scale, so a minor key's sixth degree is written `bVI`.

    >>> parse_chord("ii7")
    Chord(root=2, tones=(0, 3, 7, 10), suffix='m7')
    """
    match = _SYMBOL.fullmatch(symbol)
    if match is None:
        raise CorpusError(explain("parse_chord", "a Roman numeral such as 'bVII7'", repr(symbol)))
    accidental, numeral, suffix = match.groups()
    minor = numeral.islower() and not suffix.startswith(("m", "dim"))
    suffix = "m" + suffix if minor else suffix
    if suffix not in QUALITIES:
        raise CorpusError(
            explain("parse_chord", f"one of the qualities {list(QUALITIES)}", repr(suffix))
        )
    shift = {"b": -1, "#": 1, None: 0}[accidental]
    return Chord((_DEGREES[numeral.upper()] + shift) % 12, QUALITIES[suffix], suffix)


@cache
def parse_progression(text: str) -> tuple[tuple[Chord, ...], ...]:
    """Parse a chart such as ``"I7 | IV7 | I7 | V7 IV7"`` into bars of chords.

    >>> [len(bar) for bar in parse_progression("ii7 V7 | Imaj7")]
    [2, 1]
    """
    return tuple(
        tuple(parse_chord(symbol) for symbol in bar.split())
        for bar in text.split("|")
        if bar.strip()
    )


def frequency(pitch: float) -> float:
    """The frequency in Hz of a MIDI pitch number; A4 = 69 = 440 Hz."""
    return float(440.0 * 2.0 ** ((pitch - 69.0) / 12.0))
