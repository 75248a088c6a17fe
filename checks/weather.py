"""Run the chapters and assignments as on other computers, and list the cells that fail.

python -m checks.weather                            every notebook under every condition
python -m checks.weather --under sse "4 threads"    under some conditions
python -m checks.weather --short                    what `make test` runs
python -m checks.weather book/papers/luo2021.ipynb  some notebooks

The result of live training differs from computer to computer: at first in the last digits, and
after a few epochs in the first digits. So a cell may assert only what holds for all of them. One
computer can imitate others. Environment variables restrict PyTorch, oneDNN, MKL, OpenBLAS
and NumPy to the instructions of older processors; the number of threads changes the order of
summation; and other seeds train other networks.
"""

from __future__ import annotations

import argparse
import ast
import os
import platform
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbclient.exceptions import DeadKernelError

from checks.chapters import Notebook, read, tags, tree

try:
    from numpy._core import _multiarray_umath as numpy_core
except ImportError:  # NumPy 1
    from numpy.core import _multiarray_umath as numpy_core

ROOT = Path(__file__).resolve().parent.parent
CELL_SECONDS = 900
# This processor's features, and those that NumPy uses by choice at run time and can switch off.
FEATURES: dict[str, bool] = numpy_core.__cpu_features__
DISPATCHED: list[str] = numpy_core.__cpu_dispatch__
LEVELS = ("sse", "avx2", "avx512")
N_THREADS = (2, 4)
OFFSETS = (101, 202, 303)
# The names of all conditions; a computer may be unable to imitate those of x86 processors.
NAMES = (
    "as it is",
    *LEVELS,
    *(f"{n_threads} threads" for n_threads in N_THREADS),
    *(f"seeds + {offset}" for offset in OFFSETS),
)
# Calls that start a training, with the seed as first argument or as the argument `seed`.
SEED_FIRST = {"seeded", "torch.manual_seed"}
SEED_NAMED = {"TrainConfig", "new_head"}
# The short form runs the chapter with the most training, on an older processor with another seed.
SHORT = "book/papers/wei2023_compression.ipynb"


@dataclass(frozen=True)
class Condition:
    """A respect in which another computer or another run differs from this one.

    Args:
        name: its name in the list of broken cells.
        environment: variables set for the notebook's kernel.
        seed_offset: added to the literal seeds of live training.
    """

    name: str
    environment: Mapping[str, str] = field(default_factory=dict)
    seed_offset: int = 0


@dataclass(frozen=True)
class Breakage:
    """A cell that failed.

    Args:
        notebook: the notebook's path below the project.
        condition: the condition's name.
        cell: the cell's number, counted from 0 over all cells.
        error: the exception or the failed assertion, on one line.
    """

    notebook: str
    condition: str
    cell: int
    error: str

    def __str__(self) -> str:
        return f"{self.notebook}, cell {self.cell}, under {self.condition!r}: {self.error}"


def path_environment(level: str) -> dict[str, str]:
    """Variables that restrict all libraries to the instructions of a level.

    Args:
        level: "sse", "avx2" or "avx512".
    """
    values = {
        "sse": ("default", "SSE41", "COMPATIBLE", "NEHALEM"),
        "avx2": ("avx2", "AVX2", "AVX2", "HASWELL"),
        "avx512": ("avx512", "AVX512_CORE", "AUTO", "SKYLAKEX"),
    }
    names = ("ATEN_CPU_CAPABILITY", "ONEDNN_MAX_CPU_ISA", "MKL_CBWR", "OPENBLAS_CORETYPE")
    above = {
        "sse": ("AVX", "FMA", "F16C", "X86_V3", "X86_V4"),
        "avx2": ("AVX512", "X86_V4"),
        "avx512": (),
    }
    # NumPy warns about features that this processor lacks, so only the others are named.
    have = [name for name in DISPATCHED if FEATURES[name]]
    disabled = [name for name in have if name.startswith(above[level])]
    environment = dict(zip(names, values[level], strict=True))
    return environment | ({"NPY_DISABLE_CPU_FEATURES": " ".join(disabled)} if disabled else {})


