"""The benchmark's reference fold against the oracle of the chaos runs, and the judge against what may go wrong."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from bench.check.expected import Expected, Judge, digest
from bench.check.reference import Partition, ReferenceSession
from bench.events.spec import LogSpec
from bench.events.write import log_of
from tests.chaos.oracle.expected import Expected as OracleExpected
from tests.chaos.oracle.folding import Partition as OraclePartition
from tests.chaos.oracle.records import Record, Settings

SPEC = LogSpec(events=4_000, visitors=30, partitions=1)
LATER_MS = 1_800_000_000_000


def _expected() -> Expected:
    """The oracle sums gaps exactly, Weir and its peers as doubles: the last digit may differ."""
    names = tuple(name for name in ReferenceSession("", 0.0, 0.0).record(final=False) if name != "gaps")
    expected = Expected(names=names)
    partition = Partition(SPEC, expected)
    for _, value in log_of(SPEC):
        partition.take(msgspec.json.decode(value))
    return expected


def _oracle() -> list[dict[str, Any]]:
    """What the oracle publishes, session by session."""
    expected = OracleExpected(Settings(partitions=1), judges_patterns=False)
    partition = OraclePartition(0, expected, None, ())
    for offset, (key, value) in enumerate(log_of(SPEC)):
        partition.take(Record("events", 0, offset, key, value, (), LATER_MS))
    lives = [life for lives in expected.sessions.values() for life in lives]
    return [_published(revision.record, number) for life in lives for number, revision in enumerate(life, 1)]


def _published(record: dict[str, Any], revision: int) -> dict[str, Any]:
    revenue = {currency: round(amount, 6) for currency, amount in record["revenue"].items()}
    return record | {"revision": revision, "revenue": revenue}


@pytest.fixture(scope="module")
def expected() -> Expected:
    return _expected()


@pytest.fixture(scope="module")
def oracle() -> list[dict[str, Any]]:
    return _oracle()


def test_the_reference_publishes_what_the_oracle_does(expected: Expected, oracle: list[dict[str, Any]]) -> None:
    published = {
        (record["visitor_id"], record["start"], record["events"], record["final"]): digest(record, expected.names)
        for record in oracle
    }
    own = {(*session, *moment): one for session, due in expected.revisions.items() for moment, one in due.items()}

    assert own == published
    assert expected.finals > 100
    assert expected.repeats > 5


def test_the_judge_finds_nothing_wrong_with_the_oracle(expected: Expected, oracle: list[dict[str, Any]]) -> None:
    judge = Judge(expected)
    for record in oracle:
        judge.take(record)

    assert judge.verdict() == []


@pytest.mark.parametrize(
    ("spoil", "what"),
    [
        (lambda records: records[:-1], "nothing published"),
        (lambda records: [*records, records[-1]], "revision"),
        (lambda records: [records[0] | {"bytes": 1}, *records[1:]], "wrong measures"),
        (lambda records: [records[0] | {"visitor_id": "nobody"}, *records[1:]], "a session that is none"),
        (lambda records: [records[0] | {"events": 3}, *records[1:]], "for no reason"),
    ],
    ids=["lost", "twice", "miscounted", "made up", "untimely"],
)
def test_the_judge_tells_what_is_wrong(expected: Expected, oracle: list[dict[str, Any]], spoil: Any, what: str) -> None:  # noqa: ANN401
    judge = Judge(expected)
    for record in spoil(oracle):
        judge.take(record)

    assert any(what in fault for fault in judge.verdict())


def test_who_publishes_no_finals_is_not_asked_for_them(expected: Expected, oracle: list[dict[str, Any]]) -> None:
    judge = Judge(expected, finals=False)
    for record in oracle:
        if not record["final"]:
            judge.take(record)

    assert judge.verdict() == []


def test_a_new_pattern_or_a_first_event_over_budget_may_be_published_where_that_is_allowed(
    expected: Expected, oracle: list[dict[str, Any]]
) -> None:
    first = oracle[0] | {"events": 3, "revision": 2, "heuristics": {"a/b": {"hits": 1, "version": "1"}}}
    strict, lenient = Judge(expected), Judge(expected, extras=True)
    for judge in (strict, lenient):
        judge.take(oracle[0])
        judge.take(first)

    assert strict.fault_count == 1
    assert lenient.fault_count == 0
