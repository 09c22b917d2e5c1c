"""One partition, event by event, in the order of the specification.

decode, in its place?, clamp, duplicate?, late?, raise the watermark, close, fold, spend, patterns, publish.

Silences: "without open state here" is asked before the event's own time closes anything. Being in reach of an open
session is enough not to be late, also where that session has no room; the successor that is split off for such an event
closes before the next one folds. Where several sessions are in reach and none has room, the first opened is split. A
watermark record is clamped by its own append time; one that can't be read is a dead letter. Fingerprints are remembered
in the order of folding over all of a visitor's open sessions, and go when their session closes.
"""

from __future__ import annotations

import heapq
import itertools
import json
from collections import OrderedDict
from collections.abc import Collection
from dataclasses import dataclass, field

from tests.chaos.oracle.expected import Expected, Letter, Place, Revision
from tests.chaos.oracle.moments import micros, seconds_of
from tests.chaos.oracle.placing import WATERMARK, first_arrival, is_in_place
from tests.chaos.oracle.reading import Fields, RefusedError, read_event, read_watermark
from tests.chaos.oracle.records import Match, Record, in_short
from tests.chaos.oracle.session import Session
from tests.chaos.oracle.spending import Purse
from tests.chaos.oracle.sums import Sums

CONTENT = ("event_id", "type", "url", "item_id", "value", "query", "title", "text")
"""What a duplicate has in common with the event that it repeats, beside the visitor."""

RUNNING: dict[str, object] = {"final": False, "split": False, "merged_into": None}


@dataclass(slots=True)
class Visitor:
    """What is known of a visitor with open sessions."""

    purse: Purse
    sessions: list[Session] = field(default_factory=list)
    """In the order of their opening."""
    seen: OrderedDict[tuple[object, ...], Session] = field(default_factory=OrderedDict)


