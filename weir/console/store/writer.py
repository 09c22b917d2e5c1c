"""Writes records of all topics that the store follows, and commits them together with the positions."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Mapping

import msgspec

from streams.decode import at_the_gate
from streams.read_record import LARGEST_BYTES
from weir.console.store.events import take_dead_letter, take_event, take_late, take_limit
from weir.console.store.people import take_action, take_answers, take_label, take_review
from weir.console.store.sessions import take_flag, take_score, take_session
from weir.console.store.tables import Tables
from weir.kafka.records import LogRecord, PartitionId
from weir.times import BadTimeError
from weir.topics import (
    ACTIONS,
    ANSWERS,
    DEAD_LETTER,
    EVENTS,
    FLAGS,
    LABELS,
    LATE,
    LIMITS,
    REVIEWS,
    SCORES,
    SESSIONS,
    Names,
    Topic,
)

log = logging.getLogger("weir.console")
TAKERS: Mapping[Topic, Callable[[Tables, LogRecord], None]] = {
    EVENTS: take_event,
    SESSIONS: take_session,
    SCORES: take_score,
    FLAGS: take_flag,
    LIMITS: take_limit,
    REVIEWS: take_review,
    LABELS: take_label,
    ANSWERS: take_answers,
    ACTIONS: take_action,
    DEAD_LETTER: take_dead_letter,
    LATE: take_late,
}
"""The topics that the store follows, each with the function that writes its records."""
_RAW = frozenset({EVENTS.name, DEAD_LETTER.name})
"""Topics whose records may be invalid."""

_UNREADABLE = (
    *(msgspec.DecodeError, UnicodeError, BadTimeError),
    # Values that SQLite can't store: a number of more than 64 bits, or NaN.
    *(OverflowError, sqlite3.IntegrityError, sqlite3.DataError),
)


class StoreWriter:
    """Writes records; readers see them only after `commit`.

    Args:
        connection: the one that writes.
        names: the installation's topics.
    """

    def __init__(self, connection: sqlite3.Connection, names: Names) -> None:
        self._db = connection
        self._tables = Tables(connection)
        self._takers = {names.public(topic): (topic, take) for topic, take in TAKERS.items()}
        self._next: dict[PartitionId, int] = {}
        self._is_open = False

    @property
    def has_uncommitted(self) -> bool:
        """Whether records were taken since the last commit."""
        return self._is_open

    def positions(self) -> dict[PartitionId, int]:
        """The committed next offset of each partition."""
        found = self._db.execute("SELECT topic, partition, next FROM positions")
        return {(topic, partition): offset for topic, partition, offset in found}

    def take(self, record: LogRecord) -> None:
        """Takes a record. An unreadable record is skipped and logged; the stages send it to the dead letters."""
        if not self._is_open:
            self._db.execute("BEGIN IMMEDIATE")
            self._is_open = True
        topic, take = self._takers[record.topic]
        try:
            is_readable = topic.name in _RAW or not record.value or at_the_gate(record.value, LARGEST_BYTES) is None
            if is_readable:
                take(self._tables, record)
        except _UNREADABLE:
            log.warning("skipped %s-%d@%d: not readable", record.topic, record.partition, record.offset)
        self._next[record.topic, record.partition] = record.offset + 1

    def commit(self) -> dict[PartitionId, int]:
        """Commits the taken records and the positions; returns the positions that changed."""
        if not self._is_open:
            return {}
        self._tables.write_counts()
        self._db.executemany(
            "INSERT OR REPLACE INTO positions VALUES (?, ?, ?)",
            [(*partition, offset) for partition, offset in self._next.items()],
        )
        self._db.execute("COMMIT")
        moved, self._next = self._next, {}
        self._is_open = False
        return moved

    def roll_back(self) -> None:
        """Drops the records that were taken since the last commit."""
        if self._is_open:
            self._db.execute("ROLLBACK")
        self._tables.discard_counts()
        self._next.clear()
        self._is_open = False
