"""Faust's aiokafka transport, changed so that a fetch of one partition is one message.

Faust wraps, dispatches and acknowledges every record alone, which costs more than the work on it. Here an agent's
event holds a `Fetched`: all records of one fetch of one partition. Three more things differ, and exactly once rests on
them: only committed records are read; positions come from the state of the stages, never from the group's offsets; and
the group's offsets, which only lag tools read, are the durable positions, independent of acknowledgements.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import aiokafka  # type: ignore[import-untyped]  # it has no stubs
from faust.topics import Topic
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, EventT, Message

import streams.engine.records  # noqa: F401 -- what aiokafka parses answers with
from streams.engine.fetched import Fetched, FetchPosition

_FETCH_WAIT_MS = 200
"""A fetch with nothing to bring blocks new positions and the news of the log's end for so long."""


@dataclass(frozen=True, slots=True)
class FetchState:
    """A partition as the last fetch response described it."""

    position: int
    stable_end: int
    end: int
    responded_at_s: float

    def is_caught_up(self, now_s: float) -> bool:
        """Whether there was nothing more to read, no transaction was open, and that was just now."""
        return self.position == self.stable_end == self.end and now_s - self.responded_at_s < _FRESH_S


_FRESH_S = 2.0
_UNPLACED_S = 0.05
"""Seconds until it is checked again whether a partition has a position."""


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """Faust's consumer thread: adds position, generation and seek to each fetch."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._placed: dict[TP, FetchPosition] = {}

    def _create_worker_consumer(self, transport: driver.Transport) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust gives its consumer `read_committed` only with its own `exactly_once`, which we don't use, and offers no
        # setting for either; the fetcher, made when the consumer starts, takes them from here.
        consumer._isolation_level = "read_committed"  # noqa: SLF001 -- likewise
        consumer._fetch_max_wait_ms = _FETCH_WAIT_MS  # noqa: SLF001 -- likewise
        return consumer

    async def place(self, fetch_positions: Mapping[TP, FetchPosition]) -> None:
        """Sets the next fetch positions; records of these partitions that were not yet handed out are dropped."""
        consumer = self._ensure_consumer()
        for tp, where in fetch_positions.items():
            if tp in consumer.assignment():
                consumer.seek(aiokafka.TopicPartition(*tp), where.offset)
                self._placed[tp] = where

    def forget_places(self) -> None:
        """Nothing is handed out until the next `place`: a new assignment begins at the group's offsets."""
        self._placed.clear()

    async def _fetch_records(
        self,
        consumer: aiokafka.AIOKafkaConsumer,
        active_partitions: set[TP],
        timeout: float | None = None,  # noqa: ASYNC109 -- overrides
        max_records: int | None = None,
    ) -> Mapping[TP, Any]:
        # A rebalance that begins during a recovery leaves partitions active that have no position. The fetcher looks
        # for their offsets in the group, may find none, and hands that out as an error; `place` takes such an error
        # away.
        placed = {tp for tp in active_partitions if tp in self._placed}
        if not placed:
            await self.stay()
            await asyncio.sleep(_UNPLACED_S)
            return {}
        records = await super()._fetch_records(consumer, placed, timeout, max_records)
        # No await from here on: positions, generation and records belong together.
        assignment = _assignment(consumer)
        generation = self.generation
        fetched: dict[TP, Fetched] = {}
        for tp in placed:
            before = self._placed.get(tp)
            state = assignment.state_value(aiokafka.TopicPartition(*tp)) if assignment else None
            if before is None or state is None or not state.has_valid_position or state.position == before.offset:
                continue
            self._placed[tp] = FetchPosition(state.position, before.seek)
            fetched[tp] = Fetched(
                tp.topic, tp.partition, records.get(tp, ()), before.offset, state.position, generation, before.seek
            )
        return fetched

    async def stay(self) -> None:
        """Keeps a member without partitions in the group: one that never fetches looks hung, and can't come back."""
        with self._ensure_consumer()._subscription.fetch_context():  # noqa: SLF001 -- known nowhere else
            pass

    @property
    def generation(self) -> int:
        """The group's generation by this member's last word with it; -1 once the group has forgotten the member."""
        generation: int = self._ensure_consumer()._coordinator.generation  # noqa: SLF001 -- known nowhere else
        return generation

    def fetch_state(self, tp: TP) -> FetchState | None:
        """What is known of the partition's end; None before the first response."""
        assignment = _assignment(self._ensure_consumer())
        state = assignment.state_value(aiokafka.TopicPartition(*tp)) if assignment else None
        if state is None or not state.has_valid_position or state.timestamp is None:
            return None
        return FetchState(state.position, state.lso, state.highwater, state.timestamp / 1000)


def _assignment(consumer: aiokafka.AIOKafkaConsumer) -> Any:  # noqa: ANN401 -- aiokafka has no types
    """Positions and ends by partition, read together: its public calls are coroutines, and would come too late."""
    subscription = consumer._subscription.subscription  # noqa: SLF001 -- likewise
    return subscription.assignment if subscription else None


