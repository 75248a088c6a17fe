"""What hostile submissions try, each judged by what it carried out of the box."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from mgrlib.grading import notebooks
from mgrlib.grading.assignment import Secret, load_assignment
from mgrlib.grading.box import Limits
from mgrlib.grading.marking import Marker
from mgrlib.grading.submissions import Submission

ROOT = Path(__file__).resolve().parents[2]
FULL = 3
QUICK = Limits(cell_seconds=2, cpu_seconds=8, idle_seconds=4, megabytes=1500)

TRY = """
loot = {}
def attempt(name):
    def run(function):
        try:
            loot[name] = repr(function())[:200]
        except BaseException as error:
            loot[name] = "refused " + type(error).__name__
    return run
"""
# Reading, by ways above and below Python; PRECIOUS is a file on the marking machine.
READS = """
import ctypes, os, sqlite3, mmap, subprocess, glob
path = {precious!r}
libc = ctypes.CDLL(None, use_errno=True)
@attempt("open")
def _(): return open(path).read()
@attempt("os.open")
def _(): return os.open(path, os.O_RDONLY)
@attempt("libc")
def _():
    got = libc.open(path.encode(), 0)
    if got < 0: raise OSError
    return got
@attempt("sqlite")
def _(): return sqlite3.connect(f"file:{{path}}?mode=ro", uri=True).execute("select 1").fetchall()
@attempt("shell")
def _(): return subprocess.run(["cat", path], capture_output=True, check=True).stdout
@attempt("numpy")
def _():
    import numpy
    return numpy.fromfile(path, "uint8")
@attempt("root of another process")
def _(): return open("/proc/1/root" + path).read()
@attempt("working folder of another process")
def _(): return os.listdir("/proc/1/cwd" + os.path.dirname(path))
@attempt("directory descriptor")
def _(): return os.open(path.lstrip("/"), os.O_RDONLY, dir_fd=os.open("/", os.O_RDONLY))
@attempt("judge")
def _():
    found = [p for top in ("/box", "/root", "/home", "/tmp", "/work") if os.path.isdir(top)
             for p in glob.glob(top + "/**/judge.py", recursive=True)]
    if not found: raise OSError
    return found
@attempt("sources")
def _(): return os.listdir({root!r} + "/instructors")
@attempt("hidden module")
def _():
    import scipy.fft
    return scipy.fft.dct([1.0])
@attempt("hidden module by importlib")
def _():
    import importlib.util, sys
    sys.meta_path[:] = [m for m in sys.meta_path if type(m).__name__ != "Hiding"]
    sys.modules.pop("scipy", None)
    import scipy.fft
    return scipy.fft.dct([1.0])
@attempt("hidden part of the package")
def _():
    import sys
    sys.meta_path[:] = [m for m in sys.meta_path if type(m).__name__ != "Hiding"]
    import mgrlib.synth
    return mgrlib.synth.render_clip
"""
WRITES = """
import ctypes, os
for place in ["/", "/root", "/usr", "/etc", "/box", "/box/job", "/box/lib/mgrlib", "/box/run",
              "/dev",              {prefix!r}, {root!r}, "/sys", "/proc/sys/kernel"]:
    @attempt("write " + place)
    def _(): return open(place + "/planted", "w").write("x")
@attempt("precious")
def _(): return open({precious!r}, "w").write("x")
@attempt("change the package")
def _():
    import mgrlib.errors
    return open(mgrlib.errors.__file__, "a").write("x")
@attempt("change NumPy")
def _():
    import numpy
    return open(numpy.__file__, "a").write("x")
@attempt("delete")
def _(): return os.remove("/box/job/job.json")
@attempt("mount")
def _():
    if ctypes.CDLL(None).mount(b"none", b"/mnt", b"tmpfs", 0, None): raise OSError
@attempt("unshare")
def _():
    if ctypes.CDLL(None).unshare(0x10000000): raise OSError
@attempt("memory file")
def _(): return os.memfd_create("x")
@attempt("System V memory")
def _():
    got = ctypes.CDLL(None).shmget(0, 1 << 30, 0o1600)
    if got < 0: raise OSError
    return got
