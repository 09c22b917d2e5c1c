"""The oracle against sums done by hand, and against outputs that were tampered with. Times count from `DAY_1`."""

from __future__ import annotations

import ast
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.chaos.oracle.expected import Accounts, Expected
from tests.chaos.oracle.judging import compare, expect, judge
from tests.chaos.oracle.logs import dump, load
from tests.chaos.oracle.placing import partition_of
from tests.chaos.oracle.records import Budget, Event, Record, Settings
from tests.chaos.oracle.rule_book import RuleBook

HERE = Path(__file__).parent
DAY_1 = 1_767_225_600
SETTINGS = Settings(partitions=1, gap_s=10, grace_s=5, max_ahead_s=60, max_session_events=4, max_session_s=25)
STANDARD = {
    *(
        "__future__",
        "ast",
        "base64",
        "bisect",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "hashlib",
        "heapq",
        "itertools",
    ),
    *("ipaddress", "json", "math", "pathlib", "pickle", "re", "sys", "time", "types", "typing", "zlib"),
}


@dataclass
class Log:
    """A log of one partition, written event by event."""

    settings: Settings = SETTINGS
    records: list[Record] = field(default_factory=list)

    def add(
        self, value: bytes | None, *, at: float, key: bytes | None = b"ann", header: tuple[str, bytes] | None = None
    ) -> Log:
        headers = (header,) if header else ()
        stamp = round((DAY_1 + at) * 1_000)
        self.records.append(Record("weir.events", 0, len(self.records) * 2, key, value, headers, stamp))
        return self

    def event(self, ts: float, event_id: str | None = None, *, at: float | None = None, **fields: object) -> Log:
        sent = {"visitor_id": "ann", "type": "click", "ts": DAY_1 + ts} | fields
        sent["event_id"] = event_id or f"e{len(self.records)}"
        return self.add(json.dumps(sent).encode(), at=ts if at is None else at, key=str(sent["visitor_id"]).encode())

    def watermark(self, mark: float, *, at: float | None = None) -> Log:
        value = json.dumps({"watermark": DAY_1 + mark, "kind": "idle"}).encode()
        return self.add(value, at=mark if at is None else at, key=None, header=("weir-watermark", b"idle"))

    def expected(self, match: Callable[[Event], list[tuple[str, str]]] = lambda _: []) -> Expected:
        return expect(self.records, self.settings, match=match)

    def finals(self) -> list[dict[str, Any]]:
        return list(self.expected().finals().values())

    def accounts(self) -> Accounts:
        return self.expected().accounts[0]


def spans(finals: list[dict[str, Any]]) -> list[tuple[float, float, int]]:
    return [(one["start"] - DAY_1, one["end"] - DAY_1, one["events"]) for one in finals]


def test_events_at_most_the_gap_apart_belong_together() -> None:
    log = Log().event(0).event(10).event(20.000001).event(35)
    assert spans(log.finals()) == [(0, 10, 2)]
    assert log.accounts().still_open == 2


def test_a_session_closes_when_the_watermark_has_passed_gap_and_grace() -> None:
    assert Log().event(0).watermark(15).finals() == []
    assert spans(Log().event(0).watermark(15.000001).finals()) == [(0, 0, 1)]


def test_a_watermark_too_far_ahead_is_taken_for_its_arrival() -> None:
    assert Log().event(0).watermark(100, at=15).finals() == []
    assert len(Log().event(0).watermark(100, at=16).finals()) == 1


def test_an_event_closes_what_is_due_before_it_folds() -> None:
    log = Log().event(0).event(15.5)
    assert spans(log.finals()) == [(0, 0, 1)]


def test_an_event_within_grace_folds_and_one_beyond_is_late() -> None:
    log = Log().event(20, visitor_id="ben").event(5).event(4.9)
    assert (log.accounts().folded, log.accounts().late) == (3, 0)
    log = Log().event(20, visitor_id="ben").event(4.9)
    assert (log.accounts().folded, log.accounts().late) == (1, 1)
    assert [letter.key for letter in log.expected().late.values()] == [b"ann"]


def test_an_event_that_bridges_two_sessions_merges_them_into_the_first_opened() -> None:
    log = Log().event(12).event(0).event(6).watermark(40)
    second, first = sorted(log.finals(), key=lambda one: one["merged_into"] is None)
    assert (second["events"], second["merged_into"], first["merged_into"]) == (1, first["session_id"], None)
    assert spans([first]) == [(0, 12, 3)]
    assert (first["gaps"]["minimum"], first["gaps"]["maximum"], first["gaps"]["mean"]) == (6, 6, 6)
    revisions = log.expected().sessions[first["session_id"]][0]
    assert [one.record["events"] for one in revisions] == [1, 3, 3]


