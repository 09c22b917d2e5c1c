"""One statement that reads the tables runs; whatever else is refused, or ended, with one sentence."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("deltalake")

import duckdb
from duckdb import DuckDBPyConnection

from weir.errors import UsageError, WeirError, WorkError
from weir.tables.catalogue import SESSIONS_TABLE, TABLES, Table
from weir.tables.columns import schema
from weir.tables.query import running
from weir.tables.reading import connect, dataset, default_memory

NO_SELECT = [
    "INSERT INTO sessions SELECT * FROM sessions", "UPDATE sessions SET events = 0", "DELETE FROM flags",
    "CREATE TABLE x (a int)", "CREATE VIEW x AS SELECT 1", "DROP VIEW sessions", "ALTER TABLE sessions RENAME TO x",
    "COPY sessions TO 'x.csv'", "COPY (SELECT 1) TO 'x.parquet'", "EXPORT DATABASE 'x'", "IMPORT DATABASE 'x'",
    "ATTACH 'x.db'", "DETACH memory", "USE memory", "INSTALL delta", "LOAD delta", "SET threads = 1", "RESET threads",
    "PRAGMA database_list", "PRAGMA enable_profiling", "CALL pragma_version()", "EXPLAIN ANALYZE SELECT 1",
    "PREPARE p AS SELECT 1", "EXECUTE p", "BEGIN", "CHECKPOINT", "VACUUM", "CREATE MACRO f(a) AS a",
    "CREATE SECRET (TYPE s3)",
]  # fmt: skip
OTHER_SOURCES = [
    "SELECT * FROM read_csv('/etc/passwd')", "SELECT * FROM read_text('/etc/passwd')", "FROM read_blob('/etc/passwd')",
    "SELECT * FROM glob('/*')", "FROM '/etc/passwd'", "FROM '/tmp/x.parquet'", "FROM read_parquet('/tmp/*.parquet')",
    "FROM sniff_csv('/etc/passwd')", "FROM 'http://127.0.0.1:1/x.csv'", "FROM read_json('s3://bucket/x.json')",
    "FROM duckdb_secrets()", "SELECT getenv('HOME')", "FROM connection", "FROM TABLES", "FROM arrow_scan(1, 2, 3)",
    "SELECT * FROM query('COPY sessions TO ''x.csv''')", "FROM delta_scan('/tmp/x')", "FROM sqlite_scan('x', 'y')",
]  # fmt: skip
NOT_ONE = ["", " ; ", "-- nothing", "SELECT 1; SELECT 2", "SELECT 1; COPY sessions TO 'x.csv'"]
WRONG = ["SELECT", "SELEC 1", "SELECT no_such FROM sessions", "SELECT no_such(1)", "FROM no_such", "SELECT 'a' + [1]"]
ENDLESS = [
    "WITH RECURSIVE x AS (SELECT 1 AS a UNION ALL SELECT a + 1 FROM x) SELECT count(*) FROM x",
    "SELECT count(*) FROM range(10000000000000)",
    "SELECT count(*) FROM sessions a, range(1000000) b, range(1000000) c WHERE a.events + b.range > c.range",
    "SELECT * FROM range(1000000) a, range(1000000) b, range(1000000) c",
]
HUGE = [
    "SELECT list(a.range) FROM range(100000000) a, range(1000) b",
    "SELECT a.*, b.range FROM sessions a, range(100000000) b ORDER BY ALL",
]


@pytest.fixture
def connection(shop: Path) -> Iterator[DuckDBPyConnection]:
    made = connect(str(shop), memory="200MB")
    yield made
    made.close()


def run(connection: DuckDBPyConnection, sql: str, seconds: float = 20) -> list[tuple[object, ...]]:
    with running(connection, sql, seconds=seconds) as result:
        while rows := result.fetchmany(10_000):
            last = rows
    return last


def refusal(connection: DuckDBPyConnection, sql: str, seconds: float = 20) -> WeirError:
    with pytest.raises(WeirError) as refused:
        run(connection, sql, seconds)
    assert "\n" not in str(refused.value)
    assert refused.value.hint
    return refused.value


@pytest.fixture(autouse=True)
def _nothing_is_written(shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.chdir(tmp_path)
    before = sorted(shop.rglob("*"))
    yield
    assert sorted(shop.rglob("*")) == before
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("sql", NO_SELECT)
def test_what_is_no_select_is_refused(connection: DuckDBPyConnection, sql: str) -> None:
    assert isinstance(refusal(connection, sql), UsageError)


@pytest.mark.parametrize("sql", NO_SELECT)
def test_without_that_refusal_nothing_leaves_the_memory_either(connection: DuckDBPyConnection, sql: str) -> None:
    with contextlib.suppress(duckdb.Error):
        connection.execute(sql)
    with pytest.raises(duckdb.InvalidInputException, match=r"locked|access"):
        connection.execute("SET enable_external_access = true")


def test_the_configuration_is_locked_and_no_variable_is_a_table(connection: DuckDBPyConnection) -> None:
    with pytest.raises(duckdb.InvalidInputException, match="locked"):
        connection.execute("SET threads = 1")
    assert run(connection, "SELECT current_setting('python_enable_replacements')") == [(False,)]


@pytest.mark.parametrize("sql", OTHER_SOURCES)
def test_nothing_but_the_tables_is_read(connection: DuckDBPyConnection, sql: str) -> None:
    assert isinstance(refusal(connection, sql), UsageError)


@pytest.mark.parametrize("sql", NOT_ONE)
def test_none_or_several_statements_are_refused(connection: DuckDBPyConnection, sql: str) -> None:
    assert "one statement" in refusal(connection, sql).message


@pytest.mark.parametrize("sql", WRONG)
def test_what_cannot_be_understood_says_so(connection: DuckDBPyConnection, sql: str) -> None:
    assert "is not valid" in refusal(connection, sql).message


@pytest.mark.parametrize("sql", ENDLESS)
def test_a_query_without_end_is_ended(connection: DuckDBPyConnection, sql: str) -> None:
    began = time.monotonic()
    assert refusal(connection, sql, seconds=0.5).message == "The query took more than 0.5 s."
    assert time.monotonic() - began < 15
    assert run(connection, "SELECT 1") == [(1,)]


@pytest.mark.parametrize("sql", HUGE)
def test_a_query_that_needs_too_much_memory_is_ended(connection: DuckDBPyConnection, sql: str) -> None:
    assert "more memory" in refusal(connection, sql).message


def test_what_data_hold_reaches_no_terminal_as_commands(connection: DuckDBPyConnection) -> None:
    refused = refusal(connection, "SELECT cast(chr(27) || '[2J' AS int)")
    assert isinstance(refused, WorkError)
    assert refused.message.isprintable()


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_table_is_a_view_with_its_columns(connection: DuckDBPyConnection, table: Table) -> None:
    columns = [str(row[0]) for row in run(connection, f"DESCRIBE {table.name}")]
    assert columns == schema(table).names


def test_the_day_is_a_column_and_chooses_files(connection: DuckDBPyConnection) -> None:
    assert run(connection, "SELECT count(*), min(day)::text FROM sessions WHERE day > '2023-11-16'") == [
        (2, "2023-11-17")
    ]


def test_a_column_that_the_table_was_written_without_is_empty(tmp_path_factory: pytest.TempPathFactory) -> None:
    from deltalake import write_deltalake  # noqa: PLC0415 -- an extra

    root = tmp_path_factory.mktemp("older")
    old = schema(SESSIONS_TABLE).empty_table().drop_columns(["path_entropy"])
    write_deltalake(str(root / "sessions"), old, partition_by=["day"])
    found = dataset(str(root), SESSIONS_TABLE)
    assert found is not None
    made = connect(str(root))
    assert run_all(made, "SELECT path_entropy, day FROM sessions") == []
    made.close()


def run_all(connection: DuckDBPyConnection, sql: str) -> list[tuple[object, ...]]:
    with running(connection, sql, seconds=20) as result:
        found: list[tuple[object, ...]] = result.fetchall()
    return found


def test_a_folder_without_tables_is_a_wrong_call(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no tables"):
        connect(str(tmp_path / "nowhere"))


def test_a_table_that_cannot_be_read_is_named(tmp_path_factory: pytest.TempPathFactory) -> None:
    root = tmp_path_factory.mktemp("broken")
    log = root / "flags" / "_delta_log"
    log.mkdir(parents=True)
    (log / f"{0:020}.json").write_text("no log")
    with pytest.raises(WorkError, match="table flags"):
        connect(str(root))


@pytest.mark.parametrize("memory", ["much", "", "-1"])
def test_a_memory_that_is_no_size_is_a_wrong_call(shop: Path, memory: str) -> None:
    with pytest.raises(UsageError, match="not a size"):
        connect(str(shop), memory=memory or "x")


def test_the_memory_unless_given_is_a_share_of_the_machines() -> None:
    assert int(default_memory().removesuffix("MiB")) >= 256
