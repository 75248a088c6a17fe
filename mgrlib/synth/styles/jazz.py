"""Jazz: ii-V-I, swing on the ride cymbal, a walking bass, and somebody improvising."""

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
    Walk,
)

CHANGES = (
    "ii7 | V7 | Imaj7 | VI7 | ii7 | V7 | Imaj7 | Imaj7",
    "Imaj7 VI7 | ii7 V7 | iii7 VI7 | ii7 V7 | I7 | IV7 | ii7 V7 | Imaj7",
    "Imaj7 | vi7 | ii7 | V7 | iii7 | VI7 | ii7 | V7",
    "I7 | IV7 | I7 | I7 | IV7 | IV7 | I7 | VI7 | ii7 | V7 | I7 VI7 | ii7 V7",
)
MINOR = (
    "i7 | iim7b5 V7b9 | i7 | i7 | iv7 | iim7b5 V7b9 | i6 | i6",
    "i7 | i7 | i7 | i7 | bVI7 | V7 | i7 | V7",
)
BRIDGES = (
    "III7 | III7 | VI7 | VI7 | II7 | II7 | V7 | V7",
    "ivm7 | bVII7 | Imaj7 | Imaj7 | vi7 | II7 | ii7 | V7",
)
FORM = ("verse", "verse", "bridge", "solo", "solo", "bridge", "solo", "verse", "ending")

HEADS = (
    "x-x-x--x........",
    "..x-x-x-x-x-x---",
    "x---..x-x-..x---",
    "x-xxx-x-..x-x---",
    "x-----x-x-......",
)
LINES = (
    "xxxxxxxxxxxxxxxx"[:8],
    "xxxxxx.x",
    ".xxxxxxx",
    "x.xxx-..",
    "xxx-..xx",
    "x-xxxxx-",
    "........",
)
BALLAD_LINES = ("x-----x-x-x-x---", "x---x-xxx-------", "..x-x-x-x-------", "x-------........")

SWING = Groove(
    ("ride x..x.xx..x.x", "hat ...x.....x..", "kick o.....o....."),
    ("ride x..x.xx..x.x", "snare ..o..x..x.xX", "kick o.....x....o"),
)
BEBOP = Groove(
    ("ride x..x.xx..x.x", "hat ...x.....x..", "snare .....o..o...", "kick o.......o..x"),
    ("ride x..x.xx..x.x", "snare ..x..xx.xx.X", "tom ......x.x..."),
)
BRUSHES = Groove(
    ("brush x..x..x..x..", "hat ...x.....x..", "kick o.....o....."),
    ("brush x..x..x..x..", "snare ......o.oo.o"),
)
BOSSA = Groove(("kick x..xx..x", "rim x..x..x...x..x..", "hat xxxxxxxx"))
BIG_BAND_BEAT = Groove(
    ("hat x..x.ox..x.o", "kick x..x..x..x..", "snare ...o.....o.."),
    ("ride x..x.xx..x.x", "snare x.xx.xX.XXXX", "kick x.....x....."),
)

COMBO = Substyle(
    "combo with a horn",
    tempo=(112, 208),
    modes=("major", "dorian"),
    verse=CHANGES + MINOR,
    bridge=BRIDGES,
    form=FORM,
    swing=0.64,
    grooves=(SWING, BEBOP),
    kits=("jazz",),
    human_ms=12,
    swell_db=3,
    dynamics=0.2,
    fills=0.5,
    endings=("cadence",),
    parts=(
        Part("bass", ("upright bass",), Walk(), 2),
        Part(
            "comping",
            ("piano", "jazz guitar"),
            Comp(("x..x....", "..x...x.", "...x..x.", "x-....x-", "........"), "rootless", 60),
            -3,
        ),
        Part(
            "head",
            ("tenor sax", "trumpet", "alto sax", "muted trumpet"),
            Melody(HEADS, 60, 80, "", leap=0.25, rest=0.2),
            3,
            where="verse bridge ending",
        ),
        Part(
            "solo",
            ("tenor sax", "alto sax", "trumpet"),
            Melody(LINES, 58, 84, "bebop", leap=0.3, rest=0.15),
            3,
            where="solo",
        ),
    ),
    sound=Sound(
        balance=(2, 3, 3, 1, -5, -10, -17, -29),
        loudness_db=(-21, 4),
        squash=0.1,
        bandwidth_hz=(8000, 11000),
        reverb=(1.0, 0.38),
        hiss_db=(-26, 7),
        drums_db=-7,
        spread_db=4.5,
    ),
    moods=("relaxed", "energetic"),
    weight=4,
)

TRIO = Substyle(
    "piano or guitar trio",
    tempo=(84, 190),
    modes=("major", "dorian"),
    verse=CHANGES + MINOR,
    bridge=BRIDGES,
    form=FORM,
    swing=0.63,
    grooves=(SWING, BRUSHES),
    kits=("jazz",),
    human_ms=12,
    swell_db=3,
    dynamics=0.22,
    fills=0.4,
    endings=("cadence",),
    parts=(
        Part("bass", ("upright bass",), Walk(), 2),
        Part(
            "left hand",
            ("piano", "jazz guitar", "piano"),
            Comp(("x..x....", "..x...x.", "x-....x-"), "rootless", 57),
            -3,
        ),
        Part(
            "right hand",
            ("piano", "jazz guitar", "vibraphone"),
            Melody(LINES + HEADS, 62, 88, "bebop", leap=0.3, rest=0.15),
            2,
        ),
    ),
    sound=Sound(
        balance=(2, 4, 3, -1, -8, -15, -23, -35),
        loudness_db=(-22, 4),
        squash=0.05,
        bandwidth_hz=(7500, 10800),
        reverb=(0.9, 0.33),
        hiss_db=(-28, 7),
        drums_db=-9,
        spread_db=4.5,
    ),
    moods=("relaxed", "calm"),
    weight=3,
)

