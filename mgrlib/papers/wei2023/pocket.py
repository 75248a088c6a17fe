"""The pocket student: the student of section 6.2, compressed, as a file of the package.

It is a `ShallowCNN` that a ResNet18 taught on the embedded corpus, of whose weights four in five
are then zero and the rest share fifteen values a layer. The page "Try it" runs it. `make` trains it
again and writes the file, in some six minutes of computing.
"""

from __future__ import annotations

import gzip
from importlib.resources import files
from pathlib import Path

from mgrlib.compression import pruned, shared
from mgrlib.compression.export import export
from mgrlib.compression.onnx_files import scratch_folder
from mgrlib.data.corpus import Corpus
from mgrlib.data.synthetic import synthetic
from mgrlib.papers.wei2023.recipes import STUDENT
from mgrlib.storage import atomic_write
from mgrlib.systems.learn import learn
from mgrlib.systems.system import System
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import fit

N_PER_GENRE = 40
"""Clips of each genre that it was trained on."""

ZEROS, N_VALUES = 0.8, 15
RECOVERY = TrainConfig(epochs=8, batch_size=32, lr=3e-4)

FILE = "student.onnx.gz"


def training_clips() -> Corpus:
    """The clips that the file was trained on: of seed 0, as everywhere in the book."""
    return synthetic(n_per_genre=N_PER_GENRE)


def train(corpus: Corpus, *, seed: int = 0, progress: bool = False) -> System:
    """Teach a student, prune it, let it recover, share its weights, and let it recover again."""
    system = learn(STUDENT, corpus, seed=seed, progress=progress)
    segments = system.segments(corpus)
    network = pruned(system.network, ZEROS)
    fit(network, segments, config=RECOVERY)
    network = shared(network, N_VALUES)
    fit(network, segments, config=RECOVERY)
    return system.with_network(network.eval())


def make(path: Path) -> Path:
    """Train the student and write its file, an ONNX file in gzip's form; returns the path."""
    with scratch_folder() as folder:
        file = export(train(training_clips(), progress=True), folder / "student.onnx")
        with atomic_write(path) as part:
            part.write_bytes(gzip.compress(file.read_bytes(), 9, mtime=0))
    return path


def onnx_bytes() -> bytes:
    """The file that comes with the package: from 24 s of sound to ten genres, as `export` wrote."""
    path = Path(str(files("mgrlib.papers.wei2023"))) / "weights" / FILE
    return gzip.decompress(path.read_bytes())


def write_onnx(path: Path) -> Path:
    """Write `onnx_bytes` to a file, for `SoundClassifier`; returns the path."""
    with atomic_write(path) as part:
        part.write_bytes(onnx_bytes())
    return path
