"""What a join's partition remembers: the last scored revision of each session, labels given, labels that wait."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from heapq import heappop, heappush

import msgspec

from streams.join.due import DueLabels
from streams.join.match import Span
from streams.join.records import Given, Scored, Waiting, keep, read_scored
from weir.contracts import Label
from weir.contracts.fast import decoder
from weir.contracts.label import LabelOutcome, is_weak

SCORED, GIVEN, WAITING, REACHED = b"s", b"g", b"w", b"t"
"""Types of state entries: a session, what was said about it, a label that waits, the event time reached."""
MOST_WAITING = 64
"""Labels of one visitor that may wait."""
MOST_WAITING_IN_ALL = 100_000
"""Labels of one partition that may wait: each takes about a kilobyte of state."""
MOST_A_TICK = 1_000
"""Labels that one tick looks at: the stages of a worker share a thread, and must not wait for each other."""
IMPATIENT_AFTER_S = 10.0
"""Wall time after which a waiting label of a person's takes the session that there is, while nothing else arrives."""
MOST_AHEAD_S = 300.0
"""A label whose time is further ahead of its arrival waits as long as one of that time."""

_read_given = msgspec.json.Decoder(dict[str, Given])
_read_waiting = msgspec.json.Decoder(Waiting)
read_label = decoder(Label)


