from collections.abc import Callable, Iterator

import matplotlib
import matplotlib.pyplot as plt
import pytest
from matplotlib.axes import Axes

from mgrlib.plots import alt_text


@pytest.fixture(autouse=True)
def _own_figures() -> Iterator[None]:
    """No window, matplotlib's own settings, and no figure left over for the next test."""
    with plt.rc_context():
        matplotlib.use("Agg")
        yield
    plt.close("all")


@pytest.fixture
def check_axes(monkeypatch) -> Callable[[Callable[[Axes | None], Axes]], None]:
    """Checks that a plot draws on the axes given or makes its own, which say what they show."""
    monkeypatch.setattr(plt, "show", lambda: pytest.fail("show was called"))

    def check(plot: Callable[[Axes | None], Axes]) -> None:
        _, ax = plt.subplots()
        assert plot(ax) is ax
        own = plot(None)
        assert own is not ax
        assert own.get_xlabel() and own.get_ylabel() and alt_text(own)
        own.figure.canvas.draw()

    return check
