"""The training loop `fit`, its settings and results, and tools for transfer learning."""

from mgrlib.training.checkpoints import load_weights, save_weights
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.loop import batches, cross_entropy, fit, measure
from mgrlib.training.losses import class_weights, multi_label, weighted_cross_entropy
from mgrlib.training.nodes import node_parts, node_segments
from mgrlib.training.seeds import pick_device, seeded
from mgrlib.training.stages import fit_in_stages
from mgrlib.training.transfer import (
    LayerRates,
    by_depth,
    freeze,
    initialize,
    layer_features,
    layers,
    new_head,
)

__all__ = [
    "LayerRates",
    "Run",
    "TrainConfig",
    "batches",
    "by_depth",
    "class_weights",
    "cross_entropy",
    "fit",
    "fit_in_stages",
    "freeze",
    "initialize",
    "layer_features",
    "layers",
    "load_weights",
    "measure",
    "multi_label",
    "new_head",
    "node_parts",
    "node_segments",
    "pick_device",
    "save_weights",
    "seeded",
    "weighted_cross_entropy",
]
