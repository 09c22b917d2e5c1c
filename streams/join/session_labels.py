"""Matches human labels with closed sessions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator

from streams.join.match import SessionRevisions, session_of
from weir.contracts import Label, Session
from weir.contracts.label import WITHDRAWN, is_report, is_weak


class SessionLabeller:
    """Passes on each closed session with its human label, once all sessions were taken.

    The last label of each source counts, and of several sources the majority. A tie counts as no label. Weak labels are
    ignored: rules would be measured by labels that they gave themselves.

    Args:
        labels: Labels of all sources; weak labels and reports are ignored.
        take: Called with each session and whether it is abusive; None without a label.
    """

    def __init__(self, labels: Iterable[Label], take: Callable[[Session, bool | None], None]) -> None:
        self._take = take
        self._labels: defaultdict[str, list[Label]] = defaultdict(list)
        for label in labels:
            if not is_weak(label.source) and not is_report(label.source):
                self._labels[label.visitor_id].append(label)
        self._waiting: defaultdict[str, dict[str, Session]] = defaultdict(dict)

    def session(self, session: Session) -> None:
        """Takes a closed session; passes it on at once if its visitor has no label."""
        if session.visitor_id in self._labels:
            self._waiting[session.visitor_id][session.session_id] = session
        else:
            self._take(session, None)

    def finish(self) -> None:
        """Passes on the sessions of visitors with labels."""
        for visitor, sessions in self._waiting.items():
            labelled = dict(self._labelled(visitor, sessions))
            for session_id, session in sessions.items():
                self._take(session, labelled.get(session_id))
        self._waiting.clear()

    def _labelled(self, visitor: str, sessions: dict[str, Session]) -> Iterator[tuple[str, bool]]:
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
            counted = [label.label for label in by_source.values() if label.label != WITHDRAWN]
            balance = sum(1 if one == "bad" else -1 for one in counted)
            if balance:
                yield session_id, balance > 0
