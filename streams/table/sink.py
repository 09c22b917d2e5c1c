"""One Delta table as the stage writes it: positions, and commits that add rows and move positions together.

Everything of one commit goes through one handle. Delta compares the application transactions of a commit with those
that others have made since the handle's version, and refuses it if they are the same: so what the handle says of a
position is looked at right before, and a handle is never renewed between the look and the commit.
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

OURS = "weir"
"""In a commit's metadata: it is of this stage."""
_TOPIC = "weir.topic"
_TOPIC_ID = "weir.topic_id"
_HARMLESS = frozenset({"OPTIMIZE", "VACUUM START", "VACUUM END", "SET TBLPROPERTIES", "CREATE TABLE", "ADD COLUMN"})
"""Operations of others that change no row."""
_NEAR, _FAR = 10, 10_000
"""Commits to look back at: our last is among the newest, or compactions and others' came after."""

log = logging.getLogger("weir.table")


class OvertakenError(FencedError):
    """Another worker has moved these partitions' positions: what waits here of them is in the table, or will be."""

    def __init__(self, table: str, partitions: Collection[int]) -> None:
        told = ", ".join(str(one) for one in sorted(partitions))
        super().__init__(f"Another worker has written partitions {told} of {table}.")
        self.partitions = frozenset(partitions)


class Sink:
    """The table of one topic.

    Args:
        uri: where all tables lie.
        table: which one it is.
        topic: the topic's full name.
        topic_id: its id: a topic that was made again has another one, and its offsets begin anew.
        trusts: whether others' changes of rows are taken as meant.

    Raises:
        WorkError: the table is of another topic or a newer version, or was changed by others.
        StorageError: the store is away.
    """

    def __init__(self, uri: str, table: Table, topic: str, topic_id: str, *, trusts: bool = False) -> None:
        self.table = table
        self._topic = topic
        self._topic_id = topic_id
        self._trusts = trusts
        self._uri = location(uri, table)
        self._handle = open_or_create(uri, table)
        self._refuse_newer_columns()
        self.knows_topic = False
        self._look_back()

    def position(self, partition: int) -> int | None:
        """Up to which offset the partition is in the table, by the handle; None: nothing is."""
        position: int | None = self._handle.transaction_version(self._app_id(partition))
        return position

    def renew(self) -> None:
        """Looks at the table anew.

        Raises:
            WorkError: as the constructor says.
        """
        self._handle = DeltaTable(self._uri)
        self._look_back()

    def commit(self, rows: Rows) -> int:
        """Adds the rows that wait and moves their partitions' positions; returns the table's version.

        Raises:
            OvertakenError: positions are not where the rows follow on: nothing was written.
            CommitFailedError: others were quicker, in a way that `renew` and another call may mend.
            WorkError: others have changed rows since the last commit.
        """
        moves = {number: one for number, one in rows.partitions.items() if one.end != one.begin}
        self._require({number: one.begin for number, one in moves.items()})
        before = self._handle.version()
        self._write(rows.collected(), {number: one.end for number, one in moves.items()})
        after = self._handle.version()
        if after > before + 1:
            self._look_at_others(self._handle.history(after - before)[1:])
        return int(after)

    def accept(self, positions: Mapping[int, int]) -> None:
        """A commit without rows: from here on the stage goes on from these positions, whatever others have done."""
        self._write(None, positions)

    def compact(self, keep_hours: int) -> None:
        """Makes few large files of many small ones, and removes what no reader of the last hours needs."""
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
            custom_metadata={OURS: "table", _TOPIC: self._topic, _TOPIC_ID: self._topic_id},
            app_transactions=[Transaction(self._app_id(number), position) for number, position in positions.items()],
        )

    def _refuse_newer_columns(self) -> None:
        newer = {field.name for field in self._handle.schema().fields} - set(schema(self.table).names)
        if newer:
            raise WorkError(
                f"The table {self.table.name} has columns that this version doesn't know: {', '.join(sorted(newer))}.",
                "A newer version has written it: start that one.",
            )

    def _require(self, begins: Mapping[int, int | None]) -> None:
        overtaken = {number for number, begin in begins.items() if self.position(number) != begin}
        if overtaken:
            raise OvertakenError(self.table.name, overtaken)

    def _app_id(self, partition: int) -> str:
        return f"{self._topic_id}:{partition}"

    def _look_back(self) -> None:
        if not self._look_at_others(self._handle.history(_NEAR)):
            self._look_at_others(self._handle.history(_FAR))

    def _look_at_others(self, history: Iterable[Mapping[str, Any]]) -> bool:
        """Goes back to our last commit; whether there is one.

        Who changed rows since then has left a table that nobody can vouch for.
        """
        for commit in history:
            if OURS in commit:
                self._recognise(commit)
                return True
            operation = str(commit.get("operation"))
            if operation not in _HARMLESS and not self._trusts:
                raise WorkError(
                    f"The table {self.table.name} was changed by others: version {commit.get('version')} is a "
                    f"{operation}.",
                    f"Take it back (`DeltaTable.restore` to the version before, and {ACCEPT}), or leave it as it is "
                    f"and {ACCEPT}.",
                )
        return False

    def _recognise(self, commit: Mapping[str, Any]) -> None:
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
            log.warning("%s was made again since its table was written: it is read from its beginning", self._topic)


__all__ = ["CommitFailedError", "OvertakenError", "Sink"]
