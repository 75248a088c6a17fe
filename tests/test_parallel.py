"""Worker processes: they need no main guard, and they end with whoever started them."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import joblib
import psutil
import pytest

from mgrlib.parallel import parallel


def test_answers_keep_their_order_in_several_processes():
    jobs = [partial(pow, k, 2) for k in range(20)]
    assert list(parallel(jobs, n_jobs=2)) == [k * k for k in range(20)]
    with joblib.parallel_config(n_jobs=2):
        assert os.getpid() not in set(parallel([os.getpid] * 4))


SLOW = """
import sys, time
from functools import partial
from pathlib import Path
from mgrlib.parallel import parallel

def work(folder, k):
    import os
    Path(folder, str(os.getpid())).touch()
    time.sleep(1)

list(parallel([partial(work, sys.argv[1], k) for k in range(200)], n_jobs=2))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="signals")
@pytest.mark.parametrize("end", ["SIGKILL", "SIGTERM"])
def test_workers_do_not_outlive_a_killed_parent(tmp_path: Path, end: str):
    script = tmp_path / "slow.py"
    script.write_text(SLOW, encoding="utf-8")
    folder = tmp_path / "workers"
    folder.mkdir()
    parent = subprocess.Popen([sys.executable, str(script), str(folder)])
    while len(list(folder.iterdir())) < 2:
        time.sleep(0.1)
        assert parent.poll() is None
    workers = [int(path.name) for path in folder.iterdir()]
    parent.send_signal(getattr(signal, end))
    parent.wait()
    deadline = time.monotonic() + 10
    while any(psutil.pid_exists(pid) for pid in workers) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not [pid for pid in workers if psutil.pid_exists(pid)]


UNGUARDED = """
from mgrlib.data.synthetic import prepare, synthetic
print(prepare(synthetic(1, seconds=0.5), n_jobs=2))
"""


def test_preparing_needs_no_main_guard(tmp_path: Path):
    script = tmp_path / "unguarded.py"
    script.write_text(UNGUARDED, encoding="utf-8")
    process = subprocess.run(
        [sys.executable, str(script)],
        env={**os.environ, "MGRLIB_HOME": str(tmp_path / "home")},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout == "10\n"
