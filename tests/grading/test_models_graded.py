from __future__ import annotations

import os

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper

from mgrlib.data.synthetic import synthetic
from mgrlib.features import LogMel
from mgrlib.grading.models import Budget, count_numbers, grade

FEATURE = LogMel(22_050, n_fft=1024, hop_length=1024, n_mels=8)
STEPS = {0.05: 2, 0.5: 3}
pytestmark = pytest.mark.skipif(os.name == "nt", reason="a box needs Linux or macOS")


@pytest.fixture(scope="module")
def corpus():
    return synthetic(1, 1.0, seed=77)


def linear(n_classes: int = 10, weight: np.ndarray | None = None) -> onnx.ModelProto:
    """The mean over time, and a linear layer."""
    weight = np.zeros((8, n_classes), np.float32) if weight is None else weight
    nodes = [
        helper.make_node("ReduceMean", ["x", "axes"], ["mean"], keepdims=0),
        helper.make_node("MatMul", ["mean", "weight"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "linear",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["B", 8, "T"])],
        [helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["B", n_classes])],
        [
            numpy_helper.from_array(weight, "weight"),
            numpy_helper.from_array(np.array([2], np.int64), "axes"),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def write(path, model: onnx.ModelProto):
    path.write_bytes(model.SerializeToString())
    return path


def test_a_model_earns_points_by_steps_within_its_budget(corpus, tmp_path) -> None:
    path = write(tmp_path / "m.onnx", linear())
    grades = grade(path, FEATURE, STEPS, corpus=corpus, budget=Budget(parameters=100))
    assert (grades.points, grades.out_of) == (4, 7), str(grades)
    assert grades.predictions is not None and grades.predictions.n == 10
    assert "81 parameters" in str(grades) and "held-out" in grades._repr_html_()


def test_a_model_beyond_its_budget_earns_nothing(corpus, tmp_path) -> None:
    path = write(tmp_path / "m.onnx", linear())
    for budget in (Budget(parameters=80), Budget(stored_bytes=100), Budget(milliseconds=0)):
        grades = grade(path, FEATURE, STEPS, corpus=corpus, budget=budget)
        assert grades.points == 0, str(grades)


@pytest.mark.parametrize("hide", ["constant", "attribute", "branch"])
def test_numbers_count_wherever_they_are_hidden(hide) -> None:
    model = linear()
    numbers = np.zeros(500, np.float32)
    constant = helper.make_node("Constant", [], ["c"], value=numpy_helper.from_array(numbers))
    if hide == "attribute":
        constant = helper.make_node("Constant", [], ["c"], value_floats=numbers.tolist())
    if hide == "branch":
        branch = helper.make_graph([constant], "b", [], [helper.make_empty_tensor_value_info("c")])
        constant = helper.make_node("If", ["t"], ["d"], then_branch=branch, else_branch=branch)
    model.graph.node.append(constant)
    assert count_numbers(model.SerializeToString()) >= 581


@pytest.mark.parametrize(
    "damage", ["text", "empty", "pickle", "classes", "nan", "external", "missing", "folder"]
)
def test_what_cannot_be_used_earns_nothing_and_says_why(corpus, tmp_path, damage) -> None:
    path = tmp_path / "m.onnx"
    if damage == "folder":
        path.mkdir()
    elif damage in ("text", "empty", "pickle"):
        path.write_bytes({"text": b"no model", "empty": b"", "pickle": b"cos\nsystem\n."}[damage])
    elif damage == "classes":
        write(path, linear(4))
    elif damage == "nan":
        write(path, linear(weight=np.full((8, 10), np.nan, np.float32)))
    elif damage == "external":
        model = linear()
        tensor = model.graph.initializer[0]
        tensor.data_location = TensorProto.EXTERNAL
        tensor.external_data.add(key="location", value="/etc/passwd")
        write(path, model)
    grades = grade(path, FEATURE, STEPS, corpus=corpus, budget=Budget())
    assert grades.points == 0 and grades.out_of == 7 and grades.checks[-1].reason, str(grades)
