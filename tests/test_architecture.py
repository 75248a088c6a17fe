"""The layers of the package, and what importing it may do: nothing."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "mgrlib"
FILES = sorted(PACKAGE.rglob("*.py"))

LAYERS = (
    ("errors",),
    ("shapes", "storage", "synth"),
    ("data", "features", "models"),
    ("segments", "augment"),
    ("training", "evaluation", "compression"),
    ("recipes",),
    ("plots",),
    ("page", "grading"),
    ("__main__",),
)
LEVEL = {part: level for level, parts in enumerate(LAYERS) for part in parts}

# A screen of code (docstrings not counted) and seven arguments. What is longer is named here, with
# what it has now, and may only shrink: `fit` is the loop that the course reads line by line.
MAX_LINES = 40
MAX_ARGUMENTS = 7
LONGER = {"fit": 43}
MORE_ARGUMENTS = {"fit": 8}


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def imported(module: str, source: str, is_package: bool = False) -> Iterator[tuple[str, bool]]:
    """The modules that a source imports, anywhere in it, and whether with a wildcard."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, False) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = module.split(".")
            base = base[: len(base) - node.level + is_package] if node.level else []
            whole = ".".join([*base, *([node.module] if node.module else [])])
            names = [alias.name for alias in node.names]
            if whole == "mgrlib":  # `from mgrlib import recipes`: the part is among the names
                yield from ((f"mgrlib.{name}" if name in LEVEL else whole, False) for name in names)
            yield whole, "*" in names


def layer_breaches(module: str, source: str, is_package: bool = False) -> list[str]:
    """What `module` imports against the rules, each a sentence."""
    found = []
    for name, wildcard in imported(module, source, is_package):
        if wildcard:
            found.append(f"{module} imports * from {name}")
        if name.split(".")[0] != "mgrlib" or name == "mgrlib":
            continue
        mine, theirs = (m.split(".")[1] if "." in m else "" for m in (module, name))
        if not mine:
            found.append(f"{module} imports {name}; the package itself imports nothing of its own")
        elif mine != theirs and not LEVEL[theirs] < LEVEL[mine]:
            found.append(f"{module} imports {name}, which is not below it")
    return found


