"""A tiny stage for the engine's tests, and a program that runs it as a worker.

It counts the events of each visitor and publishes each new count, so whatever is lost, read twice or read in another
order shows in its outputs.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from streams.engine.plan import StagePlan
from streams.task import Effects, Task
from tests.controls.guards import take_out_as_told
from weir.exit_bound import ExitBound
from weir.kafka.records import InputRecord, Output
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

STAGE = "sessionize"


class CountTask(Task):
    """Visitor → events so far."""

    replays_from_checkpoint = True

    def __init__(self, partition: int) -> None:
        self.partition = partition
        self.counts: dict[bytes, int] = {}
        self.total = 0
        self._touched: set[bytes] = set()

    def load(self, key: bytes, value: bytes) -> None:
        self.counts[key[1:]] = int(value)

    def loaded(self) -> None:
        self.total = sum(self.counts.values())

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        for record in records:
            visitor = record.key or b""
            self.counts[visitor] = count = self.counts.get(visitor, 0) + 1
            self.total += 1
            self._touched.add(visitor)
            headers = (("offset", str(record.offset).encode()), ("worker", str(os.getpid()).encode()))
            effects.outputs.append(Output(SESSIONS, visitor, b"%d" % count, headers, partition=self.partition))
        effects.count("events", "folded", by=len(records))

    def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
        touched, self._touched = self._touched, set()
        return [(b"s" + visitor, b"%d" % self.counts[visitor]) for visitor in touched]

    def progress(self) -> bytes:
        return b"%d" % self.total


def plan() -> StagePlan:
    return StagePlan(STAGE, (EVENTS,), CountTask)


def main() -> int:
    from streams.engine.runner import run_plans  # noqa: PLC0415 -- Faust takes a second to import

    take_out_as_told()
    settings = Settings.model_validate_json(Path(sys.argv[1]).read_text())
    code = run_plans(settings, [plan()])
    ExitBound().arm()
    return code


if __name__ == "__main__":
    sys.exit(main())
