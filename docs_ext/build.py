"""Execute the chapters, several at a time, and build the site with warnings as errors.

The build avoids three problems. The cache of executed notebooks depends on their cells but not on
the package they import, so it is emptied when the package or a dependency changes. Sphinx warns
about a page only when it reads the page, so all pages are read again. Jupyter Book executes one
notebook at a time, so the cache is filled first, by several processes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import distributions
from pathlib import Path

from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

from checks.chapters import files_of, pages_in_toc
from mgrlib.models.published import at_hand

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
CELL_SECONDS = 300  # stops a cell that hangs; a test limits a chapter to 120 s


def environment_key() -> str:
    """A fingerprint of Python, the installed packages and every file of mgrlib."""
    digest = hashlib.sha256(sys.version.encode())
    packages = {(d.metadata["Name"], d.version) for d in distributions()}
    digest.update(repr(sorted(packages)).encode())
    for path in sorted((ROOT / "mgrlib").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def book_key() -> str:
    """A fingerprint of every source file of the site."""
    parts = ["_config.yml", "_toc.yml", "book", "_static", "vendor", "docs_ext", "checks"]
    parts.append("benchmarks/results")  # which pages show
    files = [
        f for p in parts for f in ([ROOT / p] if (ROOT / p).is_file() else (ROOT / p).rglob("*"))
    ]
    digest = hashlib.sha256(environment_key().encode())
    digest.update(b"tagger" if at_hand("msd-crnn") else b"")  # "Try it" offers it
    for path in sorted(files):
        if path.is_file() and not {"__pycache__", ".ipynb_checkpoints"} & set(path.parts):
            digest.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return digest.hexdigest()


def forget_if_changed() -> None:
    """Empty the cache of executed notebooks if the package or a dependency has changed."""
    note, key = BUILD / ".environment", environment_key()
    if not note.exists() or note.read_text("utf-8") != key:
        shutil.rmtree(CACHE, ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        note.write_text(key, "utf-8")


def execute(notebook: str) -> tuple[str, bool, float]:
    """Execute a notebook into the cache; returns its path, its success, and the seconds."""
    start = time.monotonic()
    cache = get_cache(str(CACHE))
    run = load_executor("local-serial", cache).run_and_cache(
        filter_uris=[notebook], timeout=CELL_SECONDS
    )
    return notebook, len(run.succeeded) == 1, time.monotonic() - start


def runs(notebook: Path) -> bool:
    """Whether a notebook is executed; assignments, whose solutions are missing, are not."""
    about = json.loads(notebook.read_text(encoding="utf-8"))["metadata"].get("mystnb", {})
    return about.get("execution_mode") != "off"


def execute_stale(notebooks: list[Path]) -> bool:
    """Execute the notebooks that are not in the cache; returns whether all succeeded."""
    CACHE.mkdir(parents=True, exist_ok=True)
    cache = get_cache(str(CACHE))
    for path in notebooks:
        cache.add_nb_to_project(str(path))
    paths = {str(path) for path in notebooks}
    stale = [r.uri for r in cache.list_unexecuted() if r.uri in paths]
    print(f"{len(notebooks)} notebooks, {len(stale)} to execute", flush=True)
    if not stale:
        return True
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(cores or 1, len(stale))
    os.environ["OMP_NUM_THREADS"] = str(max(1, (cores or 1) // workers))
    with ProcessPoolExecutor(workers) as pool:
        running = [pool.submit(execute, uri) for uri in stale]
        for n, job in enumerate(as_completed(running), 1):
            uri, succeeded, seconds = job.result()
            state = "" if succeeded else "  FAILED"
            name = Path(uri).relative_to(ROOT)
            print(f"  [{n}/{len(stale)}] {name}  {seconds:.0f} s{state}", flush=True)
    failed = [r for r in cache.list_project_records() if r.uri in stale and r.traceback]
    for record in failed:
        print(f"\n{Path(record.uri).relative_to(ROOT)}:\n{record.traceback}")
    return not failed


def prepare_kernels() -> None:
    """Give kernels their own settings, so that a user's start-up files do not change a chapter.

    Without the log level, each kernel warns about its unencrypted local socket.
    """
    os.environ.pop("MPLBACKEND", None)
    profile = BUILD / "ipython/profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = 'get_config().IPKernelApp.log_level = "ERROR"\n'
    (profile / "ipython_kernel_config.py").write_text(settings, "utf-8")
    os.environ["IPYTHONDIR"] = str(BUILD / "ipython")
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")  # threads that wait should sleep


def build() -> int:
    """Build the site; 0 if there was no warning.

    Only a build without warnings stores its fingerprint and is then reused.
    """
    note, key = BUILD / ".book", book_key()
    if note.exists() and note.read_text("utf-8") == key and (BUILD / "html/index.html").exists():
        print(f"Nothing has changed.\n{BUILD / 'html/index.html'}")
        return 0
    note.unlink(missing_ok=True)
    prepare_kernels()
    forget_if_changed()
    pages = [path for page in pages_in_toc(ROOT) for path in files_of(page, ROOT)]
    if not execute_stale([path for path in pages if path.suffix == ".ipynb" and runs(path)]):
        return 1
    for folder in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(BUILD / folder, ignore_errors=True)
    print("building the pages", flush=True)
    start = time.monotonic()
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-n", "-W"]
    status = subprocess.run([*command, "--keep-going", "-q"], cwd=ROOT, check=False).returncode
    if status:
        for log in sorted((BUILD / "html/reports").rglob("*.log")):
            print(f"\n{log.relative_to(ROOT)}:\n{log.read_text('utf-8')}")
        print("The book was built with warnings or errors; see above.")
    else:
        note.write_text(key, "utf-8")
        print(f"\nbuilt in {time.monotonic() - start:.0f} s\n{BUILD / 'html/index.html'}")
    return status


if __name__ == "__main__":
    raise SystemExit(build())
