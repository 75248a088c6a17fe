"""Networks as ONNX files, and ONNX files as networks.

ONNX is a list of standard operations with their weights. A file of it runs without Python and
without PyTorch: in ONNX Runtime on any computer or telephone, and in a browser. Only operations of
the standard set of version 18 are used.
"""

from __future__ import annotations

import contextlib
import functools
import io
import logging
import stat
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn
from torch.torch_version import TorchVersion

from mgrlib.compression.weights import plain
from mgrlib.errors import MgrError, StorageError, explain
from mgrlib.storage import atomic_write

OPSET = 18
MAX_BYTES = 2**31 - 1  # of a file; the format has no more
MEMORY_LIMIT = 4 << 30  # bytes
READABLE_IR = 10  # of the file format; newer ones are refused by runtimes a year old
OLDEST_TORCH = "2.6"  # whose exporter has the form used here; written and tested with 2.13


def to_onnx(model: nn.Module, *input_shapes: tuple[int, ...], path: Path) -> Path:
    """Write a network as an ONNX file; returns the path.

    Inputs are called `input0`, `input1`, ..., the output `logits`; the batch may be of any size.
    Batch normalization is merged into the preceding convolution. An LSTM of one layer becomes one
    operation; other recurrent layers are unrolled step by step during the export, which is slow.

    Args:
        model: masks and codebooks become ordinary weights.
        input_shapes: the shape of one segment, one for each modality.

    Raises:
        MgrError: a torch older than 2.6, which the rest of the package works with.
        StorageError: the file cannot be written.
    """
    _check_torch(torch.__version__)
    from mgrlib.compression.recurrent import TRANSLATIONS, in_one_piece  # a second to import

    inputs = tuple(torch.zeros(2, *shape) for shape in input_shapes)
    batch = torch.export.Dim("batch", min=1, max=4096)
    # Remarks on packages that are not installed, and on the exporter's own future.
    with quiet("torch.onnx", "onnxscript", "onnx_ir"):
        program = torch.onnx.export(
            in_one_piece(plain(model)).eval().cpu(),
            inputs,
            dynamo=True,
            opset_version=OPSET,
            input_names=[f"input{i}" for i in range(len(inputs))],
            output_names=["logits"],
            dynamic_shapes=tuple({0: batch} for _ in inputs),
            custom_translation_table=TRANSLATIONS,
            verbose=False,
        )
    proto = program.model_proto  # type: ignore[union-attr]
    # Shapes noted inside the graph may contradict what quantization makes of it.
    del proto.graph.value_info[:]
    _forget_origin(proto)
    return save(proto, path)


def _check_torch(installed: str) -> None:
    """Raise an error for a version of torch with a different exporter."""
    if TorchVersion(installed) < TorchVersion(OLDEST_TORCH):
        hint = "install a newer one: pip install -U torch."
        raise MgrError(explain("to_onnx", f"torch {OLDEST_TORCH} or later", installed, hint))


def _forget_origin(model: onnx.ModelProto) -> None:
    """Remove the exporter's notes on the source code of each operation."""
    del model.metadata_props[:]
    del model.graph.metadata_props[:]
    model.graph.doc_string = model.doc_string = ""
    for item in (*model.graph.node, *model.graph.input, *model.graph.output):
        del item.metadata_props[:]
        item.doc_string = ""
    for tensor in model.graph.initializer:
        del tensor.metadata_props[:]
        tensor.doc_string = ""


@contextlib.contextmanager
def quiet(*names: str) -> Iterator[None]:
    """Silence the loggers of these names, all warnings, and what is printed, in the block."""
    loggers = [logging.getLogger(name) for name in names]
    levels = [logger.level for logger in loggers]
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        for logger in loggers:
            logger.setLevel(logging.ERROR)
        try:
            yield
        finally:
            for logger, level in zip(loggers, levels, strict=True):
                logger.setLevel(level)


def save(model: onnx.ModelProto, path: Path) -> Path:
    """Write an ONNX model whole or not at all; returns the path."""
    model.ir_version = min(model.ir_version, READABLE_IR)
    onnx.checker.check_model(model)
    with atomic_write(path) as part:
        part.write_bytes(model.SerializeToString(deterministic=True))
    return path


