"""One network that several processes train, as `torchrun` starts them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
import torch
from torch import nn

from mgrlib.errors import TrainingError
from mgrlib.segments import Segments
from mgrlib.training import Run, TrainConfig, fit
from mgrlib.training.process_group import ONE, SeveralProcesses, process_group

pytest.importorskip("accelerate", reason="needs the extra mgrlib[gpus]")

# Sums of float32 in another order, passed on from step to step by Adam.
TOLERANCE = 1e-5


def segments(n: int, seed: int) -> Segments:
    """Noise, louder in one of two classes; every third segment is of another clip."""
    generator = torch.Generator().manual_seed(seed)
    y = torch.arange(n) % 2
    x = torch.randn(n, 6, 10, generator=generator) * (1 + y[:, None, None])
    return Segments((x,), y, torch.arange(n), tuple(map(str, range(n))), ("quiet", "loud"))


class Plain(nn.Module):
    """Two layers, without dropout or batch normalization."""

    def __init__(self) -> None:
        super().__init__()
        self.hidden = nn.Linear(6, 8)
        self.linear = nn.Linear(8, 2)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.linear(torch.relu(self.hidden(x.abs().mean(2))))


def train(
    epochs: int,
    checkpoint: Path | None = None,
    model: nn.Module | None = None,
    precision: str = "float32",
) -> Run:
    """A run with 38 segments in batches of 12, so that the last batch has two."""
    config = TrainConfig(epochs=epochs, batch_size=12, lr=0.02, device="cpu", precision=precision)
    if model is None:
        torch.manual_seed(1)
        model = Plain()
    return fit(model, segments(38, 0), segments(9, 1), config, checkpoint=checkpoint)


SCRIPT = """
import json, os, sys
from pathlib import Path
import torch
from torch import nn
sys.path.insert(0, sys.argv[2])
from test_process_group import train
from mgrlib.training import precision

place, rank = Path(sys.argv[1]), int(os.environ["RANK"])
torch.set_num_threads(1)
whole = train(4)
train(2, place / "pair.ckpt")
resumed = train(4, place / "alone.ckpt")
normal = nn.Sequential(nn.BatchNorm1d(6), nn.Dropout(0.5), nn.Flatten(), nn.Linear(60, 2))
for p in normal.parameters():
    nn.init.constant_(p, 0.1)
mixed = train(2, model=normal)
seconds = {"float32": 1.0 + rank, "bfloat16": 2.0 - rank}
precision.step_seconds = lambda config, *_, **__: seconds[config.precision]
auto = train(1, precision="auto")
(place / f"{rank}.json").write_text(json.dumps({
    "whole": whole.history.to_dict("list"), "resumed": resumed.history.to_dict("list"),
    "weights": {k: v.tolist() for k, v in whole.state.items()},
    "mixed": {k: v.tolist() for k, v in mixed.state.items()},
    "losses": mixed.history.to_dict("list"), "precision": auto.config.precision,
}))
"""


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[dict]]:
    """What two processes gave, and the folder of their checkpoints."""
    if sys.platform == "win32":
        pytest.skip("torchrun needs a PyTorch with libuv, which that for Windows lacks")
    place = tmp_path_factory.mktemp("pair")
    train(2, place / "alone.ckpt")
    (place / "script.py").write_text(SCRIPT, encoding="utf-8")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone"]
    folder = str(Path(__file__).parent)
    process = subprocess.run(
        [*launcher, "--nproc-per-node", "2", str(place / "script.py"), str(place), folder],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        encoding="utf-8",
        timeout=300,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return place, [json.loads((place / f"{rank}.json").read_text()) for rank in range(2)]


def assert_same_curve(history: dict, expected: pd.DataFrame) -> None:
    for name in expected.columns:
        assert history[name] == pytest.approx(expected[name].tolist(), abs=TOLERANCE), name


@pytest.mark.slow
def test_two_processes_have_the_loss_curve_of_one_with_the_whole_batch(pair):
    expected = train(4).history
    for values in pair[1]:
        assert_same_curve(values["whole"], expected)
    assert expected["train_loss"].is_monotonic_decreasing


@pytest.mark.slow
def test_a_run_of_one_process_continues_in_two_and_the_reverse(pair):
    place, values = pair
    expected = train(4).history
    assert_same_curve(values[0]["resumed"], expected)
    assert_same_curve(train(4, place / "pair.ckpt").history.to_dict("list"), expected)


@pytest.mark.slow
def test_both_processes_end_with_the_same_weights(pair):
    first, second = pair[1]
    assert first["weights"] == second["weights"]
    assert first["mixed"] == second["mixed"]
    assert first["losses"] == second["losses"]


@pytest.mark.slow
def test_all_processes_have_the_precision_that_the_first_one_chose(pair):
    assert [values["precision"] for values in pair[1]] == ["float32", "float32"]


def test_without_a_launcher_there_is_one_process(monkeypatch):
    monkeypatch.delenv("WORLD_SIZE", raising=False)
    assert process_group() is ONE
    monkeypatch.setenv("WORLD_SIZE", "1")
    assert process_group() is ONE


class Pretended:
    """What Accelerate would be in the second of three processes."""

    process_index, num_processes = 1, 3


def test_a_batch_is_divided_evenly():
    group = SeveralProcesses(Pretended())
    assert group.part(torch.arange(8)).tolist() == [3, 4, 5]
    assert group.part(torch.arange(3)).tolist() == [1]


def test_fewer_segments_than_processes_are_refused():
    with pytest.raises(TrainingError, match="2 for 3 processes"):
        SeveralProcesses(Pretended()).part(torch.arange(2))