def functions(source: str) -> Iterator[tuple[str, int, int]]:
    """Each function's name, its lines without the docstring, and its arguments without self."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if ast.get_docstring(node) is not None:
                told = node.body[0]
                lines -= (told.end_lineno or told.lineno) - told.lineno + 1
            given = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
            yield node.name, lines, len([a for a in given if a.arg not in ("self", "cls")])


def undocumented(source: str) -> list[str]:
    """The public classes, functions and methods without a docstring."""

    def look(node: ast.AST, prefix: str) -> Iterator[str]:
        for child in ast.iter_child_nodes(node):
            if not isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            if not child.name.startswith("_"):
                if ast.get_docstring(child) is None:
                    yield prefix + child.name
                if isinstance(child, ast.ClassDef):
                    yield from look(child, f"{prefix}{child.name}.")

    return list(look(ast.parse(source), ""))


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_module_imports_only_what_lies_below_it(path):
    source = path.read_text(encoding="utf-8")
    assert layer_breaches(module_name(path), source, path.name == "__init__.py") == []


def test_every_part_of_the_package_has_a_layer():
    parts = {module_name(path).split(".")[1] for path in FILES if path.parent != PACKAGE}
    parts |= {path.stem for path in PACKAGE.glob("*.py")} - {"__init__"}
    assert parts - set(LEVEL) == set()


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mgrlib.features.mel", "from mgrlib.segments import cut"),
        ("mgrlib.features.mel", "from mgrlib.data import corpus"),
        ("mgrlib.training.loop", "from mgrlib import evaluation"),
        ("mgrlib.training.loop", "from ..evaluation import accuracy"),
        ("mgrlib.models.luo2021", "import mgrlib.training.loop as loop"),
        ("mgrlib.segments", "def f():\n    from mgrlib.recipes.core import run"),
        ("mgrlib.storage", "if TYPE_CHECKING:\n    from mgrlib.shapes import check_shape"),
        ("mgrlib.shapes", "from numpy import *"),
        ("mgrlib.page.player", "from mgrlib.__main__ import main"),
        ("mgrlib", "from mgrlib.errors import MgrError"),
    ],
)
def test_the_checker_finds_a_breach(module, source):
    assert len(layer_breaches(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source", "is_package"),
    [
        ("mgrlib.features.mel", "from mgrlib.features.base import Feature", False),
        ("mgrlib.features", "from .mel import LogMel", True),
        ("mgrlib.features.mel", "from .base import Feature\nfrom ..errors import some", False),
        ("mgrlib.recipes.core", "from mgrlib import __version__, recipes, segments", False),
        ("mgrlib.page", "import mgrlib.plots.style, numpy", True),
        ("mgrlib.__main__", "from mgrlib.page import player", False),
    ],
)
def test_the_checker_lets_fair_imports_pass(module, source, is_package):
    assert layer_breaches(module, source, is_package) == []


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_a_function_is_a_screen_long_and_takes_seven_arguments(path):
    for name, n_lines, n_arguments in functions(path.read_text(encoding="utf-8")):
        assert n_lines <= LONGER.get(name, MAX_LINES), f"{name} has {n_lines} lines"
        assert n_arguments <= MORE_ARGUMENTS.get(name, MAX_ARGUMENTS), name


def test_lines_are_counted_without_docstring_and_arguments_without_self():
    source = '''
class A:
    def f(self, a, b, /, c, *, d):
        """One.

        Two.
        """
        return a
'''
    assert list(functions(source)) == [("f", 2, 4)]


@pytest.mark.parametrize("path", FILES, ids=module_name)
def test_everything_public_has_a_docstring(path):
    source = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(source)), "the module itself"
    assert undocumented(source) == []


def test_a_missing_docstring_is_found_in_a_class_and_below():
    source = 'class A:\n    """A."""\n    def f(self): ...\n    def _g(self): ...\ndef h(): ...'
    assert undocumented(source) == ["A.f", "h"]


# Imports everything, throws the package (and nothing else) out of memory, and imports it again
# under watch: what third parties do when they are first imported is not ours to judge.
WATCH = """
import contextlib, importlib, io, json, pkgutil, random, sys
import mgrlib
light = sorted(set(sys.modules) & {"torch", "librosa", "numpy", "pandas", "matplotlib"})
import mgrlib.__main__
command = sorted(set(sys.modules) & {"torch", "librosa", "pandas", "matplotlib", "sklearn"})
names = sorted(m.name for m in pkgutil.walk_packages(mgrlib.__path__, "mgrlib."))
for name in names:
    importlib.import_module(name)
for name in [n for n in sys.modules if n.split(".")[0] == "mgrlib"]:
    del sys.modules[name]
import numpy, torch
def states():
    return [repr(random.getstate()), repr(numpy.random.get_state()),
            torch.get_rng_state().tolist(), torch.get_num_threads(), torch.get_default_dtype()]
events, before, said = [], states(), io.StringIO()
def watch(event, details):
    if event == "open" and not str(details[0]).endswith((".py", ".pyc")):
        events.append(f"open {details[0]!r}")
    elif event in ("socket.connect", "subprocess.Popen", "os.mkdir", "os.rename", "os.remove"):
        events.append(f"{event} {details!r}")
sys.addaudithook(watch)
with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
    for name in names:
        importlib.import_module(name)
happened = list(events)
json.dump({"light": light, "command": command, "names": names, "events": happened,
           "said": said.getvalue(), "same": states() == before}, sys.stdout)
"""


@pytest.fixture(scope="module")
def watched() -> dict:
    """What happens while every module is imported, told by a process of its own."""
    done = subprocess.run(
        [sys.executable, "-B", "-c", WATCH], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_the_watch_sees_every_module(watched):
    assert set(watched["names"]) == {module_name(path) for path in FILES} - {"mgrlib"}


def test_importing_the_package_imports_nothing_heavy(watched):
    assert watched["light"] == []


def test_the_command_line_starts_without_torch(watched):
    assert watched["command"] == []


def test_importing_prints_nothing(watched):
    assert watched["said"] == ""


def test_importing_leaves_random_numbers_and_settings_alone(watched):
    assert watched["same"]


def test_importing_reads_writes_and_starts_nothing(watched):
    assert watched["events"] == []
