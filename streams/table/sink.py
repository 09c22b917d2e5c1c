"""Writes one Delta table: each commit both adds rows and moves positions.

One commit uses one handle. Delta compares the application transactions of the commit with those of other commits since
the handle's version, and refuses the commit if both move the same position. So the handle's positions are checked
before the commit, and the handle is not renewed in between.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Mapping
from typing import Any

import pyarrow as pa
from deltalake import CommitProperties, DeltaTable, Transaction, write_deltalake
from deltalake.exceptions import CommitFailedError

from streams.table.placement import ACCEPT
from streams.table.rows import Rows
from weir.errors import FencedError, WorkError
from weir.tables.catalogue import Table
from weir.tables.columns import schema
from weir.tables.writing import location, open_or_create

COMMIT_KEY = "weir"
"""Key in the metadata of this stage's commits."""
_TOPIC = "weir.topic"
_TOPIC_ID = "weir.topic_id"
_HARMLESS = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "CREATE TABLE", "ADD COLUMN"})
"""Operations that change no rows, so other programs may execute them."""
_RECENT_COMMITS, _MAX_COMMITS = 10, 10_000
"""Numbers of newest commits to search for this stage's last commit: more only if many compactions followed it."""

log = logging.getLogger("weir.table")


class OvertakenError(FencedError):
    """Another worker has moved the positions of partitions, so this worker's waiting rows must be dropped."""

    def __init__(self, table: str, partitions: Collection[int]) -> None:
        names = ", ".join(str(one) for one in sorted(partitions))
        super().__init__(f"Another worker has written partitions {names} of {table}.")
        self.partitions = frozenset(partitions)


class Sink:
    """The table of one topic.

    Args:
        uri: Location of all tables.
        table: The table.
        topic: The topic's full name.
        topic_id: The topic's id. A topic that was created anew has another id, and its offsets begin at 0.
        accepts_changes: Whether other programs' changes of rows are accepted.

    Raises:
        WorkError: The table is of another topic or a newer version, or another program has changed it.
        StorageError: The store can't be reached.
    """

    def __init__(self, uri: str, table: Table, topic: str, topic_id: str, *, accepts_changes: bool = False) -> None:
        self.table = table
        self._topic = topic
        self._topic_id = topic_id
        self._accepts_changes = accepts_changes
        self._uri = location(uri, table)
        self._handle = open_or_create(uri, table)
        self._refuse_newer_columns()
        self.knows_topic = False
        self._check_history()

    def position(self, partition: int) -> int | None:
        """The partition's position in the table, by the handle; None if it has none."""
        position: int | None = self._handle.transaction_version(self._app_id(partition))
        return position

    def renew(self) -> None:
        """Opens the table's newest version.

        Raises:
            WorkError: As in the constructor.
        """
        self._handle = DeltaTable(self._uri)
        self._check_history()

    def commit(self, rows: Rows) -> int:
        """Adds the waiting rows and moves their partitions' positions; returns the table's version.

        Raises:
            OvertakenError: Another worker has moved the positions; nothing was written.
            CommitFailedError: Another commit came first; `renew` and another call may succeed.
            WorkError: Another program has changed rows since the last commit.
        """
        moves = {number: one for number, one in rows.partitions.items() if one.end != one.begin}
        self._require_positions({number: one.begin for number, one in moves.items()})
        before = self._handle.version()
        self._write(rows.collected(), {number: one.end for number, one in moves.items()})
        after = self._handle.version()
        if after > before + 1:
            self._check_other_commits(self._handle.history(after - before)[1:])
        return int(after)

    def accept(self, positions: Mapping[int, int]) -> None:
        """Commits positions without rows. The stage continues from them, whatever other programs have changed."""
        self._write(None, positions)

    def compact(self, keep_hours: int) -> None:
        """Merges small files into large ones, and removes files that no version of the last `keep_hours` uses."""
        self._handle.optimize.compact(commit_properties=self._properties({}))
        self._handle.vacuum(keep_hours, dry_run=False, enforce_retention_duration=False)

    def _write(self, data: pa.Table | None, positions: Mapping[int, int]) -> None:
        write_deltalake(
            self._handle,
            schema(self.table).empty_table() if data is None else data,
            mode="append",
            commit_properties=self._properties(positions),
        )
        self.knows_topic = True

    def _properties(self, positions: Mapping[int, int]) -> CommitProperties:
        return CommitProperties(
            custom_metadata={COMMIT_KEY: "table", _TOPIC: self._topic, _TOPIC_ID: self._topic_id},
            app_transactions=[Transaction(self._app_id(number), position) for number, position in positions.items()],
        )

    def _refuse_newer_columns(self) -> None:
        newer = {field.name for field in self._handle.schema().fields} - set(schema(self.table).names)
        if newer:
            raise WorkError(
                f"The table {self.table.name} has columns that this version doesn't know: {', '.join(sorted(newer))}.",
                "Start the newer version of Weir that has written the table.",
            )

    def _require_positions(self, begins: Mapping[int, int | None]) -> None:
        overtaken = {number for number, begin in begins.items() if self.position(number) != begin}
        if overtaken:
            raise OvertakenError(self.table.name, overtaken)

    def _app_id(self, partition: int) -> str:
        return f"{self._topic_id}:{partition}"

    def _check_history(self) -> None:
        if not self._check_other_commits(self._handle.history(_RECENT_COMMITS)):
            self._check_other_commits(self._handle.history(_MAX_COMMITS))

    def _check_other_commits(self, history: Iterable[Mapping[str, Any]]) -> bool:
        """Checks the commits after this stage's last one; returns whether there is one.

        Raises:
            WorkError: Another program has changed rows since, so rows may be missing or duplicate.
        """
        for commit in history:
            if COMMIT_KEY in commit:
                self._check_topic(commit)
                return True
            operation = str(commit.get("operation"))
            if operation not in _HARMLESS and not self._accepts_changes:
                raise WorkError(
                    f"The table {self.table.name} was changed by another program: version {commit.get('version')} is a "
                    f"{operation}.",
                    f"Undo the change (`DeltaTable.restore` to the version before), or keep it. Then {ACCEPT}.",
                )
        return False

    def _check_topic(self, commit: Mapping[str, Any]) -> None:
        topic = commit.get(_TOPIC)
        if topic is None:
            return
        if topic != self._topic:
            raise WorkError(
                f"The table {self.table.name} is of the topic {topic}, and not of {self._topic}.",
                "Give each installation a `table_uri` of its own.",
            )
        self.knows_topic = True
        if commit.get(_TOPIC_ID) != self._topic_id:
            log.warning(
                "topic was created anew after its table was written, reading from its beginning: %s", self._topic
            )


__all__ = ["CommitFailedError", "OvertakenError", "Sink"]
