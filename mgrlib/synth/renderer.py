"""The renderer, which turns a score into a waveform: notes, drums, a room and a channel."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from mgrlib.synth.artists import Artist, Player
from mgrlib.synth.channel import Channel
from mgrlib.synth.composer import Hit, Note, Score
from mgrlib.synth.drums import Kit, hit
from mgrlib.synth.effects import convolve, echo, room
from mgrlib.synth.instruments import Memory, Wave, ring_seconds, softer, steady
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
_CHUNK = 8192
_LENGTHS = (0.12, 0.2, 0.3, 0.45, 0.7, 1.0, 1.5, 2.2, 3.3, 5.0)


def render(score: Score, sample_rate: int) -> NDArray[np.float32]:
    """Render a score, (N,) float32 in [-1, 1), quantized to 16 bits."""
    song = score.song
    rng = song.rng("render", round(score.seconds, 3))
    desk = Desk(round(score.seconds * sample_rate), sample_rate)
    for player, notes in score.notes:
        fader_db = float(rng.normal(0, 2.0))
        play(player, notes, song.artist, fader_db, desk)
    if song.artist.kit is not None:
        gain = 10 ** ((song.artist.drums_db + rng.normal(0, 2.0)) / 20)
        play_drums(song.artist, song.artist.kit, score.hits, gain, desk)
    channel = channel_of(score, rng)
    dry, wet = desk.mix(0.75 * 60.0 / song.tempo_bpm)
    y = _mix(dry, wet, song.artist, channel, sample_rate, rng)
    y = channel.finish(y, sample_rate, rng)
    fade_out(y, score, sample_rate)
    y *= 32767.0
    np.round(y, out=y)
    y /= 32768.0
    return y.astype(np.float32)


class Desk:
    """The mixing desk, with one track for all parts that have the same room and echo levels."""

    def __init__(self, n: int, rate: int) -> None:
        self.n, self.rate = n, rate
        self.tracks: dict[tuple[float, float], Wave] = {}

    def track(self, wet: float, echo: float = 0.0) -> Wave:
        """The track to which parts with these levels are added, (N,)."""
        if (wet, echo) not in self.tracks:
            self.tracks[wet, echo] = np.zeros(self.n)
        return self.tracks[wet, echo]

    def mix(self, echo_seconds: float) -> tuple[Wave, Wave]:
        """The sum of all tracks with their echoes, and the signal for the room, (N,) each."""
        for (_, level), track in self.tracks.items():
            if level:
                track += level * echo(track, echo_seconds, 0.6, self.rate)
        dry, wet = np.zeros(self.n), np.zeros(self.n)
        for start in range(0, self.n, _CHUNK):  # pieces that stay in the processor's cache
            piece = slice(start, start + _CHUNK)
            for (level, _), track in self.tracks.items():
                dry[piece] += track[piece]
                wet[piece] += level * track[piece]
        return dry, wet


def fade_out(y: Wave, score: Score, rate: int) -> None:
    """Fade the music out in place if the song ends in this window with a fade."""
    if score.fade is None:
        return
    start, end = (round(t * rate) for t in score.fade)
    place = np.arange(max(start, 0), len(y))
    gain = np.clip((end - place) / max(1, end - start), 0.0, 1.0)
    y[place] *= gain**1.5


def channel_of(score: Score, rng: np.random.Generator) -> Channel:
    """The recording channel of a song, which varies a little between an artist's songs."""
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


def play(
    player: Player, notes: tuple[Note, ...], artist: Artist, fader_db: float, desk: Desk
) -> None:
    """Add a part to its track."""
    track = desk.track(2 * player.part.wet, player.part.echo)
    level = 0.1 * 10 ** ((player.level_db + fader_db) / 20)
    sounds = _sounds(player, notes, artist, desk.rate)
    n_fade = round((0.03 + ring_seconds(player.instrument)) * desk.rate)
    fade = 0.5 + 0.5 * np.cos(np.pi * (np.arange(n_fade) + 0.5) / n_fade)
    for note in notes:
        body = round(note.length * desk.rate)
        sound = sounds[_sound_key(player, note)]
        first, gain = round(note.start * desk.rate), level * note.velocity**1.5
        _add(track, sound[:body], first, gain)
        end = sound[body : body + n_fade]
        _add(track, end * fade[: len(end)], first + body, gain)


def _sound_key(player: Player, note: Note) -> tuple:
    """A key for the sound of a note, with its length only if the sound depends on it."""
    length = 0.0 if steady(player.instrument) else _length_class(note.length)
    return note.pitches, length, note.mark, note.velocity < SOFT


def _sounds(
    player: Player, notes: tuple[Note, ...], artist: Artist, rate: int
) -> dict[tuple, Wave]:
    """A sound for each kind of note, as long as the longest, its loudest moment at RMS 1."""
    longest: dict[tuple, float] = {}
    for note in notes:
        key = _sound_key(player, note)
        longest[key] = max(longest.get(key, 0.0), _length_class(note.length))
    tuning = 2 ** (artist.tuning_cents / 1200)
    seed = artist.habit % 1_000_003
    hands = {False: player.instrument, True: softer(player.instrument)}
    memories: dict[bool, Memory] = {False: {}, True: {}}
    sounds: dict[tuple, Wave] = {}
    # The longest first: a string that has once been made so long is not made again.
    for key in sorted(longest, key=lambda key: -longest[key]):
        pitches, _, mark, soft = key
        hertz = tuple(tuning * frequency(p) for p in pitches)
        tone = hands[soft].tone(hertz, longest[key], mark, rate, seed + len(sounds), memories[soft])
        tone /= _loudest(tone)
        sounds[key] = tone
    return sounds


def _add(track: Wave, sound: Wave, first: int, gain: float) -> None:
    """Add a sound from a sample on, as much of it as the track has room for."""
    start, last = max(0, first), min(len(track), first + len(sound))
    if last > start:
        track[start:last] += gain * sound[start - first : last - first]


def play_drums(artist: Artist, kit: Kit, hits: tuple[Hit, ...], gain: float, desk: Desk) -> None:
    """Add the drums: two takes of each, in turn, so that no two neighbors are the same."""
    cache: dict[tuple[str, int], Wave] = {}
    count: dict[str, int] = {}
    far = artist.substyle.sound.drum_echo
    for stroke in hits:
        take = count.get(stroke.drum, 0) % 2
        count[stroke.drum] = count.get(stroke.drum, 0) + 1
        key = (stroke.drum, take)
        if key not in cache:
            rng = np.random.Generator(np.random.PCG64([artist.habit, take, len(stroke.drum)]))
            variation = replace(kit, snare_seconds=kit.snare_seconds * (1 + 0.04 * take))
            cache[key] = hit(variation, stroke.drum, rng, desk.rate)
        level = 0.65 * gain * 10 ** (DRUM_DB[stroke.drum] / 20)
        track = desk.track(0.23, far if stroke.drum in ("snare", "rim") else 0.0)
        _add(track, cache[key], round(stroke.start * desk.rate), level * stroke.velocity**1.5)


def _mix(
    dry: Wave, wet: Wave, artist: Artist, channel: Channel, rate: int, rng: np.random.Generator
) -> Wave:
    """Add the room, then master and band-limit the mix, (N,)."""
    seconds, level = artist.reverb
    response = room(seconds, 2.5, rate, np.random.Generator(np.random.PCG64(artist.habit)))
    response *= 2 * level
    channel.add_noise(dry, rate, rng)
    dry += convolve(wet, response)
    taps = channel.filter(dry, rate)
    delay = len(taps) // 2
    return convolve(np.append(dry, np.zeros(delay)), taps)[delay:]
