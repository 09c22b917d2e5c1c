from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.sessions import make_session
from weir.contracts.fast import encode
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.topics import LIMITS, SESSIONS

pytest.importorskip("pyarrow")
deltalake = pytest.importorskip("deltalake")

from streams.replay.tables import TableSink  # noqa: E402 -- needs the extra

MAX_BYTES = 1_000_000


def session(*, offset: int = 0, final: bool = True, start: float = 1_000.0) -> LogRecord:
    value = encode(make_session(final=final, start=start))
    return LogRecord("weir.sessions", 0, offset, 5_000, b"v1", value)


def test_what_is_no_row_is_passed_over_and_what_should_be_one_and_is_none_is_counted(tmp_path: Path) -> None:
    with TableSink(str(tmp_path), MAX_BYTES, is_append=False) as sink:
        sink(SESSIONS, session())
        sink(SESSIONS, session(offset=1, final=False))
        sink(SESSIONS, session(offset=2, start=1e300))
        sink(SESSIONS, LogRecord("weir.sessions", 0, 3, 5_000, b"v1", b"no session"))
        sink(LIMITS, LogRecord("weir.limits", 0, 0, 5_000, b"v1", b"{}"))
    assert sink.rows == {"sessions": 1, "flags": 0, "late_events": 0, "labels": 0, "examples": 0, "scores": 0}
    assert sink.missing == {"sessions": 2}
    assert deltalake.DeltaTable(str(tmp_path / "sessions")).count() == 1


def fail_after(sink: TableSink, *records: LogRecord) -> None:
    with sink:
        for record in records:
            sink(SESSIONS, record)
        raise RuntimeError


def test_when_the_block_raises_what_waits_is_not_written_and_what_was_written_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("weir.tables.batch.BATCH_ROWS", 2)
    sink = TableSink(str(tmp_path), MAX_BYTES, is_append=False)
    with pytest.raises(RuntimeError):
        fail_after(sink, *(session(offset=offset) for offset in range(3)))
    assert sink.rows["sessions"] == 2
    assert deltalake.DeltaTable(str(tmp_path / "sessions")).count() == 2


def test_one_table_that_is_there_is_enough_to_refuse_the_folder(tmp_path: Path) -> None:
    with TableSink(str(tmp_path), MAX_BYTES, is_append=False):
        pass
    with pytest.raises(UsageError, match="has tables already"):
        TableSink(str(tmp_path), MAX_BYTES, is_append=False).__enter__()
