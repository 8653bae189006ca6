"""The machine that the figures come from, in words."""

import os
import platform
import resource
import sys
from collections.abc import Iterable
from pathlib import Path

import psutil


def part(servers: Iterable[int], clients: int) -> None:
    """Let processes of a server and its clients run on cores of their own, where there are two.

    Otherwise the scheduler now and then wakes a client on the server's core, whose processor time
    then includes being interrupted for every delivery.
    """
    if sys.platform != "linux" or len(cores := sorted(os.sched_getaffinity(0))) < 2:
        return
    for pid in servers:
        os.sched_setaffinity(pid, cores[:-1])
    os.sched_setaffinity(clients, cores[-1:])


def describe_machine() -> dict[str, str]:
    """Return what a reader must know to compare figures, as label and value."""
    return {
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{psutil.virtual_memory().total / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.release()}",
        "python": f"{platform.python_implementation()} {platform.python_version()}",
    }


def allow_open_files() -> int:
    """Raise the limit of open files, which children inherit, as far as allowed; return it."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    return most


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
