"""Keeps the store within its days and bytes: the oldest sessions are removed first, and actions are not removed."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from weir.console.store.tables import MINUTE_S, PIECE_S

AT_ONCE = 2_000
"""Most sessions that are removed at once, so that readers and the writer don't wait long."""
DAY_S = 86_400.0
_COUNTS_DAYS = 8
RECENT_S = 2_400.0
_BY_TIME = {
    "visitors": "last_s",
    "late": "told_s",
    "dead_letters": "told_s",
    "questions": "told_s",
    "labels": "told_s",
}


@dataclass(frozen=True, slots=True)
class StoreBounds:
    """The bounds of the store."""

    days: float = 7.0
    """Days without a record after which a session is removed."""
    most_bytes: int = 4_000_000_000
    """Most bytes of the store's file; beyond it the oldest sessions are removed earlier."""
    newest_events: int = 100_000
    """Most events of visitors who were never flagged, the newest."""


def enforce(db: sqlite3.Connection, bounds: StoreBounds, now_s: float) -> int:
    """Removes some of the rows beyond the bounds; to be called at intervals, outside a transaction.

    Returns:
        Number of removed sessions; `AT_ONCE` if there may be more.
    """
    db.execute("BEGIN IMMEDIATE")
    before_s = now_s - bounds.days * DAY_S
    if used_bytes(db) > bounds.most_bytes:
        oldest = db.execute("SELECT seen_s FROM sessions ORDER BY seen_s LIMIT 1 OFFSET ?", (AT_ONCE,)).fetchone()
        before_s = max(before_s, oldest[0] if oldest else before_s)
    gone = _forget_sessions(db, before_s)
    for table, column in _BY_TIME.items():
        db.execute(f"DELETE FROM {table} WHERE {column} < ?", (now_s - bounds.days * DAY_S,))
    db.execute("DELETE FROM limits WHERE told_s < ? AND until_s < ?", (now_s - bounds.days * DAY_S, now_s))
    db.execute("DELETE FROM counts WHERE minute < ?", ((now_s - _COUNTS_DAYS * DAY_S) // MINUTE_S,))
    db.execute("DELETE FROM recent WHERE piece < ?", ((now_s - RECENT_S) // PIECE_S,))
    newest = db.execute("SELECT max(n) FROM events").fetchone()[0] or 0
    db.execute("DELETE FROM events WHERE kept = 0 AND n <= ?", (newest - bounds.newest_events,))
    db.execute("DELETE FROM events WHERE kept = 1 AND told_s < ?", (before_s,))
    db.execute("COMMIT")
    db.execute("PRAGMA incremental_vacuum(2000)")
    return gone


def used_bytes(db: sqlite3.Connection) -> int:
    """Bytes of the store's file that are in use."""
    pages, free, size = (
        db.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
    )
    return int((pages - free) * size)


def _forget_sessions(db: sqlite3.Connection, before_s: float) -> int:
    old = db.execute(
        "SELECT session_id, state, verdict, stage FROM sessions WHERE seen_s < ? ORDER BY seen_s LIMIT ?",
        (before_s, AT_ONCE),
    ).fetchall()
    for session_id, state, verdict, stage in old:
        for kind, value in (("state", state), ("verdict", verdict), ("stage", stage)):
            _count_down(db, kind, value)
        for (reason,) in db.execute("SELECT reason FROM reasons WHERE session_id = ?", (session_id,)).fetchall():
            _count_down(db, "reason", reason)
        for table in ("reasons", "revisions", "flags", "sessions"):
            db.execute(f"DELETE FROM {table} WHERE session_id = ?", (session_id,))
    return len(old)


def _count_down(db: sqlite3.Connection, kind: str, value: str) -> None:
    if value:
        db.execute("UPDATE facets SET number = number - 1 WHERE kind = ? AND value = ?", (kind, value))
