"""The oracle's plain values: records as they lie on Kafka, and the settings that decide what they come to.

The oracle is a second author's reading of the specification, in batch and with the standard library alone. Whatever the
specification leaves open, and a record shows all the same, is named under "Silences" in the module that settles it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

Headers = tuple[tuple[str, bytes], ...]
Event = Mapping[str, Any]
Match = Callable[[Event], Iterable[tuple[str, str]]]
"""Says which patterns an event matches: (id, version of the pack), each pattern once."""


class Record(NamedTuple):
    """A record of any topic; `timestamp` is its append time in ms, which only the input's records need."""

    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    timestamp: int = 0

    def header(self, name: str) -> bytes | None:
        """The first header of that name."""
        return next((value for known, value in self.headers if known == name), None)

    @property
    def place(self) -> str:
        """Where it lies, for people."""
        return f"{self.topic}-{self.partition}@{self.offset}"


_SHORT_BYTES = 1_024


def in_short(value: bytes | None) -> bytes | None:
    """What tells a value from others, as long as a page at most: a run has hundreds of values as large as may be."""
    if value is None or len(value) <= _SHORT_BYTES:
        return value
    return b"%d bytes, " % len(value) + blake2b(value).digest()


@dataclass(frozen=True)
class Budget:
    """A token bucket; of those that visitors share only the sums are promised, not when anybody is over."""

    id: str
    capacity: float
    refill_per_s: float
    recovery_share: float = 0.5
    costs: Mapping[str, float] = field(default_factory=dict)
    default_cost: float = 1.0
    kind: str = "visitor"
    reason: str = ""


@dataclass(frozen=True)
class Distinct:
    """How many different ones there may be: what a partition tells of it is promised, not when anybody is over."""

    id: str
    kind: str
    of: str
    """`visitor`, `address` or `account`."""
    at_most: int
    window_s: float


@dataclass(frozen=True)
class Assets:
    """What a page loads; a budget's costs name all of them `asset`."""

    types: frozenset[str]
    extensions: frozenset[str]


@dataclass(frozen=True)
class Settings:
    """What decides, beside the input; names and defaults as in `docs/settings.md`."""

    partitions: int = 4
    topic_prefix: str = "weir"
    gap_s: float = 1_800.0
    grace_s: float = 300.0
    max_ahead_s: float = 300.0
    max_record_bytes: int = 1_000_000
    max_session_events: int = 10_000
    max_session_s: float = 86_400.0
    max_fingerprints: int = 20_000
    budgets: tuple[Budget, ...] = ()
    shared: tuple[Budget, ...] = ()
    """Budgets of addresses and accounts."""
    distinct: tuple[Distinct, ...] = ()
    known_after: int = 10
    known_price: float = 0.1
    assets: Assets | None = None
    """None where `asset` is a type like others."""
    human_sources: tuple[str, ...] = ()
    answer_verdict: str = "block"
    answer_holds_s: float = 86_400.0
    reports_for_review: float = 3.0
    reports_for_throttle: float = 10.0
    report_holds_s: float = 86_400.0
    reports_throttle_s: float = 3_600.0

    def topic(self, name: str) -> str:
        """A public topic's full name."""
        return f"{self.topic_prefix}.{name}"
