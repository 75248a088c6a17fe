"""Making trained networks smaller: pruning, sharing, quantization, distillation, export, cost.

What needs only PyTorch is at hand here; what reads and writes ONNX files is in the modules
`onnx_files`, `quantize`, `front_end` and `export`.
"""

from mgrlib.compression.binary import binarized, straight_through_sign
from mgrlib.compression.channels import Chain, chains, narrowed
from mgrlib.compression.cost import Cost, cost, macs, pareto, stored_bytes
from mgrlib.compression.distil import (
    Passenger,
    distillation_loss,
    distilled,
    with_teacher,
)
from mgrlib.compression.pack import pack, unpack
from mgrlib.compression.prune import cubic_schedule, magnitude_masks, pruned, sparsity
from mgrlib.compression.share import kmeans, shared
from mgrlib.compression.timing import Latency, speedup, take_turns
from mgrlib.compression.weights import plain, weight_layers
from mgrlib.evaluation.predictions import logits_of

__all__ = [
    "Chain",
    "Cost",
    "Latency",
    "Passenger",
    "binarized",
    "chains",
    "cost",
    "cubic_schedule",
    "distillation_loss",
    "distilled",
    "kmeans",
    "logits_of",
    "macs",
    "magnitude_masks",
    "narrowed",
    "pack",
    "pareto",
    "plain",
    "pruned",
    "shared",
    "sparsity",
    "speedup",
    "stored_bytes",
    "straight_through_sign",
    "take_turns",
    "unpack",
    "weight_layers",
    "with_teacher",
]
