"""Each named query, on a small shop whose answers are known by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("duckdb")
pytest.importorskip("deltalake")

from tests.support.tables import session, write
from weir.tables.catalogue import SESSIONS_TABLE
from weir.tables.queries import named_queries, named_query, parsed
from weir.tables.query import running
from weir.tables.reading import connect

Rows = list[tuple[Any, ...]]
FIRST, SECOND, THIRD, FOURTH = (date(2023, 11, day) for day in range(15, 19))
NO_BOUNDS = (None, None, None)
ALL_OF_ONE, NONE_OF_ONE, HALF_OF_TWO = (1.0, 0.2065, 1.0), (0.0, 0.0, 0.7934), (0.5, 0.0945, 0.9055)
ALL_OF_TWO = (1.0, 0.3424, 1.0)


def at(minute: int) -> datetime:
    return datetime(2023, 11, 15, 0, minute, tzinfo=UTC)


ANSWERS: dict[str, Rows] = {
    "cohorts": [
        (FIRST, 0, 6, 1.0), (FIRST, 1, 1, 0.1667), (FIRST, 2, 1, 0.1667),
        (SECOND, 0, 2, 1.0), (SECOND, 2, 1, 0.5),
    ],
    "conversion-of-flagged": [
        ("flagged", 6, 5, 1, 0.1667, 0.03, 0.5635),
        ("unflagged", 6, 4, 2, 0.3333, 0.0968, 0.7),
    ],
    "funnel-by-day": [
        (FIRST, 7, 7, 3, 2, 0.4286, 0.1582, 0.7495, 0.6667, 0.2076, 0.9385),
        (SECOND, 3, 2, 1, 1, *HALF_OF_TWO, *ALL_OF_ONE),
        (THIRD, 1, 1, 0, 0, *NONE_OF_ONE, *NO_BOUNDS),
        (FOURTH, 1, 1, 0, 0, *NONE_OF_ONE, *NO_BOUNDS),
    ],
    "funnel-by-referrer": [
        ("(none)", 9, 8, 2, 2, 0.25, 0.0715, 0.5907, *ALL_OF_TWO),
        ("www.search.example", 2, 2, 2, 1, *ALL_OF_TWO, *HALF_OF_TWO),
        ("news.example", 1, 1, 0, 0, *NONE_OF_ONE, *NO_BOUNDS),
    ],
    "likely-false-positives": [
        ("s11", "fay", at(11), "heuristics", ["scan"], 0, ["mia", "noa"], True),
        ("s7", "dora", at(7), "model", ["m1"], 1, [], True),
        ("s3", "cid", at(3), "heuristics", ["tool"], 0, ["mia"], False),
    ],
    "returning-visitors": [
        (FIRST, 6, 6, 0, 0.0, 0.0, 0.3903), (SECOND, 3, 2, 1, 0.3333, 0.0615, 0.7923),
        (THIRD, 1, 0, 1, *ALL_OF_ONE), (FOURTH, 1, 0, 1, *ALL_OF_ONE),
    ],
    "revenue-by-currency": [("CHF", 1, 1, 7.5, 7.5, 7.5), ("EUR", 3, 2, 35.0, 11.6667, 5.0)],
    "top-bots": [
        ("scan", "heuristics", 2, 2, at(4), at(11)), ("tool", "heuristics", 2, 2, at(4), at(5)),
        ("m1", "model", 1, 1, at(7), at(7)), ("visitor-budget", "rate_limit", 1, 1, at(6), at(6)),
    ],
    "what-each-stage-settles": [
        ("rate_limit", "block", 1, 1, 0.1429), ("heuristics", "block", 3, 3, 0.4286), ("model", "block", 1, 1, 0.1429),
        ("model", "review", 1, 1, 0.1429), ("people", "allow", 1, 1, 0.1429),
    ],
}  # fmt: skip


def answer(root: Path, name: str) -> Rows:
    connection = connect(str(root))
    with running(connection, named_query(name).sql, seconds=30) as result:
        found = result.fetchall()
    connection.close()
    return [tuple(round(value, 4) if isinstance(value, float) else value for value in row) for row in found]


@pytest.mark.parametrize("name", [query.name for query in named_queries()])
def test_the_answer_on_a_small_shop(shop: Path, name: str) -> None:
    assert answer(shop, name) == ANSWERS[name]


@pytest.mark.parametrize("name", [query.name for query in named_queries()])
def test_tables_that_are_not_there_yet_are_empty_ones(tmp_path: Path, name: str) -> None:
    write(tmp_path, SESSIONS_TABLE, [session(1, "ann")])
    answer(tmp_path, name)


def test_a_query_without_its_comment_is_found() -> None:
    with pytest.raises(ValueError, match="must begin with a title"):
        parsed("x", "-- Title\nSELECT 1")


def test_every_query_says_what_it_answers() -> None:
    assert all(query.answers.endswith("?") and query.reading.endswith(".") for query in named_queries())
