"""The ledger of Tang et al. (2018): complete, and consistent where the paper is."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest

from mgrlib import papers
from mgrlib.models.tree import PAPER_TREE
from mgrlib.papers.tang2018.learners import NODE_EPOCHS

PRINTED = papers.printed("tang2018")


def of(place: str, source: str = "") -> list:
    return [e for e in PRINTED if e.place == place and e.source.endswith(source)]


def test_all_trials_are_there_and_their_accuracies_are_whole_numbers_of_clips():
    trials = of("figure 9")
    assert len(trials) == 28 * 4
    for entry in trials:
        if entry.metric.endswith("accuracy"):
            assert entry.value * entry.n == pytest.approx(round(entry.value * entry.n), abs=0.01)


def test_averages_printed_are_those_of_the_trials_but_for_two():
    values = defaultdict(list)
    for entry in of("figure 9"):
        values[entry.what.split(",")[0], entry.metric].append(entry.value)
    averages = of("figure 10")
    assert len(averages) == 28
    off = []
    for entry in averages:
        trials = values[entry.what.split(",")[0], entry.metric]
        assert len(trials) == 4
        if abs(np.mean(trials) - entry.value) > 1.1e-4:
            off.append((entry.condition["epochs"], entry.metric))
    assert off == [(20, "validation loss"), (200, "test loss")]


def test_products_printed_are_products_of_the_nodes_printed():
    nodes = {e.condition["node"]: e.value for e in of("table 3", "nodes")}
    products = {e.condition["group"]: e.value for e in of("table 4", "nodes")}
    mean = products.pop("mean of groups")
    for group, product in products.items():
        way = [f"LSTM{name}" for name, _ in PAPER_TREE.path(group.split(", ")[0])]
        assert product == pytest.approx(np.prod([nodes[name] for name in way]), abs=6e-5)
    assert mean == pytest.approx(np.mean(list(products.values())), abs=5e-5)


def test_nodes_are_trained_for_the_epochs_printed():
    epochs = {e.what: e.value for e in of("table 3") if e.what.startswith("epochs")}
    assert epochs == {f"epochs of LSTM{name}": n for name, n in NODE_EPOCHS.items()}


def test_every_number_with_a_source_has_a_record_on_real_clips():
    records = papers.records("tang2018", data="gtzan-mini")
    for entry in PRINTED:
        if entry.source and entry.source != "tang2018/hierarchy":
            matches = [r for r in records if entry.measures(r.source, r.condition)]
            assert len(matches) == 1, entry
            if entry.condition.get("measure"):
                assert matches[0].metric == entry.metric
