from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest
from records import RECORD

from mgrlib.errors import EvaluationError, RecipeError
from mgrlib.evaluation.paired import corrected_t_test
from mgrlib.evaluation.predictions import Predictions
from mgrlib.experiments.compare import (
    TRAINED,
    Caveat,
    Comparison,
    Listed,
    Pair,
    compared,
    difference,
    few_seeds,
    learned_runs,
    training_caveat,
    unfinished,
    unpaired_difference,
)
from mgrlib.experiments.ledger import Printed, read_ledger

NET = Listed("luo2021/net", "Net", "recipe", 1)
NOISE = Listed("luo2021/noise", "Noise", "study", 2)
NUMBER = Printed(0.7, "Net", "table 2", "accuracy", 200, source="luo2021/net")
NOISY = Printed(
    0.3, "Net, noisy", "table 3", "accuracy", source="luo2021/noise", condition={"noise": "25 %"}
)
MEASURED = replace(RECORD, source="luo2021/net")
ROWS = [
    replace(RECORD, source="luo2021/noise", version=2, condition={"noise": noise, "system": "net"})
    for noise in ("25 %", "50 %")
]


def test_a_printed_number_stands_beside_our_record():
    (pair,) = compared([NET], [MEASURED], [NUMBER])
    assert pair.printed is NUMBER and pair.record is MEASURED
    assert pair.title == "Net" and pair.current and not pair.own


def test_a_study_has_a_pair_for_every_record_and_the_numbers_of_its_conditions():
    pairs = compared([NOISE], ROWS, [NOISY])
    assert [pair.printed for pair in pairs] == [NOISY, None]
    assert [pair.title for pair in pairs] == ["25 %, net", "50 %, net"]


def test_numbers_that_were_not_run_and_recipes_without_either_keep_a_row():
    assert [(p.printed, p.record) for p in compared([NET], [], [NUMBER])] == [(NUMBER, None)]
    assert [(p.printed, p.record) for p in compared([NET], [], [])] == [(None, None)]


def test_equal_values_do_not_swallow_each_other():
    twin = replace(NUMBER, what="Net, again", place="table 4")
    assert [p.printed for p in compared([NET], [MEASURED], [NUMBER, twin])] == [NUMBER, twin]


def test_own_records_stand_beside_the_books_and_never_in_their_place():
    pairs = compared([NET], [MEASURED], [NUMBER], own=[replace(MEASURED, value=0.1)])
    assert [(p.record.value, p.own) for p in pairs] == [(0.75, False), (0.1, True)]


def test_records_of_an_older_version_are_marked():
    (pair,) = compared([NET], [replace(MEASURED, version=0)], [])
    assert not pair.current


def test_rows_are_chosen_by_name_and_by_data():
    table = compared([NET, NOISE], [MEASURED, *ROWS], [NUMBER, NOISY])
    assert [p.listed for p in table.of("noise", "net")] == [NOISE, NOISE, NET]
    assert len(table.where(data="music")) == 3 and len(table.where(data="other")) == 0
    frame = table.frame()
    assert list(frame["reported"].dropna()) == [0.7, 0.3]
    assert frame["n"].tolist() == [2, 2, 2]


def test_rows_with_a_printed_number_are_chosen_and_tables_joined():
    table = compared([NET, NOISE], [MEASURED, *ROWS], [NUMBER, NOISY])
    assert [pair.printed for pair in table.reported()] == [NUMBER, NOISY]
    assert list(table.of("noise") + table.of("net")) == list(table.of("noise", "net"))


def test_a_printed_number_may_name_the_metric_of_a_study_that_has_several():
    rows = [replace(ROWS[0], metric=metric) for metric in ("accuracy", "mean recall")]
    number = replace(NOISY, condition={**rows[0].condition, "metric": "mean recall"})
    pairs = compared([NOISE], rows, [number])
    assert [pair.printed for pair in pairs] == [None, number]


@pytest.mark.parametrize("wrong", [{"place": " "}, {"what": ""}])
def test_a_number_without_place_or_meaning_is_refused(wrong):
    with pytest.raises(RecipeError, match="what and where"):
        replace(NUMBER, **wrong)


@pytest.mark.parametrize("content", ["", "[1]", '[{"value": 1}]', '[{"speed": 1}]'])
def test_a_damaged_ledger_is_named(tmp_path, content):
    path = tmp_path / "printed.json"
    path.write_text(content)
    with pytest.raises(RecipeError, match=r"printed\.json"):
        read_ledger(path)


def test_a_ledger_is_read_in_its_order(tmp_path):
    path = tmp_path / "printed.json"
    entries = [{"value": v, "what": "a", "place": "b", "inferred": ["n"]} for v in (3, 1, 2)]
    path.write_text(json.dumps(entries))
    assert [entry.value for entry in read_ledger(path)] == [3, 1, 2]
    assert read_ledger(path)[0].inferred == ("n",)


