"""The box in which a submission runs: no network, no files but its own, bounded in all it uses.

With bubblewrap the box is a set of new namespaces: the system, Python, and the packages are there
to be read, everything that can be written is memory of a limited size, and nothing of it outlives
the box. Results leave by one pipe, of which a limited number of bytes is read. Docker or Podman do
the same where they are asked for. Without either, `--unsafe` runs the same program with ordinary
limits and no walls.

Time is CPU time. The clock only ends what does nothing: a submission that has used no CPU for
`idle_seconds`, or one that takes many times longer than its CPU limit.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any, Literal

import psutil

from mgrlib.errors import MgrError, explain
from mgrlib.grading import seccomp, values

Kind = Literal["bwrap", "docker", "podman", "user", "unsafe"]
KINDS: tuple[Kind, ...] = ("bwrap", "docker", "podman", "user", "unsafe")
USER = 61_234
"""The user that submissions run as in the box `user`; nobody else should have this number."""
PACKAGE = Path(__file__).resolve().parents[1]
IMAGE_PACKAGES = "/usr/local/lib/python3.11/site-packages"
"""Where the image of `instructors/platforms` has its packages."""
TICK = 0.25


@dataclass(frozen=True)
class Limits:
    """What one submission may use.

    Args:
        cell_seconds: CPU time of a cell or a question; then it is interrupted, and the next one
            runs.
        cpu_seconds: CPU time of everything together.
        clock_factor: the clock may run this many times longer than `cpu_seconds`.
        idle_seconds: time without any use of the CPU.
        megabytes: memory of all processes together.
        processes: processes and threads.
        file_megabytes: size of one file.
        disk_megabytes: everything that is written, which is kept in memory.
        output_megabytes: what the submission hands over.
    """

    cell_seconds: int = 60
    cpu_seconds: int = 400
    clock_factor: int = 15
    idle_seconds: int = 30
    megabytes: int = 4096
    processes: int = 64
    file_megabytes: int = 100
    disk_megabytes: int = 200
    output_megabytes: int = 100


@dataclass(frozen=True)
class Outcome:
    """What came out of a box.

    Args:
        data: the frames that its program wrote, perhaps cut short.
        reason: why it was ended before it ended itself; empty if it was not.
    """

    data: bytes
    reason: str = ""


def choose_box(name: str = "") -> Kind:
    """The kind of box to use: the one asked for, or bubblewrap.

    Raises:
        MgrError: it is not on this computer; the message says what to install.
    """
    kind = name or "bwrap"
    if kind not in KINDS:
        raise MgrError(explain("mark", f"a box among {KINDS}", repr(kind)))
    if kind == "user" and os.geteuid() != 0:
        hint = "it is meant for the inside of a container; elsewhere leave `--box` out."
        raise MgrError(explain("the box 'user'", "the user root", "another user", hint))
    if kind not in ("unsafe", "user") and shutil.which(kind) is None:
        hint = (
            "install bubblewrap (`apt install bubblewrap`), choose `--box docker` or "
            "`--box podman`, or accept the risk with `--unsafe`: a submission is a program, and "
            "without a box it can read, change, and send whatever you can."
        )
        raise MgrError(explain("mark", f"the program {kind!r}", "none on this computer", hint))
    return kind


def describe_job(
    folder: Path,
    limits: Limits,
    rows: Sequence[tuple[str, Mapping[str, Any]]],
    *,
    cells: Sequence[str] = (),
    hidden: Sequence[str] = (),
) -> dict[str, Any]:
    """A job as `job.json` holds it; the inputs are written into the folder.

    Args:
        rows: code with the plain data that it finds: of the set-up, then of each question.
        cells: code that runs between the two.
        hidden: modules that the code must not find.
    """
    questions = []
    for number, (code, inputs) in enumerate(rows):
        tree, blob = values.encode(dict(inputs))
        (folder / f"{number}.bin").write_bytes(blob)
        questions.append({"code": code, "tree": tree, "blob": f"{number}.bin"})
    return {
        "limits": asdict(limits),
        "hidden": list(hidden),
        "setup": questions[0],
        "cells": list(cells),
        "questions": questions[1:],
        "skip_cells": [],
        "skip_questions": [],
    }


def run_job(
    folder: Path,
    limits: Limits,
    *,
    kind: Kind = "bwrap",
    hidden: Sequence[str] = (),
    data: Mapping[str, Path] | None = None,
    errors: int = subprocess.DEVNULL,
) -> Outcome:
    """Run the job in `folder` to its end, or to its limits, and return what it wrote.

    Args:
        folder: holds `job.json` and the inputs; only read.
        limits: of the submission.
        kind: of box.
        hidden: modules whose files the box does not contain.
        data: more folders to read, by the names that they have in the job's folder.
        errors: where the box's error messages go; only for a job that runs nobody's code.

    Raises:
        MgrError: on Windows.
    """
    if os.name == "nt":
        hint = "use the Windows Subsystem for Linux."
        raise MgrError(explain("the box", "Linux or macOS", "Windows", hint))
    with seccomp.filter_file() as rules, tempfile.TemporaryFile() as words:
        command = _command(kind, folder, limits, hidden, dict(data or {}), rules.fileno())
        passed: tuple[int, ...] = ()
        if kind == "bwrap":  # its own command line can be read in the box, so it tells no paths
            words.write(b"".join(os.fsencode(word) + b"\0" for word in command[1:-5]))
            words.seek(0)
            passed = (rules.fileno(), words.fileno())
            command = ["bwrap", "--args", str(words.fileno()), *command[-5:]]
        process = subprocess.Popen(
            command,
            env=_environment(kind),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            pass_fds=passed,
            start_new_session=True,
            user=USER if kind == "user" else None,
            group=USER if kind == "user" else None,
            extra_groups=[] if kind == "user" else None,
            cwd=tempfile.gettempdir(),
        )
    try:
        return _watched(process, limits)
    finally:
        _end(process)
        if kind == "user":
            _end_user()


def _end_user() -> None:
    """Kill all processes of the user that runs submissions."""
    for process in psutil.process_iter(["uids"]):
        uids = process.info["uids"]
        if uids is not None and uids.real == USER:
            try:
                process.kill()
            except psutil.Error:
                continue


def _environment(kind: Kind) -> dict[str, str]:
    """The environment variables of the box; submissions can read them."""
    path = str(PACKAGE.parent) if kind in ("unsafe", "user") else "/box/lib"
    return {
        "PATH": "/usr/bin:/bin:/usr/local/bin",
        "HOME": "/tmp",
        "TMPDIR": "/tmp",
        "LANG": "C.UTF-8",
        "MPLBACKEND": "agg",
        "MGRLIB_HOME": "/tmp/mgrlib",
        "IPYTHONDIR": "/tmp/ipython",
        "MPLCONFIGDIR": "/tmp/matplotlib",
        "NUMBA_CACHE_DIR": "/tmp/numba",
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "OMP_WAIT_POLICY": "passive",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": path,
    }


def _command(
    kind: Kind,
    folder: Path,
    limits: Limits,
    hidden: Sequence[str],
    data: dict[str, Path],
    rules: int,
) -> list[str]:
    if kind == "bwrap":
        return _bwrap(folder, limits, hidden, data, rules)
    if kind in ("unsafe", "user"):
        for name, target in data.items():
            if not (folder / name).exists():
                (folder / name).symlink_to(target)
        return [sys.executable, "-P", str(PACKAGE / "grading/runner.py"), str(folder)]
    return _container(kind, folder, limits, hidden, data)


def _bwrap(
    folder: Path, limits: Limits, hidden: Sequence[str], data: dict[str, Path], rules: int
) -> list[str]:
    """Bubblewrap's command line: the isolation first, then the visible files."""
    disk = str(limits.disk_megabytes << 20)
    walls = "--unshare-all --unshare-user --uid 1000 --gid 1000 --disable-userns --cap-drop ALL"
    command = ["bwrap", *walls.split(), "--die-with-parent", "--new-session", "--hostname", "box"]
    command += ["--seccomp", str(rules)] if seccomp.is_supported() else []
    command += ["--proc", "/proc", "--dev", "/dev"]
    command += ["--size", str(64 << 20), "--tmpfs", "/dev/shm", "--remount-ro", "/dev"]
    command += ["--size", disk, "--tmpfs", "/tmp"]
    for system in _system_folders():
        command += ["--ro-bind", system, system]
    for name in ("bin", "lib", "lib64", "sbin"):
        if Path("/", name).is_symlink():
            command += ["--symlink", os.readlink(f"/{name}"), f"/{name}"]
    command += ["--ro-bind", str(folder), "/box/job"]
    for name, place in data.items():
        (folder / name).mkdir(exist_ok=True)  # where it is mounted
        command += ["--ro-bind", str(place), f"/box/job/{name}"]
    for module in ("runner.py", "values.py"):
        command += ["--ro-bind", str(PACKAGE / "grading" / module), f"/box/run/{module}"]
    command += [*_package(hidden), *_masks(hidden, folder)]
    command += ["--chdir", "/tmp", "--remount-ro", "/"]
    return [*command, sys.executable, "-s", "-P", "/box/run/runner.py", "/box/job"]


