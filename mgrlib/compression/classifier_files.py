"""What a classifier's ONNX file must say of itself and do, before anything in it is believed."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Any

import numpy as np
import onnx
import onnxruntime

from mgrlib.errors import MgrError, explain, printable

NOTE = "mgrlib"  # the name under which a file keeps what is known of it
MAX_NOTE = 10_000_000  # characters
MAX_GENRES = 10_000
MAX_GENRE_NAME = 500  # characters
SAMPLE_RATES = (50, 1_000_000)  # Hz
MAX_WINDOW_SECONDS = 3600.0
SECONDS_TO_ANSWER = 30.0  # one window of a song takes milliseconds
HINT = "take a file that `mgrlib export` wrote."


@dataclass(frozen=True)
class Note:
    """What a classifier's file says of itself.

    Args:
        genres: the K classes.
        sample_rate: of the waveform, in Hz.
        n_samples: of the waveform, N.
        about: the note as it is in the file.
    """

    genres: tuple[str, ...]
    sample_rate: int
    n_samples: int
    about: dict[str, Any]


def read_note(path: Path, model: onnx.ModelProto) -> Note:
    """The note of a classifier's file.

    Raises:
        MgrError: no note, or one that is broken, incomplete or impossible.
    """
    texts = {prop.key: prop.value for prop in model.metadata_props}
    if NOTE not in texts:
        got = "an ONNX file without a list of genres"
        raise MgrError(explain(str(path), "a classifier from waveform to genres", got, HINT))
    try:
        about = json.loads(texts[NOTE][: MAX_NOTE + 1])
    except (ValueError, RecursionError) as error:  # the latter: brackets in brackets
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)
        raise _refusal(path, f"a note in JSON ({reason})") from error
    if not isinstance(about, dict):
        raise _refusal(path, "a note that is no table of names and values")
    fault = _fault(about)
    if fault:
        raise _refusal(path, fault)
    genres = tuple(printable(genre) for genre in about["genres"])
    return Note(genres, about["sample_rate"], about["n_samples"], about)


def _refusal(path: Path, got: str) -> MgrError:
    expectation = "a classifier's note with its genres, sample rate and number of samples"
    return MgrError(explain(str(path), expectation, got, HINT))


def _fault(about: dict[str, Any]) -> str:
    """What is wrong with a note; empty if nothing is."""
    genres, rate, n_samples = (about.get(key) for key in ("genres", "sample_rate", "n_samples"))
    if genre_fault(genres):
        return genre_fault(genres)
    low, high = SAMPLE_RATES
    if type(rate) is not int or not low <= rate <= high:
        return f"a sample rate that is no whole number from {low} to {high}"
    if type(n_samples) is not int or not 1 <= n_samples <= MAX_WINDOW_SECONDS * rate:
        return f"a window that is not between one sample and {MAX_WINDOW_SECONDS:g} s"
    return ""


def genre_fault(genres: Any) -> str:
    """What is wrong with a list of genres that a file holds; empty if nothing is."""
    if not isinstance(genres, list) or not 1 <= len(genres) <= MAX_GENRES:
        return f"genres that are no list of 1 to {MAX_GENRES} names"
    if not all(isinstance(name, str) and 0 < len(name) <= MAX_GENRE_NAME for name in genres):
        return f"a genre that is no name of 1 to {MAX_GENRE_NAME} characters"
    if len(set(genres)) < len(genres):
        return "a genre that is listed twice"
    return ""


def check_answers(path: Path, session: onnxruntime.InferenceSession, note: Note) -> None:
    """Refuse a network whose input or output is not what the note says, tried on silence.

    Raises:
        MgrError: another input or output, no answer in time, or one that is no probabilities.
    """
    n_samples, n_genres = note.n_samples, len(note.genres)
    inputs = [(i.name, i.type, list(i.shape)) for i in session.get_inputs()]
    if [i[:2] for i in inputs] != [("waveform", "tensor(float)")] or (
        len(inputs[0][2]) != 2 or inputs[0][2][1] != n_samples
    ):
        expectation = f"one input `waveform` (B, {n_samples}) of float32"
        raise MgrError(explain(str(path), expectation, str(inputs)[:200], HINT))
    answers = answer(path, session, np.zeros((1, n_samples), np.float32))
    expectation = f"probabilities (1, {n_genres}) of float32, one for each genre"
    if answers.shape != (1, n_genres) or answers.dtype != np.float32:
        got = f"{answers.shape} of {answers.dtype}"
        raise MgrError(explain(str(path), expectation, got, HINT))
    total = float(answers.sum())
    if not (answers >= 0).all() or not math.isclose(total, 1.0, abs_tol=1e-3):
        raise MgrError(explain(str(path), expectation, f"values that add up to {total:.3g}", HINT))


def answer(path: Path, session: onnxruntime.InferenceSession, waveforms: np.ndarray) -> np.ndarray:
    """The first output of a network for waveforms (B, N).

    Raises:
        MgrError: it fails, or takes longer than `SECONDS_TO_ANSWER`.
    """
    with _time_limit() as options:
        try:
            first = session.run(None, {"waveform": waveforms}, options)[0]
        except Exception as error:  # the runtime has its own types, none of which it documents
            reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
            if options.terminate:
                reason = f"none in {SECONDS_TO_ANSWER:g} s"
            raise MgrError(explain(str(path), "an answer", reason, HINT)) from error
    return np.asarray(first)


@contextmanager
def _time_limit() -> Iterator[onnxruntime.RunOptions]:
    """Options that end a run after `SECONDS_TO_ANSWER`."""
    options = onnxruntime.RunOptions()
    options.log_severity_level = 4
    timer = Timer(SECONDS_TO_ANSWER, setattr, (options, "terminate", True))
    timer.daemon = True
    timer.start()
    try:
        yield options
    finally:
        timer.cancel()
