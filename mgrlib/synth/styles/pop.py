"""Pop: four chords, a hook, programmed drums, a voice close to the ear, everything polished."""

from mgrlib.synth.styles.style import (
    Arpeggio,
    Bass,
    Comp,
    Groove,
    Melody,
    Part,
    Sound,
    Style,
    Substyle,
)

VERSES = (
    "I | V | vi | IV",
    "vi | IV | I | V",
    "I | vi | IV | V",
    "i | bVI | bIII | bVII",
    "i | iv | bVI | V",
    "I | iii | IV | V",
)
CHORUSES = (
    "IV | V | I | vi",
    "I | V | vi | IV",
    "vi | IV | I | V",
    "bVI | bVII | i | i",
    "IV | I | V | vi",
)
BRIDGES = ("ii | IV | vi | V", "IV | iv | I | V", "bVI | bVII | i | V")
LINES = (
    "x-x-x-xxx-x-x---",
    "..x-x-x-x-xxx---",
    "x--x--x-x-x-x---",
    "xxx-x-x-x---....",
    "....x-x-x-x-xxx-",
)
LONG_LINES = ("x---x-x-x-------", "x-------x---x-x-", "..x-x---x-------")

DANCE = Groove(
    (
        "kick X...X...X...X...",
        "clap ....X.......X...",
        "hat ..x...x...x...x.",
        "shaker xxxxxxxxxxxxxxxx",
    ),
    ("kick X...X...X...X...", "snare ....X...xxxxXXXX"),
)
RADIO = Groove(
    (
        "kick X.....x.X.x.....",
        "snare ....X.......X...",
        "hat x.x.x.x.x.x.x.x.",
        "shaker x.xxx.xxx.xxx.xx",
    ),
    ("kick X.....x.X.......", "snare ....X...x.x.XXXX", "crash ..............x."),
)
RNB = Groove(
    ("kick X..x..x...x..x..", "snare ....X.......X...", "hat xxxxxxxxxxxxxxxx"),
    ("kick X..x..x.........", "snare ....X.......XoXX"),
)
SLOW = Groove(
    ("kick X.......x.x.....", "snare ....X.......X...", "hat x.x.x.x.x.x.x.x."),
    (
        "kick X.......x.......",
        "tom ........xx......",
        "lowtom ..........xx....",
        "snare ....X.......XXXX",
    ),
)

DANCE_POP = Substyle(
    "dance pop",
    tempo=(94, 128),
    modes=("minor", "major"),
    verse=VERSES,
    chorus=CHORUSES,
    bridge=BRIDGES,
    grooves=(DANCE, RADIO, RNB),
    kits=("909", "pop"),
    human_ms=2,
    dynamics=0.07,
    parts=(
        Part(
            "bass",
            ("synth bass", "sub bass"),
            Bass(("1 . 1 . 1 . 1 .", "1 . . 1 . . 1 . 1 . . 1 . . a .", "1 - 8 - 1 - 8 -")),
            4,
        ),
        Part(
            "pluck",
            ("synth pluck", "clean guitar", "digital piano"),
            Arpeggio(
                ("0 2 1 3 0 2 1 3 0 2 1 3 0 2 1 3", "0 . 1 2 . 1 0 . 2 . 1 3 . 2 1 ."), "close", 66
            ),
            -3,
        ),
        Part("pad", ("synth pad", "warm pad"), Comp(("x---------------",), "open", 62), -4),
        Part(
            "brass",
            ("synth brass",),
            Comp(("x..x..x...x..x..", "x...x...x..x..x."), "close", 62),
            -3,
            where="chorus",
            chance=0.7,
        ),
        Part(
            "voice",
            ("female voice", "male voice"),
            Melody(LINES, 60, 79, "", rest=0.12, steady=0.25),
            9,
            where="verse chorus bridge",
        ),
        Part(
            "backing",
            ("backing voices", "choir"),
            Melody(LONG_LINES, 62, 79, rest=0.1, voices=2),
            1,
            where="chorus bridge",
        ),
    ),
    sound=Sound(
        balance=(10, 9, 4, -1, 0, -6, -8, -13),
        loudness_db=(-13.7, 2.8),
        squash=0.45,
        bandwidth_hz=(10600, 11025),
        reverb=(1.0, 0.15),
        drums_db=3,
        spread_db=4.5,
    ),
    moods=("joyful", "energetic"),
    weight=4,
)

