"""Keeps the labels of trusted people and visitors' reports, and writes their decisions to `weir.answers`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heappop, heappush

import msgspec
from msgspec.structs import replace

from streams.join import visitor_labels
from streams.join.visitor_labels import HumanLabel, Powers, Report, VisitorLabels
from streams.task import Effects
from weir.contracts import Label
from weir.contracts.answer import AnsweredSession
from weir.contracts.fast import encode
from weir.contracts.label import REPORT_PREFIX, is_report
from weir.kafka.records import Output
from weir.topics import ANSWERS

VISITOR, REPORTER = b"a", b"r"
"""Types of state entries: the labels about a visitor; a reporter's record."""
MOST_VISITORS = 100_000
"""Visitors of one partition whose labels are stored; beyond, those whose labels end first are dropped."""
MOST_REPORTERS = 10_000
"""Reporters of one partition whose records are stored; beyond, the tenth that was judged longest ago is dropped."""
MOST_STALE = 1_000
"""Outdated entries that the index of ends may contain before it is rebuilt."""
_read_labels = msgspec.json.Decoder(VisitorLabels).decode
_read_record = msgspec.json.Decoder(tuple[int, int, float]).decode


class HumanLabels:
    """Labels about visitors until they end; bounded by event time and in number.

    Args:
        powers: Verdicts that answers and reports give, and for how long.
    """

    def __init__(self, powers: Powers) -> None:
        self._powers = powers
        self._by_visitor: dict[str, VisitorLabels] = {}
        self._reporters: dict[str, tuple[int, int, float]] = {}
        """By reporter: number of reports that trusted people confirmed, of those they refuted, time of the last one."""
        self._ends: list[tuple[float, str]] = []
        self._changed: set[bytes] = set()

    def load(self, key: bytes, value: bytes) -> None:
        """Restores a state entry."""
        name = key[1:].decode()
        if key[:1] == VISITOR:
            self._keep(name, _read_labels(value))
        else:
            self._reporters[name] = _read_record(value)

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call; None for a dropped one."""
        for key in sorted(self._changed):
            name = key[1:].decode()
            kept = self._by_visitor.get(name) if key[:1] == VISITOR else self._reporters.get(name)
            yield key, msgspec.json.encode(kept) if kept is not None else None
        self._changed.clear()

    def add_answer(
        self, label: Label, ts: float, session: AnsweredSession | None, reached_s: float, effects: Effects
    ) -> None:
        """Adds a trusted person's label.

        Args:
            label: A `good` or `bad`.
            ts: The label's time, or its arrival if that was earlier.
            session: The session that the label is about, if it was scored already.
            reached_s: Event time of the partition.
            effects: Takes the record of `weir.answers`.
        """
        about = label.session_id
        ids = dict.fromkeys(one for one in (about, session.session_id if session else None) if one is not None)
        answer = HumanLabel(label.source, about, "good" if label.label == "good" else "bad", ts, tuple(ids), session)
        before = self._of(label.visitor_id)
        if ts + self._powers.holds_s <= reached_s:
            effects.count("answers", "people", "over")
            return
        after = visitor_labels.add_answer(before, answer, self._powers.holds_s)
        if after is None:
            effects.count("answers", "people", "repeated")
            return
        for reporter in visitor_labels.unjudged_reporters(after):
            self._update_reporter(reporter, ts, agreed=answer.label == "bad")
        effects.count("answers", "people", "acts")
        self._write(label.visitor_id, visitor_labels.mark_reports_judged(after), reached_s, effects)

    def attach_session(
        self, label: Label, ts: float, session: AnsweredSession, reached_s: float, effects: Effects
    ) -> None:
        """Adds the session to a stored answer, once the join has matched it."""
        answer = HumanLabel(label.source, label.session_id, "good" if label.label == "good" else "bad", ts)
        after = visitor_labels.attach_session(self._of(label.visitor_id), answer, session)
        if after is not None:
            self._write(label.visitor_id, after, reached_s, effects)

    def add_report(
        self, label: Label, ts: float, session: AnsweredSession | None, reached_s: float, effects: Effects
    ) -> None:
        """Adds a visitor's report; a `good` withdraws the reporter's earlier one."""
        if label.label != "bad":
            self.withdraw(label, ts, reached_s, effects)
            return
        if ts + self._powers.report_holds_s <= reached_s:
            effects.count("answers", "report", "over")
            return
        reporter = label.source.removeprefix(REPORT_PREFIX)
        after = visitor_labels.add_report(self._of(label.visitor_id), Report(reporter, ts, session))
        effects.count("answers", "report", "acts" if after is not None else "repeated")
        if after is not None:
            self._write(label.visitor_id, after, reached_s, effects)

    def withdraw(
        self, label: Label, ts: float, reached_s: float, effects: Effects, about: Collection[str] = ()
    ) -> None:
        """Withdraws a source's labels on the sessions `about`; without any, all of its labels on the visitor."""
        before = self._of(label.visitor_id)
        if is_report(label.source):
            kind = "report"
            after = visitor_labels.withdraw_report(before, label.source.removeprefix(REPORT_PREFIX), ts)
        else:
            kind = "people"
            after = visitor_labels.withdraw_answers(before, label.source, about, ts)
        if after is not None:
            effects.count("answers", kind, "withdrawn")
            self._write(label.visitor_id, after, reached_s, effects)

    def expire(self, reached_s: float) -> None:
        """Drops labels that have ended at this event time. No record is written: consumers have the end in `until`."""
        while self._ends and self._ends[0][0] <= reached_s:
            self._drop_if_current(*heappop(self._ends))

    def _of(self, visitor_id: str) -> VisitorLabels:
        return self._by_visitor.get(visitor_id, _NOTHING)

    def _write(self, visitor_id: str, labels: VisitorLabels, reached_s: float, effects: Effects) -> None:
        labels = visitor_labels.in_force_at(labels, reached_s, self._powers)
        decisions = visitor_labels.decisions(labels, self._powers, self._weight_of)
        was_published, labels = labels.was_published, replace(labels, was_published=bool(decisions))
        self._keep(visitor_id, labels)
        self._changed.add(VISITOR + visitor_id.encode())
        if len(self._ends) > 2 * len(self._by_visitor) + MOST_STALE:
            kept = self._by_visitor.items()
            self._ends = sorted((visitor_labels.ends_at(one, self._powers), visitor) for visitor, one in kept)
        while len(self._by_visitor) > MOST_VISITORS:
            forgotten = self._drop_if_current(*heappop(self._ends))
            effects.count("answers", "people", "forgotten", by=forgotten)
        if decisions or was_published:
            record = {"visitor_id": visitor_id, "answers": decisions}
            effects.outputs.append(Output(ANSWERS, visitor_id.encode(), encode(record)))

    def _keep(self, visitor_id: str, labels: VisitorLabels) -> None:
        if labels == _NOTHING:
            self._by_visitor.pop(visitor_id, None)
            return
        self._by_visitor[visitor_id] = labels
        heappush(self._ends, (visitor_labels.ends_at(labels, self._powers), visitor_id))

    def _drop_if_current(self, end_s: float, visitor_id: str) -> int:
        labels = self._by_visitor.get(visitor_id)
        if labels is None or visitor_labels.ends_at(labels, self._powers) != end_s:
            return 0
        del self._by_visitor[visitor_id]
        self._changed.add(VISITOR + visitor_id.encode())
        return 1

    def _weight_of(self, reporter: str) -> float:
        right, wrong, _ = self._reporters.get(reporter, _NO_RECORD)
        return visitor_labels.reporter_weight(right, wrong)

    def _update_reporter(self, reporter: str, ts: float, *, agreed: bool) -> None:
        right, wrong, _ = self._reporters.get(reporter, _NO_RECORD)
        self._reporters[reporter] = (right + agreed, wrong + (not agreed), ts)
        self._changed.add(REPORTER + reporter.encode())
        if len(self._reporters) > MOST_REPORTERS:
            oldest = sorted(self._reporters, key=lambda name: (self._reporters[name][2], name))
            for name in oldest[: 1 + MOST_REPORTERS // 10]:
                del self._reporters[name]
                self._changed.add(REPORTER + name.encode())


_NOTHING = VisitorLabels()
_NO_RECORD = (0, 0, 0.0)
