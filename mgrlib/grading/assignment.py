"""What an assignment is: a source notebook, and a judge that says what to ask and what is right.

An instructor's folder holds `NAME/NAME.ipynb`, the source notebook with solutions, and
`NAME/judge.py`, a module with a value `ASSIGNMENT`. A *question* is a piece of code that runs in
the student's namespace on inputs that the judge has drawn, and a function that judges its value
elsewhere. `Hidden` is where a judge gets its randomness from.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import secrets
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

import numpy as np

from mgrlib.errors import MgrError, explain
from mgrlib.storage import atomic_write

T = TypeVar("T")


@dataclass(frozen=True)
class Secret:
    """What an instructor draws for a class before it begins: a key, and the variant of the tasks.

    Args:
        key: 64 hexadecimal digits; every hidden corpus and input follows from it.
        variant: which of the assignment's questions the class gets.
        assignment: its name.
    """

    key: str
    variant: str
    assignment: str

    @classmethod
    def draw(cls, assignment: str, variant: str) -> Secret:
        """A new one, from the system's randomness."""
        return cls(secrets.token_hex(32), variant, assignment)

    @classmethod
    def read(cls, path: Path, assignment: str) -> Secret:
        """The secret in a file.

        Raises:
            MgrError: no such file, not a secret, or that of another assignment.
        """
        hint = "draw one with `mgrlib release SOURCE OUT --seed FILE` before the first class."
        try:
            fields = json.loads(path.read_text(encoding="utf-8"))
            secret = cls(str(fields["key"]), str(fields["variant"]), str(fields["assignment"]))
            bytes.fromhex(secret.key)
        except (OSError, ValueError, KeyError, TypeError) as error:
            got = f"{type(error).__name__}"
            raise MgrError(explain(str(path), "the class's secret", got, hint)) from error
        if secret.assignment != assignment:
            got = f"the secret of {secret.assignment!r}"
            raise MgrError(explain(str(path), f"the secret of {assignment!r}", got, hint))
        return secret

    def write(self, path: Path) -> None:
        """Keep it in a file that only its owner can read."""
        fields = {"assignment": self.assignment, "variant": self.variant, "key": self.key}
        with atomic_write(path) as part:
            part.write_text(json.dumps(fields, indent=1) + "\n", encoding="utf-8")
        path.chmod(0o600)


class Hidden:
    """The judge's source of hidden things during one run of marking.

    Args:
        secret: of the class.
        salt: of this run, so that inputs differ from run to run and feedback on one run's inputs
            is of no use in the next.
        folder: where hidden corpora are written for this run.
    """

    def __init__(self, secret: Secret, salt: str, folder: Path) -> None:
        self.secret, self.salt, self.folder = secret, salt, folder
        self._lock = threading.RLock()
        self._values: dict[str, Any] = {}

    @property
    def variant(self) -> str:
        """Which questions the class has."""
        return self.secret.variant

    def seed(self, purpose: str) -> int:
        """A number for a hidden corpus: the same in every run for one class."""
        return self._number(purpose, "") % (1 << 31)

    def rng(self, purpose: str) -> np.random.Generator:
        """Randomness for a question's inputs: other in every run."""
        return np.random.default_rng(self._number(purpose, self.salt))

    def _number(self, purpose: str, salt: str) -> int:
        text = "\0".join((self.secret.key, self.secret.assignment, purpose, salt))
        return int.from_bytes(hashlib.sha256(text.encode()).digest()[:16], "big")

    def once(self, purpose: str, make: Callable[[], T]) -> T:
        """What `make` returns, made once in a run."""
        with self._lock:
            if purpose not in self._values:
                self._values[purpose] = make()
            return self._values[purpose]


@dataclass(frozen=True)
class Verdict:
    """What an answer is worth: a fraction of the question's points, and why."""

    fraction: float
    reason: str = ""


@dataclass(frozen=True)
class Question:
    """One thing that is asked of a submission.

    Args:
        title: as the feedback page calls it.
        points: to be had.
        code: runs in a copy of the submission's namespace, and leaves `result`.
        judge: gets the value of `result`, as plain data, and returns a fraction of the points, a
            `Verdict`, or None for all of them. An `AssertionError` is no points, and its text is
            what the student reads.
        inputs: names and values, plain data, that `code` finds. The submission can read them too.
    """

    title: str
    points: float
    code: str
    judge: Callable[[Any], float | Verdict | None]
    inputs: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A part of an assignment: the answer cell's name, a title, points, and what is asked."""

    task: str
    title: str
    points: float
    questions: Callable[[Hidden], Sequence[Question]]


@dataclass(frozen=True)
class Written:
    """A question that is answered in words, and the boxes that its marker fills.

    Args:
        task: the answer cell's name.
        title: as pages call it.
        rubric: what is looked for, and the points for it.
    """

    task: str
    title: str
    rubric: Mapping[str, float]

    @property
    def points(self) -> float:
        """Points to be had."""
        return sum(self.rubric.values())


@dataclass(frozen=True)
class Assignment:
    """An assignment as its judge declares it.

    Args:
        title: as pages call it.
        variants: the names of its variants; the first is the one that is published.
        parts: marked by questions.
        written: marked by a person.
        setup: in place of the notebook's set-up cell: code that runs first in the box, and the
            plain data that it finds.
        hidden_modules: modules that the box does not contain.
        data: folders that the box shows below `JOB`, by their names.
        cell_seconds: CPU time of a cell or a question.
    """

    title: str
    variants: tuple[str, ...]
    parts: tuple[Part, ...]
    written: tuple[Written, ...]
    setup: Callable[[Hidden], tuple[str, Mapping[str, Any]]]
    hidden_modules: tuple[str, ...] = ()
    data: Callable[[Hidden], Mapping[str, Path]] = lambda hidden: {}
    cell_seconds: int = 60

    @property
    def out_of(self) -> float:
        """Points to be had in all."""
        return sum(p.points for p in self.parts) + sum(w.points for w in self.written)


@dataclass(frozen=True)
class Source:
    """An assignment with its files: `name`, its source notebook, and what its judge declares."""

    name: str
    notebook: Path
    assignment: Assignment
    digest: str


def load_assignment(folder: Path) -> Source:
    """The assignment in an instructor's folder.

    Raises:
        MgrError: the folder holds no source notebook or no judge.
    """
    folder = Path(folder).resolve()
    notebook, module = folder / f"{folder.name}.ipynb", folder / "judge.py"
    for path in (notebook, module):
        if not path.is_file():
            hint = "give the assignment's own folder, as in `instructors/features`."
            raise MgrError(explain(str(folder), f"a file {path.name}", "none there", hint))
    loaded = _module(module)
    assignment = getattr(loaded, "ASSIGNMENT", None)
    if not isinstance(assignment, Assignment):
        raise MgrError(explain(str(module), "a value ASSIGNMENT", type(assignment).__name__))
    content = notebook.read_bytes() + module.read_bytes()
    return Source(folder.name, notebook, assignment, hashlib.sha256(content).hexdigest())


def _module(path: Path) -> ModuleType:
    name = f"mgrlib_judge_{path.parent.name}"
    spec = importlib.util.spec_from_file_location(name, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module
