"""Execute the chapters, several at a time, and build the site with warnings as errors.

Three traps are dealt with here. The cache of executed notebooks knows their cells but not the
library they call, so it is emptied when the library or a package changes. A page that was read
once is not warned about again, so pages are always read afresh. And executing in parallel is
something that Jupyter Book cannot do but its cache can, so the cache is filled first.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ProcessPoolExecutor, as_completed
from importlib.metadata import distributions
from pathlib import Path

from chapters import files_of, pages_in_toc
from jupyter_cache import get_cache
from jupyter_cache.executors import load_executor

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
CELL_SECONDS = 120


def environment_key() -> str:
    """A fingerprint of Python, the installed packages and every file of mgrlib."""
    seen = hashlib.sha256(sys.version.encode())
    packages = {(d.metadata["Name"], d.version) for d in distributions()}
    seen.update(repr(sorted(packages)).encode())
    for path in sorted((ROOT / "mgrlib").rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            seen.update(str(path.relative_to(ROOT)).encode() + path.read_bytes())
    return seen.hexdigest()


def forget_if_changed() -> None:
    """Empty the cache of executed notebooks unless it was filled with today's library."""
    note, key = BUILD / ".environment", environment_key()
    if not note.exists() or note.read_text() != key:
        shutil.rmtree(CACHE, ignore_errors=True)
        BUILD.mkdir(exist_ok=True)
        note.write_text(key)


def execute(notebook: str) -> tuple[str, bool, float]:
    """Run one notebook into the cache: its path, whether it succeeded, and the seconds it took."""
    start = time.monotonic()
    cache = get_cache(str(CACHE))
    run = load_executor("local-serial", cache).run_and_cache(
        filter_uris=[notebook], timeout=CELL_SECONDS
    )
    return notebook, len(run.succeeded) == 1, time.monotonic() - start


def execute_stale(notebooks: list[Path]) -> None:
    """Run what the cache does not hold; a failure is left for the build to report in full."""
    CACHE.mkdir(parents=True, exist_ok=True)
    cache = get_cache(str(CACHE))
    for path in notebooks:
        cache.add_nb_to_project(str(path))
    listed = {str(path) for path in notebooks}
    stale = [r.uri for r in cache.list_unexecuted() if r.uri in listed]
    print(f"{len(notebooks)} notebooks, {len(stale)} to execute", flush=True)
    if not stale:
        return
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    workers = min(cores or 1, len(stale))
    os.environ["OMP_NUM_THREADS"] = str(max(1, (cores or 1) // workers))
    with ProcessPoolExecutor(workers) as pool:
        running = [pool.submit(execute, uri) for uri in stale]
        for n, done in enumerate(as_completed(running), 1):
            uri, succeeded, seconds = done.result()
            state = "" if succeeded else "  FAILED"
            name = Path(uri).relative_to(ROOT)
            print(f"  [{n}/{len(stale)}] {name}  {seconds:.0f} s{state}", flush=True)


def prepare_kernels() -> None:
    """Give kernels settings of their own, so that nobody's start-up files change a chapter.

    Without the log level, each kernel warns that it talks over an unencrypted local socket.
    """
    os.environ.pop("MPLBACKEND", None)
    profile = BUILD / "ipython/profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    settings = 'get_config().IPKernelApp.log_level = "ERROR"\n'
    (profile / "ipython_kernel_config.py").write_text(settings)
    os.environ["IPYTHONDIR"] = str(BUILD / "ipython")


def build() -> int:
    """Build the site; 0 when there was not one warning."""
    prepare_kernels()
    forget_if_changed()
    pages = [path for page in pages_in_toc(ROOT) for path in files_of(page, ROOT)]
    execute_stale([path for path in pages if path.suffix == ".ipynb"])
    for folder in ("html", ".doctrees", "jupyter_execute"):
        shutil.rmtree(BUILD / folder, ignore_errors=True)
    print("building the pages", flush=True)
    command = [Path(sys.executable).with_name("jupyter-book"), "build", ".", "-n", "-W"]
    status = subprocess.run([*command, "--keep-going", "-q"], cwd=ROOT, check=False).returncode
    if status:
        for log in sorted((BUILD / "html/reports").rglob("*.log")):
            print(f"\n{log.relative_to(ROOT)}:\n{log.read_text()}")
        print("The book was built with warnings or errors; see above.")
    else:
        print(f"\n{BUILD / 'html/index.html'}")
    return status


if __name__ == "__main__":
    start = time.monotonic()
    status = build()
    if not status:
        print(f"built in {time.monotonic() - start:.0f} s", file=sys.stderr)
    raise SystemExit(status)
