"""Recipe: one system of one paper as a value. Nothing is computed until `learn` is called."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from torch import nn

from mgrlib.errors import RecipeError, explain
from mgrlib.features.base import Feature
from mgrlib.segments import Cut
from mgrlib.systems.keys import key_text
from mgrlib.systems.prepare import Step
from mgrlib.training.config import TrainConfig
from mgrlib.training.loop import Augment

if TYPE_CHECKING:
    from mgrlib.systems.learners import Learner


@dataclass(frozen=True)
class Recipe:
    """One system of one paper: what goes in, what it is, how it is trained.

    Args:
        name: "paper/system", as `mgrlib run` takes it.
        title: what tables call it.
        features: what is computed of each clip, one for each modality.
        model: a class that keeps the model contract, or a function from a seed to a scikit-learn
            classifier.
        config: the training.
        options: keyword arguments of the model beyond the paper's values.
        cut: how a clip is cut into segments.
        prepare: the steps between features and classifier, fitted on the training segments.
        augment: applied to each training batch.
        learner: how the classifier is made of all this; None trains a network with `fit`.
        deviations: where ours is not the paper's, and what the paper leaves open.
        version: raised by hand when the recipe comes to mean something else, so that records of
            the older meaning are known as such.
        no_record: why the package has no record of it, such as "takes a GPU"; tables show it.

    Raises:
        RecipeError: a name that is not "paper/system".
    """

    name: str
    title: str
    features: tuple[Feature, ...]
    model: Callable[..., Any]
    config: TrainConfig
    options: Mapping[str, Any] = field(default_factory=dict)
    cut: Cut = field(default_factory=Cut)
    prepare: tuple[Step, ...] = ()
    augment: Augment | None = None
    learner: Learner | None = None
    deviations: tuple[str, ...] = ()
    version: int = 1
    no_record: str = field(default="", repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "options", MappingProxyType(dict(self.options)))
        if self.name.count("/") != 1:
            raise RecipeError(explain("Recipe", 'a name "paper/system"', repr(self.name)))

    @property
    def paper(self) -> str:
        """The paper's key."""
        return self.name.split("/")[0]

    @property
    def key(self) -> str:
        """A text with every setting in it: two recipes with the same key give the same results."""
        parts = (self.features, self.cut, self.prepare, self.model, self.options)
        rest = (self.config, self.augment, self.learner, self.version)
        return f"{self.name}-v{self.version}({', '.join(key_text(p) for p in (*parts, *rest))})"

    def network(self, n_classes: int, shapes: Sequence[tuple[int, ...]]) -> nn.Module:
        """A fresh network for inputs of these shapes, one for each modality, without S."""
        network: nn.Module = self.model(n_classes, *shapes, **self.options)
        return network
