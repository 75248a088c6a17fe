"""The program inside the box: runs a submission's cells and writes out values.

It is started as a script with the folder of its job, and imports nothing of `mgrlib`, which may be
hidden from the submission. Nothing that it holds is secret: the job has the student's code and the
inputs of questions, never an expected answer. A submission can do to this process what it likes;
all that comes of it is another value.
"""

from __future__ import annotations

import contextlib
import importlib.abc
import importlib.machinery
import json
import os
import signal
import sys
import types
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any


class OutOfTimeError(BaseException):
    """Raised in code that has used up its seconds of CPU time."""


class Absent(types.ModuleType):
    """What stands in for a package that may not be used while a submission is marked."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.__path__ = []  # so that submodules are looked for, and found absent too

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Refusal(f"{self.__name__}.{name}")


class _Refusal:
    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_: Any, **__: Any) -> Any:
        raise ImportError(f"{self._name} may not be used in this assignment")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return _Refusal(f"{self._name}.{name}")


class Hiding(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Answers imports of hidden packages with an `Absent` module.

    The box does not contain the packages' files; this only makes an import that is never used
    harmless, and a used one say why it failed.
    """

    def __init__(self, hidden: Sequence[str]) -> None:
        self.hidden = tuple(hidden)

    def find_spec(
        self, fullname: str, path: Any = None, target: Any = None
    ) -> importlib.machinery.ModuleSpec | None:
        """A spec for a hidden module, nothing for others."""
        if any(fullname == name or fullname.startswith(name + ".") for name in self.hidden):
            return importlib.machinery.ModuleSpec(fullname, self, is_package=True)
        return None

    def create_module(self, spec: importlib.machinery.ModuleSpec) -> types.ModuleType:
        """The stand-in."""
        return Absent(spec.name)

    def exec_module(self, module: types.ModuleType) -> None:
        """Nothing: the stand-in is complete."""


def limit(limits: dict[str, int]) -> None:
    """Lower what this process and its children may use."""
    import resource

    cpu, size = limits["cpu_seconds"], limits["file_megabytes"] << 20
    memory = limits["megabytes"] << 20
    for what, most in (
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, size),
        (resource.RLIMIT_DATA, memory),
        (resource.RLIMIT_NPROC, limits["processes"]),
        (resource.RLIMIT_NOFILE, 256),
        (resource.RLIMIT_CORE, 0),
    ):
        try:
            resource.setrlimit(what, (most, most))
        except (OSError, ValueError):
            continue  # already lower


def call_with_limit(seconds: int, work: Callable[[], Any]) -> Any:
    """Do some work for so many seconds of CPU time; what it raises goes on.

    Raises:
        OutOfTimeError: it took longer.
    """

    def stop(*_: Any) -> None:
        raise OutOfTimeError(f"it used more than {seconds} s of CPU time")

    signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds, 1)  # again every second, if it is swallowed
    try:
        return work()
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


class Runner:
    """Executes one job and reports each step on a channel."""

    def __init__(self, job: dict[str, Any], folder: Path, channel: int) -> None:
        self.job, self.folder, self.channel = job, folder, channel

    def report(self, message: dict[str, Any], blob: bytes = b"") -> None:
        """Send a message to the judge's side."""
        data = memoryview(values.packed_frame(message, blob))
        while data:
            data = data[os.write(self.channel, data) :]

    def failed(self, number: int, kind: str, error: BaseException) -> None:
        """Report what a cell or a question raised."""
        line = getattr(error, "lineno", None) if isinstance(error, SyntaxError) else None
        try:
            text = str(error)[:500]
        except BaseException:  # a student's exception may raise in its own text
            text = ""
        self.report(
            {
                "kind": "error",
                "of": kind,
                "number": number,
                "name": type(error).__name__[:80],
                "text": text,
                "line": line if isinstance(line, int) else None,
            }
        )

    def cells(self) -> dict[str, Any]:
        """Run the cells one after the other; returns their namespace."""
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config

        settings = Config()
        settings.HistoryManager.enabled = False
        settings.InteractiveShell.colors = "NoColor"
        shell = InteractiveShell.instance(config=settings)
        silent = contextlib.nullcontext()
        setattr(shell, "_tee", lambda channel: silent)  # noqa: B010  it keeps all that is printed
        self._set_up(shell.user_ns)
        for number, source in enumerate(self.job["cells"]):
            if number in self.job["skip_cells"]:
                continue
            self.report({"kind": "cell", "number": number})
            error = self._cell(shell, source)
            if error is not None:
                self.failed(number, "cell", error)
        return shell.user_ns

    def _set_up(self, names: dict[str, Any]) -> None:
        setup = self.job["setup"]
        blob = (self.folder / setup["blob"]).read_bytes()
        names |= values.decode(setup["tree"], blob)
        names["JOB"] = str(self.folder)
        exec(compile(setup["code"], "<setup>", "exec"), names)

    def _cell(self, shell: Any, source: str) -> BaseException | None:
        def work() -> BaseException | None:
            outcome = shell.run_cell(source, store_history=False, silent=True)
            return outcome.error_before_exec or outcome.error_in_exec

        try:
            return call_with_limit(self.job["limits"]["cell_seconds"], work)
        except BaseException as error:
            return error

    def questions(self, names: dict[str, Any]) -> None:
        """Ask each question in a copy of the namespace and send the values."""
        for number, question in enumerate(self.job["questions"]):
            if number in self.job["skip_questions"]:
                continue
            self.report({"kind": "question", "number": number})
            try:
                value = call_with_limit(
                    self.job["limits"]["cell_seconds"], self._question_work(question, names)
                )
                tree, blob = values.encode(value)
                self.report({"kind": "value", "number": number, "tree": tree}, blob)
            except BaseException as error:
                self.failed(number, "question", error)

    def _question_work(self, question: dict[str, Any], names: dict[str, Any]) -> Callable[[], Any]:
        blob = (self.folder / question["blob"]).read_bytes()
        scope = dict(names) | values.decode(question["tree"], blob)
        scope["JOB"] = str(self.folder)

        def work() -> Any:
            exec(compile(question["code"], "<question>", "exec"), scope)
            return scope.get("result")

        return work


def main() -> None:
    """Run the job in the folder that the command line names."""
    folder = Path(sys.argv[1])
    job = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    channel = os.dup(1)
    os.set_inheritable(channel, False)
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1):
        os.dup2(silence, stream)
    limit(job["limits"])
    sys.meta_path.insert(0, Hiding(job["hidden"]))
    sys.argv = ["submission"]
    runner = Runner(job, folder, channel)
    runner.questions(runner.cells())
    runner.report({"kind": "end"})
    os._exit(0)  # what the submission left to run at exit is not run


if __name__ == "__main__":
    own = os.path.dirname(os.path.abspath(__file__))
    sys.path.insert(0, own)
    import values

    sys.path.remove(own)
    main()
