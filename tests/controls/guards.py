"""What each guard of the exactly-once promise holds back, and how to take it out.

A guard whose removal no test notices is not tested. `pytest --without GUARD` runs with a guard taken out, in workers'
processes too; `test_controls.py` sees that the tests named here then go red.
"""

from __future__ import annotations

import itertools
import os
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import msgspec
from confluent_kafka import Consumer, Producer, TopicPartition

from streams.compiled.form import VARIABLE as COMPILED

VARIABLE = "TESTS_WITHOUT_GUARD"
"""By it, workers that a test starts learn what is taken out."""


@dataclass(frozen=True)
class Guard:
    """A guard, and the tests that must notice its absence."""

    holds_back: str
    take_out: Callable[[], None]
    tests: tuple[str, ...]


def take_out(name: str) -> None:
    """Runs this process, and those that it starts, without the guard; in plain Python, since it can be patched."""
    os.environ[VARIABLE] = name
    os.environ[COMPILED] = "0"
    GUARDS[name].take_out()


def take_out_as_told() -> None:
    """For processes that a test starts."""
    if name := os.environ.get(VARIABLE):
        GUARDS[name].take_out()


def _put(owner: object, name: str, other: object) -> None:
    if not hasattr(owner, name):
        raise AttributeError(f"{owner!r} has no {name}: it was renamed, and the guard would stay in.")
    setattr(owner, name, other)


def _fencing() -> None:
    from streams.engine import transaction  # noqa: PLC0415 -- only the one that is taken out is loaded

    def nobodys(options: Mapping[str, Any], **more: Any) -> Producer:  # noqa: ANN401 -- the client's own
        return Producer({**options, "transactional.id": f"{options['transactional.id']}.{uuid.uuid4()}"}, **more)

    _put(transaction, "Producer", nobodys)


