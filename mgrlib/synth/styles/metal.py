"""Metal: palm-muted riffs on the low string, double kick, power chords, a scream or a solo."""

from mgrlib.synth.styles.style import Bass, Comp, Groove, Melody, Part, Riff, Sound, Style, Substyle

CHARTS = (
    "i | i | i | i",
    "i | i | bVI | bVII",
    "i | bII | i | bII",
    "i | bVI | bIII | bVII",
    "i | i | iv | bII",
    "i | bVII | bVI | bVII",
)
CHORUSES = (
    "bVI | bVII | i | i",
    "i | bVI | bIII | bVII",
    "i | bVI | iv | bVII",
    "i | bIII | bVII | iv",
)

GALLOP = "0m . 0m 0m 0m . 0m 0m 0m . 0m 0m 3 - 5 -"
CHUG = "0m 0m 0m 0m 0m 0m 3 - 0m 0m 0m 0m 5 - 3 -"
THRASH = "0m 0m 0m 0m 6 - 5 - 0m 0m 0m 0m 3 - 1 -"
SLOW_HEAVY = "0 - - - - - 0m 0m 3 - - - 1 - - -"
TREMOLO = "0 0 0 0 0 0 0 0 3 3 3 3 1 1 1 1"
STAB = "0 - . . 0m 0m 0 - . . 0m 0m 5 - 6 -"

DOUBLE_KICK = Groove(
    ("kick xxxxxxxxxxxxxxxx", "snare ....X.......X...", "hat x...x...x...x..."),
    (
        "kick xxxxxxxxxxxxxxxx",
        "snare ....X...XXxxXXXX",
        "tom ..........xx....",
        "crash ..............x.",
    ),
)
THRASH_BEAT = Groove(
    ("kick x..x..x.x..x..x.", "snare ..X...X...X...X.", "hat x.x.x.x.x.x.x.x."),
    ("kick x...x...x...x...", "snare XXXXXXXXXXXXXXXX", "crash x..............."),
)
HALF_TIME = Groove(
    ("kick x.....x...x.....", "snare ........X.......", "ride x...x...x...x..."),
    ("kick x.....x.........", "snare ........X.X.XXXX", "lowtom ....xxxx........"),
)
EIGHTHS = Groove(
    ("kick x...x.x...x.x...", "snare ....X.......X...", "hat X.x.X.x.X.x.X.x."),
    ("kick x...x.x.........", "snare ....X...X.X.XXXX", "crash ..............x."),
)
RIDE = Groove(
    ("kick x.xxx.xxx.xxx.xx", "snare ....X.......X...", "ride x.x.x.x.x.x.x.x."),
    ("kick x.xxx.xxx.xxx.xx", "snare ....X...XXXXXXXX", "crash x..............."),
)

SOLO_CELLS = ("xxxxxxxxxxxxxxxx", "x-xxx-xxx---x---", "x-------xxxxxxxx", "xxxxxxxxx-------")
VOCAL = ("x-x-x-x-x---....", "x---x---x-------", "x-xxx-x-x-x-....", "..x-x-x-x---x---")

_GUITARS = ("metal guitar",)


def _parts(voice: tuple[str, ...], riffs: tuple[str, ...], low: int) -> tuple[Part, ...]:
    return (
        Part("left guitar", _GUITARS, Riff(riffs, "power", low), 3, wet=0.06),
        Part("right guitar", _GUITARS, Riff(riffs, "fifth", low), 1, wet=0.06, chance=0.8),
        Part(
            "chorus guitar",
            _GUITARS,
            Comp(("x---x---", "x-------", "x-x-x-x-"), "power", low + 6),
            2,
            where="chorus ending",
            wet=0.08,
        ),
        Part(
            "bass",
            ("picked bass", "distorted bass"),
            Bass(("1 1 1 1 1 1 1 1", "1 . 1 1 1 . 1 1 1 . 1 1 1 . 1 1", "1 - - - 1 1 1 1"), 28),
            2,
        ),
        Part(
            "voice",
            voice,
            Melody(VOCAL, 52, 69, "minor pentatonic", rest=0.2, steady=0.3),
            5,
            where="verse chorus",
            wet=0.15,
        ),
        Part(
            "solo",
            ("lead guitar",),
            Melody(SOLO_CELLS, 64, 91, "minor", leap=0.15, rest=0.05, bend=0.2),
            2,
            where="bridge intro solo",
            wet=0.3,
        ),
    )


HEAVY = Substyle(
    "heavy metal",
    tempo=(104, 168),
    modes=("minor", "phrygian"),
    verse=CHARTS,
    chorus=CHORUSES,
    bridge=CHARTS,
    grooves=(EIGHTHS, DOUBLE_KICK, RIDE),
    kits=("metal", "rock"),
    human_ms=5,
    dynamics=0.06,
    endings=("cadence",),
    parts=_parts(("male voice", "rough voice", "male voice"), (GALLOP, CHUG, STAB, SLOW_HEAVY), 40),
    sound=Sound(
        balance=(11, 11, 5, 0, -3, -4, -6, -17),
        loudness_db=(-17, 3.3),
        squash=0.7,
        bandwidth_hz=(8700, 9700),
        reverb=(0.8, 0.12),
        drums_db=0,
        spread_db=3,
    ),
    moods=("aggressive", "energetic"),
    weight=4,
)

THRASH_METAL = Substyle(
    "thrash and death",
    tempo=(120, 190),
    modes=("phrygian", "minor"),
    verse=CHARTS,
    chorus=CHORUSES,
    bridge=CHARTS,
    grooves=(THRASH_BEAT, DOUBLE_KICK, HALF_TIME),
    kits=("metal",),
    human_ms=4,
    dynamics=0.06,
    endings=("cadence",),
    parts=_parts(("metal scream", "rough voice"), (THRASH, CHUG, TREMOLO, STAB), 38),
    sound=Sound(
        balance=(12, 11, 4, 0, -2, -2, -4, -16),
        loudness_db=(-16, 3),
        squash=0.8,
        bandwidth_hz=(8700, 9700),
        reverb=(0.5, 0.1),
        drums_db=1,
        spread_db=3,
    ),
    moods=("aggressive", "dark"),
    weight=4,
)

DOOM = Substyle(
    "slow and heavy",
    tempo=(66, 104),
    modes=("phrygian", "minor"),
    verse=CHARTS,
    chorus=CHORUSES,
    bridge=CHARTS,
    grooves=(HALF_TIME, EIGHTHS),
    kits=("metal", "rock"),
    dynamics=0.08,
    endings=("cadence",),
    parts=_parts(("male voice", "metal scream"), (SLOW_HEAVY, STAB, CHUG), 38),
    sound=Sound(
        balance=(13, 11, 5, -1, -5, -6, -8, -20),
        loudness_db=(-17, 3.5),
        squash=0.6,
        bandwidth_hz=(8700, 9700),
        reverb=(1.2, 0.18),
        drums_db=0,
        spread_db=3.5,
    ),
    moods=("dark", "aggressive"),
    weight=2.5,
)

STYLE = Style(
    "metal",
    "Palm-muted riffs and power chords through a saturated amplifier, double kick, no air left.",
    (HEAVY, THRASH_METAL, DOOM),
)
