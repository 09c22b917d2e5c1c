"""The table stage: reads its topics as a member of a group, and commits rows to the tables.

If the store or the brokers can't be reached, then the stage reads no more records and retries the commit. A
contradiction between table and topic (`placement.py`, `sink.py`) ends the stage with an error message.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterable, Sequence

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition
from deltalake.exceptions import DeltaError

from streams.engine.exposition import Exposition
from streams.table.rows import Rows
from streams.table.sink import CommitFailedError, OvertakenError
from streams.table.sinks import Sinks
from weir.errors import ClusterError, LostInputError
from weir.kafka.calls import as_cluster_error
from weir.kafka.messages import record_of
from weir.settings import Settings
from weir.tables.catalogue import TABLES
from weir.tables.writing import StorageError

_POLL_S = 0.2
_BATCH = 2_000
_FIRST_BACK_OFF_S, _LONGEST_BACK_OFF_S = 0.5, 30.0
_MAX_CONFLICTS = 20
"""Most attempts of a commit. If all of them conflict with other commits, then the store is assumed to be faulty."""

log = logging.getLogger("weir.table")


class TableStage:
    """The stage in one worker; only one thread may call `run`.

    Args:
        settings: The settings in force; `table_uri` is set.
        consumer: The consumer of the stage's group, not subscribed yet.
        topic_ids: Returns the ids of topics by full name.
        exposition: Takes the metrics.
    """

    def __init__(
        self,
        settings: Settings,
        consumer: Consumer,
        topic_ids: Callable[[Sequence[str]], dict[str, str]],
        exposition: Exposition,
    ) -> None:
        self._settings = settings
        self._consumer = consumer
        self._exposition = exposition
        self._names = {settings.names.public(table.topic): table for table in TABLES}
        self._rows = {
            name: Rows(table, table.topic.partitions(settings.partitions), settings.max_record_bytes)
            for name, table in self._names.items()
        }
        self._sinks = Sinks(settings, consumer, topic_ids)
        self._to_start: list[TopicPartition] | None = None
        self._oldest_row_s: float | None = None
        self._back_off_s = 0.0
        self._retry_at_s = 0.0
        self._compacted_s = time.monotonic()
        self.is_ready = False
        """Whether the positions of the assigned partitions are known and the store responds."""

    @property
    def waiting(self) -> dict[str, int]:
        """Rows that wait for a commit, by table."""
        return {rows.table.name: rows.count for rows in list(self._rows.values())}

    def run(self, stop: threading.Event) -> None:
        """Reads and commits until `stop` is set, and then commits the waiting rows.

        Raises:
            WeirError: The table contradicts the topic, or the work failed.
        """
        self._consumer.subscribe(
            list(self._names), on_assign=self._assigned, on_revoke=self._revoked, on_lost=self._lost
        )
        try:
            while not stop.is_set():
                self._step()
            self._with_retry(self._flush)
        finally:
            self._consumer.close()

    def _step(self) -> None:
        for message in self._consumer.consume(_BATCH, _POLL_S):
            self._take(message)
        now_s = time.monotonic()
        if now_s < self._retry_at_s:
            return
        if self._to_start is not None:
            self._with_retry(self._start_assigned)
        if self._is_due(now_s):
            self._with_retry(self._flush)
        if now_s - self._compacted_s >= self._settings.table_compact_s:
            self._compacted_s = now_s
            self._with_retry(self._compact)

    def _take(self, message: Message) -> None:
        error = message.error()
        if error is not None:
            # The consumer's `auto.offset.reset` is `error`: with any other value, the table would lack these rows
            # without notice.
            if error.code() in {KafkaError._AUTO_OFFSET_RESET, KafkaError.OFFSET_OUT_OF_RANGE}:  # noqa: SLF001 -- its public name
                raise LostInputError(
                    f"Records of {message.topic()} that the table lacks were deleted from the topic.",
                    "Start the stage again. It names their partition and offsets.",
                )
            if error.retriable():
                log.info("%s", error)
                return
            raise as_cluster_error(KafkaException(error), self._settings)
        record = record_of(message, with_headers=False)
        rows = self._rows[record.topic]
        # The record was fetched before the partition was revoked, so the partition's new owner writes the row.
        if record.partition not in rows.partitions:
            return
        wrong = rows.take(record)
        if wrong:
            self._report_unreadable(rows.table.name, record.partition, record.offset, wrong)
        if self._oldest_row_s is None:
            self._oldest_row_s = time.monotonic()

    def _is_due(self, now_s: float) -> bool:
        if self._oldest_row_s is None:
            return False
        waited_s = now_s - self._oldest_row_s
        settings = self._settings
        return waited_s >= settings.table_commit_s or any(
            rows.count >= settings.table_commit_rows for rows in self._rows.values()
        )

    def _with_retry(self, work: Callable[[], None]) -> None:
        """Calls `work`; if the store or the brokers can't be reached, then reading pauses until a retry succeeds."""
        try:
            work()
        except (StorageError, ClusterError, DeltaError, KafkaException, OSError) as error:
            self._back_off_s = min(max(2 * self._back_off_s, _FIRST_BACK_OFF_S), _LONGEST_BACK_OFF_S)
            self._retry_at_s = time.monotonic() + self._back_off_s
            self.is_ready = False
            # The store may have executed a commit whose response was lost, so the tables' newest versions are opened.
            # Polling continues with paused partitions, since the group removes a member that does not poll.
            self._sinks.forget()
            self._consumer.pause(self._consumer.assignment())
            log.warning("tables can't be written, next try in %.1f s: %s", self._back_off_s, error)
        else:
            if self._back_off_s:
                self._back_off_s = 0.0
                self._consumer.resume(self._consumer.assignment())
                log.info("tables can be written again")
            self.is_ready = self._to_start is None

    def _flush(self) -> None:
        for topic, rows in self._rows.items():
            self._exposition.set(rows.count, "table_rows_waiting", rows.table.name)
            if rows.moves:
                self._commit(topic, rows)
        self._oldest_row_s = None

    def _commit(self, topic: str, rows: Rows) -> None:
        begun_s = time.perf_counter()
        name = rows.table.name
        for _ in range(_MAX_CONFLICTS):
            sink = self._sinks.of(topic, rows)
            try:
                version = sink.commit(rows)
            except OvertakenError as error:
                self._exposition.count("table_commits", name, "overtaken")
                log.warning("%s", error)
                # Reading continues from the table's position, so that the other worker's rows are not written twice.
                sink.renew()
                self._seek_to_position(topic, [number for number in error.partitions if number in rows.partitions])
            except CommitFailedError:
                self._exposition.count("table_commits", name, "conflict")
                sink.renew()
            except (StorageError, DeltaError, OSError):
                self._exposition.count("table_commits", name, "failed")
                raise
            else:
                break
        else:
            self._exposition.count("table_commits", name, "failed")
            raise CommitFailedError(
                f"The commit to the table {name} had {_MAX_CONFLICTS} conflicts with other commits."
            )
        offsets = [TopicPartition(topic, number, one.end) for number, one in rows.partitions.items() if one.end > 0]
        for place in rows.unfit():
            self._report_unreadable(name, place.partition, place.offset, "A value does not fit its column.")
        count = rows.count
        rows.committed()
        # Only after the table's commit, as a committed offset without rows in the table means that the table was moved
        # or removed. Otherwise the offset only shows lag, so the stage doesn't wait for the response.
        if offsets:
            self._consumer.commit(offsets=offsets, asynchronous=True)
        self._exposition.count("table_commits", name, "committed")
        self._exposition.count("table_rows", name, by=count)
        self._exposition.set(0, "table_rows_waiting", name)
        self._exposition.observe(time.perf_counter() - begun_s, "table_commit_seconds", name)
        log.debug("%s: version %d, %d rows", name, version, count)

    def _report_unreadable(self, table: str, partition: int, offset: int, why: str) -> None:
        self._exposition.count("table_unreadable", table)
        log.warning("no row of %s for offset %d of partition %d: %s", table, offset, partition, why)

    def _compact(self) -> None:
        for topic, rows in self._rows.items():
            # The owner of partition 0 compacts the table, so that only one member of the group does.
            if 0 in rows.partitions:
                try:
                    self._sinks.of(topic, rows).compact(self._settings.table_keep_hours)
                except CommitFailedError as error:
                    log.info("%s is compacted another time: %s", rows.table.name, error)
                    self._sinks.forget()

    def _assigned(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        # Nothing is read until the store has returned the positions; the next step asks for them with retries.
        consumer.assign([])
        self.is_ready = False
        self._to_start = partitions

    def _revoked(self, _: Consumer, __: list[TopicPartition]) -> None:
        if self._to_start is None:
            try:
                self._flush()
            except Exception as error:  # noqa: BLE001 -- the next owner reads rows again that are not written
                log.info("rows are left to the partitions' next owner: %s", error)
        self._drop_all()

    def _lost(self, _: Consumer, __: list[TopicPartition]) -> None:
        self._drop_all()

    def _drop_all(self) -> None:
        # Rows that were not committed are read again by the next owner, from the table's position.
        self._to_start = None
        self.is_ready = False
        for rows in self._rows.values():
            rows.partitions.clear()
        self._oldest_row_s = None

    def _start_assigned(self) -> None:
        assigned = self._to_start or []
        # The last owner may have committed since these sinks were opened.
        self._sinks.forget()
        begins = [
            one for topic, rows in self._rows.items() for one in self._sinks.begin(topic, rows, _of(assigned, topic))
        ]
        self._to_start = None
        self._consumer.assign(begins)

    def _seek_to_position(self, topic: str, partitions: Iterable[int]) -> None:
        for one in self._sinks.begin(topic, self._rows[topic], partitions):
            self._consumer.seek(one)


def _of(partitions: Iterable[TopicPartition], topic: str) -> list[int]:
    return [one.partition for one in partitions if one.topic == topic]
