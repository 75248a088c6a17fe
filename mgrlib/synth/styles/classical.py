"""Classical: functional harmony, no drum set, wide dynamics, a hall."""

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

CADENCES = (
    "I | IV | V7 | I | vi | ii | V7 | I",
    "I | V | vi | iii | IV | I | ii V7 | I",
    "I | I | ii | V7 | I | vi | IV V | I",
    "I V7 | I IV | ii V | I | vi ii | V7 | I IV | V7 I",
)
MINOR = (
    "i | iv | V7 | i | bVI | iv | V7 | i",
    "i | bVII | bVI | V7 | i | iv | i V7 | i",
    "i V7 | i iv | bVI bIII | V7 | i iv | bVII bIII | iidim V7 | i",
)
MODULATING = ("V | V7 | I | IV | II7 | V | II7 | V", "vi | ii | V7 | I | IV | VI7 | ii | V7")
FORM = ("verse", "verse", "chorus", "bridge", "verse", "chorus", "ending")

ALLEGRO_TUNE = ("x-x-x-x-x-x-x-x-", "x---x-x-xxxxx-x-", "xxxxxxxxx-x-x---", "x-xxx-xxx---x---")
ADAGIO_TUNE = ("x-------x---x---", "x-----x-x-------", "x---x---x-x-x---", "x---------------")

HALL = Sound(
    balance=(-1, 0, -6, -2, -12, -18, -33, -46),
    loudness_db=(-28, 5),
    squash=0.02,
    bandwidth_hz=(8000, 10800),
    reverb=(2.2, 0.5),
    hiss_db=(-44, 7),
    spread_db=5,
)

PIANO = Substyle(
    "solo piano",
    tempo=(56, 138),
    modes=("major", "harmonic minor"),
    verse=CADENCES + MINOR,
    chorus=MODULATING + MINOR,
    form=FORM,
    human_ms=14,
    swell_db=9,
    dynamics=0.28,
    endings=("cadence",),
    parts=(
        Part(
            "left hand",
            ("piano",),
            Arpeggio(
                (
                    "0 2 1 2 0 2 1 2",
                    "0 1 2 3 2 1 2 1",
                    "0 - 1 2 0 - 1 2",
                    "0 1 2 1 3 1 2 1",
                ),
                "open",
                50,
            ),
            -4,
            wet=0.35,
        ),
        Part("bass", ("piano",), Bass(("1 - - - 5 - - -", "1 - - - - - - -"), 33), -4, wet=0.35),
        Part(
            "right hand",
            ("piano",),
            Melody(ALLEGRO_TUNE + ADAGIO_TUNE, 64, 90, "", leap=0.3, rest=0.1),
            2,
            wet=0.35,
        ),
        Part("inner voice", ("piano",), Melody(ADAGIO_TUNE, 58, 74, "", rest=0.4), -4, chance=0.6),
    ),
    sound=Sound(
        balance=(-9, 0, -4, -2, -14, -23, -40, -56),
        loudness_db=(-28, 5),
        squash=0.0,
        bandwidth_hz=(6500, 10500),
        reverb=(1.6, 0.35),
        hiss_db=(-46, 7),
        spread_db=5,
    ),
    moods=("calm", "sad"),
    weight=3,
)

QUARTET = Substyle(
    "string quartet",
    tempo=(60, 140),
    modes=("major", "harmonic minor"),
    verse=CADENCES + MINOR,
    chorus=MODULATING,
    form=FORM,
    human_ms=14,
    swell_db=9,
    dynamics=0.22,
    endings=("cadence",),
    parts=(
        Part(
            "first violin",
            ("violin",),
            Melody(ALLEGRO_TUNE + ADAGIO_TUNE, 67, 91, leap=0.25, rest=0.08),
            2,
            wet=0.4,
        ),
        Part(
            "second violin",
            ("violin",),
            Melody(ALLEGRO_TUNE + ADAGIO_TUNE, 60, 79, rest=0.2, steady=0.3),
            -2,
            wet=0.4,
        ),
        Part(
            "viola", ("viola",), Comp(("x-x-x-x-", "x---x---", "x-------"), "root", 60), -4, wet=0.4
        ),
        Part(
            "cello",
            ("cello",),
            Bass(("1 - - - 5 - - -", "1 - 3 - 5 - 3 -", "1 - - - - - a -"), 36),
            -1,
            wet=0.4,
        ),
    ),
    sound=HALL,
    moods=("calm", "joyful"),
    weight=2.5,
)

