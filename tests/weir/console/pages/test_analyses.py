from __future__ import annotations

import csv
import io
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("deltalake")

from tests.support.console import ConsoleAtHand, console_at_hand
from tests.support.tables import write_shop
from weir.console import table_query
from weir.console.analyses import Analyses
from weir.console.table_query import QueryResult, run_query
from weir.errors import WorkError
from weir.tables.queries import named_queries, named_query

LIST = "likely-false-positives"
"""The one query that is a table alone."""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a small shop's tables."""
    root = tmp_path_factory.mktemp("tables")
    write_shop(root)
    return root


@pytest.fixture
def with_tables(tmp_path: Path, shop: Path) -> Iterator[ConsoleAtHand]:
    with console_at_hand(tmp_path / "console", table_uri=str(shop)) as made:
        made.console.analyses = Analyses(str(shop), patience_s=60)
        yield made


def test_the_list_has_each_query_with_what_it_answers(with_tables: ConsoleAtHand) -> None:
    page = with_tables.browser.get("/analyses").text
    for one in named_queries():
        assert f'<a href="/analyses/{one.name}">{one.title}</a>' in page
    assert "How much was bought, in which currency" in page
    assert 'role="alert"' not in page
    assert '<a href="/analyses" aria-current="page">Analyses</a>' in page


@pytest.mark.parametrize("name", [one.name for one in named_queries()])
def test_each_query_is_shown_with_its_rows_its_sql_and_its_charts(with_tables: ConsoleAtHand, name: str) -> None:
    answer = with_tables.browser.get(f"/analyses/{name}")
    assert answer.status_code == 200
    assert 'role="alert"' not in answer.text
    assert ('<svg class="chart"' in answer.text) == (name != LIST)
    assert "FROM" in answer.text
    assert "data-refresh-s" not in answer.text
    rows = with_tables.browser.get(f"/analyses/{name}?format=json").json()["rows"]
    assert answer.text.count("<tr>") == 1 + len(rows) > 1


def test_a_funnel_shows_its_interval(with_tables: ConsoleAtHand) -> None:
    page = with_tables.browser.get("/analyses/funnel-by-day").text
    assert "2023-11-15 43% (16% to 75%)" in page
    assert '<td class="n">0.429</td>' in page


def test_a_file_has_the_same_rows(with_tables: ConsoleAtHand) -> None:
    answer = with_tables.browser.get("/analyses/top-bots?format=csv")
    assert answer.headers["content-disposition"] == 'attachment; filename="top-bots.csv"'
    head, first, *others = csv.reader(io.StringIO(answer.text))
    assert head == ["reason_id", "stage", "sessions", "visitors", "first_seen", "last_seen"]
    assert first == ["scan", "heuristics", "2", "2", "2023-11-15 00:04:00Z", "2023-11-15 00:11:00Z"]
    assert len(others) == 3


def test_an_unknown_query_is_no_page(with_tables: ConsoleAtHand) -> None:
    assert with_tables.browser.get("/analyses/none").status_code == 404
    assert with_tables.browser.get("/analyses/none?format=json").status_code == 400


def test_without_the_setting_the_pages_say_so(at_hand: ConsoleAtHand) -> None:
    for path in ("/analyses", "/analyses/cohorts"):
        answer = at_hand.browser.get(path)
        assert answer.status_code == 200
        assert "The setting table_uri is not set. Set it to the folder" in answer.text
    assert at_hand.browser.get("/analyses/cohorts?format=csv").status_code == 400


def test_without_the_extra_the_pages_say_so(with_tables: ConsoleAtHand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_query, "PACKAGES", ("no_such_package",))
    for path in ("/analyses", "/analyses/cohorts"):
        assert "Tables need no_such_package. Install the extra" in with_tables.browser.get(path).text


def test_where_no_table_is_yet_the_page_says_so(at_hand: ConsoleAtHand, tmp_path: Path) -> None:
    at_hand.console.analyses = Analyses(str(tmp_path / "none"), patience_s=60)
    answer = at_hand.browser.get("/analyses/cohorts")
    assert answer.status_code == 200
    assert "There are no tables in" in answer.text
    assert "Run a worker with the stage table" in answer.text


def test_a_slow_query_is_waited_for_and_a_third_one_told_to_come_again(at_hand: ConsoleAtHand) -> None:
    go_on = threading.Event()

    def slow(_root: str, _sql: str) -> QueryResult:
        go_on.wait(30)
        return QueryResult(("day",), (), is_cut=False)

    at_hand.console.analyses = made = Analyses("tables", slow, patience_s=0.01)
    for name in ("cohorts", "top-bots"):
        page = at_hand.browser.get(f"/analyses/{name}").text
        assert "this page reloads in a moment" in page
        assert 'data-refresh-s="2"' in page
    third = at_hand.browser.get("/analyses/funnel-by-day")
    assert third.status_code == 503
    assert "2 other analyses are running. Try again in a moment." in third.text
    assert 'data-refresh-s="5"' in third.text
    go_on.set()
    assert made.get(named_query("cohorts"), 30) is not None
    assert "The tables have no rows for this query." in at_hand.browser.get("/analyses/cohorts").text


def test_a_query_that_takes_too_long_is_stopped(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_query, "SECONDS", 0.3)
    endless = "SELECT count(*) FROM range(1000000) a, range(1000000) b WHERE a.range * b.range % 7 = 3"
    with pytest.raises(WorkError, match=r"The query took more than 0.3 s. `weir query` on the command line"):
        run_query(str(shop), endless)


def test_rows_past_the_bound_are_not_kept(with_tables: ConsoleAtHand, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_query, "MOST_ROWS", 2)
    answer = with_tables.browser.get("/analyses/top-bots?format=json").json()
    assert answer["is_cut"]
    assert len(answer["rows"]) == 2
    assert "and more that are not kept" in with_tables.browser.get("/analyses/top-bots").text
