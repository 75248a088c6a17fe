"""Active learning asks about the least certain clips, and compares strategies fairly."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib.errors import TrainingError
from mgrlib.models.baselines import linear
from mgrlib.training.active import (
    STRATEGIES,
    at_random,
    label_course,
    least_certain,
    margins,
)


def line(n: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Points on a line from -1 to 1; the class is the sign, so all doubt is around zero."""
    x = np.linspace(-1, 1, n)[:, None]
    return x, (x[:, 0] > 0).astype(int)


def test_least_certain_comes_first():
    probs = np.array([[0.9, 0.1], [0.55, 0.45], [0.3, 0.7]])
    assert margins(probs).round(2).tolist() == [0.8, 0.1, 0.4]
    assert least_certain(probs, np.random.default_rng(0)).tolist() == [1, 2, 0]


def test_random_order_is_a_permutation():
    order = at_random(np.ones((7, 2)), np.random.default_rng(0))
    assert sorted(order.tolist()) == list(range(7))


def test_uncertainty_asks_near_the_border():
    pool = line()
    course = label_course(
        lambda: linear(0), pool, pool[0], sizes=(4, 10), strategy=least_certain, seed=0
    )
    distances = np.abs(pool[0][course.places[4:], 0])
    assert distances.max() < 0.6
    assert distances.mean() < np.abs(pool[0]).mean()


def test_strategies_start_from_the_same_clips_and_ask_each_clip_once():
    pool = line()
    courses = [
        label_course(lambda: linear(0), pool, pool[0], sizes=(5, 12, 20), strategy=how, seed=3)
        for how in STRATEGIES.values()
    ]
    assert courses[0].places[:5].tolist() == courses[1].places[:5].tolist()
    for course in courses:
        assert len(set(course.places.tolist())) == 20
        assert course.predicted.shape == (3, 60)
        assert len(course.train_accuracy) == 3


def test_first_clips_have_two_classes_even_if_one_is_rare():
    x = np.arange(50.0)[:, None]
    y = (np.arange(50) == 37).astype(int)
    for seed in range(5):
        course = label_course(
            lambda: linear(0), (x, y), x, sizes=(3, 4), strategy=at_random, seed=seed
        )
        assert set(y[course.places[:3]]) == {0, 1}


@pytest.mark.parametrize("sizes", [(), (1, 2), (5, 4), (5, 5), (5, 61)])
def test_sizes_that_make_no_course_are_refused(sizes):
    with pytest.raises(TrainingError, match="increasing sizes from 2 to 60"):
        label_course(lambda: linear(0), line(), line()[0], sizes=sizes, strategy=at_random, seed=0)


def test_a_pool_of_one_class_is_refused():
    x = np.arange(9.0)[:, None]
    with pytest.raises(TrainingError, match="two classes"):
        label_course(
            lambda: linear(0), (x, np.ones(9, int)), x, sizes=(3,), strategy=at_random, seed=0
        )