def test_a_merge_that_would_break_a_bound_does_not_happen() -> None:
    log = Log().event(0).event(1).event(2).event(14).event(8)
    assert log.finals() == []
    assert sorted(lives[0][-1].record["events"] for lives in log.expected().sessions.values()) == [1, 4]


def test_one_event_too_many_splits_and_duplicates_are_still_known_in_the_successor() -> None:
    log = Log()
    for second in range(5):
        log.event(second, f"e{second}")
    log.event(1, "e1")
    assert [(one["events"], one["split"]) for one in log.finals()] == [(4, True)]
    assert (log.accounts().folded, log.accounts().duplicate, log.accounts().still_open) == (5, 1, 1)


def test_one_event_too_late_splits() -> None:
    log = Log().event(0).event(9).event(18).event(25.5)
    assert [(one["events"], one["split"]) for one in log.finals()] == [(3, True)]


def test_a_duplicate_says_the_same_of_the_same_and_only_while_its_session_is_open() -> None:
    log = Log().event(0, "a").event(1, "a").event(2, "a", url="/other").event(3, "a", visitor_id="ben")
    assert (log.accounts().folded, log.accounts().duplicate) == (3, 1)


def test_an_id_is_of_visitor_event_and_time_as_received_and_stays() -> None:
    first = Log().event(3, "a").event(1, "b").expected()
    again = Log().event(3, "a").event(4, "c").expected()
    other = Log().event(4, "a").expected()
    assert list(first.sessions) == list(again.sessions)
    assert list(first.sessions) != list(other.sessions)


def test_a_clamped_event_that_comes_again_after_its_session_opens_another_of_the_same_id() -> None:
    log = Log().event(1_000, "a", at=0).watermark(50).event(1_000, "a", at=100).watermark(200)
    (lives,) = log.expected().sessions.values()
    assert [[one.record["final"] for one in life] for life in lives] == [[False, True], [False, True]]
    assert list(compare(log.expected(), outputs_of(log.expected()))) == []


def test_what_cannot_be_read_is_a_dead_letter_and_everything_is_accounted_for() -> None:
    log = Log().event(0).add(b"[]", at=1).add(None, at=1).add(b"{}", at=1, header=("weir-watermark", b"idle"))
    log.event(2, type="").event(3, status="200").watermark(4)
    assert [letter.reason for letter in log.expected().dead.values()] == [
        *("not_an_object", "empty_value", "bad_watermark", "out_of_bounds", "wrong_type")
    ]
    accounts = log.accounts()
    assert (accounts.read, accounts.folded, accounts.dead_letter, accounts.watermark) == (7, 1, 5, 1)
    assert accounts.settled == accounts.read


def test_a_misplaced_event_counts_where_it_was_sent_on_to() -> None:
    log = Log()
    log.event(0)
    value = log.records[0].value
    log.records[0] = log.records[0]._replace(key=b"somebody else")
    assert next(compare(log.expected(), [])).startswith("Missing: the misplaced event")
    arrival = json.dumps({"partition": 0, "offset": 0, "timestamp": DAY_1 * 1_000}).encode()
    log.add(value, at=5, header=("weir-rekeyed", arrival)).watermark(30)
    assert (log.accounts().rekeyed, log.accounts().folded) == (1, 1)
    assert list(compare(log.expected(), outputs_of(log.expected()))) == []


def test_revisions_are_due_at_powers_of_two_purchases_new_patterns_and_the_first_event_over_budget() -> None:
    settings = replace(SETTINGS, max_session_events=100, budgets=(Budget("b", capacity=5, refill_per_s=0.01),))
    log = Log(settings)
    for number in range(7):
        log.event(number, url="/admin" if number in {2, 6} else "/", type="purchase" if number == 4 else "click")
    (lives,) = log.expected(lambda event: [("admin", "1")] if event["url"] == "/admin" else []).sessions.values()
    assert [one.record["events"] for one in lives[0]] == [1, 2, 3, 4, 5, 6]
    assert lives[0][-1].record["rate_limited"] == 1
    (limits,) = log.expected().limits.values()
    assert [(one["limit"], one["observed"]) for one in limits] == [("b", 6)]


