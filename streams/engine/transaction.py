"""Kafka transactions of one stage's partition: a flush becomes visible as a whole, or not at all.

All transactions of a producer have one epoch until it begins anew (KIP-890 changes that; librdkafka doesn't have it
yet), and the request that ends a transaction doesn't name it. If the client sends it a second time, because the answer
to the first was lost with its connection, the first may still arrive later, and end the *next* transaction half-way:

    client   ── commit ──x  (connection lost)  ── commit again ─► done ── begin ── outputs ──────── position ──
    broker            └────── on its way ──────────────────────────────────────────────────► commit!

The client does not report that it repeated a request. But it waits before it does, for longer than the end of a
transaction ordinarily takes. If an end took so long, the outcome is unknown: the partition begins anew with a new
epoch, and the brokers ignore what is still on its way.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.engine.stamp import Stamps
from weir.errors import FencedError, WorkError
from weir.kafka.records import Headers, Output, PartitionId
from weir.settings import Settings
from weir.topics import Names

_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_WAITING_KIBIBYTES = 32_768
"""Of a large checkpoint, what waits for the brokers at once; the client would take all of it, and keep the memory."""
_ANY_PARTITION = -1
_NOBODYS_KEY = b"undone"
"""Compacted topics take no record without a key."""
_CALL_TIMEOUT_S = 5.0
UNKNOWN_OUTCOME_S = 1.0
"""If the end of a transaction takes so long, the client may have asked for it twice."""
_WAIT_BEFORE_AGAIN = 1.25
"""Times so long the client waits before it repeats a request; it varies that by a fifth."""


class NotCurrentError(Exception):
    """The group may have given the partition to another worker meanwhile, which must not be fenced."""


class BrokenTransactionError(Exception):
    """The transaction can't be committed, or its outcome is unknown; a new producer can repeat the work."""