def _system_folders() -> list[str]:
    """Folders that a Python process must read: system libraries, the interpreter, its packages."""
    places = ["/usr", "/etc/ld.so.cache", "/etc/fonts", "/etc/alternatives", "/etc/mime.types"]
    places += [f"/{name}" for name in ("bin", "lib", "lib64") if not Path("/", name).is_symlink()]
    places += [sys.base_prefix, sys.prefix]
    present = sorted({place for place in places if Path(place).exists()})
    return [p for p in present if not any(p != o and p.startswith(o + "/") for o in present)]


def _package(hidden: Sequence[str]) -> list[str]:
    """Options that show the package, unless it is hidden."""
    return [] if "mgrlib" in hidden else ["--ro-bind", str(PACKAGE), "/box/lib/mgrlib"]


def _masks(hidden: Sequence[str], folder: Path) -> list[str]:
    """Options that cover the files of hidden modules with empty ones."""
    command: list[str] = []
    for nothing, covered_place in _covers(hidden, folder, "", "/box/lib"):
        command += ["--ro-bind", nothing, covered_place]
    return command


def _covers(
    hidden: Sequence[str], folder: Path, packages: str, own: str
) -> Iterator[tuple[str, str]]:
    """An empty folder or file, and the place in the box that it covers, for each hidden module.

    Args:
        hidden: names of modules.
        folder: where the empty ones are made.
        packages: where the box has installed packages; "" for where they are here.
        own: where it has this package.
    """
    empty, nothing = folder / "empty", folder / "empty.py"
    empty.mkdir(exist_ok=True)
    nothing.touch()
    for place, inside in module_files(hidden):
        if PACKAGE in (place, *place.parents):
            if "mgrlib" in hidden and own == "/box/lib":
                continue  # the package is not in the box at all
            covered_place = f"{own}/{inside}"
        else:
            covered_place = f"{packages}/{inside}" if packages else str(place)
        yield str(empty if place.is_dir() else nothing), covered_place


