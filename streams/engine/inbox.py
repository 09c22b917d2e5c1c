"""What was fetched and waits for its partition: one queue for each, so that no partition waits for another's commit.

    agent ── put ──► inbox of a partition ── all that has come, as one batch ──► its work, its transaction

A transaction costs the brokers and this process the same for one record as for a thousand. So those of a partition
begin at least `pace_s` after one another, and each takes all that has come by then: few records when there is little to
do, many when it is behind. A record that comes to an idle partition waits for nothing.
"""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable

from streams.engine.fetched import Fetched


class Inbox:
    """One partition's queue, and the work on it. Its methods belong to the loop's thread.

    Args:
        work: called with one batch after another; it must not raise.
        most_records: that wait; and that are worked on at once, unless one fetch brought more.
        pace_s: between the beginnings of two calls of `work`, at least, while fewer than `most_records` wait.
    """

    def __init__(self, work: Callable[[Fetched], Awaitable[None]], most_records: int, pace_s: float) -> None:
        self._work = work
        self._most = most_records
        self._pace_s = pace_s
        self._waiting: deque[Fetched] = deque()
        self._records = 0
        self._is_full = False
        self._room = asyncio.Event()
        self._worker: asyncio.Task[None] | None = None
        self._begun_s = float("-inf")

    async def put(self, batch: Fetched) -> None:
        """Adds a batch, when there is room for its records."""
        while self._records and self._records + len(batch.records) > self._most:
            self._is_full = True
            self._room.clear()
            await self._room.wait()
        self._waiting.append(batch)
        self._records += len(batch.records)
        if self._worker is None:
            self._worker = asyncio.create_task(self._run())

    def close(self) -> None:
        """Works on nothing more; what waits is dropped, and the partition's next owner reads it."""
        self._waiting.clear()
        self._records = 0
        if self._worker is not None:
            self._worker.cancel()

    async def _run(self) -> None:
        try:
            while self._waiting:
                await self._keep_pace()
                if not self._waiting:
                    break
                self._begun_s = time.monotonic()
                await self._work(self._take())
        finally:
            self._worker = None

    async def _keep_pace(self) -> None:
        wait_s = self._begun_s + self._pace_s - time.monotonic()
        if wait_s > 0 and not self._is_full:
            await asyncio.sleep(wait_s)

    def _take(self) -> Fetched:
        """The batches of one topic that wait in front and follow on one another, as one."""
        first = last = self._waiting.popleft()
        records = list(first.records)
        while self._waiting and self._waiting[0].follows(last):
            if records and len(records) + len(self._waiting[0].records) > self._most:
                break
            last = self._waiting.popleft()
            records += last.records
        self._records -= len(records)
        self._is_full = False
        self._room.set()
        return first if last is first else first.up_to(last, records)


class Inboxes:
    """The inboxes of a membership, by stage and partition; arguments as an `Inbox` takes them."""

    def __init__(self, work: Callable[[str, Fetched], Awaitable[None]], most_records: int, pace_s: float) -> None:
        self._work = work
        self._most = most_records
        self._pace_s = pace_s
        self._by_partition: defaultdict[str, dict[int, Inbox]] = defaultdict(dict)

    async def put(self, stage: str, batch: Fetched) -> None:
        """Adds a batch to its partition's inbox, when there is room."""
        inbox = self._by_partition[stage].get(batch.partition)
        if inbox is None:

            async def work(one: Fetched) -> None:
                await self._work(stage, one)

            inbox = self._by_partition[stage][batch.partition] = Inbox(work, self._most, self._pace_s)
        await inbox.put(batch)

    def close(self) -> None:
        """Drops what waits."""
        for inboxes in self._by_partition.values():
            for inbox in inboxes.values():
                inbox.close()
