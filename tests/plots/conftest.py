from collections.abc import Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    """No window, matplotlib's own settings, and no figure left over for the next test."""
    with plt.rc_context():
        matplotlib.use("Agg")
        yield
    plt.close("all")
