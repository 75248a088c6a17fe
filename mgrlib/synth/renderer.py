"""From a score to a waveform: notes from a cache, drums from a kit, a room, a channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import signal

from mgrlib.synth.artists import Artist, Player
from mgrlib.synth.channel import Channel
from mgrlib.synth.composer import Hit, Note, Score
from mgrlib.synth.drums import Kit, hit
from mgrlib.synth.effects import room
from mgrlib.synth.instruments import Wave, ring_seconds, softer
from mgrlib.synth.theory import frequency

# How loud each drum is in the mix, dB against the snare.
DRUM_DB = {
    "kick": 2.0, "snare": 0.0, "hat": -13.0,
    "open": -11.0,
    "ride": -10.0, "crash": -8.0,
    "tom": -2.0, "lowtom": -1.0, "rim": -6.0, "clap": -3.0, "brush": -8.0, "shaker": -15.0,
    "tambourine": -12.0, "cowbell": -12.0, "conga": -6.0, "timpani": 0.0,
}  # fmt: skip
SOFT = 0.5  # below this velocity an instrument sounds darker
_LENGTHS = (0.12, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.2, 3.3, 5.0)


def render(score: Score, sample_rate: int) -> NDArray[np.float32]:
    """(N,): the score as it would stand on a disc: 16-bit steps, as float32 in [-1, 1)."""
    song = score.song
    rng = song.rng("render", round(score.seconds, 3))
    n = round(score.seconds * sample_rate)
    dry, wet = np.zeros(n), np.zeros(n)
    for player, notes in score.notes:
        fader_db = float(rng.normal(0, 2.0))
        _play(player, notes, song.artist, fader_db, dry, wet, sample_rate)
    if song.artist.kit is not None:
        gain = 10 ** ((song.artist.drums_db + rng.normal(0, 2.0)) / 20)
        _play_drums(song.artist, song.artist.kit, score.hits, gain, dry, wet, sample_rate)
    channel = _channel(score, rng)
    y = _mix(dry, wet, song.artist, channel, sample_rate, rng)
    y = channel.finish(y, sample_rate, rng)
    return (np.round(y * 32767.0) / 32768.0).astype(np.float32)


def _channel(score: Score, rng: np.random.Generator) -> Channel:
    """The artist's studio on the day of this song."""
    artist = score.song.artist
    sound = artist.substyle.sound
    day = rng.normal(0, 1.5, len(artist.balance))
    studio = np.random.Generator(np.random.PCG64(artist.habit + 11))
    ripple = studio.normal(0, 2.0, 28) + rng.normal(0, 0.8, 28)
    return Channel(
        balance=tuple(np.array(artist.balance) + day),
        strength=0.85,
        ripple_db=tuple(ripple),
        bandwidth_hz=artist.bandwidth_hz,
        low_cut_hz=artist.low_cut_hz,
        hiss_db=artist.hiss_db + rng.normal(0, 2),
        hum_db=artist.hum_db,
        crackle=sound.vinyl,
        squash=artist.squash,
        loudness_db=float(np.clip(artist.loudness_db + rng.normal(0, 1.5), -45, -9)),
        wobble_cents=artist.wobble_cents,
    )


def _length_class(seconds: float) -> float:
    """The next longer of a few lengths, so that notes can be used again."""
    for length in _LENGTHS:
        if seconds <= length * 1.1:
            return length
    return _LENGTHS[-1]


def _loudest(y: Wave) -> float:
    """RMS of the loudest 1,024 samples."""
    if len(y) < 1024:
        return float(np.sqrt(np.mean(y**2))) + 1e-9
    blocks = y[: len(y) // 1024 * 1024].reshape(-1, 1024)
    return float(np.sqrt(np.max(np.einsum("ij,ij->i", blocks, blocks)) / 1024)) + 1e-9


def _play(
    player: Player,
    notes: tuple[Note, ...],
    artist: Artist,
    fader_db: float,
    dry: Wave,
    wet: Wave,
    rate: int,
) -> None:
    """Add a part to the dry mix and to the room's share."""
    cache: dict[tuple, Wave] = {}
    track = np.zeros(len(dry))
    tuning = 2 ** (artist.tuning_cents / 1200)
    seed = artist.habit % 1_000_003
    ring = 0.02 + ring_seconds(player.instrument)
    for note in notes:
        length = _length_class(note.length)
        soft = note.velocity < SOFT
        key = (note.pitches, length, note.mark, soft)
        if key not in cache:
            pitches = tuple(tuning * frequency(p) for p in note.pitches)
            played = softer(player.instrument) if soft else player.instrument
            tone = played.tone(pitches, length, note.mark, rate, seed + len(cache))
            cache[key] = tone / _loudest(tone)
        sound = _cut(cache[key], note.length + ring, rate)
        _add(track, sound, note.start, note.velocity**1.5, rate)
    track *= 0.1 * 10 ** ((player.level_db + fader_db) / 20)
    dry += track
    track *= 2 * player.part.wet
    wet += track


def _add(track: Wave, sound: Wave, start: float, gain: float, rate: int) -> None:
    first = max(0, round(start * rate))
    last = min(len(track), first + len(sound))
    if last > first:
        track[first:last] += gain * sound[: last - first]


def _cut(sound: Wave, seconds: float, rate: int) -> Wave:
    """The first seconds of a sound, faded out; the whole of it when it is no longer than that."""
    n = round(seconds * rate)
    if n >= len(sound):
        return sound
    fade = min(n, round(0.03 * rate))
    short = sound[:n].copy()
    short[n - fade :] *= np.linspace(1.0, 0.0, fade)
    return short


def _play_drums(
    artist: Artist, kit: Kit, hits: tuple[Hit, ...], gain: float, dry: Wave, wet: Wave, rate: int
) -> None:
    """Add the drums: two takes of each, in turn, so that no two neighbours are the same."""
    cache: dict[tuple[str, int], Wave] = {}
    track = np.zeros(len(dry))
    count: dict[str, int] = {}
    for stroke in hits:
        take = count.get(stroke.drum, 0) % 2
        count[stroke.drum] = count.get(stroke.drum, 0) + 1
        key = (stroke.drum, take)
        if key not in cache:
            rng = np.random.Generator(np.random.PCG64([artist.habit, take, len(stroke.drum)]))
            varied = replace(kit, snare_seconds=kit.snare_seconds * (1 + 0.04 * take))
            cache[key] = hit(varied, stroke.drum, rng, rate)
        level = 10 ** (DRUM_DB[stroke.drum] / 20)
        _add(track, cache[key], stroke.start, level * stroke.velocity**1.5, rate)
    dry += 0.65 * gain * track
    wet += 0.15 * gain * track


def _mix(
    dry: Wave, wet: Wave, artist: Artist, channel: Channel, rate: int, rng: np.random.Generator
) -> Wave:
    """(N,): the room added, then mastered and band-limited."""
    seconds, level = artist.reverb
    response = room(seconds, 2.5, rate, np.random.Generator(np.random.PCG64(artist.habit)))
    y = dry + channel.noise(len(dry), float(np.sqrt(np.mean(dry**2))), rate, rng)
    y += 2 * level * signal.oaconvolve(wet, response)[: len(wet)]
    taps = channel.filter(y, rate)
    delay = len(taps) // 2
    return signal.oaconvolve(y, taps)[delay : delay + len(y)]
