from __future__ import annotations

import json
import os
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from mgrlib.errors import MgrError
from mgrlib.grading import box
from mgrlib.grading.assignment import Secret
from mgrlib.grading.box import Limits
from mgrlib.grading.platforms import mark_one

PLATFORMS = Path(__file__).resolve().parents[2] / "instructors/platforms"
BOXED = pytest.mark.skipif(shutil.which("bwrap") is None, reason="needs bubblewrap")


@pytest.fixture
def autograder(tiny, tmp_path) -> Path:
    """A folder as Gradescope lays it out."""
    shutil.copytree(tiny, tmp_path / "source/tiny")
    Secret.draw("tiny", "a").write(tmp_path / "source/seed.json")
    for name in ("submission", "results"):
        (tmp_path / name).mkdir()
    return tmp_path


@BOXED
def test_results_are_in_the_platforms_form(autograder, hand_in, good) -> None:
    hand_in(autograder / "submission/work.ipynb", good | {"half": "def half(x):\n    return 1"})
    mark_one(autograder, kind="bwrap")
    content = json.loads((autograder / "results/results.json").read_text())
    assert content["score"] == 2 and content["stdout_visibility"] == "hidden"
    tests = {test["name"]: test for test in content["tests"]}
    assert tests["Doubling: A number"]["score"] == 2
    assert tests["Halving: Numbers"]["score"] == 0 and tests["Halving: Numbers"]["output"]
    assert "by hand" in content["output"]


@BOXED
def test_a_submission_without_a_notebook_has_a_note(autograder) -> None:
    (autograder / "submission/essay.pdf").write_bytes(b"%PDF")
    assert "no notebook" in mark_one(autograder, kind="bwrap")["output"]


def test_an_archive_without_an_assignment_is_refused(tmp_path) -> None:
    (tmp_path / "source").mkdir()
    with pytest.raises(MgrError, match="one assignment"):
        mark_one(tmp_path, kind="bwrap")


@pytest.mark.skipif(os.name == "nt", reason="a shell script")
def test_the_archive_has_what_the_platform_expects(autograder, tiny, tmp_path) -> None:
    script, seed = PLATFORMS / "make_archive.sh", autograder / "source/seed.json"
    archive = tmp_path / "tiny.zip"
    subprocess.run([script, tiny, seed, archive], check=True)
    names = set(zipfile.ZipFile(archive).namelist())
    assert {"setup.sh", "run_autograder", "seed.json", "tiny/judge.py", "tiny/tiny.ipynb"} <= names


@pytest.mark.parametrize("kind", ["docker", "podman"])
def test_a_container_has_the_same_walls(tmp_path, kind) -> None:
    hidden = ("scipy", "mgrlib.synth", "mgrlib.data.synthetic")
    command = box._command(kind, tmp_path, Limits(megabytes=777), hidden, {"corpus": tmp_path}, 0)
    line = " ".join(command)
    assert command[:3] == [kind, "run", "--rm"]
    for wall in ("--network none", "--read-only", "--cap-drop ALL", "--memory 777m",
                 "--security-opt no-new-privileges", "--user 1000:1000", "--pids-limit 64",
                 f"{tmp_path}:/box/job:ro", "/box/job/corpus:ro"):  # fmt: skip
        assert wall in line
    for name in ("scipy", "mgrlib/synth", "mgrlib/data/synthetic.py"):
        assert f":{box.IMAGE_PACKAGES}/{name}:ro" in line
    assert "seed" not in line and "instructors" not in line


def test_the_box_user_is_for_the_inside_of_containers(monkeypatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000, raising=False)
    with pytest.raises(MgrError, match="container"):
        box.choose_box("user")
