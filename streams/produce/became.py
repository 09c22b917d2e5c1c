"""What became of an event, for its producer: told from what is known of it, wherever that was found."""

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
    """What a dead letter says."""

    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class SessionInterval:
    """From when to when a session goes."""

    session_id: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class EventOutcome:
    """What became of an event."""

    what: What
    said: str
    advice: str = ""
    is_derived: bool = False
    """Whether it is concluded from other records: no record says so of the event itself."""
    session_id: str | None = None
    """The session that it is in."""


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
    """What became of an event.

    Args:
        event: the event; None where only its place and its names are known.
        at_s: its time.
        refusal: what the dead letter says that it became.
        is_late: whether a record of the late events is it.
        earlier: events of the same visitor and event id that came before it.
        sessions: the visitor's sessions.
    """
    if refusal is not None:
        return refused(refusal)
    if is_late:
        return EventOutcome(
            "late",
            "It came after its session was closed, and lies among the late events.",
            "Send events sooner, or raise grace_s.",
        )
    if event is not None and any(is_equal(event, one) for one in earlier):
        return EventOutcome(
            "duplicate",
            "An equal event came before it: while a session is open, its events count once.",
            "Give every event an id of its own.",
            is_derived=True,
        )
    for span in sessions:
        if span.start_s <= at_s <= span.end_s:
            return EventOutcome(
                "session", "A session of its visitor spans its time.", is_derived=True, session_id=span.session_id
            )
    return EventOutcome(
        "no session",
        "It was taken, and no session that is known here spans its time: it is not folded yet, its session is no"
        " longer known, or its time was ahead of the brokers' clock.",
        is_derived=True,
    )


def is_equal(event: Event, other: Event) -> bool:
    """Whether the two count as one: by visitor, event id and content, as sessionize has it."""
    return event.visitor_id == other.visitor_id and fingerprint(event) == fingerprint(other)
