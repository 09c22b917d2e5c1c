"""Follows the topics into the store on a separate thread, from the store's positions."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from weir.console.store.bounds import AT_ONCE, DAY_S, StoreBounds, enforce
from weir.console.store.schema import FILE, VERSION, open_to_write
from weir.console.store.writer import TAKERS, StoreWriter
from weir.errors import WeirError, WorkError
from weir.kafka.observer import Observer
from weir.kafka.reader import LogReader
from weir.kafka.records import OffsetRange, PartitionId
from weir.settings import Settings
from weir.topics import ACTIONS, ANSWERS, EVENTS, LABELS, LIMITS

log = logging.getLogger("weir.console")
COMMIT_S = 0.15
"""Most seconds between the reading of a record and its commit to the store."""
COMMIT_RECORDS = 2_000
BOUNDS_EVERY_S = 20.0
AGAIN_S = 2.0
"""Seconds until the next try when the cluster is unreachable."""
FROM_THE_BEGINNING = (LIMITS, LABELS, ANSWERS, ACTIONS)
"""Topics that a new store reads from the beginning; of others it reads only as far back as it keeps sessions."""


@dataclass(frozen=True, slots=True)
class StoreProgress:
    """The store's progress in reading the topics."""

    read: int
    total: int
    """Number of records to read at the start."""
    is_current: bool
    """Whether the store has reached the end of every topic once."""
    error: WeirError | None
    """The error that stops progress; None if there is none."""
    newest_s: float
    """Append time of the newest record in the store."""

    @property
    def share(self) -> float:
        """Share of the records that was read, from 0 to 1."""
        return 1.0 if self.is_current or not self.total else min(1.0, self.read / self.total)


