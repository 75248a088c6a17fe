"""The instruments by name, and the tags that they give to a clip."""

from __future__ import annotations

from dataclasses import replace

from mgrlib.errors import CorpusError, explain, some
from mgrlib.synth.instruments import Amplifier, Fm, Instrument, Partials, Wavetable

# Resonances of bodies, as (Hz, width Hz, dB).
_GUITAR = ((105.0, 40.0, 6.0), (210.0, 80.0, 5.0), (420.0, 150.0, 3.0), (2800.0, 1500.0, 4.0))
_VIOLIN = ((290.0, 60.0, 5.0), (460.0, 120.0, 6.0), (1000.0, 400.0, 3.0), (2600.0, 1200.0, 9.0))
_CELLO = ((110.0, 50.0, 5.0), (220.0, 90.0, 5.0), (600.0, 300.0, 3.0), (1800.0, 1000.0, 5.0))
_SAX = ((550.0, 250.0, 6.0), (1300.0, 500.0, 5.0), (2600.0, 900.0, 3.0))
_BRASS = ((1200.0, 700.0, 7.0), (2400.0, 1200.0, 4.0))
_BANJO = ((700.0, 500.0, 6.0), (2000.0, 1500.0, 6.0))

_clean = Partials(tilt=0.9, t60=5.0, damping=0.18, pluck=0.16, cutoff=4500, noise=0.02, strum=0.008)
_hot = Partials(tilt=0.9, t60=9.0, damping=0.12, pluck=0.2, cutoff=5000, strum=0.003, n_partials=30)
_section = Partials(
    tilt=1.25, t60=0, voices=3, detune=14, body=_VIOLIN, attack=0.12, release=0.3, n_partials=22
)
_saw = Partials(tilt=1.0, t60=0, voices=3, detune=16, attack=0.02, release=0.12, n_partials=30)
_singer = Wavetable(
    tilt=1.1,
    cutoff=6000,
    vowels="aeiou",
    vibrato=(32, 5.5),
    consonant=0.6,
    breath=0.05,
    release=0.05,
    scoop=150,
    drift=15,
)

_singers = Partials(
    tilt=1.2,
    t60=0,
    voices=3,
    detune=22,
    attack=0.12,
    release=0.25,
    body=((700.0, 200.0, 18.0), (1100.0, 220.0, 15.0), (2600.0, 400.0, 12.0)),
    tremolo=(0.05, 5.3),
)

