"""One exception type per kind of failure.

Every message says where it happened, what was expected, what came, and the usual remedy;
`explain` puts those four parts together so that all messages read alike.
"""

from __future__ import annotations

from unicodedata import category


class MgrError(Exception):
    """Anything that mgrlib refuses; catch this one to catch them all."""


class ShapeError(MgrError, ValueError):
    """An array or tensor of the wrong shape or type."""


class AudioError(MgrError, ValueError):
    """A sound file or waveform that cannot be used."""


class CorpusError(MgrError, ValueError):
    """A corpus whose table, folder or genres do not hold together."""


class SplitError(MgrError, ValueError):
    """A split with unknown clips, overlapping parts, or a group in two parts."""


class FeatureError(MgrError, ValueError):
    """A feature with impossible settings, or one that cannot be computed from its input."""


class StorageError(MgrError, OSError):
    """A folder that cannot be read or written, or a disk that is full."""


class DownloadError(MgrError, OSError):
    """A file that no mirror would give."""


class ChecksumError(DownloadError):
    """A file whose content is not what it should be."""


class WorkerError(MgrError, OSError):
    """Worker processes that were killed, or a cluster that cannot be reached."""


class TrainingError(MgrError, RuntimeError):
    """A training run that cannot start or cannot go on."""


class EvaluationError(MgrError, ValueError):
    """Predictions that do not hold together, or a comparison that would not be a fair one."""


class RecipeError(MgrError, ValueError):
    """An unknown recipe, a recipe that contradicts itself, or a result of another recipe."""


def missing_package(error: ModuleNotFoundError) -> str:
    """The message for a package that is not installed, with the command that installs it."""
    name = error.name or str(error)
    extras = [extra for extra, package in _optional_packages() if package == _normal(name)]
    requirement = f'"mgrlib[{extras[0]}]"' if extras else name
    return explain("mgrlib", f"the package {name}", "none", f"pip install {requirement}.")


def _optional_packages() -> list[tuple[str, str]]:
    """Pairs of an extra of mgrlib and a package that it installs."""
    import re
    from importlib.metadata import PackageNotFoundError, requires  # slow to import

    try:
        lines = requires("mgrlib") or []
    except PackageNotFoundError:
        return []
    matches = [re.match(r"([\w.-]+).*extra == ['\"]([\w-]+)['\"]", line) for line in lines]
    pairs = [(match[2], _normal(match[1])) for match in matches if match]
    return sorted(pairs, key=lambda pair: pair[0] == "test")  # what our tests need comes last


def _normal(name: str) -> str:
    return name.partition(".")[0].replace("_", "-").lower()


def printable(text: str) -> str:
    r"""The text on one line, with what UTF-8 cannot hold and control characters escaped.

    The names of files may have both: odd bytes from another encoding, and line breaks.

    >>> print(printable("caf\udce9\nolé"))
    caf\udce9\nolé
    """
    return "".join(
        char.encode("unicode_escape").decode() if category(char) == "Cc" else char
        for char in _encodable(text)
    )


def _encodable(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


class MgrWarning(UserWarning):
    """What mgrlib did with data that it did not take as it came: files passed over, for one."""


def explain(where: str, expected: str, got: str, hint: str = "") -> str:
    """One message in the house form.

    >>> explain("cut", "at least one clip", "none", "check `clip_ids`.")
    'cut: expected at least one clip, got none. Hint: check `clip_ids`.'
    """
    text = f"{where}: expected {expected}, got {got.removesuffix('.')}."
    return _encodable(f"{text} Hint: {hint}" if hint else text)


def some(items: object, n: int = 3) -> str:
    """The first `n` offenders of an iterable, with a count of the rest.

    >>> some(["a", "b", "c", "d", "e"])
    "'a', 'b', 'c' and 2 more"
    """
    values = list(items)  # type: ignore[call-overload]
    first = ", ".join(repr(item) for item in values[:n])
    rest = len(values) - n
    return f"{first} and {rest} more" if rest > 0 else first
