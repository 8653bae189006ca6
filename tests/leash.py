"""Run a command that ends when another process does: `python leash.py PID PROGRAM ARGUMENTS…`.

A test run that is killed cannot stop what it started, and a server left behind takes the machine's
time from all later runs. The signal that Linux offers for this comes when the *thread* ends that
started the process, so a process of its own watches instead.
"""

import os
import select
import signal
import sys


def watch(other: int, ours: int) -> None:
    """Kill the process `ours` when `other` ends before it does."""
    try:
        ends = [os.pidfd_open(other), os.pidfd_open(ours)]
    except ProcessLookupError:
        return
    poll = select.poll()
    for end in ends:
        poll.register(end, select.POLLIN)
    ended = [end for end, _ in poll.poll()]
    if ends[1] not in ended:
        signal.pidfd_send_signal(ends[1], signal.SIGKILL)


if __name__ == "__main__":
    _, pid, program, *arguments = sys.argv
    if hasattr(os, "pidfd_open"):  # Linux only
        started = os.getpid()
        if os.fork() == 0:
            watch(int(pid), started)
            os._exit(0)
    os.execv(program, [program, *arguments])