def imitable(level: str) -> bool:
    """Whether this processor has the instructions of a level of x86 processors."""
    needed = {"sse": "SSE41", "avx2": "AVX2", "avx512": "AVX512F"}[level]
    return platform.machine().lower() in ("x86_64", "amd64") and bool(FEATURES.get(needed))


def conditions() -> list[Condition]:
    """All conditions that this computer can imitate; the first one changes nothing."""
    variants = [Condition("as it is")]
    variants += [Condition(level, path_environment(level)) for level in LEVELS if imitable(level)]
    for n_threads in N_THREADS:
        threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), str(n_threads))
        variants.append(Condition(f"{n_threads} threads", threads))
    return variants + [Condition(f"seeds + {offset}", {}, offset) for offset in OFFSETS]


def notebooks() -> list[Path]:
    """All chapters."""
    folders = ("foundations", "papers", "reference")
    return [path for name in folders for path in sorted((ROOT / "book" / name).glob("*.ipynb"))]


def training_seeds(source: str) -> list[ast.Constant]:
    """The literal seeds from which a cell's live training starts.

    Seeds of splits, corpora and draws are not among them: they decide which clips a chapter talks
    about, and its text names those. A seed in a variable is the variable's business.
    """
    nodes: list[ast.expr] = []
    for call in ast.walk(tree(source)):
        if isinstance(call, ast.Call):
            name = ast.unparse(call.func)
            nodes += call.args[:1] if name in SEED_FIRST else []
            nodes += [k.value for k in call.keywords if k.arg == "seed" and name in SEED_NAMED]
    return [node for node in nodes if isinstance(node, ast.Constant) and type(node.value) is int]


def seeds_in_prose(notebook: Notebook) -> set[int]:
    """Seeds that the text names by number, such as "seed 3"; a reader may look for their result."""
    prose = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "markdown")
    words = prose.lower().replace("`", "").split()
    after = [
        number.strip(".,;:()") for word, number in pairwise(words) if word.strip("(") == "seed"
    ]
    return {int(number) for number in after if number.isdecimal()}


def with_other_seeds(notebook: Notebook, offset: int) -> Notebook:
    """A copy of the notebook whose live training starts from other seeds.

    Args:
        notebook: left as it is.
        offset: added to every literal seed of training that the text does not name.
    """
    changed, prose_seeds = nbformat.from_dict(notebook), seeds_in_prose(notebook)
    for cell in changed.cells:
        if cell.cell_type == "code":
            lines = [line.encode() for line in cell.source.split("\n")]
            nodes = [seed for seed in training_seeds(cell.source) if seed.value not in prose_seeds]
            for seed in sorted(nodes, key=lambda node: node.col_offset, reverse=True):
                line, text = lines[seed.lineno - 1], str(seed.value + offset).encode()
                after = line[seed.end_col_offset :]
                lines[seed.lineno - 1] = line[: seed.col_offset] + text + after
            cell.source = b"\n".join(lines).decode()
    return changed


