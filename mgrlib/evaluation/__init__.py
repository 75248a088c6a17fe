"""Evaluation of classifiers: predictions, metrics, intervals and paired tests."""

from mgrlib.errors import EvaluationError
from mgrlib.evaluation.aggregation import geometric_mean, mean_probs, median, vote
from mgrlib.evaluation.guessing import chance, majority
from mgrlib.evaluation.intervals import (
    Interval,
    bootstrap,
    clips_needed,
    over_runs,
    over_seeds,
    wilson,
)
from mgrlib.evaluation.metrics import (
    accuracy,
    accuracy_interval,
    confusion,
    f1,
    genre_f1,
    genre_precision,
    genre_recall,
    per_genre,
    precision,
    recall,
    summary,
)
from mgrlib.evaluation.node_answers import NodeAnswers
from mgrlib.evaluation.paired import (
    Difference,
    McNemar,
    compare_counts,
    corrected_t_test,
    independent_difference,
    mcnemar,
    mcnemar_range,
    paired_bootstrap,
    seeds_test,
)
from mgrlib.evaluation.predictions import Predictions, predict, predict_sklearn
from mgrlib.evaluation.runs import accuracy_by_clip

__all__ = [
    "Difference",
    "EvaluationError",
    "Interval",
    "McNemar",
    "NodeAnswers",
    "Predictions",
    "accuracy",
    "accuracy_by_clip",
    "accuracy_interval",
    "bootstrap",
    "chance",
    "clips_needed",
    "compare_counts",
    "confusion",
    "corrected_t_test",
    "f1",
    "genre_f1",
    "genre_precision",
    "genre_recall",
    "geometric_mean",
    "independent_difference",
    "majority",
    "mcnemar",
    "mcnemar_range",
    "mean_probs",
    "median",
    "over_runs",
    "over_seeds",
    "paired_bootstrap",
    "per_genre",
    "precision",
    "predict",
    "predict_sklearn",
    "recall",
    "seeds_test",
    "summary",
    "vote",
    "wilson",
]
