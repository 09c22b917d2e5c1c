"""What the log of events must have come to: the oracle's answer, and how to ask for it.

Everything that Weir publishes of a session is decided by the log, event by event: "no result depends on where a batch
ends". So every revision is expected, by number, place and content, not the final one alone. What is left open: the
order of different sessions' records, the moments at which idle watermarks are appended (they lie in the log), wording
of details, latencies, when addresses and accounts are over a limit (not the sums), and anything after the log's end.

Patterns are the one input that is not in the log. With `match` their hits are expected like everything else. Without
it, `heuristics` is only checked for being consistent, and a revision that no other rule explains must show a pattern
that is new; for that the oracle must know beforehand at which events there is a revision (`watch`).
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from tests.chaos.oracle.placing import Arrival
from tests.chaos.oracle.records import Record, Settings

ERROR_SHARE = 1 / 1_024
"""Of all that was spent in a window: the most that may be missing of one subject, where there are very many."""
Place = tuple[int, int]
"""Partition and offset in the topic of events."""


class Revision(NamedTuple):
    """A state of a session that is published, or may be."""

    place: Place
    """Of the last event folded."""
    appended_ms: int
    is_due: bool
    """False: published only if a pattern was new, which was not to be judged."""
    is_merge: bool
    """Its event merged another session into this one."""
    names: tuple[str, ...]
    """Of the fields that are judged: all but the revision's number, and heuristics where patterns are not judged."""
    body: bytes
    """Their values, as a list in JSON: a long log has a million of them."""

    @property
    def record(self) -> dict[str, Any]:
        """The fields that are judged."""
        return dict(zip(self.names, json.loads(self.body), strict=True))


class Letter(NamedTuple):
    """An event that went to another topic, with its place in the input."""

    place: Place
    timestamp: int
    key: bytes | None
    value: bytes | None
    """`in_short`."""
    reason: str
    """Of a dead letter; empty for a late event."""


@dataclass(frozen=True)
class Sum:
    """A budget's or a limit's record of one window."""

    start: float
    truth: dict[str, float]
    """By subject what it spent in the window, or how many different ones it has; of those at the floor or above."""
    total: float
    """Of all subjects, those below the floor too."""
    floor: float
    """Named from here on; nothing of what is below is told, and a long log has millions of it."""
    is_exact: bool
    told_at: float = 0.0

    @classmethod
    def of(
        cls, start: float, spent: Mapping[str, float], floor: float, told_at: float = 0.0, *, is_exact: bool
    ) -> Self:
        """One of all that was spent."""
        truth = {subject: value for subject, value in spent.items() if value >= floor}
        return cls(start, truth, sum(spent.values()), floor, is_exact, told_at)

    @property
    def slack(self) -> float:
        """What may be missing of one subject."""
        return 0.0 if self.is_exact else self.total * ERROR_SHARE

    @property
    def is_due(self) -> bool:
        """Whether there must be a record: somebody is to be named whatever is missing."""
        return any(value - self.slack >= self.floor for value in self.truth.values())

    @property
    def is_possible(self) -> bool:
        """Whether there may be one."""
        return bool(self.truth)


@dataclass(slots=True)
class Accounts:
    """What became of a partition's records."""

    read: int = 0
    folded: int = 0
    duplicate: int = 0
    late: int = 0
    dead_letter: int = 0
    rekeyed: int = 0
    watermark: int = 0
    clamped: int = 0
    """Of those taken for events in their place; no outcome of its own."""
    still_open: int = 0
    """Events in sessions that are open at the log's end; no outcome of its own."""

    @property
    def settled(self) -> int:
        """Must be `read`."""
        return self.folded + self.duplicate + self.late + self.dead_letter + self.rekeyed + self.watermark


@dataclass
class Expected:
    """All that the specification says of a log."""

    settings: Settings
    judges_patterns: bool
    sessions: dict[str, list[list[Revision]]] = field(default_factory=dict)
    """By id, one list a life: a clamped event that comes again after its session's end opens one of the same id."""
    put_aside: Callable[[str, list[Revision]], None] | None = None
    """Takes a session's id and a life of it in place of `sessions`, where these would not fit in memory."""
    late: dict[Place, Letter] = field(default_factory=dict)
    dead: dict[Place, Letter] = field(default_factory=dict)
    limits: dict[bytes, list[dict[str, Any]]] = field(default_factory=lambda: defaultdict(list))
    """By key, in their order."""
    sums: dict[bytes, list[Sum]] = field(default_factory=lambda: defaultdict(list))
    """Likewise."""
    accounts: dict[int, Accounts] = field(default_factory=lambda: defaultdict(Accounts))
    sent_on: dict[Place, Record] = field(default_factory=dict)
    """Misplaced events: each must lie in the log again."""
    arrived: list[tuple[Arrival, Record]] = field(default_factory=list)
    """Re-keyed events, with what their header says."""
    stopped: list[str] = field(default_factory=list)
    """Re-keyed events that are misplaced again: Weir must stop there."""

    def begin_life(self, session: str) -> list[Revision]:
        """Where the revisions of a session that opens are written down."""
        life: list[Revision] = []
        if self.put_aside is None:
            self.sessions.setdefault(session, []).append(life)
        return life

    def end_life(self, session: str, life: list[Revision]) -> None:
        """No more revisions come of a session."""
        if self.put_aside is not None:
            self.put_aside(session, life)

    def add(self, other: Expected) -> None:
        """Adds what other partitions must have come to."""
        self.sessions |= other.sessions
        self.late |= other.late
        self.dead |= other.dead
        self.limits |= other.limits
        self.sums |= other.sums
        self.accounts |= other.accounts
        self.sent_on |= other.sent_on
        self.arrived += other.arrived
        self.stopped += other.stopped

    def finals(self) -> dict[str, dict[str, Any]]:
        """By id the last state of every session that was closed, split or merged."""
        last = {session: lives[-1][-1].record for session, lives in self.sessions.items()}
        return {session: record for session, record in last.items() if record["final"]}
