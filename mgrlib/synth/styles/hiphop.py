"""Hip-hop: a looped bar or two, heavy drums and bass, and a voice that speaks in rhythm."""

from mgrlib.synth.styles.style import Bass, Comp, Groove, Melody, Part, Riff, Sound, Style, Substyle

LOOPS = (
    "i7 | i7 | i7 | i7",
    "i7 | i7 | bVI | V7",
    "i7 | iv7 | i7 | iv7",
    "ii7 | ii7 | V7 | V7",
    "i | bVII | i | bVII",
    "Imaj7 | ii7",
)
RAP = (
    "xxxxx.xxxxxxx.x.",
    "x.xxx.xxx.xxxxx.",
    "xxx.xxx.xxxxxxx.",
    "xx.xxxx.xx.xxx..",
    "..xxxxxxx.xxxxx.",
    "xxxxxxxx.xxxxxxx",
)
HOOK = ("x--x--x-x--x--x-", "x-x-x-x-x---....", "xxx-xxx-x-x-x---")

BOOM_BAP = Groove(
    ("kick X.....x...X.....", "snare ....X.......X...", "hat x.x.x.x.x.x.x.x."),
    ("kick X.....x.......x.", "snare ....X.......X.oX", "hat x.x.x.x.x.x....."),
)
BREAK = Groove(
    ("kick X.x.......xx....", "snare ....X..o.o..X..o", "hat x.x.x.x.x.x.x.x."),
    ("kick X.x.......x.....", "snare ....X..o.oxoXoXX", "open ..............x."),
)
LAZY = Groove(
    ("kick X..x..x...x.x...", "snare ....X.......X...", "hat xxxxxxxxxxxxxxxx"),
    ("kick X..x............", "snare ....X.......XX.X"),
)
ELECTRO = Groove(
    (
        "kick X.....x...x..x..",
        "clap ....X.......X...",
        "hat xxxxxxxxxxxxxxxx",
        "cowbell x..x..x...x.x...",
    ),
    ("kick X.....x.........", "clap ....X...X.X.XXXX"),
)
SIMPLE = Groove(("kick X...x..X..X.....", "snare ....X.......X...", "hat x.x.x.x.x.x.x.x."))

SAMPLED = Substyle(
    "sampled loops, boom bap",
    tempo=(84, 104),
    modes=("minor", "dorian"),
    verse=LOOPS,
    swing=0.57,
    swing_beats=0.5,
    grooves=(BOOM_BAP, BREAK, LAZY, SIMPLE),
    kits=("boombap",),
    human_ms=5,
    form=("intro", "verse", "chorus", "verse", "chorus", "verse", "ending"),
    endings=("fade",),
    parts=(
        Part(
            "bass",
            ("dub bass", "upright bass", "sub bass", "electric bass"),
            Bass(
                (
                    "1 - - . . 1 . 5 1 - . . b7 . a .",
                    "1 - . 1 - . 5 . 1 - . . . . b7 .",
                    "1 - - - . . . 1 . . 8 . b7 . 5 .",
                )
            ),
            4,
        ),
        Part(
            "loop",
            ("electric piano", "jazz guitar", "vibraphone", "piano", "string section"),
            Comp(("x---..x-..x-....", "x-------........", "..x-..x-..x-..x-"), "rootless", 62),
            -4,
        ),
        Part(
            "riff",
            ("muted trumpet", "clean guitar", "flute", "harp", "bell"),
            Riff(
                (
                    "0 . 3 . . 7 . . 10 . 7 . . . . .",
                    ". . 12 . 10 . . 7 . . 3 . . . . .",
                    "0 . . . 7 . . . 5 . 3 . . . . .",
                ),
                "single",
                60,
                on_tonic=True,
            ),
            -6,
            chance=0.75,
        ),
        Part(
            "rap",
            ("rap voice",),
            Melody(RAP, 45, 54, "minor pentatonic", rest=0.05, steady=0.5, leap=0.1),
            9,
            where="verse",
            wet=0.06,
        ),
        Part(
            "hook",
            ("rap voice", "female voice", "male voice"),
            Melody(HOOK, 50, 67, "minor pentatonic", rest=0.1, voices=2, steady=0.3),
            7,
            where="chorus",
            wet=0.12,
        ),
    ),
    sound=Sound(
        balance=(13, 12, 5, 2, -2, -7, -9, -16),
        loudness_db=(-15, 2.8),
        squash=0.35,
        bandwidth_hz=(8800, 11000),
        reverb=(0.4, 0.1),
        hiss_db=(-36, 6),
        vinyl=5,
        drums_db=5,
    ),
    moods=("dark", "relaxed"),
    weight=5,
)

