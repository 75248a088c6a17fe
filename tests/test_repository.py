"""The project's own papers: one address, pinned requirements, and nothing of one machine."""

from __future__ import annotations

import json
import re
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

import mgrlib
from mgrlib.page import chapter_quiz

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
REPOSITORY = PROJECT["urls"]["Repository"]
OWNER_AND_NAME = REPOSITORY.removeprefix("https://github.com/")
NAME = OWNER_AND_NAME.split("/")[1]
# Where an address of a repository can be hidden.
ADDRESS = re.compile(
    r"(?:github\.com|githubusercontent\.com|colab\.research\.google\.com/github|mybinder\.org/v2/gh)"
    r"/([\w.-]+)/([\w-]+(?:\.[\w-]+)*)"
)


def other_addresses(text: str) -> list[str]:
    """Addresses that mean this project, by its name or by a button, and are not its own."""
    addresses = []
    for match in ADDRESS.finditer(text):
        owner, name = match[1], match[2].removesuffix(".git")
        button = "colab" in match[0] or "mybinder" in match[0]
        if (name == NAME or button) and f"{owner}/{name}" != OWNER_AND_NAME:
            addresses.append(match[0])
    return addresses


def tracked() -> list[Path]:
    """The project's text files, or a skip where there is no repository to ask."""
    try:
        output = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, text=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("not a git repository")
    paths = [ROOT / name for name in output.split("\0") if name and not name.startswith("vendor/")]
    text = [p for p in paths if p.is_file() and p.suffix != ".inv"]
    return [p for p in text if b"\0" not in p.read_bytes()[:4096]]


def test_repository_address_is_the_same_everywhere():
    me = Path(__file__)
    texts = {p: p.read_text(encoding="utf-8") for p in tracked() if p != me}
    assert {p.name: o for p, text in texts.items() if (o := other_addresses(text))} == {}


def test_settings_and_citation_give_the_address():
    config = yaml.safe_load((ROOT / "_config.yml").read_text(encoding="utf-8"))
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert config["repository"]["url"] == REPOSITORY
    assert citation["repository-code"] == REPOSITORY
    assert f"git+{REPOSITORY}" in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    "text",
    [
        f"https://github.com/someone/{NAME}",
        f"git+https://github.com/someone/{NAME}.git",
        "https://colab.research.google.com/github/executablebooks/jupyter-book/blob/master/a.ipynb",
        "https://mybinder.org/v2/gh/someone/else/main",
    ],
)
def test_check_finds_another_address(text):
    assert len(other_addresses(text)) == 1


def test_check_lets_others_be_named():
    text = f"https://github.com/librosa/librosa {REPOSITORY}/blob/main/x {REPOSITORY}.git"
    assert other_addresses(text) == []


def test_no_file_names_a_path_of_one_machine():
    own = re.compile(r"(?<![\w.:/<>{}\[\]()^|?'])/(?:home|Users|root)/\w")
    assert [p.name for p in tracked() if own.search(p.read_text(encoding="utf-8"))] == []


def pins() -> dict[str, str]:
    lines = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.strip() and not line.startswith("#")]
    assert [line for line in entries if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    names = [canonicalize_name(line.split("==")[0]) for line in entries]
    assert len(set(names)) == len(names)
    return dict(zip(names, [line.split("==")[1] for line in entries], strict=True))


def test_requirements_are_pins_and_nothing_else():
    assert len(pins()) > 100


def test_pins_hold_what_the_package_asks_for():
    extras = PROJECT["optional-dependencies"].values()
    requirements = [*PROJECT["dependencies"], *(line for extra in extras for line in extra)]
    pinned = pins()
    wrong = []
    for requirement in map(Requirement, requirements):
        if requirement.name == PROJECT["name"]:  # an extra that contains another
            assert requirement.extras <= set(PROJECT["optional-dependencies"])
            continue
        version = pinned.get(canonicalize_name(requirement.name))
        if version is None or version not in requirement.specifier:
            wrong.append(f"{requirement}: {version}")
    assert wrong == []


def test_version_is_the_same_in_package_and_citation():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == mgrlib.__version__


def test_questions_kept_with_the_package_are_whole():
    paths = sorted((Path(mgrlib.__file__).parent / "page/questions").glob("*.json"))
    assert len(paths) >= 11
    for file in paths:
        assert (
            repr(chapter_quiz(file.stem)) == f"quiz: {len(json.loads(file.read_text()))} questions"
        )
