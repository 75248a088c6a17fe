"""What training gains if the C library keeps freed memory: the same epochs with other settings.

    python -m benchmarks.allocator [--rounds 3] [NAMES ...]

By default, glibc gives large blocks back to the system as soon as they are free, and the system
clears each page before it hands it out again. A training step allocates and frees the same large
arrays over and over. With the variables of `KEPT`, glibc keeps them. Each round starts a process
without the variables and one with them; each trains one epoch to warm up and reports the processor
seconds of the next, and its peak memory. The ratio is taken within each round, on one thread. Only
for Linux with glibc.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import resource
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from statistics import median
from typing import Any

import torch

from benchmarks.train import few_segments, processor_seconds
from mgrlib.training import fit, seeded

KEPT = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(2**34),
    "MALLOC_TOP_PAD_": str(2**28),
}
NAMES = (
    "luo2021/cnn-mel-scaled",
    "luo2021/resnet-mel-scaled",
    "minhas2019/cnn",
    "reddy2024/fcn5",
    "reddy2024/crnn",
    "wei2023/resnet-mel-96",
)
RESULTS = Path(__file__).parent / "results/allocator.json"


def one_epoch(name: str) -> dict[str, float]:
    """Processor seconds of an epoch in this process, and its peak memory in MB."""
    torch.set_num_threads(1)
    recipe, train = few_segments(name)
    shapes = [tuple(x.shape[1:]) for x in train.inputs]
    with seeded(0):
        model = recipe.network(train.n_classes, shapes)
    config = replace(recipe.config, epochs=1)
    fit(model, train, config=config)
    seconds = processor_seconds(lambda: fit(model, train, config=config))
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"seconds": seconds, "megabytes": peak}


def in_process(name: str, variables: dict[str, str]) -> dict[str, float]:
    """`one_epoch` in a process of its own with these variables."""
    plain = {key: value for key, value in os.environ.items() if not key.startswith("MALLOC_")}
    command = [sys.executable, "-m", "benchmarks.allocator", "--one", name]
    text = subprocess.run(
        command, env=plain | variables, check=True, capture_output=True, text=True
    ).stdout
    return dict(json.loads(text.splitlines()[-1]))


def measured(name: str, rounds: int) -> dict[str, Any]:
    """One network, without and with the variables in turn."""
    default, kept = [], []
    for _ in range(rounds):
        default.append(in_process(name, {}))
        kept.append(in_process(name, KEPT))
    ratios = [a["seconds"] / b["seconds"] for a, b in zip(default, kept, strict=True)]
    return {
        "network": name,
        "seconds": round(median(run["seconds"] for run in default), 3),
        "seconds_kept": round(median(run["seconds"] for run in kept), 3),
        "ratio": round(median(ratios), 2),
        "lowest_ratio": round(min(ratios), 2),
        "megabytes": round(median(run["megabytes"] for run in default)),
        "megabytes_kept": round(median(run["megabytes"] for run in kept)),
    }


def main() -> None:
    """Print one line per network, and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(NAMES))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--one", help="measure this network here and print it")
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one_epoch(options.one)))
        return
    rows = []
    for name in options.names:
        rows.append(measured(name, options.rounds))
        print(rows[-1], flush=True)
    report = {
        "machine": f"{platform.machine()}, one thread",
        "torch": torch.__version__,
        "c_library": " ".join(platform.libc_ver()),
        "variables": KEPT,
        "rounds": options.rounds,
        "networks": rows,
    }
    RESULTS.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
