"""Epochs per second of each paper's networks: `fit` beside a plain PyTorch loop.

    python -m benchmarks.train [--repeats 3] [--json FILE] [NAMES ...]

The plain loop is what a tutorial shows: a `DataLoader` over a `TensorDataset`, in float32. `fit`
has `precision="auto"`, whose choice is made beforehand and listed. Both train the same network on
the same segments, batch size, optimizer and one thread, and take turns in one run, so that a busy
computer slows both alike. Times are processor seconds. Speeds and the ratio are medians over the
rounds; the ratio is taken within each round.

Segments are those of ten embedded clips, one per genre, repeated to a few batches; some large
networks have smaller batches than in their recipes. The file is written after each network.
"""

from __future__ import annotations

import argparse
import json
import platform
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch import nn
from torch.backends import cpu as backends
from torch.utils.data import DataLoader, TensorDataset

from mgrlib import papers
from mgrlib.data.synthetic import synthetic
from mgrlib.segments import Segments
from mgrlib.systems import segments_of
from mgrlib.systems.prepare import Preparation
from mgrlib.training import cross_entropy, fit, seeded
from mgrlib.training.config import TrainConfig
from mgrlib.training.precision import for_computer

BATCHES = {
    "luo2021/cnn-mel-scaled": (2, None),
    "luo2021/lstm-mel-scaled": (1, None),
    "luo2021/resnet-mel-scaled": (4, None),
    "tang2018/flat": (1, None),
    "minhas2019/features-scaled": (200, None),
    "minhas2019/cnn": (1, 8),
    "reddy2024/small-crnn": (4, None),
    "reddy2024/fcn5": (1, 2),
    "reddy2024/crnn": (1, 2),
    "wei2023/lstm-scaled": (2, None),
    "wei2023/resnet-mel-96": (2, None),
    "wei2023/fusion-late": (2, None),
    "wei2023/segment-3s": (2, None),
    "wei2023/mlp57": (200, None),
}
"""Batches per epoch, few for large networks, and the batch size where it is not the recipe's."""

RESULTS = Path(__file__).parent / "results/train.json"


def few_segments(name: str) -> tuple[Any, Segments]:
    """A recipe, and prepared segments for its number of batches."""
    recipe = papers.recipe(name)
    segments = segments_of(recipe, synthetic(1))
    prepared = Preparation.fit(recipe.prepare, segments)(segments).in_memory()
    n_batches, batch_size = BATCHES[name]
    if batch_size is not None:
        recipe = replace(recipe, config=replace(recipe.config, batch_size=batch_size))
    n = n_batches * recipe.config.batch_size
    return recipe, prepared.select(torch.arange(n) % len(prepared))


def plain_epoch(model: nn.Module, train: Segments, config: TrainConfig) -> None:
    """One epoch of a tutorial's loop."""
    loader = DataLoader(
        TensorDataset(*train.inputs, train.y), batch_size=config.batch_size, shuffle=True
    )
    optimizer = config.make_optimizer(model)
    model.train()
    for *inputs, y in loader:
        loss = nn.functional.cross_entropy(model(*inputs), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def processor_seconds(work: Callable[[], object]) -> float:
    """The processor seconds of a piece of work."""
    started = time.process_time()
    work()
    return time.process_time() - started


def measured(name: str, repeats: int) -> dict[str, Any]:
    """One network, by both loops in turn."""
    recipe, train = few_segments(name)
    shapes = [tuple(x.shape[1:]) for x in train.inputs]
    with seeded(0):
        model = recipe.network(train.n_classes, shapes)
    asked = replace(recipe.config, epochs=1, precision="auto")
    config = for_computer(asked, model, train, cross_entropy)
    plain, ours = [], []  # seconds of each round
    for _ in range(repeats):
        plain.append(processor_seconds(lambda: plain_epoch(model, train, config)))
        ours.append(processor_seconds(lambda: fit(model, train, config=config)))
    return {
        "network": name,
        "segments": len(train),
        "batch_size": config.batch_size,
        "precision": config.precision,
        "parameters": sum(p.numel() for p in model.parameters()),
        "epochs_per_second": round(1 / median(ours), 4),
        "plain_epochs_per_second": round(1 / median(plain), 4),
        "ratio": round(median(a / b for a, b in zip(plain, ours, strict=True)), 2),
    }


def main() -> None:
    """Print one line per network, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(BATCHES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--json", type=Path, default=RESULTS)
    args = parser.parse_args()
    torch.set_num_threads(1)
    rows = []
    for name in args.names:
        row = measured(name, args.repeats)
        rows.append(row)
        print(
            f"{name:<28} {row['epochs_per_second']:>9.3f} epochs/s, "
            f"plain {row['plain_epochs_per_second']:>9.3f}, "
            f"{row['ratio']:.2f} times ({row['precision']})",
            flush=True,
        )
        report = {
            "machine": f"{platform.machine()}, {backends.get_cpu_capability()}, one thread",
            "torch": torch.__version__,
            "rounds": args.repeats,
            "networks": rows,
        }
        args.json.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
