"""Disco: four on the floor, open hats off the beat, octave bass, strings, and a singer."""

from mgrlib.synth.styles.style import Bass, Comp, Groove, Melody, Part, Riff, Sound, Style, Substyle

LOOPS = (
    "i7 | i7 | iv7 | iv7",
    "i7 | bVII | bVI | V7",
    "ii7 | V7 | Imaj7 | vi7",
    "i7 | IV7 | i7 | IV7",
    "I | vi7 | ii7 | V7",
    "vi7 | ii7 | V7 | Imaj7",
)
CHORUSES = (
    "iv7 | bVII | bIII | bVI",
    "IVmaj7 | V | iii7 | vi7",
    "i7 | iv7 | bVII | i7",
    "ii7 | V7 | I | I",
)
HOOKS = (
    "x-x-x-x-x---....",
    "..x-x-x-x-x-x---",
    "x--x--x-x---....",
    "x---x-x-..x-x---",
    "x-xxx-x-x---....",
)
STRING_LINES = ("x-------xxxxx---", "..........xxxxxx", "x---x---x---x---", "xxxxxxxxx-------")

FOUR = Groove(
    (
        "kick X...x...X...x...",
        "snare ....X.......X...",
        "hat x.x.x.x.x.x.x.x.",
        "open ..x...x...x...x.",
    ),
    ("kick X...x...X...x...", "snare ....X...x.xxXXXX", "open ..x...x.........."),
)
SIXTEENTHS = Groove(
    (
        "kick X...x...X...x...",
        "clap ....X.......X...",
        "snare ....x.......x...",
        "hat xxx.xxx.xxx.xxx.",
        "open ...x...x...x...x",
    ),
    (
        "kick X...x...X...x...",
        "tom ........xxxx....",
        "lowtom ............xxxx",
        "snare ....X...........",
    ),
)
LATIN = Groove(
    (
        "kick X...x...X...x...",
        "snare ....X.......X..o",
        "open ..x...x...x...x.",
        "conga x..xx.x.x..xx.xx",
        "tambourine xxxxxxxxxxxxxxxx",
    ),
)

BASSES = Bass(
    (
        "1 . 8 . 1 . 8 .",
        "1 . 8 . 1 . 8 .",
        "1 . 8 1 . 8 1 8",
        "1 . . 1 8 . b7 8 . 1 . 1 8 . 5 b7",
        "1 - 1 8 . 8 1 -",
        "1 1 8 1 1 1 8 a",
    )
)

CLASSIC = Substyle(
    "Philadelphia strings and horns",
    tempo=(104, 130),
    modes=("minor", "dorian", "major"),
    verse=LOOPS,
    chorus=CHORUSES,
    grooves=(FOUR, SIXTEENTHS, LATIN),
    kits=("disco",),
    human_ms=6,
    endings=("fade", "fade", "cadence"),
    parts=(
        Part("bass", ("electric bass", "slap bass", "picked bass"), BASSES, 2),
        Part(
            "guitar",
            ("skank guitar", "clean guitar"),
            Comp(
                ("x.xxx.xxx.xxx.xx", "..xx..xx..xx..xx", ".xx..xx..xx..xx."),
                "close",
                64,
                short=True,
            ),
            -3,
        ),
        Part(
            "keys",
            ("electric piano", "clavinet", "piano"),
            Comp(("x---..x-x---..x-", "..x...x...x.x...", "x-----x-----x---"), "rootless", 64),
            -4,
        ),
        Part("strings", ("disco strings",), Melody(STRING_LINES, 70, 91, rest=0.3), 0, wet=0.4),
        Part(
            "string pad",
            ("disco strings",),
            Comp(("x---------------",), "open", 66),
            -4,
            where="chorus bridge",
            wet=0.4,
        ),
        Part(
            "horns",
            ("horn section",),
            Comp(
                ("..x.....x..x....", "x..x..x.........", "............x.x."),
                "close",
                65,
                short=True,
            ),
            -1,
            chance=0.7,
            where="chorus intro bridge",
        ),
        Part(
            "voice",
            ("female voice", "male voice"),
            Melody(HOOKS, 60, 79, rest=0.2),
            7,
            where="verse chorus",
        ),
        Part(
            "backing",
            ("backing voices",),
            Melody(HOOKS, 62, 79, rest=0.3, voices=2),
            0,
            where="chorus",
        ),
    ),
    sound=Sound(
        balance=(7, 8, 5, 0, -2, -5, -9, -15),
        loudness_db=(-17.5, 2.8),
        squash=0.35,
        bandwidth_hz=(8600, 11000),
        reverb=(1.0, 0.2),
        drums_db=1,
    ),
    moods=("joyful", "energetic"),
    weight=5,
)

