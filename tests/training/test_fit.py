from __future__ import annotations

import json
import math
import os
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import nn
from toys import CONFIG, jitter, same, small, toy

from mgrlib.errors import TrainingError
from mgrlib.segments import Segments
from mgrlib.training import TrainConfig, batches, cross_entropy, fit, measure, seeded

SETTLED = TrainConfig(epochs=20, batch_size=8, lr=0.02)
IN_A_PROCESS = """
import sys, torch
sys.path.insert(0, sys.argv[1])
torch.set_num_threads(1)
from toys import CONFIG, jitter, small, toy
from mgrlib.training import fit
run = fit(small(), toy(), toy(16, 1), CONFIG, augment=jitter)
print(run.history.to_json(orient="values", double_precision=15))
print(float(sum(v.double().sum() for v in run.state.values())).hex())
"""


def test_a_separable_problem_is_learned_to_the_last_segment():
    model = small()
    run = fit(model, toy(), toy(40, 1), SETTLED)
    assert measure(model, toy(40, 2))[1] == 1.0
    assert run.history["valid_accuracy"].iloc[run.best_epoch - 1] == 1.0


def test_training_is_in_place_and_the_state_is_the_models():
    model = small()
    run = fit(model, toy(), toy(16, 1), CONFIG)
    assert not same(model, small())
    assert all(torch.equal(run.state[name], value) for name, value in model.state_dict().items())


def test_a_model_that_was_measured_before_trains_all_the_same():
    measured = small().eval()
    a = fit(measured, toy(), None, CONFIG)
    b = fit(small(), toy(), None, CONFIG)
    assert a.history.equals(b.history)


def test_the_state_of_a_run_does_not_change_with_the_model_afterwards():
    model = small()
    run = fit(model, toy(), None, CONFIG)
    before = run.state["0.weight"].clone()
    with torch.no_grad():
        model[0].weight.add_(1.0)
    assert torch.equal(run.state["0.weight"], before)


def test_the_history_has_a_row_an_epoch_and_all_columns():
    run = fit(small(), toy(), toy(16, 1), CONFIG)
    columns = ["epoch", "train_loss", "train_accuracy", "valid_loss", "valid_accuracy", "lr"]
    assert list(run.history.columns) == columns
    assert run.history["epoch"].tolist() == list(range(1, len(run.history) + 1))
    assert str(run).startswith(f"{len(run.history)} epochs in ")


def test_the_same_seed_gives_the_same_history_to_the_bit():
    first, other = small(), small()
    a = fit(first, toy(), toy(16, 1), CONFIG, augment=jitter)
    torch.rand(3)  # the state of the process's own random numbers does not matter
    b = fit(other, toy(), toy(16, 1), CONFIG, augment=jitter)
    assert a.history.equals(b.history)
    assert same(first, other)


def test_another_seed_gives_another_history():
    a = fit(small(), toy(), None, CONFIG)
    b = fit(small(), toy(), None, replace(CONFIG, seed=6))
    assert not a.history["train_loss"].equals(b.history["train_loss"])


def test_the_same_seed_gives_the_same_history_in_another_process():
    lines = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS, str(Path(__file__).parent)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    ).stdout.split("\n")
    run = fit(small(), toy(), toy(16, 1), CONFIG, augment=jitter)
    own_history = json.loads(run.history.to_json(orient="values", double_precision=15))
    assert json.loads(lines[0]) == own_history
    assert float.fromhex(lines[1]) == float(sum(v.double().sum() for v in run.state.values()))


@pytest.mark.parametrize("n_threads", [None, 2])
@pytest.mark.parametrize("lr", [0.02, 1e30])
def test_the_process_is_left_as_it_was(n_threads, lr):
    def state() -> list:
        denormal = float(torch.full((1,), 1e-40) * 1.0)
        numbers = [torch.get_rng_state().tolist(), random.getstate(), str(np.random.get_state())]
        return [*numbers, torch.get_num_threads(), denormal, torch.is_grad_enabled()]

    before = state()
    config = replace(CONFIG, n_threads=n_threads, lr=lr, optimizer="sgd")
    try:
        fit(small(), toy(), toy(16, 1), config, augment=jitter)
    except TrainingError:
        assert lr == 1e30
    assert state() == before


