"""One partition's life on a real broker, without a group: the tests hand it batches themselves."""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

import pytest
from confluent_kafka import TopicPartition

from streams.engine import partition as partition_module
from streams.engine.fetched import Fetched
from streams.engine.partition import StagePartition
from streams.engine.partition_state import PartitionState
from streams.engine.recovery import AbandonedError
from streams.engine.transaction import BrokenTransactionError
from streams.task import Effects
from tests.streams.engine.bench import Bench, bench
from tests.streams.engine.counting import STAGE, CountTask
from tests.streams.engine.topics import counts, read_all, send_events
from tests.support.polling import PATIENCE_S
from weir.errors import FencedError, LostInputError, WorkError
from weir.kafka.admin import admin
from weir.kafka.records import InputRecord, LogRecord, Output
from weir.settings import Settings
from weir.topics import SESSIONS

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(new_installation: Callable[..., Settings]) -> Settings:
    return new_installation(partitions=1, checkpoint_interval_s=1_000, transaction_timeout_s=5)


def test_a_partition_goes_on_where_its_last_flush_stood_and_folds_the_rest_again(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, ["a", "b", "a", "b"])
            first = made.partition()
            await first.recover()
            await first.take(made.batch(first, ["a", "b"], start=0))
            await made.until_durable(first, 2)
            second = made.partition()
            await second.recover()
            assert second.positions == {made.topic: 2}
            assert await asyncio.to_thread(counts, settings) == {"a": [1], "b": [1]}
            await second.take(made.batch(second, ["a", "b"], start=2))
            await second.suspend()
            assert await asyncio.to_thread(counts, settings) == {"a": [1, 2], "b": [1, 2]}
            assert not made.failures

    asyncio.run(work())


def test_a_state_that_cannot_be_read_stops_recovery_with_a_clear_word(settings: Settings) -> None:
    class Newer(CountTask):
        """Another version, which writes its state otherwise."""

        def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
            return [(key, b"{}") for key, _ in super().changes()]

    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, ["a"])
            newer = made.partition(Newer)
            await newer.recover()
            await newer.take(made.batch(newer, ["a"], start=0))
            await newer.suspend()
            with pytest.raises(WorkError, match="state of partition 0 of sessionize can't be read"):
                await made.partition().recover()

    asyncio.run(work())


