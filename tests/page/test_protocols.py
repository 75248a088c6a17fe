"""Tables of systems under several protocols: what a difference is said to support."""

from dataclasses import replace

import pytest
from records import WHOLE_GTZAN

from mgrlib import papers
from mgrlib.evaluation import Difference
from mgrlib.experiments.compare import Listed
from mgrlib.page import full_size_records, protocol_table, protocols
from mgrlib.page.protocols import PROTOCOLS, _note, _verdict, full_size_contrast


@pytest.mark.parametrize(
    ("low", "caveat", "verdict"),
    [
        (-0.1, "", "not resolved"),
        (0.1, "", "different"),
        (0.1, "b: only .700 on its training clips", "different, as trained here"),
    ],
)
def test_a_difference_is_resolved_if_zero_is_outside_its_interval(low, caveat, verdict):
    assert _verdict(Difference(0.2, low, 0.3, p=0.5, n=40, caveat=caveat)) == verdict


@pytest.mark.parametrize(("reason", "words"), [("", "no record"), ("takes a GPU", "takes a GPU")])
def test_a_protocol_without_a_record_says_so_and_why(monkeypatch, page, reason, words):
    net = Listed("luo2021/net", "Net", "recipe", 1, no_record=reason)
    record = replace(WHOLE_GTZAN, source=net.name, protocol="fault-filtered", n=290, condition={})
    monkeypatch.setattr(papers, "listing", lambda key: (net,))
    monkeypatch.setattr(papers, "records", lambda key, **values: [record])
    assert page(protocol_table("luo2021")).text.count(words) == 2


FOLDS, SPLIT = PROTOCOLS["random"]


@pytest.fixture
def two_nets(monkeypatch):
    """`luo2021/a` with one random split, `luo2021/b` with five folds too; returns their records."""
    nets = tuple(Listed(f"luo2021/{name}", name, "recipe", 1) for name in "ab")
    by_name = {
        (net.name, protocol): replace(WHOLE_GTZAN, source=net.name, protocol=protocol, condition={})
        for net, protocol in [(nets[0], SPLIT), (nets[1], FOLDS), (nets[1], SPLIT)]
    }
    monkeypatch.setattr(papers, "listing", lambda key: nets)
    monkeypatch.setattr(papers, "records", lambda key, **values: list(by_name.values()))
    return by_name


def test_one_random_split_stands_in_where_there_are_no_folds(two_nets):
    rows = full_size_records("luo2021")
    assert rows["luo2021/a"]["random"].protocol == SPLIT
    assert rows["luo2021/b"]["random"].protocol == FOLDS


def test_a_record_of_a_part_of_the_clips_is_not_one_of_all(two_nets, monkeypatch):
    part = {**WHOLE_GTZAN.data, "n_clips": 300}
    records = [replace(r, data=part) if r.protocol == FOLDS else r for r in two_nets.values()]
    monkeypatch.setattr(papers, "records", lambda key, **values: records)
    assert full_size_records("luo2021")["luo2021/b"]["random"].protocol == SPLIT


def test_a_row_of_the_figure_says_that_it_has_one_random_split(two_nets):
    rows = full_size_records("luo2021")
    record = replace(rows["luo2021/a"]["random"], seeds=(0,))
    assert _note(None, {"random": record}) == f"random: one division, {record.n} clips"
    several = replace(record, seeds=(0, 1, 2))
    assert _note(None, {"random": several}) == f"random: 3 divisions, {record.n} clips each"
    assert _note(None, rows["luo2021/b"]) == ""


def test_two_systems_are_compared_on_a_division_that_both_have(two_nets, monkeypatch):
    monkeypatch.setattr(protocols, "gtzan_contrast", lambda *both: [r.protocol for r in both])
    assert full_size_contrast("luo2021/a", "luo2021/b", "random") == [SPLIT, SPLIT]
    assert full_size_contrast("luo2021/b", "luo2021/b", "random") == [FOLDS, FOLDS]
    assert full_size_contrast("luo2021/a", "luo2021/b", "fault-filtered") is None