def executed(notebook: Notebook, folder: Path, environment: Mapping[str, str]) -> Notebook:
    """The notebook run from top to bottom in a fresh kernel; cells that fail do not stop it.

    Args:
        notebook: run in place.
        folder: the working directory.
        environment: variables of the kernel, beside those of this process.
    """
    client = NotebookClient(
        notebook,
        timeout=CELL_SECONDS,
        interrupt_on_timeout=True,
        allow_errors=True,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    search_path = os.environ.get("PYTHONPATH")
    paths = os.pathsep.join([str(ROOT), *([search_path] if search_path else [])])
    own = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    client.execute(env={**own, "OMP_NUM_THREADS": "1", **environment, "PYTHONPATH": paths})
    return notebook


def errors(notebook: Notebook) -> Iterator[tuple[int, str]]:
    """The cells of a notebook that failed, each with its error on one line.

    A graded cell fails too when the solution earns fewer points there than there are.
    """
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code" or "raises-exception" in tags(cell):
            continue
        points = cell.metadata.get("nbgrader", {}).get("points", 0)
        for output in cell.outputs:
            if output.output_type == "error":
                first_line = next(iter(output.evalue.splitlines()), "")
                yield number, f"{output.ename}: {first_line or asserted(cell.source)}".rstrip(": ")
            elif output.output_type == "execute_result" and points:
                earned = float(output.data["text/plain"])
                if earned < points:
                    yield number, f"the solution earns {earned:g} of {points:g} points"


def asserted(source: str) -> str:
    """The first assertion of a cell, or nothing: an assertion's error does not quote itself."""
    lines = [line.strip() for line in source.splitlines() if line.strip().startswith("assert ")]
    return lines[0] if lines else ""


def breakages(path: Path, condition: Condition, store: Path) -> list[Breakage]:
    """What breaks in a notebook under a condition.

    Args:
        path: the notebook.
        condition: under which it runs.
        store: where it keeps rendered clips and features. A store of another processor path would
            hand it that path's numbers.
    """
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    notebook = with_other_seeds(read(path), condition.seed_offset)
    environment = {**condition.environment, "MGRLIB_HOME": str(store)}
    try:
        executed(notebook, path.parent, environment)
    except DeadKernelError as error:
        return [Breakage(name, condition.name, -1, f"the kernel died: {error}")]
    return [Breakage(name, condition.name, number, error) for number, error in errors(notebook)]


def short_condition() -> Condition:
    """Another seed, on the path of a processor without AVX-512 where that can be imitated."""
    older = {condition.name: condition.environment for condition in conditions()}.get("avx2", {})
    return Condition("avx2, seeds + 101", older, 101)


def run(paths: Sequence[Path], under: Sequence[Condition]) -> list[Breakage]:
    """Run each notebook under each condition, one at a time, and print how it went."""
    failures: list[Breakage] = []
    with tempfile.TemporaryDirectory(prefix="weather-") as folder:
        for condition in under:
            key = "-".join(sorted(condition.environment.values())) or "as-it-is"
            store = Path(folder) / key.replace(" ", "-")
            for path in paths:
                start = time.perf_counter()
                broken = breakages(path, condition, store)
                seconds = time.perf_counter() - start
                state = f"{len(broken)} cells broke" if broken else "held"
                print(f"{path.stem}, {condition.name}: {state} ({seconds:.0f} s)", flush=True)
                for failure in broken:
                    print(f"    cell {failure.cell}: {failure.error}", flush=True)
                failures += broken
    return failures


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what the command line names; 1 if anything broke, else 0."""
    every = {condition.name: condition for condition in conditions()}
    parser = argparse.ArgumentParser(
        prog="python -m checks.weather",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    names = f"conditions, out of: {', '.join(NAMES)}"
    parser.add_argument("notebooks", nargs="*", type=Path, help="default: all")
    parser.add_argument("--under", nargs="+", choices=NAMES, default=NAMES, help=names)
    parser.add_argument("--short", action="store_true", help="what `make test` runs")
    options = parser.parse_args(arguments)
    if options.short:
        failures = run([ROOT / SHORT], [short_condition()])
    else:
        paths = [path.resolve() for path in options.notebooks] or notebooks()
        for name in options.under:
            if name not in every:
                print(f"{name}: this processor cannot imitate it, so nothing runs under it")
        failures = run(paths, [every[name] for name in options.under if name in every])
    print(f"\n{len(failures)} cells broke" if failures else "\nnothing broke")
    print("\n".join(map(str, failures)))
    return int(bool(failures))


if __name__ == "__main__":
    sys.exit(main())
