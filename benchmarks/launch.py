"""Run one command and write what it took: `python -S launch.py RESULT LIMIT COMMAND...`.

A process of its own, and a small one: the peak memory that the system tells of a process is never less than
what its parent had when it was started.
"""

import json
import os
import signal
import sys
import time


def main(result: str, limit: str, *command: str) -> None:
    """Wall seconds, peak memory in the system's own unit, exit code, and whether the limit ended it."""
    expired = []
    began = time.perf_counter()
    child = os.posix_spawnp(command[0], command, os.environ)

    def end(signum: int, frame: object) -> None:
        expired.append(True)
        os.kill(child, signal.SIGKILL)

    signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, float(limit))
    _, status, usage = os.wait4(child, 0)
    seconds = time.perf_counter() - began
    code = os.waitstatus_to_exitcode(status)
    with open(result, "w", encoding="utf-8") as file:
        json.dump([seconds, usage.ru_maxrss, code, bool(expired)], file)


if __name__ == "__main__":
    main(*sys.argv[1:])
