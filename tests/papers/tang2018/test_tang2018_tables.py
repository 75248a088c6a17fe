"""What the records of the tree say of nodes, products and mistakes, against the answers."""

from __future__ import annotations

import numpy as np
import pytest

from mgrlib import papers
from mgrlib.papers.tang2018.studies.nodes import MEAN
from mgrlib.papers.tang2018.tables import (
    answers_by_seed,
    arrivals_and_strays,
    node_accuracies,
    products,
)


@pytest.fixture(scope="module")
def record():
    """The paper's tree on the fault-filtered split, three seeds."""
    shipped = papers.records("tang2018", data="gtzan-pictures", protocol="fault-filtered")
    return shipped.only(source="tang2018/hierarchy-short")


@pytest.fixture(scope="module")
def answers(record):
    return answers_by_seed(record)


def test_a_node_is_measured_on_the_clips_of_its_genres(record, answers):
    accuracies = node_accuracies(record)
    for name in ("1", "3b"):
        right = [a.right(name)[a.below(name)].mean() for a in answers]
        assert accuracies[name].value == pytest.approx(np.mean(right))
        assert accuracies[name].n == answers[0].below(name).sum()
        assert accuracies[name].low < accuracies[name].value < accuracies[name].high


def test_products_are_the_means_of_each_seed_and_group(record, answers):
    by_group = products(record)
    groups = [a.groups().set_index("genres") for a in answers]
    for name in groups[0].index:
        for quantity in ("product", "measured"):
            mean = np.mean([table.loc[name, quantity] for table in groups])
            assert by_group[name][quantity].value == pytest.approx(mean)
    whole = by_group[MEAN]
    assert whole["product"].value == pytest.approx(np.mean([t["product"].mean() for t in groups]))
    gap = whole["measured"].value - whole["product"].value
    assert whole["measured minus product"].value == pytest.approx(gap)
    assert whole["product"].n == record.n


def test_every_answer_below_the_first_node_arrives_or_goes_astray(record, answers):
    parts = arrivals_and_strays(record)
    asked = sum(a.below(name).sum() for a in answers for name in a.tree.nodes if name != "1")
    assert parts["arrived"].n + parts["astray"].n == parts["difference"].n == asked
    gap = parts["arrived"].value - parts["astray"].value
    assert parts["difference"].value == pytest.approx(gap)


def test_the_difference_within_genres_compares_a_node_on_clips_of_one_genre(record, answers):
    gaps, weights = [], []
    for name in answers[0].tree.nodes:
        for k in range(10):
            tables = [(a, a.below(name) & (a.truth == k)) for a in answers]
            arrived = np.concatenate([a.arrivals(name)[own] for a, own in tables])
            right = np.concatenate([a.right(name)[own] for a, own in tables])
            if name != "1" and arrived.any() and not arrived.all():
                gaps.append(right[arrived].mean() - right[~arrived].mean())
                weights.append(len(arrived) * arrived.mean() * (1 - arrived.mean()))
    within = arrivals_and_strays(record)["difference within genres"]
    assert within.value == pytest.approx(np.average(gaps, weights=weights))
    assert within.low < within.value < within.high


def test_drawing_whole_artists_widens_the_interval_of_the_measured_accuracy(record, answers):
    from mgrlib.papers.tang2018.studies.nodes import group_draws, percentiles

    over_clips = percentiles(group_draws(answers, "3d")["measured"], 1)
    over_artists = products(record)["jazz, classical, blues"]["measured"]
    assert over_artists.value == pytest.approx(over_clips.value)
    assert over_artists.high - over_artists.low > over_clips.high - over_clips.low
