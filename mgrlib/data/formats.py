"""What is read: the formats by the names of their files, and what is done with files that are odd.

The reference page "What we read" is made from the two tables of this module.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import PurePath

MIN_SECONDS = 0.1
"""The shortest audio that is read. Less does not fill one analysis frame (2,048 samples are
0.093 s at 22,050 Hz), so every feature of it would describe padding and not sound."""

MAX_SECONDS = 2 * 3600.0
"""The longest audio that is read: an album or a set fits. What is longer is an archive to be cut
into songs, or a damaged header, and would fill the memory before it is noticed."""

SLACK_BYTES = 16
"""A header that promises this many bytes more than there are was miscounted, not cut off."""


@dataclass(frozen=True)
class Format:
    """A kind of sound file.

    Args:
        name: what it is called.
        extensions: the endings that its files' names have, in small letters.
        reader: `"libsndfile"`, which comes with the package, or `"ffmpeg"`, which may be missing.
    """

    name: str
    extensions: tuple[str, ...]
    reader: str = "libsndfile"


FORMATS = (
    Format("WAV, also RF64 and Wave64", (".wav", ".rf64", ".w64")),
    Format("FLAC", (".flac",)),
    Format("MP3 and MP2", (".mp3", ".mp2")),
    Format("Ogg Vorbis and Opus", (".ogg", ".oga", ".opus")),
    Format("AIFF", (".aif", ".aiff", ".aifc")),
    Format("Sun AU", (".au", ".snd")),
    Format("Apple Core Audio", (".caf",)),
    Format("NIST Sphere, IRCAM, VOC", (".sph", ".nist", ".sf", ".ircam", ".voc")),
    Format("8SVX, PAF, AVR, PVF", (".svx", ".8svx", ".paf", ".avr", ".pvf")),
    Format("MPEG-4 audio: AAC, ALAC", (".m4a", ".m4b", ".mp4", ".3gp"), "ffmpeg"),
    Format("bare AAC and AC-3", (".aac", ".ac3"), "ffmpeg"),
    Format("Windows Media Audio", (".wma",), "ffmpeg"),
    Format("Matroska and WebM", (".mka", ".webm"), "ffmpeg"),
    Format("WavPack, Monkey's Audio, True Audio", (".wv", ".ape", ".tta"), "ffmpeg"),
    Format("Musepack, Speex, AMR, DSF", (".mpc", ".spx", ".amr", ".dsf"), "ffmpeg"),
)
"""The formats that are looked for when a folder is searched."""

EXTENSIONS = tuple(e for f in FORMATS if f.reader == "libsndfile" for e in f.extensions)
"""The file names that are taken for audio on every computer."""

CONVERTIBLE = tuple(e for f in FORMATS if f.reader == "ffmpeg" for e in f.extensions)
"""The file names that are taken for audio where ffmpeg is installed, and passed over elsewhere."""

ODDITIES = {
    "open length": (
        "a header without a length, as programs that write to a pipe leave it",
        "read to the end of the file",
    ),
    "length 0": ("a header that states 0 bytes, followed by sound", "read to its end"),
    "miscounted": (
        f"a header that states up to {SLACK_BYTES} bytes more than there are",
        "the existing sound is read",
    ),
    "cut off": (
        "a file with clearly less sound than its header states",
        "refused: `audit` calls it truncated",
    ),
    "count": (
        "an mp3 whose header states a wrong number of frames, or none",
        "the frames are counted one by one",
    ),
    "foreign bytes": (
        "bytes between or after the frames of an mp3 that are neither sound nor a tag",
        "left out",
    ),
    "no last page": ("an Ogg stream without a mark of its end", "read to its end"),
    "chain": (
        "several recordings in one file, one after the other",
        "read as one; refused if their sample rates differ",
    ),
    "ffmpeg": ("a file that ffmpeg decodes with a warning", "the decoded sound is read"),
}
"""Each kind of oddity: what is odd, and what is done with it."""

UNREPORTED = (
    ("ID3, APE and Lyrics3 tags and cover art in an mp3", "skipped"),
    ("a FLAC without a length; GSM, G.721, G.723 and NMS ADPCM", "decoded from start to end"),
    ("several channels", "averaged; `audit` reports channels that cancel each other"),
    ("NaN or infinite samples", "refused, with the place of the first"),
    ("samples beyond 1 in files of floating point", "left as they are"),
    (f"less than {MIN_SECONDS:g} s, or more than {MAX_SECONDS / 3600:g} h", "refused"),
    ("a file that its decoder cannot read", "refused by name; the others are read"),
    ("pipes, sockets and devices, also through links", "skipped; refused when named"),
)
"""What is dealt with and not reported, or refused."""


def note(kind: str, detail: str = "") -> str:
    """What a file's reader says of an oddity.

    >>> note("no last page")
    'an Ogg stream without a mark of its end: read to its end'
    """
    oddity, action = ODDITIES[kind]
    return f"{oddity}{f' ({detail})' if detail else ''}: {action}"


def suffix(name: str) -> str:
    """The ending of a file's name in small letters, as the tables above have it."""
    return PurePath(name).suffix.lower()
