"""What a server used: processor time and memory, of its process and all below it."""

import sys
import time

import psutil


def processes_of(pid: int) -> list[int]:
    """Return `pid` and every process below it."""
    return [pid, *(child.pid for child in psutil.Process(pid).children(recursive=True))]


def cpu_seconds(pids: list[int]) -> float:
    """Return the user and system time of `pids` so far, in seconds."""
    return sum(_cpu_seconds(pid) for pid in pids)


def rss_bytes(pids: list[int]) -> int:
    """Return the resident memory of `pids`, in bytes."""
    return sum(psutil.Process(pid).memory_info().rss for pid in pids)


def _cpu_seconds(pid: int) -> float:
    if sys.platform == "linux":
        # clock_getcpuclockid(3): nanoseconds, where /proc/PID/stat counts in steps of 10 ms.
        return time.clock_gettime(~pid << 3 | 2)
    times = psutil.Process(pid).cpu_times()
    return times.user + times.system
