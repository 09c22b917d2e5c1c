"""Kafka transactions of one stage's partition: whatever a flush says becomes real at once, or not at all."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from confluent_kafka import KafkaError, KafkaException, Producer

from streams.engine.cluster import Observer
from streams.engine.fetched import Where
from streams.engine.hanging import is_settled
from streams.engine.task import Headers, Output
from weir.errors import ClusterError, FencedError, WorkError
from weir.settings import Settings
from weir.topics import Names

_MAX_MESSAGE_BYTES = 16 * 1024 * 1024
_ANY_PARTITION = -1
_NOBODYS_KEY = b"undone"
"""Compacted topics take no record without a key."""
_CALL_TIMEOUT_S = 5.0
_TROUBLED_S = 1.0
"""A commit that takes so long may have met an outage of its brokers, and then its markers may be missing."""

log = logging.getLogger("weir.partition")


class BrokenTransactionError(Exception):
    """The open transaction can't be committed; it can be aborted, and the work done again."""


class Transactions:
    """The one transactional producer of a stage's partition.

    `transactional.id` is `<application>.<stage>.<partition>`, so a new owner fences the last one, wherever it runs,
    and stages never fence each other. Every method may block: call them from a thread.
    """

    def __init__(self, settings: Settings, stage: str, partition: int) -> None:
        self._settings = settings
        self._names: Names = settings.names
        self._answer_timeout_s = settings.stall_timeout_s
        self._whose = f"partition {partition} of {stage}"
        self._state = (settings.names.state(stage), partition)
        self._producer = Producer(
            settings.client_options()
            | {
                "transactional.id": f"{settings.application_id}.{stage}.{partition}",
                "transaction.timeout.ms": int(settings.transaction_timeout_s * 1000),
                "client.id": f"{settings.application_id}.{stage}",
                "partitioner": "murmur2_random",
                "compression.type": "lz4",
                "message.max.bytes": _MAX_MESSAGE_BYTES,
                "linger.ms": 5,
            },
            logger=logging.getLogger("weir.kafka"),
        )
        self._in_transaction = False
        self._is_lost = False

    @property
    def is_lost(self) -> bool:
        """Whether this producer can do nothing more, though nobody took over: only another one of its name can."""
        return self._is_lost

    def fence(self, timeout_s: float) -> None:
        """Ends what the last owner left open and keeps it from writing. Once per ownership, never to recover.

        Raises:
            FencedError: a newer owner was quicker.
            WorkError: no answer in time, or refused.
        """
        try:
            self._retry(self._producer.init_transactions, timeout_s, "take over")
        except BrokenTransactionError as error:
            raise WorkError(
                f"The brokers refuse transactions: {error}.", "Check the access rights of this application."
            ) from error

    def begin(self) -> None:
        """Opens a transaction."""
        self._translated(self._producer.begin_transaction)
        self._in_transaction = True

    def send(self, output: Output) -> None:
        """Adds an output to the open transaction."""
        partition = _ANY_PARTITION if output.partition is None else output.partition
        self._produce(self._names.public(output.topic), output.key, output.value, partition, output.headers)

    def write(self, entries: Iterable[tuple[bytes, bytes | None]]) -> None:
        """Adds state entries to the open transaction."""
        topic, partition = self._state
        for key, value in entries:
            self._produce(topic, key, value, partition, ())

    def commit(self) -> None:
        """Makes the open transaction real.

        Raises:
            BrokenTransactionError: it isn't, or nobody can see it; abort it and do the work again.
            FencedError: it isn't, and another owner goes on.
            WorkError: no answer in time; a recovery finds out whether it is.
        """
        begun = time.monotonic()
        self._retry(self._producer.commit_transaction, self._answer_timeout_s, "commit")
        self._in_transaction = False
        if time.monotonic() - begun > _TROUBLED_S and not self._is_visible():
            raise BrokenTransactionError(f"{self._whose}: the brokers took a commit, and don't show it")

    def undo(self, places: Iterable[Where]) -> None:
        """Writes to each of some partitions, and undoes it.

        Raises:
            BrokenTransactionError: refused; to be tried again after `abort`.
            FencedError: another owner has taken over.
            WorkError: no answer in time.
        """
        self.begin()
        for topic, partition in places:
            self._produce(topic, _NOBODYS_KEY, None, partition, ())
        # What is undone before it was sent would touch no partition.
        unsent = self._producer.flush(self._answer_timeout_s)
        if unsent:
            raise BrokenTransactionError(f"{self._whose}: {unsent} records were not taken")
        self.abort()

    def abort(self) -> None:
        """Undoes the open transaction, if one is.

        Raises:
            FencedError: another owner has taken over.
            WorkError: no answer in time.
        """
        if self._in_transaction:
            self._retry(self._producer.abort_transaction, self._answer_timeout_s, "abort")
            self._in_transaction = False

    def close(self) -> None:
        """Lets go of the connections; what is open is left to the broker or to the next owner."""
        with suppress(KafkaException):
            self._producer.purge()
        if not self._in_transaction:
            with suppress(KafkaException):
                self._producer.close(1.0)  # type: ignore[call-arg]  # its stub lacks the timeout

    def _is_visible(self) -> bool:
        try:
            return is_settled(Observer(self._settings), self._state)
        except ClusterError as error:
            log.warning("%s", error)
            return False

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
                    raise WorkError(
                        f"The brokers gave no answer to {what} {self._whose} within {timeout_s:g} s: {reason.str()}.",
                        "Check that they are up; the worker can be started again.",
                    ) from error
            else:
                return

    def _error(self, reason: KafkaError) -> Exception:
        if reason.code() in _FENCED:
            return FencedError(
                f"Another worker took over {self._whose}, or a transaction timed out: {reason.str()}.",
                "This worker ends so that nothing is written twice; start it again.",
            )
        # What made it fatal may have been that another one took over: the next call, an abort, tells that.
        self._is_lost = self._is_lost or (reason.fatal() and reason.code() != KafkaError._FATAL)  # noqa: SLF001 -- likewise
        return BrokenTransactionError(f"{self._whose}: {reason.str()}")


_FENCED = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 -- the library's own names begin with an underscore
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
    }
)
