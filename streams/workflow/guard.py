"""Runs a command, and kills its whole process group when the runner ends.

The runner has the other end of standard input, a pipe that is closed when the runner ends, even by SIGKILL. This file
is run by its path and imports nothing of Weir, so that it starts fast.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def _kill_when_runner_ends() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def main() -> int:
    """The command's exit code, 128 and the signal's number if a signal ended it, 127 if it can't be started."""
    threading.Thread(target=_kill_when_runner_ends, daemon=True).start()
    try:
        code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603 -- the command of the declaration
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]} can't be started: {error.strerror}\n")
        return 127
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    ended = main()
    sys.stderr.flush()
    # `os._exit` ends the process at once, although the thread is blocked in a read.
    os._exit(ended)