class Transactions:
    """The one transactional producer of a stage's partition.

    `transactional.id` is `<application>.<stage>.<partition>`, so a new owner fences the last one, wherever it runs,
    and stages never fence each other. Every method may block: call them from a thread.

    Args:
        settings: the settings in force.
        stage: whose transactions these are.
        partition: likewise.
        unknown_outcome_s: if the end of a transaction takes longer, its outcome is unknown; more than brokers
            ordinarily take.
    """

    def __init__(
        self, settings: Settings, stage: str, partition: int, unknown_outcome_s: float = UNKNOWN_OUTCOME_S
    ) -> None:
        # The client varies its wait by a fifth: 1.25 times the bound is never less than the bound itself. An end that
        # took less was therefore asked for once (docs/guarantees.md).
        wait_ms = int(unknown_outcome_s * _WAIT_BEFORE_AGAIN * 1_000)
        self._unknown_outcome_s = unknown_outcome_s
        self._names: Names = settings.names
        self._answer_timeout_s = settings.stall_timeout_s
        self._whose = f"partition {partition} of {stage}"
        self._state = (settings.names.state(stage), partition)
        self._stamps = Stamps(stage, partition)
        self._stamp: Headers = ()
        self._producer = Producer(
            settings.client_options()
            | {
                "transactional.id": f"{settings.application_id}.{stage}.{partition}",
                "transaction.timeout.ms": int(settings.transaction_timeout_s * 1000),
                "client.id": f"{settings.application_id}.{stage}",
                # Java's partitioner. librdkafka's default is CRC32, which would put a visitor's records into other
                # partitions.
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "message.max.bytes": _MAX_MESSAGE_BYTES,
                "linger.ms": 5,
                "queue.buffering.max.kbytes": _WAITING_KIBIBYTES,
                "retry.backoff.ms": wait_ms,
                "retry.backoff.max.ms": max(wait_ms, 1_000),
            },
            logger=logging.getLogger("weir.kafka"),
        )
        self._in_transaction = False
        self._outcome_unknown = False

    @property
    def outcome_unknown(self) -> bool:
        """Whether the end of a transaction took so long that it may have been asked for twice."""
        return self._outcome_unknown

    def fence(self, timeout_s: float, is_current: Callable[[], bool] = lambda: True) -> None:
        """Ends what the last owner left open and keeps it from writing. Once per ownership, never to recover.

        Args:
            timeout_s: for the brokers' answer.
            is_current: whether the partition is still this worker's; asked right before each request, since a request
                that is under way can't be called back.

        Raises:
            NotCurrentError: it is not.
            FencedError: a newer owner was quicker.
            WorkError: no answer in time, or refused.
        """
        try:
            self._retry(self._fence_if(is_current), timeout_s, "take over")
        except BrokenTransactionError as error:
            raise WorkError(
                f"The brokers refuse transactions: {error}.", "Check the access rights of this application."
            ) from error

    def _fence_if(self, is_current: Callable[[], bool]) -> Callable[[float], None]:
        def fence(timeout_s: float) -> None:
            # Workers that started together fenced each other by requests that were on their way when the group had
            # given the partition to another worker (docs/guarantees.md).
            if not is_current():
                raise NotCurrentError
            self._producer.init_transactions(timeout_s)

        return fence

    def begin(self, flush: int | None = None) -> None:
        """Opens a transaction; its outputs bear the number of the flush, if it is one."""
        self._translated(self._producer.begin_transaction)
        # After an outage of all replicas, outputs may hang open in one partition while the position is undone. A
        # recovery finds such outputs by this header.
        self._stamp = () if flush is None else (self._stamps.header(flush),)
        self._in_transaction = True

    def send(self, output: Output) -> None:
        """Adds an output to the open transaction."""
        partition = _ANY_PARTITION if output.partition is None else output.partition
        headers = (*output.headers, *self._stamp)
        self._produce(self._names.public(output.topic), output.key, output.value, partition, headers)

    def write(self, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Adds state entries to the open transaction."""
        topic, partition = self._state
        for key, value in entries:
            self._produce(topic, key, value, partition, ())

    def commit(self) -> None:
        """Commits the open transaction.

        Raises:
            BrokenTransactionError: it is aborted, or its outcome is unknown; begin anew and repeat the work.
            FencedError: it is aborted, and another owner has taken over.
            WorkError: no answer in time; a recovery finds out whether it is committed.
        """
        # All records first: a large flush would otherwise count as an unknown outcome because of its size.
        self._deliver()
        self._end(self._producer.commit_transaction, "commit")

    def undo(self, partitions: Iterable[PartitionId]) -> None:
        """Writes to each of some partitions, and undoes it.

        Raises:
            BrokenTransactionError: refused, or its outcome is unknown.
            FencedError: another owner has taken over.
            WorkError: no answer in time.
        """
        # The abort's marker also aborts records that a skipped marker left open in the partition (KAFKA-20734).
        self.begin()
        for topic, partition in partitions:
            self._produce(topic, _NOBODYS_KEY, None, partition, ())
        # What is undone before it was sent would touch no partition.
        self._deliver()
        self.abort()

    def abort(self) -> None:
        """Undoes the open transaction, if one is.

        Raises:
            BrokenTransactionError: refused, or its outcome is unknown.
            FencedError: another owner has taken over.
            WorkError: no answer in time.
        """
        if self._in_transaction:
            self._end(self._producer.abort_transaction, "abort")

    def close(self) -> None:
        """Closes the connections. The broker or the next owner ends an open transaction."""
        with suppress(KafkaException):
            self._producer.purge()
        if not self._in_transaction:
            with suppress(KafkaException):
                self._producer.close(1.0)  # type: ignore[call-arg]  # its stub lacks the timeout

    def _deliver(self) -> None:
        """Waits until the brokers have, or have refused, all that was sent, so that an end is a matter of moments."""
        deadline = time.monotonic() + self._answer_timeout_s
        while self._flushed() > 0:
            if time.monotonic() > deadline:
                raise self._no_answer(self._answer_timeout_s, "take records for", "records are waiting")

    def _flushed(self) -> int:
        try:
            return self._producer.flush(_CALL_TIMEOUT_S)
        except KafkaException as error:
            raise self._error(error.args[0]) from error

    def _end(self, call: Callable[[float], None], what: str) -> None:
        begun = time.monotonic()
        self._retry(call, self._answer_timeout_s, what)
        self._in_transaction = False
        took_s = time.monotonic() - begun
        if took_s >= self._unknown_outcome_s:
            # Also if the client reports success: the first request may arrive late, and commit the next transaction
            # half-written.
            self._outcome_unknown = True
            raise BrokenTransactionError(f"{self._whose}: to {what} took {took_s:.1f} s, and may have been asked twice")

    def _produce(self, topic: str, key: bytes | None, value: bytes | None, partition: int, headers: Headers) -> None:
        while True:
            try:
                self._producer.produce(topic, value, key, partition, headers=list(headers) or None)
            except BufferError:
                self._producer.poll(0.1)
            except KafkaException as error:
                raise self._error(error.args[0]) from error
            else:
                return

    def _translated(self, call: Callable[[], None]) -> None:
        try:
            call()
        except KafkaException as error:
            raise self._error(error.args[0]) from error

    def _retry(self, call: Callable[[float], None], timeout_s: float, what: str) -> None:
        deadline = time.monotonic() + timeout_s
        while True:
            try:
                call(min(_CALL_TIMEOUT_S, timeout_s))
            except KafkaException as error:
                reason = error.args[0]
                if reason.fatal() or reason.txn_requires_abort() or not reason.retriable():
                    raise self._error(reason) from error
                if time.monotonic() > deadline:
                    raise self._no_answer(timeout_s, what, reason.str()) from error
            else:
                return

    def _no_answer(self, timeout_s: float, what: str, why: str) -> WorkError:
        return WorkError(
            f"The brokers gave no answer to {what} {self._whose} within {timeout_s:g} s: {why}.",
            "Check that they are up; the worker can be started again.",
        )

    def _what_was_fatal(self, reason: KafkaError) -> KafkaError:
        """The error that ended a producer, which only calls about transactions return."""
        try:
            self._producer.abort_transaction(_CALL_TIMEOUT_S)
        except KafkaException as error:
            cause: KafkaError = error.args[0]
            return cause
        return reason

    def _error(self, reason: KafkaError) -> Exception:
        # Other calls report only that the producer has failed. A producer that its broker forgot was then taken for a
        # fenced one, and the worker stopped.
        if reason.code() == KafkaError._FATAL:  # noqa: SLF001 -- likewise
            reason = self._what_was_fatal(reason)
        if reason.code() in _FENCED:
            return FencedError(
                f"Another worker took over {self._whose}, or a transaction timed out: {reason.str()}.",
                "Nothing is written twice: its memory is dropped.",
            )
        return BrokenTransactionError(f"{self._whose}: {reason.str()}")


_FENCED = frozenset(
    {
        KafkaError._FATAL,  # noqa: SLF001 -- of an unknown kind, so it may be that
        KafkaError._FENCED,  # noqa: SLF001 -- the library's own names begin with an underscore
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
    }
)
