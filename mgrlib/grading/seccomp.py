"""A filter for the kernel: system calls that a submission never needs are refused.

They are those that take memory or start things out of the sight of the limits (memory files, System
V segments, io_uring), look into other processes, or change mounts, keys, and namespaces.
"""

from __future__ import annotations

import platform
import struct
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import IO

# Numbers of system calls: x86-64, then 64-bit ARM.
CALLS = {
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
    "io_uring_setup": (425, 425),
    "userfaultfd": (323, 282),
    "perf_event_open": (298, 241),
    "bpf": (321, 280),
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "unshare": (272, 97),
    "setns": (308, 268),
    "open_by_handle_at": (304, 265),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "open_tree": (428, 428),
    "mount_setattr": (442, 442),
}
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7), "arm64": (1, 0xC00000B7)}
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
ALLOW, REFUSE, KILL = 0x7FFF0000, 0x00050001, 0x80000000  # refuse: "operation not permitted"
X32 = 0x40000000


def program(machine: str) -> bytes:
    """The filter in the kernel's form (BPF); empty for a kind of computer that is not known."""
    if machine not in MACHINES:
        return b""
    column, architecture = MACHINES[machine]
    numbers = [pair[column] for pair in CALLS.values()]

    def step(code: int, value: int, yes: int = 0, no: int = 0) -> bytes:
        return struct.pack("<HBBI", code, yes, no, value)

    steps = [
        step(LOAD, 4),
        step(EQUAL, architecture, 1, 0),
        step(RETURN, KILL),
        step(LOAD, 0),
        step(AT_LEAST, X32, len(numbers) + 1, 0),
    ]
    for i, number in enumerate(numbers):
        steps.append(step(EQUAL, number, len(numbers) - i, 0))
    return b"".join([*steps, step(RETURN, ALLOW), step(RETURN, REFUSE)])


def is_supported() -> bool:
    """Whether there is a filter for this computer."""
    return bool(program(platform.machine()))


@contextmanager
def filter_file() -> Iterator[IO[bytes]]:
    """An open file that holds the filter for this computer, to be handed on by its number."""
    with tempfile.TemporaryFile() as file:
        file.write(program(platform.machine()))
        file.seek(0)
        yield file
