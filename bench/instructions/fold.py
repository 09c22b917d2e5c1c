"""What is counted: `python -m bench.instructions.fold EVENTS CONTROL` folds so many events of a log in its midst.

Before them the same partition has folded twice as many, so that caches are warm and sessions open, and has written a
checkpoint: each visitor is read from bytes at the first touch, as in a worker. The checkpoint after them is counted,
too. The log is as dense as that of the measures of throughput: what happens once in so many seconds, as the telling of
sums does, happens here as seldom. CONTROL is a command that switches counting on and off; empty: nothing is counted.
"""

from __future__ import annotations

import gc
import subprocess
import sys

import msgspec

from bench.events.spec import LogSpec
from bench.events.write import log_of
from bench.micro.task import fold_records, records_of, task

WARM_UP = 2
"""Times as many events are folded before the counting begins."""
EVENTS_A_VISITOR = 4


def main(events: str, control: str = "") -> None:
    """Folds."""
    number = int(events)
    records = records_of(log_of(_spec(number * (1 + WARM_UP))))
    stage = task(plain=False)
    fold_records(stage, records[: number * WARM_UP])
    for _ in stage.changes():
        pass
    gc.collect()
    gc.freeze()
    _switch(control, "on")
    fold_records(stage, records[number * WARM_UP :])
    for _ in stage.changes():
        pass
    _switch(control, "off")


def _spec(events: int) -> LogSpec:
    whole = LogSpec()
    return msgspec.structs.replace(
        whole,
        events=events,
        visitors=max(events // EVENTS_A_VISITOR // (1 + WARM_UP), 10),
        partitions=1,
        span_s=events * whole.span_s * whole.partitions / whole.events,
        closes=False,
    )


def _switch(control: str, to: str) -> None:
    if control:
        subprocess.run([control, "-i", to], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main(*sys.argv[1:])
