from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import weir
from tests.support.crowd import SETTINGS, crowd
from weir.errors import WorkError
from weir.tables import batch, extra
from weir.tables.catalogue import TABLES

deltalake = pytest.importorskip("deltalake")
pytest.importorskip("pyarrow")

CHOSEN = [argument for name, value in SETTINGS.items() for argument in ("--set", f"{name}={value}")]
LATE = {"event_id": "late", "visitor_id": "v-late", "type": "click"}


@pytest.fixture(name="files")
def _files(tmp_path: Path) -> tuple[Path, Path]:
    """Events, of which one comes late, and labels."""
    events, labels = crowd(60, honest=True).write(tmp_path)
    newest = max(json.loads(line)["ts"] for line in events.read_text().splitlines())
    early = [LATE | {"event_id": name, "ts": newest + s} for name, s in (("a", 0.0), ("b", 90_000.0), ("c", 180_000.0))]
    with events.open("a") as file:
        file.writelines(json.dumps(one) + "\n" for one in [*early, LATE | {"ts": newest - 90_000.0}])
    return events, labels


def replay(files: tuple[Path, Path], folder: Path, *more: str) -> dict[str, Any]:
    called = weir("replay", str(files[0]), "--labels", str(files[1]), "--table", str(folder), "--json", *CHOSEN, *more)
    assert called.code == 0, called.err
    (summary,) = called.rows()
    told: dict[str, Any] = summary
    return told


def counts(folder: Path) -> dict[str, int]:
    return {table.name: deltalake.DeltaTable(str(folder / table.name)).count() for table in TABLES}


def test_the_tables_have_as_many_rows_as_the_summary_says(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "BATCH_ROWS", 50)
    folder = tmp_path / "tables"
    flags = tmp_path / "flags.jsonl"
    summary = replay(files, folder, "--flags", str(flags))
    found = counts(folder)
    assert found == summary["tables"]
    assert found["sessions"] == sum(summary["sessions"].values()) > 50
    assert found["flags"] == summary["flags_published"] == len(flags.read_text().splitlines()) > 0
    assert found["late_events"] == summary["events"]["late"] == 1
    assert found["examples"] == sum(summary["learning"]["examples"].values()) > 0
    assert found["labels"] == len(files[1].read_text().splitlines()) > 0
    assert deltalake.DeltaTable(str(folder / "sessions")).version() > 1


def test_a_row_says_where_its_record_would_lie(files: tuple[Path, Path], tmp_path: Path) -> None:
    replay(files, tmp_path / "tables")
    rows = deltalake.DeltaTable(str(tmp_path / "tables" / "sessions")).to_pyarrow_table().to_pylist()
    places = {(row["kafka_partition"], row["kafka_offset"]) for row in rows}
    assert len(places) == len(rows)
    assert len({row["appended_at"] for row in rows}) == 1
    assert all(row["final"] for row in rows)


def test_a_folder_with_tables_is_refused_unless_rows_are_to_be_added(files: tuple[Path, Path], tmp_path: Path) -> None:
    folder, sessions = tmp_path / "tables", tmp_path / "sessions.jsonl"
    replay(files, folder, "--sessions", str(sessions))
    once, lines = counts(folder), sessions.read_bytes()
    called = weir("replay", str(files[0]), "--table", str(folder), "--sessions", str(sessions))
    assert called.code == 2
    assert "has tables already: sessions, flags, late_events, labels, examples, scores" in called.err
    assert sessions.read_bytes() == lines
    assert counts(folder) == once
    replay(files, folder, "--append")
    assert counts(folder) == {name: 2 * rows for name, rows in once.items()}


def test_append_without_a_folder_is_a_wrong_call(files: tuple[Path, Path]) -> None:
    called = weir("replay", str(files[0]), "--append")
    assert (called.code, "--append is given without --table" in called.err) == (2, True)


def test_without_the_extra_the_error_says_what_to_install(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(extra, "PACKAGES", ("no_such_package",))
    called = weir("replay", str(files[0]), "--table", str(tmp_path / "tables"))
    assert called.code == 2
    assert "pip install 'weir[table]'" in called.err
    assert not (tmp_path / "tables").exists()


def test_a_replay_that_fails_tells_that_a_part_of_it_is_in_the_tables(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise WorkError("No more.")

    monkeypatch.setattr(batch, "BATCH_ROWS", 10)
    monkeypatch.setattr("streams.replay.run.Replay.finish", fail)
    called = weir("replay", str(files[0]), "--labels", str(files[1]), "--table", str(tmp_path / "tables"), *CHOSEN)
    assert called.code == 1
    rows = sum(counts(tmp_path / "tables").values())
    assert rows >= 10
    assert f"The replay did not end: {rows} rows of a part of it are in the tables" in called.err


def test_a_record_that_is_no_row_though_it_should_be_makes_the_exit_code_1(
    files: tuple[Path, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("streams.replay.tables.TableSink.missing", {"labels": 3})
    called = weir("replay", str(files[0]), "--table", str(tmp_path / "tables"), *CHOSEN)
    assert called.code == 1
    assert "lack records that could not be read as rows: labels 3" in called.err