ORCHESTRA = Substyle(
    "orchestra",
    tempo=(58, 150),
    modes=("major", "harmonic minor"),
    verse=CADENCES + MINOR,
    chorus=MODULATING + CADENCES,
    form=FORM,
    human_ms=16,
    swell_db=9,
    dynamics=0.2,
    grooves=(
        Groove(("timpani X.......x.......",), ("timpani X.......xxxxxxxx",)),
        Groove(("timpani X...............",), ("timpani x.....x.X.......",)),
    ),
    kits=("orchestra",),
    endings=("cadence",),
    parts=(
        Part(
            "strings",
            ("string section",),
            Comp(("x-------", "x---x---", "x-x-x-x-"), "open", 64),
            0,
            wet=0.5,
        ),
        Part(
            "violins",
            ("string section", "violin"),
            Melody(ALLEGRO_TUNE + ADAGIO_TUNE, 67, 90, leap=0.25, rest=0.1, voices=2),
            2,
            wet=0.5,
        ),
        Part(
            "basses",
            ("low strings",),
            Bass(("1 - - - 5 - - -", "1 - 5 - 1 - 5 -", "1 - - - - - a -"), 33),
            0,
            wet=0.5,
        ),
        Part(
            "woodwind",
            ("flute", "oboe", "clarinet"),
            Melody(ALLEGRO_TUNE, 70, 92, rest=0.35),
            -1,
            wet=0.5,
        ),
        Part(
            "horns",
            ("french horn", "trumpet", "trombone"),
            Comp(("x-------", "x-..x-..", "........"), "close", 58),
            -3,
            where="chorus bridge ending",
            wet=0.5,
        ),
    ),
    sound=Sound(
        balance=(0, 0, -7, -3, -10, -15, -28, -42),
        loudness_db=(-27, 5),
        squash=0.0,
        bandwidth_hz=(8500, 10800),
        reverb=(2.4, 0.6),
        hiss_db=(-42, 7),
        drums_db=-9,
        spread_db=5,
    ),
    moods=("grand", "calm"),
    weight=3,
)

BAROQUE = Substyle(
    "baroque concerto",
    tempo=(76, 126),
    modes=("major", "harmonic minor"),
    verse=(
        "I | V7 | I | IV | vi ii | V7 | I V | I",
        "i | iv | V7 | i | bVI bIII | iv | V7 | i",
        "i iv | bVII bIII | bVI iv | V7 | i iv | bVII bIII | bVI V7 | i",
    ),
    form=FORM,
    human_ms=10,
    swell_db=9,
    dynamics=0.12,
    endings=("cadence",),
    parts=(
        Part(
            "solo",
            ("violin", "oboe", "flute"),
            Melody(
                ("xxxxxxxxxxxxxxxx", "x-xxx-xxx-xxx-xx", "x-x-xxxxx-x-xxxx"),
                66,
                90,
                leap=0.15,
                rest=0.08,
            ),
            1,
            wet=0.4,
        ),
        Part(
            "continuo",
            ("harpsichord",),
            Comp(("x-x-x-x-", "xxx-xxx-", "x---x---"), "close", 62),
            -4,
            wet=0.35,
        ),
        Part(
            "arpeggio",
            ("harpsichord",),
            Arpeggio(("0 1 2 3 2 1 0 1 2 3 2 1 0 1 2 1",), "close", 66),
            -6,
            chance=0.5,
            wet=0.35,
        ),
        Part(
            "cello",
            ("cello", "low strings"),
            Bass(("1 - 1 - 5 - 5 -", "1 3 5 3 1 3 5 3", "1 - 8 - 5 - a -"), 36),
            0,
            wet=0.4,
        ),
        Part(
            "strings", ("string section",), Comp(("x---x---", "x-x-x-x-"), "open", 62), -3, wet=0.45
        ),
    ),
    sound=Sound(
        balance=(-5, -2, -7, -2, -9, -12, -24, -36),
        loudness_db=(-25, 4),
        squash=0.05,
        bandwidth_hz=(8500, 10800),
        reverb=(1.6, 0.45),
        hiss_db=(-42, 7),
        spread_db=4,
    ),
    moods=("joyful", "grand"),
    weight=2,
)

CHOIR = Substyle(
    "choir and opera",
    tempo=(54, 92),
    modes=("major", "minor"),
    verse=CADENCES + MINOR,
    form=FORM,
    human_ms=18,
    swell_db=9,
    dynamics=0.25,
    endings=("cadence",),
    parts=(
        Part("voice", ("opera voice", "choir"), Melody(ADAGIO_TUNE, 58, 79, rest=0.15), 3, wet=0.5),
        Part(
            "choir",
            ("choir", "string section"),
            Comp(("x-------", "x---x---"), "open", 60),
            -1,
            wet=0.6,
        ),
        Part(
            "bass",
            ("low strings", "cello"),
            Bass(("1 - - - - - - -", "1 - - - 5 - - -"), 36),
            0,
            wet=0.5,
        ),
        Part(
            "harp",
            ("harp", "piano"),
            Arpeggio(("0 1 2 3 4 3 2 1", "0 - 2 - 3 - 2 -"), "open", 60),
            -3,
            chance=0.6,
            wet=0.4,
        ),
    ),
    sound=Sound(
        balance=(-7, -3, -6, 0, -10, -13, -29, -46),
        loudness_db=(-27, 5),
        squash=0.0,
        bandwidth_hz=(7500, 10800),
        reverb=(2.4, 0.6),
        hiss_db=(-40, 7),
        spread_db=5,
    ),
    moods=("calm", "grand"),
    weight=1.5,
)

STYLE = Style(
    "classical",
    "Cadences and voice leading; strings, piano, wind; quiet and loud, and the air of a hall.",
    (PIANO, ORCHESTRA, QUARTET, BAROQUE, CHOIR),
)
