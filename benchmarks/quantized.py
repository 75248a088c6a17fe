"""Measure the size and speed of networks in eight bits and in float32, in one run on one thread.

    python benchmarks/quantized.py [--rounds 40] [--json FILE]

Networks are not trained: neither bytes nor time depend on what the weights are. Files take turns,
times are processor milliseconds of the calling thread, medians with quartiles.
"""

from __future__ import annotations

import argparse
import json
import platform
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import onnxruntime
import torch

from mgrlib.compression.onnx_files import OnnxModel, to_onnx
from mgrlib.compression.quantize import quantize_dynamic, quantize_static, quantize_weights
from mgrlib.compression.timing import Latency, speedup, take_turns
from mgrlib.models.luo2021 import ResNet1d, ShallowCNN
from mgrlib.models.wei2023 import FeatureMlp57, ResNet18, SegmentCnn
from mgrlib.segments import Segments

NETWORKS = {
    "ResNet18": (ResNet18, (3, 224, 224)),
    "ShallowCNN": (ShallowCNN, (128, 1024)),
    "SegmentCnn": (SegmentCnn, (13, 130)),
    "ResNet1d": (ResNet1d, (128, 1024)),
    "FeatureMlp57": (FeatureMlp57, (57,)),
}


def noise(shape: tuple[int, ...], n: int = 8) -> Segments:
    """Segments for setting the ranges."""
    x = torch.randn(n, *shape, generator=torch.Generator().manual_seed(0))
    ids = tuple(map(str, range(n)))
    genres = tuple(map(str, range(10)))
    return Segments((x,), torch.arange(n) % 10, torch.arange(n), ids, genres)


def measured(make: type, shape: tuple[int, ...], rounds: int) -> dict[str, dict[str, object]]:
    torch.manual_seed(0)
    segments = noise(shape)
    with TemporaryDirectory() as name:
        folder = Path(name)
        source = to_onnx(make(10, shape), shape, path=folder / "float32.onnx")
        paths = {
            "float32": source,
            "int8 static": quantize_static(source, folder / "static.onnx", segments),
            "int8 dynamic": quantize_dynamic(source, folder / "dynamic.onnx"),
            "int8 weights only": quantize_weights(source, folder / "weights.onnx"),
        }
        nets = {kind: OnnxModel(path) for kind, path in paths.items()}
        x = segments.inputs[0][:1].numpy()
        calls = {kind: (lambda net=net: net.run(x)) for kind, net in nets.items()}
        times = take_turns(calls, rounds=rounds)
        sizes = {kind: path.stat().st_size for kind, path in paths.items()}
    return {
        kind: {
            "bytes": sizes[kind],
            "times smaller": round(sizes["float32"] / sizes[kind], 3),
            "milliseconds": [round(float(v), 3) for v in np.percentile(times[kind], [50, 25, 75])],
            "times faster": [round(v, 3) for v in speedup(times["float32"], times[kind])],
            "told": str(Latency.of(times[kind])),
        }
        for kind in paths
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    results = {
        name: measured(make, shape, options.rounds) for name, (make, shape) in NETWORKS.items()
    }
    for name, kinds in results.items():
        for kind, result in kinds.items():
            faster, low, high = result["times faster"]
            line = (
                f"{result['times smaller']:5.2f} x smaller  {faster:5.2f} x faster [{low}, {high}]"
            )
            print(f"{name:<13} {kind:<18} {line}  {result['told']}")
    if options.json:
        about = {
            "machine": f"{platform.system()} {platform.machine()}",
            "onnxruntime": onnxruntime.__version__,
            "torch": torch.__version__,
            "rounds": options.rounds,
        }
        options.json.write_text(json.dumps({"about": about, "networks": results}, indent=1) + "\n")


if __name__ == "__main__":
    main()
