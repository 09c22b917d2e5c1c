"""Which session a label is about, and which label counts where several contradict: plain functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from streams.join.records import Given
from weir.contracts import Label
from weir.contracts.label import LabelOutcome, is_weak


@dataclass(frozen=True, slots=True)
class Span:
    """A session as far as it was scored."""

    session_id: str
    visitor_id: str
    start: float
    end: float
    final: bool
    revision: int
    merged_into: str | None = None
    """The session that took over its events."""


def find(label: Label, spans: Iterable[Span], reached_s: float, *, patient: bool) -> Span | None:
    """The session that a label is about, None as long as that can't be said.

    With a session id: that session, or the one that took over its events. Without one: the visitor's session that was
    open at `ts`, else the last before, once the scores have reached `ts`. A patient label waits until the session is
    final or has reached `ts`: a weak one, since it is about a final revision, and one that came before any score, since
    the first ones say little.

    Args:
        label: What somebody said.
        spans: The visitor's sessions that were scored.
        reached_s: Event time that the partition's scores have reached.
        patient: Whether more of the session is waited for.
    """
    found = _named(label, spans) if label.session_id is not None else _at(label.ts, spans, reached_s)
    if found is not None and patient and not (found.final or found.end >= label.ts):
        return None
    return found


def settle(label: Label, given: Mapping[str, Given]) -> LabelOutcome:
    """Whether a label counts beside those that were given for its session.

    People outrank weak sources; of one source the later answer counts. People who contradict each other all count.
    """
    if is_weak(label.source) and any(not is_weak(source) for source in given):
        return LabelOutcome.OUTRANKED
    before = given.get(label.source)
    if before is None:
        return LabelOutcome.JOINED
    if label.ts < before.ts:
        return LabelOutcome.OUTDATED
    return LabelOutcome.REPEATED if label.label == before.label else LabelOutcome.JOINED


def contradicts(label: Label, given: Mapping[str, Given]) -> bool:
    """Whether another person said the opposite."""
    return not is_weak(label.source) and any(
        said.label != label.label for source, said in given.items() if source != label.source and not is_weak(source)
    )


def _named(label: Label, spans: Iterable[Span]) -> Span | None:
    by_id = {span.session_id: span for span in spans}
    found = by_id.get(label.session_id or "")
    while found is not None and found.merged_into is not None:
        # The first opened keeps its id, so that this comes to an end; a foreign record must not go round in circles.
        by_id.pop(found.session_id, None)
        found = by_id.get(found.merged_into)
    return found


def _at(ts: float, spans: Iterable[Span], reached_s: float) -> Span | None:
    begun = [span for span in spans if span.start <= ts and span.merged_into is None]
    is_open = [span for span in begun if not span.final or ts <= span.end]
    if is_open:
        return max(is_open, key=lambda span: (span.start, span.session_id))
    if begun and reached_s >= ts:
        return max(begun, key=lambda span: (span.end, span.session_id))
    return None
