"""Text files are UTF-8 on every computer, whatever its locale is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
FILES = sorted(
    path for part in ("mgrlib", "checks", "docs_ext") for path in (ROOT / part).rglob("*.py")
)
POSITION = {"read_text": 0, "write_text": 1}  # of the encoding among the arguments
PROCESSES = {"run", "Popen", "check_output", "check_call", "call"}


def locale_bound(source: str) -> Iterator[int]:
    """The lines of calls whose text depends on the computer's locale."""
    for call in (node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)):
        name = getattr(call.func, "attr", getattr(call.func, "id", ""))
        keywords = {keyword.arg: keyword.value for keyword in call.keywords}
        texts = [arg.value for arg in call.args if isinstance(arg, ast.Constant)]
        if isinstance(keywords.get("mode"), ast.Constant):
            texts.append(keywords["mode"].value)  # type: ignore[attr-defined]
        binary = any(isinstance(text, str) and "b" in text and len(text) < 4 for text in texts)
        if (
            (name in POSITION and len(call.args) <= POSITION[name])
            or (name in ("open", "fdopen", "NamedTemporaryFile") and opens_text(call, binary))
            or (name in PROCESSES and ({"text", "universal_newlines"} & set(keywords)))
        ) and "encoding" not in keywords:
            yield call.lineno


def opens_text(call: ast.Call, binary: bool) -> bool:
    """Whether a call of this name opens a text file; other things have an `open` too."""
    if isinstance(call.func, ast.Name):
        return call.func.id == "open" and not binary
    owner = getattr(call.func.value, "id", "")  # type: ignore[attr-defined]
    if owner == "tempfile":
        return any(isinstance(a, ast.Constant) and a.value == "w" for a in call.args)
    return not binary and owner not in (
        "Image",
        "archive",
        "tarfile",
        "zipfile",
        "os",
        "webbrowser",
    )


def test_every_text_has_its_encoding():
    """Ruff's own rule, PLW1514, misses calls on paths that it cannot tell to be such."""
    lines = {path: list(locale_bound(path.read_text(encoding="utf-8"))) for path in FILES}
    assert {str(path): numbers for path, numbers in lines.items() if numbers} == {}


@pytest.mark.parametrize(
    "source",
    [
        "path.read_text()",
        "path.write_text('x')",
        "open(path)",
        "open(path, 'w')",
        "path.open()",
        "path.open(mode='a')",
        "subprocess.run(command, text=True)",
        "subprocess.Popen(command, text=True)",
        "tempfile.NamedTemporaryFile('w')",
    ],
)
def test_a_text_without_encoding_is_found(source):
    assert list(locale_bound(source)) == [1]


@pytest.mark.parametrize(
    "source",
    [
        "path.read_text('utf-8')",
        "path.read_text(encoding='utf-8')",
        "path.write_text('x', 'utf-8')",
        "open(path, 'rb')",
        "path.open('wb')",
        "path.open(mode='rb')",
        "subprocess.run(command, encoding='utf-8')",
        "Image.open(path)",
        "tempfile.NamedTemporaryFile()",
    ],
)
def test_what_needs_no_encoding_passes(source):
    assert list(locale_bound(source)) == []
