from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from weir.contracts.fast import decoder
from weir.errors import WorkError
from weir.tables.catalogue import FLAGS_TABLE, LATE_TABLE, TABLES, Table
from weir.tables.columns import DAY, RecordPosition, rows, schema

pa = pytest.importorskip("pyarrow")
deltalake = pytest.importorskip("deltalake")

from weir.tables.writing import append, exists, location, open_or_create  # noqa: E402 -- needs the extra

EVENT = {"event_id": "e", "visitor_id": "v", "type": "click", "ts": 1_700_000_000}


def late_rows(count: int = 2) -> Any:  # noqa: ANN401 -- pyarrow has no types
    record = decoder(LATE_TABLE.contract)(json.dumps(EVENT).encode())
    return rows(LATE_TABLE, [record] * count, [RecordPosition(0, at, 1_700_000_020_000) for at in range(count)])


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_a_table_is_made_with_its_columns_its_meaning_and_a_folder_for_each_day(tmp_path: Path, table: Table) -> None:
    assert not exists(str(tmp_path), table)
    made = open_or_create(str(tmp_path), table)
    assert exists(str(tmp_path), table)
    found = made.metadata()
    assert (found.name, found.description) == (f"weir.{table.name}", table.meaning)
    assert found.partition_columns == [DAY]
    assert [field.name for field in made.schema().fields] == schema(table).names
    assert all(field.metadata["comment"] for field in made.schema().fields)


def test_rows_are_appended_and_no_rows_are_no_commit(tmp_path: Path) -> None:
    table = open_or_create(str(tmp_path), LATE_TABLE)
    append(table, late_rows(2))
    append(open_or_create(f"{tmp_path}/", LATE_TABLE), late_rows(1))
    append(table, late_rows(0))
    found = deltalake.DeltaTable(location(str(tmp_path), LATE_TABLE))
    assert (found.count(), found.version()) == (3, 2)
    assert (tmp_path / "late_events" / "day=2023-11-14").is_dir()


def test_a_table_that_lacks_newer_columns_is_widened_and_keeps_its_rows_and_columns_of_its_own(tmp_path: Path) -> None:
    old = late_rows(2).drop_columns(["properties", "text"]).append_column("own", pa.array(["x", "y"]))
    deltalake.write_deltalake(location(str(tmp_path), LATE_TABLE), old, partition_by=[DAY])
    table = open_or_create(str(tmp_path), LATE_TABLE)
    assert {"properties", "text", "own"} <= {field.name for field in table.schema().fields}
    append(table, late_rows(1))
    found = open_or_create(str(tmp_path), LATE_TABLE)
    assert found.count() == 3
    assert found.version() == 2


def test_a_table_with_a_column_of_another_type_is_refused_and_the_error_says_which(tmp_path: Path) -> None:
    other = pa.table({"ts": pa.array(["now"]), "status": pa.array([1.5])})
    deltalake.write_deltalake(location(str(tmp_path), LATE_TABLE), other)
    with pytest.raises(WorkError) as refused:
        open_or_create(str(tmp_path), LATE_TABLE)
    assert "ts is string instead of timestamp" in refused.value.message
    assert "status is double instead of long" in refused.value.message
    assert "partitioned by nothing instead of day" in refused.value.message


def test_processes_that_make_the_same_table_at_once_make_one(tmp_path: Path) -> None:
    for at in range(5):
        uri = str(tmp_path / str(at))
        with ThreadPoolExecutor(4) as threads:
            made = list(threads.map(open_or_create, [uri] * 4, [FLAGS_TABLE] * 4))
        assert {table.metadata().id for table in made} == {open_or_create(uri, FLAGS_TABLE).metadata().id}


def test_a_folder_that_cannot_be_written_is_an_error_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    with pytest.raises(WorkError, match="can't be read or written"):
        open_or_create(str(tmp_path / "file"), LATE_TABLE)