def answers(correct: str) -> dict:
    """Predictions of clips of two genres, right where there is a 1."""
    truth = [0] * len(correct)
    probs = [[1.0, 0.0] if c == "1" else [0.0, 1.0] for c in correct]
    ids = [f"clip{i}" for i in range(len(correct))]
    return Predictions(tuple(ids), np.array(truth), np.array(probs), ("a", "b")).to_dict()


def measured(source: str, *runs: str, train: float | None = 1.0):
    """A record of several seeds with predictions."""
    rows = [{"seed": i, "predictions": answers(run)} for i, run in enumerate(runs)]
    value = float(np.mean([run.count("1") / len(run) for run in runs]))
    seeds = tuple(range(len(runs)))
    return replace(
        RECORD, source=source, seeds=seeds, value=value, runs=tuple(rows), train_accuracy=train
    )


def test_a_difference_is_that_of_the_means_over_seeds_and_draws_artists():
    first, second = measured("luo2021/a", "1110", "1111"), measured("luo2021/b", "1000", "1100")
    alone = difference(first, second)
    assert (alone.value, alone.n, alone.caveat) == (0.5, 4, "")
    artists = {"clip0": "x", "clip1": "y", "clip2": "y", "clip3": "y"}
    together = difference(first, second, groups=artists)
    assert together.value == 0.5
    assert (together.low, together.high) == (0.0, pytest.approx(2 / 3))  # x or y alone


def test_a_difference_of_two_divisions_is_that_of_the_clips_that_both_test():
    few, many = measured("luo2021/a", "10"), measured("luo2021/a", "0011", "0111")
    result = difference(few, many, common=True)
    assert (result.value, result.n) == (0.25, 2)  # clip0: 1 - 0, clip1: 0 - 1/2
    assert difference(many, few, common=True).value == -0.25


def divided(source: str, answers_by_seed: dict[int, tuple[str, str]]):
    """A record of holdouts: for each seed, whether its clips are right, and a letter for their
    ids.
    """
    rows = []
    for seed, (correct, letter) in answers_by_seed.items():
        table = answers(correct)
        table["clip_ids"] = [f"{letter}{i}" for i in range(len(correct))]
        rows.append({"seed": seed, "predictions": table})
    data = {**RECORD.data, "n_clips": 12}
    return replace(RECORD, source=source, seeds=tuple(answers_by_seed), runs=tuple(rows), data=data)


def test_holdouts_are_compared_over_the_seeds_that_both_have():
    first = divided("luo2021/a", {0: ("1110", "x"), 1: ("1100", "y"), 2: ("1111", "z")})
    second = divided("luo2021/b", {0: ("1000", "x"), 1: ("1000", "y"), 3: ("0000", "w")})
    result = difference(first, second)
    assert (result.value, result.n) == (0.375, 2)
    expected = corrected_t_test([0.5, 0.25], n_train=8, n_test=4)
    assert (result.low, result.high) == (expected.low, expected.high)
    assert result.seeds == "two seeds each"


def test_a_holdout_that_both_have_is_compared_clip_by_clip():
    first = divided("luo2021/a", {0: ("1110", "x"), 1: ("1100", "y")})
    second = divided("luo2021/b", {0: ("1000", "x")})
    result = difference(first, second, groups={"x0": "a", "x1": "b", "x2": "a", "x3": "b"})
    assert (result.value, result.low, result.high, result.n) == (0.5, 0.5, 0.5, 4)
    assert result.seeds == "one seed each"
    with pytest.raises(EvaluationError, match="a seed that both were trained with"):
        difference(first, divided("luo2021/b", {2: ("1000", "x"), 3: ("1000", "y")}))


def test_a_difference_of_records_of_other_clips_is_refused():
    with pytest.raises(EvaluationError, match="only one of them"):
        difference(measured("luo2021/a", "111"), measured("luo2021/b", "1111"))


@pytest.mark.parametrize(
    ("train", "words"), [(TRAINED - 0.004, "94.6 %"), (0.5, "50.0 %"), (None, "unknown")]
)
@pytest.mark.parametrize("subtract", [difference, unpaired_difference])
def test_a_difference_says_that_a_network_did_not_learn_its_training_clips(subtract, train, words):
    complete, other = measured("luo2021/a", "1110"), measured("luo2021/b", "1000", train=train)
    result = subtract(complete, other)
    assert result.caveat == f"training accuracy 100.0 % and {words}"
    assert str(result).endswith(result.caveat)
    assert subtract(other, complete).caveat == f"training accuracy {words} and 100.0 %"
    assert subtract(complete, complete).caveat == ""


