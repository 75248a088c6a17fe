"""What a trained system or an exported file says of a song as time goes by.

`SoundClassifier` opens a file that `export` wrote and needs neither PyTorch nor the package's
features to answer; `SystemClassifier` is the same for a `System`.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np

from mgrlib.compression.classifier_files import answer, check_answers, read_note
from mgrlib.compression.onnx_files import load, open_session
from mgrlib.errors import AudioError, explain
from mgrlib.shapes import check_shape
from mgrlib.systems.system import System

WINDOW_SECONDS = 30.0  # of systems that take a clip of any length whole


class Listener(Protocol):
    """Whatever answers for one window of sound."""

    genres: tuple[str, ...]
    sample_rate: int
    n_samples: int

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at `sample_rate` -> probabilities (K,)."""


@dataclass(frozen=True, eq=False)
class GenresOverTime:
    """What a classifier says of a song, window after window.

    Args:
        starts: where each window begins, (S,), in seconds.
        probs: (S, K).
        genres: the K classes.
        window: length of a window in seconds.
        seconds: length of the song.
        computing: processor seconds that the answers took.
    """

    starts: np.ndarray
    probs: np.ndarray
    genres: tuple[str, ...]
    window: float
    seconds: float
    computing: float

    @property
    def middles(self) -> np.ndarray:
        """The middle of each window, (S,), in seconds."""
        return np.minimum(self.starts + self.window / 2, self.seconds)

    @property
    def overall(self) -> dict[str, float]:
        """The mean probability of each genre over the song, the highest first."""
        mean = self.probs.mean(axis=0)
        return {self.genres[k]: float(mean[k]) for k in mean.argsort(kind="stable")[::-1]}

    @property
    def real_time_factor(self) -> float:
        """Seconds of computing for a second of song: below 1 is faster than listening."""
        return self.computing / self.seconds


def over_time(
    listener: Listener, y: np.ndarray, *, hop_seconds: float | None = None
) -> GenresOverTime:
    """What a classifier says of each window of a song, (N',) at its `sample_rate`.

    A song shorter than a window is filled up with silence; the last window ends with the song.

    Args:
        hop_seconds: from one window's start to the next; default: a quarter of a window.

    Raises:
        AudioError: no sound, or a hop that does not move.
    """
    rate, width = listener.sample_rate, listener.n_samples
    seconds = width / rate / 4 if hop_seconds is None else hop_seconds
    if not len(y) or not 1 / rate <= seconds < math.inf:
        got = f"{len(y)} samples, a hop of {seconds * rate:g}"
        raise AudioError(explain("over_time", "sound, and a hop of one sample or more", got))
    n_samples = len(y)
    y = np.pad(y, (0, max(0, width - n_samples)))
    last = len(y) - width
    starts = np.unique(np.append(np.arange(0, last + 1, round(seconds * rate)), last))
    started = time.thread_time()
    probs = np.stack([listener(y[start : start + width]) for start in starts])
    computing = time.thread_time() - started
    return GenresOverTime(
        starts / rate, probs, listener.genres, width / rate, n_samples / rate, computing
    )


class SoundClassifier:
    """A file made by `export`, ready for waveforms.

    Raises:
        StorageError: no such file.
        MgrError: a file that `export` did not write, or that does not do what it says.
    """

    def __init__(self, path: Path, *, n_threads: int = 1) -> None:
        note = read_note(path, load(path))
        self.path, self.about, self.genres = path, note.about, note.genres
        self.sample_rate, self.n_samples = note.sample_rate, note.n_samples
        self.session = open_session(path, n_threads=n_threads, memory_limit=True)
        check_answers(path, self.session, note)

    @property
    def window(self) -> float:
        """The seconds of sound that one answer is about."""
        return self.n_samples / self.sample_rate

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at `sample_rate` -> probabilities (K,)."""
        check_shape("SoundClassifier", y, N=self.n_samples)
        waveforms = np.asarray(y, dtype=np.float32)[None]
        probabilities: np.ndarray = answer(self.path, self.session, waveforms)[0]
        return probabilities

    def over_time(self, y: np.ndarray, *, hop_seconds: float | None = None) -> GenresOverTime:
        """What it says of each window of a song; see `over_time`."""
        return over_time(self, y, hop_seconds=hop_seconds)


class SystemClassifier:
    """A system, ready for waveforms: any system whose features have one sample rate."""

    def __init__(self, system: System) -> None:
        recipe, self.system = system.recipe, system
        self.genres = system.genres
        self.sample_rate = recipe.features[0].sample_rate
        seconds = recipe.cut.segment_seconds or WINDOW_SECONDS
        self.n_samples = round((seconds + 2 * recipe.cut.trim_seconds) * self.sample_rate)

    def __call__(self, y: np.ndarray) -> np.ndarray:
        """(N,) waveform at `sample_rate` -> probabilities (K,)."""
        probabilities: np.ndarray = self.system.predict(y).probs[0]
        return probabilities
