"""What the paper and the report that it follows print, each number with its place.

Reddy et al. (n.d.) print the sizes of the data sets and one sentence about the result. The results
themselves, its training and its figures are those of Jiménez and José (2016), whose report has the
same sections and more: `REPORT` is its place.
"""

from __future__ import annotations

from mgrlib.recipes.core import Reported

__all__ = ["CROSS_DATA", "N_TEST_FRAMES", "N_TRAIN_FRAMES", "SONGS"]

REPORT = "Jiménez and José (2016), section {}"
BY_SONG = "20 songs a genre train, 10 test; no word on artists"

N_TRAIN_FRAMES, N_TEST_FRAMES = 1468, 747
"""Frames of the handmade set's two parts: Reddy et al. (n.d.), "Handmade dataset"."""

_FRAMES = Reported(
    0.7789,
    "mean recall",
    N_TEST_FRAMES,
    BY_SONG,
    REPORT.format("4.5, figure 4a"),
    "called accuracy; computed as the mean of the confusion matrix's diagonal",
)
_MEAN = Reported(
    0.82,
    "mean recall",
    100,
    BY_SONG,
    REPORT.format("4.5, figure 4b"),
    "with ten songs a genre it is the accuracy: 82 of 100 songs, from 73 to 88 %",
)
_NINE_OF_TEN = Reported(
    0.9,
    "share of genres",
    10,
    BY_SONG,
    'Reddy et al. (n.d.), "Conclusion"',
    "all but metal, says section 4.5 of the report",
)

SONGS = {
    "by song: frames": _FRAMES,
    "by song: songs, mean": _MEAN,
    "by song: genres that the mean helps": _NINE_OF_TEN,
}
"""By the names of the rows of our study."""

CROSS_DATA = Reported(
    0.78,
    "accuracy",
    1000,
    "2,215 frames of all 300 songs train, GTZAN tests",
    REPORT.format("4.4, figure 3b"),
    '"around 78%", the best epoch, read on the test clips; the page of the code says 80 %',
)
