"""What importing the package does: nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

import mgrlib

PACKAGE = Path(mgrlib.__file__).parent
FILES = sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


# Imports everything, throws the package (and nothing else) out of memory, and imports it again
# under watch: what third parties do when they are first imported is not ours to judge.
WATCH = """
import contextlib, importlib, io, json, pkgutil, random, sys
import mgrlib
light = sorted(set(sys.modules) & {"torch", "librosa", "numpy", "pandas", "matplotlib"})
light += [name for name in sys.modules if name.startswith("mgrlib.")]
import mgrlib.cli
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
    process = subprocess.run(
        [sys.executable, "-B", "-c", WATCH], capture_output=True, text=True, check=True
    )
    return json.loads(process.stdout)


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
