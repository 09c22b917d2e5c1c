"""Shows the positions of the stage's tables, and accepts their present state so that the stage continues."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from streams.table.sink import Sink
from weir.errors import SettingsError
from weir.kafka.observer import Observer
from weir.kafka.reader import LogReader
from weir.kafka.records import OffsetRange
from weir.settings import Settings
from weir.tables.catalogue import TABLES, Table
from weir.tables.writing import exists


@dataclass(frozen=True, slots=True)
class TablePosition:
    """Position of one partition in its table."""

    table: str
    partition: int
    position: int | None
    log: OffsetRange

    @property
    def lag(self) -> int:
        """Number of offsets between the table's position and the topic's end."""
        return max(self.log.end - max(self.position or 0, self.log.start), 0)

    @property
    def accepted(self) -> int:
        """Position from which the stage can continue: records that the topic no longer has are lost."""
        return min(max(self.position or 0, self.log.start), self.log.end)


def table_positions(settings: Settings) -> Iterator[TablePosition]:
    """The position of each partition in its table, whether the stage would continue there or not.

    Raises:
        WeirError: The cluster or the store doesn't answer, or `table_uri` is not set.
    """
    uri = _uri(settings)
    for table in TABLES:
        topic = settings.names.public(table.topic)
        sink = _sink(settings, table, topic) if exists(uri, table) else None
        with LogReader(settings, [topic]) as reader:
            for (_, number), log in sorted(reader.ranges().items()):
                yield TablePosition(table.name, number, sink.position(number) if sink else None, log)


def accept(settings: Settings) -> list[TablePosition]:
    """Accepts other programs' changes of the tables, and lost records, so that the stage continues.

    No worker of the stage may run meanwhile. Returns the partitions whose position was moved.

    Raises:
        WeirError: As in `table_positions`.
    """
    moved = []
    found = list(table_positions(settings))
    for table in TABLES:
        own = [one for one in found if one.table == table.name]
        moves = {one.partition: one.accepted for one in own if one.accepted != one.position}
        _sink(settings, table, settings.names.public(table.topic)).accept(moves)
        moved += [one for one in own if one.partition in moves]
    return moved


def _sink(settings: Settings, table: Table, topic: str) -> Sink:
    topic_id = Observer(settings).topic_ids([topic])[topic]
    return Sink(_uri(settings), table, topic, topic_id, accepts_changes=True)


def _uri(settings: Settings) -> str:
    if settings.table_uri is None:
        raise SettingsError("There are no tables: table_uri is not set.", "Set WEIR_TABLE_URI, or give --table.")
    return settings.table_uri