def load(path: Path) -> onnx.ModelProto:
    """The model that an ONNX file holds.

    Raises:
        StorageError: no such file.
        MgrError: a file that is no ONNX model.
    """
    return _parsed(path, _content(path))


def _content(path: Path) -> bytes:
    """Read a file; raise an error if it is no regular file or too large."""
    try:
        status = path.stat()
        got = "" if stat.S_ISREG(status.st_mode) else "no regular file"
        got = f"{status.st_size} bytes" if status.st_size > MAX_BYTES else got
        content = b"" if got else path.read_bytes()
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        got = getattr(error, "strerror", "") or str(error)
    if got:
        raise StorageError(explain(str(path), "an ONNX file", got, "check the path."))
    return content


def _parsed(path: Path, data: bytes) -> onnx.ModelProto:
    try:
        model = onnx.load_model_from_string(data)
        onnx.checker.check_model(model)
    except Exception as error:  # damage looks like anything to a parser
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        got = f"a file that cannot be read as one ({reason})"
        hint = "`mgrlib export` writes such files."
        raise MgrError(explain(str(path), "an ONNX model", got, hint)) from error
    return model


def open_session(
    path: Path, *, n_threads: int = 1, fused: bool = True, memory_limit: bool = False
) -> onnxruntime.InferenceSession:
    """An ONNX file ready to run on the CPU.

    Args:
        n_threads: that one answer may use.
        fused: let the runtime join operations. Without it an int8 file is computed as it is
            written: every layer back to float32, convolved there, and rounded again.
        memory_limit: let all sessions opened like this have no more than `MEMORY_LIMIT` together,
            for files of unknown origin.

    Raises:
        StorageError, MgrError: as `load`, or a model that the runtime refuses.
    """
    content = _content(path)
    _parsed(path, content)  # the runtime's own complaints name no remedy
    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = n_threads
    settings.inter_op_num_threads = 1
    settings.log_severity_level = 3
    if not fused:
        level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        settings.graph_optimization_level = level
    if memory_limit:
        _limited_memory()
        settings.add_session_config_entry("session.use_env_allocators", "1")
    try:  # from the bytes: a model may name other files to read weights from
        return onnxruntime.InferenceSession(content, settings, providers=["CPUExecutionProvider"])
    except Exception as error:  # the runtime has its own types, none of which it documents
        reason = (str(error).splitlines() or [type(error).__name__])[0][:300]
        hint = "`mgrlib export` writes such files."
        raise MgrError(explain(str(path), "a model that can run", reason, hint)) from error


@functools.cache
def _limited_memory() -> None:
    """Limit the memory of all ONNX sessions, once per process."""
    kind = onnxruntime.OrtAllocatorType.ORT_ARENA_ALLOCATOR
    place = onnxruntime.OrtMemoryInfo("Cpu", kind, 0, onnxruntime.OrtMemType.DEFAULT)
    limit = onnxruntime.OrtArenaCfg({"max_mem": MEMORY_LIMIT})
    onnxruntime.create_and_register_allocator(place, limit)


class OnnxModel(nn.Module):
    """An ONNX file in the place of a network: `predict` and `measure` take it like any other.

    It has no parameters and cannot be trained.
    """

    def __init__(self, path: Path, *, n_threads: int = 1, fused: bool = True) -> None:
        super().__init__()
        self.session = open_session(path, n_threads=n_threads, fused=fused)
        self.names = [entry.name for entry in self.session.get_inputs()]

    def run(self, *inputs: np.ndarray) -> np.ndarray:
        """Arrays in, logits (B, K) out: what a program without PyTorch does."""
        feed = dict(zip(self.names, inputs, strict=True))
        logits: np.ndarray = self.session.run(None, feed)[0]
        return logits

    def forward(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Tensors in, logits (B, K) out."""
        arrays = [x.detach().numpy() for x in inputs]
        return torch.from_numpy(self.run(*arrays))


@contextlib.contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for the files on the way from one form to another, gone when the block ends."""
    with tempfile.TemporaryDirectory(prefix="mgrlib-") as name:
        yield Path(name)