def module_files(names: Sequence[str]) -> Iterator[tuple[Path, str]]:
    """The files and folders of modules on this computer, and their place below the packages'."""
    paths = sysconfig.get_paths()
    for name in names:
        inside = name.replace(".", "/")
        own = name.split(".")[0] == "mgrlib"
        roots = {PACKAGE.parent} if own else {Path(paths["purelib"]), Path(paths["platlib"])}
        for root in sorted(roots):
            for ending in ("", ".py"):
                if (root / f"{inside}{ending}").exists():
                    yield root / f"{inside}{ending}", f"{inside}{ending}"


def _container(
    kind: Kind, folder: Path, limits: Limits, hidden: Sequence[str], data: dict[str, Path]
) -> list[str]:
    """The command line of Docker or Podman; the image is the one of `instructors/platforms`."""
    command = [kind, "run", "--rm", "--network", "none", "--read-only", "--cap-drop", "ALL"]
    command += ["--security-opt", "no-new-privileges", "--user", "1000:1000", "--init"]
    command += ["--memory", f"{limits.megabytes}m", "--pids-limit", str(limits.processes)]
    command += ["--tmpfs", f"/tmp:size={limits.disk_megabytes}m", "--shm-size", "64m"]
    command += ["--volume", f"{folder}:/box/job:ro", "--workdir", "/tmp"]
    for name, place in data.items():
        (folder / name).mkdir(exist_ok=True)
        command += ["--volume", f"{place}:/box/job/{name}:ro"]
    for module in ("runner.py", "values.py"):
        command += ["--volume", f"{PACKAGE / 'grading' / module}:/box/run/{module}:ro"]
    for nothing, covered_place in _covers(hidden, folder, IMAGE_PACKAGES, IMAGE_PACKAGES):
        command += ["--volume", f"{nothing}:{covered_place}:ro"]
    for name, value in _environment(kind).items():
        command += ["--env", f"{name}={value}"]
    image = os.environ.get("MGRLIB_IMAGE", "mgrlib-grading")
    return [*command, image, "python", "-s", "-P", "/box/run/runner.py", "/box/job"]


