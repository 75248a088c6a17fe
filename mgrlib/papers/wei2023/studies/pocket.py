"""How good the pocket student is: the file that comes with the package, on clips of a corpus.

It answers as the page "Try it" does: the mean probability over windows a quarter of their length
apart. Nothing is trained. Its training clips are those of the embedded corpus with seed 0, on which
it must not be tested.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from mgrlib.compression.listening import SoundClassifier
from mgrlib.compression.onnx_files import scratch_folder
from mgrlib.data.corpus import Corpus
from mgrlib.errors import RecipeError, explain
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.run import groups_of
from mgrlib.experiments.study import Row, Study, accuracy_row
from mgrlib.papers.wei2023.pocket import write_onnx


def pocket_accuracy(corpus: Corpus, seeds: Sequence[int], progress: bool = False) -> list[Row]:
    """The accuracy of the package's file on a corpus of its ten genres.

    Raises:
        RecipeError: the clips that it was trained on, or a corpus of other genres.
    """
    with scratch_folder() as folder:
        classifier = SoundClassifier(write_onnx(folder / "student.onnx"))
    _check(corpus, classifier)
    probs = []
    for clip_id in corpus.clips.index:
        answers = classifier.over_time(corpus.audio(clip_id, classifier.sample_rate))
        probs.append(answers.probs.mean(axis=0))
    truth = np.array([classifier.genres.index(genre) for genre in corpus.clips["genre"]])
    ids = tuple(map(str, corpus.clips.index))
    predictions = Predictions(ids, truth, np.stack(probs), classifier.genres)
    condition = {"system": "pocket student"}
    return [
        accuracy_row([predictions], groups_of(corpus), condition=condition, train_accuracy=None)
    ]


def _check(corpus: Corpus, classifier: SoundClassifier) -> None:
    where = "study wei2023/pocket"
    if corpus.name.startswith("synthetic-") and corpus.name.endswith("-seed0"):
        hint = "the file was trained on clips of seed 0; render others with `synthetic(seed=1)`."
        raise RecipeError(explain(where, "clips that it has not heard", corpus.name, hint))
    if tuple(corpus.genres) != tuple(classifier.genres):
        expected = f"the genres {', '.join(classifier.genres)}"
        raise RecipeError(explain(where, expected, ", ".join(corpus.genres)))


POCKET = (
    Study(
        "wei2023/pocket",
        "The pocket student",
        pocket_accuracy,
        protocol="trained on the embedded corpus",
        deviations=("ours: distillation and compression together, in one file",),
    ),
)
