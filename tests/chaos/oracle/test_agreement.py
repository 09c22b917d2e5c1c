"""The product's tasks, driven in memory, against the oracle. Only tests of agreement know both."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.limits.assets import Assets
from rules.limits.budgets import Budget
from rules.limits.distinct import DistinctLimit
from streams.decode import Refused, decode
from streams.intake.files import read
from streams.intake.line import BadLine
from streams.replay.flow import Flow
from streams.replay.log import MemoryLog
from streams.sessionize.config import FoldConfig
from streams.sessionize.end_of_input import EndOfInput
from streams.sessionize.task import SessionizeTask
from streams.stages import STAGE_INPUTS, Resources, make_task
from streams.task import Task
from streams.wiring import Wiring
from tests.chaos.oracle.judging import compare, expect, watched
from tests.chaos.oracle.placing import partition_of
from tests.chaos.oracle.reading import Fields, RefusedError, read_event
from tests.chaos.oracle.records import Assets as OracleAssets
from tests.chaos.oracle.records import Distinct, Event, Record
from tests.chaos.oracle.records import Settings as OracleSettings
from tests.chaos.rule_book import rule_book
from tests.chaos.verdict import in_own_words, oracle_settings
from tests.streams.sessionize.driving import Words, library_of
from weir.contracts import Event as ProductEvent
from weir.contracts.base import longest
from weir.contracts.event import FREE_TEXTS
from weir.contracts.fast import fast
from weir.contracts.flag import Stage
from weir.kafka.records import LogRecord, Output
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import EVENTS, Names, Topic

BEGIN_S = 1_767_225_600.0
PARTITIONS = 3
WORDS = Words(("admin", "etc"), "7")
SHARED = (
    Budget(id="pages", kind="address", capacity=20.0, refill_per_s=0.5, costs={"ping": 0.1, "asset": 0.2}),
    Budget(id="tries", kind="account", capacity=5.0, refill_per_s=0.1, default_cost=0.0, costs={"login": 1.0}),
)
CROWDS = (
    DistinctLimit(id="crowd", kind="address", of="visitors", at_most=6, window_s=60.0),
    DistinctLimit(id="places", kind="account", of="addresses", at_most=6, window_s=90.0),
)
BUDGETS = (
    Budget(
        id="burst",
        kind="visitor",
        capacity=4.0,
        refill_per_s=0.2,
        costs={"login": 2.0, "ping": 0.0, "asset": 0.25},
        reason="Slow.",
    ),
    Budget(id="logins", kind="visitor", capacity=2.0, refill_per_s=0.05, default_cost=0.0, costs={"login": 1.0}),
)
CONFIG = FoldConfig(
    gap_s=10.0,
    grace_s=5.0,
    max_ahead_s=20.0,
    max_record_bytes=4_000,
    max_session_events=9,
    max_session_s=60.0,
    max_fingerprints=12,
    visitor_budgets=BUDGETS,
    address_budgets=SHARED[:1],
    account_budgets=SHARED[1:],
    distinct_limits=CROWDS,
    packs=dict(WORDS.versions),
    assets=Assets(("asset", "tile"), ("js", "png")),
    measures_posts=True,
)


SETTINGS = OracleSettings(
    partitions=PARTITIONS,
    gap_s=10.0,
    grace_s=5.0,
    max_ahead_s=20.0,
    max_record_bytes=4_000,
    max_session_events=9,
    max_session_s=60.0,
    max_fingerprints=12,
    budgets=tuple(map(in_own_words, BUDGETS)),
    shared=tuple(map(in_own_words, SHARED)),
    distinct=(Distinct("crowd", "address", "visitor", 6, 60.0), Distinct("places", "account", "address", 6, 90.0)),
    assets=OracleAssets(frozenset({"asset", "tile"}), frozenset({"js", "png"})),
)


def words(event: Event) -> Iterator[tuple[str, str]]:
    for word in WORDS.words:
        if word in (event["url"] or ""):
            yield word, WORDS.version
    for name in cut_of(event):
        yield f"oversized/{name}", WORDS.version


def cut_of(event: Event) -> tuple[str, ...]:
    """The fields that the oracle cut."""
    assert isinstance(event, Fields)
    return event.cut


class Run:
    """The product over a log that it may add to; keeps the log and the outputs as the oracle wants them."""

    def __init__(self, inputs: dict[str, tuple[Topic, ...]], make: Callable[[str, int], Task], partitions: int) -> None:
        self.log: list[Record] = []
        self.outputs: list[Record] = []
        topics = {topic for stage in inputs.values() for topic in stage}
        self.memory = MemoryLog(Names("weir", "weir"), partitions, round(BEGIN_S * 1_000), topics)
        self.flow = Flow(self.memory, Wiring(inputs, partitions, make), self.keep)

    def keep(self, topic: Topic, record: LogRecord) -> None:
        plain = Record(
            record.topic,
            record.partition,
            record.offset,
            record.key,
            record.value,
            tuple(record.headers),
            record.timestamp,
        )
        (self.log if topic is EVENTS else self.outputs).append(plain)

    def append(self, output: Output, appended_s: float | None = None) -> None:
        stamp = None if appended_s is None else round(appended_s * 1_000)
        self.keep(EVENTS, self.memory.append(output, stamp))

    @property
    def in_order(self) -> list[Record]:
        return sorted(self.log, key=lambda record: (record.partition, record.offset))

    def reported(self, partitions: int) -> dict[int, dict[str, int]]:
        tasks = [self.flow._task("sessionize", partition) for partition in range(partitions)]
        accounts = [task.fold.accounts for task in tasks if isinstance(task, SessionizeTask)]
        return {partition: msgspec.structs.asdict(one) for partition, one in enumerate(accounts)}


def sessionizer() -> Run:
    return Run(
        {"sessionize": (EVENTS,)},
        lambda _, partition: SessionizeTask(partition, PARTITIONS, CONFIG, library_of(WORDS)),
        PARTITIONS,
    )


def differences(run: Run, *, judge_patterns: bool = True) -> list[str]:
    match = words if judge_patterns else None
    watch = watched(run.outputs, SETTINGS)
    expected = expect(run.in_order, SETTINGS, match=match, watch=watch)
    assert all(accounts.read == accounts.settled for accounts in expected.accounts.values())
    return list(compare(expected, run.outputs, reported=run.reported(PARTITIONS)))


BROKEN = (
    None,
    b"",
    b"{",
    b"[1]",
    b"\xff",
    b'{"event_id": 1}',
    b"{" + b'"a": {' * 70,
    b'{"pad": "' + b"x" * 4_000 + b'"}',
    b'{"event_id": "e", "visitor_id": "ann", "type": "click", "ts": "soon"}',
)
URLS = (None, "/a", "/b", "/admin", "/etc/admin", "/ä", "/a.js", "/a.js/b", "https://x/b/C.PNG?v=1.a#/", "/?a.png")
FORMS = ("/login", "/API/login?next=/a", "/contact", "https://x/Contact/;s=1", "/b/comments/3", "/wp-login.php#top")
TYPES = (
    "page_view",
    "page_view",
    "click",
    "search",
    "add_to_cart",
    "purchase",
    "login",
    "ping",
    "own-1",
    "tile",
    "asset",
)


def an_event(chance: Random, number: int, ts: float) -> dict[str, Any]:
    event: dict[str, Any] = {
        "event_id": f"e{number}",
        "visitor_id": chance.choice(["ann", "bob", "cat", "dan", "eve", "fay"]),
        "type": chance.choice(TYPES),
        "ts": chance.choice([ts, ts, round(ts * 1_000), round(ts, 6)]),
    }
    optional: dict[str, Any] = {
        "url": chance.choice(URLS),
        "value": chance.choice([0.1, 12.5, 7, None]),
        "currency": chance.choice(["EUR", "USD", "", None]),
        "item_id": chance.choice(["i", "j"]),
        "query": chance.choice(["", "shoes", "q" * 600]),
        "title": "a title",
        "status": chance.choice([200, 404, 99]),
        "method": chance.choice(["GET", "get", "HEAD", "POST"]),
        "bytes": chance.choice([0, 1_000, 2**53]),
        "account_id": chance.choice(["x", "y"]),
        "ip": chance.choice(["10.0.0.1", "10.0.0.2", "2001:db8::1", "2001:db8::2", "::ffff:10.0.0.1", " hidden"]),
        "referrer": chance.choice(["", "https://example.org/"]),
        "user_agent": "Mozilla/5.0" if number % 3 else "ü" * 200 + "x" * 1_848 + "y",
        "extra": [1, {"deep": None}],
    }
    event |= {name: value for name, value in optional.items() if chance.random() < 0.3}
    if chance.random() < 0.3:
        event |= {
            "url": chance.choice(FORMS),
            "type": chance.choice(["page_view", "page_view", "login", "post"]),
            "method": chance.choice(["GET", "POST", "POST", None]),
            "status": chance.choice([200, 302, 401, 422, None]),
            "referrer": chance.choice([None, "/contact", "https://x/a?b"]),
        }
    return event


def stream(seed: int, length: int) -> Run:
    """Disorder, duplicates, late and bridging events, misplaced and broken ones, watermarks and lying clocks."""
    chance, run, now = Random(seed), sessionizer(), BEGIN_S
    earlier: list[tuple[bytes | None, bytes | None]] = []
    for number in range(length):
        now += chance.choice([0.0, 0.25, 1.0, 1.0, 2.5, 6.0, 12.0]) * chance.choice([0.1, 1.0, 1.0])
        kind = chance.random()
        if kind < 0.03:
            mark = json.dumps({"watermark": round(now + chance.uniform(-5, 30), 6), "kind": "idle"}).encode()
            mark = b"{}" if chance.random() < 0.1 else mark
            headers = (("weir-watermark", b"idle"),)
            run.append(Output(EVENTS, None, mark, headers, chance.randrange(PARTITIONS)), now)
        elif kind < 0.06:
            run.append(Output(EVENTS, b"x", chance.choice(BROKEN), (), chance.randrange(PARTITIONS)), now)
        elif kind < 0.16 and earlier:
            run.append(Output(EVENTS, *chance.choice(earlier[-20:])), now)
        else:
            shift = chance.choice([0.0, 0.0, 0.0, -0.5, -3.0, -8.0, -10.0, -14.0, -15.0, -40.0, 5.0, 25.0, 1e7])
            event = an_event(chance, number, now + shift)
            key, value = event["visitor_id"].encode(), json.dumps(event).encode()
            partition = chance.randrange(PARTITIONS) if chance.random() < 0.05 else None
            key = None if chance.random() < 0.02 else key
            earlier.append((key, value))
            run.append(Output(EVENTS, key, value, (), partition), now)
        if chance.random() < 0.2:
            run.flow.settle()
    run.flow.settle()
    if chance.random() < 0.5:
        mark = json.dumps({"watermark": round(now + 15.000001, 6), "kind": "end-of-input"}).encode()
        for partition in range(PARTITIONS):
            run.append(Output(EVENTS, None, mark, (("weir-watermark", b"end-of-input"),), partition), now)
        run.flow.settle()
    return run


def chatter(seed: int, length: int) -> Run:
    """Few visitors who never pause for long: bounds of events, of time and of fingerprints are reached."""
    chance, run, now = Random(seed), sessionizer(), BEGIN_S
    for number in range(length):
        now += chance.choice([0.5, 1.0, 2.0, 9.0])
        back = chance.choice([0.0, 0.0, 0.0, 4.0, 9.0, 14.0])
        event = an_event(chance, number - chance.choice([0, 0, 0, 15]), now - back)
        event |= {"visitor_id": chance.choice(["ann", "bob"]), "type": chance.choice(["click", f"own-{number % 50}"])}
        run.append(Output(EVENTS, event["visitor_id"].encode(), json.dumps(event).encode()), now)
    run.flow.settle()
    return run


@settings(max_examples=8)
@given(st.integers(0, 2**32), st.integers(0, 150))
def test_any_stream_comes_to_what_the_oracle_says(seed: int, length: int) -> None:
    run = stream(seed, length)
    assert differences(run) == []
    assert differences(run, judge_patterns=False) == []


@pytest.mark.parametrize("seed", range(4))
def test_long_streams_do_too(seed: int) -> None:
    run = stream(seed, 800)
    assert {record.topic for record in run.outputs} == {
        *("weir.sessions", "weir.late", "weir.dead-letter", "weir.limits", "weir.rules")
    }
    assert differences(run) == []


@pytest.mark.parametrize("seed", range(6))
def test_sessions_that_outgrow_their_bounds_do_too(seed: int) -> None:
    run = chatter(seed, 300)
    sessions = [json.loads(record.value or b"") for record in run.outputs if record.topic == "weir.sessions"]
    assert sum(session["split"] for session in sessions) > 2
    assert differences(run) == []
    assert differences(run, judge_patterns=False) == []


@pytest.mark.parametrize("judge_patterns", [True, False])
def test_each_output_of_the_product_is_missed_when_it_is_gone_and_noticed_when_it_comes_twice(
    *, judge_patterns: bool
) -> None:
    # Without judging patterns, a revision that only a new pattern called for could go unnoticed: here there is none.
    run = stream(10, 60)
    watch = watched(run.outputs, SETTINGS)
    expected = expect(run.in_order, SETTINGS, match=words if judge_patterns else None, watch=watch)
    for at, record in enumerate(run.outputs):
        gone = [*run.outputs[:at], *run.outputs[at + 1 :]]
        again = [*run.outputs, record._replace(offset=len(run.outputs) + 1)]
        assert any(compare(expected, gone)), record
        assert any("Twice" in difference for difference in compare(expected, again)), record


NINE = base64.b64encode(b"x" + bytes(9 * 8)).decode()
"""A set of nine."""


def test_sums_that_are_not_what_was_spent_are_noticed() -> None:
    run = stream(10, 200)
    expected = expect(run.in_order, SETTINGS, match=words)
    told = [record for record in run.outputs if record.topic == "weir.rules"]
    assert {(record.key or b"").split(b"/")[0] for record in told} == {b"sums", b"distinct"}
    for record in told:
        fields = json.loads(record.value or b"")
        part = "costs" if "costs" in fields else "sets"
        subject = next(iter(fields[part]))
        more = fields[part][subject] + 0.5 if part == "costs" else NINE
        for changed in ({subject: more}, {}, fields[part] | {"nobody": more}):
            wrong = record._replace(value=json.dumps(fields | {part: changed}).encode())
            outputs = [wrong if one is record else one for one in run.outputs]
            assert any("Wrong: sums" in difference for difference in compare(expected, outputs)), changed


def test_an_event_that_was_sent_on_twice_or_never_is_noticed() -> None:
    run = stream(3, 300)
    on = next(record for record in run.in_order if record.header("weir-rekeyed"))
    never = [record for record in run.in_order if record is not on]
    twice = [*run.in_order, on._replace(offset=1_000_000)]
    assert any("was never sent on" in one for one in compare(expect(never, SETTINGS, match=words), run.outputs))
    assert any("was sent on 2 times" in one for one in compare(expect(twice, SETTINGS, match=words), run.outputs))


VALUES: tuple[Any, ...] = (
    *(
        "",
        "a",
        "x" * 512,
        "x" * 513,
        "x" * 2_049,
        "9" * 65,
        "2026-01-31T09:30:00Z",
        "2026-01-31",
        "1969-12-31T23:59:59Z",
        None,
        True,
    ),
    *(
        0,
        -1,
        1.5,
        -0.5,
        1_772_355_600_123,
        1_772_355_600_123.4567,
        1e11,
        7_258_118_400,
        1e13,
        999,
        1_000,
        2**53,
        10**30,
    ),
    *({"a": 1}, [1], {"a": {"b": [1e5]}}, "2026-01-31T09:30:00.1234567+02:00", '\x00\x1f"\\', "ü"),
)
RAW = (
    "NaN",
    "-Infinity",
    "1e400",
    '"\\ud800"',
    '{"a": NaN}',
    '{"a": 1e400}',
    "1" * 400,
    "1" * 4_301,
    "01",
    "tru",
    "[" * 70,
)


@pytest.mark.parametrize("seed", range(5))
def test_bytes_are_taken_and_refused_for_the_same_reasons(seed: int) -> None:
    chance = Random(seed)
    names = [*ProductEvent.model_fields, "unknown"]
    for _ in range(500):
        parts = {"event_id": '"e"', "visitor_id": '"v"', "type": '"t"', "ts": "1772355600.25"}
        for name in chance.sample(names, chance.randint(0, 2)):
            parts[name] = chance.choice(RAW) if chance.random() < 0.2 else json.dumps(chance.choice(VALUES))
        if chance.random() < 0.1:
            del parts[chance.choice(list(parts))]
        value = ("{" + ",".join(f'"{name}": {part}' for name, part in parts.items()) + "}").encode()
        taken = decode(value, 6_000)
        if isinstance(taken, Refused):
            assert said_of(value, 6_000) == (taken.reason.value, None, ()), value
        else:
            assert said_of(value, 6_000) == (None, round(taken.ts * 1e6), taken.cut), value


@pytest.mark.parametrize("seed", range(3))
def test_texts_about_their_bounds_are_cut_to_the_same_characters(seed: int) -> None:
    chance = Random(seed)
    for _ in range(60):
        event: dict[str, Any] = {
            "event_id": "e",
            "visitor_id": "v",
            "type": "t",
            "ts": chance.choice([7, 7.5, "1999-01-01"]),
        }
        for name in chance.sample([*FREE_TEXTS, "ip"], chance.randint(1, 4)):
            event[name] = chance.choice("aü😀\n") * ((longest(ProductEvent, name) or 0) + chance.randint(-1, 2))
        if chance.random() < 0.2:
            event["status"] = chance.choice([200, 1_000])
        value = json.dumps(event, ensure_ascii=chance.random() < 0.5).encode()
        taken = decode(value, 10_000_000)
        if isinstance(taken, Refused):
            assert said_of(value, 10_000_000) == (taken.reason.value, None, ())
        else:
            read = read_event(value, 10_000_000)
            assert (read.cut, dict(read)) == (taken.cut, {name: getattr(taken.event, name) for name in read})


def said_of(value: bytes, max_bytes: int) -> tuple[str | None, int | None, tuple[str, ...]]:
    """The oracle's reason, or its time and the fields that it cut."""
    try:
        event = read_event(value, max_bytes)
    except RefusedError as error:
        return error.args[0], None, ()
    return None, event.moment, event.cut


