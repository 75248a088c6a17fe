"""Rock: a riff, a backbeat, guitars through a pushed amplifier, a singer above them."""

from mgrlib.synth.styles.style import (
    Arpeggio,
    Bass,
    Comp,
    Groove,
    Melody,
    Part,
    Riff,
    Sound,
    Style,
    Substyle,
)

VERSES = (
    "I | bVII | IV | I",
    "I | IV | I | V",
    "i | bVII | bVI | bVII",
    "I | I | IV | IV",
    "vi | IV | I | V",
    "i | i | bIII | IV",
)
CHORUSES = (
    "IV | V | I | I",
    "bVI | bVII | I | I",
    "I | V | IV | V",
    "I | V | vi | IV",
    "bVII | IV | I | I",
)
BRIDGES = ("vi | V | IV | V", "iv | bVII | bIII | V", "ii | ii | IV | V")
LINES = (
    "x-x-x-x-x---....",
    "..x-x-x-x-x-x---",
    "x---x-x-x-x-....",
    "x-xxx---........",
    "....x-x-x---x---",
)
LICKS = ("x-x-xxx-x---....", "xxxxx-x-x-------", "x---x-x-xxx-x---", "........xxxxx---")

BACKBEAT = Groove(
    ("kick X...x.x.", "snare ..X...X.", "hat xxxxxxxx"),
    ("kick X...x...", "snare ..X.XXXX", "tom ....xx..", "crash .......x"),
)
DRIVING = Groove(
    ("kick X.x.x.x.X.x.x.x.", "snare ....X.......X...", "open x.x.x.x.x.x.x.x."),
    ("kick X.......x.......", "snare ....X...XXxxXXXX", "crash ..............x."),
)
HEAVY = Groove(
    ("kick X.....x.X.x.....", "snare ....X.......X..o", "hat x.x.x.x.x.x.x.x."),
    (
        "kick X.....x.........",
        "snare ....X...........",
        "tom ......xxxx......",
        "lowtom ..........xxxxXX",
    ),
)
HALF = Groove(
    ("kick X.......x.x.....", "snare ........X.......", "ride x.x.x.x.x.x.x.x."),
    ("kick X.......x.......", "snare ........X.x.xXXX"),
)
LIGHT = Groove(("kick X.......x.......", "rim ....x.......x...", "hat x.x.x.x.x.x.x.x."))

CLASSIC = Substyle(
    "classic rock",
    tempo=(84, 144),
    modes=("mixolydian", "major", "minor"),
    verse=VERSES,
    chorus=CHORUSES,
    bridge=BRIDGES,
    grooves=(BACKBEAT, HEAVY, DRIVING),
    kits=("rock", "vintage"),
    parts=(
        Part(
            "riff",
            ("crunch guitar", "overdriven guitar"),
            Riff(
                ("0 - 0m 3 - 5 3 0", "0 . 0 10 12 . 10 7", "0 0m 0m 0 3 - 5 -", "0 - . 0 5 - 3 -"),
                "fifth",
                40,
            ),
            1,
            where="intro verse ending",
        ),
        Part(
            "rhythm guitar",
            ("crunch guitar", "clean guitar", "overdriven guitar"),
            Comp(("x-xxx-xx", "x---x-x-", "x-.xx-.x"), "power", 52),
            0,
        ),
        Part(
            "bass",
            ("picked bass", "electric bass"),
            Bass(("1 1 1 1 1 1 1 1", "1 - 1 - 1 - 5 a", "1 . 1 1 . 1 5 8")),
            2,
        ),
        Part(
            "organ",
            ("rock organ", "piano", "bright piano"),
            Comp(("x-------", "x---x---"), "close", 64),
            -4,
            chance=0.5,
        ),
        Part(
            "voice",
            ("male voice", "rough voice", "female voice"),
            Melody(LINES, 55, 74, "minor pentatonic", rest=0.25, steady=0.2),
            7,
            where="verse chorus",
        ),
        Part(
            "solo",
            ("lead guitar", "bluesy lead", "overdriven guitar"),
            Melody(LICKS, 62, 86, "minor pentatonic", rest=0.1, bend=0.3),
            2,
            where="bridge intro",
        ),
    ),
    sound=Sound(
        balance=(6, 7, 6, 1, -3, -6, -10, -18),
        loudness_db=(-18, 3),
        squash=0.45,
        bandwidth_hz=(8800, 11000),
        reverb=(1.0, 0.18),
        drums_db=1,
    ),
    moods=("energetic", "earthy"),
    weight=4,
)

