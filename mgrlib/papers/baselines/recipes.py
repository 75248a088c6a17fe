"""Baselines: simple classifiers on 57 public values and on embeddings of a pretrained network.

They belong to no paper. Every paper's system is compared with them on the same clips and under the
same divisions: a network that is less accurate than a support vector machine on 57 averages has
learned little from its spectrograms, and the embeddings show what pretraining is worth.

- *57 values*: the public table (`--data gtzan-table`), one row per clip.
- *OpenL3*: 512 values per clip, the mean over time of the embeddings that a network trained on
  video (Cramer et al., 2019; music, 128 mel bands) gives (`--data vectors`).

Settings are those of the functions in `mgrlib.models.baselines`, fixed before any run; nothing is
chosen on test clips. Where a division has validation clips, they are left out of the training.
"""

from __future__ import annotations

from dataclasses import replace

from mgrlib.features import Stored, Vector57
from mgrlib.models.baselines import boosted_trees, k_nn, linear, rbf_svm
from mgrlib.systems import Estimator, Recipe
from mgrlib.training.config import TrainConfig

OPENL3 = Stored("openl3_music_mel128_512", 512)

SVM = Recipe(
    "baselines/svm-57",
    "RBF SVM, 57 values",
    (Vector57(22050),),
    rbf_svm,
    TrainConfig(),
    learner=Estimator(use_valid=False),
    deviations=("a baseline of ours; C is 10 and the kernel's width scikit-learn's `scale`",),
)
LINEAR = replace(
    SVM,
    name="baselines/linear-57",
    title="logistic regression, 57 values",
    model=linear,
    deviations=("a baseline of ours; scikit-learn's strength of regularization, C = 1",),
)
NEIGHBOR = replace(
    SVM,
    name="baselines/neighbor-57",
    title="1 nearest neighbor, 57 values",
    model=k_nn,
    options={"n_neighbors": 1},
    deviations=("a baseline of ours; one neighbor, the plainest detector of a leak",),
)
TREES = replace(
    SVM,
    name="baselines/trees-57",
    title="boosted trees, 57 values",
    model=boosted_trees,
    options={"n_rounds": 40},
    deviations=("a baseline of ours; 40 rounds",),
)


def _of_embeddings(recipe: Recipe, **changes: object) -> Recipe:
    """The same classifier on OpenL3's embeddings."""
    name, title = recipe.name.replace("-57", "-openl3"), recipe.title.split(",")[0]
    return replace(recipe, name=name, title=f"{title}, OpenL3", features=(OPENL3,), **changes)  # type: ignore[arg-type]


RECIPES = (
    SVM,
    LINEAR,
    NEIGHBOR,
    TREES,
    _of_embeddings(SVM),
    _of_embeddings(
        LINEAR,
        options={"strength": 0.01},
        deviations=("a baseline of ours; C = 0.01, for more values than clips per genre",),
    ),
    _of_embeddings(NEIGHBOR),
)