@given(st.binary(max_size=40), st.integers(1, 64))
def test_keys_have_their_partitions(key: bytes, partitions: int) -> None:
    assert partition_of(key, partitions) == partition_for(key, partitions)


@pytest.mark.data
@pytest.mark.parametrize(
    ("name", "line_format", "most"),
    [("otto/train.jsonl", "otto", 10_000), ("elastic-apache-logs/apache_logs", "access-log", 1_200)],
)
def test_real_files_come_to_what_the_oracle_says(
    shared_data: Callable[[str], Path], name: str, line_format: str, most: int
) -> None:
    file = str(shared_data(name))
    shadow: frozenset[Stage] = frozenset({"rate_limit", "model", "business_rule"})
    resources = Resources.from_settings(Settings(partitions=PARTITIONS, shadow=shadow), now=lambda: BEGIN_S)
    inputs = {stage: STAGE_INPUTS[stage] for stage in ("sessionize", "score")}
    run = Run(inputs, lambda stage, partition: make_task(stage, partition, resources), PARTITIONS)
    end = EndOfInput(resources.settings.gap_s, resources.settings.grace_s)
    for line in islice(read(line_format, file), most):
        if not isinstance(line, BadLine):
            run.append(Output(EVENTS, line.key, line.value))
            end.observe(run.log[-1].partition, line.ts)
    for output in end.records():
        run.append(output)
    run.flow.settle()

    def match(event: Event) -> Iterator[tuple[str, str]]:
        for pattern in resources.patterns.match(fast(ProductEvent)(**event), cut_of(event)):
            yield pattern, resources.patterns.info(pattern).version

    expected = expect(
        run.in_order, replace(oracle_settings(resources.settings), max_record_bytes=1_000_000), match=match
    )
    assert len(expected.finals()) > 20
    assert (
        list(compare(expected, run.outputs, reported=run.reported(PARTITIONS), book=rule_book(resources.patterns)))
        == []
    )
