from __future__ import annotations

import pytest
import torch
from nets import Small, small, toy

from mgrlib.compression import Passenger, distillation_loss, logits_of, with_teacher
from mgrlib.errors import MgrError, ShapeError
from mgrlib.evaluation import predict
from mgrlib.training import TrainConfig, fit


def test_a_student_that_repeats_its_teacher_loses_nothing():
    logits = torch.randn(5, 3)
    assert float(distillation_loss(3.0, 1.0)(logits, torch.zeros(5).long(), (logits,))) < 1e-6


def test_without_weight_it_is_cross_entropy():
    logits, teacher, y = torch.randn(5, 3), torch.randn(5, 3), torch.tensor([0, 1, 2, 0, 1])
    expected = torch.nn.functional.cross_entropy(logits, y)
    assert torch.equal(distillation_loss(4.0, 0.0)(logits, y, (teacher,)), expected)


def test_the_soft_part_is_the_divergence_times_the_temperature_squared():
    """Student even, teacher 3 to 1 at temperature 2: KL = ln 2 - H(1/4) = 0.1308, times 4."""
    teacher = torch.tensor([[2 * 1.0986123, 0.0]])
    loss = distillation_loss(2.0, 1.0)(torch.zeros(1, 2), torch.tensor([0]), (teacher,))
    assert float(loss) == pytest.approx(4 * 0.130812, abs=1e-5)


def test_high_temperatures_leave_gradients_of_one_size():
    teacher, y = torch.tensor([[3.0, 1.0, -2.0]]), torch.tensor([0])
    sizes = []
    for temperature in (20.0, 200.0):
        logits = torch.zeros(1, 3, requires_grad=True)
        distillation_loss(temperature, 1.0)(logits, y, (teacher,)).backward()
        sizes.append(float(logits.grad.norm()))
    assert sizes[0] == pytest.approx(sizes[1], rel=0.05)


def test_the_teacher_travels_with_the_segments(segments):
    teacher = logits_of(small(1), segments)
    taught = with_teacher(segments, teacher)
    selection = taught.of(["clip3", "clip1"])
    assert torch.equal(selection.inputs[1], teacher[[6, 7, 2, 3]])


def test_the_student_does_not_look_at_the_answers(segments):
    student = Passenger(small())
    x = segments.inputs[0]
    assert torch.equal(student(x, torch.randn(48, 3)), student(x, torch.zeros(48, 3)))


def test_logits_do_not_depend_on_the_batch_size_or_the_mode(segments):
    model = small().train()
    expected = logits_of(model, segments)
    assert model.training
    assert torch.allclose(logits_of(model, segments, batch_size=7), expected, atol=1e-6)


def test_a_student_learns_from_a_teacher_alone(segments):
    teacher = Small()
    fit(teacher, segments, config=TrainConfig(epochs=60, lr=0.01))
    taught = with_teacher(segments, logits_of(teacher, segments))
    student = Passenger(small(3))
    fit(student, taught, config=TrainConfig(epochs=60, lr=0.01), loss=distillation_loss(2.0, 1.0))
    new = toy(seed=1)
    same = predict(student.student, new).predicted == predict(teacher, new).predicted
    assert same.mean() > 0.8


def test_logits_of_other_segments_are_refused(segments):
    with pytest.raises(ShapeError, match=r"\(48, 3\)"):
        with_teacher(segments, torch.zeros(47, 3))


@pytest.mark.parametrize("wrong", [(0.0, 0.5), (1.0, 1.5)])
def test_settings_that_make_no_sense_are_refused(wrong):
    with pytest.raises(MgrError, match="T > 0"):
        distillation_loss(*wrong)
