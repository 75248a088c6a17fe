"""What is learnt, from sound to genres: recipes, preparation, learning, systems.

>>> from mgrlib.systems import learn
>>> from mgrlib import papers
>>> system = learn(papers.recipe("luo2021/cnn-mel"), corpus)  # doctest: +SKIP
>>> system.predict(other).correct.mean()  # doctest: +SKIP
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
