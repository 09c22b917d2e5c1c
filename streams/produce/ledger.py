"""Records which dead letters were sent again, in the transaction that sends their event.

So either both the event and the note are written, or neither. A replay takes over before it reads the notes, as in a
stage's recovery: its fixed `transactional.id` fences an earlier replay and aborts its open transaction, and a marker
record with a new name shows where reading must end.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from streams.engine.hanging import free_state, undo_incomplete_flushes
from streams.engine.stamp import Stamps
from streams.engine.transaction import Transactions
from streams.engine.uncommitted import newest_flushes
from weir.errors import WorkError
from weir.kafka.observer import Observer
from weir.kafka.partition_reader import PartitionReader
from weir.kafka.reader import LogReader, read_all
from weir.kafka.records import Output
from weir.settings import Settings
from weir.topics import DEAD_LETTER, PUBLIC, REPLAYS

DeadLetterPosition = tuple[int, int]
"""Partition and offset of a dead letter."""

_MARK = b"mark"
_READ_RECORDS = 10_000
_READ_S = 0.05
_DELETES_PER_TRANSACTION = 5_000


class Note(msgspec.Struct, frozen=True):
    """A note that a dead letter was sent again."""

    topic_id: str
    """Kafka's id of the dead letters' topic, as a topic that was created anew has other records at the same offsets."""
    at_s: float
    run: str
    """Id of the replay."""
    flush: int = 0
    """Number of the transaction, which its records have in a header."""


Notes = Mapping[DeadLetterPosition, Note]
_decode = msgspec.json.Decoder(Note).decode


class ReplayLedger:
    """The notes in Kafka. Only the ledger that took over last can write. Every method may block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # The id is the topics' prefix and not the application's, as several applications share the dead letters' topic.
        own = settings.model_copy(update={"application_id": settings.topic_prefix})
        self._transactions = Transactions(own, REPLAYS.name, 0)
        self._position = (settings.names.public(REPLAYS), 0)
        self._observer = Observer(settings)
        self._topic_id = ""
        self._flush = 0
        self.notes: dict[DeadLetterPosition, Note] = {}
        """Notes of all dead letters that were sent again and are still in the topic."""

    def take_over(self) -> None:
        """Fences an earlier replay, aborts its open transaction, and reads the notes.

        Raises:
            BrokenTransactionError: The brokers refused, or the outcome is unknown; a new ledger can take over.
            WeirError: Another replay has taken over, or the brokers did not answer in time.
        """
        transactions = self._transactions
        transactions.fence(self._settings.recovery_timeout_s)
        free_state(self._observer, self._position, transactions.undo)
        mark = uuid.uuid4().hex.encode()
        self._write([Output(REPLAYS, _MARK, mark)])
        self._topic_id = _topic_id(self._settings, self._observer)
        self.notes, others = _split_notes(self._read_to(mark), self._topic_id)
        self._flush = max((note.flush for note in self.notes.values()), default=0)
        outputs = [self._settings.names.public(topic) for topic in PUBLIC]
        newest = newest_flushes(self._settings, self._observer, outputs, Stamps(REPLAYS.name, 0))
        undo_incomplete_flushes(newest, self._flush, transactions.undo)
        self._delete(others)

    def send(self, events: Sequence[tuple[DeadLetterPosition, Output]], run: str) -> None:
        """Sends events of dead letters and notes them, in one transaction.

        Raises:
            BrokenTransactionError: The brokers refused, or the outcome is unknown; a new ledger reads the outcome.
            WeirError: Another replay has taken over, or the brokers did not answer in time.
        """
        self._flush += 1
        note = Note(self._topic_id, round(time.time(), 3), run, self._flush)
        value = msgspec.json.encode(note)
        both = ((output, Output(REPLAYS, _key(position), value)) for position, output in events)
        self._write(chain.from_iterable(both), self._flush)
        self.notes.update((position, note) for position, _ in events)

    def close(self) -> None:
        """Closes the producer. The next ledger or the broker aborts an open transaction."""
        self._transactions.close()

    def _write(self, outputs: Iterable[Output], flush: int | None = None) -> None:
        self._transactions.begin(flush)
        for output in outputs:
            self._transactions.send(output)
        self._transactions.commit()

    def _read_to(self, mark: bytes) -> Iterator[tuple[bytes, bytes | None]]:
        deadline = time.monotonic() + self._settings.recovery_timeout_s
        with PartitionReader(self._settings, *self._position) as reader:
            while time.monotonic() < deadline:
                for record in reader.read(_READ_RECORDS, _READ_S).records:
                    if record.key == _MARK and record.value == mark:
                        return
                    yield record.key or b"", record.value
        raise WorkError(
            f"{self._position[0]} could not be read to its end within {self._settings.recovery_timeout_s} s.",
            "Check that the brokers are up, or raise recovery_timeout_s.",
        )

    def _delete(self, others: list[bytes]) -> None:
        """Deletes notes of dead letters that the topic no longer has, which bounds the ledger."""
        with LogReader(self._settings, [self._settings.names.public(DEAD_LETTER)]) as reader:
            first = {partition: span.start for (_, partition), span in reader.ranges().items()}
        gone = [position for position in self.notes if position[1] < first.get(position[0], 0)]
        for position in gone:
            del self.notes[position]
        keys = [*others, *map(_key, gone)]
        for start in range(0, len(keys), _DELETES_PER_TRANSACTION):
            self._write(Output(REPLAYS, key, None) for key in keys[start : start + _DELETES_PER_TRANSACTION])


def read_notes(settings: Settings) -> Notes:
    """Reads the notes without taking over.

    Raises:
        ClusterError: The cluster can't be reached, or lacks a topic.
    """
    # A list, so that reading comes first: its error message for an unreachable cluster is the clearer one.
    records = [(record.key or b"", record.value) for record in read_all(settings, REPLAYS)]
    return _split_notes(records, _topic_id(settings, Observer(settings)))[0]


def _topic_id(settings: Settings, observer: Observer) -> str:
    name = settings.names.public(DEAD_LETTER)
    return observer.topic_ids([name])[name]


def _split_notes(
    entries: Iterable[tuple[bytes, bytes | None]], topic_id: str
) -> tuple[dict[DeadLetterPosition, Note], list[bytes]]:
    """The notes of dead letters of this topic, and the keys of all other notes."""
    newest = dict(entries)
    newest.pop(_MARK, None)
    notes: dict[DeadLetterPosition, Note] = {}
    others = []
    for key, value in newest.items():
        if value is None:
            continue
        position, note = _position_of(key), _note(value)
        if position is None or note is None or note.topic_id != topic_id:
            others.append(key)
        else:
            notes[position] = note
    return notes, others


def _key(position: DeadLetterPosition) -> bytes:
    return b"%d/%d" % position


def _position_of(key: bytes) -> DeadLetterPosition | None:
    partition, _, offset = key.partition(b"/")
    return (int(partition), int(offset)) if partition.isdigit() and offset.isdigit() else None


def _note(value: bytes) -> Note | None:
    try:
        return _decode(value)
    except msgspec.DecodeError:
        return None
