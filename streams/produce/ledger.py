"""Which dead letters were sent again: a note for each, written in the transaction that sends it.

So a letter is sent and noted, or neither, whatever ends a replay. And as in a stage's recovery, a replay takes over
before it reads: a fixed `transactional.id` ends what another one left open and keeps it from writing, and a marker
under a name that nobody had before is where reading ends.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

import msgspec

from streams.engine.hanging import free_state, undo_cut_flushes
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

Letter = tuple[int, int]
"""Partition and offset of a dead letter."""

_MARK = b"mark"
_READ_RECORDS = 10_000
_READ_S = 0.05
_FORGOTTEN_AT_ONCE = 5_000


class Note(msgspec.Struct, frozen=True):
    """That a letter was sent again."""

    topic_id: str
    """Kafka's id of the dead letters' topic: made again, it has other letters in the same places."""
    at_s: float
    run: str
    """Which replay it was."""
    flush: int = 0
    """Number of the transaction: what it sent bears it."""


Notes = Mapping[Letter, Note]
_decode = msgspec.json.Decoder(Note).decode


class ReplayLedger:
    """The notes, with the only right to add to them until another one takes over. Every method may block."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        # Letters belong to the topics, whichever application's workers they come from.
        own = settings.model_copy(update={"application_id": settings.topic_prefix})
        self._transactions = Transactions(own, REPLAYS.name, 0)
        self._where = (settings.names.public(REPLAYS), 0)
        self._observer = Observer(settings)
        self._topic_id = ""
        self._flush = 0
        self.notes: dict[Letter, Note] = {}
        """Of all letters that were sent again, and are still there."""

    def take_over(self) -> None:
        """Ends what another replay left open, keeps it from writing, and reads what was sent.

        Raises:
            BrokenTransactionError: the brokers refused, or it is in doubt; a new ledger can take over.
            WeirError: another one was quicker, or no answer came in time.
        """
        transactions = self._transactions
        transactions.fence(self._settings.recovery_timeout_s)
        free_state(self._observer, self._where, transactions.undo)
        mark = uuid.uuid4().hex.encode()
        self._write([Output(REPLAYS, _MARK, mark)])
        self._topic_id = _topic_id(self._settings, self._observer)
        self.notes, others = _sorted_out(self._read_to(mark), self._topic_id)
        self._flush = max((note.flush for note in self.notes.values()), default=0)
        outputs = [self._settings.names.public(topic) for topic in PUBLIC]
        newest = newest_flushes(self._settings, self._observer, outputs, Stamps(REPLAYS.name, 0))
        undo_cut_flushes(newest, self._flush, transactions.undo)
        self._forget(others)

    def send(self, letters: Sequence[tuple[Letter, Output]], run: str) -> None:
        """Sends what becomes of some letters, and notes it: all of it, or nothing.

        Raises:
            BrokenTransactionError: the brokers refused, or it is in doubt; a new ledger knows.
            WeirError: another replay has taken over, or no answer came in time.
        """
        self._flush += 1
        note = Note(self._topic_id, round(time.time(), 3), run, self._flush)
        value = msgspec.json.encode(note)
        both = ((output, Output(REPLAYS, _key(letter), value)) for letter, output in letters)
        self._write(chain.from_iterable(both), self._flush)
        self.notes.update((letter, note) for letter, _ in letters)

    def close(self) -> None:
        """Lets go; what is open is undone by the next one, or by the broker."""
        self._transactions.close()

    def _write(self, outputs: Iterable[Output], flush: int | None = None) -> None:
        self._transactions.begin(flush)
        for output in outputs:
            self._transactions.send(output)
        self._transactions.commit()

    def _read_to(self, mark: bytes) -> Iterator[tuple[bytes, bytes | None]]:
        deadline = time.monotonic() + self._settings.recovery_timeout_s
        with PartitionReader(self._settings, *self._where) as reader:
            while time.monotonic() < deadline:
                for record in reader.read(_READ_RECORDS, _READ_S).records:
                    if record.key == _MARK and record.value == mark:
                        return
                    yield record.key or b"", record.value
        raise WorkError(f"{self._where[0]} could not be read to its end in time.", "Check the brokers.")

    def _forget(self, others: list[bytes]) -> None:
        """Takes back notes of letters that are gone: the ledger is no longer than the letters' topic."""
        with LogReader(self._settings, [self._settings.names.public(DEAD_LETTER)]) as reader:
            first = {partition: span.start for (_, partition), span in reader.ranges().items()}
        gone = [letter for letter in self.notes if letter[1] < first.get(letter[0], 0)]
        for letter in gone:
            del self.notes[letter]
        keys = [*others, *map(_key, gone)]
        for start in range(0, len(keys), _FORGOTTEN_AT_ONCE):
            self._write(Output(REPLAYS, key, None) for key in keys[start : start + _FORGOTTEN_AT_ONCE])


def read_notes(settings: Settings) -> Notes:
    """What was sent until now, for those who only look.

    Raises:
        ClusterError: the cluster is not there, or lacks a topic.
    """
    # A list: a cluster that is away is told by the reading, which comes first.
    records = [(record.key or b"", record.value) for record in read_all(settings, REPLAYS)]
    return _sorted_out(records, _topic_id(settings, Observer(settings)))[0]


def _topic_id(settings: Settings, observer: Observer) -> str:
    name = settings.names.public(DEAD_LETTER)
    return observer.topic_ids([name])[name]


def _sorted_out(entries: Iterable[tuple[bytes, bytes | None]], topic_id: str) -> tuple[dict[Letter, Note], list[bytes]]:
    """The notes of letters of this topic, and the keys of all others."""
    newest = dict(entries)
    newest.pop(_MARK, None)
    notes: dict[Letter, Note] = {}
    others = []
    for key, value in newest.items():
        if value is None:
            continue
        letter, note = _letter(key), _note(value)
        if letter is None or note is None or note.topic_id != topic_id:
            others.append(key)
        else:
            notes[letter] = note
    return notes, others


def _key(letter: Letter) -> bytes:
    return b"%d/%d" % letter


def _letter(key: bytes) -> Letter | None:
    partition, _, offset = key.partition(b"/")
    return (int(partition), int(offset)) if partition.isdigit() and offset.isdigit() else None


def _note(value: bytes) -> Note | None:
    try:
        return _decode(value)
    except msgspec.DecodeError:
        return None