class Partition:
    """Folds one partition's records into `expected`."""

    def __init__(self, number: int, expected: Expected, match: Match | None, watch: Collection[Place]) -> None:
        settings = expected.settings
        self.expected = expected
        self.accounts = expected.accounts[number]
        self.match = match
        self.watch = watch
        self.gap, self.grace = micros(settings.gap_s), micros(settings.grace_s)
        self.longest, self.ahead = micros(settings.max_session_s), micros(settings.max_ahead_s)
        self.watermark: int | None = None
        self.names: tuple[str, ...] = ()
        self.sums = Sums(number, settings, expected.sums)
        self.visitors: dict[str, Visitor] = {}
        self.due: list[tuple[int, int, Session]] = []
        self._ticket = itertools.count()

    def take(self, record: Record) -> None:
        """The next record."""
        self.accounts.read += 1
        try:
            if record.header(WATERMARK) is not None:
                self._take_watermark(record)
            else:
                self._take_event(record, read_event(record.value, self.expected.settings.max_record_bytes))
        except RefusedError as error:
            self.accounts.dead_letter += 1
            place = (record.partition, record.offset)
            self.expected.dead[place] = Letter(
                place, record.timestamp, record.key, in_short(record.value), error.args[0]
            )

    def end(self) -> None:
        """Nothing more comes."""
        sessions = [session for visitor in self.visitors.values() for session in visitor.sessions]
        self.accounts.still_open = sum(session.events for session in sessions)
        for session in sessions:
            self.expected.end_life(session.id, session.revisions)

    def _take_watermark(self, record: Record) -> None:
        mark = read_watermark(record.value, self.expected.settings.max_record_bytes)
        self.accounts.watermark += 1
        self._raise(self._clamped(mark, record.timestamp)[0])
        self._close_due()

    def _take_event(self, record: Record, event: Fields) -> None:
        accounts, name = self.accounts, event["visitor_id"]
        visitor, arrival = self.visitors.get(name), first_arrival(record)
        if arrival is not None:
            self.expected.arrived.append((arrival, record))
        if visitor is None and not is_in_place(record, name, self.expected.settings.partitions):
            accounts.rekeyed += 1
            self._send_on(record, is_second=arrival is not None)
            return
        appended_ms = min(record.timestamp, arrival.timestamp) if arrival else record.timestamp
        moment, is_clamped = self._clamped(event.moment, appended_ms)
        accounts.clamped += is_clamped
        content = tuple(event[part] for part in CONTENT)
        if visitor is not None and content in visitor.seen:
            accounts.duplicate += 1
        elif self._is_late(visitor, moment):
            accounts.late += 1
            place = (record.partition, record.offset)
            self.expected.late[place] = Letter(place, record.timestamp, name.encode(), in_short(record.value), "")
        else:
            accounts.folded += 1
            self._raise(moment)
            self._close_due()
            self._fold(record, event, moment, content)

    def _send_on(self, record: Record, *, is_second: bool) -> None:
        if is_second:
            self.expected.stopped.append(record.place)
        else:
            self.expected.sent_on[record.partition, record.offset] = record

    def _clamped(self, moment: int, appended_ms: int) -> tuple[int, bool]:
        appended = appended_ms * 1_000
        return (max(appended, 0), True) if moment - appended > self.ahead else (moment, False)

    def _raise(self, moment: int) -> None:
        self.watermark = moment if self.watermark is None else max(self.watermark, moment)

    def _has_ended(self, end: int) -> bool:
        return self.watermark is not None and end < self.watermark - self.gap - self.grace

    def _is_late(self, visitor: Visitor | None, moment: int) -> bool:
        if not self._has_ended(moment):
            return False
        reach = self._in_reach(visitor, moment) if visitor else []
        return all(self._has_ended(session.end) for session in reach)

    def _in_reach(self, visitor: Visitor, moment: int) -> list[Session]:
        return [one for one in visitor.sessions if one.start - self.gap <= moment <= one.end + self.gap]

    def _close_due(self) -> None:
        while self.due and self._has_ended(self.due[0][0]):
            end, _, session = heapq.heappop(self.due)
            visitor = self.visitors.get(session.visitor)
            if visitor is None or session not in visitor.sessions:
                continue  # it was merged or split
            if end < session.end:
                self._await(session)
                continue
            self._end(session)
            self._forget(visitor, session)

    def _await(self, session: Session) -> None:
        heapq.heappush(self.due, (session.end, next(self._ticket), session))

    def _forget(self, visitor: Visitor, session: Session) -> None:
        visitor.sessions.remove(session)
        if visitor.sessions:
            visitor.seen = OrderedDict((print_, one) for print_, one in visitor.seen.items() if one is not session)
        else:
            del self.visitors[session.visitor]

    def _fold(self, record: Record, event: Fields, moment: int, content: tuple[object, ...]) -> None:
        settings = self.expected.settings
        visitor = self.visitors.setdefault(event["visitor_id"], Visitor(Purse(settings.budgets, settings.assets)))
        session, has_merged = self._session_for(visitor, event, moment)
        visitor.seen[content] = session
        if len(visitor.seen) > settings.max_fingerprints:
            visitor.seen.popitem(last=False)
        session.fold(event, moment)
        session.place, session.appended_ms = (record.partition, record.offset), record.timestamp
        is_due = has_merged or event["type"] == "purchase" or session.events.bit_count() == 1
        is_over = self._spend(visitor, session, event, moment)
        is_due |= is_over and session.rate_limited == 1
        self.sums.take(event, session, seconds_of(moment), self.accounts.folded, is_over=is_over)
        for pattern, version in self.match(event) if self.match else ():
            is_due |= session.note(pattern, version)
        if is_due or session.place in self.watch:
            self._publish(session, is_due=is_due, is_merge=has_merged)

    def _session_for(self, visitor: Visitor, event: Fields, moment: int) -> tuple[Session, bool]:
        """Where the event goes, and whether sessions were merged for it."""
        reach = self._in_reach(visitor, moment)
        if not reach:
            return self._open(visitor, event, moment), False
        first, *others = reach
        if self._fit(reach, moment):
            for other in others:
                self._end(other, merged_into=first.id)
                first.absorb(other)
                self._hand_over(visitor, other, first)
            return first, bool(others)
        with_room = next((one for one in reach if self._fit([one], moment)), None)
        if with_room is not None:
            return with_room, False
        self._end(first, split=True)
        successor = self._open(visitor, event, moment)
        self._hand_over(visitor, first, successor)
        return successor, False

    def _fit(self, sessions: list[Session], moment: int) -> bool:
        start = min(moment, *(one.start for one in sessions))
        end = max(moment, *(one.end for one in sessions))
        events = sum(one.events for one in sessions) + 1
        return events <= self.expected.settings.max_session_events and end - start <= self.longest

    def _open(self, visitor: Visitor, event: Fields, moment: int) -> Session:
        session = Session(event, moment)
        visitor.sessions.append(session)
        session.revisions = self.expected.begin_life(session.id)
        self._await(session)
        return session

    @staticmethod
    def _hand_over(visitor: Visitor, gone: Session, heir: Session) -> None:
        visitor.sessions.remove(gone)
        for print_, owner in visitor.seen.items():
            if owner is gone:
                visitor.seen[print_] = heir

    def _spend(self, visitor: Visitor, session: Session, event: Fields, moment: int) -> bool:
        those_over, crossed = visitor.purse.spend(event, seconds_of(moment))
        for limit in crossed:
            key = f"visitor:{session.visitor}:{limit['limit']}".encode()
            self.expected.limits[key].append(limit | {"subject": session.visitor})
        for limit_id in those_over:
            session.limits_over[limit_id] = session.limits_over.get(limit_id, 0) + 1
        session.rate_limited += bool(those_over)
        return bool(those_over)

    def _end(self, session: Session, *, split: bool = False, merged_into: str | None = None) -> None:
        self._publish(session, {"final": True, "split": split, "merged_into": merged_into})
        self.expected.end_life(session.id, session.revisions)

    def _publish(
        self, session: Session, ending: dict[str, object] = RUNNING, *, is_due: bool = True, is_merge: bool = False
    ) -> None:
        record = session.record() | ending
        if self.match is None:
            del record["heuristics"]
        self.names = self.names or tuple(record)
        body = json.dumps(list(record.values()), ensure_ascii=False, separators=(",", ":")).encode()
        session.revisions.append(Revision(session.place, session.appended_ms, is_due, is_merge, self.names, body))
