from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from tests.support.polling import eventually
from weir.console.on_demand import MOST_AT_ONCE, OnDemand, Read
from weir.errors import WorkError
from weir.kafka.records import LogRecord
from weir.settings import Settings


def test_so_many_readings_run_at_once_and_the_next_one_waits_until_one_has_ended() -> None:
    go_on = threading.Event()

    def slow(_settings: Settings, _read: Read) -> Iterator[LogRecord]:
        go_on.wait(30)
        return iter(())

    on_demand = OnDemand(Settings(), slow)
    first = [on_demand.read(f"person-{number}", "v1") for number in range(MOST_AT_ONCE)]
    with pytest.raises(WorkError, match="other readings of the topic are running"):
        on_demand.read("one more", "v1")
    # Who has one already goes on looking at it.
    assert on_demand.read("person-0", "v1") is first[0]
    go_on.set()
    eventually(lambda: all(read.is_over for read in first), what="the readings' ends")
    eventually(lambda: on_demand.read("one more", "v1").is_over, what="the next reading")
