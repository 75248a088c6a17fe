"""Country: three chords, alternating bass, a telling voice, fiddle and pedal steel."""

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
    "I | I | IV | I | I | I | V | V | I | I | IV | I | I | V | I | I",
    "I | IV | I | V | I | IV | V | I",
    "I | I | V | I | IV | I | V | I",
    "I | vi | IV | V | I | vi | IV V | I",
)
CHORUSES = (
    "IV | I | V | I | IV | I | II7 | V",
    "I | IV | V | I | vi | IV | V | I",
    "V | V | I | I | IV | I | V | I",
)
TALE = (
    "x-x-x-x-x-x-x---",
    "..x-x-x-x-x-x---",
    "x-xxx-x-x---....",
    "x---x-x-x---....",
    "....x-x-x-x-x-x-",
)
LICKS = ("x-xxx-x-x-xxx---", "........x-x-xxx-", "x-x-x---x-x-x---", "..xxx-x-........")

TRAIN = Groove(
    ("kick x...x...", "snare xoXoxoXo", "hat ..x...x."), ("kick x...x...", "snare xoXoXXXX")
)
TWO_BEAT = Groove(
    ("kick x...x...", "rim ..x...x.", "hat xxxxxxxx"), ("kick x...x...", "snare ....XxXX")
)
BACKBEAT = Groove(
    ("kick x...x.x.", "snare ..X...X.", "hat xxxxxxxx"), ("kick x...x...", "snare ..X.XXXX")
)
BALLAD = Groove(("kick x.....x.x.......", "rim ....x.......x...", "hat x.x.x.x.x.x.x.x."))
WALTZ = Groove(("kick x.....", "snare ..x.x.", "hat x.x.x."), ("kick x.....", "snare ..xXXX"))

SINGER = ("male voice", "female voice")

HONKY_TONK = Substyle(
    "honky-tonk",
    tempo=(92, 140),
    modes=("major",),
    verse=VERSES,
    chorus=CHORUSES,
    swing=0.58,
    grooves=(TRAIN, TWO_BEAT, BACKBEAT),
    kits=("country", "vintage"),
    parts=(
        Part(
            "bass",
            ("upright bass", "electric bass"),
            Bass(("1 - . . 5 - . .", "1 - . . 5 - a -", "1 - . . 5 - . .")),
            1,
        ),
        Part(
            "acoustic guitar",
            ("steel guitar", "twelve-string guitar"),
            Comp(("..x...x.", "..xo..xo", "x.x.x.x."), "guitar", 57),
            -1,
        ),
        Part(
            "voice",
            SINGER,
            Melody(TALE, 52, 70, "major", rest=0.2, steady=0.2),
            8,
            where="verse chorus bridge",
        ),
        Part(
            "fiddle",
            ("fiddle",),
            Melody(LICKS, 67, 88, "major pentatonic", rest=0.3, voices=1),
            0,
            where="intro bridge chorus",
            chance=0.75,
        ),
        Part(
            "steel",
            ("pedal steel",),
            Melody(
                ("x-------x-------", "....x---x-------", "x---x---x-------"),
                60,
                81,
                "major pentatonic",
                rest=0.3,
                bend=0.5,
                voices=2,
            ),
            -1,
            chance=0.85,
        ),
        Part(
            "piano", ("bright piano",), Comp(("..x...x.", "..xx..xx"), "close", 66), -6, chance=0.5
        ),
    ),
    sound=Sound(
        balance=(7, 10, 7, 2, -5, -10, -19, -30),
        loudness_db=(-19, 3),
        squash=0.4,
        reverb=(0.9, 0.2),
        drums_db=-3,
    ),
    moods=("joyful", "relaxed"),
    weight=3.5,
)

NASHVILLE = Substyle(
    "Nashville pop country",
    tempo=(76, 132),
    modes=("major",),
    verse=VERSES[1:] + ("I | V | vi | IV | I | V | vi | IV",),
    chorus=CHORUSES + ("IV | V | I | vi | IV | V | I | I",),
    grooves=(BACKBEAT, BALLAD),
    kits=("country", "pop", "rock"),
    parts=(
        Part(
            "bass",
            ("electric bass",),
            Bass(("1 - - 1 5 - . a", "1 - 1 - 1 - 5 -", "1 - - 1 1 - - a")),
            1,
        ),
        Part(
            "acoustic guitar",
            ("steel guitar", "twelve-string guitar"),
            Comp(("x-xxx-xx", "x-x-xoxx", "x-xx.xxx"), "guitar", 57),
            0,
        ),
        Part(
            "electric guitar",
            ("clean guitar", "crunch guitar"),
            Melody(LICKS, 55, 76, "major pentatonic", rest=0.35, bend=0.2),
            -2,
        ),
        Part(
            "voice",
            SINGER,
            Melody(TALE, 53, 72, "major", rest=0.15),
            8,
            where="verse chorus bridge",
        ),
        Part(
            "backing",
            ("backing voices",),
            Comp(("x-------", "....x---"), "close", 66),
            -3,
            where="chorus",
            chance=0.7,
        ),
        Part(
            "steel",
            ("pedal steel", "fiddle"),
            Melody(
                ("x-------x-------", "x---x---x-------"),
                60,
                82,
                "major pentatonic",
                rest=0.3,
                bend=0.4,
            ),
            -1,
        ),
        Part("piano", ("piano",), Comp(("x---x---", "x-------"), "open", 62), -4, chance=0.6),
    ),
    sound=Sound(
        balance=(9, 11, 7, 3, -3, -9, -17, -27),
        loudness_db=(-18, 3),
        squash=0.5,
        reverb=(1.1, 0.2),
        bandwidth_hz=(9300, 11000),
    ),
    moods=("joyful", "romantic"),
    weight=4,
)

