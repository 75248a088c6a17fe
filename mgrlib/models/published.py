"""The files of the published taggers: their content, addresses and checksums.

Choi et al. published a CNN and a CRNN trained on the 50 most common tags of the Million Song
Dataset; Jiménez and José fine-tuned the CRNN to ten genres. Both use the MIT license. The files are
not part of this package. They are downloaded from their original addresses or read from a folder of
yours, and refused unless their checksums are those of the published files.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

from mgrlib import storage
from mgrlib.errors import ChecksumError, StorageError, explain

FOLDER_VARIABLE = "MGRLIB_TAGGERS"
HINT = (
    f"set {FOLDER_VARIABLE} to a folder that contains it, or give its path as `source`; "
    "`mgrlib.models.published.FILES` contains its address."
)

# fmt: off
TAGS = (
    "rock", "pop", "alternative", "indie", "electronic", "female vocalists", "dance", "00s",
    "alternative rock", "jazz", "beautiful", "metal", "chillout", "male vocalists",
    "classic rock", "soul", "indie rock", "Mellow", "electronica", "80s", "folk", "90s", "chill",
    "instrumental", "punk", "oldies", "blues", "hard rock", "ambient", "acoustic", "experimental",
    "female vocalist", "guitar", "Hip-Hop", "70s", "party", "country", "easy listening", "sexy",
    "catchy", "funk", "electro", "heavy metal", "Progressive rock", "60s", "rnb", "indie pop",
    "sad", "House", "happy",
)
"""The tags of the Million Song Dataset, in the order of the outputs."""

GENRES = (
    "blues", "classical", "country", "disco", "hiphop", "jazz", "metal", "pop", "reggae", "rock",
)
# fmt: on


@dataclass(frozen=True)
class Reading:
    """How the statistics of a file are interpreted, and how its input is scaled.

    Args:
        statistic: the content of `running_std`: "std", the standard deviation (Keras up to
            1.0.6), or "variance" (later versions).
        eps: added to the standard deviation, or to the variance before its root is taken.
        scale: of the input: "clip" if each clip is standardized, "none" for dB, as in
            `mgrlib.features.TaggerMel`.
    """

    statistic: Literal["std", "variance"]
    eps: float
    scale: Literal["clip", "none"]


CALIBRATED = Reading("std", 1e-6, "clip")
"""The reading with which Choi's networks were trained: Keras 1.0.6 or older, standardized clips."""

README = Reading("variance", 1e-5, "none")
"""The reading of Choi's README, and of Jiménez and José's training: Keras 1.1, dB."""


@dataclass(frozen=True)
class PublishedFile:
    """A file published by others: its name, its checksum, and its addresses."""

    name: str
    digest: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class WeightsFile(PublishedFile):
    """A file of weights, with everything that is needed to load it.

    Args:
        name, digest, urls: as in `PublishedFile`; the digest is `"sha256:..."`.
        network: "crnn" or "fcn5".
        reading: the reading with which it was trained.
        classes: the names of the outputs, in order.
        backend: the kernels of "theano" files have to be flipped, those of "tensorflow" files not.
        head: the name of the last layer.
        input_shape: (F, T) of the input.
        pools: sizes of the poolings; None for the published ones.
    """

    network: Literal["crnn", "fcn5"]
    reading: Reading
    classes: tuple[str, ...] = TAGS
    backend: Literal["theano", "tensorflow"] = "theano"
    head: str = "output"
    input_shape: tuple[int, int] = (96, 1366)
    pools: tuple[tuple[int, int], ...] | None = None


_CHOI = "keunwoochoi/music-auto_tagging-keras"
_CHOI_COMMIT = "a3e105d0c4c529c512cc197ad8770ff1cc52aa32"
_JIMENEZ = "jsalbert/Music-Genre-Classification-with-Deep-Learning"
_JIMENEZ_COMMIT = "d3b6e4f36420f4f7691e28c268ba6c1efdeceafd"


def _addresses(repository: str, commit: str, path: str) -> tuple[str, ...]:
    return (
        f"https://raw.githubusercontent.com/{repository}/{commit}/{path}",
        f"https://github.com/{repository}/raw/master/{path}",
    )


def _choi(network: Literal["crnn", "fcn5"], backend: Any, sha256: str) -> WeightsFile:
    name = f"music_tagger_{'crnn' if network == 'crnn' else 'cnn'}_weights_{backend}.h5"
    urls = _addresses(_CHOI, _CHOI_COMMIT, f"data/{name}")
    return WeightsFile(name, f"sha256:{sha256}", urls, network, CALIBRATED, backend=backend)


_GENRE_FILE = "crnn_net_gru_adam_ours_epoch_40.h5"

