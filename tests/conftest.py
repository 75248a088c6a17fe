"""What all tests share: one thread, a store of their own, and real recordings if there are any."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

# The same examples in every run, and no limit on time: a busy computer is no fault.
settings.register_profile("mgrlib", deadline=None, derandomize=True)
settings.load_profile("mgrlib")

# They hold no doctests, and several files of one name cannot be collected as modules.
collect_ignore_glob = ["conftest.py", "*/conftest.py"]

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("gtzan_sample", "kaggle", "choi")


@pytest.fixture(scope="session", autouse=True)
def _own_store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Point MGRLIB_HOME at a folder of this session, so that no test sees what another run kept."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MGRLIB_HOME", str(tmp_path_factory.mktemp("store")))
        yield


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty store for one test."""
    monkeypatch.setenv("MGRLIB_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture(scope="session", autouse=True)
def _one_thread() -> None:
    """Keep torch to one thread: small networks gain nothing from two, busy machines suffer."""
    import torch

    torch.set_num_threads(1)


@pytest.fixture(scope="session")
def realdata() -> Path:
    """The folder with gtzan_sample/, kaggle/ and choi/; the test is skipped where there is none.

    MGRLIB_REALDATA names it; otherwise it is looked for beside the project.
    """
    folder = Path(os.environ.get("MGRLIB_REALDATA") or ROOT / "../shared/data").resolve()
    missing = [part for part in PARTS if not (folder / part).is_dir()]
    if missing:
        pytest.skip(f"no real data: {', '.join(missing)} not found (set MGRLIB_REALDATA)")
    return folder
