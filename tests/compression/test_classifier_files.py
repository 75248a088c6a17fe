"""Classifier files from anywhere: opened, or refused by a message that names them, and in time."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path

import numpy as np
import onnx
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from onnx import helper, parser

from mgrlib.compression import classifier_files
from mgrlib.compression.listening import SoundClassifier
from mgrlib.errors import MgrError

GOOD = {"genres": ["blues", "rock"], "sample_rate": 8000, "n_samples": 100, "weights": "float32"}
HEAD = '<ir_version: 10, opset_import: ["" : 18]>\n'
SLICED = """
  zero = Constant <value = int64[1] {0}> ()
  one = Constant <value = int64[1] {1}> ()
  two = Constant <value = int64[1] {2}> ()
  x = Slice (waveform, zero, two, one)
"""
PLAIN = f"""g (float[batch,100] waveform) => (float[batch,2] probabilities) {{ {SLICED}
  probabilities = Softmax <axis = -1> (x)
}}"""
LOOP = f"""g (float[batch,100] waveform) => (float[batch,2] probabilities) {{ {SLICED}
  n = Constant <value = int64 {{4000000000000000000}}> ()
  go = Constant <value = bool {{1}}> ()
  probabilities = Loop (n, go, x) <body = b (int64 i, bool c, float[batch,2] v)
    => (bool d, float[batch,2] w) {{ d = Identity (c)  w = Identity (v) }}>
}}"""
DOUBLED = "".join(f"  x{i + 1} = Concat <axis = 1> (x{i}, x{i})\n" for i in range(40))
BOMB = f"""g (float[batch,100] waveform) => (float[batch,2] probabilities) {{ {SLICED}
  x0 = Identity (x)
{DOUBLED}
  y = Slice (x40, zero, two, one)
  probabilities = Softmax <axis = -1> (y)
}}"""
QUICK = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def file_of(path: Path, graph: str = PLAIN, note: str | None = None) -> Path:
    """A model's file with a note."""
    model = parser.parse_model(HEAD + graph)
    helper.set_model_props(model, {"mgrlib": json.dumps(GOOD) if note is None else note})
    path.write_bytes(model.SerializeToString())
    return path


def refusal(path: Path) -> str:
    """The message that refuses a file; it names the file and is short."""
    with pytest.raises(MgrError) as caught:
        SoundClassifier(path)
    message = str(caught.value)
    assert str(path) in message
    assert len(message) < 2000
    return message


def test_a_good_file_answers(tmp_path):
    classifier = SoundClassifier(file_of(tmp_path / "net.onnx"))
    np.testing.assert_allclose(classifier(np.zeros(100)), [0.5, 0.5])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("genres", None),
        ("genres", "blues"),
        ("genres", ["blues", 3]),
        ("genres", ["blues", "blues"]),
        ("genres", ["blues"]),
        ("genres", ["a", "b", "c"]),
        ("genres", {"blues": 1, "rock": 2}),
        ("sample_rate", 0),
        ("sample_rate", -8000),
        ("sample_rate", 8000.5),
        ("sample_rate", True),
        ("sample_rate", "8000"),
        ("n_samples", 4e12),
        ("n_samples", 4_000_000_000_000),
        ("n_samples", 0),
        ("n_samples", 99),
        ("n_samples", None),
    ],
)
def test_an_impossible_note_is_refused(tmp_path, name, value):
    refusal(file_of(tmp_path / "net.onnx", note=json.dumps({**GOOD, name: value})))


@pytest.mark.parametrize(
    "note",
    ["", "{", "[]", "3", "null", "NaN", "[" * 100_000, '{"a":' * 100_000, "\udcff", "x" * 1000],
    ids=lambda note: note[:6].encode("ascii", "replace").decode(),
)
def test_a_broken_note_is_refused(tmp_path, note):
    note = note.encode("utf-8", "replace").decode()
    refusal(file_of(tmp_path / "net.onnx", note=note))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=5,
)


