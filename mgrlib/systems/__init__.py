"""What is learned, from sound to genres: recipes, preparation, learning, systems.

`learn(recipe, clips)` gives a `System`, and `system.predict(other_clips)` its predictions.
"""

from mgrlib.systems.learn import learn, segments_of
from mgrlib.systems.learners import Estimator, Learned, Learner, Network, NodeByNode
from mgrlib.systems.prepare import Preparation
from mgrlib.systems.recipe import Recipe
from mgrlib.systems.system import System

__all__ = [
    "Estimator",
    "Learned",
    "Learner",
    "Network",
    "NodeByNode",
    "Preparation",
    "Recipe",
    "System",
    "learn",
    "segments_of",
]
