"""The published tagger as one file from sound to tags and genres, for the page "Try it".

The 50 tags are the published network's; the ten genres are a softmax on them, 510 numbers that come
with the package and were fitted to the hundred-clip sample of GTZAN (`reddy2024/tags-softmax`). The
network's weights do not come with the package: `mgrlib.models.published` says where they are found.
"""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path

import torch
from onnx import TensorProto, helper
from torch import nn

from mgrlib.compression.classifier_files import NOTE
from mgrlib.compression.export import export
from mgrlib.compression.onnx_files import load, save, scratch_folder
from mgrlib.features import TaggerMel
from mgrlib.models.pretrained import load_tagger
from mgrlib.models.published import TAGS
from mgrlib.systems.classifiers import NetworkClassifier
from mgrlib.systems.prepare import Preparation
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System
from mgrlib.training.config import TrainConfig


class GenresOfTags(nn.Module):
    """A tagger under a linear layer from its tags to genres."""

    def __init__(self, tagger: nn.Module, n_tags: int, n_classes: int) -> None:
        super().__init__()
        self.tagger, self.head = tagger, nn.Linear(n_tags, n_classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """(B, F, T) -> logits (B, K)."""
        return self.head(self.tagger(x))  # (B, 50) -> (B, K)


def genres_of_tags() -> tuple[tuple[str, ...], torch.Tensor, torch.Tensor]:
    """The genres, the weights (K, 50) and the biases (K,) that come with the package."""
    path = Path(str(files("mgrlib.papers.reddy2024"))) / "weights" / "genres_of_tags.json"
    stored = json.loads(path.read_text(encoding="utf-8"))
    return tuple(stored["genres"]), torch.tensor(stored["weight"]), torch.tensor(stored["bias"])


def tagger_system() -> System:
    """The published CRNN with the ten genres on top of its tags.

    Raises:
        ChecksumError, DownloadError, StorageError: as `mgrlib.models.published.find`.
    """
    genres, weight, bias = genres_of_tags()
    network = GenresOfTags(load_tagger("msd-crnn").folded().network, len(TAGS), len(genres))
    with torch.no_grad():
        network.head.weight.copy_(weight)
        network.head.bias.copy_(bias)
    feature = TaggerMel(12000, part="start")
    recipe = Recipe(
        "reddy2024/tags-softmax",
        "The published tagger's 50 tags, softmax",
        (feature,),
        GenresOfTags,
        TrainConfig(epochs=1),
    )
    about = {"recipe": recipe.name, "data": "gtzan-mini", "n_clips": 100}
    classifier = NetworkClassifier(network.eval(), (feature.shape(30.0),))
    return System(recipe, Preparation(), classifier, genres, about)


def write_tagger(path: Path) -> Path:
    """Write the tagger with a second output, `tags` (B, 50); returns the path.

    Raises:
        ChecksumError, DownloadError, StorageError: as `mgrlib.models.published.find`.
    """
    with scratch_folder() as folder:
        model = load(export(tagger_system(), folder / "genres.onnx"))
    heads = [node for node in model.graph.node if node.op_type == "Gemm"]
    model.graph.node.append(helper.make_node("Sigmoid", [heads[-1].input[0]], ["tags"]))
    shape: list[str | int | None] = ["batch", len(TAGS)]
    model.graph.output.append(helper.make_tensor_value_info("tags", TensorProto.FLOAT, shape))
    note = json.loads({prop.key: prop.value for prop in model.metadata_props}[NOTE])
    helper.set_model_props(model, {NOTE: json.dumps({**note, "tags": list(TAGS)})})
    return save(model, path)
