from __future__ import annotations

from pathlib import Path

import pytest
from deltalake import DeltaTable, Field
from deltalake.schema import PrimitiveType

from streams.table.rows import Rows
from streams.table.sink import CommitFailedError, OvertakenError, Sink
from tests.streams.table.records import NOON_S, session
from weir.errors import WorkError
from weir.kafka.records import LogRecord
from weir.partitioner import partition_for
from weir.tables.catalogue import LABELS_TABLE, SESSIONS_TABLE

TOPIC = "weir.sessions"


def sink(folder: Path, *, topic: str = TOPIC, topic_id: str = "first") -> Sink:
    return Sink(str(folder), SESSIONS_TABLE, topic, topic_id)


def waiting(begin: int | None, end: int, partition: int = 0) -> Rows:
    rows = Rows(SESSIONS_TABLE, 2, 1_000_000)
    rows.begin(partition, begin, begin or 0)
    for offset in range(begin or 0, end):
        assert not rows.take(LogRecord(TOPIC, partition, offset, 0, b"v", session(offset)))
    return rows


def offsets(folder: Path) -> list[int]:
    found = DeltaTable(str(folder / "sessions")).to_pyarrow_table(columns=["kafka_offset"])
    return sorted(found["kafka_offset"].to_pylist())


def test_rows_and_their_position_are_in_the_table_together(tmp_path: Path) -> None:
    made = sink(tmp_path)
    made.commit(waiting(None, 3))
    made.commit(waiting(3, 5))
    assert offsets(tmp_path) == [0, 1, 2, 3, 4]
    assert made.position(0) == sink(tmp_path).position(0) == 5
    assert made.position(1) is None


def test_a_worker_that_another_one_has_overtaken_writes_nothing(tmp_path: Path) -> None:
    late, owner = sink(tmp_path), sink(tmp_path)
    owner.commit(waiting(None, 3))
    with pytest.raises(CommitFailedError):
        late.commit(waiting(None, 2))
    late.renew()
    with pytest.raises(OvertakenError) as caught:
        late.commit(waiting(None, 2))
    assert caught.value.partitions == {0}
    assert offsets(tmp_path) == [0, 1, 2]


def test_a_worker_that_wrote_something_else_meanwhile_still_sees_that_it_was_overtaken(tmp_path: Path) -> None:
    late, owner = sink(tmp_path), sink(tmp_path)
    owner.commit(waiting(None, 3, partition=1))
    late.commit(waiting(None, 2, partition=0))
    with pytest.raises(OvertakenError):
        late.commit(waiting(None, 2, partition=1))
    assert offsets(tmp_path) == [0, 0, 1, 1, 2]


def test_workers_of_different_partitions_do_not_hinder_each_other(tmp_path: Path) -> None:
    one, other = sink(tmp_path), sink(tmp_path)
    one.commit(waiting(None, 2, partition=0))
    other.commit(waiting(None, 2, partition=1))
    one.commit(waiting(2, 3, partition=0))
    assert offsets(tmp_path) == [0, 0, 1, 1, 2]


def test_a_topic_that_was_made_again_has_positions_of_its_own(tmp_path: Path) -> None:
    sink(tmp_path).commit(waiting(None, 3))
    again = sink(tmp_path, topic_id="second")
    assert again.position(0) is None
    assert again.knows_topic
    again.commit(waiting(None, 2))
    assert offsets(tmp_path) == [0, 0, 1, 1, 2]


def test_a_table_of_another_topic_is_refused(tmp_path: Path) -> None:
    sink(tmp_path).commit(waiting(None, 3))
    with pytest.raises(WorkError, match=r"is of the topic weir\.sessions, and not of other\.sessions"):
        sink(tmp_path, topic="other.sessions", topic_id="x")


@pytest.mark.parametrize("change", ["delete", "restore"])
def test_a_table_whose_rows_others_have_changed_is_refused_until_that_is_accepted(tmp_path: Path, change: str) -> None:
    made = sink(tmp_path)
    made.commit(waiting(None, 3))
    made.commit(waiting(3, 5))
    others = DeltaTable(str(tmp_path / "sessions"))
    if change == "delete":
        others.delete("kafka_offset = 1")
    else:
        others.restore(1)
    with pytest.raises(WorkError, match=f"was changed by another program: version 3 is a {change.upper()}"):
        made.renew()
    made.accept({})
    assert sink(tmp_path).position(0) == 5


def test_a_change_of_rows_while_the_stage_works_is_found_at_its_next_commit(tmp_path: Path) -> None:
    made = sink(tmp_path)
    made.commit(waiting(None, 3))
    DeltaTable(str(tmp_path / "sessions")).delete("kafka_offset = 1")
    with pytest.raises((WorkError, CommitFailedError)):
        made.commit(waiting(3, 4))


def test_compaction_keeps_rows_and_positions_and_is_nobodys_change(tmp_path: Path) -> None:
    made = sink(tmp_path)
    for begin in range(4):
        made.commit(waiting(begin or None, begin + 1))
    DeltaTable(str(tmp_path / "sessions")).optimize.compact()
    made.renew()
    made.compact(keep_hours=168)
    assert offsets(tmp_path) == [0, 1, 2, 3]
    assert len(DeltaTable(str(tmp_path / "sessions")).file_uris()) == 1
    assert made.position(0) == 4


def test_a_table_with_columns_of_a_newer_version_is_refused(tmp_path: Path) -> None:
    sink(tmp_path).commit(waiting(None, 1))
    DeltaTable(str(tmp_path / "sessions")).alter.add_columns([Field("invented", PrimitiveType("string"))])
    with pytest.raises(WorkError, match="has columns that this version doesn't know: invented"):
        sink(tmp_path)


def test_what_is_unreadable_is_no_row_and_moves_the_position(tmp_path: Path) -> None:
    made, rows = sink(tmp_path), Rows(SESSIONS_TABLE, 2, 1_000_000)
    rows.begin(0, None, 0)
    assert rows.take(LogRecord(TOPIC, 0, 0, 0, b"v", b"{"))
    assert rows.take(LogRecord(TOPIC, 0, 1, 0, b"v", None))
    assert not rows.take(LogRecord(TOPIC, 0, 2, 0, b"v", session(2, final=False)))
    assert not rows.take(LogRecord(TOPIC, 0, 3, 0, b"v", session(3, start=NOON_S)))
    assert not rows.take(LogRecord(TOPIC, 0, 4, 0, b"v", session(4, events=2**80)))
    made.commit(rows)
    assert offsets(tmp_path) == [3]
    assert made.position(0) == 5
    assert [place.offset for place in rows.unfit()] == [4]


def test_a_label_that_is_sent_on_to_where_it_belongs_is_one_row() -> None:
    rows = Rows(LABELS_TABLE, 4, 1_000_000)
    label = b'{"visitor_id":"v","ts":1700000000,"label":"bad","source":"me"}'
    home = partition_for(b"v", 4)
    for partition in range(4):
        rows.begin(partition, None, 0)
        assert not rows.take(LogRecord("weir.labels", partition, 0, 0, b"v", label))
    assert not rows.take(LogRecord("weir.labels", home, 1, 0, b"another key", label))
    assert rows.count == 1
