"""Pitched instruments, which turn frequencies and a length into a waveform.

Three ways to make a tone are enough for an orchestra and a rock band:

- `Partials` is a sum of partials that decay at different rates. A Karplus-Strong string is exactly
  that (its delay line and loss filter have one damped mode per harmonic), and so are bars, bells
  and pianos. Without decay it is an organ, a string section or a synthesizer pad.
- `Wavetable` reads one period of a waveform at a varying speed, with vibrato, scoops and falls,
  breath noise, and a brightness that follows the loudness: flutes, saxophones, bows, voices, leads.
- `Fm` modulates one sine by another: electric pianos and bells.

`Amplifier` distorts any of them. It computes at four times the sample rate, so that the harmonics
that the distortion adds do not alias.

Everything is float64: the last bits differ between machines by 1e-16, far below one step of the
16-bit samples that leave the renderer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy import fft, signal

Wave = NDArray[np.float64]
_SMALL = 250_000
_CONTROL = 32
_TABLE = 2048
OVERSAMPLE = 4


Memory = dict[tuple[float, bool], Wave]


class Instrument(Protocol):
    """Anything with a `tone`."""

    def tone(
        self,
        pitches: tuple[float, ...],
        seconds: float,
        mark: str,
        rate: int,
        seed: int,
        memory: Memory | None = None,
    ) -> Wave:
        """(N,): the pitches (in Hz) sounding for `seconds`, with their release.

        `memory` keeps single strings from chord to chord, by pitch and whether they are muted.
        """
        ...


def damped_partials(
    hertz: Wave, gains: Wave, decays: Wave, phases: Wave, n: int, rate: int
) -> Wave:
    """(n,): the sum of damped sinusoids, by one matrix product.

    Sample ``a * 128 + b`` of a damped sinusoid is the product of a number that depends on ``a`` and
    one that depends on ``b``; so a table of each and a matrix product replace a sine per sample.

    Args:
        hertz, gains, decays, phases: (P,) frequency, amplitude, decay rate (1/s), phase (rad).

    >>> one = np.ones(1)
    >>> y = damped_partials(100 * one, one, 0 * one, 0 * one, 5, 800)
    >>> np.round(y, 3).tolist()
    [1.0, 0.707, 0.0, -0.707, -1.0]
    """
    poles = np.asarray((-decays + 2j * np.pi * hertz) / rate, dtype=np.complex128)
    block = 128 if n < 60_000 else 256
    n_blocks = -(-n // block)
    fine = _powers(poles, block, np.ones(len(poles)))
    start = _powers(block * poles, n_blocks, gains * np.exp(1j * phases))
    coarse = np.concatenate([start.real, -start.imag]).T
    right = np.concatenate([fine.real, fine.imag])
    # In products so small that no BLAS starts threads for them: on a busy machine the threads'
    # waiting costs fifty times what they save.
    n_rows = max(1, _SMALL // (block * len(right)))
    y = np.empty((n_blocks, block))
    for row in range(0, n_blocks, n_rows):
        np.matmul(coarse[row : row + n_rows], right, out=y[row : row + n_rows])
    return y.ravel()[:n]


def _powers(
    poles: NDArray[np.complex128], n: int, first: NDArray[np.generic]
) -> NDArray[np.complex128]:
    """(P, n): ``first * exp(poles * j)`` for j below n, each time doubling what is there."""
    table = np.empty((len(poles), n), dtype=np.complex128)
    table[:, 0] = first
    have = 1
    while have < n:
        more = min(have, n - have)
        step = np.exp(have * poles)[:, None]
        np.multiply(table[:, :more], step, out=table[:, have : have + more])
        have += more
    return table


def envelope(n: int, attack: float, hold: float, release: float, rate: int) -> Wave:
    """(n,): rises over `attack` seconds, holds until `hold`, then fades out exponentially.

    The fade reaches -60 dB after `release` seconds; the last samples go to zero.
    """
    return apply_envelope(np.ones(n), attack, hold, release, rate)


def apply_envelope(y: Wave, attack: float, hold: float, release: float, rate: int) -> Wave:
    """Multiply a waveform by `envelope` in place, (n,), without touching the part it holds."""
    n = len(y)
    n_attack = min(n, max(1, round(attack * rate)))
    y[:n_attack] *= 0.5 - 0.5 * np.cos(np.pi / n_attack * np.arange(0.5, n_attack))
    start = min(n, round(hold * rate))
    y[start:] *= np.exp(np.arange(n - start) * (-6.9 / max(1.0, release * rate)))
    tail = min(n, 64)
    y[n - tail :] *= np.linspace(1.0, 0.0, tail)
    return y


def peaks(hertz: Wave, resonances: tuple[tuple[float, float, float], ...]) -> Wave:
    """Gain at each frequency of resonances given as (center Hz, width Hz, gain in dB)."""
    total = np.zeros_like(hertz)
    for center, width, gain_db in resonances:
        total += gain_db / (1.0 + ((hertz - center) / (0.5 * width)) ** 2)
    return 10.0 ** (total / 20.0)


@dataclass(frozen=True)
class Partials:
    """A sum of decaying partials: strings plucked and struck, bars, bells; undamped: organs, pads.

    Args:
        tilt: how many times faster than 1 the partials fall: amplitude of partial k is ``k **
            -tilt``.
        t60: seconds until the lowest partial of a middle C has fallen by 60 dB; 0 for no decay.
        damping: how much faster the high partials decay (0: all alike; 1: in proportion to k).
        pluck: where the string is struck, as a fraction of its length; 0 ignores it.
        stiffness: inharmonicity B in ``f_k = k f_0 sqrt(1 + B k^2)``.
        ratios: the partials' frequencies, when they are not harmonic (bars and bells).
        odd: only odd partials (clarinet-like, stopped pipes).
        voices: copies of each partial (twelve-string guitars, sections).
        detune: the cents over which the copies are spread.
        body: resonances as (Hz, width, dB).
        cutoff: a low-pass corner in Hz (pick-up, tone knob).
        attack, release: seconds.
        noise: level of the pick's or hammer's noise.
        strum: seconds between the strings of a chord.
        mute: decay rate (1/s) added by a palm or a finger on notes marked "m".
    """

    tilt: float = 1.0
    t60: float = 3.0
    damping: float = 0.5
    pluck: float = 0.0
    stiffness: float = 0.0
    ratios: tuple[float, ...] = ()
    drawbars: tuple[float, ...] = ()
    odd: bool = False
    voices: int = 1
    detune: float = 0.0
    body: tuple[tuple[float, float, float], ...] = ()
    cutoff: float = 9000.0
    attack: float = 0.002
    release: float = 0.08
    noise: float = 0.0
    strum: float = 0.0
    mute: float = 25.0
    n_partials: int = 48
    tremolo: tuple[float, float] = (0.0, 0.0)

    def tone(
        self,
        pitches: tuple[float, ...],
        seconds: float,
        mark: str,
        rate: int,
        seed: int,
        memory: Memory | None = None,
    ) -> Wave:
        """(N,): the chord, strummed if `strum` says so."""
        strings = {} if memory is None else memory
        order = pitches if mark != "u" else pitches[::-1]
        ring = self.release if self.t60 == 0 else min(self.release, self.t60)
        lag = round(self.strum * rate)
        n = round((seconds + ring) * rate) + 1
        y = np.zeros(n + lag * (len(order) - 1))
        for i, pitch in enumerate(order):
            key = (pitch, mark == "m")
            if key not in strings or len(strings[key]) < n:
                strings[key] = self._string(pitch, n, mark, rate, seed + round(10 * pitch))
            y[i * lag : i * lag + n] += strings[key][:n]
        depth, speed = self.tremolo
        if depth:
            y *= 1.0 + depth * np.sin(2 * np.pi * speed * np.arange(len(y)) / rate)
        return apply_envelope(y, self.attack, seconds, ring, rate)

    def _string(self, f0: float, n: int, mark: str, rate: int, seed: int) -> Wave:
        hertz, gains = self._spectrum(f0, rate)
        t60 = self.t60 * (262.0 / f0) ** 0.5 if self.t60 else 0.0
        k = hertz / f0
        decays = (6.9 / t60) * (1.0 + self.damping * (k - 1.0)) if t60 else np.zeros_like(k)
        if mark == "m":
            decays = decays + self.mute * (1.0 + 0.15 * k)
        rng = np.random.Generator(np.random.PCG64(seed))
        spread = np.linspace(-1.0, 1.0, self.voices) if self.voices > 1 else np.zeros(1)
        cents = spread + 0.3 * rng.uniform(-1, 1, self.voices) * (self.voices > 1)
        factors = 2.0 ** (self.detune * cents / 1200.0)
        free = self.t60 == 0 or self.voices > 1
        phases = rng.uniform(0, 2 * np.pi, self.voices * len(k)) if free else -np.pi / 2 + 0 * k
        y = damped_partials(
            np.outer(factors, hertz).ravel(),
            np.tile(gains / self.voices**0.5, self.voices),
            np.tile(decays, self.voices),
            phases,
            n,
            rate,
        )
        if self.noise:
            m = min(n, round(0.03 * rate))
            burst = rng.standard_normal(m) * np.exp(-np.arange(m) / (0.006 * rate))
            y[:m] += self.noise * signal.lfilter([0.4, 0.4], [1.0, -0.2], burst)
        return y

    def _spectrum(self, f0: float, rate: int) -> tuple[Wave, Wave]:
        if self.drawbars:
            k = np.array([0.5, 1.5, 1, 2, 3, 4, 5, 6, 8][: len(self.drawbars)], dtype=float)
            gains = np.array(self.drawbars)
        elif self.ratios:
            k = np.array(self.ratios)
            gains = np.arange(1, len(k) + 1) ** -self.tilt
        else:
            k = np.arange(1.0, self.n_partials + 1, 2 if self.odd else 1)
            gains = k**-self.tilt
            if self.pluck:
                gains = gains * np.abs(np.sin(np.pi * k * self.pluck)) * 2
        hertz = f0 * k * np.sqrt(1.0 + self.stiffness * k**2)
        gains = gains * peaks(hertz, self.body) / np.sqrt(1.0 + (hertz / self.cutoff) ** 6)
        keep = (hertz < 0.46 * rate) & (gains > 1e-4 * gains.max())
        return hertz[keep], gains[keep]


@lru_cache(maxsize=512)
def _table(gains: tuple[float, ...]) -> Wave:
    """(2049,): one period whose harmonics have these gains, and its first sample once more."""
    spectrum = np.zeros(_TABLE // 2 + 1, dtype=complex)
    k = np.arange(1, len(gains) + 1)
    # Schroeder's phases keep the waveform's peak low without changing how it sounds.
    spectrum[1 : len(gains) + 1] = np.array(gains) * np.exp(
        -1j * np.pi * k * k / max(len(gains), 1)
    )
    wave = fft.irfft(spectrum, _TABLE) * _TABLE / 2
    return np.append(wave, wave[0])


def _ramps(points: Wave, n: int) -> Wave:
    """(n,): straight lines between points that stand `_CONTROL` samples apart."""
    ramp = np.arange(_CONTROL) / _CONTROL
    return (points[:-1, None] + np.diff(points)[:, None] * ramp).ravel()[:n]


@lru_cache(maxsize=512)
def _tables(gains1: tuple[float, ...], gains2: tuple[float, ...]) -> Wave:
    """Two periods, arranged so that one look-up interpolates between them, (2048, 4)."""
    period1, period2 = _table(gains1), _table(gains2)
    columns = np.stack([period1, period2 - period1], axis=1)
    return np.concatenate([columns[:-1], np.diff(columns, axis=0)], axis=1)


def _look_up(tables: Wave, cycles: Wave, mix: Wave) -> Wave:
    """Read the first period where `mix` is 0 and the second where it is 1, (n,)."""
    position = cycles * _TABLE
    index = position.astype(np.int64)
    position -= index
    rows = tables[index & (_TABLE - 1)]
    return rows[:, 0] + mix * rows[:, 1] + position * (rows[:, 2] + mix * rows[:, 3])


VOWELS: dict[str, tuple[tuple[float, float, float], ...]] = {
    # Formants of a singer as (Hz, width Hz, dB): rounded from phonetics textbooks.
    "a": ((750, 160, 22), (1150, 180, 20), (2550, 300, 14), (3300, 500, 12)),
    "e": ((500, 140, 22), (1800, 220, 17), (2500, 300, 15), (3400, 500, 11)),
    "i": ((320, 120, 22), (2200, 250, 15), (2900, 320, 14), (3600, 500, 10)),
    "o": ((480, 140, 23), (850, 150, 20), (2500, 300, 10), (3200, 500, 9)),
    "u": ((340, 120, 23), (700, 150, 17), (2350, 300, 7), (3200, 500, 6)),
}


@dataclass(frozen=True)
class Wavetable:
    """A steady tone with a player in it: winds, brass, bows, harmonicas, synthesizer leads, voices.

    Args:
        tilt: fall of the partials, ``k ** -tilt``, at full loudness; `soft` is added while it is
            soft.
        odd: gain of the even partials, 1 for all, 0 for none.
        body: resonances as (Hz, width, dB).
        vibrato: (depth in cents, speed in Hz), fading in after the attack.
        scoop: cents below the note at which it starts; `fall`: cents it drops at the end.
        breath: level of the noise, apply_envelope like the tone.
        vowels: for voices, the vowels sung in turn; `consonant`: level of the s, t and k before
            them.
        growl: depth of a rough modulation at about 70 Hz.
        drift: cents by which the pitch wanders.
        voices, detune: players in unison and the cents between them.
    """

    tilt: float = 1.2
    soft: float = 0.8
    odd: float = 1.0
    body: tuple[tuple[float, float, float], ...] = ()
    cutoff: float = 8000.0
    attack: float = 0.04
    decay: float = 0.0
    release: float = 0.08
    vibrato: tuple[float, float] = (20.0, 5.5)
    scoop: float = 30.0
    fall: float = 0.0
    breath: float = 0.02
    vowels: str = ""
    consonant: float = 0.0
    growl: float = 0.0
    drift: float = 3.0
    voices: int = 1
    detune: float = 0.0

    def tone(
        self,
        pitches: tuple[float, ...],
        seconds: float,
        mark: str,
        rate: int,
        seed: int,
        memory: Memory | None = None,
    ) -> Wave:
        """(N,): all pitches together, each played by its own player."""
        n = round((seconds + self.release) * rate) + 1
        y = np.zeros(n)
        for i, pitch in enumerate(pitches):
            for voice in range(self.voices):
                shift = self.detune * (voice - (self.voices - 1) / 2) / max(1, self.voices - 1)
                rng = np.random.Generator(np.random.PCG64(seed + 31 * i + voice))
                y += self._player(pitch * 2 ** (shift / 1200), n, seconds, mark, rate, rng)
        return y

    def _gains(self, f0: float, tilt: float, body: tuple, rate: int) -> tuple[float, ...]:
        k = np.arange(1, max(2, min(100, int(0.45 * rate / f0))) + 1, dtype=float)
        gains = k**-tilt * np.where(k % 2 == 0, self.odd, 1.0)
        gains = gains * peaks(k * f0, body) / np.sqrt(1.0 + (k * f0 / self.cutoff) ** 6)
        return tuple(np.round(gains / np.sqrt(np.sum(gains**2)), 6).tolist())

    def _player(
        self, f0: float, n: int, seconds: float, mark: str, rate: int, rng: np.random.Generator
    ) -> Wave:
        cents = _ramps(self._cents(n, seconds, mark, rate, rng), n)
        cents[0] += rng.random() * rate / f0  # where in its period the wave begins
        cycles = np.cumsum(cents)
        cycles *= f0 / rate
        t = np.arange(n) / rate
        env = envelope(n, self.attack, seconds, self.release, rate)
        if self.decay:
            env *= np.exp(-t / self.decay)
        y = self._color(f0, cycles, env, t / max(seconds, 0.05), rate, rng)
        if self.growl:
            y *= 1.0 + self.growl * np.sin(2 * np.pi * 70.0 * t + 3 * np.sin(2 * np.pi * 9.0 * t))
        if self.breath:
            y += self.breath * self._noise(n, f0, rate, rng)
        y *= env
        if self.consonant:
            self._articulate(y, rate, rng)
        return y

    def _articulate(self, y: Wave, rate: int, rng: np.random.Generator) -> None:
        """Begin the syllable, in place: with an s, a t or k, or softly."""
        kind = rng.random()
        if kind < 0.4:
            m = min(len(y), round(rng.uniform(0.06, 0.13) * rate))
            noise = signal.lfilter([1, -1.8, 0.9], [1, 0, 0.3], rng.standard_normal(m))
            y[:m] *= np.linspace(0.1, 1.0, m)
            y[:m] += 0.5 * self.consonant * noise * np.hanning(m)
        elif kind < 0.75:
            m = min(len(y), round(rng.uniform(0.02, 0.05) * rate))
            noise = signal.lfilter([1, -0.9], [1], rng.standard_normal(m))
            y[:m] = self.consonant * noise * np.exp(-4 * np.arange(m) / m)

    def _cents(
        self, n: int, seconds: float, mark: str, rate: int, rng: np.random.Generator
    ) -> Wave:
        """(C,): the bend of the pitch as a factor, once every `_CONTROL` samples."""
        t = np.arange(0, n + 2 * _CONTROL, _CONTROL) / rate
        depth, speed = self.vibrato
        onset = np.clip((t - 0.12) / 0.25, 0.0, 1.0)
        cents = depth * onset * np.sin(2 * np.pi * (speed * t + rng.random()))
        if mark == "b":  # a bent note: reached from a tone below
            cents -= 200.0 * np.clip(1.0 - t / 0.18, 0.0, 1.0)
        else:
            cents -= self.scoop * rng.uniform(0.5, 1.5) * np.exp(-t / 0.03)
        cents -= self.fall * np.clip((t - 0.6 * seconds) / max(0.4 * seconds, 0.05), 0.0, 1.2)
        drift = rng.normal(0, self.drift, len(t) // 32 + 2)
        cents += np.interp(np.arange(len(t)) / 32, np.arange(len(drift)), drift)
        return 2.0 ** (cents / 1200.0)

    def _color(
        self, f0: float, cycles: Wave, env: Wave, part: Wave, rate: int, rng: np.random.Generator
    ) -> Wave:
        if not self.vowels:
            dark = self._gains(f0, self.tilt + self.soft, self.body, rate)
            bright = self._gains(f0, self.tilt, self.body, rate)
            return _look_up(_tables(dark, bright), cycles, env)
        vowels = [self.vowels[int(i)] for i in rng.integers(len(self.vowels), size=2)]
        gains = [self._gains(f0, self.tilt, self._formants(vowel), rate) for vowel in vowels]
        return _look_up(_tables(*gains), cycles, np.minimum(part, 1.0))

    def _formants(self, vowel: str) -> tuple[tuple[float, float, float], ...]:
        # `body` of a voice is one triple whose first number scales the formants (throat length).
        scale = self.body[0][0] if self.body else 1.0
        return tuple((scale * hz, width, gain) for hz, width, gain in VOWELS[vowel])

    def _noise(self, n: int, f0: float, rate: int, rng: np.random.Generator) -> Wave:
        center = min(0.4 * rate, max(1500.0, 4 * f0))
        pole = np.exp(-2 * np.pi * 800.0 / rate)
        cosine = np.cos(2 * np.pi * center / rate)
        start = int(rng.integers(len(_white())))
        white = np.take(_white(), np.arange(start, start + n), mode="wrap")
        return signal.lfilter([1 - pole], [1, -2 * pole * cosine, pole * pole], white)


@lru_cache(maxsize=1)
def _white() -> Wave:
    """(65537,): noise that all breath is cut from, each from a place of its own."""
    return np.random.Generator(np.random.PCG64(65_537)).standard_normal(65_537)


@dataclass(frozen=True)
class Fm:
    """One sine modulating another: electric pianos, bells, digital basses.

    `ratio`: modulator over carrier frequency; `index`: depth at the start, falling with `index_t`
    seconds; `t60`: decay of the loudness; `second`: (ratio, index, seconds) of a short bright hit.
    """

    ratio: float = 1.0
    index: float = 1.5
    index_t: float = 0.8
    t60: float = 4.0
    second: tuple[float, float, float] = (14.0, 0.25, 0.12)
    release: float = 0.15
    tremolo: tuple[float, float] = (0.0, 0.0)

    def tone(
        self,
        pitches: tuple[float, ...],
        seconds: float,
        mark: str,
        rate: int,
        seed: int,
        memory: Memory | None = None,
    ) -> Wave:
        """(N,): the chord; `mark` and `seed` change nothing."""
        n = round((seconds + self.release) * rate) + 1
        t = np.arange(n) / rate
        depth = self.index * np.exp(-t / self.index_t)
        ratio, index, fade = self.second
        ting = index * np.exp(-t / fade)
        y = np.zeros(n)
        for f0 in pitches:
            angle = 2 * np.pi * f0 * t
            high = ratio if f0 * ratio < 0.4 * rate else 3.0
            tame = min(1.0, 0.2 * rate / (f0 * max(self.ratio, 1.0) * 4))
            y += np.sin(angle + tame * depth * np.sin(self.ratio * angle)) + ting * np.sin(
                high * angle
            )
        y *= envelope(n, 0.002, seconds, self.release, rate) * np.exp(-6.9 * t / self.t60)
        strength, speed = self.tremolo
        if strength:
            y *= 1.0 + strength * np.sin(2 * np.pi * speed * t)
        return y


@dataclass(frozen=True)
class Amplifier:
    """Any instrument through a distorting amplifier and its loudspeaker.

    Args:
        drive_db: gain before the valve; 0 is clean, 20 crunches, 40 is high gain.
        low_cut, high_cut: the frequency limits of the loudspeaker, in Hz.
        presence: the gain at 2.5 kHz, in dB.
    """

    source: Partials | Wavetable
    drive_db: float = 24.0
    low_cut: float = 80.0
    high_cut: float = 5000.0
    presence: float = 4.0

    def tone(
        self,
        pitches: tuple[float, ...],
        seconds: float,
        mark: str,
        rate: int,
        seed: int,
        memory: Memory | None = None,
    ) -> Wave:
        """(N,): the notes of the chord distorted together, so that they rub against each other."""
        high_rate = OVERSAMPLE * rate
        dry = self.source.tone(pitches, seconds, mark, high_rate, seed, memory)
        loudest = max(float(dry.max()), -float(dry.min()))
        dry *= 10 ** (self.drive_db / 20) / (0.25 * len(pitches) ** 0.5 + loudest)
        dry += 0.15
        hot = np.tanh(dry, out=dry)
        hot -= np.tanh(0.15)
        y = signal.resample_poly(hot, 1, OVERSAMPLE, window=_decimator())
        sections = _loudspeaker(self.low_cut, self.high_cut, self.presence, rate)
        y = signal.sosfilt(sections, y)
        return apply_envelope(y, 0.001, len(y) / rate - 0.02, 0.02, rate)


def steady(instrument: Instrument) -> bool:
    """Whether a short note of the instrument is the beginning of a long one."""
    source = instrument.source if isinstance(instrument, Amplifier) else instrument
    return not isinstance(source, Wavetable) or not (source.vowels or source.fall > 50)


def ring_seconds(instrument: Instrument) -> float:
    """How long an instrument sounds after its note has ended."""
    source = instrument.source if isinstance(instrument, Amplifier) else instrument
    return source.release if isinstance(source, Partials | Wavetable | Fm) else 0.0


def softer(instrument: Instrument) -> Instrument:
    """Return the instrument played softly, with weaker high partials."""
    if isinstance(instrument, Partials | Wavetable):
        return replace(instrument, tilt=instrument.tilt + 0.8)
    if isinstance(instrument, Amplifier):
        return replace(instrument, drive_db=instrument.drive_db - 6)
    return instrument


@lru_cache(maxsize=1)
def _decimator() -> Wave:
    """(49,): the low-pass that keeps what distortion adds above the band from folding back."""
    return signal.firwin(12 * OVERSAMPLE + 1, 0.8 / OVERSAMPLE, window=("kaiser", 6.0))


@lru_cache(maxsize=256)
def _loudspeaker(low_cut: float, high_cut: float, presence: float, rate: int) -> Wave:
    low = signal.butter(2, low_cut, "highpass", fs=rate, output="sos")
    high = signal.butter(4, min(high_cut, 0.45 * rate), "lowpass", fs=rate, output="sos")
    return np.concatenate([low, _bell(2500.0, presence, 0.8, rate), high])


def _bell(center: float, gain_db: float, quality: float, rate: int) -> Wave:
    """(1, 6): a peaking filter, from the audio engineers' cookbook formulae."""
    amplitude = 10 ** (gain_db / 40)
    omega = 2 * np.pi * center / rate
    alpha = np.sin(omega) / (2 * quality)
    b = [1 + alpha * amplitude, -2 * np.cos(omega), 1 - alpha * amplitude]
    a = [1 + alpha / amplitude, -2 * np.cos(omega), 1 - alpha / amplitude]
    return np.array([[*b, *a]]) / a[0]
