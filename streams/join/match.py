"""Plain functions that match a label to a session's revision, and decide between contradicting labels."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.join.records import SourceLabel
from weir.contracts import Label
from weir.contracts.label import WITHDRAWN, LabelOutcome, is_weak


@dataclass(frozen=True, slots=True)
class SessionRevisions:
    """The scored revisions of a session."""

    session_id: str
    visitor_id: str
    start: float
    end: float
    final: bool
    revision: int
    merged_into: str | None = None
    """The session that it was merged into."""
    earlier: tuple[tuple[float, int], ...] = ()
    """End and number of earlier scored revisions with an earlier end."""


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """The scored revision that a label joins."""

    span: SessionRevisions
    revision: int


def may_be_another(label: Label, span: SessionRevisions, reached_s: float, gap_s: float) -> bool:
    """Whether another session of the visitor may have begun by the label's time without being scored yet."""
    return label.session_id is None and span.final and max(reached_s, span.end + gap_s) < label.ts


def session_of(label: Label, spans: Iterable[SessionRevisions]) -> SessionRevisions | None:
    """The session that a label names, after merges; without a name, the last one that began by the label's time."""
    return _named(label, spans) if label.session_id is not None else _at(label.ts, spans)


def find(
    label: Label, spans: Iterable[SessionRevisions], reached_s: float, gap_s: float, *, is_settled: bool
) -> LabelMatch | None:
    """The revision that a label is about, None while that is unknown.

    The session is the one that the label names, or the one that this was merged into. If the label has no session id,
    then it is the visitor's last session that began by `ts`. The revision is the last one that ends by `ts`, so that
    its features contain no event after the label. It is known once the session is final or has a later revision.

    Args:
        label: The label.
        spans: The visitor's scored sessions.
        reached_s: Event time that the partition's scores have reached.
        gap_s: Silence that ends a session.
        is_settled: Whether event time has advanced so far that the last known revision is taken.
    """
    span = session_of(label, spans)
    if span is None:
        return None
    goes_on = not span.final and span.end <= label.ts
    if (may_be_another(label, span, reached_s, gap_s) or goes_on) and not is_settled:
        return None
    known = [(end, revision) for end, revision in (*span.earlier, (span.end, span.revision)) if end <= label.ts]
    return LabelMatch(span, max(known)[1]) if known else None


def settle(label: Label, labels_given: Mapping[str, SourceLabel]) -> LabelOutcome:
    """Whether a label counts beside the earlier ones on its session.

    Human labels outrank weak ones. Of one source, the later label counts. Contradicting human labels all count.
    """
    if is_weak(label.source) and any(
        not is_weak(source) and earlier.label != WITHDRAWN for source, earlier in labels_given.items()
    ):
        return LabelOutcome.OUTRANKED
    before = labels_given.get(label.source)
    if before is None:
        return LabelOutcome.JOINED
    if label.ts < before.ts:
        return LabelOutcome.OUTDATED
    return LabelOutcome.REPEATED if label.label == before.label else LabelOutcome.JOINED


def contradicts(label: Label, labels_given: Mapping[str, SourceLabel]) -> bool:
    """Whether the label of another human source is the opposite."""
    return not is_weak(label.source) and any(
        earlier.label not in {label.label, WITHDRAWN}
        for source, earlier in labels_given.items()
        if source != label.source and not is_weak(source)
    )


def _named(label: Label, spans: Iterable[SessionRevisions]) -> SessionRevisions | None:
    by_id = {span.session_id: span for span in spans}
    found = by_id.get(label.session_id or "")
    while found is not None and found.merged_into is not None:
        # A merge keeps the id of the session that opened first, so chains of our own records end. Foreign records may
        # form a cycle: popping each visited session ends it.
        by_id.pop(found.session_id, None)
        found = by_id.get(found.merged_into)
    return found


def _at(ts: float, spans: Iterable[SessionRevisions]) -> SessionRevisions | None:
    begun = [span for span in spans if span.start <= ts and span.merged_into is None]
    return max(begun, key=lambda span: (span.start, span.session_id), default=None)
