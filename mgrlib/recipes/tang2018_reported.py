"""Every number of Tang et al. (2018), and two tables that they cite."""

from __future__ import annotations

from dataclasses import dataclass

from mgrlib.recipes.core import Reported

__all__ = [
    "AVERAGES",
    "CITED_CNN",
    "FEW_GENRES",
    "MEASURES",
    "NODES",
    "NODE_EPOCHS",
    "PRODUCTS",
    "PRODUCT_AVERAGE",
    "TRIALS",
    "Trial",
]

MEASURES = ("validation accuracy", "validation loss", "test accuracy", "test loss")

# Figure 9, in its order: epochs; then accuracy and loss on the validation and on the test clips.
_FIGURE_9 = """
5 .5250 1.3172 .4500 1.3332
5 .5000 1.3262 .5333 1.2054
5 .4333 1.4384 .4833 1.2220
5 .5083 1.2990 .4333 1.3837
10 .5583 1.0426 .4833 1.1811
10 .5500 1.2642 .4333 1.3320
10 .5000 1.1596 .4333 1.1585
10 .5333 1.1805 .5167 1.2791
20 .6250 1.0420 .6167 1.0461
20 .5750 1.1938 .5667 1.2148
20 .5667 1.119 .5167 1.1090
20 .5500 1.1478 .5833 1.3487
50 .6250 1.1019 .5333 1.2493
50 .5917 1.3085 .5500 1.6167
50 .5833 1.3688 .5333 1.4257
50 .5250 1.5030 .5167 1.3428
100 .5250 1.6511 .5167 1.7444
100 .5917 1.6230 .5000 1.8762
100 .6250 1.4189 .5833 1.3538
100 .5583 1.4247 .6333 1.1702
200 .5583 1.9404 .5833 2.0062
200 .5833 1.8259 .6000 1.5157
200 .5333 1.9841 .4500 1.8996
200 .5833 1.7292 .4666 2.1839
400 .5917 2.1531 .5333 1.9813
400 .5583 2.2721 .5000 2.0047
400 .5833 2.0219 .5667 1.8939
400 .5750 2.0028 .5333 2.1367
"""

# Figure 10: the averages of the four trials as the paper prints them, in the same order.
_FIGURE_10 = """
5 .4917 1.3452 .4750 1.2861
10 .5354 1.1617 .4667 1.2377
20 .5792 1.1259 .5709 1.1797
50 .5813 1.3206 .5333 1.4086
100 .5750 1.5294 .5583 1.5362
200 .5646 1.8699 .5250 1.8864
400 .5771 2.1125 .5333 2.0042
"""

# Table 3: accuracy and epochs of each node's network.
_TABLE_3 = {
    "1": (0.80, 35),
    "2a": (0.816, 20),
    "2b": (0.816, 35),
    "3a": (0.746, 40),
    "3b": (0.88, 20),
    "3c": (0.78, 20),
    "3d": (0.84, 40),
}

# Table 4, by the lowest node of each group.
_TABLE_4 = {"3a": 0.487, "3b": 0.5745, "3c": 0.5092, "3d": 0.5484}

# Table 1, of T. Feng (2014), by the number of genres.
_TABLE_1 = {
    ("classical", "metal"): 0.9815,
    ("classical", "metal", "blues"): 0.6916,
    ("classical", "metal", "blues", "disco"): 0.5188,
}


@dataclass(frozen=True)
class Trial:
    """A row of figure 9, or of figure 10 where it is the average of four.

    Args:
        epochs: of the training.
        trial: 1 to 4, or 0 for their average.
        reported: by the names in `MEASURES`.
    """

    epochs: int
    trial: int
    reported: dict[str, Reported]


def _trials(text: str, place: str, average: bool) -> tuple[Trial, ...]:
    found: list[Trial] = []
    for line in text.strip().splitlines():
        epochs, *values = line.split()
        seen = sum(one.epochs == int(epochs) for one in found)
        found.append(
            Trial(
                int(epochs),
                0 if average else seen + 1,
                {
                    measure: Reported(
                        float(value),
                        measure,
                        120 if measure.startswith("validation") else 60,
                        "420/120/60 clips of six genres" + (", mean of 4 trials" * average),
                        place,
                    )
                    for measure, value in zip(MEASURES, values, strict=True)
                },
            )
        )
    return tuple(found)


TRIALS = _trials(_FIGURE_9, "figure 9", average=False)
"""The 28 trainings of experiment 1."""

AVERAGES = _trials(_FIGURE_10, "figure 10", average=True)
"""Their averages over four trials, as the paper prints them."""

_SPLIT = "70/30 of 1,000 clips, or as in experiment 1: both are stated"

NODES = {
    name: Reported(value, "accuracy", None, _SPLIT, "table 3", f"after {epochs} epochs")
    for name, (value, epochs) in _TABLE_3.items()
}
"""The seven networks of experiment 2, each on the clips of its own genres."""

NODE_EPOCHS = {name: epochs for name, (_, epochs) in _TABLE_3.items()}
"""How long each of the seven is trained."""

_NEVER = "a product of three accuracies; ten genres were never classified end to end"

PRODUCTS = {
    name: Reported(value, "product of accuracies", None, _SPLIT, "table 4", _NEVER)
    for name, value in _TABLE_4.items()
}
"""The products along the four paths, by the lowest node."""

PRODUCT_AVERAGE = Reported(
    0.52975, "product of accuracies", None, _SPLIT, "table 4", f"mean over four groups; {_NEVER}"
)
"""The paper's figure for ten genres. Groups of two and of three genres weigh the same in it."""

CITED_CNN = Reported(0.4687, "accuracy", None, "not told", "table 4", "cited: M. Lachmish's CNN")
"""What the paper compares its product with."""

FEW_GENRES = {
    genres: Reported(value, "accuracy", None, "not told", "table 1", "cited: T. Feng (2014)")
    for genres, value in _TABLE_1.items()
}
"""The cited experiment with two, three and four genres."""
