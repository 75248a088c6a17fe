from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import nn

from mgrlib.data.synthetic import synthetic
from mgrlib.features import LogMel
from mgrlib.grading.models import Budget, grade

MEL = (LogMel(22050, n_mels=8, n_frames=20),)


@pytest.fixture(scope="module")
def corpus():
    return synthetic(1, 0.5, seed=5)


class Fixed(nn.Module):
    """Always the first genre, from a weight that gets a gradient."""

    def __init__(self, n_classes: int = 10) -> None:
        super().__init__()
        self.linear = nn.Linear(8 * 20, n_classes)
        with torch.no_grad():
            self.linear.weight.zero_()
            self.linear.bias.copy_(torch.arange(n_classes, 0, -1))

    def forward(self, x):
        return self.linear(x.flatten(1))


class Broken(Fixed):
    def forward(self, x):
        raise KeyError("oh")


def test_points_add_up_to_the_highest_threshold_reached(corpus) -> None:
    given = grade(Fixed(), MEL, {0.05: 2, 0.1: 3, 0.2: 5}, corpus=corpus)
    assert (given.points, given.out_of) == (5, 10)
    assert given.predictions is not None and given.predictions.n == 10
    assert "10 held-out clips" in str(given)


def test_a_model_that_keeps_contract_and_budget_earns_their_points(corpus) -> None:
    budget = Budget(parameters=2000, stored_bytes=20_000, milliseconds=1000)
    given = grade(Fixed(), MEL, {0.5: 6}, make=Fixed, budget=budget, corpus=corpus)
    assert [check.points for check in given.checks] == [2, 2, 0]


def test_beyond_the_budget_accuracy_earns_nothing(corpus) -> None:
    given = grade(Fixed(), MEL, {0.05: 6}, budget=Budget(parameters=100), corpus=corpus)
    assert given.points == 0
    assert "1,610 parameters, 100 allowed" in given.checks[0].seen


def test_an_error_of_the_student_costs_points_and_raises_nothing(corpus) -> None:
    given = grade(Broken(), MEL, {0.05: 6}, make=Broken, corpus=corpus)
    assert given.points == 0 and given.predictions is None
    assert all("KeyError" in check.seen for check in given.checks)


def test_a_broken_contract_is_told_in_words(corpus) -> None:
    class Normalised(Fixed):
        def forward(self, x):
            return super().forward(x).softmax(1)

    given = grade(Normalised(), MEL, {0.05: 6}, make=Normalised, corpus=corpus)
    assert given.checks[0].points == 0 and "probabilities" in given.checks[0].seen


def test_grade_is_shown_as_a_table_with_escaped_text(corpus) -> None:
    given = grade(Broken(), MEL, {0.05: 6}, corpus=corpus)
    assert "<table>" in given._repr_html_()
    assert np.isclose(given.out_of, 6)
