"""Training in forty readable lines, with its settings and what came of it as values."""

from mgrlib.training.checkpoints import load_weights, save_weights
from mgrlib.training.config import Run, TrainConfig
from mgrlib.training.loop import batches, cross_entropy, fit, measure
from mgrlib.training.seeds import pick_device, seeded

__all__ = [
    "Run",
    "TrainConfig",
    "batches",
    "cross_entropy",
    "fit",
    "load_weights",
    "measure",
    "pick_device",
    "save_weights",
    "seeded",
]
