"""What everybody should have published, and the judgement of a record after another."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

Fields = dict[str, Any]
Session = tuple[str, float]
"""Visitor and start: every contestant names sessions its own way."""
Moment = tuple[int, bool]
"""Events so far, and whether it is the last word."""
_encode = msgspec.json.Encoder(order="sorted").encode
EXAMPLES = 3


@dataclass
class Expected:
    """By session the moments at which something goes out, each with a digest of what that says."""

    revisions: dict[Session, dict[Moment, bytes]] = field(default_factory=lambda: defaultdict(dict))
    hits: dict[Session, dict[str, int]] = field(default_factory=dict)
    """Patterns' hits by the last word; only of sessions that have any."""
    names: tuple[str, ...] = ()
    """Fields that are compared."""
    events: int = 0
    repeats: int = 0
    running: int = 0
    finals: int = 0

    def publish(self, record: Fields, hits: Mapping[str, int]) -> None:
        """Expects this record."""
        self.names = self.names or tuple(record)
        session = (record["visitor_id"], record["start"])
        self.revisions[session][record["events"], record["final"]] = digest(record, self.names)
        self.finals += record["final"]
        self.running += not record["final"]
        if hits and record["final"]:
            self.hits[session] = dict(hits)


def digest(record: Fields, names: tuple[str, ...]) -> bytes:
    """A hash of the fields that are compared; `1` and `1.0` are the same there, as they are in JSON."""
    values = [_plain(record.get(name)) for name in names]
    return hashlib.blake2b(_encode(values), digest_size=8).digest()


def _plain(value: Any) -> Any:  # noqa: ANN401 -- whatever JSON has
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return value


@dataclass
class Judge:
    """Takes what a contestant published, in the order of each partition, and says what is wrong with it.

    Args:
        expected: of the log.
        finals: whether the contestant publishes a session's last word.
        extras: whether it may publish more often: at a new pattern, and at the first event over budget.
        judges_patterns: whether its patterns' hits are compared.
    """

    expected: Expected
    finals: bool = True
    extras: bool = False
    judges_patterns: bool = False
    faults: list[str] = field(default_factory=list)
    records: int = 0
    fault_count: int = 0
    _open: dict[Session, set[Moment]] = field(default_factory=dict)
    _last: dict[Session, tuple[int, int, int]] = field(default_factory=dict)

    def take(self, record: Fields) -> None:
        """The next record."""
        self.records += 1
        session = (record["visitor_id"], float(record["start"]))
        if session not in self.expected.revisions:
            self._fault("a session that is none", session)
            return
        moment = (record["events"], bool(record["final"]))
        due = self._open.setdefault(session, self._due(session))
        revision, patterns, limited = self._last.get(session, (0, 0, 0))
        now = (record["revision"], len(record.get("heuristics") or ()), record.get("rate_limited") or 0)
        if now[0] != revision + 1:
            self._fault(f"revision {now[0]} after {revision}", session)
        if moment in due:
            due.discard(moment)
            if self.expected.revisions[session][moment] != digest(record, self.expected.names):
                self._fault(f"wrong measures at {moment}: {record}", session)
        elif not (self.extras and (now[1] > patterns or (now[2] and not limited))):
            self._fault(f"published at {moment}, twice or for no reason", session)
        if self.judges_patterns and moment[1]:
            self._compare_hits(record, session)
        self._last[session] = now

    def verdict(self) -> list[str]:
        """What was wrong, some examples and a count; empty if all was right."""
        for session in self.expected.revisions:
            due = self._open.get(session)
            if due is None:
                due = self._due(session)
            if due:
                self._fault(f"nothing published at {sorted(due)}", session)
        more = self.fault_count - len(self.faults)
        return [*self.faults, f"and {more} more"] if more else self.faults

    def _due(self, session: Session) -> set[Moment]:
        return {moment for moment in self.expected.revisions[session] if self.finals or not moment[1]}

    def _compare_hits(self, record: Fields, session: Session) -> None:
        found = {name: one["hits"] for name, one in (record.get("heuristics") or {}).items()}
        if found != self.expected.hits.get(session, {}):
            self._fault(f"hits {found} instead of {self.expected.hits.get(session)}", session)

    def _fault(self, what: str, session: Session) -> None:
        self.fault_count += 1
        if len(self.faults) < EXAMPLES:
            self.faults.append(f"{session[0]}: {what}")
