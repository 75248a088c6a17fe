"""Artists: variations of a genre's style that are the same in every song of the artist."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from functools import lru_cache

import numpy as np

from mgrlib.errors import CorpusError, explain
from mgrlib.synth.drums import KITS, Kit
from mgrlib.synth.instruments import Amplifier, Instrument, Partials, Wavetable
from mgrlib.synth.orchestra import instrument
from mgrlib.synth.randomness import generator, pick
from mgrlib.synth.styles import style_of
from mgrlib.synth.styles.style import Part, Substyle

N_ARTISTS = 12


@dataclass(frozen=True)
class Player:
    """A part of the band with the artist's instrument."""

    part: Part
    name: str
    instrument: Instrument
    level_db: float


@dataclass(frozen=True)
class Artist:
    """An artist: the substyle, the band, and all other properties common to the artist's songs.

    `balance`, `reverb`, `bandwidth_hz`, `low_cut_hz`, `hiss_db`, `hum_db`, `squash`,
    `loudness_db`, `wobble_cents` describe the studio; `tempo`, `tonics`, `habit` the music.
    """

    name: str
    genre: str
    substyle: Substyle
    players: tuple[Player, ...]
    kit: Kit | None
    tempo: tuple[float, float]
    tonics: tuple[int, ...]
    habit: int
    balance: tuple[float, ...]
    reverb: tuple[float, float]
    bandwidth_hz: float
    low_cut_hz: float
    hiss_db: float
    hum_db: float
    squash: float
    loudness_db: float
    wobble_cents: float
    drums_db: float
    tuning_cents: float


def artist_names(genre: str, n: int = N_ARTISTS) -> tuple[str, ...]:
    """The names of a genre's artists.

    >>> artist_names("blues")[:2]
    ('blues-a00', 'blues-a01')
    """
    return tuple(f"{genre}-a{i:02d}" for i in range(n))


def _check(genre: str, name: str) -> int:
    prefix, _, number = name.rpartition("-a")
    if prefix != genre or not number.isdigit():
        raise CorpusError(
            explain("artist", f"a name such as '{genre}-a00'", repr(name), "see `artist_names`.")
        )
    return int(number)


@lru_cache(maxsize=256)
def artist(genre: str, name: str, seed: int = 0) -> Artist:
    """Return the artist with this name, which depends only on the name and the seed.

    Raises:
        CorpusError: if the genre is unknown, or if the name does not belong to it.
    """
    substyle = _substyle(genre, _check(genre, name))
    rng = generator("artist", genre, name, seed)
    sound = substyle.sound
    low, high = substyle.tempo
    center = rng.uniform(low, high)
    width = 0.35 * (high - low)
    return Artist(
        name=name,
        genre=genre,
        substyle=substyle,
        players=_players(substyle, rng),
        kit=_vary_kit(KITS[pick(rng, substyle.kits)], rng) if substyle.grooves else None,
        tempo=(max(low, center - width), min(high, center + width)),
        tonics=tuple(int(t) for t in rng.choice(12, size=4, replace=False)),
        habit=int(rng.integers(2**31)),
        balance=_vary_balance(sound.balance, sound.spread_db, rng),
        reverb=(sound.reverb[0] * rng.uniform(0.6, 1.5), sound.reverb[1] * rng.uniform(0.5, 1.6)),
        bandwidth_hz=rng.uniform(*sound.bandwidth_hz),
        low_cut_hz=rng.uniform(20, 45),
        hiss_db=float(rng.normal(*sound.hiss_db)),
        hum_db=float(rng.normal(-55, 6)),
        squash=float(np.clip(sound.squash + rng.normal(0, 0.15), 0, 1)),
        loudness_db=float(rng.normal(sound.loudness_db[0], 0.8 * sound.loudness_db[1])),
        wobble_cents=float(max(0.0, rng.normal(-2, 4))),
        drums_db=sound.drums_db + float(rng.normal(0, 1.5)),
        tuning_cents=float(rng.normal(0, 12)),
    )


def _substyle(genre: str, number: int) -> Substyle:
    """The substyle of an artist; substyles are distributed over the artists by weight."""
    substyles = style_of(genre).substyles
    weights = np.array([s.weight for s in substyles])
    # Golden-ratio steps spread any number of artists evenly over the weights.
    place = (0.5 + number * 0.6180339887498949) % 1.0
    edges = np.cumsum(weights) / weights.sum()
    return substyles[min(int(np.searchsorted(edges, place, side="right")), len(substyles) - 1)]


def _vary_balance(
    balance: tuple[float, ...], spread: float, rng: np.random.Generator
) -> tuple[float, ...]:
    x = np.linspace(-1, 1, len(balance))
    tilt, smile = rng.normal(0, 1.2 * spread), rng.normal(0, 0.9 * spread)
    return tuple(
        np.array(balance)
        + tilt * x
        + smile * (x**2 - 0.4)
        + rng.normal(0, 0.6 * spread, len(balance))
    )


def _players(substyle: Substyle, rng: np.random.Generator) -> tuple[Player, ...]:
    players = []
    for part in substyle.parts:
        name = pick(rng, part.instruments)
        variation = _vary_instrument(instrument(name), rng)
        level = part.level_db + rng.normal(0, 1.5)
        if rng.random() < part.chance:
            players.append(Player(part, name, variation, float(level)))
    return tuple(players)


def _vary(value: float, rng: np.random.Generator, spread: float) -> float:
    return float(value * np.exp(rng.normal(0, spread)))


def _vary_instrument(base: Instrument, rng: np.random.Generator) -> Instrument:
    """Vary an instrument: brighter or darker, shorter or longer."""
    if isinstance(base, Amplifier):
        source = _vary_instrument(base.source, rng)
        source = source if isinstance(source, (Partials, Wavetable)) else base.source
        return replace(
            base,
            source=source,
            drive_db=base.drive_db + rng.normal(0, 3),
            high_cut=_vary(base.high_cut, rng, 0.12),
            presence=base.presence + rng.normal(0, 2),
        )
    names = {f.name for f in fields(base)}  # type: ignore[arg-type]
    spreads = {
        "tilt": 0.1,
        "t60": 0.25,
        "damping": 0.2,
        "cutoff": 0.15,
        "attack": 0.25,
        "noise": 0.4,
        "detune": 0.3,
        "index": 0.25,
        "breath": 0.4,
        "scoop": 0.5,
        "pluck": 0.15,
    }
    changes = {
        key: _vary(getattr(base, key), rng, spread)
        for key, spread in spreads.items()
        if key in names and getattr(base, key)
    }
    if "pluck" in changes:
        changes["pluck"] = min(changes["pluck"], 0.5)
    return replace(base, **changes)  # type: ignore[type-var]


def _vary_kit(kit: Kit, rng: np.random.Generator) -> Kit:
    return replace(
        kit,
        kick_hz=_vary(kit.kick_hz, rng, 0.08),
        kick_seconds=_vary(kit.kick_seconds, rng, 0.2),
        click=_vary(kit.click, rng, 0.3),
        snare_hz=_vary(kit.snare_hz, rng, 0.1),
        snare_seconds=_vary(kit.snare_seconds, rng, 0.2),
        rattle=float(np.clip(kit.rattle + rng.normal(0, 0.08), 0.2, 0.95)),
        metal_hz=_vary(kit.metal_hz, rng, 0.08),
        metal_seconds=_vary(kit.metal_seconds, rng, 0.2),
        room=_vary(kit.room, rng, 0.3),
    )
