"""Source code of the package, shown in a chapter."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Callable
from importlib.metadata import PackageNotFoundError, metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from IPython.display import Markdown

from mgrlib.errors import MgrError, explain


class Source(Markdown):
    """Highlighted source code; `code` is the plain text."""

    def __init__(self, code: str, markdown: str) -> None:
        super().__init__(markdown)
        self.code = code

    def __repr__(self) -> str:
        return self.code


def show_source(*things: Callable[..., Any] | type | ModuleType, docstring: bool = True) -> Source:
    """Show the source code of functions, classes or modules, with the file and lines of each.

    Args:
        things: functions, methods, classes, modules, or instances of a class; at least one.
        docstring: whether to include docstrings.

    Raises:
        MgrError: if there is no source file, as for built-in objects or code in a notebook.

    >>> from mgrlib.errors import MgrError
    >>> print(show_source(MgrError, docstring=False).code)
    class MgrError(Exception):
        pass
    """
    if not things:
        raise MgrError(explain("show_source", "at least one function or class", "none"))
    codes, blocks = [], []
    for thing in things:
        code, place = _source(thing)
        code = code if docstring else without_docstrings(code)
        longest = max(map(len, re.findall("`+", code)), default=0)
        fence = "`" * max(3, longest + 1)
        codes.append(code)
        blocks.append(f"{place}\n\n{fence}python\n{code}\n{fence}")
    return Source("\n\n\n".join(codes), "\n\n".join(blocks))


def without_docstrings(code: str) -> str:
    r"""Remove every docstring from Python source code and change nothing else.

    >>> print(without_docstrings('def f(x):\n    "Twice x."\n    return 2 * x  # why'))
    def f(x):
        return 2 * x  # why
    """
    lines = code.splitlines()
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Module):
            continue
        if not (node.body and ast.get_docstring(node, clean=False) is not None):
            continue
        doc = node.body[0]
        first, last = doc.lineno - 1, doc.end_lineno or doc.lineno
        needs_pass = len(node.body) == 1 and not isinstance(node, ast.Module)
        lines[first] = " " * doc.col_offset + "pass" if needs_pass else "\0"
        lines[first + 1 : last] = ["\0"] * (last - first - 1)
        if not needs_pass and last < len(lines) and not lines[last].strip():
            lines[last] = "\0"
    return "\n".join(line for line in lines if line != "\0").strip("\n")


def _source(thing: Any) -> tuple[str, str]:
    """The source code of an object, and a line of Markdown with its file and lines."""
    thing = inspect.unwrap(thing) if callable(thing) else thing
    if not (inspect.ismodule(thing) or inspect.isclass(thing) or inspect.isroutine(thing)):
        thing = type(thing)
    try:
        lines, start = inspect.getsourcelines(thing)
        file = Path(inspect.getsourcefile(thing) or "")
    except (OSError, TypeError) as error:
        got = getattr(thing, "__qualname__", repr(thing))
        hint = "show objects of the package, not of a notebook."
        raise MgrError(explain("show_source", "an object with source code", got, hint)) from error
    code = textwrap.dedent("".join(lines)).rstrip()
    return code, _place(file, max(start, 1), len(lines))


def _place(file: Path, start: int, count: int) -> str:
    """The path of a file and its lines, with a link to the repository for files of the package."""
    package = Path(__file__).resolve().parents[1]
    if not file.is_relative_to(package):
        return f"*{file.name}*, line {start}"
    path = file.relative_to(package.parent).as_posix()
    end = start + count - 1
    repository = _repository()
    link = f"]({repository}/blob/main/{path}#L{start}-L{end})" if repository else ""
    name = f"`{path}`"
    return (f"[{name}{link}" if link else name) + f", lines {start} to {end}"


def _repository() -> str:
    """The repository's address in the installed package's metadata, or ""."""
    try:
        urls = metadata("mgrlib").get_all("Project-URL") or []
    except PackageNotFoundError:
        return ""
    addresses = dict(url.split(", ", 1) for url in urls)
    return addresses.get("Repository", "")