def outputs_of(expected: Expected) -> list[Record]:
    """What a flawless Weir would have published."""
    offsets: dict[str, Any] = {name: count() for name in ("sessions", "late", "dead-letter", "limits")}
    made: list[Record] = []

    def put(name: str, key: bytes | None, value: object, headers: Mapping[str, object]) -> None:
        data = value if isinstance(value, bytes) else json.dumps(value).encode()
        pairs = tuple((header, str(text).encode()) for header, text in headers.items())
        partition = partition_of(key or b"", expected.settings.partitions)
        made.append(Record(f"weir.{name}", partition, next(offsets[name]), key, data, pairs))

    for lives in expected.sessions.values():
        for life in lives:
            for number, revision in enumerate(life, 1):
                record, (partition, offset) = revision.record | {"revision": number}, revision.place
                headers = {"partition": partition, "offset": offset, "appended_ms": revision.appended_ms}
                put("sessions", record["visitor_id"].encode(), record, headers)
    for name, letters in (("late", expected.late), ("dead-letter", expected.dead)):
        for letter in letters.values():
            partition, offset = letter.place
            origin = {"topic": "weir.events", "partition": partition, "offset": offset, "timestamp": letter.timestamp}
            put(name, letter.key, letter.value, origin | {"reason": letter.reason, "detail": "Told."})
    for key, limits in expected.limits.items():
        for limit in limits:
            put("limits", key, limit, {})
    return made


def busy_log() -> Log:
    settings = replace(SETTINGS, partitions=2, budgets=(Budget("b", capacity=3, refill_per_s=1),))
    log = Log(settings).event(12).event(0).event(6).event(7).add(b"nothing", at=8).event(7, "e3").event(30)
    log.event(3).event(31, type="purchase", value=5, currency="EUR", item_id="i", url="/a").watermark(60)
    own = partition_of(b"ann", 2)
    log.records = [record._replace(partition=own) for record in log.records]
    return log


def changed(record: Record, **fields: object) -> Record:
    return record._replace(value=json.dumps(json.loads(record.value or b"") | fields).encode())


BUSY = busy_log()
FLAWLESS = outputs_of(BUSY.expected())


def found(outputs: list[Record]) -> str:
    return "\n".join(judge(BUSY.records, outputs, BUSY.settings, match=lambda _: []))


def test_nothing_is_said_of_a_flawless_run() -> None:
    assert {record.topic for record in FLAWLESS} == {
        f"weir.{name}" for name in ("sessions", "late", "dead-letter", "limits")
    }
    assert found(FLAWLESS) == ""
    assert judge(BUSY.records, FLAWLESS, BUSY.settings) == []


@pytest.mark.parametrize("at", range(len(FLAWLESS)))
def test_an_output_that_is_missing_is_named(at: int) -> None:
    assert "Missing" in found([*FLAWLESS[:at], *FLAWLESS[at + 1 :]])


@pytest.mark.parametrize("at", range(len(FLAWLESS)))
def test_an_output_that_comes_twice_is_named(at: int) -> None:
    assert "Twice" in found([*FLAWLESS, FLAWLESS[at]._replace(offset=1_000)])


def session_at(number: int) -> int:
    return [at for at, record in enumerate(FLAWLESS) if record.topic == "weir.sessions"][number]


@pytest.mark.parametrize("name", sorted(json.loads(FLAWLESS[0].value or b"").keys()))
def test_any_field_that_has_another_value_is_named(name: str) -> None:
    at = session_at(-1)
    wrong = changed(FLAWLESS[at], **{name: "something else"})
    assert found([*FLAWLESS[:at], wrong, *FLAWLESS[at + 1 :]])


