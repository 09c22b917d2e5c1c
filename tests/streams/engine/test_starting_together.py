"""Workers that start at the same moment, as every orchestrator starts replicas: none ends, each event counts once."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.streams.engine.test_worker import all_counted, visitors
from tests.streams.engine.topics import counts, once_each, send_events
from tests.streams.engine.workers import workers
from tests.support.polling import eventually
from weir.settings import Settings

pytestmark = [pytest.mark.kafka, pytest.mark.slow]
ROUNDS = 3
NAMES = ("one", "two", "three")


@pytest.mark.parametrize("kills", [False, True])
def test_three_workers_that_start_at_once_share_the_work_and_none_ends(
    new_installation: Callable[..., Settings], tmp_path: Path, *, kills: bool
) -> None:
    settings = new_installation(partitions=6)
    chance, sent = random.Random(24), list[str]()
    for round_ in range(ROUNDS):
        begun = visitors(500, seed=round_)
        send_events(settings, begun)
        with workers(settings, tmp_path, *(f"{name}-{round_}" for name in NAMES)) as started:
            more = visitors(500, seed=round_ + 100)
            send_events(settings, more)
            sent += begun + more
            survivors = list(started)
            if kills:
                # At a moment of its start: before it joins, while it recovers, or after.
                victim = chance.choice(started)
                assert victim.address
                victim.send(signal.SIGKILL)
                survivors.remove(victim)
            eventually(all_counted(settings, sent), what="all events")
            for worker in survivors:
                worker.wait_until_ready()
                assert worker.stop() == 0, worker.told
    assert counts(settings) == once_each(sent)
