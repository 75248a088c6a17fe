"""Stems: what single instruments contribute to a clip.

The studio is linear up to the compressor: a mix of tracks, a room, a filter. The compressor and the
limiter multiply each sample of the mix by a gain, and the tape moves it. If every stem gets the
mix's gains and moves, the stems add up to the clip. So a clip without its drums is the clip minus
the drums' stem, and nothing else about it has changed.
"""

from __future__ import annotations

from collections.abc import Collection
from copy import deepcopy

import numpy as np
from numpy.typing import NDArray

from mgrlib.errors import CorpusError, explain, some
from mgrlib.synth.composer import Score
from mgrlib.synth.effects import compress, convolve, room, wobble
from mgrlib.synth.instruments import Wave
from mgrlib.synth.renderer import Desk, channel_of, fade_out, play, play_drums
from mgrlib.synth.truth import truth_of

DRUMS = "drums"
_SILENT = 1e-9


def stem(score: Score, instruments: Collection[str], sample_rate: int) -> NDArray[np.float32]:
    """The part of the rendered score that these instruments play, (N,) float32.

    Hiss, hum and crackle belong to no instrument. The clip is quantized to 16 bits and a stem is
    not, so sums of stems differ from the clip by rounding.

    Args:
        score: as for `render`.
        instruments: names as in `Truth.instruments`, with "drums" for all drums.
        sample_rate: in Hz.

    Raises:
        CorpusError: if an instrument does not sound in the score.
    """
    names = truth_of(score).instruments
    unknown = sorted(set(instruments) - set(names))
    if unknown:
        got = f"{some(unknown)} among {', '.join(names)}"
        raise CorpusError(explain("stem", "instruments that sound in the clip", got))
    mix, rng = _dry_and_wet(score, set(names), sample_rate)
    tracks, _ = _dry_and_wet(score, set(instruments), sample_rate)
    return _finished(score, mix, tracks, sample_rate, rng).astype(np.float32)


def _dry_and_wet(
    score: Score, names: set[str], rate: int
) -> tuple[tuple[Wave, Wave], np.random.Generator]:
    """The tracks of some instruments, dry and for the room, and the generator after them.

    Every fader is drawn, also of those that do not play, so that levels are those of the mix.
    """
    rng = score.song.rng("render", round(score.seconds, 3))
    artist = score.song.artist
    desk = Desk(round(score.seconds * rate), rate)
    for player, notes in score.notes:
        fader_db = float(rng.normal(0, 2.0))
        if player.name in names:
            play(player, notes, artist, fader_db, desk)
    if artist.kit is not None:
        gain = 10 ** ((artist.drums_db + rng.normal(0, 2.0)) / 20)
        if DRUMS in names:
            play_drums(artist, artist.kit, score.hits, gain, desk)
    return desk.mix(0.75 * 60.0 / score.song.tempo_bpm), rng


def _finished(
    score: Score,
    mix: tuple[Wave, Wave],
    tracks: tuple[Wave, Wave],
    rate: int,
    rng: np.random.Generator,
) -> Wave:
    """The tracks after room, filter, compressor, tape and limiter of the mix."""
    artist = score.song.artist
    channel = channel_of(score, rng)
    seconds, level = artist.reverb
    response = room(seconds, 2.5, rate, np.random.Generator(np.random.PCG64(artist.habit)))
    response *= 2 * level
    channel.add_noise(mix[0], rate, rng)
    mixture, part = (dry + convolve(wet, response) for dry, wet in (mix, tracks))
    taps = channel.filter(mixture, rate)
    delay = len(taps) // 2
    mixture, part = (convolve(np.append(y, np.zeros(delay)), taps)[delay:] for y in (mixture, part))
    final = channel.finish(mixture.copy(), rate, deepcopy(rng))
    squeezed = compress(mixture, channel.squash, rate)
    part = part * _ratio(squeezed, mixture)
    if channel.wobble_cents > 0.5:
        speed = rng.uniform(0.5, 1.5)
        squeezed, part = (
            wobble(y, channel.wobble_cents, speed, rate, deepcopy(rng)) for y in (squeezed, part)
        )
    part = part * _ratio(final, squeezed)
    fade_out(part, score, rate)
    return part


def _ratio(after: Wave, before: Wave) -> Wave:
    """The gain of each sample; where there is no sound, that of its neighborhood hardly matters."""
    silent = np.abs(before) < _SILENT
    return np.where(silent, 0.0, after) / np.where(silent, 1.0, before)