@pytest.mark.parametrize(
    ("tamper", "word"),
    [
        (lambda one: changed(one, events=one.offset + 40), "Wrong: revision 1"),
        (lambda one: changed(one, revision=2), "Torn"),
        (lambda one: one._replace(key=b"ben"), "instead of its visitor"),
        (lambda one: one._replace(partition=1 - one.partition), "not its visitor's"),
        (lambda one: one._replace(headers=()), "no session record with its place"),
        (lambda one: one._replace(value=one.value[: len(one.value) // 2]), "Torn"),
        (lambda one: one._replace(offset=1_000), "lies before"),
    ],
)
def test_a_revision_that_was_tampered_with_is_named(tamper: Callable[[Record], Record], word: str) -> None:
    assert word in found([tamper(FLAWLESS[0]), *FLAWLESS[1:]])


def test_two_values_of_one_revision_are_torn() -> None:
    other = changed(FLAWLESS[0], repeats=3)._replace(offset=1_000)
    assert "differs from revision 1" in found([*FLAWLESS, other])


def test_a_session_that_nobody_opened_is_named() -> None:
    assert "Unexplained: session x" in found([*FLAWLESS, changed(FLAWLESS[0], session_id="x")])


def test_letters_with_another_reason_key_or_value_are_named() -> None:
    at = next(at for at, record in enumerate(FLAWLESS) if record.topic == "weir.dead-letter")
    rest, letter = [*FLAWLESS[:at], *FLAWLESS[at + 1 :]], FLAWLESS[at]
    other = tuple((name, b"bad_ts" if name == "reason" else value) for name, value in letter.headers)
    assert "instead of not_json" in found([*rest, letter._replace(headers=other)])
    assert "bytes as received" in found([*rest, letter._replace(value=b"changed")])
    assert "has key" in found([*rest, letter._replace(key=None)])


def test_a_limit_with_another_figure_is_named() -> None:
    *rest, limit = FLAWLESS
    assert "Wrong: limit" in found([*rest, changed(limit, until=5)])


def test_outcomes_that_were_counted_otherwise_are_named() -> None:
    expected, partition = BUSY.expected(), BUSY.records[0].partition
    accounts = expected.accounts[partition]
    names = ("folded", "duplicate", "late", "dead_letter", "rekeyed", "watermark")
    counted = {name: getattr(accounts, name) for name in names}
    assert list(compare(expected, FLAWLESS, reported={partition: counted})) == []
    wrong = counted | {"duplicate": counted["duplicate"] + 1}
    assert "duplicate instead of" in "".join(compare(expected, FLAWLESS, reported={partition: wrong}))


def with_patterns(*hits: int) -> list[Record]:
    """The first session's revisions, with so many hits of one pattern each."""
    noted = [{"p": {"hits": number, "version": "1"}} if number else {} for number in hits]
    tampered = [changed(record, heuristics=heuristics) for record, heuristics in zip(FLAWLESS, noted, strict=False)]
    return tampered + FLAWLESS[len(hits) :]


def test_patterns_that_are_not_judged_must_be_consistent() -> None:
    def said(*hits: int) -> str:
        return "\n".join(judge(BUSY.records, with_patterns(*hits), BUSY.settings))

    revisions = [json.loads(record.value or b"")["events"] for record in FLAWLESS[: session_at(3) + 1]]
    assert revisions[:3] == [1, 3, 4]
    assert not said(1, 1, 1, 1)
    assert "more hits of a pattern than events" in said(2, 2, 2, 2)
    assert "when p was new" in said(0, 0, 0, 1)
    assert "has several hits" in said(0, 0, 2, 2)
    assert "fewer hits" in said(1, 0, 0, 0)


def test_flags_of_heuristics_follow_from_the_sessions() -> None:
    sessions = with_patterns(1, 1, 1, 1)
    session = json.loads(sessions[0].value or b"")["session_id"]
    reasons = [{"id": "p", "version": "1", "text": "Why."}]
    flag = {"session_id": session, "revision": 1, "verdict": "throttle", "stage": "heuristics", "reasons": reasons}
    record = Record("weir.flags", 0, 0, b"ann", json.dumps(flag).encode())
    expected = expect(BUSY.records, BUSY.settings)

    def said(*flags: Record) -> str:
        return "".join(compare(expected, [*sessions, *flags], book=RuleBook(weights={"p": 0.7})))

    assert said(record) == ""
    assert "Missing: the flag throttle" in said()
    assert "Twice: flag" in said(record, record._replace(offset=1))
    assert "Unexplained: flag" in said(record, changed(record, revision=2))


def test_records_come_back_from_a_file_as_they_were(tmp_path: Path) -> None:
    records = [*BUSY.records, Record("t", 1, 2, None, b"\xff", (("h", b"\x00"),), 3)]
    dump(records, tmp_path / "records.jsonl")
    assert list(load(tmp_path / "records.jsonl")) == records


def imports_of(module: Path) -> set[str]:
    named: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            named |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            named.add(node.module or "")
    return named


@pytest.mark.parametrize(
    "module",
    sorted(set(HERE.glob("*.py")) - set(HERE.glob("test_*.py"))),
    ids=lambda path: path.stem,
)
def test_the_oracle_shares_no_code_with_the_product(module: Path) -> None:
    allowed = STANDARD | ({"confluent_kafka"} if module.stem == "logs" else set())
    for name in imports_of(module):
        assert name.split(".")[0] in allowed or name.startswith("tests.chaos.oracle."), name
        assert name != "tests.chaos.oracle.logs"
