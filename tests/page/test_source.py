"""Shown source: the package's own text, whole, with its place."""

from __future__ import annotations

import inspect

import pytest

from mgrlib import shapes
from mgrlib.errors import AudioError, MgrError
from mgrlib.page import listen, show_source
from mgrlib.page.source import without_docstrings


def test_source_is_the_text_of_the_file():
    source = show_source(shapes.check_shape)
    assert source.code == inspect.getsource(shapes.check_shape).rstrip()
    assert source.data.count("```python\n") == 1
    assert "`mgrlib/shapes.py`" in source.data


def test_several_things_come_in_the_order_given():
    source = show_source(AudioError, shapes.check_shape)
    assert source.code.index("class AudioError") < source.code.index("def check_shape")
    assert source.data.count("```python\n") == 2


def test_method_is_shown_without_its_indentation():
    assert show_source(_Thing.method).code.startswith("def")


def test_module_is_shown_from_its_first_line():
    assert show_source(shapes).code.startswith('"""Shape letters')


def test_code_with_backticks_gets_a_longer_fence():
    assert "````python\n" in show_source(_fenced).data


def test_docstrings_can_be_left_out_and_all_else_stays():
    code = show_source(listen, docstring=False).code
    assert '"""' not in code
    assert "seconds = len(y) / sample_rate" in code
    compile(code, "listen", "exec", flags=__import__("__future__").annotations.compiler_flag)


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ('class A:\n    "Doc."\n\n    x = 1', "class A:\n    x = 1"),
        ('def f():\n    """Doc\n    more."""', "def f():\n    pass"),
        ('"""Doc."""\n\nx = 1', "x = 1"),
        ('def f():\n    return """not a doc"""', 'def f():\n    return """not a doc"""'),
    ],
)
def test_only_docstrings_go(code, expected):
    assert without_docstrings(code) == expected


def test_things_without_source_are_refused_by_name():
    with pytest.raises(MgrError, match="an object with source code, got len"):
        show_source(len)
    with pytest.raises(MgrError, match="at least one"):
        show_source()


class _Thing:
    def method(self) -> None:
        """Nothing."""


def _fenced() -> str:
    return "```"
