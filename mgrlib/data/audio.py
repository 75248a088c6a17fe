"""Sound files: any format that soundfile reads, as one mono waveform at the rate asked for."""

from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import soundfile as sf
import soxr

from mgrlib import storage
from mgrlib.errors import AudioError, explain

__all__ = [
    "EXTENSIONS",
    "MIN_SECONDS",
    "AudioInfo",
    "CutOffError",
    "FileSource",
    "audio_info",
    "load_audio",
]

EXTENSIONS = (".wav", ".au", ".flac", ".mp3", ".ogg", ".opus", ".aif", ".aiff")
"""The file names that are taken for audio when a folder is searched."""

MIN_SECONDS = 0.1
"""The shortest audio that is read. Less does not fill one analysis frame (2,048 samples are
0.093 s at 22,050 Hz), so every feature of it would describe padding and not sound."""

LOST_SHARE = 0.01
"""An mp3 whose length is an estimate may decode to this much less without being cut off."""

REPLACE = "replace the file by a whole copy, or take it out of the folder."


class CutOffError(AudioError):
    """A sound file that ends before it says it does."""


@dataclass(frozen=True)
class AudioInfo:
    """What a file's header says: length in seconds, native rate in Hz, channels, sample type."""

    seconds: float
    sample_rate: int
    channels: int
    subtype: str


@dataclass(frozen=True)
class FileSource:
    """Clips that are files: the column `path` says where. One value for a whole corpus."""

    def audio(self, row: pd.Series, sample_rate: int) -> np.ndarray:
        """The clip's mono waveform, (N,) float32, read from its file by `load_audio`."""
        return load_audio(row["path"], sample_rate)

    def fingerprint(self, row: pd.Series) -> str:
        """The SHA-256 of the file's bytes: a moved file keeps it, a changed file does not.

        Remembered for as long as the file's size and time of change stay the same.

        Raises:
            AudioError: no such file.
        """
        path = Path(row["path"])
        try:
            state = path.stat()
            return _content(str(path), state.st_size, state.st_mtime_ns)
        except OSError as error:
            raise _unopened(path, error) from error


@lru_cache(maxsize=65_536)
def _content(path: str, size: int, mtime_ns: int) -> str:
    return storage.checksum(Path(path))


def audio_info(path: str | os.PathLike[str]) -> AudioInfo:
    """A file's length, rate, channels and sample type, from its header, without decoding it.

    Raises:
        AudioError: no such file, a folder, an empty file, not audio, cut off as far as can be seen
            without decoding (not in flac and mp3), or shorter than `MIN_SECONDS`.
    """
    path = Path(path)
    with _opened(path) as sound:
        _check_whole(path, sound)
        _check_length(path, sound.frames, sound.samplerate)
        seconds = sound.frames / sound.samplerate
        return AudioInfo(seconds, sound.samplerate, sound.channels, sound.subtype)


def load_audio(path: str | os.PathLike[str], sample_rate: int) -> np.ndarray:
    """The file's waveform, (N,) float32: channels averaged, resampled to `sample_rate`.

    Integer formats come in [-1, 1); float files and resampled peaks may pass 1 and are left so.
    Resampling is soxr's high quality, the same as librosa's. Silence is audio like any other.

    Args:
        path: wav, au, flac, mp3, ogg, opus, aiff, or whatever else soundfile reads.
        sample_rate: Hz. There is no default, because a wrong one would go unnoticed.

    Raises:
        AudioError: no such file, a folder, an empty file, not audio, cut off before its end,
            shorter than `MIN_SECONDS`, or with NaN or infinite samples. One loss cannot be seen: an
            mp3 without a length in its header, cut off, is a shorter mp3.
    """
    path = Path(path)
    if not (isinstance(sample_rate, int | np.integer) and sample_rate > 0):
        raise AudioError(explain("load_audio", "a sample rate in whole Hz", repr(sample_rate)))
    with _opened(path) as sound:
        _check_whole(path, sound)
        y, native_rate = _decoded(path, sound), sound.samplerate
        floats = sound.subtype in ("FLOAT", "DOUBLE")
    _check_length(path, len(y), native_rate)
    if floats and not np.isfinite(y).all():
        bad = ~np.isfinite(y)
        got = f"{np.count_nonzero(bad)} NaN or infinite ones, the first at {int(bad.argmax())}"
        raise AudioError(explain(str(path), "finite samples", got, REPLACE))
    if native_rate != sample_rate:
        y = soxr.resample(y, native_rate, sample_rate, quality="HQ")
    return np.ascontiguousarray(y, dtype=np.float32)


