"""Which session a label is about, and which label counts where several contradict: plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.join.records import SourceLabel
from weir.contracts import Label
from weir.contracts.label import WITHDRAWN, LabelOutcome, is_weak


@dataclass(frozen=True, slots=True)
class SessionRevisions:
    """A session as far as it was scored."""

    session_id: str
    visitor_id: str
    start: float
    end: float
    final: bool
    revision: int
    merged_into: str | None = None
    """The session that took over its events."""
    earlier: tuple[tuple[float, int], ...] = ()
    """End and number of earlier scored revisions that ended before this one."""


@dataclass(frozen=True, slots=True)
class LabelMatch:
    """The scored revision that a label joins."""

    span: SessionRevisions
    revision: int


def may_be_another(label: Label, span: SessionRevisions, reached_s: float, gap_s: float) -> bool:
    """Whether another session of the visitor's may have begun by `ts`, and not be scored yet."""
    return label.session_id is None and span.final and max(reached_s, span.end + gap_s) < label.ts


def session_of(label: Label, spans: Iterable[SessionRevisions]) -> SessionRevisions | None:
    """The session that a label names, or the one that took over its events; else the last one that began by `ts`."""
    return _named(label, spans) if label.session_id is not None else _at(label.ts, spans)


def find(
    label: Label, spans: Iterable[SessionRevisions], reached_s: float, gap_s: float, *, is_settled: bool
) -> LabelMatch | None:
    """The revision that a label is about, None as long as that can't be said.

    The session is the one that the label names, or the one that took over its events. Without a session id it is the
    visitor's last one that had begun at `ts`. The revision is the last one whose end is not after `ts`, so that nothing
    that came after the answer is in its features. It is known once the session is final or has a later revision.

    Args:
        label: What somebody said.
        spans: The visitor's sessions that were scored.
        reached_s: Event time that the partition's scores have reached.
        gap_s: Silence that ends a session.
        is_settled: Whether event time has gone on for so long that the revision that is known must do.
    """
    span = session_of(label, spans)
    if span is None:
        return None
    goes_on = not span.final and span.end <= label.ts
    if (may_be_another(label, span, reached_s, gap_s) or goes_on) and not is_settled:
        return None
    known = [(end, revision) for end, revision in (*span.earlier, (span.end, span.revision)) if end <= label.ts]
    return LabelMatch(span, max(known)[1]) if known else None


def settle(label: Label, given: Mapping[str, SourceLabel]) -> LabelOutcome:
    """Whether a label counts beside those that were given for its session.

    People outrank weak sources; of one source the later answer counts. People who contradict each other all count.
    """
    if is_weak(label.source) and any(not is_weak(source) and said.label != WITHDRAWN for source, said in given.items()):
        return LabelOutcome.OUTRANKED
    before = given.get(label.source)
    if before is None:
        return LabelOutcome.JOINED
    if label.ts < before.ts:
        return LabelOutcome.OUTDATED
    return LabelOutcome.REPEATED if label.label == before.label else LabelOutcome.JOINED


def contradicts(label: Label, given: Mapping[str, SourceLabel]) -> bool:
    """Whether another person said the opposite."""
    return not is_weak(label.source) and any(
        said.label not in {label.label, WITHDRAWN}
        for source, said in given.items()
        if source != label.source and not is_weak(source)
    )


def _named(label: Label, spans: Iterable[SessionRevisions]) -> SessionRevisions | None:
    by_id = {span.session_id: span for span in spans}
    found = by_id.get(label.session_id or "")
    while found is not None and found.merged_into is not None:
        # The first opened keeps its id, so that this comes to an end; a foreign record must not go round in circles.
        by_id.pop(found.session_id, None)
        found = by_id.get(found.merged_into)
    return found


def _at(ts: float, spans: Iterable[SessionRevisions]) -> SessionRevisions | None:
    begun = [span for span in spans if span.start <= ts and span.merged_into is None]
    return max(begun, key=lambda span: (span.start, span.session_id), default=None)
