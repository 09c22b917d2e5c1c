"""A partition that is fed garbage on a real broker: it stops, and stands where it stood."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import pytest

from streams.dead_letter import dead_letter
from streams.engine.partition import StagePartition
from streams.task import Effects
from tests.streams.engine.bench import Bench, bench
from tests.streams.engine.counting import CountTask
from tests.streams.engine.topics import read_all, send_events
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.errors import WorkError
from weir.kafka.records import InputRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER

pytestmark = pytest.mark.kafka

INPUT = ["good"] * 4 + ["bad"] * 4 + ["good", "bad"] + ["bad"] * 20
"""With six letters allowed in ten records, the one at offset 11 is too many."""
TOO_MANY_AT = 11


class Refusing(CountTask):
    """Takes all but what is bad."""

    def process(self, records: Sequence[InputRecord], effects: Effects) -> None:
        bad = [record for record in records if record.key == b"bad"]
        super().process([record for record in records if record.key != b"bad"], effects)
        effects.outputs += [dead_letter(record, DeadLetterReason.NOT_JSON, "No JSON.") for record in bad]


@pytest.fixture
def settings(new_installation: Callable[..., Settings]) -> Settings:
    made = new_installation(partitions=1, checkpoint_interval_s=1_000, dead_letter_cap=0.6, dead_letter_window=10)
    send_events(made, INPUT)
    return made


def letters(settings: Settings) -> int:
    return len(read_all(settings, settings.names.public(DEAD_LETTER), 0))


async def worked(made: Bench, size: int, *, at_most: int = len(INPUT)) -> StagePartition:
    """A new owner's partition, which has taken so many batches of this size as it could."""
    partition = made.partition(Refusing)
    await partition.recover()
    start = partition.positions[made.topic]
    for first in range(start, min(start + at_most * size, len(INPUT)), size):
        await partition.take(made.batch(partition, INPUT[first : first + size], first))
    await partition.suspend()
    return partition


@pytest.mark.parametrize("size", [1, 2, 5, 30])
def test_the_batch_that_is_too_much_is_never_written_however_often_a_worker_begins_again(
    settings: Settings, size: int
) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            for again in (size, 1, 1, 3):
                with pytest.raises(WorkError, match="Too many dead letters: 7 of the last 10 records"):
                    await worked(made, again)
            there = made.partition(Refusing)
            await there.recover()
            assert there.positions == {made.topic: TOO_MANY_AT}
            assert await asyncio.to_thread(letters, settings) == 6

    asyncio.run(work())


def test_the_worker_writes_nothing_on_its_way_out(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            partition = made.partition(Refusing)
            await partition.recover()
            with pytest.raises(WorkError, match="Too many"):
                await partition.take(made.batch(partition, INPUT, 0))
            assert not partition.is_ready
            await partition.suspend()
            assert partition.durable == {made.topic: 0}
            assert await asyncio.to_thread(letters, settings) == 0

    asyncio.run(work())


def test_what_was_drained_on_purpose_does_not_count_against_the_cap_that_is_back(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings.model_copy(update={"dead_letter_cap": 1.0})) as open_:
            await worked(open_, 5, at_most=5)
        async with bench(settings) as made:
            partition = await worked(made, 5)
            assert partition.durable == {made.topic: len(INPUT)}
            assert await asyncio.to_thread(letters, settings) == INPUT.count("bad")

    asyncio.run(work())


def test_the_share_is_shown(settings: Settings) -> None:
    async def work() -> None:
        async with bench(settings) as made:
            partition = await worked(made, 2, at_most=4)
            labels = {"stage": partition.stage, "topic": made.topic, "partition": "0"}
            assert made.exposition.registry.get_sample_value("weir_dead_letter_share", labels) == 0.4

    asyncio.run(work())