@pytest.mark.parametrize(
    ("n_first", "n_second", "words"),
    [
        (1, 1, "one seed each"),
        (2, 2, "two seeds each"),
        (3, 1, "three seeds and one seed"),
        (1, 12, "one seed and 12 seeds"),
        (3, 4, ""),
    ],
)
@pytest.mark.parametrize("subtract", [difference, unpaired_difference])
def test_a_difference_says_that_systems_have_few_seeds(subtract, n_first, n_second, words):
    first = measured("luo2021/a", *["1110"] * n_first)
    second = measured("luo2021/b", *["1000"] * n_second)
    result = subtract(first, second)
    assert result.seeds == words
    assert str(result).endswith(words)


def test_seeds_are_only_counted_where_another_one_would_train_another_system():
    network = measured("luo2021/a", "1110")
    machine = measured("baselines/svm", "1000")
    machine = replace(machine, runs=tuple({**run, "history": {}} for run in machine.runs))
    untrained = replace(network, protocol="no training, all clips")
    assert few_seeds(network, machine) == few_seeds(untrained, network) == "one seed"
    assert few_seeds(machine, machine) == few_seeds(untrained, machine) == ""
    by_node = {"history": {}, "details": {"epochs": {"1": 50}}}
    tree = replace(network, runs=tuple({**run, **by_node} for run in network.runs))
    assert few_seeds(tree, machine) == "one seed"


def test_a_difference_says_that_no_training_accuracy_was_recorded():
    unknown = measured("luo2021/a", "1110", train=None)
    assert training_caveat(unknown, unknown) == "training accuracy not recorded"


def test_a_system_without_training_needs_no_training_accuracy():
    given = replace(measured("luo2021/a", "1110", train=None), protocol="no training, all clips")
    assert training_caveat(given, measured("luo2021/b", "1110")) == ""
    other = measured("luo2021/b", "1110", train=0.5)
    assert training_caveat(given, other) == "training accuracy none (no training) and 50.0 %"


def test_a_difference_without_predictions_is_that_of_independent_intervals():
    first = replace(MEASURED, value=0.8, low=0.693, high=0.876, n=70)
    second = replace(MEASURED, value=0.6, low=0.49, high=0.7, n=80)
    result = unpaired_difference(first, second)
    assert (result.value, result.n) == (pytest.approx(0.2), 70)
    assert result.low == pytest.approx(0.2 - math.hypot(0.8 - 0.693, 0.7 - 0.6))
    assert result.high == pytest.approx(0.2 + math.hypot(0.876 - 0.8, 0.6 - 0.49))
    assert math.isnan(result.p)


def test_a_difference_needs_predictions():
    with pytest.raises(RecipeError, match=r"luo2021/net.*predictions"):
        difference(replace(MEASURED, runs=()), measured("luo2021/b", "1000"))


def test_what_was_not_trained_or_is_no_accuracy_is_not_unfinished():
    assert unfinished(replace(MEASURED, train_accuracy=0.2, metric="seconds")) == ""
    assert unfinished(replace(MEASURED, train_accuracy=None, protocol="no training")) == ""
    assert unfinished(replace(MEASURED, train_accuracy=TRAINED)) == ""


def trained(*accuracies, **fields):
    """A record with a run of 4 correct of 5 answers for each accuracy on the training clips."""
    table = Predictions(tuple("abcde"), np.zeros(5, int), np.eye(2)[[0, 0, 0, 0, 1]], ("x", "y"))
    runs = [{"seed": 0, "train_accuracy": a, "predictions": table.to_dict()} for a in accuracies]
    runs = tuple({**run, **fields} for run in runs)
    return replace(MEASURED, train_accuracy=float(np.mean(accuracies)), runs=runs)


def test_a_mean_over_trainings_that_failed_says_how_many_did_not():
    text = unfinished(trained(1.0, 0.1, 0.99))
    assert text == (
        "only .697 on its training clips; 2 of 3 runs learned theirs, with an accuracy of .800"
    )
    assert unfinished(trained(0.5, 0.7)) == "only .600 on its training clips"
    assert learned_runs(trained(1.0, 0.1))[:2] == (1, 2)
    assert math.isnan(learned_runs(trained(0.1))[2])


def test_an_epoch_that_validation_clips_chose_is_named():
    text = unfinished(trained(0.5, 0.7, history={"valid_loss": [1.0, 0.9]}))
    assert text.endswith("in the epoch that the validation clips chose")


def test_a_caveat_belongs_to_tables_with_two_of_its_systems():
    pairs = [Pair(replace(NET, name=f"luo2021/{n}"), record=MEASURED) for n in "abc"]
    known = Caveat(("luo2021/a", "luo2021/b"), "why"), Caveat(("luo2021/c",), "a study")
    table = Comparison(tuple(pairs))
    assert table.caveats(known) == known
    assert table[:2].caveats(known) == known[:1]
    assert table[:1].caveats(known) == ()
    assert Comparison((replace(pairs[2], record=None),)).caveats(known) == ()
