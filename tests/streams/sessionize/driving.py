"""Drives one partition's sessionize task from plain values."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from streams.sessionize.config import FoldConfig
from streams.sessionize.heuristics import Library
from streams.sessionize.task import SessionizeTask
from streams.task import Effects
from weir.contracts.fast import FastEvent
from weir.kafka.records import Headers, LogRecord, Output
from weir.topics import EVENTS, LATE, LIMITS, SESSIONS, Topic

DAY_1 = 1_750_000_000.0
"""The time that tests begin at."""
SMALL = FoldConfig(
    gap_s=10.0, grace_s=5.0, max_session_events=6, max_session_s=60.0, max_fingerprints=8, max_ahead_s=300.0
)
"""A configuration in which everything happens soon."""


@dataclass(frozen=True)
class WordInfo:
    """What is said of a pattern of `Words`."""

    id: str
    version: str
    pack: str = "words"
    category: str = "test"


@dataclass(frozen=True)
class Words:
    """Patterns for tests: each is a word of the URL."""

    words: tuple[str, ...] = ()
    version: str = "1"

    @property
    def versions(self) -> Mapping[str, str]:
        """One pack."""
        return {"words": self.version} if self.words else {}

    def match(self, event: FastEvent, cut: tuple[str, ...] = ()) -> tuple[str, ...]:
        """The words that the URL has, and the fields that were cut."""
        return (*(word for word in self.words if word in (event.url or "")), *(f"oversized/{name}" for name in cut))

    def info(self, pattern: str) -> WordInfo:
        """The word's pack and version."""
        return WordInfo(pattern, self.version)


def record(
    value: bytes | None, offset: int, *, key: bytes | None, appended_s: float, headers: Headers = ()
) -> LogRecord:
    """A record of the events topic's partition 0."""
    return LogRecord("weir.events", 0, offset, round(appended_s * 1000), key, value, headers)


def event_record(offset: int, visitor: str, ts: float, appended_s: float | None = None, **fields: object) -> LogRecord:
    """A page view unless said otherwise, appended when it happened unless said otherwise."""
    event: dict[str, object] = {
        "event_id": f"e{offset}",
        "visitor_id": visitor,
        "type": "page_view",
        "ts": ts,
        **fields,
    }
    return record(
        json.dumps(event).encode(),
        offset,
        key=visitor.encode(),
        appended_s=max(ts, 0.0) if appended_s is None else appended_s,
    )


def watermark_record(
    offset: int, mark: float, appended_s: float | None = None, kind: str = "end-of-input"
) -> LogRecord:
    """A record that carries a watermark."""
    value = json.dumps({"watermark": mark, "kind": kind}).encode()
    return record(
        value,
        offset,
        key=None,
        appended_s=mark if appended_s is None else appended_s,
        headers=(("weir-watermark", kind.encode()),),
    )


def library_of(*known: Words) -> Library:
    """Packs by their versions, as the worker's library gives them."""
    by_version = {tuple(words.versions.items()): words for words in known}
    return lambda versions: by_version[tuple(versions.items())]


def new_task(config: FoldConfig = SMALL, *words: Words, partitions: int = 1) -> SessionizeTask:
    """A task of partition 0 that uses the last of the packs; without packs, none."""
    packs = words or (Words(),)
    chosen = FoldConfig(
        **{name: getattr(config, name) for name in FoldConfig.__struct_fields__} | {"packs": dict(packs[-1].versions)}
    )
    task = SessionizeTask(0, partitions, chosen, library_of(*packs))
    task.loaded()
    task.recovered()
    return task


@dataclass
class Driver:
    """Feeds one task record by record, and keeps what comes out."""

    task: SessionizeTask = field(default_factory=new_task)
    offset: int = 0
    outputs: list[Output] = field(default_factory=list)
    effects: list[Effects] = field(default_factory=list)

    def send(self, visitor: str, ts: float, *, appended_s: float | None = None, **fields: object) -> list[Output]:
        """One event; gives what it led to. Times count from `DAY_1`."""
        appended = None if appended_s is None else DAY_1 + appended_s
        return self.take(event_record(self.offset, visitor, DAY_1 + ts, appended, **fields))

    def mark(self, ts: float, appended_s: float | None = None) -> list[Output]:
        """One watermark record."""
        appended = None if appended_s is None else DAY_1 + appended_s
        return self.take(watermark_record(self.offset, DAY_1 + ts, appended))

    def take(self, one: LogRecord) -> list[Output]:
        """Any record."""
        self.offset = one.offset + 1
        effects = Effects()
        self.task.process([one], effects)
        self.outputs += effects.outputs
        self.effects.append(effects)
        return effects.outputs

    def all_sessions(self) -> list[dict[str, Any]]:
        """Every revision so far."""
        return sessions(self.outputs)

    def finals(self) -> list[dict[str, Any]]:
        """Every final so far."""
        return [one for one in self.all_sessions() if one["final"]]

    def counts(self, metric: str) -> dict[tuple[str, ...], float]:
        """What was counted so far, by labels."""
        found: dict[tuple[str, ...], float] = {}
        for effects in self.effects:
            for (name, labels), by in effects.counts.items():
                if name == metric:
                    found[labels] = found.get(labels, 0) + by
        return found


def of(topic: Topic, outputs: Iterable[Output]) -> list[Output]:
    """The outputs to one topic."""
    return [output for output in outputs if output.topic is topic]


def sessions(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    """Session records, decoded."""
    return [json.loads(output.value or b"") for output in of(SESSIONS, outputs)]


def limits(outputs: Iterable[Output]) -> list[dict[str, Any]]:
    """Limit records, decoded."""
    return [json.loads(output.value or b"") for output in of(LIMITS, outputs)]


def late_events(outputs: Iterable[Output]) -> list[Output]:
    """Records to `weir.late`."""
    return of(LATE, outputs)


def sent_again(outputs: Iterable[Output]) -> list[Output]:
    """Records back to `weir.events`."""
    return of(EVENTS, outputs)


def run(task: SessionizeTask, records: Sequence[LogRecord], cuts: Sequence[int] = ()) -> Effects:
    """Feeds records in batches that end at `cuts`; gives all effects together."""
    total = Effects()
    edges = [0, *sorted(cut for cut in cuts if 0 < cut < len(records)), len(records)]
    for start, stop in itertools.pairwise(edges):
        effects = Effects()
        task.process(records[start:stop], effects)
        total.outputs += effects.outputs
        total.counts.update(effects.counts)
        total.gauges.update(effects.gauges)
    return total


def state_of(task: SessionizeTask, into: dict[bytes, bytes] | None = None) -> dict[bytes, bytes]:
    """Applies a task's changes to a state, as a compacted topic does."""
    state = {} if into is None else into
    for key, value in task.changes():
        if value is None:
            state.pop(key, None)
        else:
            state[key] = value
    return state


def recover(task: SessionizeTask, state: Mapping[bytes, bytes]) -> SessionizeTask:
    """Loads a state into a new task, up to before folding again."""
    for key, value in state.items():
        task.load(key, value)
    task.loaded()
    return task