@QUICK
@given(note=st.fixed_dictionaries({}, optional=dict.fromkeys(GOOD, JSON)))
def test_any_note_is_good_or_refused(tmp_path, note):
    path = file_of(tmp_path / "net.onnx", note=json.dumps({**GOOD, **note}))
    try:
        classifier = SoundClassifier(path)
    except MgrError as error:
        assert str(path) in str(error)
    else:
        assert len(classifier.genres) == 2
        assert classifier.n_samples == 100


@pytest.mark.parametrize(
    "graph",
    [
        PLAIN.replace("waveform", "sound"),
        PLAIN.replace("batch,100", "batch,100,1"),
        PLAIN.replace("float[batch,100]", "double[batch,100]"),
        PLAIN.replace("(float[batch,100] waveform)", "(float[batch,100] waveform, float[1] more)"),
        PLAIN.replace("float[batch,2] probabilities", "float probabilities").replace(
            "Softmax <axis = -1> (x)", "ReduceMax <keepdims = 0> (x)"
        ),
        PLAIN.replace("Softmax <axis = -1> (x)", "Identity (x)"),
        PLAIN.replace("float[batch,2] prob", "int64[batch,2] prob").replace(
            "Softmax <axis = -1> (x)", "Cast <to = 7> (x)"
        ),
        PLAIN.replace("Softmax <axis = -1> (x)", "Log (x)"),
        PLAIN.replace("Softmax <axis = -1>", "NoSuchOperation"),
    ],
)
def test_a_network_of_another_form_is_refused(tmp_path, graph):
    refusal(file_of(tmp_path / "net.onnx", graph))


def test_an_endless_loop_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(classifier_files, "SECONDS_TO_ANSWER", 0.5)
    started = time.monotonic()
    assert "none in 0.5 s" in refusal(file_of(tmp_path / "net.onnx", LOOP))
    assert time.monotonic() - started < 20


def test_a_network_that_asks_for_all_memory_gets_none(tmp_path):
    refusal(file_of(tmp_path / "net.onnx", BOMB))


def test_weights_in_other_files_are_not_read(tmp_path):
    model = parser.parse_model(HEAD + PLAIN)
    helper.set_model_props(model, {"mgrlib": json.dumps(GOOD)})
    tensor = onnx.TensorProto(name="w", data_type=1, dims=[2], data_location=1)
    tensor.external_data.add(key="location", value="../secret.bin")
    model.graph.initializer.append(tensor)
    model.graph.node[-1].input[0] = "w"
    (tmp_path / "net.onnx").write_bytes(model.SerializeToString())
    refusal(tmp_path / "net.onnx")


@pytest.mark.skipif(os.name != "posix", reason="FIFOs and device files")
def test_what_is_no_regular_file_is_refused(tmp_path):
    os.mkfifo(tmp_path / "fifo.onnx")
    (tmp_path / "zero.onnx").symlink_to("/dev/zero")
    for name in ("fifo.onnx", "zero.onnx", "folder", "no\0name"):
        if name == "folder":
            (tmp_path / name).mkdir()
        refusal(tmp_path / name)


@QUICK
@example(cut=0, flips=[])
@given(
    cut=st.none() | st.integers(0, 600),
    flips=st.lists(st.tuples(st.integers(0), st.integers(0, 7))),
)
def test_any_damage_leaves_a_classifier_or_a_message(tmp_path, cut, flips):
    path = file_of(tmp_path / "net.onnx")
    content = bytearray(path.read_bytes())
    for position, bit in flips:
        content[position % len(content)] ^= 1 << bit
    path.write_bytes(content[:cut])
    try:
        classifier = SoundClassifier(path)
        probabilities = classifier(np.zeros(classifier.n_samples, np.float32))
    except MgrError as error:
        assert str(path) in str(error)
    else:
        assert probabilities.shape == (len(classifier.genres),)