BALLAD = Substyle(
    "ballad with brushes",
    tempo=(56, 84),
    modes=("major", "harmonic minor"),
    verse=CHANGES[:3] + MINOR,
    bridge=BRIDGES,
    form=FORM,
    swing=0.6,
    grooves=(BRUSHES,),
    kits=("jazz",),
    human_ms=18,
    swell_db=3,
    dynamics=0.22,
    fills=0.3,
    endings=("cadence",),
    parts=(
        Part("bass", ("upright bass",), Bass(("1 - - - 5 - - -", "1 - - - - - a -")), 2),
        Part(
            "comping",
            ("piano", "jazz guitar"),
            Comp(("x-----x-", "x---x---", "..x-----"), "rootless", 60),
            -2,
        ),
        Part(
            "solo",
            ("tenor sax", "muted trumpet", "alto sax", "clarinet"),
            Melody(BALLAD_LINES, 55, 78, "", leap=0.25, rest=0.2),
            3,
        ),
        Part(
            "voice",
            ("female voice",),
            Melody(BALLAD_LINES, 57, 74, "", rest=0.25),
            7,
            where="verse",
            chance=0.3,
        ),
    ),
    sound=Sound(
        balance=(-1, 3, 4, 0, -7, -13, -22, -35),
        loudness_db=(-23, 4),
        squash=0.08,
        bandwidth_hz=(7500, 10800),
        reverb=(1.5, 0.52),
        hiss_db=(-25, 7),
        drums_db=-9,
        spread_db=4.5,
    ),
    moods=("calm", "romantic"),
    weight=2.5,
)

BIG_BAND = Substyle(
    "big band",
    tempo=(112, 192),
    modes=("major", "mixolydian"),
    verse=CHANGES,
    bridge=BRIDGES,
    form=FORM,
    swing=0.65,
    grooves=(BIG_BAND_BEAT, SWING),
    kits=("jazz", "vintage"),
    endings=("cadence",),
    parts=(
        Part("bass", ("upright bass",), Walk(), 1),
        Part("guitar", ("jazz guitar",), Comp(("xxxx",), "guitar", 55, short=True), -5),
        Part("piano", ("piano",), Comp(("..x...x.", "...x....", "........"), "rootless", 64), -5),
        Part("saxes", ("tenor sax", "alto sax"), Melody(HEADS, 55, 74, "", rest=0.25, voices=3), 1),
        Part(
            "brass",
            ("horn section",),
            Comp(("...x....", "x.....xx", "..x...x.", "........", "x-----.."), "rootless", 66),
            1,
        ),
        Part(
            "solo",
            ("trumpet", "clarinet", "tenor sax"),
            Melody(LINES, 62, 86, "bebop", rest=0.2),
            2,
            where="solo",
        ),
    ),
    sound=Sound(
        balance=(-1, 2, 4, 3, -2, -7, -16, -30),
        loudness_db=(-19, 3),
        squash=0.15,
        bandwidth_hz=(7000, 10600),
        reverb=(1.1, 0.45),
        hiss_db=(-28, 7),
        drums_db=-6,
        spread_db=4.5,
    ),
    moods=("joyful", "energetic"),
    weight=2.5,
)

BOSSA_NOVA = Substyle(
    "bossa nova and soft fusion",
    tempo=(112, 150),
    modes=("major", "dorian"),
    verse=(
        "Imaj7 | Imaj7 | II7 | II7 | ii7 | V7 | Imaj7 | V7",
        "i9 | i9 | iv9 | bVII7 | bIIImaj7 | bVImaj7 | V7 | i9",
        "Imaj9 | vi7 | ii9 | V7",
    ),
    form=FORM,
    grooves=(BOSSA,),
    kits=("jazz",),
    endings=("cadence",),
    parts=(
        Part(
            "bass",
            ("upright bass", "electric bass"),
            Bass(("1 - . 5 5 - . 1", "1 - . 1 5 - . 5")),
            2,
        ),
        Part(
            "guitar",
            ("nylon guitar", "jazz guitar", "electric piano"),
            Comp(("x..x..x...x..x..", "x.x..x.x.x..x.x."), "rootless", 60),
            0,
        ),
        Part(
            "tune",
            ("flute", "tenor sax", "vibraphone", "jazz guitar"),
            Melody(HEADS, 60, 82, "", leap=0.2, rest=0.2),
            2,
        ),
        Part(
            "arpeggio",
            ("electric piano", "piano"),
            Arpeggio(("0 . 2 . 1 . 3 .",), "open", 62),
            -5,
            chance=0.4,
        ),
    ),
    sound=Sound(
        balance=(3, 4, 3, -1, -6, -10, -17, -28),
        loudness_db=(-20.5, 4),
        squash=0.15,
        bandwidth_hz=(9000, 11000),
        reverb=(1.0, 0.33),
        drums_db=-6,
        spread_db=4,
    ),
    moods=("relaxed", "romantic"),
    weight=2,
)

STYLE = Style(
    "jazz",
    "Two-five-ones over a walking bass and a swinging ride cymbal, and a soloist above.",
    (COMBO, TRIO, BALLAD, BIG_BAND, BOSSA_NOVA),
)
