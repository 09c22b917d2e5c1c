"""Rules that change between two owners of a partition, on a real broker."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any

import msgspec

from streams.engine.fetched import Fetched
from streams.engine.partition import StagePartition
from streams.sessionize.task import SessionizeTask
from streams.task import Task
from tests.streams.engine.bench import Bench, bench
from tests.streams.engine.topics import read_all
from tests.streams.sessionize.driving import SMALL, Words, library_of
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

OLD, NEW = Words(("admin",), "1"), Words(("shop",), "2")


def under(rules: Words) -> Callable[[int], Task]:
    config = msgspec.structs.replace(SMALL, packs=dict(rules.versions))
    return lambda partition: SessionizeTask(partition, 1, config, library_of(OLD, NEW))


class Changing:
    """Rules that change while a worker works."""

    def __init__(self, current: Words) -> None:
        self.current = current

    def take_refusals(self) -> dict[str, int]:
        return {}

    def costs(self) -> dict[str, float]:
        return {}


def following(rules: Changing) -> Callable[[int], Task]:
    config = msgspec.structs.replace(SMALL, packs=dict(OLD.versions))
    return lambda partition: SessionizeTask(partition, 1, config, library_of(OLD, NEW), rules)


def send_views(settings: Settings, number: int) -> None:
    client = producer(settings)
    for at in range(number):
        view = {
            "event_id": f"e{at}",
            "visitor_id": "ann",
            "type": "page_view",
            "ts": time.time(),
            "url": "/admin/shop",
        }
        client.produce(settings.names.public(EVENTS), json.dumps(view).encode(), b"ann")
    assert client.flush(30) == 0


async def takes(made: Bench, partition: StagePartition, start: int, stop: int) -> None:
    """Works on some of the records, and writes no checkpoint of its own accord."""
    seek = partition.fetch_positions()[made.topic, 0].seek
    records = (await asyncio.to_thread(read_all, made.settings, made.topic, 0))[start:stop]
    await partition.take(Fetched(made.topic, 0, records, start, stop, generation=1, seek=seek))
    await made.until_durable(partition, stop)


def revisions(settings: Settings) -> list[dict[str, Any]]:
    return [json.loads(record.value or b"") for record in read_all(settings, settings.names.public(SESSIONS), 0)]


def test_what_was_folded_by_newer_rules_is_not_folded_again_by_older_ones(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1, checkpoint_interval_s=1e9)

    async def work() -> None:
        async with bench(settings) as made:
            await asyncio.to_thread(send_views, settings, 4)
            # None of them ends cleanly: each leaves a stretch to be folded again.
            for rules, start, stop in ((OLD, 0, 1), (NEW, 1, 2), (NEW, 2, 4)):
                partition = made.partition(under(rules))
                await partition.recover()
                await takes(made, partition, start, stop)
            assert not made.failures
            *_, last = await asyncio.to_thread(revisions, settings)
            assert last["events"] == 4
            assert last["heuristics"] == {
                "admin": {"hits": 1, "version": "1"},
                "shop": {"hits": 3, "version": "2"},
            }

    asyncio.run(work())


def test_rules_that_change_while_it_works_hold_from_a_checkpoint_on_and_a_crash_folds_each_stretch_by_its_own(
    new_installation: Callable[..., Settings],
) -> None:
    settings = new_installation(partitions=1, checkpoint_interval_s=1e9)

    async def work() -> None:
        async with bench(settings) as made:
            await asyncio.to_thread(send_views, settings, 4)
            rules = Changing(OLD)
            first = made.partition(following(rules))
            await first.recover()
            await takes(made, first, 0, 2)
            rules.current = NEW
            await takes(made, first, 2, 3)
            # It dies here; whoever comes next has rules that are older, until it has folded again what this one did.
            second = made.partition(following(Changing(OLD)))
            await second.recover()
            await takes(made, second, 3, 4)
            assert not made.failures
            *_, last = await asyncio.to_thread(revisions, settings)
            assert last["heuristics"] == {
                "admin": {"hits": 3, "version": "1"},
                "shop": {"hits": 1, "version": "2"},
            }

    asyncio.run(work())
