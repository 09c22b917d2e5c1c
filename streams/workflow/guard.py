"""Runs a command, and kills it with its whole process group as soon as the runner that started it is gone.

The runner holds the other end of standard input. When the runner dies, even by SIGKILL, the pipe ends. This file is
run by its path and imports nothing of Weir, so that it starts at once.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading


def _wait_for_the_end() -> None:
    while os.read(0, 1):
        pass
    os.killpg(0, signal.SIGKILL)


def main() -> int:
    """The command's exit code, 128 and the signal's number if a signal ended it, 127 if it can't be started."""
    threading.Thread(target=_wait_for_the_end, daemon=True).start()
    try:
        code = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, check=False).returncode  # noqa: S603 -- what the declaration says
    except OSError as error:
        sys.stderr.write(f"{sys.argv[1]} can't be started: {error.strerror}\n")
        return 127
    return code if code >= 0 else 128 - code


if __name__ == "__main__":
    ended = main()
    sys.stderr.flush()
    # The thread that waits for the runner must not hold up the end.
    os._exit(ended)
