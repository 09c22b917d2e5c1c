"""Reads all data of one visitor, one session or one event from the store."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

from weir.console.store.reading import Row, StoreReader
from weir.console.store.schema import unpacked
from weir.console.store.search import COLUMNS, PAGE
from weir.contracts import Answers, Event, Flag, Session
from weir.contracts.fast import decoder

read_session = decoder(Session)
read_flag = decoder(Flag)
read_event = decoder(Event)
_read_answers = decoder(Answers)
MOST_EVENTS = 200


@dataclass(frozen=True, slots=True)
class SessionSeen:
    """A session."""

    row: Row
    record: Session | None
    """The newest revision; None if the store has only a flag on the session."""
    revisions: list[Row]
    """The rows of the revisions, the oldest first."""
    flags: list[Flag]
    """The session's flags, the oldest first."""
    flagged_s: list[float]
    """The time at which each flag was written."""
    labels: list[Row]
    actions: list[Row]
    question: Row | None


@dataclass(frozen=True, slots=True)
class VisitorSeen:
    """A visitor."""

    visitor: str
    row: Row | None
    sessions: list[Row]
    flags: list[Row]
    labels: list[Row]
    limits: list[Row]
    answers: Answers | None
    late: int
    dead: int


def session_of(store: StoreReader, session_id: str) -> SessionSeen | None:
    """A session with its scores, flags and labels; None if the store has none of that id."""
    row = store.row(
        f"SELECT {COLUMNS}, s.revision, s.answered, s.body FROM sessions s WHERE session_id = ?", (session_id,)
    )
    if row is None:
        return None
    flags = store.rows("SELECT told_s, body FROM flags WHERE session_id = ? ORDER BY told_s", (session_id,))
    return SessionSeen(
        row=row,
        record=read_session(unpacked(row["body"])) if row["body"] is not None else None,
        revisions=store.rows("SELECT * FROM revisions WHERE session_id = ? ORDER BY revision", (session_id,)),
        flags=[read_flag(unpacked(one["body"])) for one in flags],
        flagged_s=[one["told_s"] for one in flags],
        labels=store.rows(
            "SELECT * FROM labels WHERE session_id = ? OR (visitor = ? AND session_id IS NULL) ORDER BY told_s",
            (session_id, row["visitor"]),
        ),
        actions=store.rows("SELECT * FROM actions WHERE session_id = ? ORDER BY at_s", (session_id,)),
        question=store.row("SELECT * FROM questions WHERE session_id = ?", (session_id,)),
    )


def visitor_of(store: StoreReader, visitor: str) -> VisitorSeen | None:
    """A visitor with sessions, flags, labels and limits; None if the store has no record of the name."""
    sessions = store.rows(
        f"SELECT {COLUMNS} FROM sessions s WHERE s.visitor = ? ORDER BY s.end_s DESC LIMIT {PAGE}",
        (visitor,),
    )
    answers = store.row("SELECT body FROM answers WHERE visitor = ?", (visitor,))
    addresses = sorted({row["address"] for row in sessions if row["address"]})
    accounts = sorted({row["account"] for row in sessions if row["account"]})
    subjects = [visitor, *addresses, *accounts]
    marks = ", ".join("?" * len(subjects))
    seen = VisitorSeen(
        visitor=visitor,
        row=store.row("SELECT * FROM visitors WHERE visitor = ?", (visitor,)),
        sessions=sessions,
        flags=store.rows("SELECT * FROM flags WHERE visitor = ? ORDER BY told_s DESC LIMIT ?", (visitor, PAGE)),
        labels=store.rows("SELECT * FROM labels WHERE visitor = ? ORDER BY told_s DESC LIMIT ?", (visitor, PAGE)),
        limits=store.rows(f"SELECT * FROM limits WHERE subject IN ({marks}) ORDER BY told_s DESC LIMIT 20", subjects),
        answers=_read_answers(unpacked(answers["body"])) if answers is not None else None,
        late=store.number("SELECT count(*) FROM late WHERE visitor = ?", (visitor,)),
        dead=store.number("SELECT count(*) FROM dead_letters WHERE visitor = ?", (visitor,)),
    )
    known = seen.row is not None or seen.sessions or seen.labels or seen.limits or seen.late or seen.dead
    return seen if known or events_of(store, visitor, 0, 1e12, 1) else None


def events_of(store: StoreReader, visitor: str, from_s: float, to_s: float, at_most: int = MOST_EVENTS) -> list[Row]:
    """Events of a visitor that the store has, in the order of time."""
    return store.rows(
        "SELECT * FROM events WHERE visitor = ? AND ts >= ? AND ts <= ? ORDER BY ts LIMIT ?",
        (visitor, from_s, to_s, at_most),
    )


def event_in(row: Row) -> Event | None:
    """The event of a row; None if it was too large to be stored."""
    return read_event(unpacked(row["body"])) if row["body"] is not None else None


def as_object(seen: SessionSeen) -> dict[str, Any]:
    """A session for programs."""
    hidden = {"body"}
    return {
        "session": msgspec.to_builtins(seen.record) if seen.record is not None else None,
        "verdict": seen.row["verdict"] or None,
        "stage": seen.row["stage"] or None,
        "score": seen.row["score"],
        "revisions": [{key: row[key] for key in row.keys() if key not in hidden} for row in seen.revisions],  # noqa: SIM118 -- sqlite3.Row iterates over values
        "flags": [msgspec.to_builtins(flag) for flag in seen.flags],
        "labels": [dict(row) for row in seen.labels],
    }
