"""Reggae: nothing on the one but the drop, chords off the beat, and the bass as the melody."""

from mgrlib.synth.styles.style import Bass, Comp, Groove, Melody, Part, Sound, Style, Substyle

LOOPS = (
    "I | IV | I | V",
    "i | iv | i | iv",
    "I | V | vi | IV",
    "I | ii | I | ii",
    "i | bVII | i | bVII",
    "I | IV | V | IV",
)
CHORUSES = ("IV | V | I | I", "I | IV | I | V", "bVI | bVII | i | i", "vi | IV | I | V")
LINES = (
    "..x-x-x-x---....",
    "x-x-x---..x-x---",
    "x--x--x-........",
    "....x-x-x-x-x---",
    "x-x-x-x-x-......",
)
FILLS = ("........x-x-x---", "x-x-............", "..x-x-x-........")

ONE_DROP = Groove(
    ("kick ........X.......", "rim ........X.......", "hat x.xxx.xxx.xxx.xx"),
    ("kick ........X.......", "snare ......x.X..xX.XX", "hat x.xx............"),
)
ROCKERS = Groove(
    ("kick x...x...x...x...", "snare ........X.......", "hat x.x.x.x.x.x.x.x."),
    ("kick x...x...x...x...", "snare ..x..x..X..xX.X."),
)
STEPPERS = Groove(
    (
        "kick X...X...X...X...",
        "rim ....x..x....x..x",
        "hat ..x...x...x...x.",
        "open ......x.........",
    ),
    ("kick X...X...X...X...", "snare ..xx..xx..xxXXXX"),
)
SKA = Groove(
    ("kick x...x...", "snare ..X...X.", "hat .x.x.x.x"), ("kick x...x...", "snare x.xxXXXX")
)

BASSLINES = Bass(
    (
        "1 - . 1 . 3 - 5 - . . . . . . .",
        ". . 1 - . 1 3 - 5 - . 3 1 - . .",
        "1 - - . 5 - . 1 - . b7 - 5 - . .",
        "1 . 1 . 5 - . . 1 . 3 . 5 - . .",
        ". . . . 1 - 1 - 5 - 3 - 1 - . .",
    )
)
SKANK = Comp(("..x...x...x...x.", "..x...x...x...x.", "..xx..xx..xx..xx"), "close", 64, short=True)

ROOTS = Substyle(
    "roots reggae",
    tempo=(66, 90),
    modes=("minor", "major", "dorian"),
    verse=LOOPS,
    chorus=CHORUSES,
    swing=0.58,
    swing_beats=0.5,
    grooves=(ONE_DROP, ROCKERS, STEPPERS),
    kits=("reggae",),
    human_ms=9,
    fills=0.6,
    endings=("fade",),
    parts=(
        Part("bass", ("dub bass", "electric bass"), BASSLINES, 6, wet=0.05),
        Part("skank", ("skank guitar",), SKANK, 0, wet=0.2),
        Part("piano", ("piano", "bright piano"), SKANK, -5),
        Part(
            "bubble",
            ("bubble organ", "organ"),
            Comp((".xx..xx..xx..xx.", "..x.x.x...x.x.x."), "close", 60, short=True),
            -4,
        ),
        Part(
            "picking",
            ("clean guitar",),
            Melody(FILLS, 48, 65, "minor pentatonic", rest=0.3),
            -4,
            chance=0.6,
        ),
        Part(
            "voice",
            ("male voice", "rough voice", "male voice"),
            Melody(LINES, 53, 70, "", rest=0.25, steady=0.25),
            8,
            where="verse chorus bridge",
            wet=0.35,
        ),
        Part(
            "backing",
            ("backing voices",),
            Melody(LINES, 62, 76, "", rest=0.4, voices=2),
            -1,
            where="chorus",
            wet=0.3,
        ),
        Part(
            "horns",
            ("horn section", "trombone", "tenor sax"),
            Melody(FILLS, 60, 77, "", rest=0.4, voices=2),
            -1,
            chance=0.6,
            where="intro chorus bridge",
            wet=0.35,
        ),
    ),
    sound=Sound(
        balance=(11, 11, 2, -1, -4, -9, -15, -29),
        loudness_db=(-17.9, 3),
        squash=0.2,
        bandwidth_hz=(9300, 11000),
        reverb=(1.2, 0.25),
        drums_db=2,
    ),
    moods=("relaxed", "joyful"),
    weight=5,
)

