"""A worker that dies where it is told to: `python -m tests.streams.table.mortal SETTINGS POINT COMMITS`."""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

import deltalake

from streams.table import run, sink
from streams.table.rows import Rows
from weir.settings import Settings

POINTS = ("before_the_commit", "amid_the_write", "after_the_commit", "after_the_offsets", "at_the_start")
_LONGEST_WRITE_S = 0.05


def die() -> NoReturn:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError


def make_mortal(point: str, commits: int) -> None:
    """Has this process die at its so-manieth commit."""
    write, settle = deltalake.write_deltalake, Rows.committed
    done = 0

    def dying_write(*args: Any, **more: Any) -> None:  # noqa: ANN401 -- whatever it is called with
        nonlocal done
        done += 1
        is_last = done >= commits
        if is_last and point == "before_the_commit":
            die()
        if is_last and point == "amid_the_write":
            threading.Timer(random.uniform(0, _LONGEST_WRITE_S), die).start()
        write(*args, **more)
        if is_last and point == "after_the_commit":
            die()

    def dying_committed(rows: Rows) -> None:
        settle(rows)
        if done >= commits and point == "after_the_offsets":
            threading.Timer(random.uniform(0, _LONGEST_WRITE_S), die).start()

    setattr(sink, "write_deltalake", dying_write)  # noqa: B010 -- a patch, and no assignment that types allow
    setattr(Rows, "committed", dying_committed)  # noqa: B010 -- likewise
    if point == "at_the_start":
        threading.Timer(random.uniform(0.5, 3.0), die).start()


if __name__ == "__main__":
    given, point, commits = sys.argv[1:]
    if point != "never":
        make_mortal(point, int(commits))
    sys.exit(run.run_table(Settings.model_validate_json(Path(given).read_text())))
