"""Three sketches outside the ten genres, each built of a few documented features.

A sketch is made of features that scholars describe in music of several places: additive meters
of twos and threes (Moelants, 2006), a drone below a scale with neutral intervals (Marcus, 1993),
layers that play one tune at different densities in five near-equal steps (Li, 2006). It is not a
piece, a repertoire or an instrument of any of these places. It leaves out what listeners there
would hear first, such as ornament, timbre, form, text and occasion, and it is played by the
instruments of the embedded corpus. What it can show is how a classifier behaves when the
*measurable* features of its input change; it shows nothing about any tradition.
"""

from __future__ import annotations

from mgrlib.synth.styles.style import (
    Comp,
    Groove,
    Melody,
    Part,
    Riff,
    Shadow,
    Sound,
    Style,
    Substyle,
)

FORM = ("verse", "chorus", "verse", "chorus", "ending")
OPEN = ("I5", "I5 | I5 | bVII5 | I5")

ACOUSTIC = Sound(
    balance=(-2, 2, 3, 1, -4, -10, -17, -27),
    loudness_db=(-21, 4),
    squash=0.15,
    bandwidth_hz=(8000, 10800),
    reverb=(1.0, 0.3),
    hiss_db=(-38, 8),
    spread_db=4.5,
)
STRUCK = Sound(
    balance=(-1, 0, 1, 0, -6, -12, -20, -30),
    loudness_db=(-23, 4),
    squash=0.05,
    bandwidth_hz=(8000, 10800),
    reverb=(1.6, 0.4),
    hiss_db=(-40, 8),
    spread_db=4.5,
)

# Seven fast beats as 2 + 2 + 3, and nine as 2 + 2 + 2 + 3; two characters per beat.
SEVEN = Groove(
    ("lowtom X...x...X.....", "rim ..o...o...x.o.", "tambourine x.o.x.o.x.o.o."),
    ("lowtom X.x.X.x.X.xxx.", "rim ..x...x...x.x."),
)
NINE = Groove(
    ("lowtom X...x...x...X.....", "rim ..o...o...o...x.o.", "tambourine x.o.x.o.x.o.x.o.o."),
    ("lowtom X.x.X.x.X.x.X.xxx.", "rim ..x...x...x...x.x."),
)
SEVEN_TUNE = ("x-x-x-x-x-x-x-", "x---x---x-----", "x-x-x---x-x-x-", "x---x-x-x---x-")
NINE_TUNE = ("x-x-x-x-x-x-x-x-x-", "x---x---x---x-----", "x-x-x---x-x-x-x-x-")


def _additive(
    name: str, beats: int, groove: Groove, tune: tuple[str, ...], chords: tuple[str, ...]
) -> Substyle:
    """A dance tune over groups of two and three beats, on a drone and a few open chords."""
    return Substyle(
        name,
        tempo=(270, 400),
        modes=("minor", "dorian", "phrygian"),
        verse=OPEN,
        form=FORM,
        beats=beats,
        grooves=(groove,),
        kits=("vintage", "country"),
        human_ms=9,
        dynamics=0.16,
        endings=("fade",),
        sound=ACOUSTIC,
        parts=(
            Part("tune", ("fiddle", "clarinet", "accordion"), Melody(tune, 62, 82, rest=0.05), 2),
            Part("second tune", ("clarinet", "mandolin", "fiddle"), Shadow("tune"), -3, 0.7),
            Part(
                "chords",
                ("mandolin", "nylon guitar", "accordion"),
                Comp(chords, "guitar", 55, short=True),
                -3,
            ),
            Part("drone", ("low strings", "cello"), Riff(("0 -",), "fifth", 38, True), -6),
        ),
    )


ADDITIVE = Style(
    "additive",
    "A tune in groups of two and three fast beats, over a drum and open chords.",
    (
        _additive("2+2+3", 7, SEVEN, SEVEN_TUNE, ("x---x---x-x-x-", "..x-..x-..x-x-")),
        _additive("2+2+2+3", 9, NINE, NINE_TUNE, ("x---x---x---x-x-x-", "..x-..x-..x-..x-x-")),
    ),
)