def _opened(path: Path) -> sf.SoundFile:
    """The open file, or an error that says what stands in its place."""
    if path.is_dir():
        hint = "give the path of one file; `folder(path)` makes a corpus of a folder."
        raise AudioError(explain(str(path), "an audio file", "a folder", hint))
    try:
        with path.open("rb") as stream:
            start = stream.read(12)
    except OSError as error:
        raise _unopened(path, error) from error
    if not start:
        raise AudioError(explain(str(path), "an audio file", "an empty file (0 bytes)", REPLACE))
    try:
        return sf.SoundFile(path)
    except (sf.SoundFileError, TypeError) as error:  # TypeError: a headerless .raw needs settings
        got = f"a file that begins with {start!r} ({error})"
        kinds = "wav, au, flac, mp3, ogg and aiff can be read; " + REPLACE
        raise AudioError(explain(str(path), "an audio file", got, kinds)) from error


def _unopened(path: Path, error: OSError) -> AudioError:
    if isinstance(error, FileNotFoundError):
        hint = "check the path; a corpus made before the files were moved must be made again."
        return AudioError(explain(str(path), "an audio file", "no such file", hint))
    reason = error.strerror or str(error)
    return AudioError(explain(str(path), "a readable file", reason, "check its permissions."))


def _decoded(path: Path, sound: sf.SoundFile) -> np.ndarray:
    """All samples, (N,) float32, channels averaged."""
    try:
        promised = sound.frames
        y = sound.read(dtype="float32", always_2d=False)
    except sf.SoundFileError as error:
        got = f"a decoder that gives up ({error})"
        raise AudioError(explain(str(path), "a whole audio file", got, REPLACE)) from error
    if len(y) < (1 - LOST_SHARE) * promised:
        raise _cut_off(path, f"{promised} samples", f"{len(y)}")
    return y if y.ndim == 1 else y.mean(axis=1)


def _check_length(path: Path, n_samples: int, native_rate: int) -> None:
    if n_samples < MIN_SECONDS * native_rate:
        got = f"{n_samples} samples at {native_rate} Hz"
        hint = "so short a file does not fill one analysis frame; take it out of the folder."
        raise AudioError(explain(str(path), f"at least {MIN_SECONDS} s of audio", got, hint))


def _check_whole(path: Path, sound: sf.SoundFile) -> None:
    """Refuse a file that is shorter than it says; libsndfile reads such files without a word."""
    with path.open("rb") as stream:
        size = os.fstat(stream.fileno()).st_size
        head = stream.read(1 << 16)
        if sound.format in ("WAV", "WAVEX"):
            end = _chunk_end(head, b"data", "big" if head.startswith(b"RIFX") else "little")
        elif sound.format == "AIFF":
            end = _chunk_end(head, b"SSND", "big")
        elif sound.format == "AU":
            end = _au_end(head)
        elif sound.format == "OGG":
            start = max(0, size - (1 << 17))
            stream.seek(start)
            end = start + _ogg_end(stream.read())
        else:  # FLAC, MP3 and the rest: the decoder notices, or the count of samples does
            end = 0
    if size < end:
        raise _cut_off(path, f"at least {end} bytes", f"{size}")


def _cut_off(path: Path, promised: str, got: str) -> CutOffError:
    whole = f"a whole file of {promised}, as it says itself"
    return CutOffError(explain(str(path), whole, f"{got}: it was cut off", REPLACE))


def _chunk_end(head: bytes, name: bytes, order: Literal["little", "big"]) -> int:
    """The offset in bytes where the samples of a wav or aiff end; 0 if its header leaves it open.

    A file written to a pipe does: its writer did not know the length and promised the largest.
    """
    at = 12
    while at + 8 <= len(head):
        length = int.from_bytes(head[at + 4 : at + 8], order)
        if head[at : at + 4] == name:
            return 0 if length >= 0x7FFFFF00 else at + 8 + length
        at += 8 + length + length % 2
    return 0


def _au_end(head: bytes) -> int:
    """The offset in bytes where the samples of an au file end; 0 if its header leaves it open."""
    order: Literal["little", "big"] = "little" if head.startswith(b"dns.") else "big"
    offset, length = (int.from_bytes(head[k : k + 4], order) for k in (4, 8))
    return 0 if length == 0xFFFFFFFF else offset + length


def _ogg_end(tail: bytes) -> int:
    """The offset in bytes where the last page ends; one past the tail if pages are missing."""
    page = tail.rfind(b"OggS")
    if page < 0 or page + 27 > len(tail) or not tail[page + 5] & 4:  # 4: the stream's last page
        return len(tail) + 1
    n_lacing = tail[page + 26]
    lacing = tail[page + 27 : page + 27 + n_lacing]
    return page + 27 + n_lacing + sum(lacing)
