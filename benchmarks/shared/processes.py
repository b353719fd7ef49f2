"""What a benchmark asks of processes that it does not run itself."""

import os
from pathlib import Path

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")


def cpu_seconds_of(pid: int) -> float:
    """Return the CPU time of a process of this machine, without its children.

    Source: proc_pid_stat(5), fields utime and stime.
    """
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / _TICKS_PER_SECOND
