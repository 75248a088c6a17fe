"""Sound that libsndfile cannot read, decoded by ffmpeg where that program is installed."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import numpy as np

from mgrlib.errors import AudioError, explain

DEMUXERS = (
    "aac,ac3,aiff,alaw,amr,ape,asf,au,caf,dsf,eac3,flac,g722,matroska,webm,mov,mp4,m4a,3gp,mp3,"
    "mpc,mpc8,ogg,shn,spx,tak,tta,voc,w64,wav,wv"
)
"""What ffmpeg may take a file for: nothing that opens other files or addresses, as playlists do."""

INSTALL = "install ffmpeg (apt, brew or conda install ffmpeg), or convert the file to wav or flac."


@dataclass(frozen=True, eq=False)
class FfmpegSound:
    """A file that ffmpeg is decoding: its rate in Hz, its channels, and where the samples come."""

    sample_rate: int
    channels: int
    process: subprocess.Popen[bytes]
    output: IO[bytes]
    log: IO[bytes]

    def blocks(self, n_frames: int) -> Iterator[np.ndarray]:
        """The samples in blocks (N, C) float32 of at most `n_frames`."""
        size = 4 * self.channels
        while data := self.output.read(n_frames * size):
            n_bytes = len(data) // size * size
            values = np.frombuffer(data[:n_bytes], dtype=">f4").astype(np.float32)
            yield values.reshape(-1, self.channels)

    def complaint(self) -> str:
        """The last line that ffmpeg wrote about the file, once it has been read; empty if none."""
        self.process.wait()  # the log's position is shared with it
        return _last_line(self.log)


def ffmpeg_available() -> bool:
    """Whether ffmpeg is installed."""
    return shutil.which("ffmpeg") is not None


@contextmanager
def ffmpeg_sound(path: Path) -> Iterator[FfmpegSound]:
    """The file's first audio stream, being decoded.

    Raises:
        AudioError: no audio that ffmpeg can decode.
    """
    command = ["ffmpeg", "-v", "error", "-nostdin", "-format_whitelist", DEMUXERS]
    command += ["-protocol_whitelist", "file", "-i", f"file:{os.path.abspath(path)}"]
    command += ["-map", "0:a:0", "-c:a", "pcm_f32be", "-f", "au", "pipe:1"]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log)
        assert process.stdout is not None
        try:
            head = process.stdout.read(24)
            if len(head) < 24 or head[:4] != b".snd":
                process.wait()
                got = f"ffmpeg's answer: {_last_line(log) or 'no sound'}"
                raise AudioError(explain(str(path), "audio that ffmpeg can decode", got))
            offset, rate, channels = (int.from_bytes(head[k : k + 4], "big") for k in (4, 16, 20))
            process.stdout.read(offset - 24)
            yield FfmpegSound(rate, channels, process, process.stdout, log)
        finally:
            process.stdout.close()
            process.kill()
            process.wait()


def _last_line(log: IO[bytes]) -> str:
    log.seek(0)
    lines = log.read(1 << 16).decode("utf-8", "replace").strip().splitlines()
    return re.sub(r"^\[[^]]*\]\s*", "", lines[-1].strip()) if lines else ""
