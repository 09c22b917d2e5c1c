from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sessions import make_session
from weir.cli.export_files import ExportFile, check_target, json_file, parquet_file
from weir.contracts import Session
from weir.contracts.fast import decoder, encode
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.tables.catalogue import SESSIONS_TABLE

Refused = list[tuple[int, int]]


def fill(file: ExportFile, *starts: float) -> None:
    for offset, start in enumerate(starts):
        value = encode(make_session(start=start, final=True))
        file.write(LogRecord("weir.sessions", 1, offset, 5_000, b"v1", value), decoder(Session)(value))


def test_parquet_is_written_in_row_groups_and_a_record_that_fits_no_column_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    parquet = pytest.importorskip("pyarrow.parquet")
    monkeypatch.setattr("weir.tables.batch.BATCH_ROWS", 2)
    refused: Refused = []
    path = tmp_path / "sessions.parquet"
    with parquet_file(SESSIONS_TABLE, path, lambda partition, offset, _: refused.append((partition, offset))) as file:
        fill(file, 1.0, 2.0, 3.0, 1e300, 5.0)
        assert not path.exists()
    found = parquet.ParquetFile(path)
    assert found.metadata.num_row_groups == 3
    assert found.read()["kafka_offset"].to_pylist() == [0, 1, 2, 4]
    assert refused == [(1, 3)]
    assert (file.records, file.bytes) == (4, path.stat().st_size)


def test_an_export_that_fails_leaves_an_earlier_file_as_it_is_and_nothing_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "sessions.jsonl"
    path.write_text("earlier")
    with pytest.raises(AttributeError), json_file(SESSIONS_TABLE, path) as file:
        file.write(None, None)  # type: ignore[arg-type]  # any error will do
    assert path.read_text() == "earlier"
    assert list(tmp_path.iterdir()) == [path]


def test_of_a_link_the_file_that_it_leads_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "target", tmp_path / "link"
    target.write_text("earlier")
    link.symlink_to(target)
    with pytest.raises(UsageError):
        check_target(link, force=False)
    check_target(link, force=True)
    with json_file(SESSIONS_TABLE, link) as file:
        fill(file, 1.0)
    assert link.is_symlink()
    assert len(target.read_text().splitlines()) == 1
