"""The published taggers as facts: which files there are, what they hold, and how to come by them.

Choi et al. published a CNN and a CRNN trained on the 50 commonest tags of the Million Song Dataset;
Jiménez and José fine-tuned the CRNN to ten genres. Both licences are MIT's. The files are neither
part of this package nor changed by it: they are fetched from their own addresses, or found where
you have them, and refused unless their content is the published one.
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

__all__ = [
    "CALIBRATED",
    "FILES",
    "GENRES",
    "README",
    "README_TRACKS",
    "TAGS",
    "PublishedFile",
    "Reading",
    "WeightsFile",
    "at_hand",
    "find",
]

FOLDER_VARIABLE = "MGRLIB_TAGGERS"
HINT = (
    f"set {FOLDER_VARIABLE} to a folder that holds it, or give its path as `source`; "
    "`mgrlib.models.published.FILES` tells its address."
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
    """How a file's batch normalisation is to be understood, and what its input was.

    Args:
        statistic: what `running_std` holds: "deviation" (Keras up to 1.0.6) or "variance" (later).
        eps: added to the deviation, or to the variance before its root is taken.
        scale: of the input: "clip" is standardised clip by clip, "none" is dB. It is the `scale` of
            `mgrlib.features.TaggerMel`.
    """

    statistic: Literal["deviation", "variance"]
    eps: float
    scale: Literal["clip", "none"]


CALIBRATED = Reading("deviation", 1e-6, "clip")
"""How Choi's networks were trained: Keras 1.0.6 or older, standardised clips."""

README = Reading("variance", 1e-5, "none")
"""How Choi's README was printed, and how Jiménez and José trained: Keras 1.1, dB."""


@dataclass(frozen=True)
class PublishedFile:
    """A file that others published: its name, the digest of its content, and its addresses."""

    name: str
    digest: str
    urls: tuple[str, ...]


@dataclass(frozen=True)
class WeightsFile(PublishedFile):
    """A file of weights, and how it must be read.

    Args:
        name, digest, urls: as of every published file; the digest is `"sha256:..."`.
        network: "crnn" or "fcn5".
        reading: the one it was trained with.
        classes: the outputs, in order.
        backend: "theano" files hold kernels to be turned round, "tensorflow" files do not.
        head: the name of the last layer.
        input_shape: (F, T) of its input.
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
    """Where a published file lies on this computer, checked; None if it has to be downloaded.

    Never touches the network. Looked into are the folder that the environment variable
    MGRLIB_TAGGERS names, and `mgrlib.storage.home() / "taggers"`.

    Raises:
        ChecksumError: a file of that name with another content.
        StorageError: an unknown name.
    """
    file = _published(name)
    for folder in _folders():
        if (folder / file.name).is_file():
            return checked(folder / file.name, file)
    return None


def find(name: str, source: str | os.PathLike[str] | None = None) -> Path:
    """The path of a published file: from `source`, from this computer, or downloaded and kept.

    Args:
        name: a key of `FILES` or `README_TRACKS`.
        source: the file itself, or a folder that holds it under its own name.

    Raises:
        ChecksumError: a file with another content, here or from a mirror.
        DownloadError: it is not here, and no mirror gives it; the message says where to place it.
        StorageError: an unknown name, nothing at `source`, or a folder that cannot be written.
    """
    file = _published(name)
    if source is not None:
        path = Path(source)
        path = path / file.name if path.is_dir() else path
        if not path.is_file():
            raise StorageError(explain(str(path), f"the file {file.name}", "no such file", HINT))
        return checked(path, file)
    folder = storage.home() / "taggers"
    return at_hand(name) or storage.download(file.name, file.urls, file.digest, folder=folder)


def _published(name: str) -> PublishedFile:
    known: dict[str, PublishedFile] = {**FILES, **README_TRACKS}
    if name not in known:
        raise StorageError(explain("find", f"one of {', '.join(known)}", repr(name)))
    return known[name]


def _folders() -> list[Path]:
    named = os.environ.get(FOLDER_VARIABLE)
    return [*([Path(named).expanduser()] if named else []), storage.home() / "taggers"]


def checked(path: Path, file: PublishedFile) -> Path:
    """The path itself, if its content is the file's."""
    algorithm, expected = file.digest.split(":")
    came = storage.checksum(path, algorithm)
    if came != expected:
        known = {one.digest: one.name for one in (*FILES.values(), *README_TRACKS.values())}
        other = known.get(f"{algorithm}:{came}")
        got = f"that of {other}" if other else f"{came}, {path.stat().st_size:,} bytes"
        hint = "it is damaged, changed or another file: delete it and fetch it again."
        raise ChecksumError(explain(str(path), f"the {algorithm} of {file.name}", got, hint))
    return path
