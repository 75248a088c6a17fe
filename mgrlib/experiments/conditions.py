"""Conditions: what systems are asked under, beside the clean test clips.

A condition is a function `(system, test clips, their segments) -> Predictions`, given to
`cross_validate(..., on={name: condition})`. These are frozen values, so that finished folds are
found again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from mgrlib.data.corpus import Corpus
from mgrlib.evaluation.predictions import Predictions
from mgrlib.evaluation.probes import PROBES, probed
from mgrlib.experiments.run import Condition
from mgrlib.features.base import Feature
from mgrlib.segments import Segments, cut
from mgrlib.systems.system import System


@dataclass(frozen=True)
class OtherFeatures:
    """The test clips through other features than those that trained: spoilt sound, lost cells.

    Args:
        features: as many as the recipe's, of the same shapes.
    """

    features: tuple[Feature, ...]

    def __call__(self, system: System, clips: Corpus, test: Segments) -> Predictions:
        """The system's predictions for what these features give."""
        return system.predict(cut(clips, *self.features, how=system.recipe.cut))


@dataclass(frozen=True, eq=False)
class OtherSegments:
    """Other segments of the same clips, made beforehand for the whole corpus.

    Args:
        name: what they are; finished folds are found again by it.
        segments: of all clips, as the recipe's own are before preparation.
    """

    name: str
    segments: Segments = field(repr=False)

    def __call__(self, system: System, clips: Corpus, test: Segments) -> Predictions:
        """The system's predictions for those of the test clips."""
        return system.predict(self.segments.of(test.clip_ids))


def probes(features: tuple[Feature, ...]) -> Mapping[tuple[str, float], Condition]:
    """A condition for each kind and level of damage in `mgrlib.evaluation.probes.PROBES`."""
    return dict(_probes(features))


def _probes(features: tuple[Feature, ...]) -> Iterator[tuple[tuple[str, float], Condition]]:
    for name, probe in PROBES.items():
        for level in probe.levels:
            spoilt = tuple(probed(feature, probe, level) for feature in features)
            yield (name, level), OtherFeatures(spoilt)