INSTRUMENTS: dict[str, Instrument] = {
    # plucked and struck strings
    "nylon guitar": Partials(
        tilt=1.4, t60=2.6, damping=0.45, pluck=0.22, body=_GUITAR, noise=0.03, strum=0.012
    ),
    "steel guitar": Partials(
        tilt=1.0, t60=3.4, damping=0.22, pluck=0.13, body=_GUITAR, noise=0.05, strum=0.011
    ),
    "twelve-string guitar": Partials(
        tilt=0.9,
        t60=3.4,
        damping=0.2,
        pluck=0.13,
        body=_GUITAR,
        voices=2,
        detune=9,
        noise=0.06,
        strum=0.014,
    ),
    "resonator guitar": Partials(
        tilt=0.8,
        t60=2.2,
        damping=0.25,
        pluck=0.1,
        body=((350, 200, 5), (900, 500, 8), (2200, 900, 6)),
        noise=0.06,
        strum=0.012,
    ),
    "clean guitar": _clean,
    "jazz guitar": Partials(
        tilt=1.5, t60=3.0, damping=0.5, pluck=0.28, cutoff=2200, noise=0.02, strum=0.006
    ),
    "skank guitar": Partials(
        tilt=0.8, t60=0.9, damping=0.25, pluck=0.12, cutoff=5000, noise=0.06, strum=0.004
    ),
    "banjo": Partials(tilt=0.8, t60=0.9, damping=0.2, pluck=0.1, body=_BANJO, noise=0.12),
    "mandolin": Partials(
        tilt=0.9, t60=0.9, damping=0.25, pluck=0.12, voices=2, detune=7, body=_BANJO, noise=0.1
    ),
    "harp": Partials(tilt=1.6, t60=3.0, damping=0.5, pluck=0.4, noise=0.01, strum=0.02),
    "harpsichord": Partials(tilt=0.6, t60=2.0, damping=0.2, pluck=0.12, noise=0.05, release=0.1),
    "pizzicato strings": Partials(
        tilt=1.6, t60=0.7, damping=0.8, pluck=0.25, body=_VIOLIN, voices=2, detune=10, noise=0.03
    ),
    "piano": Partials(
        tilt=1.35,
        t60=5.0,
        damping=0.28,
        pluck=0.124,
        stiffness=0.0004,
        voices=2,
        detune=1.6,
        noise=0.04,
        n_partials=32,
        release=0.15,
    ),
    "bright piano": Partials(
        tilt=0.95,
        t60=4.0,
        damping=0.25,
        pluck=0.11,
        stiffness=0.0005,
        voices=2,
        detune=2.5,
        noise=0.06,
        n_partials=34,
        release=0.12,
    ),
    "upright bass": Partials(
        tilt=1.5, t60=1.4, damping=0.35, pluck=0.25, body=_CELLO, cutoff=2500, noise=0.06
    ),
    "electric bass": Partials(
        tilt=1.3, t60=4.0, damping=0.4, pluck=0.2, cutoff=2600, noise=0.03, release=0.05
    ),
    "picked bass": Partials(
        tilt=0.95, t60=4.0, damping=0.25, pluck=0.12, cutoff=4000, noise=0.08, release=0.04
    ),
    "dub bass": Partials(
        tilt=1.6, t60=4.0, damping=0.6, pluck=0.3, cutoff=900, noise=0.01, release=0.06
    ),
    "slap bass": Partials(
        tilt=0.7, t60=1.6, damping=0.35, pluck=0.1, cutoff=6000, noise=0.15, release=0.04
    ),
    # amplified and driven
    "crunch guitar": Amplifier(_hot, drive_db=20, high_cut=4800),
    "overdriven guitar": Amplifier(_hot, drive_db=28, high_cut=5200, presence=5),
    "metal guitar": Amplifier(_hot, drive_db=34, low_cut=75, high_cut=5600, presence=6),
    "bluesy lead": Amplifier(
        Wavetable(tilt=1.2, soft=0.2, attack=0.006, decay=1.6, vibrato=(25, 6), scoop=20, breath=0),
        drive_db=14,
        high_cut=4500,
    ),
    "lead guitar": Amplifier(
        Wavetable(tilt=1.0, soft=0.2, attack=0.005, decay=3.0, vibrato=(30, 6), scoop=25, breath=0),
        drive_db=30,
        high_cut=5200,
    ),
    "slide guitar": Amplifier(
        Wavetable(
            tilt=1.2, soft=0.3, attack=0.01, decay=1.2, vibrato=(35, 5.5), scoop=160, breath=0
        ),
        drive_db=12,
        high_cut=4500,
    ),
    "pedal steel": Wavetable(
        tilt=1.5, soft=0.2, attack=0.03, decay=2.2, vibrato=(18, 5), scoop=140, breath=0
    ),
    "distorted bass": Amplifier(
        Partials(tilt=1.0, t60=5, pluck=0.15, cutoff=3000), 20, 40, 3500, 2
    ),
    # bowed
    "violin": Wavetable(tilt=1.0, body=_VIOLIN, attack=0.07, vibrato=(22, 5.8), breath=0.03),
    "fiddle": Wavetable(
        tilt=0.8, body=_VIOLIN, attack=0.03, vibrato=(10, 5.5), breath=0.05, scoop=60, release=0.05
    ),
    "viola": Wavetable(tilt=1.1, body=_VIOLIN, attack=0.08, vibrato=(20, 5.4), breath=0.03),
    "cello": Wavetable(tilt=1.15, body=_CELLO, attack=0.08, vibrato=(20, 5.2), breath=0.03),
    "string section": _section,
    "low strings": Partials(
        tilt=1.3, t60=0, voices=3, detune=12, body=_CELLO, attack=0.1, release=0.25, n_partials=24
    ),
    "disco strings": Partials(
        tilt=1.05, t60=0, voices=3, detune=16, body=_VIOLIN, attack=0.05, release=0.2, n_partials=22
    ),
    # blown
    "flute": Wavetable(tilt=2.0, soft=0.8, attack=0.06, vibrato=(14, 5), breath=0.08),
    "oboe": Wavetable(
        tilt=0.8, body=((1100, 500, 9), (2800, 900, 5)), attack=0.04, vibrato=(12, 5.2)
    ),
    "clarinet": Wavetable(tilt=1.1, odd=0.15, cutoff=4500, attack=0.04, vibrato=(4, 5)),
    "tenor sax": Wavetable(
        tilt=0.95, body=_SAX, attack=0.025, vibrato=(22, 5), breath=0.06, scoop=70, fall=10
    ),
    "alto sax": Wavetable(
        tilt=0.9, body=((750, 300, 6), (1700, 600, 5)), attack=0.025, breath=0.05, scoop=60
    ),
    "trumpet": Wavetable(tilt=0.85, soft=1.2, body=_BRASS, attack=0.03, vibrato=(12, 5.2)),
    "muted trumpet": Wavetable(
        tilt=0.6, body=((1700, 500, 14), (3200, 900, 8)), attack=0.03, vibrato=(14, 5.2)
    ),
    "trombone": Wavetable(
        tilt=1.0, soft=1.2, body=((600, 400, 6), (1300, 700, 4)), attack=0.04, scoop=60
    ),
    "french horn": Wavetable(
        tilt=1.6, soft=0.8, body=((450, 300, 5),), attack=0.07, vibrato=(4, 5), release=0.15
    ),
    "horn section": Partials(
        tilt=0.8, t60=0, body=_BRASS, attack=0.03, voices=2, detune=14, release=0.06, noise=0.02
    ),
    "harmonica": Wavetable(
        tilt=0.55,
        body=((900, 500, 6), (2500, 1200, 8)),
        attack=0.03,
        vibrato=(18, 5.5),
        scoop=120,
        breath=0.05,
        voices=2,
        detune=6,
    ),
    "accordion": Partials(
        tilt=0.75, t60=0, voices=3, detune=14, attack=0.03, release=0.06, n_partials=28
    ),
    # keyboards and synthesizers
    "electric piano": Fm(),
    "digital piano": Fm(ratio=1, index=0.9, second=(14, 0.5, 0.3), t60=5),
    "glockenspiel": Partials(ratios=(1, 2.76, 5.4), tilt=1.2, t60=1.5, damping=0.5, noise=0.02),
    "vibraphone": Partials(
        ratios=(1, 4, 10), tilt=2.2, t60=4, damping=0.5, tremolo=(0.2, 5.5), release=0.4
    ),
    "clavinet": Partials(
        tilt=0.6, t60=0.9, damping=0.2, pluck=0.15, cutoff=4500, noise=0.05, release=0.02
    ),
    "organ": Partials(
        drawbars=(0.8, 0.8, 1, 0.5, 0.2, 0.2, 0.1, 0.1, 0.3),
        t60=0,
        attack=0.008,
        release=0.04,
        tremolo=(0.15, 6.3),
        noise=0.02,
    ),
    "rock organ": Partials(
        drawbars=(1, 1, 1, 0.8, 0.6, 0.5, 0.3, 0.3, 0.6),
        t60=0,
        voices=2,
        detune=8,
        attack=0.006,
        release=0.04,
        tremolo=(0.2, 6.6),
        noise=0.04,
    ),
    "bubble organ": Partials(
        drawbars=(0.9, 0.6, 1, 0.6, 0.1, 0.2), t60=0, attack=0.008, release=0.03, noise=0.03
    ),
    "synth pad": Partials(
        tilt=1.2, t60=0, voices=3, detune=22, attack=0.35, release=0.5, cutoff=3500, n_partials=22
    ),
    "warm pad": Partials(
        tilt=1.7, t60=0, voices=3, detune=18, attack=0.3, release=0.6, cutoff=2000, n_partials=14
    ),
    "synth brass": _saw,
    "synth pluck": Partials(tilt=0.9, t60=0.9, damping=0.5, voices=2, detune=12, release=0.1),
    "synth lead": Wavetable(tilt=0.9, soft=0.3, attack=0.01, vibrato=(14, 5.5), scoop=40, breath=0),
    "synth bass": Partials(tilt=1.0, t60=1.2, damping=0.35, voices=2, detune=8, cutoff=2500),
    "sub bass": Partials(tilt=2.0, t60=0, attack=0.01, release=0.08, n_partials=8),
    "bell": Partials(
        ratios=(1, 2, 2.4, 3, 4.5, 5.3, 6.7), tilt=0.9, t60=4, damping=0.3, release=0.8
    ),
    # voices
    "male voice": replace(_singer, body=((0.94, 0, 0),)),
    "female voice": replace(_singer, body=((1.12, 0, 0),), tilt=1.25),
    "rough voice": replace(_singer, body=((0.92, 0, 0),), growl=0.35, breath=0.1, tilt=0.8),
    "opera voice": Wavetable(
        tilt=0.9, vowels="aeo", vibrato=(70, 5.8), consonant=0.05, release=0.15, attack=0.08
    ),
    "rap voice": Wavetable(
        tilt=0.85,
        vowels="aeiou",
        vibrato=(0, 5),
        consonant=0.7,
        breath=0.06,
        attack=0.012,
        release=0.03,
        scoop=120,
        fall=250,
        body=((0.95, 0, 0),),
    ),
    "metal scream": Amplifier(
        Wavetable(
            tilt=0.6, vowels="aeo", vibrato=(0, 5), consonant=0.6, breath=0.5, growl=0.8, scoop=100
        ),
        drive_db=22,
        low_cut=150,
        high_cut=6500,
    ),
    "choir": _singers,
    "backing voices": replace(_singers, voices=2, detune=18, attack=0.05, release=0.1, tilt=1.1),
}