PARTY = Substyle(
    "old-school party",
    tempo=(96, 118),
    modes=("minor", "mixolydian"),
    verse=("i7 | i7", "I7 | I7", "i7 | IV7"),
    grooves=(ELECTRO, BREAK, SIMPLE),
    kits=("808", "909", "boombap"),
    human_ms=3,
    form=("intro", "verse", "chorus", "verse", "chorus", "verse", "ending"),
    endings=("fade",),
    parts=(
        Part(
            "bass",
            ("synth bass", "slap bass", "electric bass"),
            Bass(("1 . . 1 . . 8 . 1 . . b7 . 8 . .", "1 . 1 . . 1 . . b7 . b7 . 5 . a .")),
            3,
        ),
        Part(
            "stabs",
            ("synth brass", "horn section", "crunch guitar", "clavinet"),
            Comp(
                ("x...............", "x..x............", "......x.....x..."),
                "close",
                62,
                short=True,
            ),
            -2,
        ),
        Part(
            "guitar riff",
            ("overdriven guitar", "skank guitar"),
            Riff(
                ("0 . 0m 0m 3 . 0 . . . 5 . 3 . 0 .", "0 . . 0 . . 3 . 0 . . 0 . . 5 ."),
                "fifth",
                40,
                on_tonic=True,
            ),
            -2,
            chance=0.5,
        ),
        Part(
            "rap",
            ("rap voice", "rough voice"),
            Melody(RAP, 50, 60, "minor pentatonic", rest=0.05, steady=0.4, leap=0.2, voices=1),
            9,
            wet=0.1,
        ),
        Part(
            "shout",
            ("rap voice",),
            Melody(
                ("............x-x-", "........x---x---"),
                52,
                62,
                "minor pentatonic",
                rest=0.2,
                voices=2,
            ),
            6,
            wet=0.15,
        ),
    ),
    sound=Sound(
        balance=(12, 11, 5, 3, 0, -5, -7, -13),
        loudness_db=(-14.5, 3),
        squash=0.4,
        bandwidth_hz=(9000, 11000),
        reverb=(0.4, 0.1),
        drums_db=5,
    ),
    moods=("energetic", "joyful"),
    weight=3,
)

SMOOTH = Substyle(
    "smooth and sung",
    tempo=(78, 100),
    modes=("minor", "dorian"),
    verse=("i9 | iv9 | i9 | V7", "ii9 | V7 | Imaj9 | vi7", "i7 | bVImaj7 | bVII | i7"),
    swing=0.56,
    swing_beats=0.5,
    grooves=(LAZY, BOOM_BAP),
    kits=("808", "boombap", "pop"),
    form=("intro", "verse", "chorus", "verse", "chorus", "bridge", "chorus", "ending"),
    endings=("fade",),
    parts=(
        Part(
            "bass",
            ("sub bass", "synth bass", "electric bass"),
            Bass(("1 - - - . . 1 . 1 - . . b7 - a -", "1 - - . . 8 . 1 - - . 5 . . . .")),
            4,
        ),
        Part(
            "keys",
            ("electric piano", "digital piano"),
            Comp(("x-----..x-----..", "x---..x---..x---"), "rootless", 62),
            -2,
        ),
        Part("pad", ("warm pad", "string section"), Comp(("x---------------",), "open", 64), -7),
        Part(
            "rap",
            ("rap voice",),
            Melody(RAP, 46, 56, "minor pentatonic", rest=0.05, steady=0.5),
            8,
            where="verse bridge",
            wet=0.08,
        ),
        Part(
            "song",
            ("female voice", "male voice"),
            Melody(HOOK, 60, 77, "minor pentatonic", rest=0.1, voices=2),
            7,
            where="chorus intro",
            wet=0.25,
        ),
    ),
    sound=Sound(
        balance=(14, 12, 5, 2, -2, -8, -9, -15),
        loudness_db=(-14.5, 3),
        squash=0.4,
        bandwidth_hz=(9300, 11000),
        reverb=(0.6, 0.15),
        drums_db=4,
    ),
    moods=("relaxed", "romantic"),
    weight=2.5,
)

STYLE = Style(
    "hiphop",
    "A looped bar, boom-bap drums in front, deep bass, and a voice speaking sixteenths.",
    (SAMPLED, PARTY, SMOOTH),
)