class StoreFollower:
    """Keeps the store up to date; a context manager.

    Args:
        settings: addresses of the brokers, and the topics' prefix.
        folder: the store's folder; its files may be removed at any time while no console runs.
        bounds: the bounds of the store.
    """

    def __init__(self, settings: Settings, folder: Path, bounds: StoreBounds) -> None:
        self._settings = settings
        self._folder = folder
        self._bounds = bounds
        self._names = settings.names
        self._closing = threading.Event()
        self._progress = StoreProgress(0, 0, is_current=False, error=None, newest_s=0.0)
        self._committed: dict[PartitionId, int] = {}
        self._moved = threading.Condition()
        self._thread = threading.Thread(target=self._run, name="weir-console-store", daemon=True)

    @property
    def progress(self) -> StoreProgress:
        """The present progress."""
        return self._progress

    def positions(self) -> dict[PartitionId, int]:
        """The store's position in each partition."""
        with self._moved:
            return dict(self._committed)

    def wait_for(self, topic: str, partition: int, offset: int, timeout_s: float) -> bool:
        """Waits until the store has the record at an offset; returns whether it has."""
        with self._moved:
            return self._moved.wait_for(lambda: self._committed.get((topic, partition), 0) > offset, timeout_s)

    def wait_until_current(self, timeout_s: float) -> bool:
        """Waits until every topic has been read to its end once; returns whether this happened in time."""
        with self._moved:
            return self._moved.wait_for(lambda: self._progress.is_current, timeout_s)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._closing.set()
        with self._moved:
            self._moved.notify_all()
        self._thread.join(10.0)

    def _run(self) -> None:
        while not self._closing.is_set():
            try:
                self._follow()
            except WeirError as error:
                self._set(error=error)
                log.warning("the store can't follow the topics: %s", error)
                self._closing.wait(AGAIN_S)
            except Exception as error:
                self._set(error=WeirError(f"The store failed: {error!r}.", "The console's log has the details."))
                log.exception("the store failed")
                self._closing.wait(AGAIN_S)

    def _follow(self) -> None:
        topics = [self._names.public(topic) for topic in TAKERS]
        ids = Observer(self._settings).topic_ids(topics)
        connection = self._opened(ids)
        try:
            with LogReader(self._settings, topics) as reader:
                self._read(reader, StoreWriter(connection, self._names), connection)
        finally:
            connection.close()

    def _opened(self, ids: Mapping[str, str]) -> sqlite3.Connection:
        """Opens the store, and rebuilds it if it is of other topics or of another version, or can't be read."""
        wanted = {"version": VERSION, **ids}
        try:
            connection = open_to_write(self._folder)
            found = dict(connection.execute("SELECT name, value FROM meta"))
            if found == wanted:
                return connection
            connection.close()
            if found:
                log.warning("the store is of another version or of other topics, and is rebuilt")
        except sqlite3.DatabaseError as error:
            log.warning("the store can't be read (%s), and is rebuilt", error)
        for path in self._folder.glob(f"{FILE}*"):
            path.unlink(missing_ok=True)
        connection = open_to_write(self._folder)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", wanted.items())
        return connection

    def _read(self, reader: LogReader, writer: StoreWriter, connection: sqlite3.Connection) -> None:
        ranges = reader.ranges()
        begin = self._begin(reader, ranges, writer.positions())
        with self._moved:
            self._committed = dict(begin)
        total = sum(ranges[partition].end - offset for partition, offset in begin.items())
        self._set(read=0, total=total, is_current=False, error=None)
        inode = (self._folder / FILE).stat().st_ino
        began_s = time.monotonic()
        bounds_s = began_s + BOUNDS_EVERY_S
        taken, newest_s = 0, 0.0

        def commit() -> None:
            nonlocal bounds_s
            now_s = time.monotonic()
            if not self._is_there(inode):
                raise WorkError("The store was removed while it was in use.", "It is rebuilt from the topics.")
            moved = writer.commit()
            if moved:
                self._announce(moved, read=self._progress.read + taken, newest_s=newest_s)
            if now_s >= bounds_s:
                gone = enforce(connection, self._bounds, time.time())
                bounds_s = now_s + (0.0 if gone == AT_ONCE else BOUNDS_EVERY_S)

        def at_end() -> None:
            commit()
            self._set(is_current=True)

        try:
            for record in reader.follow(begin, on_end=at_end, on_idle=commit, is_over=self._closing.is_set):
                if not writer.has_uncommitted:
                    began_s, taken = time.monotonic(), 0
                writer.take(record)
                taken += 1
                newest_s = max(newest_s, record.timestamp / 1_000)
                if taken >= COMMIT_RECORDS or time.monotonic() - began_s >= COMMIT_S:
                    commit()
            commit()
        except BaseException:
            writer.roll_back()
            raise

    def _begin(
        self, reader: LogReader, ranges: Mapping[PartitionId, OffsetRange], held: Mapping[PartitionId, int]
    ) -> dict[PartitionId, int]:
        """Offsets to begin at: the store's positions, or for a new store as far back as it keeps records."""
        whole = {self._names.public(topic) for topic in FROM_THE_BEGINNING}
        events = self._names.public(EVENTS)
        partitions_of_events = sum(name == events for name, _ in ranges)
        since = reader.since(round((time.time() - self._bounds.days * DAY_S) * 1_000))
        begin: dict[PartitionId, int] = {}
        for partition, offsets in ranges.items():
            first = offsets.start if partition[0] in whole else max(offsets.start, since[partition])
            if partition[0] == events:
                # The rest is read from the topic on request.
                first = max(first, offsets.end - self._bounds.newest_events // max(1, partitions_of_events))
            begin[partition] = min(max(first, held.get(partition, 0)), offsets.end)
        return begin

    def _is_there(self, inode: int) -> bool:
        try:
            return (self._folder / FILE).stat().st_ino == inode
        except FileNotFoundError:
            return False

    def _announce(self, moved: Mapping[PartitionId, int], *, read: int, newest_s: float) -> None:
        with self._moved:
            self._committed.update(moved)
            self._progress = replace(self._progress, read=read, newest_s=newest_s, error=None)
            self._moved.notify_all()

    def _set(self, **changes: Any) -> None:  # noqa: ANN401 -- fields of `StoreProgress`
        with self._moved:
            self._progress = replace(self._progress, **changes)
            self._moved.notify_all()
