"""Sound files: any format that libsndfile or ffmpeg reads, as one mono waveform.

Whatever happens to one file stays with that file: every failure is an `AudioError` that names it.
Files are decoded from start to end in blocks, so that no stated length has to be believed and an
hour of stereo needs no more memory than its mono waveform.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import lru_cache
from mmap import ACCESS_READ, mmap
from pathlib import Path

import numpy as np
import pandas as pd
import soundfile as sf
import soxr

from mgrlib import storage
from mgrlib.data.containers import CONTAINERS, REPLACE, Pieces, Plan, cut_off, plan
from mgrlib.data.ffmpeg import INSTALL, FfmpegSound, ffmpeg_available, ffmpeg_sound
from mgrlib.data.formats import MAX_SECONDS, MIN_SECONDS, note
from mgrlib.data.mpeg import frames, mpeg_plan
from mgrlib.errors import AudioError, explain

BLOCK_VALUES = 1 << 18  # samples times channels that are decoded at once
MAX_SAMPLES = 1 << 29  # of a waveform: 2 GiB
LOST_FRACTION = 0.01  # a decoder may give this much less than a header states
UNKNOWN = 1 << 62  # libsndfile's length of a file of unknown length is near 2^63


@dataclass(frozen=True)
class AudioInfo:
    """What a file holds: length in seconds, native rate in Hz, channels, sample type.

    `notes` says what is odd about the file, and what was done with it.
    """

    seconds: float
    sample_rate: int
    channels: int
    subtype: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Recording:
    """A decoded file: its mono waveform `y` (N,) float32, what is known of it, and its level.

    `level_db` is the RMS level below full scale of the loudest channel, before they are averaged.
    """

    y: np.ndarray
    info: AudioInfo
    level_db: float


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
            AudioError: no such file, or no regular file.
        """
        path = Path(row["path"])
        try:
            state = path.stat()
            _check_regular(path, state.st_mode)
            return _content(str(path), state.st_size, state.st_mtime_ns)
        except OSError as error:
            raise _unopened(path, error) from error


@lru_cache(maxsize=262_144)  # more than the files of the largest corpus, FMA
def _content(path: str, size: int, mtime_ns: int) -> str:
    return storage.checksum(Path(path))


def audio_info(path: str | os.PathLike[str]) -> AudioInfo:
    """A file's length, rate, channels and sample type.

    The length comes from the header where that is a statement and not an estimate; the frames of
    an mp3 are counted, and files of unknown length, or that only ffmpeg reads, are decoded.

    Raises:
        AudioError: no such file, no regular file, an empty file, not audio, shorter than
            `MIN_SECONDS` or longer than `MAX_SECONDS`, or cut off as far as can be seen without
            decoding (not in flac).
    """
    path = Path(path)
    with _border(path), _opened(path) as sound:
        n = sound.n_frames
        if n is None:
            n = sum(len(block) for block in _limited(path, sound, sound.sample_rate))
        _check_size(path, n, sound.sample_rate, sound.sample_rate)
        _check_length(path, n, sound.sample_rate)
        return sound.info(n)


def load_audio(path: str | os.PathLike[str], sample_rate: int) -> np.ndarray:
    """The file's waveform, (N,) float32: channels averaged, resampled to `sample_rate`.

    Integer formats come in [-1, 1); float files and resampled peaks may pass 1 and are left so.
    Resampling is soxr's high quality, the same as librosa's. Silence is audio like any other.

    Args:
        path: wav, au, flac, mp3, ogg, opus, aiff, or whatever else libsndfile reads; m4a, wma and
            what else ffmpeg reads, if that is installed.
        sample_rate: Hz. There is no default, because a wrong one would go unnoticed.

    Raises:
        AudioError: no such file, no regular file, an empty file, not audio, cut off before its
            end, shorter than `MIN_SECONDS`, longer than `MAX_SECONDS`, or with NaN or infinite
            samples. One loss cannot be seen: an mp3 without a count of its frames, cut off, is a
            shorter mp3.
    """
    if not (isinstance(sample_rate, int | np.integer) and sample_rate > 0):
        raise AudioError(explain("load_audio", "a sample rate in whole Hz", repr(sample_rate)))
    return _recording(Path(path), int(sample_rate)).y


def decode(path: str | os.PathLike[str]) -> Recording:
    """The file decoded at its own rate, with what is odd about it and its loudest channel's level.

    Raises:
        AudioError: as for `load_audio`.
    """
    return _recording(Path(path), None)


def write_audio(
    path: str | os.PathLike[str], y: np.ndarray, sample_rate: int, *, form: str, subtype: str | None
) -> None:
    """Write a waveform (N,) as a file of that format, whole or not at all.

    libsndfile does not notice a full disk; so the file is made in memory and written from there.

    Raises:
        StorageError: the folder cannot be written, or the disk is full.
    """
    content = io.BytesIO()
    sf.write(content, y, sample_rate, format=form, subtype=subtype)
    with storage.atomic_write(Path(path)) as part:
        part.write_bytes(content.getbuffer())