def test_what_was_read_before_is_not_worked_on_again(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition()
            await partition.recover()
            await partition.take(made.batch(partition, ["a", "b"], start=0))
            await partition.take(made.batch(partition, ["a", "b", "c"], start=0))
            await partition.suspend()
            assert await asyncio.to_thread(counts, settings) == {"a": [1], "b": [1], "c": [1]}

    asyncio.run(work())


def test_a_batch_from_before_a_seek_and_one_after_suspension_are_dropped(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition()
            await partition.recover()
            stale = made.batch(partition, ["a"], start=0)
            partition.fetch_positions()
            await partition.take(stale)
            late = made.batch(partition, ["a"], start=0)
            await partition.suspend()
            await partition.take(late)
            assert partition.positions == {made.topic: 0}
            await partition.resume()
            await partition.take(late)
            assert partition.positions == {made.topic: 1}

    asyncio.run(work())


def test_a_gap_between_batches_is_an_error_and_control_records_are_none(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition()
            await partition.recover()
            seek = partition.fetch_positions()[made.topic, 0].seek
            await partition.take(Fetched(made.topic, 0, (), start=0, end=3, generation=1, seek=seek))
            await partition.take(made.batch(partition, ["a"], start=3))
            with pytest.raises(WorkError, match="read up to 4, and the next batch starts at 9"):
                await partition.take(made.batch(partition, ["a"], start=9))

    asyncio.run(work())


def test_the_last_owner_is_fenced_and_told_so(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            first, second = made.partition(), made.partition()
            await first.recover()
            await second.recover()
            await first.take(made.batch(first, ["a"], start=0))
            with pytest.raises(FencedError, match="partition 0 of sessionize"):
                await first.suspend()
            assert isinstance(made.failures[0], FencedError)
            assert await asyncio.to_thread(counts, settings) == {}

    asyncio.run(work())


def test_an_owner_with_nothing_to_write_learns_after_a_rebalance_that_others_had_its_partition(
    settings: Settings,
) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            first, second = made.partition(), made.partition()
            await first.recover()
            await second.recover()
            await first.suspend()
            with pytest.raises(FencedError, match="partition 0 of sessionize"):
                await first.resume()
            assert not first.is_ready

    asyncio.run(work())


def test_a_rebalance_that_begins_while_the_last_ones_checkpoint_is_written_suspends(settings: Settings) -> None:
    class Slow(CountTask):
        """Gives its state only when it may."""

        asked, may = threading.Event(), threading.Event()

        def changes(self) -> Iterable[tuple[bytes, bytes | None]]:
            self.asked.set()
            assert self.may.wait(PATIENCE_S)
            return super().changes()

    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition(Slow)
            Slow.may.set()
            await partition.recover()
            await partition.suspend()
            Slow.asked.clear()
            Slow.may.clear()
            resuming = asyncio.create_task(partition.resume())
            assert await asyncio.to_thread(Slow.asked.wait, 30)
            suspending = asyncio.create_task(partition.suspend())
            await asyncio.sleep(0)
            Slow.may.set()
            await asyncio.gather(resuming, suspending)
            await partition.take(made.batch(partition, ["a"], start=0))
            assert not partition.is_ready
            assert partition.positions == {made.topic: 0}

    asyncio.run(work())


class Refused(CountTask):
    """Its first flush holds a record that no broker takes."""

    flushed = False

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        super().process(records, effects)
        if not Refused.flushed:
            Refused.flushed = True
            effects.outputs.append(Output(SESSIONS, b"big", os.urandom(3_000_000)))


async def work_until_both_events_are_durable(made: Bench) -> None:
    send_events(made.settings, ["a", "b"])
    Refused.flushed = False
    partition = made.partition(Refused)
    await partition.recover()
    await partition.take(made.batch(partition, ["a", "b"], start=0))
    while partition.durable != {made.topic: 2}:
        await asyncio.wait_for(made.refused.wait(), 30)
        made.refused.clear()
        assert not partition.is_ready
        await recover_again(partition)
        assert partition.positions == {made.topic: 0}
        await partition.take(made.batch(partition, ["a", "b"], start=0))
        await partition.suspend()
        await partition.resume()
    assert await asyncio.to_thread(counts, made.settings) == {"a": [1], "b": [1]}
    assert not made.failures


async def recover_again(partition: StagePartition) -> None:
    """The client needs a second try after some refusals, to begin its numbers anew."""
    while True:
        with suppress(BrokenTransactionError):
            return await partition.recover_again()


def test_a_flush_that_is_refused_is_undone_and_done_again(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            await work_until_both_events_are_durable(made)
            assert made.committed("aborted")

    asyncio.run(work())


def test_a_repair_waits_while_the_group_may_have_given_the_partition_to_another(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            send_events(made.settings, ["a"])
            Refused.flushed = False
            first, second = made.partition(Refused), made.partition()
            await first.recover()
            await first.take(made.batch(first, ["a"], start=0))
            await asyncio.wait_for(made.refused.wait(), 30)
            made.refused.clear()
            await first.suspend()
            await second.recover()
            with pytest.raises(AbandonedError):
                await first.recover_again()
            await second.take(made.batch(second, ["a"], start=0))
            await second.suspend()
            assert await asyncio.to_thread(counts, settings) == {"a": [1]}
            assert not made.refused.is_set()
            await first.resume()
            assert made.refused.is_set()
            await recover_again(first)
            assert first.positions == {made.topic: 1}
            assert not made.failures

    asyncio.run(work())


def test_a_fold_that_gives_another_result_the_second_time_stops_recovery(settings: Settings) -> None:
    class Moody(CountTask):
        made = 0

        def __init__(self, partition: int) -> None:
            super().__init__(partition)
            Moody.made += 1
            self._mood = Moody.made

        def progress(self) -> bytes:
            return super().progress() + b" in mood %d" % self._mood

    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, ["a"])
            first = made.partition(Moody)
            await first.recover()
            await first.take(made.batch(first, ["a"], start=0))
            await made.until_durable(first, 1)
            with pytest.raises(WorkError, match="gave another result"):
                await made.partition(Moody).recover()

    asyncio.run(work())


def test_input_that_retention_took_before_it_was_read_stops_recovery(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, ["a", "b", "c"])
            first = made.partition()
            await first.recover()
            await first.take(made.batch(first, ["a"], start=0))
            await first.suspend()
            client = admin(settings)
            for future in client.delete_records([TopicPartition(made.topic, 0, 2)]).values():
                await asyncio.to_thread(future.result)
            with pytest.raises(LostInputError, match="starts at 2, above 1"):
                await made.partition().recover()

    asyncio.run(work())


def test_the_tasks_own_work_is_done_only_where_all_input_is_read(settings: Settings) -> None:
    class Ticking(CountTask):
        def tick(self, now_s: float, effects: Effects) -> None:
            effects.outputs.append(Output(SESSIONS, b"tick", b"%d" % now_s, partition=0))

    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition(Ticking)
            await partition.recover()
            await partition.take(made.batch(partition, ["a"], start=0))
            await partition.suspend()
            await partition.resume()
            await partition.tick(1.0, None)
            await partition.tick(2.0, {made.topic: 2})
            await partition.tick(3.0, {made.topic: 1})
            await partition.suspend()
            assert await asyncio.to_thread(counts, settings) == {"a": [1], "tick": [3]}

    asyncio.run(work())


def state_of(settings: Settings) -> dict[bytes, bytes]:
    """The task's entries in the state topic, as a recovery would find them."""
    entries = read_all(settings, settings.names.state(STAGE), 0)
    return {record.key: record.value or b"" for record in entries if record.key and record.key[:1] == b"s"}


@pytest.mark.parametrize("end", ["failed", "cancelled"])
@pytest.mark.parametrize("during", ["batch", "tick"])
def test_memory_that_half_done_work_has_changed_is_never_written(settings: Settings, during: str, end: str) -> None:
    class Halting(CountTask):
        """Counts an event, and gets no further."""

        begun, go_on = threading.Event(), threading.Event()

        def _halt(self, effects: Effects) -> None:
            super().process([LogRecord("", 0, 0, 0, b"b", b"event")], effects)
            self.begun.set()
            assert self.go_on.wait(PATIENCE_S)
            if end == "failed":
                raise RuntimeError

        def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
            if records[0].key == b"b":
                self._halt(effects)
            super().process(records, effects)

        def tick(self, now_s: float, effects: Effects) -> None:
            if now_s:
                self._halt(effects)

    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition(Halting)
            await partition.recover()
            await partition.take(made.batch(partition, ["a"], start=0))
            await partition.suspend()
            await partition.resume()
            seek = partition.fetch_positions()[made.topic, 0].seek
            await partition.take(Fetched(made.topic, 0, (), start=1, end=2, generation=1, seek=seek))
            half_done = asyncio.create_task(
                partition.take(made.batch(partition, ["b", "b"], start=2))
                if during == "batch"
                else partition.tick(1.0, {made.topic: 2})
            )
            assert await asyncio.to_thread(Halting.begun.wait, 30)
            suspending = asyncio.create_task(partition.suspend())
            if end == "cancelled":
                half_done.cancel()
            Halting.go_on.set()
            with pytest.raises((WorkError, RuntimeError, asyncio.CancelledError)):
                await half_done
            await suspending
            assert await asyncio.to_thread(state_of, settings) == {b"sa": b"1"}
            assert await asyncio.to_thread(counts, settings) == {"a": [1]}

    asyncio.run(work())


@pytest.mark.parametrize("cut", [1, 3, 7])
def test_outputs_and_state_do_not_depend_on_where_batches_end(settings: Settings, cut: int) -> None:
    visitors = ["a", "b", "a", "c", "b", "a", "a"]

    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition()
            await partition.recover()
            for start in range(0, len(visitors), cut):
                await partition.take(made.batch(partition, visitors[start : start + cut], start))
            await partition.suspend()
            assert await asyncio.to_thread(counts, settings) == {"a": [1, 2, 3, 4], "b": [1, 2], "c": [1]}
            assert await asyncio.to_thread(state_of, settings) == {b"sa": b"4", b"sb": b"2", b"sc": b"1"}

    asyncio.run(work())


def test_what_takes_long_is_written_in_parts_so_that_readers_need_not_wait_for_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_module, "_LONGEST_WORK_S", 0.0)
    monkeypatch.setattr(partition_module, "_RECORDS_BETWEEN_LOOKS", 2)
    visitors = ["a", "b", "a", "b", "a"]

    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, visitors)
            first = made.partition()
            await first.recover()
            before = made.committed("committed") or 0.0
            await first.take(made.batch(first, visitors, start=0))
            await made.until_durable(first, 5)
            assert (made.committed("committed") or 0.0) - before == 3
            assert await asyncio.to_thread(counts, settings) == {"a": [1, 2, 3], "b": [1, 2]}

    asyncio.run(work())


def test_the_rest_of_a_long_batch_is_left_to_the_next_owner_once_the_partition_is_suspended(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partition_module, "_LONGEST_WORK_S", 0.0)
    monkeypatch.setattr(partition_module, "_RECORDS_BETWEEN_LOOKS", 2)
    visitors = ["a", "b", "a", "b", "a"]
    suspended: list[StagePartition] = []

    class Interrupted(CountTask):
        """Its partition is suspended while it works."""

        def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
            super().process(records, effects)
            for one in suspended:
                one._withheld = PartitionState.SUSPENDED

    async def work() -> None:
        async with bench(settings) as made:
            send_events(settings, visitors)
            first = made.partition(Interrupted)
            await first.recover()
            suspended.append(first)
            await first.take(made.batch(first, visitors, start=0))
            await made.until_durable(first, 2)
            assert first.positions == {made.topic: 2}
            await first.resume()
            suspended.clear()
            await first.take(made.batch(first, visitors[2:], start=2))
            await made.until_durable(first, 5)
            assert await asyncio.to_thread(counts, settings) == {"a": [1, 2, 3], "b": [1, 2]}

    asyncio.run(work())