def test_patience_stops_and_the_best_epoch_is_restored():
    config = replace(CONFIG, schedule="constant", patience=2)
    model, once = small(), small()
    run = fit(model, toy(), toy(40, 1, flip=True), config)
    fit(once, toy(), toy(40, 1, flip=True), replace(config, epochs=1))
    assert (run.best_epoch, len(run.history), run.stopped_early) == (1, 3, True)
    assert same(model, once)


def test_without_validation_the_last_epoch_counts():
    run = fit(small(), toy(), None, replace(CONFIG, patience=1))
    assert (run.best_epoch, len(run.history), run.stopped_early) == (6, 6, False)
    assert run.history["valid_loss"].isna().all()


def test_no_training_segment_is_refused():
    with pytest.raises(TrainingError, match="at least one training segment"):
        fit(small(), toy().of([]))


def test_a_model_wholly_frozen_is_refused():
    with pytest.raises(TrainingError, match="a frozen model"):
        fit(small().requires_grad_(False), toy())


def test_frozen_layers_keep_their_weights():
    model = small()
    model[0].requires_grad_(False)
    fit(model, toy(), None, CONFIG)
    assert torch.equal(model[0].weight, small()[0].weight)
    assert not torch.equal(model[4].weight, small()[4].weight)


def test_a_loss_that_is_not_finite_stops_with_the_remedy():
    train = toy()
    train.inputs[0][17] = float("nan")
    with pytest.raises(
        TrainingError, match=r"epoch 1: expected a finite loss, got nan.*NaN among the inputs.*`lr`"
    ):
        fit(small(), train, None, CONFIG)


@pytest.mark.parametrize("value", ["nan", "inf"])
def test_a_validation_loss_that_is_not_finite_stops_too(value):
    valid = toy(16, 1)
    valid.inputs[0][3] = float(value)
    with pytest.raises(TrainingError, match=r"epoch 1, validation: expected a finite loss"):
        fit(small(), toy(), valid, CONFIG)


@pytest.mark.parametrize(
    ("n", "batch_size", "sizes"),
    [
        (4, 2, [2, 2]),
        (5, 2, [2, 3]),
        (6, 4, [4, 2]),
        (1, 2, [1]),
        (3, 3, [3]),
        (2, 8, [2]),
        (3, 1, [1, 2]),
    ],
)
def test_a_rest_of_one_joins_the_batch_before(n, batch_size, sizes):
    generator = torch.Generator().manual_seed(0)
    parts = list(batches(toy(n), batch_size, generator))
    assert [len(y) for _, y in parts] == sizes
    rows = torch.cat([x for (x,), _ in parts]).tolist()
    assert sorted(rows) == sorted(toy(n).inputs[0].tolist())


def test_batch_normalization_survives_a_rest_of_one():
    run = fit(small(), toy(17), None, CONFIG)  # batches of 8 would leave 1
    assert len(run.history) == 6


def test_inputs_and_labels_are_shuffled_together_and_only_when_asked():
    in_order = list(batches(toy(10), 4))
    assert torch.equal(torch.cat([y for _, y in in_order]), toy(10).y)
    for (x,), y in batches(toy(10), 4, torch.Generator().manual_seed(1)):
        assert torch.equal(x.mean(1) > 0, y == 1)


def test_every_epoch_has_another_order():
    orders = []

    def note(inputs, y, generator):
        orders.append(inputs[0][0, 0].item())
        return inputs, y

    fit(small(), toy(8), None, replace(CONFIG, epochs=3), augment=note)
    assert len(set(orders)) == 3