def _offset_in_the_transaction() -> None:
    from streams.engine.progress import PROGRESS_KEY  # noqa: PLC0415 -- likewise
    from streams.engine.transaction import Transactions  # noqa: PLC0415 -- likewise

    written_with_it = Transactions.write

    def write(self: Transactions, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        held = list(entries)
        alone = [(key, value) for key, value in held if key == PROGRESS_KEY]
        written_with_it(self, [entry for entry in held if entry not in alone])
        servers = self._producer.list_topics(timeout=10).brokers.values()
        outside = Producer({"bootstrap.servers": ",".join(f"{one.host}:{one.port}" for one in servers)})
        for key, value in alone:
            outside.produce(self._state[0], value, key, self._state[1])
        outside.flush(10)

    _put(Transactions, "write", write)


def _own_marker() -> None:
    from streams.engine import recovery  # noqa: PLC0415 -- likewise

    _put(recovery, "uuid", SimpleNamespace(uuid4=lambda: SimpleNamespace(hex="anybody's")))


def _freed_state() -> None:
    from streams.engine import recovery  # noqa: PLC0415 -- likewise

    _put(recovery, "free_state", lambda *_: None)


def _undone_cut_flushes() -> None:
    from streams.engine import recovery  # noqa: PLC0415 -- likewise

    _put(recovery, "undo_incomplete_flushes", lambda *_: None)


def _doubt() -> None:
    from streams.engine.transaction import Transactions  # noqa: PLC0415 -- likewise

    begin = Transactions.__init__

    def never_in_doubt(self: Transactions, *args: Any, **more: Any) -> None:  # noqa: ANN401 -- whatever it takes
        begin(self, *args, **more)
        self._unknown_outcome_s = float("inf")

    _put(Transactions, "__init__", never_in_doubt)


def _read_committed() -> None:
    from faust.transport.drivers.aiokafka import AIOKafkaConsumerThread  # noqa: PLC0415 -- likewise

    from streams.engine.transport import BatchConsumerThread  # noqa: PLC0415 -- likewise

    _put(BatchConsumerThread, "_create_worker_consumer", AIOKafkaConsumerThread._create_worker_consumer)


def _position_from_state() -> None:
    from streams.engine.progress import InputPosition, Progress  # noqa: PLC0415 -- likewise
    from streams.engine.recovery import Recovery  # noqa: PLC0415 -- likewise

    checked = Recovery._check_inputs

    def by_the_group(self: Recovery, recorded: Progress | None, ids: Mapping[str, str]) -> Progress:
        progress = checked(self, recorded, ids)
        group = f"{self._settings.application_id}.{self._stage}"
        consumer = Consumer(self._settings.client_options() | {"group.id": group})
        places = {}
        for topic, place in progress.inputs.items():
            (where,) = consumer.committed([TopicPartition(topic, self._partition)], 10)
            at = max(0, where.offset)
            places[topic] = InputPosition(place.topic_id, at, at)
        consumer.close()
        return Progress(places, progress.task)

    _put(Recovery, "_check_inputs", by_the_group)


def _same_fold_again() -> None:
    from streams.engine.recovery import Recovery  # noqa: PLC0415 -- likewise

    _put(Recovery, "_check_fold", lambda self, _: self._task.recovered())


def _input_still_there() -> None:
    from streams.engine import recovery  # noqa: PLC0415 -- likewise

    _put(recovery, "check_position", lambda *_: None)


def _whole_memory() -> None:
    from streams.engine.partition import StagePartition  # noqa: PLC0415 -- likewise

    _put(StagePartition, "_memory_whole_or_dropped", lambda _: nullcontext())


def _position_in_the_batch() -> None:
    from streams.engine.fetched import Fetched  # noqa: PLC0415 -- likewise

    _put(Fetched, "unread", lambda self, _: self.records)


def _seek_stamp() -> None:
    from streams.engine.fetched import FetchPosition  # noqa: PLC0415 -- likewise
    from streams.engine.partition import StagePartition  # noqa: PLC0415 -- likewise

    def stale(self: StagePartition) -> dict[tuple[str, int], FetchPosition]:
        positions = self.positions
        return {(topic, self.number): FetchPosition(positions[topic], self._seeks[topic]) for topic in self._inputs}

    _put(StagePartition, "fetch_positions", stale)


class _Whatever:
    """Equal to everything."""

    def __eq__(self, other: object) -> bool:
        return True

    def __hash__(self) -> int:
        return 0


def _generation_stamp() -> None:
    from streams.engine.fetched import Fetched  # noqa: PLC0415 -- likewise

    _put(Fetched, "generation", property(lambda _: _Whatever(), lambda *_: None))


def _held_until_flow() -> None:
    from faust.types import TP, Message  # noqa: PLC0415 -- likewise

    from streams.engine.transport import BatchConsumer  # noqa: PLC0415 -- likewise

    async def getmany(self: BatchConsumer, timeout: float) -> AsyncIterator[tuple[TP, Message]]:  # noqa: ASYNC109
        fetched, active = await self._wait_next_records(timeout)
        if not active:
            await self.batches.call_thread(self.batches.stay)
        batches: Mapping[TP, Any] = fetched or {}
        for tp, batch in batches.items():
            if self.flow_active and batch.generation == self.app.consumer_generation_id:
                yield tp, self._to_message(tp, batch)

    _put(BatchConsumer, "getmany", getmany)


def _commit_after_flush() -> None:
    from faust.types import TP  # noqa: PLC0415 -- likewise

    from streams.engine.transport import BatchConsumer  # noqa: PLC0415 -- likewise

    _put(BatchConsumer, "_new_offset", lambda self, tp: self.batches._placed[TP(*tp)].offset)


def _checkpoint_before_newer_rules() -> None:
    from streams.engine.partition import StagePartition  # noqa: PLC0415 -- likewise
    from streams.engine.partition_state import Recovered  # noqa: PLC0415 -- likewise

    async def begin(_: StagePartition, recovered: Recovered) -> None:
        recovered.flusher._checkpoint_at = time.monotonic()

    _put(StagePartition, "_begin_under_present_rules", begin)


def _dedupe() -> None:
    from streams.sessionize import partition_fold  # noqa: PLC0415 -- likewise

    numbers: Iterator[int] = itertools.count()
    _put(partition_fold, "fingerprint", lambda _: next(numbers))


def _partitioner_check() -> None:
    from streams.sessionize import arrival  # noqa: PLC0415 -- likewise

    _put(arrival, "is_in_place", lambda *_: True)


def _watermark_clamp() -> None:
    from rules.heuristics.patterns import Patterns  # noqa: PLC0415 -- likewise
    from streams.sessionize.config import FoldConfig  # noqa: PLC0415 -- likewise
    from streams.sessionize.partition_fold import PartitionFold  # noqa: PLC0415 -- likewise

    configure = PartitionFold.configure

    def unclamped(self: PartitionFold, config: FoldConfig, patterns: Patterns) -> None:
        configure(self, msgspec.structs.replace(config, max_ahead_s=1e12), patterns)

    _put(PartitionFold, "configure", unclamped)


def _table_transactions() -> None:
    from streams.table.sink import Sink  # noqa: PLC0415 -- likewise

    properties = Sink._properties
    _put(Sink, "_properties", lambda self, _: properties(self, {}))


def _table_position() -> None:
    from streams.table.sink import Sink  # noqa: PLC0415 -- likewise

    _put(Sink, "_require_positions", lambda *_: None)


_TABLE = "tests/streams/table/test_sink.py"
_ENGINE = "tests/streams/engine"
_FOLD = "tests/streams/sessionize"


def _fence_as_current() -> None:
    from streams.engine.transaction import Transactions  # noqa: PLC0415 -- likewise

    _put(Transactions, "_fence_if", lambda self, _is_current: self._producer.init_transactions)


def _revocation_waits() -> None:
    from streams.engine import partition  # noqa: PLC0415 -- likewise

    _put(partition, "_LONGEST_FENCE_S", 0.0)


GUARDS: Mapping[str, Guard] = {
    "fencing": Guard(
        "Two owners of a partition: a paused one wakes up and commits.",
        _fencing,
        (f"{_ENGINE}/test_partition.py::test_the_last_owner_is_fenced_and_told_so",),
    ),
    "fence-as-current": Guard(
        "A worker that the group has taken a partition from, costing the new owner its work by a late fence.",
        _fence_as_current,
        (f"{_ENGINE}/test_fenced_recovery.py::test_a_worker_fences_nobody_while_the_group_shares_out_anew",),
    ),
    "revocation-waits": Guard(
        "A fence that was under way when the group took the partition, and arrives when it is another's.",
        _revocation_waits,
        (f"{_ENGINE}/test_fenced_recovery.py::test_a_partition_is_let_go_when_a_fence_that_is_under_way_has_arrived",),
    ),
    "offset-in-the-transaction": Guard(
        "A position that moves without its outputs, or outputs without their position.",
        _offset_in_the_transaction,
        (f"{_ENGINE}/test_partition.py::test_a_flush_that_is_refused_is_undone_and_done_again",),
    ),
    "own-marker": Guard(
        "A recovery that takes an earlier end of the state for the end.",
        _own_marker,
        (f"{_ENGINE}/test_partition.py::test_a_partition_goes_on_where_its_last_flush_stood_and_folds_the_rest_again",),
    ),
    "freed-state": Guard(
        "Half a flush that brokers lost sight of in an outage, made real by the next owner's first commit.",
        _freed_state,
        (f"{_ENGINE}/test_hanging.py::test_half_a_flush_that_an_outage_left_open_never_becomes_real",),
    ),
    "undone-cut-flushes": Guard(
        "Outputs that an outage cut off from their position, made real beside those of the same flush done again.",
        _undone_cut_flushes,
        (f"{_ENGINE}/test_hanging.py::test_outputs_that_an_outage_cut_off_from_their_position_never_become_real",),
    ),
    "doubt": Guard(
        "A commit that was asked for twice, whose first request ends the next transaction half-way.",
        _doubt,
        (f"{_ENGINE}/test_doubt.py::test_a_commit_that_arrives_late_makes_no_half_of_the_next_flush_real",),
    ),
    "read-committed": Guard(
        "Records of transactions that never came to be.",
        _read_committed,
        (f"{_ENGINE}/test_worker.py::test_a_worker_works_in_batches_tells_of_itself_and_ends_cleanly",),
    ),
    "position-from-state": Guard(
        "The group's offset, which is committed apart from the outputs, deciding where to go on.",
        _position_from_state,
        (f"{_ENGINE}/test_partition.py::test_a_partition_goes_on_where_its_last_flush_stood_and_folds_the_rest_again",),
    ),
    "same-fold-again": Guard(
        "A stretch that is folded again into something else than was published.",
        _same_fold_again,
        (f"{_ENGINE}/test_partition.py::test_a_fold_that_gives_another_result_the_second_time_stops_recovery",),
    ),
    "input-still-there": Guard(
        "Input that retention took, passed over in silence.",
        _input_still_there,
        (f"{_ENGINE}/test_partition.py::test_input_that_retention_took_before_it_was_read_stops_recovery",),
    ),
    "whole-memory": Guard(
        "Memory that half-done work has changed, written as state.",
        _whole_memory,
        (f"{_ENGINE}/test_partition.py::test_memory_that_half_done_work_has_changed_is_never_written",),
    ),
    "position-in-the-batch": Guard(
        "Records of a batch that were folded before.",
        _position_in_the_batch,
        (f"{_ENGINE}/test_partition.py::test_what_was_read_before_is_not_worked_on_again",),
    ),
    "seek-stamp": Guard(
        "A batch that was fetched before fetching was set elsewhere.",
        _seek_stamp,
        (f"{_ENGINE}/test_partition.py::test_a_batch_from_before_a_seek_and_one_after_suspension_are_dropped",),
    ),
    "generation-stamp": Guard(
        "A batch that was fetched for an assignment that is over.",
        _generation_stamp,
        (
            f"{_ENGINE}/test_application.py::test_a_batch_of_an_older_generation_is_not_handed_out",
            f"{_ENGINE}/test_process.py::test_a_batch_of_an_older_generation_is_dropped_though_its_seek_has_come_again",
        ),
    ),
    "held-until-flow": Guard(
        "A gap where a batch was fetched before it could be handed out.",
        _held_until_flow,
        (f"{_ENGINE}/test_application.py::test_what_was_fetched_before_batches_may_flow_is_handed_out_when_they_do",),
    ),
    "commit-after-flush": Guard(
        "A lag that looks smaller than it is: the group told of work that is not durable.",
        _commit_after_flush,
        (f"{_ENGINE}/test_application.py::test_the_group_is_told_of_what_is_durable_whatever_was_handed_out",),
    ),
    "checkpoint-before-newer-rules": Guard(
        "A stretch that some rules have folded, folded again by others.",
        _checkpoint_before_newer_rules,
        (f"{_FOLD}/test_rule_change.py::test_what_was_folded_by_newer_rules_is_not_folded_again_by_older_ones",),
    ),
    "dedupe": Guard(
        "An event that a producer sent twice.",
        _dedupe,
        (f"{_FOLD}/test_duplicates.py::test_an_event_sent_twice_counts_once",),
    ),
    "partitioner-check": Guard(
        "A visitor with sessions in two partitions.",
        _partitioner_check,
        (f"{_FOLD}/test_arrival.py::test_a_misplaced_event_is_sent_to_where_its_visitor_belongs",),
    ),
    "watermark-clamp": Guard(
        "One clock far ahead, which closes everybody's sessions.",
        _watermark_clamp,
        (f"{_FOLD}/test_arrival.py::test_a_first_arrival_that_claims_the_future_does_not_weaken_the_clamp",),
    ),
    "table-transactions": Guard(
        "Rows that a killed worker's successor writes again, since the table doesn't say that it has them.",
        _table_transactions,
        (f"{_TABLE}::test_rows_and_their_position_are_in_the_table_together",),
    ),
    "table-position": Guard(
        "Rows of a worker that was overtaken while it wrote others, so that no conflict of Delta's tells.",
        _table_position,
        (f"{_TABLE}::test_a_worker_that_wrote_something_else_meanwhile_still_sees_that_it_was_overtaken",),
    ),
}
"""By name."""
