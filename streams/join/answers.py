"""What people say of sessions: their labels, each matched to the session that it is about."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from streams.join.match import SessionRevisions, session_of
from weir.contracts import Label, Session
from weir.contracts.label import WITHDRAWN, is_report, is_weak


class Answered:
    """Takes closed sessions, and gives each with what people say of it, once all have been taken.

    Weak labels count for nothing here: rules would be judged by what they said themselves. Of one person the last
    answer counts, of several the majority; where they are even, nobody has answered.

    Args:
        labels: What people said; of weak labels none is taken.
        take: Called with each session and what people say: True for bad, None for nothing.
    """

    def __init__(self, labels: Iterable[Label], take: Callable[[Session, bool | None], None]) -> None:
        self._take = take
        self._labels: defaultdict[str, list[Label]] = defaultdict(list)
        for label in labels:
            if not is_weak(label.source) and not is_report(label.source):
                self._labels[label.visitor_id].append(label)
        self._waiting: defaultdict[str, dict[str, Session]] = defaultdict(dict)

    def session(self, session: Session) -> None:
        """A closed session: passed on at once if nobody said anything of its visitor."""
        if session.visitor_id in self._labels:
            self._waiting[session.visitor_id][session.session_id] = session
        else:
            self._take(session, None)

    def finish(self) -> None:
        """Passes on the sessions of visitors of whom somebody said something."""
        for visitor, sessions in self._waiting.items():
            said = dict(self._said(visitor, sessions))
            for session_id, session in sessions.items():
                self._take(session, said.get(session_id))
        self._waiting.clear()

    def _said(self, visitor: str, sessions: dict[str, Session]) -> Iterator[tuple[str, bool]]:
        spans = [
            SessionRevisions(one.session_id, one.visitor_id, one.start, one.end, final=True, revision=one.revision)
            for one in sessions.values()
        ]
        last: defaultdict[str, dict[str, Label]] = defaultdict(dict)
        for label in sorted(self._labels[visitor], key=lambda one: one.ts):
            if label.label == WITHDRAWN and label.session_id is None:
                for by_source in last.values():
                    by_source.pop(label.source, None)
                continue
            span = session_of(label, spans)
            if span is not None:
                last[span.session_id][label.source] = label
        for session_id, by_source in last.items():
            said = [label.label for label in by_source.values() if label.label != WITHDRAWN]
            balance = sum(1 if one == "bad" else -1 for one in said)
            if balance:
                yield session_id, balance > 0
