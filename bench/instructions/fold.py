"""What is counted: `python -m bench.instructions.fold EVENTS CONTROL` folds so many events, twice.

The first time warms caches up, the second is counted. CONTROL is a command that switches counting on and off;
empty: nothing is counted.
"""

from __future__ import annotations

import gc
import subprocess
import sys

import msgspec

from bench.events.spec import LogSpec
from bench.events.write import log_of
from bench.micro.task import fold_records, records_of, task


def main(events: str, control: str = "") -> None:
    """Folds."""
    number = int(events)
    spec = msgspec.structs.replace(LogSpec(), events=number, visitors=max(number // 75, 10), partitions=1, closes=False)
    records = records_of(log_of(spec))
    fold_records(task(plain=False), records)
    stage = task(plain=False)
    gc.collect()
    gc.freeze()
    _switch(control, "on")
    fold_records(stage, records)
    _switch(control, "off")


def _switch(control: str, to: str) -> None:
    if control:
        subprocess.run([control, "-i", to], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*sys.argv[1:])
