"""The product's tasks, driven in memory, against the oracle. Only this file knows both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from rules.limits.budgets import Budget, Budgets
from streams.engine.task import Output, PlainRecord, Task
from streams.intake.decode import Refused, decode
from streams.intake.end_of_input import EndOfInput
from streams.intake.formats import Line, read
from streams.replay.flow import Flow, Wiring
from streams.replay.log import MemoryLog
from streams.sessionize.config import FoldConfig
from streams.sessionize.task import SessionizeTask
from streams.stages import STAGE_INPUTS, Resources, make_task
from tests.chaos.oracle.expected import Expected
from tests.chaos.oracle.judging import compare, expect, judge, watched
from tests.chaos.oracle.placing import partition_of
from tests.chaos.oracle.reading import RefusedError, read_event
from tests.chaos.oracle.records import Budget as OracleBudget
from tests.chaos.oracle.records import Event, Record
from tests.chaos.oracle.records import Settings as OracleSettings
from tests.streams.sessionize.driving import Words, library_of
from weir.contracts.fast import fast
from weir.contracts import Event as ProductEvent
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS, Names, Topic

BEGIN_S = 1_767_225_600.0
PARTITIONS = 3
WORDS = Words(("admin", "etc"), "7")
BUDGETS = (
    Budget(id="burst", kind="visitor", capacity=4.0, refill_per_s=0.2, costs={"login": 2.0, "ping": 0.0}),
    Budget(id="logins", kind="visitor", capacity=2.0, refill_per_s=0.05, default_cost=0.0, costs={"login": 1.0}),
)
CONFIG = FoldConfig(
    gap_s=10.0,
    grace_s=5.0,
    max_ahead_s=20.0,
    max_record_bytes=2_000,
    max_session_events=9,
    max_session_s=60.0,
    max_fingerprints=12,
    visitor_budgets=BUDGETS,
    packs=dict(WORDS.versions),
)


def own(budgets: Iterable[Budget]) -> tuple[OracleBudget, ...]:
    return tuple(
        OracleBudget(one.id, one.capacity, one.refill_per_s, one.recovery_share, one.costs, one.default_cost)
        for one in budgets
    )


SETTINGS = OracleSettings(
    partitions=PARTITIONS,
    gap_s=10.0,
    grace_s=5.0,
    max_ahead_s=20.0,
    max_record_bytes=2_000,
    max_session_events=9,
    max_session_s=60.0,
    max_fingerprints=12,
    budgets=own(BUDGETS),
)


def words(event: Event) -> Iterator[tuple[str, str]]:
    for word in WORDS.words:
        if word in (event["url"] or ""):
            yield word, WORDS.version


class Run:
    """The product over a log that it may add to; keeps the log and the outputs as the oracle wants them."""

    def __init__(self, inputs: dict[str, tuple[Topic, ...]], make: Callable[[str, int], Task], partitions: int) -> None:
        self.log: list[Record] = []
        self.outputs: list[Record] = []
        topics = {topic for stage in inputs.values() for topic in stage}
        self.memory = MemoryLog(Names("weir", "weir"), partitions, round(BEGIN_S * 1_000), topics)
        self.flow = Flow(self.memory, Wiring(inputs, partitions, make), self.keep)

    def keep(self, topic: Topic, record: PlainRecord) -> None:
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
    b'{"pad": "' + b"x" * 2_000 + b'"}',
    b'{"event_id": "e", "visitor_id": "ann", "type": "click", "ts": "soon"}',
)
URLS = (None, "/a", "/b", "/admin", "/etc/admin", "/ä")
TYPES = ("page_view", "page_view", "click", "search", "add_to_cart", "purchase", "login", "ping", "own-1", "own-2")


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
        "method": chance.choice(["GET", "POST"]),
        "bytes": chance.choice([0, 1_000, 2**53]),
        "account_id": chance.choice(["x", "y"]),
        "ip": chance.choice(["10.0.0.1", "10.0.0.2"]),
        "referrer": chance.choice(["", "https://example.org/"]),
        "user_agent": "Mozilla/5.0",
        "extra": [1, {"deep": None}],
    }
    return event | {name: value for name, value in optional.items() if chance.random() < 0.3}


def stream(seed: int, length: int) -> Run:
    """Disorder, duplicates, late and bridging events, misplaced and broken ones, watermarks and lying clocks."""
    chance, run, now = Random(seed), sessionizer(), BEGIN_S
    earlier: list[tuple[bytes | None, bytes | None]] = []
    for number in range(length):
        now += chance.choice([0.0, 0.25, 1.0, 1.0, 2.5, 6.0, 12.0]) * chance.choice([0.1, 1.0, 1.0])
        kind = chance.random()
        if kind < 0.03:
            mark = json.dumps({"watermark": now + chance.uniform(-5, 30), "kind": "idle"}).encode()
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
        mark = json.dumps({"watermark": now + 15.000001, "kind": "end-of-input"}).encode()
        for partition in range(PARTITIONS):
            run.append(Output(EVENTS, None, mark, (("weir-watermark", b"end-of-input"),), partition), now)
        run.flow.settle()
    return run