BLUEGRASS = Substyle(
    "bluegrass",
    tempo=(108, 160),
    modes=("major", "mixolydian"),
    verse=VERSES,
    chorus=CHORUSES,
    form=("intro", "verse", "solo", "chorus", "solo", "verse", "chorus", "ending"),
    parts=(
        Part("bass", ("upright bass",), Bass(("1 - . . 5 - . .", "1 - . . 5 - a .")), 1),
        Part(
            "banjo",
            ("banjo",),
            Arpeggio(
                ("0 2 3 1 2 3 0 3 1 2 3 0 2 3 1 3", "3 1 2 3 0 3 1 2 3 0 2 3 1 2 3 0"), "close", 64
            ),
            0,
        ),
        Part("mandolin", ("mandolin",), Comp(("..x...x.",), "close", 69, short=True), -3),
        Part("guitar", ("steel guitar",), Comp(("x.xox.xo", "..x...x."), "guitar", 55), -2),
        Part(
            "fiddle",
            ("fiddle",),
            Melody(("xxxxxxxxx-x-xxxx", "x-xxx-xxxxxxx---"), 67, 88, "major pentatonic", rest=0.1),
            1,
            where="intro solo ending",
        ),
        Part(
            "voice",
            SINGER,
            Melody(TALE, 55, 74, "major", rest=0.2, voices=2),
            7,
            where="verse chorus",
        ),
    ),
    sound=Sound(
        balance=(2, 8, 7, 4, -3, -7, -17, -30),
        loudness_db=(-20, 3),
        squash=0.25,
        reverb=(0.7, 0.15),
    ),
    moods=("joyful", "energetic"),
    weight=1.5,
)

WALTZ_STYLE = Substyle(
    "country waltz and ballad",
    tempo=(76, 112),
    modes=("major",),
    verse=VERSES,
    chorus=CHORUSES,
    beats=3,
    grooves=(WALTZ,),
    kits=("country", "vintage"),
    dynamics=0.18,
    parts=(
        Part("bass", ("upright bass", "electric bass"), Bass(("1 - -", "1 - a")), 1),
        Part(
            "acoustic guitar",
            ("steel guitar", "nylon guitar"),
            Comp(("..x.x.", "x-x-x-"), "guitar", 57),
            0,
        ),
        Part(
            "voice",
            SINGER,
            Melody(("x---x-", "x-x-x-", "x-----", "..x-x-"), 50, 69, "major", rest=0.2),
            8,
            where="verse chorus bridge",
        ),
        Part(
            "steel",
            ("pedal steel", "fiddle"),
            Melody(("x-----", "x---x-"), 62, 82, "major pentatonic", rest=0.25, bend=0.4, voices=2),
            -1,
        ),
        Part("strings", ("string section", "piano"), Comp(("x-----",), "open", 64), -6, chance=0.5),
    ),
    sound=Sound(
        balance=(3, 9, 7, 1, -7, -13, -22, -36),
        loudness_db=(-21, 3),
        squash=0.25,
        bandwidth_hz=(8000, 10300),
        reverb=(1.2, 0.25),
        drums_db=-5,
    ),
    moods=("sad", "romantic"),
    weight=2,
)

OUTLAW = Substyle(
    "one voice and a guitar",
    tempo=(80, 120),
    modes=("major",),
    verse=VERSES,
    chorus=CHORUSES,
    dynamics=0.2,
    human_ms=14,
    parts=(
        Part("bass", ("upright bass", "electric bass"), Bass(("1 - . . 5 - . .",)), 0),
        Part(
            "guitar",
            ("nylon guitar", "steel guitar"),
            Comp(("..x...x.", "..xo..xo"), "guitar", 57),
            1,
        ),
        Part(
            "picking",
            ("nylon guitar", "clean guitar"),
            Melody(LICKS, 55, 74, "major", rest=0.4),
            0,
            where="intro bridge ending verse",
        ),
        Part(
            "voice",
            ("male voice",),
            Melody(TALE, 45, 62, "major", rest=0.2, steady=0.3),
            8,
            where="verse chorus",
        ),
    ),
    sound=Sound(
        balance=(4, 9, 7, -1, -9, -16, -25, -38),
        loudness_db=(-20, 3),
        squash=0.3,
        bandwidth_hz=(8500, 10500),
        reverb=(0.8, 0.15),
    ),
    moods=("sad", "relaxed"),
    weight=1.5,
)

STYLE = Style(
    "country",
    "Three chords and a story: alternating bass, strummed guitar, fiddle and crying pedal steel.",
    (HONKY_TONK, NASHVILLE, WALTZ_STYLE, OUTLAW, BLUEGRASS),
)
