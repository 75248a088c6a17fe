"""Blues: twelve bars, three chords, a shuffle, and a voice answered by a guitar."""

from mgrlib.synth.styles.style import (
    Bass,
    Comp,
    Groove,
    Melody,
    Part,
    Riff,
    Sound,
    Style,
    Substyle,
    Walk,
)

TWELVE_BARS = (
    "I7 | I7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 | V7",
    "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | IV7 | I7 IV7 | I7 V7",
    "I7 | I7 | I7 | I7 | IV7 | IV7 | I7 | I7 | V7 | V7 | I7 | I7",
)
MINOR_TWELVE = ("i7 | i7 | i7 | i7 | iv7 | iv7 | i7 | i7 | bVI7 | V7 | i7 | V7",)
FORM = ("intro", "verse", "verse", "solo", "verse", "solo", "verse", "ending")

PHRASES = (
    "x-x-x---........",
    "..x-x-x-x---....",
    "x..xx.x-........",
    "....x.x-x-x-x---",
    "x---............",
)
LICKS = (
    "........x.x.xxx-",
    "x.x.x.x-........",
    "..xxx-x-..x-x-..",
    "x-..x-x-x.x.x---",
    "xxxxxx......",
    "..xxxxx--...",
)

SHUFFLE = Groove(
    ("kick x.....x.....", "snare ...X.....X..", "hat x.ox.ox.ox.o"),
    ("kick x.....x.....", "snare ...X.oX.XXXX", "hat x.ox........"),
)
SLOW_TWELVE_EIGHT = Groove(
    ("kick x.....x..x..", "snare ...X.....X..", "ride xxxxxxxxxxxx"),
    ("kick x.....x.....", "snare ...X..xxxXXX", "tom ......xxx..."),
)
BOOGIE = Groove(
    ("kick x..x..x..x..", "snare ...X.....X..", "ride x.ox.ox.ox.o"),
    ("kick x.....x.....", "snare xxxxxxXXXXXX"),
)
STRAIGHT = Groove(("kick x...x.x.", "snare ..X...X.", "hat xxxxxxxx"))

ELECTRIC = Substyle(
    "Chicago electric blues",
    tempo=(84, 132),
    modes=("mixolydian", "blues"),
    verse=TWELVE_BARS,
    swing=0.66,
    grooves=(SHUFFLE, BOOGIE, STRAIGHT),
    kits=("vintage", "rock"),
    form=FORM,
    parts=(
        Part(
            "bass",
            ("electric bass", "upright bass"),
            Bass(
                (
                    "1 - 3 - 5 - 6 -",
                    "1 - 1 - 5 - 6 -",
                    "1 - 5 - 6 - b7 -",
                    "1 - 3 - 5 - a -",
                )
            ),
            1,
        ),
        Part(
            "rhythm guitar",
            ("clean guitar", "crunch guitar"),
            Comp(("x.x.x.x.", "..x...x.", "x-.xx-.x"), "guitar", 55),
            -4,
        ),
        Part(
            "piano",
            ("bright piano", "organ", "piano"),
            Comp(("..x...x.", "x---..x.", "x.xxx.xx"), "rootless", 64),
            -6,
            chance=0.7,
        ),
        Part(
            "voice",
            ("rough voice", "male voice", "female voice"),
            Melody(PHRASES, 50, 67, "blues", rest=0.35, steady=0.25),
            7,
            where="verse",
        ),
        Part(
            "lead guitar",
            ("bluesy lead", "overdriven guitar", "slide guitar"),
            Melody(LICKS, 60, 82, "blues", leap=0.25, rest=0.15, bend=0.3),
            2,
            where="solo intro ending",
        ),
        Part(
            "fills",
            ("bluesy lead", "harmonica", "tenor sax"),
            Melody(LICKS, 60, 80, "blues", rest=0.55, bend=0.25),
            -1,
            where="verse",
            chance=0.8,
        ),
    ),
    sound=Sound(
        balance=(9, 11, 9, 1, -8, -10, -14, -26),
        spread_db=5.2,
        loudness_db=(-16, 3),
        squash=0.4,
        reverb=(0.9, 0.2),
        drums_db=-1,
    ),
    moods=("earthy", "relaxed"),
    weight=4,
)

ACOUSTIC = Substyle(
    "Delta blues, one voice and one guitar",
    tempo=(72, 126),
    modes=("blues", "mixolydian"),
    verse=TWELVE_BARS,
    swing=0.62,
    form=FORM,
    human_ms=16,
    dynamics=0.2,
    parts=(
        Part(
            "thumb",
            ("steel guitar", "resonator guitar"),
            Bass(
                (
                    "1 . 1 . 1 . 1 .",
                    "1 . 5 . 1 . 5 .",
                    "1 . 8 . 5 . 8 .",
                ),
                40,
            ),
            0,
        ),
        Part(
            "fingers",
            ("steel guitar", "resonator guitar"),
            Melody(LICKS, 60, 79, "blues", rest=0.3, bend=0.2),
            0,
        ),
        Part(
            "strum",
            ("steel guitar", "resonator guitar"),
            Comp(("..x...xo", "....x...", "..x...x."), "guitar", 55),
            -5,
        ),
        Part(
            "voice",
            ("rough voice", "male voice"),
            Melody(PHRASES, 48, 65, "blues", rest=0.35, steady=0.3),
            8,
            where="verse intro",
            chance=0.8,
        ),
        Part(
            "harp",
            ("harmonica",),
            Melody(LICKS, 62, 80, "blues", rest=0.4, bend=0.3),
            0,
            where="solo",
            chance=0.5,
        ),
    ),
    sound=Sound(
        balance=(-3, 6, 9, -2, -12, -18, -24, -35),
        spread_db=5.2,
        loudness_db=(-17, 4),
        squash=0.3,
        bandwidth_hz=(7500, 10200),
        reverb=(0.5, 0.12),
        hiss_db=(-32, 8),
        vinyl=4,
    ),
    moods=("earthy", "sad"),
    weight=4,
)