BALLAD = Substyle(
    "power ballad",
    tempo=(60, 92),
    modes=("major", "minor"),
    verse=VERSES,
    chorus=CHORUSES,
    bridge=BRIDGES,
    grooves=(SLOW, RNB),
    kits=("pop", "808"),
    dynamics=0.14,
    parts=(
        Part(
            "bass",
            ("electric bass", "synth bass"),
            Bass(("1 - - - 1 - - 5", "1 - - - - - a -", "1 - - 1 5 - . .")),
            3,
        ),
        Part(
            "piano",
            ("digital piano", "bright piano", "piano"),
            Arpeggio(("0 1 2 3 2 1 2 1", "0 - 2 1 3 - 2 1"), "open", 62),
            0,
        ),
        Part(
            "pad",
            ("warm pad", "string section", "synth pad"),
            Comp(("x---------------",), "open", 64),
            -3,
            wet=0.4,
        ),
        Part(
            "guitar",
            ("nylon guitar", "clean guitar", "overdriven guitar"),
            Comp(("x-x-x-x-", "x---x---"), "guitar", 57),
            -4,
            where="chorus bridge",
        ),
        Part(
            "voice",
            ("female voice", "male voice", "female voice"),
            Melody(LINES + LONG_LINES, 58, 79, "", rest=0.12),
            9,
            where="verse chorus bridge",
            wet=0.35,
        ),
        Part(
            "backing",
            ("backing voices", "choir"),
            Melody(LONG_LINES, 60, 77, rest=0.1, voices=2),
            0,
            where="chorus",
        ),
    ),
    sound=Sound(
        balance=(9, 9, 4, -1, -2, -9, -12, -17),
        loudness_db=(-14.4, 3),
        squash=0.4,
        bandwidth_hz=(10400, 11025),
        reverb=(1.8, 0.3),
        drums_db=2,
        spread_db=4.5,
    ),
    moods=("romantic", "sad"),
    weight=3,
)

BAND = Substyle(
    "guitar pop",
    tempo=(88, 138),
    modes=("major",),
    verse=VERSES,
    chorus=CHORUSES,
    bridge=BRIDGES,
    grooves=(
        RADIO,
        Groove(("kick X...x.x.", "snare ..X...X.", "hat xxxxxxxx", "tambourine ..x...x.")),
    ),
    kits=("pop", "rock"),
    parts=(
        Part(
            "bass",
            ("electric bass", "picked bass"),
            Bass(("1 1 1 1 1 1 1 1", "1 - - 1 1 - 5 a")),
            3,
        ),
        Part(
            "acoustic guitar",
            ("steel guitar", "twelve-string guitar"),
            Comp(("x-xxx-xx", "x-xx.xxx"), "guitar", 60),
            0,
        ),
        Part(
            "electric guitar",
            ("crunch guitar", "overdriven guitar", "clean guitar"),
            Comp(("x-------", "x---x---", "x-x-x-x-"), "power", 50),
            -1,
            where="chorus bridge intro",
        ),
        Part(
            "keys",
            ("digital piano", "synth pad", "organ"),
            Comp(("x-------", "x---x---"), "open", 64),
            -4,
        ),
        Part(
            "voice",
            ("male voice", "female voice"),
            Melody(LINES, 57, 76, "major", rest=0.12, steady=0.2),
            9,
            where="verse chorus bridge",
        ),
        Part(
            "backing",
            ("backing voices",),
            Melody(LONG_LINES, 60, 77, rest=0.2, voices=2),
            0,
            where="chorus",
        ),
    ),
    sound=Sound(
        balance=(8, 9, 4, -1, -1, -7, -10, -15),
        loudness_db=(-13.4, 2.8),
        squash=0.5,
        bandwidth_hz=(10400, 11025),
        reverb=(0.8, 0.14),
        drums_db=2,
        spread_db=4.5,
    ),
    moods=("joyful", "romantic"),
    weight=3,
)

STYLE = Style(
    "pop",
    "Four chords and a hook; programmed drums, a close voice doubled in the chorus, all bright.",
    (DANCE_POP, BALLAD, BAND),
)
