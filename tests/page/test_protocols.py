"""Tables of systems under several protocols: what a difference is said to support."""

from dataclasses import replace

import pytest
from records import RECORD

from mgrlib import papers
from mgrlib.evaluation import Difference
from mgrlib.experiments.compare import Listed
from mgrlib.page import protocol_table
from mgrlib.page.protocols import _verdict


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
    record = replace(RECORD, source=net.name, protocol="fault-filtered", n=290, condition={})
    monkeypatch.setattr(papers, "listing", lambda key: (net,))
    monkeypatch.setattr(papers, "records", lambda key, **values: [record])
    assert page(protocol_table("luo2021")).text.count(words) == 2
