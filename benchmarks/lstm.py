"""Measure which changes make a stacked LSTM faster on a CPU, and how they change its result.

    python benchmarks/lstm.py [--clips FOLDER] [--repeats 3] [--json FILE]

The variants take turns in one run, so that a busy machine slows all alike. Times are processor
seconds an epoch, the best of the repeats, on one thread unless the variant says otherwise; then
wall seconds are what counts. The last column is the training loss of the last epoch: where it is
the same to the last digit the answer has not changed, where it differs in the third it is another
arithmetic, and beyond that another training.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from torch import nn

from mgrlib.data.folder import folder
from mgrlib.data.synthetic import synthetic
from mgrlib.features import Mfcc
from mgrlib.models.tang2018 import StackedLstm
from mgrlib.segments import Segments, cut
from mgrlib.training.seeds import seeded

N_CLIPS, EPOCHS, BATCH = 70, 2, 35


@dataclass(frozen=True)
class Variant:
    """One way to train the same network on the same clips."""

    name: str
    flush: bool = True
    threads: int = 1
    bfloat16: bool = False
    batch: int = BATCH
    pool: int = 1
    by_hand: bool = False


PLAIN = Variant("one call for all frames, as PyTorch comes", flush=False)
VARIANTS = (
    replace(PLAIN, name="a Python loop over the frames", by_hand=True),
    PLAIN,
    Variant("denormal numbers flushed to zero"),
    Variant("flushed, two threads", threads=2),
    Variant("flushed, bfloat16", bfloat16=True),
    Variant("flushed, batches of 70", batch=70),
    Variant("flushed, bfloat16, batches of 70", bfloat16=True, batch=70),
    Variant("flushed, 8 frames averaged into one", pool=8),
    Variant("flushed, 8 frames averaged, bfloat16", pool=8, bfloat16=True),
)


class FrameByFrame(nn.Module):
    """The same network and weights, with one call of the cell per frame."""

    def __init__(self, model: StackedLstm) -> None:
        super().__init__()
        self.model = model
        self.cells = nn.ModuleList(
            nn.LSTMCell(layer.input_size, layer.hidden_size) for layer in (model.lstm1, model.lstm2)
        )
        for cell, layer in zip(self.cells, (model.lstm1, model.lstm2), strict=True):
            for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
                setattr(cell, name, getattr(layer, f"{name}_l0"))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        states: list[tuple[torch.Tensor, torch.Tensor] | None] = [None, None]
        for frame in x.unbind(2):
            for i, cell in enumerate(self.cells):
                states[i] = cell(frame, states[i])
                frame = states[i][0]
        return self.model.linear(frame)


def clips(audio: Path | None) -> Segments:
    corpus = folder(audio) if audio else synthetic(n_per_genre=N_CLIPS // 10)
    ids = list(corpus.clips.index)[:: max(1, len(corpus) // N_CLIPS)][:N_CLIPS]
    return cut(corpus, Mfcc(22050, n_mfcc=13, c0=False, n_frames=1293), clip_ids=ids)


def train(variant: Variant, segments: Segments) -> tuple[float, float, float]:
    """Processor seconds and wall seconds per epoch, and the last epoch's loss."""
    torch.set_flush_denormal(variant.flush)
    torch.set_num_threads(variant.threads)
    order = torch.randperm(len(segments), generator=torch.Generator().manual_seed(0))
    with seeded(0):
        model: nn.Module = StackedLstm(segments.n_classes, segments.input_shape, pool=variant.pool)
        model = FrameByFrame(model) if variant.by_hand else model
        optimizer = torch.optim.Adam(model.parameters())
        x, y = segments.inputs[0], segments.y
        cpu, wall, loss = time.process_time(), time.perf_counter(), 0.0
        for _ in range(EPOCHS):
            loss = 0.0
            for index in order.split(variant.batch):
                with torch.autocast("cpu", torch.bfloat16, enabled=variant.bfloat16):
                    step = nn.functional.cross_entropy(model(x[index]), y[index])
                optimizer.zero_grad()
                step.backward()
                optimizer.step()
                loss += step.item() * len(index) / len(y)
    cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    return cpu / EPOCHS, wall / EPOCHS, loss


def measure(segments: Segments, repeats: int, show: Callable[[str], None]) -> list[dict]:
    runs_by_name: dict[str, list[tuple[float, float, float]]] = {v.name: [] for v in VARIANTS}
    for turn in range(repeats):
        for variant in VARIANTS:
            if not (variant.by_hand and turn):  # once is enough of the slowest
                runs_by_name[variant.name].append(train(variant, segments))
                show(f"{turn} {variant.name}: {runs_by_name[variant.name][-1]}")
    plain = min(cpu for cpu, _, _ in runs_by_name[PLAIN.name])
    return [
        {
            "variant": name,
            "cpu_seconds_an_epoch": round(min(cpu for cpu, _, _ in runs), 3),
            "wall_seconds_an_epoch": round(min(wall for _, wall, _ in runs), 3),
            "times_faster": round(plain / min(cpu for cpu, _, _ in runs), 2),
            "loss": runs[0][2],
        }
        for name, runs in runs_by_name.items()
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clips", type=Path, help="a folder of audio, one folder a genre")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    segments = clips(options.clips)
    load = [round(value, 1) for value in os.getloadavg()]
    rows = measure(segments, options.repeats, lambda text: print(text, flush=True))
    facts = {
        "source": options.clips.name if options.clips else "synthetic",
        "n_clips": segments.n_clips,
        "network": "StackedLstm 13-128-32-10, 1293 frames, batches of 35",
        "machine": f"{platform.machine()}, {os.cpu_count()} cores",
        "load_average": load,
        "versions": {"python": platform.python_version(), "torch": torch.__version__},
        "results": rows,
    }
    for row in rows:
        times = f"{row['cpu_seconds_an_epoch']:>8.2f} s {row['times_faster']:>6.2f}x"
        print(f"{row['variant']:<42}{times}  {row['loss']:.6f}")
    if options.json:
        options.json.write_text(json.dumps(facts, indent=2) + "\n")


if __name__ == "__main__":
    main()
