from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from hypothesis import given
from hypothesis import strategies as st

from streams.engine.fetched import Fetched
from streams.engine.inbox import Inbox, Inboxes
from weir.kafka.records import LogRecord

PACE_S = 0.05


def fetched(start: int, end: int, *, topic: str = "events", seek: int = 1, partition: int = 0) -> Fetched:
    records = [LogRecord(topic, partition, offset, 0, None, b"") for offset in range(start, end)]
    return Fetched(topic, partition, records, start, end, 1, seek)


async def until(reached: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not reached():  # noqa: ASYNC110 -- what it waits for tells nobody
            await asyncio.sleep(0)


class Work:
    """Notes what it is given; holds each batch until told otherwise."""

    def __init__(self, *, holds: bool = False) -> None:
        self.batches: list[Fetched] = []
        self.begun_s: list[float] = []
        self.may_end = asyncio.Event()
        if not holds:
            self.may_end.set()

    async def __call__(self, batch: Fetched) -> None:
        self.batches.append(batch)
        self.begun_s.append(time.monotonic())
        await self.may_end.wait()

    async def until(self, number: int) -> None:
        await until(lambda: len(self.batches) >= number)

    @property
    def spans(self) -> list[tuple[str, int, int]]:
        return [(batch.topic, batch.start, batch.end) for batch in self.batches]


def test_what_comes_while_a_batch_is_worked_on_is_the_next_batch_together() -> None:
    async def go() -> None:
        work = Work(holds=True)
        inbox = Inbox(work, 100, 0.0)
        for start in (0, 2, 4, 6):
            await inbox.put(fetched(start, start + 2))
            await work.until(1)
        work.may_end.set()
        await work.until(2)
        assert work.spans == [("events", 0, 2), ("events", 2, 8)]
        assert [record.offset for record in work.batches[1].records] == [2, 3, 4, 5, 6, 7]

    asyncio.run(go())


def test_a_batch_that_does_not_follow_on_the_one_before_stays_by_itself() -> None:
    async def go() -> None:
        work = Work(holds=True)
        inbox = Inbox(work, 100, 0.0)
        await inbox.put(fetched(0, 1))
        await work.until(1)
        other_topic, other_seek, gap = fetched(1, 2, topic="answers"), fetched(1, 2, seek=2), fetched(5, 6)
        for batch in (other_topic, other_seek, gap):
            await inbox.put(batch)
        work.may_end.set()
        await work.until(4)
        assert work.batches[1:] == [other_topic, other_seek, gap]

    asyncio.run(go())


def test_work_on_a_partition_begins_at_its_pace_and_at_once_where_it_was_idle() -> None:
    async def go() -> None:
        work = Work()
        inbox = Inbox(work, 100, PACE_S)
        put_s = time.monotonic()
        await inbox.put(fetched(0, 1))
        await work.until(1)
        assert work.begun_s[0] - put_s < PACE_S
        for start in (1, 2, 3):
            await inbox.put(fetched(start, start + 1))
        await work.until(2)
        assert work.begun_s[1] - work.begun_s[0] >= PACE_S
        assert work.spans[1] == ("events", 1, 4)

    asyncio.run(go())


def test_who_is_behind_does_not_wait_for_the_pace() -> None:
    async def go() -> None:
        work = Work()
        inbox = Inbox(work, 4, 3_600.0)
        for start in range(0, 12, 4):
            async with asyncio.timeout(10):
                await inbox.put(fetched(start, start + 4))
        await work.until(2)
        assert work.spans == [("events", 0, 4), ("events", 4, 8)]

    asyncio.run(go())


def test_no_partition_waits_for_another_ones_commit() -> None:
    async def go() -> None:
        held = asyncio.Event()
        done: list[int] = []

        async def work(_: str, batch: Fetched) -> None:
            if batch.partition == 0:
                await held.wait()
            done.append(batch.partition)

        inboxes = Inboxes(work, 100, 0.0)
        await inboxes.put("sessionize", fetched(0, 1, partition=0))
        await inboxes.put("sessionize", fetched(0, 1, partition=1))
        await until(lambda: bool(done))
        assert done == [1]
        held.set()

    asyncio.run(go())


def test_a_closed_inbox_works_on_nothing_more() -> None:
    async def go() -> None:
        work = Work(holds=True)
        inbox = Inbox(work, 100, 0.0)
        await inbox.put(fetched(0, 1))
        await work.until(1)
        await inbox.put(fetched(1, 2))
        inbox.close()
        work.may_end.set()
        for _ in range(10):
            await asyncio.sleep(0)
        assert work.spans == [("events", 0, 1)]

    asyncio.run(go())


@given(st.lists(st.tuples(st.integers(0, 5), st.booleans()), max_size=30), st.integers(1, 12))
def test_every_record_is_worked_on_once_and_in_order_and_no_batch_is_larger_than_allowed(
    sizes: Sequence[tuple[int, bool]], most: int
) -> None:
    async def go() -> list[Fetched]:
        work = Work()
        inbox = Inbox(work, most, 0.0)
        at = 0
        for size, yields in sizes:
            async with asyncio.timeout(10):
                await inbox.put(fetched(at, at + size))
            at += size
            if yields:
                await asyncio.sleep(0)
        await until(lambda: sum(len(batch.records) for batch in work.batches) >= at)
        assert [record.offset for batch in work.batches for record in batch.records] == list(range(at))
        return work.batches

    largest = max((size for size, _ in sizes), default=0)
    assert all(len(batch.records) <= max(most, largest) for batch in asyncio.run(go()))