ALTERNATIVE = Substyle(
    "alternative rock",
    tempo=(80, 150),
    modes=("minor", "major"),
    verse=VERSES,
    chorus=CHORUSES,
    bridge=BRIDGES,
    grooves=(DRIVING, HEAVY, HALF),
    kits=("rock",),
    parts=(
        Part(
            "verse guitar",
            ("clean guitar", "crunch guitar"),
            Arpeggio(("0 2 1 3 2 1 2 3", "0 1 2 3 2 1 2 1"), "open", 57),
            0,
            where="verse intro",
        ),
        Part(
            "chorus guitar",
            ("overdriven guitar", "metal guitar", "overdriven guitar"),
            Comp(("xxxxxxxx", "x-xxx-xx", "x---x-x-"), "power", 48),
            2,
            where="chorus bridge ending",
        ),
        Part(
            "second guitar",
            ("overdriven guitar", "crunch guitar"),
            Comp(("x-------", "x---x---"), "octaves", 60),
            -2,
            chance=0.7,
        ),
        Part(
            "bass",
            ("picked bass", "distorted bass"),
            Bass(("1 1 1 1 1 1 1 1", "1 - 1 1 - 1 5 -")),
            3,
        ),
        Part(
            "voice",
            ("male voice", "rough voice", "female voice"),
            Melody(LINES, 55, 74, "", rest=0.2, steady=0.3),
            7,
            where="verse chorus bridge",
        ),
    ),
    sound=Sound(
        balance=(7, 7, 6, 1, -2, -5, -9, -17),
        loudness_db=(-17.5, 3),
        squash=0.5,
        bandwidth_hz=(8800, 11000),
        reverb=(1.0, 0.18),
        drums_db=1,
    ),
    moods=("dark", "energetic"),
    weight=3,
)

SOFT = Substyle(
    "folk rock and soft rock",
    tempo=(68, 118),
    modes=("major", "dorian", "minor"),
    verse=VERSES,
    chorus=CHORUSES,
    bridge=BRIDGES,
    grooves=(LIGHT, BACKBEAT, HALF),
    kits=("rock", "vintage"),
    dynamics=0.16,
    parts=(
        Part(
            "acoustic guitar",
            ("steel guitar", "twelve-string guitar", "nylon guitar"),
            Comp(("x-xxx-xx", "x-x-xoxo", "x-..x-x."), "guitar", 57),
            1,
        ),
        Part(
            "picking",
            ("clean guitar", "steel guitar", "electric piano"),
            Arpeggio(("0 2 1 3 2 1 2 3", "0 - 2 1 3 - 2 1"), "open", 62),
            -2,
        ),
        Part("bass", ("electric bass",), Bass(("1 - - 1 5 - - a", "1 - - - 5 - - -")), 2),
        Part(
            "keys",
            ("organ", "electric piano", "piano", "flute"),
            Comp(("x-------",), "close", 64),
            -4,
            chance=0.6,
        ),
        Part(
            "voice",
            ("male voice", "female voice"),
            Melody(LINES, 53, 72, "", rest=0.2),
            8,
            where="verse chorus bridge",
        ),
        Part(
            "lead",
            ("bluesy lead", "flute", "alto sax", "lead guitar"),
            Melody(LICKS, 62, 84, "minor pentatonic", rest=0.2, bend=0.15),
            1,
            where="intro bridge",
        ),
    ),
    sound=Sound(
        balance=(4, 5, 5, -2, -7, -11, -16, -25),
        loudness_db=(-19.5, 3),
        squash=0.3,
        bandwidth_hz=(8800, 11000),
        reverb=(1.2, 0.22),
        drums_db=-2,
    ),
    moods=("relaxed", "sad"),
    weight=3,
)

STYLE = Style(
    "rock",
    "A guitar riff on a pushed amplifier, a straight backbeat, and a voice that has to shout.",
    (CLASSIC, ALTERNATIVE, SOFT),
)