_TAGS: dict[str, str] = {
    "guitar": "guitar", "banjo": "banjo", "mandolin": "mandolin", "lead": "guitar",
    "bass": "bass", "piano": "piano", "harp": "harp", "harpsichord": "harpsichord",
    "pizzicato strings": "strings", "violin": "strings", "viola": "strings", "cello": "strings",
    "strings": "strings", "section": "strings", "fiddle": "fiddle", "flute": "woodwind",
    "oboe": "woodwind", "clarinet": "woodwind", "sax": "saxophone", "trumpet": "brass",
    "trombone": "brass", "horn": "brass", "harmonica": "harmonica", "accordion": "accordion",
    "pedal steel": "pedal steel", "glockenspiel": "mallets", "vibraphone": "mallets",
    "clavinet": "clavinet", "organ": "organ", "pad": "synthesizer", "brass": "synthesizer",
    "pluck": "synthesizer", "bell": "synthesizer", "voice": "voice", "scream": "voice",
    "choir": "voice", "voices": "voice",
}  # fmt: skip
_EXCEPTIONS = {
    "horn section": "brass",
    "synth lead": "synthesizer",
    "electric piano": "electric piano",
    "digital piano": "electric piano",
    "metal guitar": "distorted guitar",
    "overdriven guitar": "distorted guitar",
    "lead guitar": "distorted guitar",
    "french horn": "brass",
}


def instrument(name: str) -> Instrument:
    """Return the instrument with this name.

    Raises:
        CorpusError: if there is none.
    """
    if name not in INSTRUMENTS:
        raise CorpusError(
            explain("instrument", f"one of {some(sorted(INSTRUMENTS), 5)}", repr(name))
        )
    return INSTRUMENTS[name]


def instrument_tag(name: str) -> str:
    """The family of an instrument, such as 'guitar' for 'nylon guitar'.

    >>> instrument_tag("upright bass"), instrument_tag("tenor sax")
    ('bass', 'saxophone')
    """
    if name in _EXCEPTIONS:
        return _EXCEPTIONS[name]
    if name in _TAGS:
        return _TAGS[name]
    return _TAGS[name.split()[-1]]