class Store:
    """Bounded by event time: a session is forgotten, with its labels, when it waited for `wait_s`."""

    def __init__(self, wait_s: float) -> None:
        self._wait_s = wait_s
        self._entries: dict[bytes, bytes] = {}
        self._spans: dict[str, Span] = {}
        self._by_visitor: dict[str, set[str]] = defaultdict(set)
        self._waiting: dict[str, dict[bytes, float]] = defaultdict(dict)
        self._ends: list[tuple[float, str]] = []
        self._label_times: list[tuple[float, str, bytes]] = []
        self._due = DueLabels()
        self._changed: set[bytes] = set()
        self.labels_waiting = 0
        """How many labels wait for their session."""
        self.reached_s = 0.0
        """Event time that the scores have reached."""

    def load(self, key: bytes, value: bytes) -> None:
        """Takes an entry back, in any order."""
        self._entries[key] = value
        if key[:1] == SCORED:
            self._index(read_scored(value))
        elif key[:1] == WAITING:
            waiting = _read_waiting.decode(value)
            self._index_waiting(key, read_label(bytes(waiting.label)), waiting.arrived_s)
        elif key == REACHED:
            self.reached_s = max(self.reached_s, float(value))

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Entries changed since the last call."""
        for key in sorted(self._changed):
            yield key, self._entries.get(key)
        self._changed.clear()

    def spans(self, visitor_id: str) -> list[Span]:
        """The visitor's sessions, in the order of their start."""
        known = [self._spans[session_id] for session_id in self._by_visitor.get(visitor_id, ())]
        return sorted(known, key=lambda span: (span.start, span.session_id))

    def span(self, session_id: str) -> Span | None:
        """The session as far as it was scored."""
        return self._spans.get(session_id)

    def put(self, scored: Scored) -> None:
        """Takes a session's newer revision in place of the older."""
        self._put(_scored_key(scored.session_id), keep(scored))
        if scored.ts > self.reached_s:
            self._put(REACHED, repr(scored.ts).encode())
        self._index(scored)
        self._due.scored(scored.visitor_id)

    def scored(self, session_id: str) -> Scored:
        """The last scored revision."""
        return read_scored(self._entries[_scored_key(session_id)])

    def given(self, session_id: str) -> dict[str, Given]:
        """What each source said last about the session."""
        value = self._entries.get(GIVEN + session_id.encode())
        return _read_given.decode(value) if value is not None else {}

    def give(self, session_id: str, label: Label) -> None:
        """Remembers an answer."""
        given = self.given(session_id) | {label.source: Given(label.label, label.ts)}
        self._put(GIVEN + session_id.encode(), msgspec.json.encode(given))

    def wait(self, label: Label, value: bytes, arrived_s: float) -> LabelOutcome:
        """Lets a label wait, unless too many of its visitor's do; a repeated one takes the place of the first."""
        key = _waiting_key(label)
        theirs = self._waiting.get(label.visitor_id, {})
        if key not in theirs and (len(theirs) >= MOST_WAITING or self.labels_waiting >= MOST_WAITING_IN_ALL):
            return LabelOutcome.OVERFLOWED
        known = key in theirs
        self._put(key, msgspec.json.encode(Waiting(msgspec.Raw(value), arrived_s)))
        if known:
            return LabelOutcome.REPEATED
        self._index_waiting(key, label, arrived_s)
        return LabelOutcome.WAITING

    def waiting(self, visitor_id: str) -> list[tuple[Label, float]]:
        """The visitor's labels that wait, in the order of their time, each with its arrival."""
        found = []
        for key in self._waiting.get(visitor_id, ()):
            entry = _read_waiting.decode(self._entries[key])
            found.append((read_label(bytes(entry.label)), entry.arrived_s))
        return sorted(found, key=lambda one: (one[0].ts, one[0].source))

    def due(self, now_s: float) -> list[Label]:
        """People's labels that have waited for `IMPATIENT_AFTER_S` and may find a session now; a bounded number.

        In the order of visitor, time and source: of one source the later answer counts, so that a label joined before
        an earlier one would make that one outdated.
        """
        taken: defaultdict[str, set[bytes]] = defaultdict(set)
        for visitor_id, key in self._due.take(now_s, MOST_A_TICK):
            if key in self._waiting.get(visitor_id, ()):
                taken[visitor_id].add(key)
        found = []
        for visitor_id, keys in sorted(taken.items()):
            for key in self._waiting[visitor_id]:
                if key not in keys:
                    continue
                entry = _read_waiting.decode(self._entries[key])
                due_s = entry.arrived_s + IMPATIENT_AFTER_S
                if due_s > now_s:
                    # The same answer came once more.
                    self._due.add(due_s, (visitor_id, key))
                else:
                    found.append(read_label(bytes(entry.label)))
        return sorted(found, key=lambda label: (label.visitor_id, label.ts, label.source))

    def tried_in_vain(self, label: Label) -> None:
        """A due label found no session: it is due again once its visitor is scored."""
        self._due.tried_in_vain((label.visitor_id, _waiting_key(label)))

    def end_wait(self, label: Label) -> None:
        """The label waits no longer."""
        key = _waiting_key(label)
        self.labels_waiting -= 1
        self._due.forget((label.visitor_id, key))
        theirs = self._waiting[label.visitor_id]
        theirs.pop(key, None)
        if not theirs:
            del self._waiting[label.visitor_id]
        self._drop(key)

    def expire(self) -> list[Label]:
        """Forgets what waited for too long; gives the labels among it."""
        horizon = self.reached_s - self._wait_s
        while self._ends and self._ends[0][0] < horizon:
            end, session_id = heappop(self._ends)
            span = self._spans.get(session_id)
            if span is not None and span.end > end:
                # It has grown since it was entered: one entry a session is enough, whatever its revisions.
                heappush(self._ends, (span.end, session_id))
            elif span is not None:
                self._forget(span)
        expired = []
        while self._label_times and self._label_times[0][0] < horizon:
            _, visitor_id, key = heappop(self._label_times)
            if key in self._waiting.get(visitor_id, ()):
                label = read_label(bytes(_read_waiting.decode(self._entries[key]).label))
                self.end_wait(label)
                expired.append(label)
        return expired

    def _index(self, scored: Scored) -> None:
        before = self._spans.get(scored.session_id)
        self._spans[scored.session_id] = Span(
            scored.session_id,
            scored.visitor_id,
            scored.start,
            scored.ts,
            scored.final,
            scored.revision,
            scored.merged_into,
        )
        self._by_visitor[scored.visitor_id].add(scored.session_id)
        self.reached_s = max(self.reached_s, scored.ts)
        if before is None or scored.ts < before.end:
            heappush(self._ends, (scored.ts, scored.session_id))

    def _index_waiting(self, key: bytes, label: Label, arrived_s: float) -> None:
        self._waiting[label.visitor_id][key] = label.ts
        self.labels_waiting += 1
        if not is_weak(label.source):
            self._due.add(arrived_s + IMPATIENT_AFTER_S, (label.visitor_id, key))
        # Nobody can speak of what is yet to come: a time far ahead would wait for ever.
        heappush(self._label_times, (min(label.ts, arrived_s + MOST_AHEAD_S), label.visitor_id, key))

    def _forget(self, span: Span) -> None:
        del self._spans[span.session_id]
        theirs = self._by_visitor[span.visitor_id]
        theirs.discard(span.session_id)
        if not theirs:
            del self._by_visitor[span.visitor_id]
        self._drop(_scored_key(span.session_id))
        self._drop(GIVEN + span.session_id.encode())

    def _put(self, key: bytes, value: bytes) -> None:
        self._entries[key] = value
        self._changed.add(key)

    def _drop(self, key: bytes) -> None:
        if self._entries.pop(key, None) is not None:
            self._changed.add(key)


def _scored_key(session_id: str) -> bytes:
    return SCORED + session_id.encode()


def _waiting_key(label: Label) -> bytes:
    identity = msgspec.json.encode([label.visitor_id, label.session_id, label.source, label.ts])
    return WAITING + hashlib.blake2b(identity, digest_size=16).digest()
