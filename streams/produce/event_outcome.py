"""The outcome of an event for its producer, derived from the records that topics or tables have about it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from streams.sessionize.dedupe import fingerprint
from weir.contracts import Event
from weir.contracts.dead_letter_reason import advice, meaning

What = Literal["dead letter", "late", "duplicate", "session", "no session"]


@dataclass(frozen=True, slots=True)
class DeadLetterCause:
    """Reason and detail of a dead letter."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SessionInterval:
    """Start and end of a session."""

    session_id: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """The outcome of an event; `weir show --json` writes these names."""

    what: What
    said: str
    advice: str = ""
    is_derived: bool = False
    """Whether the outcome is derived from other records, since no record states it."""
    session_id: str | None = None
    """The event's session."""


def refused(refusal: DeadLetterCause) -> EventOutcome:
    """The outcome of an event that is a dead letter."""
    said = f"{meaning(refusal.reason).rstrip('.')} ({refusal.reason})."
    return EventOutcome("dead letter", f"{said} {refusal.detail}".strip(), advice(refusal.reason))


def outcome(  # noqa: PLR0913 -- one parameter for each kind of evidence
    event: Event | None,
    at_s: float,
    *,
    refusal: DeadLetterCause | None = None,
    is_late: bool = False,
    earlier: Iterable[Event] = (),
    sessions: Iterable[SessionInterval] = (),
) -> EventOutcome:
    """The outcome of an event.

    Args:
        event: The event; None if only its position and its ids are known.
        at_s: The event's time.
        refusal: Reason and detail of its dead letter, if there is one.
        is_late: Whether the event is among the late events.
        earlier: Earlier events of the same visitor and event id.
        sessions: The visitor's sessions.
    """
    if refusal is not None:
        return refused(refusal)
    if is_late:
        return EventOutcome(
            "late",
            "The event arrived after its session was closed, and is in the topic of late events.",
            "Send events sooner, or raise grace_s.",
        )
    if event is not None and any(is_equal(event, one) for one in earlier):
        return EventOutcome(
            "duplicate",
            "An equal event arrived earlier. While a session is open, each of its events counts once.",
            "Give each event its own event_id.",
            is_derived=True,
        )
    for span in sessions:
        if span.start_s <= at_s <= span.end_s:
            return EventOutcome(
                "session",
                "The event's time is within a session of its visitor.",
                is_derived=True,
                session_id=span.session_id,
            )
    return EventOutcome(
        "no session",
        "The event was accepted, and no known session contains its time: the event is not folded yet, its session is no"
        " longer stored, or its time was ahead of the brokers' clock.",
        is_derived=True,
    )


def is_equal(event: Event, other: Event) -> bool:
    """Whether sessionize counts the two events as duplicates: by visitor, event id and content."""
    return event.visitor_id == other.visitor_id and fingerprint(event) == fingerprint(other)
