from __future__ import annotations

import builtins
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.command import weir
from tests.support.tables import write_shop

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> str:
    pytest.importorskip("deltalake")
    pytest.importorskip("duckdb")
    root = tmp_path_factory.mktemp("tables")
    write_shop(root)
    return str(root)


def test_a_table_has_a_row_for_each_row_and_says_how_many(shop: str) -> None:
    asked = weir("query", "what-each-stage-settles", "--table", shop)
    assert asked.code == 0
    assert asked.out.splitlines()[0].split() == ["stage", "verdict", "sessions", "visitors", "share"]
    assert asked.out.splitlines()[2].split() == ["heuristics", "block", "3", "3", "0.429"]
    assert asked.err == "5 rows\n"


def test_a_table_that_is_cut_says_so(shop: str) -> None:
    asked = weir("query", "SELECT session_id FROM sessions", "--table", shop, "--limit", "2")
    assert len(asked.out.splitlines()) == 3
    assert asked.err == "2 rows of more: --limit sets the number\n"


def test_a_row_with_many_columns_is_shown_upright(shop: str) -> None:
    asked = weir("query", "FROM sessions ORDER BY start", "--table", shop, "--limit", "1")
    assert any(line.split() == ["start", "2023-11-15", "00:01:00Z"] for line in asked.out.splitlines())


def test_json_has_an_object_a_line_with_times_in_utc(shop: str) -> None:
    sql = "SELECT start, day, revenue, account_ids, sum(1) OVER () AS n, 1 AS a, 2 AS a FROM sessions ORDER BY start"
    first = weir("query", sql, "--table", shop, "--json").rows()[0]
    assert first == {
        "start": "2023-11-15T00:01:00Z", "day": "2023-11-15", "revenue": {"EUR": 20.0}, "account_ids": [], "n": 13,
        "a": 1, "a_2": 2,
    }  # fmt: skip


def test_csv_has_a_header_and_every_row(shop: str) -> None:
    asked = weir("query", "SELECT session_id AS s, final, ip, revenue FROM sessions", "--table", shop, "--csv")
    assert asked.out.splitlines()[0] == "s,final,ip,revenue"
    assert 's1,true,192.0.2.17,"{""EUR"":20.0}"' in asked.out.splitlines()
    assert len(asked.out.splitlines()) == 14


def test_parquet_keeps_the_types_and_overwrites_nothing(shop: str, tmp_path: Path) -> None:
    import pyarrow.parquet as pq  # noqa: PLC0415 -- an extra

    path = tmp_path / "found.parquet"
    arguments = ("query", "SELECT start, revenue FROM sessions", "--table", shop, "--parquet", str(path))
    assert weir(*arguments, "--limit", "4").code == 0
    found = pq.read_table(path)
    assert (found.num_rows, str(found.schema.field("start").type)) == (4, "timestamp[us, tz=UTC]")
    again = weir(*arguments)
    assert (again.code, "already" in again.err) == (2, True)
    assert [entry.name for entry in tmp_path.iterdir()] == ["found.parquet"]


def test_a_query_that_fails_half_way_leaves_no_file(shop: str, tmp_path: Path) -> None:
    sql = "SELECT CASE WHEN range < 5000000 THEN 1 ELSE error('x') END FROM range(6000000)"
    asked = weir("query", sql, "--table", shop, "--parquet", str(tmp_path / "x.parquet"))
    assert (asked.code, asked.err.splitlines()[0][:24]) == (1, "weir: The query failed: ")
    assert not list(tmp_path.iterdir())


def test_a_query_without_end_leaves_no_file(shop: str, tmp_path: Path) -> None:
    sql, path = "SELECT * FROM range(1000000000000)", tmp_path / "x.parquet"
    asked = weir("query", sql, "--table", shop, "--parquet", str(path), "--seconds", "0.5")
    assert (asked.code, asked.err.splitlines()[0]) == (1, "weir: The query took more than 0.5 s.")
    assert not list(tmp_path.iterdir())


def test_a_statement_of_a_file(shop: str, tmp_path: Path) -> None:
    path = tmp_path / "q.sql"
    path.write_text("-- Sessions\nSELECT count(*) AS n FROM sessions\n")
    assert weir("query", "--file", str(path), "--table", shop, "--json").rows() == [{"n": 13}]


def test_the_place_of_the_tables_is_a_setting(shop: str) -> None:
    asked = weir("query", "SELECT count(*) AS n FROM flags", "--json", "--set", f"table_uri={shop}")
    assert asked.rows() == [{"n": 9}]


def test_the_list_needs_no_tables() -> None:
    listed = weir("query", "--list", "--json").rows()
    assert [row["name"] for row in listed][:2] == ["cohorts", "conversion-of-flagged"]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ([], "One statement, name or --file is needed"),
        (["SELECT 1", "--file", "x"], "One statement, name or --file is needed"),
        (["SELECT 1"], "The tables' folder or store is not set."),
        (["no-such", "--table", "x"], "There is no query no-such."),
        (["SELECT 1", "--table", "nowhere"], "There are no tables in nowhere."),
        (["SELECT 1", "--table", "x", "--json", "--csv"], "More than one output format is given."),
        (["--file", "nowhere.sql", "--table", "x"], "There is no file nowhere.sql."),
    ],
)
def test_a_wrong_call_says_what_is_wrong(
    arguments: list[str], told: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    asked = weir("query", *arguments)
    assert (asked.code, asked.out) == (2, "")
    assert told in asked.err


def test_without_the_extra_the_error_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 -- as the builtin
        if name == "duckdb":
            raise ModuleNotFoundError("No module named 'duckdb'", name="duckdb")
        return real(name, *rest, **named)

    monkeypatch.setattr(builtins, "__import__", without)
    asked = weir("query", "SELECT 1", "--table", "x")
    assert (asked.code, "pip install 'weir[table]'" in asked.err) == (2, True)


def test_one_call_that_no_interrupt_reaches_ends_with_the_process(shop: str) -> None:
    sql = "SELECT list_sum(list_transform(range(200000000), lambda x: x + 1))"
    code = f"import weir.cli.query as q; q.GRACE_S = 0.2; from weir.cli.main import main; main({_call(sql, shop)!r})"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.splitlines()[0].startswith("weir: The query ")
    assert "Traceback" not in done.stderr


def _call(sql: str, shop: str) -> list[str]:
    return ["query", sql, "--table", shop, "--seconds", "0.3", "--memory", "4GB"]


def test_the_command_imports_nothing_of_the_extra_before_it_is_asked() -> None:
    code = "import sys, weir.cli.query; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert not {"duckdb", "deltalake", "pyarrow"} & set(done.stdout.split())
