"""What keeps a submission from harming the machine that marks it. Imports nothing of mgrlib.

Used in three places: as a program it limits itself and becomes the marking command; as
`sitecustomize` it watches the kernel that runs a submission; as a start-up file of IPython it
limits what a cell prints and puts back checks that a cell has replaced.

It refuses to write, delete, start programs, or open connections outside the submission's own
throw-away folder, and to read anything but that folder, Python and its packages. It is a fence
for careless and cheeky code and no prison: Python code that is determined to get out can. Mark
strangers' submissions inside a container or on a machine of its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import Any

WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
CHANGES = {
    "os.chmod": 1,
    "os.chown": 1,
    "os.link": 2,
    "os.mkdir": 1,
    "os.remove": 1,
    "os.rename": 2,
    "os.rmdir": 1,
    "os.symlink": 2,
    "os.truncate": 1,
    "shutil.rmtree": 1,
}
REFUSED = {
    "os.exec",
    "os.fork",
    "os.forkpty",
    "os.kill",
    "os.killpg",
    "os.posix_spawn",
    "os.spawn",
    "os.startfile",
    "os.system",
    "pty.spawn",
    "socket.connect",
    "socket.getaddrinfo",
    "socket.sendto",
    "subprocess.Popen",
}
OUTPUT_LIMIT = 200_000


def watch(own: list[str], readable: list[str]) -> None:
    """From now on refuse what a submission has no business to do.

    Args:
        own: folders that may be read and written.
        readable: folders that may be read.
    """
    inside = _places(own)
    seen = inside + _places(readable)

    def below(path: Any, folders: tuple[str, ...]) -> bool:
        if isinstance(path, int):
            return True  # a file that is open already
        real = os.path.realpath(os.fsdecode(path))
        return real in DEVICES or real.startswith(folders) or real + os.sep in folders

    def hook(event: str, args: tuple[Any, ...]) -> None:
        if event == "open" and args[0] is not None:
            path, mode, flags = args
            writes = bool(flags & WRITES) if isinstance(flags, int) else (mode or "r")[0] != "r"
            if not below(path, inside if writes else seen):
                raise PermissionError(f"a submission may not open {path!r}")
        elif event in CHANGES:
            if not all(below(path, inside) for path in args[: CHANGES[event]]):
                raise PermissionError(f"a submission may not change {args[0]!r}")
        elif event in REFUSED:
            raise PermissionError(f"a submission may not do this: {event}")
        elif event == "sqlite3.connect" and args[0] != ":memory:" and not below(args[0], inside):
            raise PermissionError(f"a submission may not open {args[0]!r}")

    sys.addaudithook(hook)


DEVICES = ("/dev/null", "/dev/urandom", "/dev/random", "/dev/zero")


def _places(folders: list[str]) -> tuple[str, ...]:
    return tuple(os.path.join(os.path.realpath(folder), "") for folder in folders)


def python_folders() -> list[str]:
    """What a Python process must be able to read: itself, its packages, the system's libraries."""
    system = ["/bin", "/etc", "/lib", "/lib64", "/opt", "/proc", "/sys", "/usr"]
    path = [place for folder in sys.path if folder for place in importable(folder)]
    return [sys.prefix, sys.base_prefix, *path, *system]


def importable(folder: str) -> list[str]:
    """What can be imported from a folder on Python's path: its packages and modules.

    All of it where packages are installed. But a checkout that is on the path, as an editable
    installation is, holds more than its package: the solutions of the assignments, for one.
    """
    if os.path.basename(folder.rstrip(os.sep)) in ("site-packages", "dist-packages"):
        return [folder]
    if not os.path.isdir(folder):
        return [folder]  # an archive
    needed = (".py", ".so", ".pyd", ".egg-info", ".dist-info", "__pycache__")
    return [
        entry.path
        for entry in os.scandir(folder)
        if entry.name.endswith(needed) or os.path.isfile(os.path.join(entry.path, "__init__.py"))
    ]


def watch_kernel() -> None:
    """Watch this process if it is the kernel of a submission that is being marked."""
    if any("ipykernel" in word for word in sys.orig_argv):
        own = [os.getcwd(), *os.environ["MGRLIB_GUARD_OWN"].split(os.pathsep)]
        watch(own, [*python_folders(), *os.environ["MGRLIB_GUARD_READ"].split(os.pathsep)])


def limit_output(shell: Any, checks: Any, limit: int = OUTPUT_LIMIT) -> None:
    """Let a cell print `limit` characters at most, and put back checks that it has replaced.

    Args:
        shell: IPython's.
        checks: a module of its own with the functions of `mgrlib.grading.checks`.
        limit: in characters.
    """
    kept = {name: getattr(checks, name) for name in checks.__all__}
    printed = [0]

    def limited(write: Callable[[str], Any]) -> Callable[[str], Any]:
        def put(text: str) -> Any:
            printed[0] += len(text)
            if printed[0] > limit:
                raise OSError(f"a cell may print at most {limit:,} characters")
            return write(text)

        return put

    def before(*_: Any) -> None:
        printed[0] = 0
        packaged = sys.modules.get("mgrlib.grading.checks")
        for name, function in kept.items():
            if packaged is not None:
                setattr(packaged, name, function)
            if name in shell.user_ns:
                shell.user_ns[name] = function

    for stream in (sys.stdout, sys.stderr):
        stream.write = limited(stream.write)  # type: ignore[method-assign]
    shell.events.register("pre_execute", before)


def become(command: list[str], *, cpu_seconds: int, gigabytes: int) -> None:
    """Limit this process and what it starts, then become `command`."""
    try:
        import resource
    except ModuleNotFoundError:  # Windows has no such limits
        pass
    else:
        size = 500_000_000
        resource.setrlimit(resource.RLIMIT_CPU, (cpu_seconds, cpu_seconds + 5))
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        resource.setrlimit(resource.RLIMIT_DATA, (gigabytes << 30, gigabytes << 30))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(command[0], command)


if __name__ == "__main__":
    become(sys.argv[3:], cpu_seconds=int(sys.argv[1]), gigabytes=int(sys.argv[2]))
