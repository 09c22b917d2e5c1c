from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from weir.contracts.fast import decoder
from weir.errors import UsageError
from weir.tables.catalogue import SCORES_TABLE
from weir.tables.columns import RecordPosition, rows

pytest.importorskip("deltalake")
import pyarrow.parquet as pq

from weir.tables.flat import write_flat_scores
from weir.tables.writing import append, open_or_create

SCORE: dict[str, Any] = {
    "session_id": "s", "visitor_id": "v", "revision": 1, "ts": 1_700_000_000.25, "start": 1_700_000_000.0,
    "final": True, "features": {"events": 2.0, "method": "GET"}, "features_version": "3", "features_hash": "h",
    "score": None, "model": None, "champion": True,
}  # fmt: skip


def write(root: Path, offset: int, **changed: Any) -> None:  # noqa: ANN401 -- JSON
    record = decoder(SCORES_TABLE.contract)(json.dumps(SCORE | changed).encode())
    append(
        open_or_create(str(root), SCORES_TABLE),
        rows(SCORES_TABLE, [record], [RecordPosition(0, offset, 1_700_000_001_000)]),
    )


def test_the_file_has_a_column_for_each_feature_and_null_where_it_is_absent(tmp_path: Path) -> None:
    write(tmp_path, 7)
    write(tmp_path, 8, session_id="merged", merged_into="s")
    target = tmp_path / "out" / "scores.parquet"
    assert write_flat_scores(str(tmp_path), target, ["events", "bytes"], ["method"]) == 1
    (row,) = pq.read_table(target).to_pylist()
    assert (row["events"], row["bytes"], row["method"]) == (2.0, None, "GET")
    assert row["ts"] == datetime(2023, 11, 14, 22, 13, 20, 250_000, tzinfo=UTC)
    assert (row["event_us"], row["kafka_offset"]) == (1_700_000_000_250_000, 7)
    assert [path.name for path in target.parent.iterdir()] == ["scores.parquet"]


def test_rows_of_files_that_were_compacted_or_deleted_are_not_in_it(tmp_path: Path) -> None:
    for offset in range(3):
        write(tmp_path, offset, session_id=f"s{offset}")
    table = open_or_create(str(tmp_path), SCORES_TABLE)
    table.optimize.compact()
    table.delete("session_id = 's1'")
    assert write_flat_scores(str(tmp_path), tmp_path / "flat.parquet", ["events"], []) == 2


def test_a_candidates_score_is_no_row_of_the_table() -> None:
    candidate = decoder(SCORES_TABLE.contract)(json.dumps(SCORE | {"champion": False}).encode())
    assert not SCORES_TABLE.keeps(candidate)


def test_without_the_table_there_is_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no table scores"):
        write_flat_scores(str(tmp_path), tmp_path / "flat.parquet", [], [])