@attempt("become root")
def _(): return os.setuid(0)
"""
OUTSIDE = """
import os, socket, signal
@attempt("connect")
def _(): return socket.create_connection(("1.1.1.1", 53), 2)
@attempt("loopback")
def _(): return socket.create_connection(("127.0.0.1", {port}), 2)
@attempt("names")
def _(): return socket.getaddrinfo("example.org", 80)
@attempt("datagram")
def _(): return socket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b"x", ("8.8.8.8", 53))
@attempt("kill the marker")
def _(): return os.kill({pid}, 0)
@attempt("pidfd of the marker")
def _(): return os.pidfd_open({pid})
@attempt("others")
def _():
    mine = [p for p in os.listdir("/proc") if p.isdigit()]
    names = [open(f"/proc/{{p}}/cmdline").read() for p in mine]
    if not any("pytest" in n or "mark" in n.split("/")[-1] for n in names): raise OSError
    return names
@attempt("environment of the first process")
def _():
    text = open("/proc/1/environ").read() + str(dict(os.environ))
    if "PRECIOUS" not in text: raise OSError
    return text
@attempt("typing into the terminal")
def _():
    import fcntl, termios
    return fcntl.ioctl(os.open("/dev/tty", os.O_RDWR), termios.TIOCSTI, b"x")