def _watched(process: subprocess.Popen[bytes], limits: Limits) -> Outcome:
    """Read what a process writes until it ends or goes beyond a limit."""
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), False)
    chunks: list[bytes] = []
    watch = _Watch(process.pid, limits)
    with selectors.DefaultSelector() as selector:
        selector.register(process.stdout, selectors.EVENT_READ)
        while True:
            events = selector.select(TICK)
            if events:
                chunk = _read(process.stdout)
                if chunk == b"":
                    return Outcome(b"".join(chunks))
                chunks.append(chunk or b"")
                watch.bytes_read += len(chunk or b"")
            elif process.poll() is not None:
                return Outcome(b"".join(chunks))
            reason = watch.breach()
            if reason:
                return Outcome(b"".join(chunks), reason)


def _read(stream: IO[bytes]) -> bytes | None:
    try:
        return os.read(stream.fileno(), 1 << 20)
    except BlockingIOError:
        return None


class _Watch:
    """Checks the resource use of a process and its children from time to time."""

    def __init__(self, pid: int, limits: Limits) -> None:
        self.pid, self.limits = pid, limits
        self.started = self.looked = self.busy = time.monotonic()
        self.bytes_read = 0
        self.cpu: dict[tuple[int, float], float] = {}

    def breach(self) -> str:
        """Which limit was passed, as a sentence for the student; empty if none was."""
        now, limits = time.monotonic(), self.limits
        if self.bytes_read > limits.output_megabytes << 20:
            return f"It handed over more than {limits.output_megabytes} MB."
        if now - self.looked < TICK:
            return ""
        self.looked = now
        n, memory, is_busy = self._use()
        if is_busy:
            self.busy = now
        if n > limits.processes:
            return f"It started more than {limits.processes} processes or threads."
        if memory > limits.megabytes << 20:
            return f"It used more than {limits.megabytes} MB of memory."
        if sum(self.cpu.values()) > limits.cpu_seconds:
            return f"It used more than {limits.cpu_seconds} s of CPU time in all."
        if now - self.busy > limits.idle_seconds:
            return f"It did nothing for {limits.idle_seconds} s."
        if now - self.started > limits.cpu_seconds * limits.clock_factor:
            return "It did not end."
        return ""

    def _use(self) -> tuple[int, int, bool]:
        """Threads, bytes of memory, and whether any CPU time was used since the last look."""
        n = memory = 0
        before = sum(self.cpu.values())
        for process in _family(self.pid):
            try:
                with process.oneshot():
                    times = process.cpu_times()
                    n += process.num_threads()
                    memory += process.memory_info().rss
                    self.cpu[process.pid, process.create_time()] = times.user + times.system
            except psutil.Error:
                continue
        return n, memory, sum(self.cpu.values()) - before > 0.005


def _family(pid: int) -> list[psutil.Process]:
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.Error:
        return []


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children, and wait up to ten seconds for it."""
    family = _family(process.pid)
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for member in reversed(family):
        try:
            member.kill()
        except psutil.Error:
            continue
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=10)
    if process.stdout is not None:
        process.stdout.close()
