"""The version stands in three places that agree, and the changelog tells what a release brings."""

from __future__ import annotations

from pathlib import Path

import pytest

import mgrlib
from checks import release

ROOT = Path(__file__).resolve().parent.parent
CHANGELOG = """# Changelog

## [Unreleased]

## [0.2.0] - 2026-11-29

- new

## [0.1.0] - 2026-01-01
"""


def test_the_present_version_has_a_section_in_the_changelog():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert len(release.notes(text, mgrlib.__version__).split()) > 100


def test_notes_are_the_section_of_the_version_alone():
    assert release.notes(CHANGELOG, "0.2.0") == "- new\n"


@pytest.mark.parametrize("version", ["0.1.0", "0.3.0", "0.2", "Unreleased"])
def test_a_version_without_notes_is_refused(version):
    with pytest.raises(ValueError, match=r"expected a section.*0\.2\.0"):
        release.notes(CHANGELOG, version)


def test_a_tag_that_a_file_contradicts_is_refused(tmp_path):
    (tmp_path / "mgrlib").mkdir()
    (tmp_path / "mgrlib/__init__.py").write_text('__version__ = "0.2.0"\n')
    (tmp_path / "CITATION.cff").write_text("title: a\nversion: 0.1.0\n")
    (tmp_path / "CHANGELOG.md").write_text(CHANGELOG)
    with pytest.raises(ValueError, match=r"CITATION\.cff.*0\.1\.0"):
        release.main("v0.2.0", tmp_path)
    (tmp_path / "CITATION.cff").write_text("title: a\nversion: 0.2.0\n")
    assert release.main("v0.2.0", tmp_path) == "- new\n"
