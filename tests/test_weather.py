"""The check that chapters hold on other computers: it must notice a cell that would not."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import nbformat
import pytest
import yaml

pytest.importorskip("nbclient", reason="what runs a notebook is not installed")

from checks import bounds, weather

ROOT = Path(__file__).resolve().parent.parent
on_x86 = pytest.mark.skipif(not weather.imitable("avx2"), reason="not an x86 processor with AVX2")


def notebook_file(folder: Path, *sources: str, prose: str = "", points: int = 0) -> Path:
    """A notebook of code cells, the last of them graded if it has points."""
    notebook = nbformat.v4.new_notebook()
    notebook.cells = [nbformat.v4.new_markdown_cell(prose)]
    notebook.cells += [nbformat.v4.new_code_cell(source) for source in sources]
    if points:
        notebook.cells[-1].metadata["nbgrader"] = {"grade": True, "points": points}
    nbformat.write(notebook, folder / "chapter.ipynb")
    return folder / "chapter.ipynb"


def broken(path: Path, condition: weather.Condition | None = None) -> list[tuple[int, str]]:
    breakages = weather.breakages(path, condition or weather.Condition("as it is"), path.parent)
    return [(breakage.cell, breakage.error) for breakage in breakages]


def test_cell_that_breaks_is_noticed_and_the_next_one_runs(tmp_path):
    path = notebook_file(tmp_path, "x = 1", "assert x == 2", "y = x", "1 / (y - 1)")
    errors = broken(path)
    assert errors == [
        (2, "AssertionError: assert x == 2"),
        (4, "ZeroDivisionError: division by zero"),
    ]


def test_sound_notebook_holds(tmp_path):
    path = notebook_file(tmp_path, "x = 1", "assert x == 1")
    assert broken(path) == []


def test_cell_that_kills_its_kernel_is_noticed(tmp_path):
    path = notebook_file(tmp_path, "import os", "os._exit(3)")
    ((cell, error),) = broken(path)
    assert cell == -1 and "kernel died" in error


def test_assertion_that_rests_on_one_seed_is_noticed_under_another(tmp_path):
    path = notebook_file(tmp_path, "def seeded(n):\n    return n", "assert seeded(7) == 7")
    assert broken(path) == []
    errors = broken(path, weather.Condition("seeds + 101", {}, 101))
    assert errors == [(2, "AssertionError: assert seeded(108) == 7")]


def test_environment_of_a_condition_reaches_the_cells(tmp_path):
    path = notebook_file(
        tmp_path, "import os\nassert os.environ.get('ATEN_CPU_CAPABILITY') != 'avx2'"
    )
    assert broken(path) == []
    assert len(broken(path, weather.Condition("avx2", {"ATEN_CPU_CAPABILITY": "avx2"}))) == 1


def test_solution_that_earns_too_little_is_noticed(tmp_path):
    errors = broken(notebook_file(tmp_path, "2.0 * 3", points=10))
    assert errors == [(1, "the solution earns 6 of 10 points")]
    assert broken(notebook_file(tmp_path, "2.0 * 5", points=10)) == []


def test_command_lists_what_broke_and_says_so_by_its_status(tmp_path, capsys):
    path = notebook_file(tmp_path, "assert 1 > 2")
    assert weather.main([str(path), "--under", "as it is"]) == 1
    printed = capsys.readouterr().out
    assert "1 cells broke" in printed
    assert "chapter.ipynb, cell 1, under 'as it is': AssertionError: assert 1 > 2" in printed


def test_condition_out_of_reach_is_said_and_is_no_failure(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(weather.platform, "machine", lambda: "arm64")
    assert [condition.name for condition in weather.conditions()] == [
        name for name in weather.NAMES if name not in weather.LEVELS
    ]
    assert weather.main([str(notebook_file(tmp_path, "1 / 0")), "--under", "avx512"]) == 0
    assert "avx512: this processor cannot imitate it" in capsys.readouterr().out


def test_conditions_carry_the_names_in_their_order():
    names = [condition.name for condition in weather.conditions()]
    assert names == [name for name in weather.NAMES if name in names]


@pytest.mark.parametrize(
    ("source", "seeds"),
    [
        ("with seeded(0):\n    pass", [0]),
        ("torch.manual_seed(3); fit(m, config=TrainConfig(epochs=2, seed=4))", [3, 4]),
        ("%pip install x\nwith seeded(5):\n    pass", [5]),
        ("model = new_head(tagger, 10, seed=0)", [0]),
        ("split = by_group(corpus, test=0.25, seed=0)", []),
        ("corpus = synthetic(n_per_genre=2, seed=1)", []),
        ("generator = torch.Generator().manual_seed(0)", []),
        ("for n in (1, 2):\n    with seeded(n):\n        pass", []),
    ],
)
def test_seeds_of_training_are_found_and_others_left_alone(source, seeds):
    assert [node.value for node in weather.training_seeds(source)] == seeds


def test_other_seeds_change_nothing_but_the_seeds(tmp_path):
    source = (
        "é = 'ü'; seeded(0); torch.manual_seed(12)  # 0\nsplit(seed=0)\nTrainConfig(seed=9, lr=9)"
    )
    notebook = weather.read(notebook_file(tmp_path, source))
    changed = weather.with_other_seeds(notebook, 100)
    expected = source.replace("seeded(0)", "seeded(100)").replace("(12)", "(112)")
    assert changed.cells[1].source == expected.replace("seed=9", "seed=109")
    assert notebook.cells[1].source == source


def test_seed_that_the_text_names_stays(tmp_path):
    path = notebook_file(
        tmp_path, "seeded(3)", "seeded(4)", prose="Both start from seed 3, as before."
    )
    changed = weather.with_other_seeds(weather.read(path), 100)
    assert [cell.source for cell in changed.cells[1:]] == ["seeded(3)", "seeded(104)"]


def test_every_chapter_that_trains_has_seeds_to_change():
    changed = {
        path.stem
        for path in weather.notebooks()
        for cell in weather.read(path).cells
        if cell.cell_type == "code" and weather.training_seeds(cell.source)
    }
    trained = {
        path.stem
        for path in weather.notebooks()
        if any("seeded(" in cell.source for cell in weather.read(path).cells)
    }
    assert trained and trained <= changed


@on_x86
@pytest.mark.parametrize(("level", "name"), [("sse", "DEFAULT"), ("avx2", "AVX2")])
def test_path_is_taken_by_torch_and_numpy(level, name):
    code = (
        "import torch\n"
        "from checks.weather import FEATURES\n"
        "print(torch.backends.cpu.get_cpu_capability(), FEATURES.get('X86_V4', False))"
    )
    process = subprocess.run(
        [sys.executable, "-W", "error::ImportWarning", "-c", code],
        cwd=ROOT,
        env={**os.environ, **weather.path_environment(level)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert process.stdout.split() == [name, "False"]


def test_workflow_runs_every_condition_every_week():
    workflow = yaml.safe_load((ROOT / ".github/workflows/weather.yml").read_text(encoding="utf-8"))
    conditions = workflow["jobs"]["conditions"]["strategy"]["matrix"]["condition"]
    assert conditions == list(weather.NAMES)
    assert "schedule" in workflow[True]  # YAML reads the key `on` as true


def test_oldest_environment_holds_the_lower_bounds():
    assert bounds.oldest(["torch>=2.4", "librosa>=0.11,<2"]) == ["torch==2.4.*", "librosa==0.11.*"]


@pytest.mark.parametrize("requirement", ["torch", "torch<3", "torch==2.4"])
def test_dependency_without_a_lower_bound_is_refused(requirement):
    with pytest.raises(ValueError, match="lower bound"):
        bounds.oldest([requirement])


def test_newest_environment_leaves_the_ranges_as_they_are(capsys):
    assert bounds.main(["newest"]) == 0
    assert "librosa>=0.11,<2" in capsys.readouterr().out.splitlines()


def test_other_end_of_the_ranges_is_refused(capsys):
    assert bounds.main(["middle"]) == 2
    assert "expected oldest or newest, got 'middle'" in capsys.readouterr().err


def test_oldest_environment_can_be_made_of_every_dependency():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert len(bounds.oldest(project["dependencies"])) == len(project["dependencies"])


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_chapter_that_trains_most_holds_on_an_older_processor(tmp_path):
    assert weather.breakages(ROOT / weather.SHORT, weather.short_condition(), tmp_path) == []


def script(path: Path, text: str) -> None:
    path.write_text(f"#!{shutil.which('sh')}\n{text}\n")
    path.chmod(0o755)


@pytest.mark.skipif(os.name != "posix", reason="a script for bash")
class TestContinuousIntegration:
    """`.ci/run` in a folder of its own, with a `make` that only prints what it is given."""

    @staticmethod
    def ran(
        folder: Path, status: int = 0, path: str = os.environ["PATH"]
    ) -> subprocess.CompletedProcess[str]:
        project, tools = folder / "project", folder / "tools"
        (project / ".ci").mkdir(parents=True)
        tools.mkdir(exist_ok=True)
        shutil.copy(ROOT / ".ci/run", project / ".ci/run")
        script(tools / "make", f'echo "$* CI=$CI DATA=$MGRLIB_REALDATA"; read x; exit {status}')
        own = {k: v for k, v in os.environ.items() if k not in ("CI", "MGRLIB_REALDATA")}
        return subprocess.run(
            [str(shutil.which("bash")), str(project / ".ci/run")],
            cwd=folder,
            env={**own, "PATH": f"{tools}{os.pathsep}{path}"},
            input="a line that nobody may read\n",
            capture_output=True,
            text=True,
            check=False,
        )

    def test_it_runs_the_tests_without_input_or_data(self, tmp_path):
        process = self.ran(tmp_path)
        assert (process.returncode, process.stdout.strip()) == (0, "test CI=true DATA=")

    def test_it_names_the_real_data_that_lie_beside_the_project(self, tmp_path):
        data = tmp_path / "shared/data"
        data.mkdir(parents=True)
        process = self.ran(tmp_path)
        assert process.stdout.strip() == f"test CI=true DATA={data.resolve()}"

    def test_it_fails_when_the_tests_fail(self, tmp_path):
        assert self.ran(tmp_path, status=2).returncode != 0

    def test_it_goes_on_when_nothing_can_be_installed(self, tmp_path):
        tools = tmp_path / "tools"
        tools.mkdir()
        for name in ("bash", "sh", "dirname"):
            (tools / name).symlink_to(str(shutil.which(name)))
        script(tools / "id", "echo 0")
        script(tools / "timeout", 'shift; exec "$@"')
        script(tools / "apt-get", 'echo "$*" >> "$0.log"; exit 100')
        process = self.ran(tmp_path, path="")
        assert (process.returncode, process.stdout.strip()) == (0, "test CI=true DATA=")
        packages = (tools / "apt-get.log").read_text().split()
        assert {"chromium", "bubblewrap", "ffmpeg"} <= set(packages)
        assert "could not install chromium" in process.stderr
