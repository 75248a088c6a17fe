"""Tables of systems under several protocols: what a difference is said to support."""

import pytest

from mgrlib.evaluation import Difference
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