class _Unknown(dict[TP, int | None]):
    """Offsets that Faust has handed out, forgotten at once: it would drop what a seek back brings again."""

    def __getitem__(self, tp: TP) -> None:
        return None


class _NotListed(list[int]):
    """Offsets that were acknowledged, forgotten at once, since nothing would take them out again."""

    def append(self, _offset: int, /) -> None:
        pass


class _NotHeld(set[int]):
    """Likewise."""

    def add(self, _offset: int, /) -> None:
        pass


class BatchConsumer(driver.Consumer):
    """Faust's consumer: yields one message for each `Fetched`."""

    transport: BatchTransport

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 -- Faust's own arguments
        super().__init__(*args, **kwargs)
        self.is_revoked = False
        """Whether a rebalance of the group is under way."""
        self._read_offset = _Unknown()
        # Faust's compiled streams don't call `ack` below: they enter each offset here themselves.
        self._acked, self._acked_index = defaultdict(_NotListed), defaultdict(_NotHeld)

    def _new_consumer_thread(self) -> BatchConsumerThread:
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def batches(self) -> BatchConsumerThread:
        """The consumer's thread."""
        thread = self._thread
        if not isinstance(thread, BatchConsumerThread):
            raise TypeError(thread)
        return thread

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109 -- overrides
        """What one fetch brought, a message for each partition."""
        fetched, active = await self._wait_next_records(timeout)
        if fetched is None:
            return
        if not active:
            await self.batches.call_thread(self.batches.stay)
        batches: Mapping[TP, Any] = fetched
        for tp, batch in batches.items():
            # Faust has fetching begin before it lets batches flow. What was fetched until then has left the fetcher:
            # it must wait, for to drop it would leave a gap in front of the next one.
            if not self.flow_active:
                await self.wait(self.can_resume_flow)  # type: ignore[arg-type]  # mode's types lack asyncio's events
            # A rebalance may begin and end between two of these; the new assignment seeks, so the rest may go.
            if self.should_stop or batch.generation != self.app.consumer_generation_id:
                break
            yield tp, self._to_message(tp, batch)

    async def seek_to_committed(self) -> Mapping[TP, int]:
        """Sets fetching to the positions in the stages' state; partitions without a state yet are left out."""
        fetch_positions = {TP(*where): place for where, place in self.transport.fetch_positions().items()}
        await self.place(fetch_positions)
        return {tp: place.offset for tp, place in fetch_positions.items()}

    async def place(self, fetch_positions: Mapping[TP, FetchPosition]) -> None:
        """Sets the next fetch positions."""
        await self.batches.call_thread(self.batches.place, fetch_positions)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Nothing is handed out until the positions of the stages are known."""
        self.is_revoked = True
        self.batches.forget_places()
        await super().on_partitions_revoked(revoked)

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """What is ours is known again."""
        self.is_revoked = False
        await super().on_partitions_assigned(assigned, generation_id)

    def _to_message(self, tp: TP, record: Fetched) -> ConsumerMessage:
        at_ms = record.records[-1].timestamp if record.records else 0
        return ConsumerMessage(
            record.topic,
            record.partition,
            record.end - 1,
            at_ms / 1000,
            0,
            None,
            None,
            record,  # type: ignore[arg-type]  # Faust passes values on as they are
            None,
            0,
            0,
            tp,
            generation_id=record.generation,
        )

    # Acknowledgements have no effect: the offsets committed to the group are the durable positions of the stages.

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        pass

    def ack(self, message: Message) -> bool:
        """Marks the message as processed, without effect on offsets."""
        message.acked = True
        self._unacked_messages.discard(message)
        return False

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:  # noqa: ANN401, ARG002 -- overrides
        return (TP(*where) for where in self.transport.durable())

    def _new_offset(self, tp: TP) -> int | None:
        return self.transport.durable().get((tp.topic, tp.partition))

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Faust's own watch over stalls looks at acknowledgements; `health.py` watches positions instead."""


class BatchTransport(driver.Transport):
    """Makes the consumer above.

    `fetch_positions` returns the next fetch position of each partition, `durable` its committed position, both by full
    topic name and partition.
    """

    Consumer: ClassVar[type[BatchConsumer]] = BatchConsumer
    fetch_positions: Callable[[], Mapping[tuple[str, int], FetchPosition]]
    durable: Callable[[], Mapping[tuple[str, int], int]]


class BatchTopic(Topic):
    """A topic whose messages hold a `Fetched`: there is nothing to decode."""

    def _compile_decode(self) -> None:
        pass

    async def decode(self, message: Message, *, propagate: bool = False) -> EventT[Any]:  # noqa: ARG002 -- overrides
        """The message as it is."""
        return self._create_event(None, message.value, headers=None, message=message)
