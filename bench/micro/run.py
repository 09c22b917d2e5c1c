"""What one event costs each of the hot functions, on one thread, without Kafka.

They are called as the worker calls them, over the events of a seeded log, so that caches behave as they do there.
State goes by the engine's contract (`changes`, `load`), whatever it is made of.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import msgspec

from bench.events.spec import LogSpec
from bench.events.write import log_of
from bench.measures.results import say
from bench.micro.task import fold_records, records_of, task
from rules.heuristics.patterns import load_packs
from streams.decode import Accepted, decode
from weir.contracts.fast import FastEvent
from weir.partitioner import partition_for

EVENTS = 30_000
MAX_BYTES = 1_000_000
LEAST_ROUNDS = 3


def measure_hot(rounds: int) -> dict[str, Any]:
    """Microseconds an event, or a visitor's state, of each round."""
    spec = msgspec.structs.replace(LogSpec(), events=EVENTS, visitors=EVENTS // 75, partitions=1, closes=False)
    log = list(log_of(spec))
    records, values = records_of(log), [value for _, value in log]
    events = _events(values)
    patterns = load_packs()
    entries = _state(records)
    timed: dict[str, tuple[int, Callable[[], float]]] = {
        "partition of a key": (len(log), _timed(lambda: [partition_for(key, 4) for key, _ in log])),
        "decode": (len(log), _timed(lambda: [decode(value, MAX_BYTES) for value in values])),
        "match all shipped patterns": (len(log), _timed(lambda: [patterns.match(event) for event in events])),
        "sessionize, no patterns": (len(log), _timed(lambda: fold_records(task(plain=True), records))),
        "sessionize, all patterns": (len(log), _timed(lambda: fold_records(task(plain=False), records))),
        "encode a visitor's state": (len(entries), lambda: _encode_state(records)),
        "load a visitor's state": (len(entries), _timed(lambda: _load_state(entries))),
    }
    costs = {
        name: [call() * 1e6 / count for _ in range(max(rounds, LEAST_ROUNDS))] for name, (count, call) in timed.items()
    }
    for name, found in costs.items():
        say(f"{name}: {min(found):.2f} us")
    return {"cost_us": costs, "events": len(log), "visitors": len(entries)}


def _timed(call: Callable[[], object]) -> Callable[[], float]:
    def timed() -> float:
        begun_s = time.perf_counter()
        call()
        return time.perf_counter() - begun_s

    return timed


def _events(values: list[bytes]) -> list[FastEvent]:
    found = (decode(value, MAX_BYTES) for value in values)
    return [one.event for one in found if isinstance(one, Accepted)]


def _state(records: list[Any]) -> list[tuple[bytes, bytes | None]]:
    stage = task(plain=True)
    fold_records(stage, records, checkpoint_every=0)
    return list(stage.changes())


def _encode_state(records: list[Any]) -> float:
    """Only a fold leaves something to encode."""
    stage = task(plain=True)
    fold_records(stage, records, checkpoint_every=0)
    return _timed(lambda: list(stage.changes()))()


def _load_state(entries: list[tuple[bytes, bytes | None]]) -> None:
    stage = task(plain=True)
    for key, value in entries:
        if value is not None:
            stage.load(key, value)
    stage.loaded()