FILES: Mapping[str, WeightsFile] = MappingProxyType(
    {
        "msd-crnn": _choi(
            "crnn",
            "theano",
            "783d8198417fd5d6ceee551dea5ec3e7f0210ec743af4819172b5c943044081c",
        ),
        "msd-crnn-tensorflow": _choi(
            "crnn",
            "tensorflow",
            "df63638de9f3113780768181670c554f122fbd1297c63c065836d70a251115a8",
        ),
        "msd-cnn": _choi(
            "fcn5",
            "theano",
            "36184d9fde3e95957bfbf63ee6685258f613ce8cf2f0373c641b1a448c14874b",
        ),
        "msd-cnn-tensorflow": _choi(
            "fcn5",
            "tensorflow",
            "8b61b73a8065cb084a9b56e8b5421ee876f38a1aca109ec2ad336e3a17c7c421",
        ),
        "genre-crnn": WeightsFile(
            _GENRE_FILE,
            "sha256:e6d7d9aa90eef37e84f604e122a7550a881d2e927a7aa9f6308ceb6b8c2063f2",
            _addresses(
                _JIMENEZ, _JIMENEZ_COMMIT, f"models_trained/example_model/weights/{_GENRE_FILE}"
            ),
            "crnn",
            README,
            classes=GENRES,
            head="preds",
        ),
    }
)
"""The published weights, all 1.6 to 3.5 MB and MIT-licensed."""


def _track(title: str, sha256: str) -> PublishedFile:
    name = f"bensound-{title}.npy"
    return PublishedFile(name, f"sha256:{sha256}", _addresses(_CHOI, _CHOI_COMMIT, f"data/{name}"))


README_TRACKS: Mapping[str, PublishedFile] = MappingProxyType(
    {
        title: _track(title, sha256)
        for title, sha256 in {
            "cute": "0a3695db0a35044bd43430fc04dc2c54162b67bce28e01b7e0ee768aa3abbec7",
            "actionable": "b7e961eeee9c93db91a830d952572e302acae88395d7ff59febed7122c5ebfc8",
            "dubstep": "e26a0222d103f36be316752b077f3124b0bc2eb07fc0ece6452c91aeb34cb6ad",
            "thejazzpiano": "3c671ca6193b1244f2102ceb671f42bd76093eaf877b24c78608a599e0461a8f",
        }.items()
    }
)
"""The inputs of Choi's README, (1, 1, 96, 1366) float64 in dB, 1 MB each."""


def at_hand(name: str) -> Path | None:
    """Return the path of a published file on this computer, or None if it must be downloaded.

    The function searches the folder in the environment variable MGRLIB_TAGGERS and
    `mgrlib.storage.home() / "taggers"`; it does not use the network.

    Raises:
        ChecksumError: if a file with this name has a different content.
        StorageError: if the name is unknown.
    """
    file = _published_file(name)
    for folder in _folders():
        if (folder / file.name).is_file():
            return check_file(folder / file.name, file)
    return None


def find(name: str, source: str | os.PathLike[str] | None = None) -> Path:
    """Return the path of a published file, and download it if it is not on this computer.

    Args:
        name: a key of `FILES` or `README_TRACKS`.
        source: the path of the file, or of a folder that contains it under its own name.

    Raises:
        ChecksumError: if the file has a different content.
        DownloadError: if the download fails; the message says where to put the file by hand.
        StorageError: if the name is unknown, if there is no file at `source`, or if the folder
            cannot be written to.
    """
    file = _published_file(name)
    if source is not None:
        path = Path(source)
        path = path / file.name if path.is_dir() else path
        if not path.is_file():
            raise StorageError(explain(str(path), f"the file {file.name}", "no such file", HINT))
        return check_file(path, file)
    folder = storage.home() / "taggers"
    return at_hand(name) or storage.download(file.name, file.urls, file.digest, folder=folder)


def _published_file(name: str) -> PublishedFile:
    files: dict[str, PublishedFile] = {**FILES, **README_TRACKS}
    if name not in files:
        raise StorageError(explain("find", f"one of {', '.join(files)}", repr(name)))
    return files[name]


def _folders() -> list[Path]:
    folder = os.environ.get(FOLDER_VARIABLE)
    return [*([Path(folder).expanduser()] if folder else []), storage.home() / "taggers"]


def check_file(path: Path, file: PublishedFile) -> Path:
    """Return the path if the file there has the expected checksum, and raise an error if not."""
    algorithm, expected = file.digest.split(":")
    digest = storage.checksum(path, algorithm)
    if digest != expected:
        names = {f.digest: f.name for f in (*FILES.values(), *README_TRACKS.values())}
        name = names.get(f"{algorithm}:{digest}")
        got = f"that of {name}" if name else f"{digest}, {path.stat().st_size:,} bytes"
        hint = "it is damaged, changed or a different file: delete it and download it again."
        raise ChecksumError(explain(str(path), f"the {algorithm} of {file.name}", got, hint))
    return path
