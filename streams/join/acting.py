"""Answers that act: what trusted people and visitors' reports come to, remembered and written to `weir.answers`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heappop, heappush

import msgspec
from msgspec.structs import replace

from streams.join import standing as rules
from streams.join.standing import HumanLabel, Powers, Report, VisitorLabels
from streams.task import Effects
from weir.contracts import Label
from weir.contracts.answer import AnsweredSession
from weir.contracts.fast import encode
from weir.contracts.label import REPORT_PREFIX, is_report
from weir.kafka.records import Output
from weir.topics import ANSWERS

STANDING, REPORTER = b"a", b"r"
"""Types of state entries: what people said about a visitor; a reporter's record."""
MOST_VISITORS = 100_000
"""Visitors of one partition about whom answers stand; those whose answers end first are forgotten."""
MOST_REPORTERS = 10_000
"""Reporters of one partition whose records are kept; of more, a tenth is forgotten, the longest unjudged first."""
MOST_STALE = 1_000
"""Ends that may stand in the index though something was said since."""
_read_standing = msgspec.json.Decoder(VisitorLabels).decode
_read_record = msgspec.json.Decoder(tuple[int, int, float]).decode


class Acting:
    """What people said about visitors, until it is over; bounded by event time and in number.

    Args:
        powers: What answers and reports give.
    """

    def __init__(self, powers: Powers) -> None:
        self._powers = powers
        self._standing: dict[str, VisitorLabels] = {}
        self._records: dict[str, tuple[int, int, float]] = {}
        """By reporter: how often trusted people agreed, how often they didn't, and the time of the newest answer."""
        self._ends: list[tuple[float, str]] = []
        self._changed: set[bytes] = set()

    def load(self, key: bytes, value: bytes) -> None:
        """Takes an entry back."""
        name = key[1:].decode()
        if key[:1] == STANDING:
            self._keep(name, _read_standing(value))
        else:
            self._records[name] = _read_record(value)

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Entries changed since the last call."""
        for key in sorted(self._changed):
            name = key[1:].decode()
            kept = self._standing.get(name) if key[:1] == STANDING else self._records.get(name)
            yield key, msgspec.json.encode(kept) if kept is not None else None
        self._changed.clear()

    def answer(
        self, label: Label, ts: float, session: AnsweredSession | None, reached_s: float, effects: Effects
    ) -> None:
        """Takes a trusted person's `good` or `bad`; `ts` is its time, not ahead of its arrival."""
        about = label.session_id
        ids = dict.fromkeys(one for one in (about, session.session_id if session else None) if one is not None)
        answer = HumanLabel(label.source, about, "good" if label.label == "good" else "bad", ts, tuple(ids), session)
        before = self._of(label.visitor_id)
        if ts + self._powers.holds_s <= reached_s:
            effects.count("answers", "people", "over")
            return
        after = rules.answered(before, answer, self._powers.holds_s)
        if after is None:
            effects.count("answers", "people", "repeated")
            return
        for reporter in rules.unjudged(after):
            self._learn_of(reporter, ts, agreed=answer.label == "bad")
        effects.count("answers", "people", "acts")
        self._write(label.visitor_id, rules.judged(after), reached_s, effects)

    def found(self, label: Label, ts: float, session: AnsweredSession, reached_s: float, effects: Effects) -> None:
        """An answer that acts was matched to its session."""
        answer = HumanLabel(label.source, label.session_id, "good" if label.label == "good" else "bad", ts)
        after = rules.found(self._of(label.visitor_id), answer, session)
        if after is not None:
            self._write(label.visitor_id, after, reached_s, effects)

    def report(
        self, label: Label, ts: float, session: AnsweredSession | None, reached_s: float, effects: Effects
    ) -> None:
        """Takes a visitor's report; a `good` takes an earlier one of theirs back."""
        if label.label != "bad":
            self.withdraw(label, ts, reached_s, effects)
            return
        if ts + self._powers.report_holds_s <= reached_s:
            effects.count("answers", "report", "over")
            return
        reporter = label.source.removeprefix(REPORT_PREFIX)
        after = rules.reported(self._of(label.visitor_id), Report(reporter, ts, session))
        effects.count("answers", "report", "acts" if after is not None else "repeated")
        if after is not None:
            self._write(label.visitor_id, after, reached_s, effects)

    def withdraw(
        self, label: Label, ts: float, reached_s: float, effects: Effects, about: Collection[str] = ()
    ) -> None:
        """Takes back what a source said of the sessions `about`, or without any of the visitor."""
        before = self._of(label.visitor_id)
        if is_report(label.source):
            kind = "report"
            after = rules.unreported(before, label.source.removeprefix(REPORT_PREFIX), ts)
        else:
            kind = "people"
            after = rules.withdrawn(before, label.source, about, ts)
        if after is not None:
            effects.count("answers", kind, "withdrawn")
            self._write(label.visitor_id, after, reached_s, effects)

    def expire(self, reached_s: float) -> None:
        """Forgets what is over at that event time; whoever reads the topic knows by `until`."""
        while self._ends and self._ends[0][0] <= reached_s:
            self._drop_if_current(*heappop(self._ends))

    def _of(self, visitor_id: str) -> VisitorLabels:
        return self._standing.get(visitor_id, _NOTHING)

    def _write(self, visitor_id: str, standing: VisitorLabels, reached_s: float, effects: Effects) -> None:
        standing = rules.left_at(standing, reached_s, self._powers)
        decisions = rules.decisions(standing, self._powers, self._weight_of)
        is_told, standing = standing.is_told, replace(standing, is_told=bool(decisions))
        self._keep(visitor_id, standing)
        self._changed.add(STANDING + visitor_id.encode())
        if len(self._ends) > 2 * len(self._standing) + MOST_STALE:
            kept = self._standing.items()
            self._ends = sorted((rules.over_at(one, self._powers), visitor) for visitor, one in kept)
        while len(self._standing) > MOST_VISITORS:
            forgotten = self._drop_if_current(*heappop(self._ends))
            effects.count("answers", "people", "forgotten", by=forgotten)
        if decisions or is_told:
            record = {"visitor_id": visitor_id, "answers": decisions}
            effects.outputs.append(Output(ANSWERS, visitor_id.encode(), encode(record)))

    def _keep(self, visitor_id: str, standing: VisitorLabels) -> None:
        if standing == _NOTHING:
            self._standing.pop(visitor_id, None)
            return
        self._standing[visitor_id] = standing
        heappush(self._ends, (rules.over_at(standing, self._powers), visitor_id))

    def _drop_if_current(self, end_s: float, visitor_id: str) -> int:
        standing = self._standing.get(visitor_id)
        if standing is None or rules.over_at(standing, self._powers) != end_s:
            return 0
        del self._standing[visitor_id]
        self._changed.add(STANDING + visitor_id.encode())
        return 1

    def _weight_of(self, reporter: str) -> float:
        right, wrong, _ = self._records.get(reporter, _NO_RECORD)
        return rules.weight(right, wrong)

    def _learn_of(self, reporter: str, ts: float, *, agreed: bool) -> None:
        right, wrong, _ = self._records.get(reporter, _NO_RECORD)
        self._records[reporter] = (right + agreed, wrong + (not agreed), ts)
        self._changed.add(REPORTER + reporter.encode())
        if len(self._records) > MOST_REPORTERS:
            oldest = sorted(self._records, key=lambda name: (self._records[name][2], name))
            for name in oldest[: 1 + MOST_REPORTERS // 10]:
                del self._records[name]
                self._changed.add(REPORTER + name.encode())


_NOTHING = VisitorLabels()
_NO_RECORD = (0, 0, 0.0)
