from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from tests.support.polling import eventually
from weir.console import table_query
from weir.console.analyses import FAILURE_KEPT_S, KEPT_S, MOST_AT_ONCE, Analyses, BusyError
from weir.console.table_query import QueryResult
from weir.errors import UsageError, WorkError
from weir.tables.queries import named_query

COHORTS, TOP_BOTS, FUNNEL = (named_query(name) for name in ("cohorts", "top-bots", "funnel-by-day"))
EMPTY = QueryResult((), (), is_cut=False)


@pytest.fixture(autouse=True)
def _no_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    """The fakes need none."""
    monkeypatch.setattr(table_query, "PACKAGES", ())


def counted(runs: list[str], problem: Exception | None = None) -> Callable[[str, str], QueryResult]:
    def run(_root: str, sql: str) -> QueryResult:
        runs.append(sql)
        if problem is not None:
            raise problem
        return EMPTY

    return run


def test_a_result_is_kept_for_a_minute() -> None:
    runs: list[str] = []
    now_s = [1_000.0]
    made = Analyses("tables", counted(runs), lambda: now_s[0], patience_s=60)
    first = made.get(COHORTS)
    assert first is not None
    assert (first.at_s, first.result) == (1_000.0, EMPTY)
    now_s[0] += KEPT_S - 1
    assert made.get(COHORTS) is first
    now_s[0] += 1
    assert made.get(COHORTS) is not first
    assert len(runs) == 2


def test_a_failure_is_told_to_all_and_kept_for_a_shorter_time() -> None:
    runs: list[str] = []
    now_s = [1_000.0]
    made = Analyses("tables", counted(runs, WorkError("Too long.")), lambda: now_s[0], patience_s=60)
    for _ in range(2):
        with pytest.raises(WorkError, match="Too long"):
            made.get(COHORTS)
    assert len(runs) == 1
    now_s[0] += FAILURE_KEPT_S
    with pytest.raises(WorkError):
        made.get(COHORTS)
    assert len(runs) == 2


def test_a_defect_is_a_sentence_and_frees_its_place() -> None:
    made = Analyses("tables", counted([], ZeroDivisionError()), patience_s=60)
    for query in (COHORTS, TOP_BOTS, FUNNEL):
        with pytest.raises(WorkError, match=f"The query {query.name} failed"):
            made.get(query)


def test_the_third_query_at_once_is_refused_and_whoever_asks_for_a_running_one_waits() -> None:
    go_on = threading.Event()
    runs: list[str] = []

    def slow(_root: str, sql: str) -> QueryResult:
        runs.append(sql)
        go_on.wait(30)
        return EMPTY

    made = Analyses("tables", slow, patience_s=0.01)
    assert [made.get(query) for query in (COHORTS, TOP_BOTS, COHORTS)] == [None] * 3
    with pytest.raises(BusyError, match=f"{MOST_AT_ONCE} other analyses"):
        made.get(FUNNEL)
    go_on.set()
    eventually(lambda: made.get(COHORTS) is not None, what="the first query's result")
    assert made.get(FUNNEL, 30) is not None
    assert len(runs) == 3


def test_what_is_missing_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="table_uri is not set"):
        Analyses(None).get(COHORTS)
    monkeypatch.setattr(table_query, "PACKAGES", ("json", "no_such_package"))
    with pytest.raises(UsageError, match=r"Tables need no_such_package\. .*weir\[table\]"):
        Analyses("tables").get(COHORTS)
