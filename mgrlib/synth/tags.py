"""A fixed vocabulary of tags for multi-label classification."""

from __future__ import annotations

INSTRUMENT_TAGS = (
    "accordion", "banjo", "bass", "brass", "clavinet", "distorted guitar", "drums",
    "electric piano", "electronic drums", "fiddle", "guitar", "harmonica", "harp", "harpsichord",
    "mallets", "mandolin", "organ", "pedal steel", "piano", "saxophone", "strings", "synthesizer",
    "woodwind",
)  # fmt: skip
TEMPO_TAGS = ("slow", "medium", "fast")
MODE_TAGS = ("major mode", "minor mode")
MOOD_TAGS = (
    "aggressive", "calm", "dark", "earthy", "energetic", "grand", "joyful", "relaxed", "romantic",
    "sad",
)  # fmt: skip
VOICE_TAGS = ("instrumental", "choir", "female voice", "male voice", "rap", "scream")
TAGS: tuple[str, ...] = INSTRUMENT_TAGS + TEMPO_TAGS + MODE_TAGS + MOOD_TAGS + VOICE_TAGS

_VOICES = {
    "male voice": "male voice",
    "rough voice": "male voice",
    "female voice": "female voice",
    "opera voice": "female voice",
    "rap voice": "rap",
    "metal scream": "scream",
    "choir": "choir",
    "backing voices": "choir",
}


def tempo_tag(tempo_bpm: float) -> str:
    """'slow' below 90 BPM, 'fast' from 125, 'medium' between."""
    return "slow" if tempo_bpm < 90 else ("fast" if tempo_bpm >= 125 else "medium")


def voice_tag(instrument: str) -> str | None:
    """The tag of a voice, or None if the instrument is not a voice."""
    return _VOICES.get(instrument)
