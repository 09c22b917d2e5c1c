"""The outcome of an event, derived from the store's dead letters, late events, equal events and sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from streams.produce.event_outcome import DeadLetterCause, EventOutcome, SessionInterval, outcome, refused
from weir.console.store.looking import event_in
from weir.console.store.reading import Row, StoreReader
from weir.contracts import Event

MOST_SHOWN = 50
_MOST_SESSIONS = 20


@dataclass(frozen=True, slots=True)
class Became:
    """An event of the store, or a dead letter whose event the store doesn't have."""

    row: Row | None
    """The event's row; None if the store has only its dead letter or late event."""
    event: Event | None
    """None if the value was too large to be stored, or is not an event."""
    outcome: EventOutcome
    letter: Row | None = None
    late: Row | None = None


def became(store: StoreReader, event_id: str, visitor: str, events: str, at_most: int = MOST_SHOWN) -> list[Became]:
    """The outcomes of events of this id, of this visitor, or of both, the newest first; empty if the store has none.

    Args:
        store: the store to read.
        event_id: the event's id; empty for any.
        visitor: the events' visitor; empty for any.
        events: full name of the events topic, which dead letters have as their origin.
        at_most: most events, dead letters and late events, each.
    """
    named = _Named(event_id, visitor)
    rows = store.rows(f"SELECT * FROM events{named.where} ORDER BY n DESC LIMIT ?", (*named.values, at_most))
    dead_letters = store.rows(
        f"SELECT * FROM dead_letters{named.where} ORDER BY told_s DESC LIMIT ?", (*named.values, at_most)
    )
    late = store.rows(f"SELECT * FROM late{named.where} ORDER BY told_s DESC LIMIT ?", (*named.values, at_most))
    by_origin = {letter["origin"]: letter for letter in dead_letters}
    late_by_name = {(one["visitor"], one["event_id"], one["ts"]): one for one in late}
    with_event: set[str] = set()
    found = []
    for row in rows:
        origin = f"{events}:{row['partition']}:{row['offset']}"
        letter = by_origin.get(origin)
        with_event.add(origin)
        late_one = late_by_name.pop((row["visitor"], row["event_id"], row["ts"]), None)
        found.append(_of_row(store, row, letter, late_one))
    rest = [letter for letter in dead_letters if letter["origin"] not in with_event]
    found += [Became(None, None, refused(_refusal(letter)), letter=letter) for letter in rest]
    found += [Became(None, None, outcome(None, one["ts"], is_late=True), late=one) for one in late_by_name.values()]
    return found


def newest(store: StoreReader, at_most: int = MOST_SHOWN) -> list[tuple[Row, Event | None]]:
    """The newest events that the store has."""
    return [(row, event_in(row)) for row in store.rows("SELECT * FROM events ORDER BY n DESC LIMIT ?", (at_most,))]


def spans_at(store: StoreReader, visitor: str, at_s: float) -> list[SessionInterval]:
    """Sessions of a visitor that span a moment; those that another one took over are left out."""
    rows = store.rows(
        "SELECT session_id, start_s, end_s FROM sessions WHERE visitor = ? AND start_s <= ? AND end_s >= ?"
        " AND state != 'merged' ORDER BY end_s LIMIT ?",
        (visitor, at_s, at_s, _MOST_SESSIONS),
    )
    return [SessionInterval(row["session_id"], row["start_s"], row["end_s"]) for row in rows]


@dataclass(frozen=True, slots=True)
class _Named:
    """A condition by event id, by visitor, or by both."""

    event_id: str
    visitor: str

    @property
    def where(self) -> str:
        asked = [f"{name} = ?" for name, value in (("event_id", self.event_id), ("visitor", self.visitor)) if value]
        return f" WHERE {' AND '.join(asked)}" if asked else ""

    @property
    def values(self) -> Sequence[str]:
        return [value for value in (self.event_id, self.visitor) if value]


def _of_row(store: StoreReader, row: Row, letter: Row | None, late: Row | None) -> Became:
    event = event_in(row)
    earlier = store.rows(
        "SELECT * FROM events WHERE event_id = ? AND visitor = ? AND n < ? ORDER BY n DESC LIMIT ?",
        (row["event_id"], row["visitor"], row["n"], MOST_SHOWN),
    )
    found = outcome(
        event,
        row["ts"],
        refusal=_refusal(letter) if letter is not None else None,
        is_late=late is not None,
        earlier=[before for one in earlier if (before := event_in(one)) is not None],
        sessions=spans_at(store, row["visitor"], row["ts"]),
    )
    return Became(row, event, found, letter, late)


def _refusal(letter: Row) -> DeadLetterCause:
    return DeadLetterCause(letter["reason"], letter["detail"])