SLOW = Substyle(
    "slow blues in twelve-eight",
    tempo=(52, 76),
    modes=("blues", "minor"),
    verse=TWELVE_BARS + MINOR_TWELVE,
    swing=0.66,
    grooves=(SLOW_TWELVE_EIGHT,),
    kits=("rock", "vintage", "jazz"),
    form=FORM,
    parts=(
        Part("bass", ("electric bass", "upright bass"), Walk(), 1),
        Part(
            "keys",
            ("organ", "piano", "bright piano"),
            Comp(("x-----x-----", "x-----......"), "rootless", 62),
            -5,
        ),
        Part(
            "rhythm guitar",
            ("clean guitar",),
            Comp(("...x.....x..", "..xx...x...."), "close", 62),
            -6,
        ),
        Part(
            "lead guitar",
            ("bluesy lead", "overdriven guitar"),
            Melody(
                ("x--xxx--x---", "..xxxxx-----", "x-----xx-x--", "......xxxx--"),
                60,
                84,
                "blues",
                leap=0.25,
                rest=0.2,
                bend=0.35,
            ),
            3,
        ),
        Part(
            "voice",
            ("rough voice", "male voice", "female voice"),
            Melody(PHRASES, 50, 68, "blues", rest=0.4),
            7,
            where="verse",
        ),
    ),
    sound=Sound(
        balance=(10, 11, 8, 0, -8, -11, -15, -26),
        spread_db=5.2,
        loudness_db=(-17, 3),
        squash=0.35,
        reverb=(1.4, 0.3),
    ),
    moods=("sad", "relaxed"),
    weight=2,
)

ZYDECO = Substyle(
    "zydeco, accordion and rub-board",
    tempo=(100, 150),
    modes=("mixolydian",),
    verse=TWELVE_BARS,
    swing=0.6,
    grooves=(
        Groove(("kick x...x...", "snare ..x.x.x.", "shaker xxxxxxxxxxxxxxxx")),
        BOOGIE,
    ),
    kits=("vintage",),
    form=FORM,
    parts=(
        Part("bass", ("electric bass",), Bass(("1 - 3 - 5 - 6 -", "1 . 5 . 1 . 5 .")), 1),
        Part(
            "accordion",
            ("accordion",),
            Melody(LICKS, 64, 84, "mixolydian", rest=0.1, voices=2),
            1,
            where="solo intro verse ending",
        ),
        Part("rhythm guitar", ("clean guitar",), Comp(("..x...x.", "x.x.x.x."), "guitar", 55), -5),
        Part(
            "voice", ("rough voice",), Melody(PHRASES, 52, 67, "blues", rest=0.3), 7, where="verse"
        ),
    ),
    sound=Sound(balance=(8, 10, 9, 3, -6, -8, -13, -25), spread_db=5.2, loudness_db=(-16, 2.5)),
    moods=("joyful", "earthy"),
    weight=2,
)

BOOGIE_GUITAR = Substyle(
    "one-chord boogie",
    tempo=(96, 168),
    modes=("blues",),
    verse=("I7 | I7 | I7 | I7", "I7 | I7 | I7 | IV7"),
    swing=0.66,
    form=FORM,
    parts=(
        Part(
            "riff",
            ("clean guitar", "crunch guitar", "steel guitar"),
            Riff(
                (
                    "0m . 0 0m . 3 5 .",
                    "0 . 0m 10 . 12 0m .",
                    "0 0m 3 0 . 0m 5 3",
                ),
                "single",
                40,
            ),
            2,
        ),
        Part(
            "strum",
            ("crunch guitar", "clean guitar"),
            Comp(("..x...x.", ".xx..xx."), "guitar", 52),
            -3,
        ),
        Part(
            "voice",
            ("rough voice",),
            Melody(PHRASES, 45, 62, "blues", rest=0.3, steady=0.4),
            7,
            where="verse",
        ),
    ),
    grooves=(Groove(("kick x..x..x..x..",), ("kick x..x..x..x..",)),),
    kits=("vintage",),
    sound=Sound(
        balance=(7, 10, 10, 0, -8, -11, -17, -29),
        spread_db=5.2,
        loudness_db=(-16, 3),
        squash=0.3,
        bandwidth_hz=(8500, 10200),
        hiss_db=(-35, 6),
        drums_db=-8,
    ),
    moods=("earthy",),
    weight=2,
)

STYLE = Style(
    "blues",
    "Twelve bars and three seventh chords, shuffled; a rough voice, and a guitar that answers.",
    (ELECTRIC, ACOUSTIC, SLOW, BOOGIE_GUITAR, ZYDECO),
)