"""


@pytest.fixture(scope="module")
def precious(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("home") / "precious.txt"
    path.write_text("mine")
    return path


def test_nothing_on_the_machine_can_be_read_changed_or_reached(
    attempt, precious, monkeypatch
) -> None:
    monkeypatch.setenv("PRECIOUS_TOKEN", "x")
    places = {"precious": str(precious), "root": str(ROOT), "pid": os.getpid(), "port": 22}
    places["prefix"] = os.path.dirname(os.__file__)
    cells = [TRY, *(text.format(**places) for text in (READS, WRITES, OUTSIDE))]
    mark, loot = attempt(*cells)
    assert mark.points == FULL, mark
    assert len(loot[0]) > 35
    got = {name: what for name, what in loot[0].items() if not what.startswith("refused")}
    if str(ROOT).startswith("/tmp/"):  # the box has a /tmp of its own, which it may write to
        assert not (ROOT / "planted").exists()
        got.pop(f"write {ROOT}", None)
    assert got == {}
    assert precious.read_text() == "mine"


STOPS = {
    "an endless loop": "while True: pass",
    "a loop that swallows interrupts": (
        "while True:\n    try:\n        while True: pass\n    except BaseException: pass"
    ),
    "an exit": ("import os\nos._exit(0)"),
    "a signal": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"),
    "a sleep": ("import time\ntime.sleep(10_000)"),
    "a daemon that keeps the pipe open": (
        "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(10_000)"
    ),
    "a stream without end": (
        "import os\nfor fd in range(3, 20):\n    try:\n        while True: "
        "os.write(fd, b'x' * 1_000_000)\n    except OSError: pass"
    ),
    "lies about lengths": (
        "import os, struct\nfor fd in range(3, 20):\n    try: "
        "os.write(fd, struct.pack('>II', 2**32 - 1, 2**32 - 1))\n"
        "    except OSError: pass"
    ),
    "a handler at the end": ("import atexit, os\natexit.register(os.abort)"),
    "memory": ("hoard = []\nwhile True: hoard.append(bytearray(100_000_000))"),
    "forks": ("import os\nwhile True:\n    try: os.fork()\n    except OSError: pass"),
    "threads": (
        "import threading, time\nwhile True: threading.Thread(target=time.sleep, "
        "args=(10_000,)).start()"
    ),
    "a full disk": (
        "i = 0\nwhile True:\n    i += 1\n    open(f'/tmp/{i}', 'wb').write(bytes(1 << 24))"
    ),
    "shared memory": (
        "i = 0\nwhile True:\n    i += 1\n    open(f'/dev/shm/{i}', 'wb').write(bytes(1 << 24))"
    ),
    "folders in folders": (
        "import os\nfor _ in range(1500):\n    os.mkdir('d')\n    os.chdir('d')"
    ),
    "prints": ("while True: print('x' * 100_000)"),
    "a deadlock": ("import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()"),
    "stopped by its own hand": ("import os, signal\nos.kill(os.getpid(), signal.SIGSTOP)"),
    "a blocked signal": (
        "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))\nwhile True: pass"
    ),
}
EVERYDAY = ("a loop that swallows interrupts", "an exit", "a daemon that keeps the pipe open",
            "lies about lengths", "forks", "memory")  # fmt: skip


@pytest.mark.parametrize(
    "name", [n if n in EVERYDAY else pytest.param(n, marks=pytest.mark.nightly) for n in STOPS]
)
def test_a_submission_that_would_not_end_costs_itself_only(attempt, name, tmp_path) -> None:
    cell = STOPS[name]
    before = set(psutil.pids())
    started = time.monotonic()
    mark, _ = attempt(cell, limits=QUICK)
    assert time.monotonic() - started < 60
    assert mark.points == FULL, mark
    newer = [p for p in psutil.process_iter(["cmdline"]) if p.pid not in before]
    runners = [p for p in newer if "runner.py" in " ".join(p.info["cmdline"] or [])]
    # The kernel takes a moment to end what was killed, and another test's runner has its limits.
    _, survivors = psutil.wait_procs(runners, timeout=20)
    assert not survivors


# Attempts at points without an answer: what a submission does to its own process is only a value.
CHEATS = {
    "liar objects": {
        "twice": "class Liar(float):\n    def __eq__(self, other): return True\n"
        "    def __sub__(self, other): return 0.0\n    def __float__(self): return 0.0\n"
        "def twice(x):\n    return Liar()"
    },
    "a changed NumPy": {
        "twice": "import numpy as np\nnp.isclose = lambda *a, **k: np.array(True)\n"
        "def twice(x):\n    return 0"
    },
    "frames of the caller": {
        "twice": "import sys\ndef twice(x):\n    scope = sys._getframe(1).f_globals\n"
        "    return scope.get('expected', 0)"
    },
    "forged values": {
        "twice": "import os, json, struct\n"
        "text = json.dumps({'kind': 'value', 'number': 0, 'tree': 'right'}).encode()\n"
        "for fd in range(3, 20):\n    try: os.write(fd, struct.pack('>II', len(text), 0) + text)\n"
        "    except OSError: pass\n"
        "def twice(x):\n    return 0"
    },
    "not a number": {"twice": "def twice(x):\n    return float('nan')"},
    "infinity": {"twice": "def twice(x):\n    return float('inf')"},
    "nothing": {"twice": "def twice(x):\n    pass"},
    "a function": {"twice": "def twice(x):\n    return lambda: 2 * x"},
    "everything": {"twice": "def twice(x):\n    return np.arange(1000.0)"},
    "a deep list": {
        "twice": "def twice(x):\n    x = []\n    for _ in range(10_000): x = [x]\n    return x"
    },
    "a text that counts as a number": {"twice": "def twice(x):\n    return 'nan'"},
}


@pytest.mark.nightly
def test_the_cpu_time_of_all_processes_counts(attempt) -> None:
    """Each of nine busy processes is within its own limit, and all together are not."""
    busy = "import os\nfor _ in range(8):\n    if os.fork() == 0:\n        while True: pass\n"
    started = time.monotonic()
    mark, _ = attempt(busy + "while True: pass", limits=QUICK)
    assert mark.points == FULL and time.monotonic() - started < 100


def test_the_wrong_assignment_is_recognized(attempt, tiny, tmp_path) -> None:
    other = [notebooks.Cell("markdown", "# Beat the leak"), notebooks.Cell("code", "x = 1")]
    path = notebooks.write_notebook(other, tmp_path / "leak.ipynb")
    marker = Marker(load_assignment(tiny), Secret.draw("tiny", "a"), tmp_path)
    mark = marker.mark(Submission("ada", path))
    assert mark.points is None and "Beat the leak" in mark.note


def test_the_inputs_of_the_next_run_are_others(attempt) -> None:
    copied = "import json\nloot = json.load(open('/box/job/job.json'))['questions'][0]['tree']"
    first, second = (attempt(copied)[1] for _ in range(2))
    assert first[0] and first != second


@pytest.mark.nightly
def test_correct_work_earns_the_same_on_a_busy_computer(attempt) -> None:
    """Six processes that do nothing but compute, on however many cores there are."""
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"], stdin=subprocess.DEVNULL)
        for _ in range(3 * (os.cpu_count() or 2))
    ]
    try:
        slow = "def twice(x):\n    sum(i * i for i in range(8_000_000))\n    return 2 * x"
        limits = Limits(cell_seconds=6, cpu_seconds=40)
        marks = [attempt(twice=slow, limits=limits)[0] for _ in range(3)]
    finally:
        for process in busy:
            process.kill()
            process.wait()
    assert [mark.points for mark in marks] == [FULL] * 3, marks


@pytest.mark.parametrize("name", CHEATS)
@pytest.mark.nightly
def test_a_cheat_earns_nothing(attempt, name) -> None:
    mark, _ = attempt(**CHEATS[name])
    assert mark.of_task("twice") == 0, mark


def test_cheats_of_several_kinds_earn_nothing(attempt) -> None:
    for name in ("liar objects", "forged values", "a function"):
        mark, _ = attempt(**CHEATS[name])
        assert mark.of_task("twice") == 0 and mark.of_task("half") == 1, (name, mark)