DUB = Substyle(
    "dub",
    tempo=(62, 84),
    modes=("minor", "dorian"),
    verse=LOOPS[1:2] + ("i | i", "i | bVII", "i | iv"),
    swing=0.57,
    swing_beats=0.5,
    grooves=(ONE_DROP, STEPPERS),
    kits=("reggae",),
    endings=("fade",),
    parts=(
        Part("bass", ("dub bass", "sub bass"), BASSLINES, 8, wet=0.03),
        Part("skank", ("skank guitar", "bubble organ"), SKANK, -1, wet=0.4, echo=0.7),
        Part(
            "melodica",
            ("harmonica", "tenor sax", "flute"),
            Melody(FILLS, 64, 81, "", rest=0.5),
            0,
            wet=0.5,
            echo=0.6,
        ),
        Part(
            "voice",
            ("male voice",),
            Melody(FILLS, 55, 69, "", rest=0.6),
            6,
            wet=0.5,
            echo=0.7,
            chance=0.7,
        ),
    ),
    sound=Sound(
        balance=(13, 11, 0, -3, -7, -12, -17, -31),
        loudness_db=(-17.9, 3),
        squash=0.1,
        bandwidth_hz=(9300, 11000),
        reverb=(2.2, 0.4),
        drums_db=4,
        drum_echo=0.4,
    ),
    moods=("dark", "relaxed"),
    weight=2,
)

LOVERS = Substyle(
    "lovers rock and pop reggae",
    tempo=(72, 100),
    modes=("major",),
    verse=LOOPS,
    chorus=CHORUSES,
    grooves=(ONE_DROP, ROCKERS, STEPPERS),
    kits=("reggae", "pop"),
    endings=("fade",),
    parts=(
        Part("bass", ("electric bass", "dub bass", "synth bass"), BASSLINES, 5),
        Part("skank", ("skank guitar", "digital piano"), SKANK, 0),
        Part("organ", ("bubble organ",), Comp(("..x.x.x...x.x.x.",), "close", 60, short=True), -4),
        Part(
            "pad",
            ("string section", "synth pad"),
            Comp(("x---------------",), "open", 64),
            -7,
            chance=0.6,
        ),
        Part(
            "voice",
            ("female voice", "male voice"),
            Melody(LINES, 58, 76, "major", rest=0.2),
            9,
            where="verse chorus bridge",
            wet=0.35,
        ),
        Part(
            "backing",
            ("backing voices",),
            Melody(LINES, 62, 77, "major", rest=0.3, voices=2),
            1,
            where="chorus",
        ),
        Part(
            "horns",
            ("horn section",),
            Melody(FILLS, 60, 77, "major", rest=0.4, voices=2),
            -1,
            chance=0.6,
        ),
    ),
    sound=Sound(
        balance=(10, 10, 2, 0, -3, -8, -14, -26),
        loudness_db=(-16.9, 3),
        squash=0.25,
        bandwidth_hz=(9600, 11000),
        reverb=(1.0, 0.2),
        drums_db=3,
    ),
    moods=("romantic", "joyful"),
    weight=2.5,
)

SKA_STYLE = Substyle(
    "ska and rocksteady",
    tempo=(88, 140),
    modes=("major", "minor"),
    verse=LOOPS,
    chorus=CHORUSES,
    swing=0.6,
    grooves=(SKA, Groove(("kick ....X...", "rim ....X...", "hat xxxxxxxx"))),
    kits=("reggae", "vintage"),
    endings=("fade",),
    parts=(
        Part(
            "bass",
            ("upright bass", "electric bass", "dub bass"),
            Bass(("1 - 3 - 5 - 3 -", "1 - 3 5 6 - 5 -", "1 . 1 3 5 . 3 .")),
            4,
        ),
        Part("skank", ("skank guitar", "piano"), Comp((".x.x.x.x",), "close", 64, short=True), 1),
        Part(
            "horns",
            ("horn section", "tenor sax", "trombone"),
            Melody(("x-x-x---", "x.x.x-x-", "..x-x-x-", "x---...."), 58, 77, "", rest=0.25),
            1,
        ),
        Part(
            "voice",
            ("male voice", "rough voice"),
            Melody(LINES, 53, 69, "", rest=0.3),
            7,
            where="verse chorus",
        ),
    ),
    sound=Sound(
        balance=(7, 10, 4, 1, -3, -8, -16, -32),
        loudness_db=(-17.4, 3),
        squash=0.2,
        bandwidth_hz=(8200, 10400),
        reverb=(0.9, 0.22),
        hiss_db=(-35, 6),
        drums_db=0,
    ),
    moods=("joyful", "energetic"),
    weight=1.5,
)

STYLE = Style(
    "reggae",
    "The one-drop: drums on the third beat, chords clipped off the beat, a bass that sings below.",
    (ROOTS, DUB, LOVERS, SKA_STYLE),
)