class _ForwardFile(sf.SoundFile):
    """A file that is read from start to end; some files cannot seek."""

    def seekable(self) -> bool:
        return False

    def blocks(self, n_frames: int) -> Iterator[np.ndarray]:
        while len(block := self.read(n_frames, dtype="float32", always_2d=True)):
            yield block


@dataclass(frozen=True, eq=False)
class _Links:
    """Several recordings in one file, decoded as a single one."""

    path: Path
    data: mmap
    links: tuple[tuple[bytes | range, ...], ...]
    sample_rate: int

    def blocks(self, n_frames: int) -> Iterator[np.ndarray]:
        for link in self.links:
            with Pieces(self.data, link) as pieces, _ForwardFile(pieces) as part:
                if part.samplerate != self.sample_rate:
                    got = f"{self.sample_rate} Hz, then {part.samplerate} Hz"
                    hint = "it was joined out of different files: split it, or convert it."
                    raise AudioError(explain(str(self.path), "one sample rate", got, hint))
                yield from part.blocks(n_frames)


@dataclass(frozen=True, eq=False)
class _Sound:
    """An open file: its properties, and the decoder that yields its samples in blocks."""

    decoder: _ForwardFile | _Links | FfmpegSound
    sample_rate: int
    channels: int
    subtype: str
    n_frames: int | None
    notes: tuple[str, ...]

    def blocks(self) -> Iterator[np.ndarray]:
        """The samples in blocks (N, C) float32."""
        return self.decoder.blocks(max(1, BLOCK_VALUES // self.channels))

    def info(self, n_frames: int) -> AudioInfo:
        """What is known once the number of frames is."""
        notes = self.notes
        if isinstance(self.decoder, FfmpegSound):
            complaint = self.decoder.complaint()
            notes += (note("ffmpeg", complaint),) if complaint else ()
        seconds = n_frames / self.sample_rate
        return AudioInfo(seconds, self.sample_rate, self.channels, self.subtype, notes)


@contextmanager
def _border(path: Path) -> Iterator[None]:
    """Turn every failure of a decoder into an error that names the file."""
    try:
        yield
    except AudioError:
        raise
    except OSError as error:
        raise _unopened(path, error) from error
    except Exception as error:  # MemoryError and RecursionError too: it is the file that is bad
        got = f"a decoder that gives up ({str(error) or type(error).__name__})"
        raise AudioError(explain(str(path), "a whole audio file", got, REPLACE)) from error


@contextmanager
def _opened(path: Path) -> Iterator[_Sound]:
    """Open the file, or raise an error that says what is there instead."""
    start = _start(path)
    with ExitStack() as stack:
        stream = stack.enter_context(path.open("rb"))
        data = stack.enter_context(mmap(stream.fileno(), 0, access=ACCESS_READ))
        try:
            sound = _sound(path, data, stack)
        except (sf.SoundFileError, TypeError) as error:
            sound = stack.enter_context(_converted(path, start, error))
        yield sound


def _sound(path: Path, data: mmap, stack: ExitStack) -> _Sound:
    """The file as libsndfile reads it; its decoder closes with the stack."""
    how = _plan(data, path)
    first = _first_link(path, data, how, stack)
    if first.subtype.startswith("MPEG") and not how.links:  # mp3 inside a wav
        parts = frames(data)
        how = mpeg_plan(data, parts, str(path)) if parts else how
        first = _first_link(path, data, how, stack)
    n = how.n_frames
    if n is None and first.frames < UNKNOWN and len(how.links) < 2:
        # Of free bit rate, an mp3 has no frames that could be counted: its length is an estimate.
        n = None if first.subtype.startswith("MPEG") and not how.links else first.frames
    rate = first.samplerate
    decoder = _Links(path, data, how.links, rate) if len(how.links) > 1 else first
    return _Sound(decoder, rate, first.channels, first.subtype, n, how.notes)


def _plan(data: mmap, path: Path) -> Plan:
    how = plan(data, len(data), str(path))
    if how != Plan() or data[:4] in CONTAINERS:
        return how
    parts = frames(data)
    return mpeg_plan(data, parts, str(path)) if parts else how


def _first_link(path: Path, data: mmap, how: Plan, stack: ExitStack) -> _ForwardFile:
    if how.links:
        return stack.enter_context(_ForwardFile(stack.enter_context(Pieces(data, how.links[0]))))
    # As bytes, for names that are not UTF-8; on Windows, soundfile takes texts only.
    return stack.enter_context(_ForwardFile(os.fsencode(path) if os.name == "posix" else path))


@contextmanager
def _converted(path: Path, start: bytes, reason: Exception) -> Iterator[_Sound]:
    """Open the file with ffmpeg, or raise an error with the reasons of both decoders."""
    got = f"a file that begins with {start!r} ({reason})"
    if not ffmpeg_available():
        hint = f"wav, flac, mp3, ogg, aiff and au need nothing else; for others {INSTALL}"
        raise AudioError(explain(str(path), "an audio file", got, hint)) from reason
    with ExitStack() as stack:
        try:
            sound = stack.enter_context(ffmpeg_sound(path))
        except AudioError as error:
            hint = f"{REPLACE} {error}"
            raise AudioError(explain(str(path), "an audio file", got, hint)) from error
        yield _Sound(sound, sound.sample_rate, sound.channels, "FFMPEG", None, ())


def _start(path: Path) -> bytes:
    """The first bytes of a regular file that is not empty."""
    if path.is_dir():
        hint = "give the path of one file; `folder(path)` makes a corpus of a folder."
        raise AudioError(explain(str(path), "an audio file", "a folder", hint))
    _check_regular(path, path.stat().st_mode)  # before it is opened: a pipe would wait for ever
    with path.open("rb") as stream:
        start = stream.read(12)
    if not start:
        raise AudioError(explain(str(path), "an audio file", "an empty file (0 bytes)", REPLACE))
    return start


def _check_regular(path: Path, mode: int) -> None:
    if not stat.S_ISREG(mode):
        got = "a pipe, a socket or a device"
        hint = "write what comes from it into a file first."
        raise AudioError(explain(str(path), "a regular file", got, hint))


def _unopened(path: Path, error: OSError) -> AudioError:
    if isinstance(error, FileNotFoundError):
        hint = "check the path; a corpus made before the files were moved must be made again."
        return AudioError(explain(str(path), "an audio file", "no such file", hint))
    reason = error.strerror or str(error)
    return AudioError(explain(str(path), "a readable file", reason, "check its permissions."))


def _recording(path: Path, sample_rate: int | None) -> Recording:
    """Decode the file, at its own rate if no rate is given."""
    with _border(path), _opened(path) as sound:
        rate = sample_rate or sound.sample_rate
        parts, power, n = [], 0.0, 0
        resampler = _resampler(sound.sample_rate, rate)
        for block in _limited(path, sound, rate):
            _check_finite(path, sound, block, n)
            n += len(block)
            power += np.square(block, dtype=np.float64).sum(axis=0).max()
            mono = block[:, 0] if block.shape[1] == 1 else block.mean(axis=1)
            parts.append(resampler.resample_chunk(mono) if resampler else mono)
        if resampler:
            parts.append(resampler.resample_chunk(np.zeros(0, np.float32), last=True))
        if sound.n_frames is not None and n < (1 - LOST_FRACTION) * sound.n_frames:
            raise cut_off(str(path), f"{sound.n_frames} samples", f"{n}")
        _check_length(path, n, sound.sample_rate)
        y = np.ascontiguousarray(np.concatenate(parts), dtype=np.float32)
        level_db = float(10 * np.log10(power / n + 1e-20))
        return Recording(y, sound.info(n), level_db)


def _resampler(native_rate: int, rate: int) -> soxr.ResampleStream | None:
    if native_rate == rate:
        return None
    return soxr.ResampleStream(native_rate, rate, 1, dtype="float32", quality="HQ")


def _limited(path: Path, sound: _Sound, rate: int) -> Iterator[np.ndarray]:
    """Yield the file's blocks; raise an error if they exceed `MAX_SECONDS` or the memory."""
    n = 0
    _check_size(path, sound.n_frames or 0, sound.sample_rate, rate)
    for block in sound.blocks():
        n += len(block)
        _check_size(path, n, sound.sample_rate, rate)
        yield block


def _check_size(path: Path, n_frames: int, native_rate: int, rate: int) -> None:
    seconds = n_frames / native_rate
    if seconds > MAX_SECONDS or max(n_frames, seconds * rate) > MAX_SAMPLES:
        got = f"{n_frames} samples at {native_rate} Hz, {seconds / 3600:.1f} h, or more"
        hint = "cut it into songs, or check the file: its header may be damaged."
        most = f"at most {MAX_SECONDS / 3600:g} h of audio that fit into 2 GiB"
        raise AudioError(explain(str(path), most, got, hint))


def _check_finite(path: Path, sound: _Sound, block: np.ndarray, before: int) -> None:
    if sound.subtype not in ("FLOAT", "DOUBLE", "FFMPEG") or np.isfinite(block).all():
        return
    bad = ~np.isfinite(block).all(axis=1)
    got = f"NaN or infinite ones, the first at {before + int(bad.argmax())}"
    raise AudioError(explain(str(path), "finite samples", got, REPLACE))


def _check_length(path: Path, n_samples: int, native_rate: int) -> None:
    if n_samples < MIN_SECONDS * native_rate:
        got = f"{n_samples} samples at {native_rate} Hz"
        hint = "so short a file does not fill one analysis frame; take it out of the folder."
        raise AudioError(explain(str(path), f"at least {MIN_SECONDS} s of audio", got, hint))
