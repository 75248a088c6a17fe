from __future__ import annotations

import os
import pickle
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toys import CONFIG, jitter, same, small, toy

from mgrlib.errors import ChecksumError, StorageError, TrainingError
from mgrlib.training import fit, load_weights, save_weights

# Trains with a checkpoint and is killed in the middle of the fourth epoch.
KILLED = """
import os, sys
sys.path.insert(0, sys.argv[1])
import torch
torch.set_num_threads(1)
from pathlib import Path
from toys import CONFIG, jitter, small, toy
from mgrlib.training import fit
steps = []
def die(inputs, y, generator):
    steps.append(1)
    if len(steps) == 3 * 5 + 3:
        os._exit(9)
    return jitter(inputs, y, generator)
fit(small(), toy(), toy(16, 1), CONFIG, augment=die, checkpoint=Path(sys.argv[2]))
"""


class StopError(Exception):
    """Raised where a run is to be interrupted."""


def interrupted(checkpoint: Path, config=CONFIG, at_step: int = 18, valid=None) -> None:
    """A run that ends in the middle of its fourth epoch (of five steps each)."""
    steps = []

    def stop(inputs, y, generator):
        steps.append(1)
        if len(steps) == at_step:
            raise StopError
        return jitter(inputs, y, generator)

    with pytest.raises(StopError):
        fit(small(), toy(), valid or toy(16, 1), config, augment=stop, checkpoint=checkpoint)


def test_a_killed_run_ends_as_if_it_had_never_been(tmp_path):
    arguments = [str(Path(__file__).parent), str(tmp_path / "run.pt")]
    process = subprocess.run([sys.executable, "-c", KILLED, *arguments], check=False)
    assert process.returncode == 9
    resumed, uninterrupted = small(), small()
    a = fit(resumed, toy(), toy(16, 1), CONFIG, augment=jitter, checkpoint=tmp_path / "run.pt")
    b = fit(uninterrupted, toy(), toy(16, 1), CONFIG, augment=jitter)
    assert a.history.equals(b.history)
    assert (a.best_epoch, a.stopped_early) == (b.best_epoch, b.stopped_early)
    assert same(resumed, uninterrupted)
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


@pytest.mark.parametrize("optimizer", ["adam", "sgd", "rmsprop", "adadelta"])
def test_every_optimizer_goes_on_where_it_was(tmp_path, optimizer):
    config = replace(CONFIG, optimizer=optimizer, momentum=0.9)
    interrupted(tmp_path / "run.pt", config)
    resumed, uninterrupted = small(), small()
    a = fit(resumed, toy(), toy(16, 1), config, augment=jitter, checkpoint=tmp_path / "run.pt")
    b = fit(uninterrupted, toy(), toy(16, 1), config, augment=jitter)
    assert a.history.equals(b.history)
    assert same(resumed, uninterrupted)


def test_patience_counts_the_epochs_before_the_interruption(tmp_path):
    config, valid = replace(CONFIG, patience=3, epochs=20), toy(16, 1, flip=True)
    interrupted(tmp_path / "run.pt", config, at_step=13, valid=valid)
    a = fit(small(), toy(), valid, config, augment=jitter, checkpoint=tmp_path / "run.pt")
    b = fit(small(), toy(), valid, config, augment=jitter)
    assert a.stopped_early
    assert a.history.equals(b.history)


def test_a_finished_run_is_not_trained_again(tmp_path):
    first, second = small(), small(seed=1)
    a = fit(first, toy(), toy(16, 1), CONFIG, checkpoint=tmp_path / "run.pt")

    def never(inputs, y, generator):
        raise AssertionError

    b = fit(second, toy(), toy(16, 1), CONFIG, augment=never, checkpoint=tmp_path / "run.pt")
    assert a.history.equals(b.history)
    assert same(first, second)


def test_a_run_resumed_leaves_the_random_numbers_of_the_process_alone(tmp_path):
    interrupted(tmp_path / "run.pt")
    before = torch.get_rng_state()
    fit(small(), toy(), toy(16, 1), CONFIG, augment=jitter, checkpoint=tmp_path / "run.pt")
    assert torch.equal(torch.get_rng_state(), before)


def test_a_checkpoint_of_other_settings_is_refused_with_the_difference(tmp_path):
    interrupted(tmp_path / "run.pt")
    with pytest.raises(TrainingError, match=r"lr=0\.02 in the file and 0\.5 in the config.*delete"):
        fit(small(), toy(), None, replace(CONFIG, lr=0.5), checkpoint=tmp_path / "run.pt")