SLOW_TUNE = ("x-------x-x-----", "x---x-x-x-------", "x-----x-x---x---", "..x-x-x-x-x-----")
STROKES = (
    Groove(("kick x.....x.x.......", "conga ..x...x.....x...", "shaker ..o...o...o...o.")),
    Groove(
        ("kick x.......x.......", "conga ....x.x.....x.x.", "rim ..o.......o....."),
    ),
)


def _drone(name: str, mode: str, tuning: tuple[tuple[int, float], ...], drums: bool) -> Substyle:
    """One line in a scale with neutral intervals, followed by a second player, over a drone."""
    return Substyle(
        name,
        tempo=(62, 104),
        modes=(mode,),
        verse=("I5",),
        form=FORM,
        grooves=STROKES if drums else (),
        kits=("jazz", "vintage"),
        human_ms=18,
        dynamics=0.22,
        swell_db=5,
        fills=0.0,
        endings=("fade",),
        sound=ACOUSTIC,
        tuning=tuning,
        tuning_spread=6.0,
        parts=(
            Part("tune", ("fiddle", "viola", "oboe"), Melody(SLOW_TUNE, 60, 79, leap=0.1), 3),
            Part(
                "follower",
                ("nylon guitar", "twelve-string guitar", "mandolin"),
                Shadow("tune", divide=2),
                -2,
            ),
            Part("drone", ("low strings", "accordion"), Riff(("0 -",), "fifth", 38, True), -4),
        ),
    )


DRONE = Style(
    "drone",
    "A line in a scale with intervals between minor and major, over a held tone.",
    (
        _drone("neutral third", "neutral third", ((4, -50.0), (11, -50.0)), drums=True),
        _drone("neutral second", "neutral second", ((2, -50.0),), drums=True),
        _drone("neutral third, no drums", "neutral third", ((4, -50.0), (11, -50.0)), drums=False),
    ),
)

# Five steps of about 240 cents; an artist's set of bars has its own version of them.
FIVE = ((2, 40.0), (5, -20.0), (7, 20.0), (10, -40.0))
CORE_TUNE = ("x---x---x---x---", "x-------x---x---", "x---x-------x---")


def _layers(name: str, tempo: tuple[float, float], drums: bool) -> Substyle:
    """A core tune on struck bars, the same tune at several densities, and gongs."""
    return Substyle(
        name,
        tempo=tempo,
        modes=("five near-equal",),
        verse=("I5",),
        form=FORM,
        grooves=(
            (Groove(("conga x..x..x.x..xx.x.",)), Groove(("conga x.x...x.x.x...xx",)))
            if drums
            else ()
        ),
        kits=("jazz",),
        human_ms=6,
        dynamics=0.12,
        fills=0.0,
        swell_db=4,
        endings=("fade",),
        sound=STRUCK,
        tuning=FIVE,
        tuning_spread=12.0,
        parts=(
            Part("core", ("vibraphone", "bell"), Melody(CORE_TUNE, 60, 74, leap=0.1, rest=0.0), 1),
            Part("slow layer", ("vibraphone",), Shadow("core", -12, every=4.0), 0),
            Part("fast layer", ("vibraphone", "glockenspiel"), Shadow("core", 12, divide=4), -4),
            Part("faster layer", ("glockenspiel",), Shadow("core", 12, divide=8), -9, chance=0.5),
            Part("gong", ("bell",), Riff(("0 - - -",), "single", 31, True), -2),
            Part("flute", ("flute",), Shadow("core", 12), -4, chance=0.4),
        ),
    )


LAYERS = Style(
    "layers",
    "One tune at several densities at once, on struck bars with five near-equal steps.",
    (_layers("slow", (50, 72), drums=False), _layers("fast", (76, 120), drums=True)),
)

SKETCHES: dict[str, Style] = {style.genre: style for style in (ADDITIVE, DRONE, LAYERS)}
"""The sketches by name. They are no part of the embedded corpus and its ten genres."""
