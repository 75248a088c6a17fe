"""Sound files brought into one format: the first step of every paper's preprocessing."""

from __future__ import annotations

import os
from pathlib import Path

from mgrlib.data.audio import load_audio, write_audio
from mgrlib.errors import AudioError, explain

FORMATS = {".wav": "WAV", ".flac": "FLAC", ".mp3": "MP3", ".ogg": "OGG", ".aiff": "AIFF"}
"""The formats that can be written, by the end of a file's name."""


def convert(
    source: str | os.PathLike[str], target: str | os.PathLike[str], *, sample_rate: int
) -> Path:
    """The path of `target`, which now holds the sound of `source`: mono, at `sample_rate` Hz.

    The end of the target's name decides its format. WAV, FLAC and AIFF get steps of 16 bits and
    keep the sound; MP3 and OGG throw away what few ears miss, and networks may not be among them:
    never convert one genre's clips by another way than the others'.

    Raises:
        AudioError: a source that cannot be read, or a format that cannot be written.
        StorageError: a folder that cannot be written.
    """
    target = Path(target)
    kind = FORMATS.get(target.suffix.lower())
    if kind is None:
        raise AudioError(
            explain(str(target), f"a name ending in {', '.join(FORMATS)}", repr(target.suffix))
        )
    y = load_audio(source, sample_rate)
    subtype = "PCM_16" if kind in ("WAV", "FLAC", "AIFF") else None
    # Resampled peaks may pass 1, where whole numbers end.
    y = y.clip(-1.0, 1.0) if subtype else y
    write_audio(target, y, sample_rate, form=kind, subtype=subtype)
    return target