def test_mixup_trains_on_probabilities():
    def mixup(inputs, y, generator):
        share = torch.rand((), generator=generator)
        order = torch.randperm(len(y), generator=generator)
        soft = nn.functional.one_hot(y, 2).float()
        x = share * inputs[0] + (1 - share) * inputs[0][order]
        return (x,), share * soft + (1 - share) * soft[order]

    model = small()
    run = fit(model, toy(), toy(16, 1), SETTLED, augment=mixup)
    assert run.history["train_accuracy"].isna().all()
    assert measure(model, toy(40, 2))[1] == 1.0


def test_several_labels_a_segment_train_with_a_loss_of_their_own():
    def binary(logits, y, inputs):
        return nn.functional.binary_cross_entropy_with_logits(logits, y)

    segments = toy()
    targets = torch.stack([segments.y.float(), torch.ones(len(segments))], dim=1)
    model = small()
    run = fit(
        model, replace(segments, y=targets), replace(segments, y=targets), SETTLED, loss=binary
    )
    assert run.history["valid_loss"].iloc[-1] < 0.1
    with torch.inference_mode():
        assert torch.equal(model.eval()(segments.inputs[0]) > 0, targets > 0.5)


def test_the_loss_sees_the_inputs():
    def on_inputs(logits, y, inputs):
        return cross_entropy(logits, y, inputs) + 0 * inputs[0].sum() + len(inputs)

    run = fit(small(), toy(), None, replace(CONFIG, epochs=1), loss=on_inputs)
    assert run.history["train_loss"].iloc[0] > 1.0


def test_bfloat16_computes_in_it_and_learns():
    dtypes = set()

    def spy(logits, y, inputs):
        dtypes.add(logits.dtype)
        return cross_entropy(logits, y, inputs)

    model = small()
    fit(model, toy(), toy(16, 1), replace(SETTLED, precision="bfloat16"), loss=spy)
    assert dtypes == {torch.bfloat16}
    assert model[0].weight.dtype == torch.float32
    assert measure(model, toy(40, 2))[1] == 1.0


def test_two_modalities_reach_the_model_in_order():
    class Both(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.linear = nn.Linear(4, 2)

        def forward(self, x, z):
            assert bool((z == x[:, :1]).all())
            return self.linear(x)

    segments = toy()
    both = replace(segments, inputs=(segments.inputs[0], segments.inputs[0][:, :1]))
    fit(Both(), both, both, replace(CONFIG, epochs=1))


# --- measuring


def network_and_segments() -> tuple[nn.Module, Segments]:
    """Logits that are the inputs; of the five segments, the classes 0 0 0 1 1."""
    model = nn.Linear(2, 2, bias=False)
    model.weight.data = torch.eye(2)
    x = torch.tensor([[0.0, 0.0], [0.0, 0.0], [math.log(3), 0.0], [0.0, math.log(3)], [2.0, 0.0]])
    y = torch.tensor([0, 0, 0, 1, 1])
    return model, Segments((x,), y, torch.arange(5), tuple("abcde"), ("x", "y"))


@pytest.mark.parametrize("batch_size", [1, 2, 3, 5])
def test_loss_and_accuracy_are_means_over_segments(batch_size):
    loss, accuracy = measure(*network_and_segments(), TrainConfig(batch_size=batch_size))
    by_hand = (2 * math.log(2) + 2 * math.log(4 / 3) + math.log(1 + math.exp(2))) / 5
    assert loss == pytest.approx(by_hand, rel=1e-6)
    assert accuracy == 4 / 5


def test_measuring_leaves_every_layer_in_its_mode():
    model = small().train()
    model[1].eval()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    measure(model, toy())
    assert [layer.training for layer in model] == [True, False, True, True, True]
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())


def test_nothing_to_measure_gives_nan():
    assert all(math.isnan(value) for value in measure(small(), None))
    assert all(math.isnan(value) for value in measure(small(), toy().of([])))


def test_seeded_puts_the_random_numbers_back_after_an_error():
    before = torch.get_rng_state()
    with pytest.raises(ValueError, match="mine"), seeded(1):
        raise ValueError("mine")
    assert torch.equal(torch.get_rng_state(), before)