ELECTRONIC = Substyle(
    "Munich synthesizers",
    tempo=(114, 134),
    modes=("minor", "dorian"),
    verse=LOOPS[:4],
    chorus=CHORUSES[:2],
    grooves=(FOUR, SIXTEENTHS),
    kits=("disco", "909"),
    human_ms=2,
    dynamics=0.06,
    endings=("fade", "fade", "cadence"),
    parts=(
        Part(
            "sequence",
            ("synth bass",),
            Riff(
                (
                    "0 12 0 12 0 12 0 12 0 12 0 12 0 12 0 12",
                    "0 0 12 0 0 10 12 0 0 0 12 0 7 0 10 12",
                ),
                "single",
                33,
            ),
            3,
        ),
        Part("pad", ("synth pad", "disco strings"), Comp(("x---------------",), "open", 64), -3),
        Part(
            "stabs",
            ("synth brass", "electric piano", "clavinet"),
            Comp(("x..x..x...x..x..", "..x...x...x...x."), "close", 64),
            -3,
        ),
        Part(
            "lead",
            ("synth lead", "disco strings"),
            Melody(HOOKS, 66, 86, rest=0.35),
            -1,
            where="intro chorus bridge",
        ),
        Part("voice", ("female voice",), Melody(HOOKS, 62, 79, rest=0.3), 6, where="verse chorus"),
    ),
    sound=Sound(
        balance=(8, 8, 4, -1, -3, -6, -10, -16),
        loudness_db=(-17, 2.5),
        squash=0.4,
        bandwidth_hz=(8600, 11000),
        reverb=(1.2, 0.25),
        drums_db=1,
    ),
    moods=("energetic", "dark"),
    weight=2.5,
)

FUNKY = Substyle(
    "funky disco",
    tempo=(98, 118),
    modes=("dorian", "mixolydian"),
    verse=("i7 | i7 | i7 | IV7", "I7 | I7 | IV7 | I7", "i7 | IV7 | i7 | IV7"),
    chorus=("iv7 | bVII | i7 | i7", "IV7 | IV7 | I7 | V7"),
    grooves=(
        SIXTEENTHS,
        Groove(("kick X..x..x.X...x...", "snare ....X..o....X..o", "hat xxxxxxxxxxxxxxxx")),
    ),
    kits=("disco", "vintage"),
    endings=("fade", "fade", "cadence"),
    parts=(
        Part(
            "bass",
            ("slap bass", "electric bass"),
            Bass(("1 . . 8 . 1 b7 8 . . 1 . 5 b7 8 .", "1 . 1 8 . b7 8 . 1 . . 5 b7 . 8 .")),
            2,
        ),
        Part(
            "guitar",
            ("skank guitar",),
            Comp(("xxxXxxxXxxxXxxxX", "x.xxx.xxx.xxx.xx"), "close", 64, short=True),
            -2,
        ),
        Part(
            "clavinet",
            ("clavinet", "electric piano"),
            Comp(("x..xx.x.x..xx.x.",), "rootless", 62, short=True),
            -2,
        ),
        Part(
            "horns",
            ("horn section",),
            Melody(("x.xx....x.......", "....x.x.xx......", "x-------x.x....."), 62, 79, rest=0.3),
            0,
        ),
        Part(
            "voice",
            ("male voice", "female voice", "rough voice"),
            Melody(HOOKS, 55, 74, "minor pentatonic", rest=0.3, voices=2),
            6,
            where="verse chorus",
        ),
    ),
    sound=Sound(
        balance=(8, 7, 5, 0, -3, -5, -10, -17),
        loudness_db=(-17.5, 2.5),
        squash=0.3,
        reverb=(0.6, 0.12),
        drums_db=1,
    ),
    moods=("joyful", "energetic"),
    weight=2.5,
)

STYLE = Style(
    "disco",
    "Four on the floor, hats opening off the beat, bass in octaves, strings sweeping above.",
    (CLASSIC, ELECTRONIC, FUNKY),
)