def test_a_checkpoint_of_another_model_is_refused(tmp_path):
    interrupted(tmp_path / "run.pt")
    other = nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 2))
    with pytest.raises(StorageError, match=r"run\.pt"):
        fit(other, toy(), None, CONFIG, checkpoint=tmp_path / "run.pt")


def test_weights_are_not_a_checkpoint(tmp_path):
    save_weights(tmp_path / "run.pt", small())
    with pytest.raises(StorageError, match=r"run\.pt: expected a checkpoint"):
        fit(small(), toy(), None, CONFIG, checkpoint=tmp_path / "run.pt")


def damaged(content: bytes) -> list[bytes]:
    """What may have become of a file: cut off, overwritten, or never one of ours."""
    rng = np.random.default_rng(0)
    contents = [
        b"",
        b"a text\n",
        content[: len(content) // 2],
        content[:-10],
        b"\x80\x02" + b"0" * 9,
    ]
    for _ in range(40):
        spoilt = bytearray(content)
        for place in rng.integers(0, len(content), 400):
            spoilt[place] = rng.integers(256)
        contents.append(bytes(spoilt))
    return contents + [b"\x80\x02" + rng.bytes(60) for _ in range(60)]


def test_a_damaged_checkpoint_is_refused_with_the_remedy(tmp_path):
    path = tmp_path / "run.pt"
    interrupted(path)
    content = path.read_bytes()
    for spoilt in (b"", content[:-10], content[:1000]):
        path.write_bytes(spoilt)
        with pytest.raises(StorageError, match=r"run\.pt.*delete it"):
            fit(small(), toy(), toy(16, 1), CONFIG, checkpoint=path)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
def test_damaged_weights_are_refused_however_they_are_damaged(tmp_path):
    path = tmp_path / "weights.pt"
    save_weights(path, small())
    for spoilt in damaged(path.read_bytes()):
        path.write_bytes(spoilt)
        with pytest.raises(StorageError, match=r"weights\.pt"):
            load_weights(path, small())


def test_weights_come_back_to_the_bit(tmp_path):
    model, other = small(), small(seed=1)
    digest = save_weights(tmp_path / "weights.pt", model)
    assert load_weights(tmp_path / "weights.pt", other, sha256=digest) is other
    assert same(model, other)


def test_swapped_weights_are_refused(tmp_path):
    digest = save_weights(tmp_path / "weights.pt", small())
    save_weights(tmp_path / "weights.pt", small(seed=1))
    with pytest.raises(ChecksumError, match=digest):
        load_weights(tmp_path / "weights.pt", small(), sha256=digest)


def test_missing_weights_are_refused(tmp_path):
    with pytest.raises(StorageError, match="nothing there"):
        load_weights(tmp_path / "none.pt", small())


def test_weights_of_another_model_are_refused_and_change_nothing(tmp_path):
    save_weights(tmp_path / "weights.pt", nn.Sequential(nn.Linear(4, 8), nn.Linear(8, 3)))
    model = small()
    with pytest.raises(StorageError, match=r"for Sequential.*'1\.weight'"):
        load_weights(tmp_path / "weights.pt", model)
    assert same(model, small())


class Payload:
    """A pickle that would run a command."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self):
        return os.system, (self.command,)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize(
    "save", [torch.save, lambda thing, path: path.write_bytes(pickle.dumps(thing))]
)
def test_code_in_a_file_of_weights_is_not_run(tmp_path, save):
    path, mark = tmp_path / "weights.pt", tmp_path / "was-run"
    save({"0.weight": Payload(f"touch {mark}")}, path)
    for read in (
        lambda: load_weights(path, small()),
        lambda: fit(small(), toy(), None, CONFIG, checkpoint=path),
    ):
        with pytest.raises(StorageError):
            read()
    assert not mark.exists()


def test_a_full_disk_leaves_the_old_checkpoint(tmp_path, monkeypatch):
    interrupted(tmp_path / "run.pt")
    content = (tmp_path / "run.pt").read_bytes()

    def full(thing, path):
        path.write_bytes(b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(torch, "save", full)
    with pytest.raises(StorageError, match="No space left"):
        fit(small(), toy(), toy(16, 1), CONFIG, augment=jitter, checkpoint=tmp_path / "run.pt")
    assert (tmp_path / "run.pt").read_bytes() == content
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]
