"""Writes sessions, scores and flags into the store: one record at a time, in whatever order their topics come."""

from __future__ import annotations

import json
from collections.abc import Sequence

from weir.console.store.people import is_answered
from weir.console.store.schema import packed
from weir.console.store.tables import Tables
from weir.contracts import Flag, Score, Session
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord

_session = decoder(Session)
_score = decoder(Score)
_flag = decoder(Flag)
RECENT_BODIES = 3
"""Revisions of a session that has no flag are kept so long: a flag on one of them may still be on its way."""


def take_session(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.sessions`."""
    session = _session(record.value or b"")
    told_s, body = record.timestamp / 1_000, packed(record.value or b"")
    state = _state(session)
    before = _row(tables, session.session_id)
    _keep_revision(tables, session, told_s, body)
    if before is not None and before[1] > session.revision:
        return
    account = session.account_ids[-1] if session.account_ids else None
    agent, path = tables.text(session.user_agent), tables.path(session.entry_url)
    tables.db.execute(
        "INSERT INTO sessions (session_id, visitor, start_s, end_s, seen_s, revision, state, events, address, account,"
        " agent, path, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (session_id) DO UPDATE SET"
        " start_s = excluded.start_s, end_s = excluded.end_s, seen_s = max(seen_s, excluded.seen_s),"
        " revision = excluded.revision, state = excluded.state, events = excluded.events, address = excluded.address,"
        " account = excluded.account, agent = excluded.agent, path = excluded.path, body = excluded.body",
        (
            *(session.session_id, session.visitor_id, session.start, session.end, told_s, session.revision, state),
            *(session.events, session.ip, account, agent, path, body),
        ),
    )
    was_new = before is None or not before[1]
    if before is None:
        _apply_earlier_records(tables, session.session_id, session.visitor_id)
    elif before[3]:
        # A search by reason orders by these.
        tables.db.execute("UPDATE reasons SET end_s = ? WHERE session_id = ?", (session.end, session.session_id))
    tables.shift("state", "" if was_new else before[2] if before else "", state)
    if was_new:
        tables.count("sessions", "opened", told_s)
        tables.db.execute("UPDATE texts SET uses = uses + 1 WHERE id IN (?, ?)", (agent, path))
        _see_visitor(tables, session.visitor_id, session.start, session.end, sessions=1)
    else:
        _see_visitor(tables, session.visitor_id, session.start, session.end)
    if session.final:
        tables.count("sessions", "closed", told_s)
        _drop_bodies(tables, session.session_id, session.revision + 1)


def take_score(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.scores`; candidates' scores are not shown."""
    score = _score(record.value or b"")
    if not score.champion and score.score is not None:
        return
    told_s = record.timestamp / 1_000
    model = score.model.version if score.model else None
    rules = json.dumps(score.rules) if score.rules else None
    tables.db.execute(
        "INSERT INTO revisions (session_id, revision, told_s, ts, score, model, verdict, stage, rules, unusual)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET score = excluded.score,"
        " model = excluded.model, verdict = excluded.verdict, stage = excluded.stage, rules = excluded.rules,"
        " unusual = excluded.unusual",
        (
            *(score.session_id, score.revision, told_s, score.ts, score.score, model, score.verdict, score.stage),
            *(rules, score.unusual),
        ),
    )
    tables.db.execute(
        "UPDATE sessions SET score = ?, model = ?, unusual = ifnull(?, unusual) WHERE session_id = ? AND NOT EXISTS"
        " (SELECT 1 FROM revisions WHERE session_id = ? AND revision > ? AND score IS NOT NULL)",
        (score.score, model, score.unusual, score.session_id, score.session_id, score.revision),
    )


def take_flag(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.flags`."""
    flag = _flag(record.value or b"")
    told_s = record.timestamp / 1_000
    first = flag.reasons[0] if flag.reasons else None
    added = tables.db.execute(
        "INSERT OR IGNORE INTO flags VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(flag.flag_id, record.partition, record.offset, flag.session_id, flag.visitor_id, flag.revision, flag.ts),
            *(told_s, flag.verdict, flag.stage, flag.score, first.id if first else "", first.text if first else ""),
            *(max(0, len(flag.reasons) - 1), packed(record.value or b"")),
        ),
    ).rowcount
    if not added:
        return
    tables.count("verdict", flag.verdict, told_s)
    tables.count("stage", flag.stage, told_s)
    before = _row(tables, flag.session_id)
    if before is None:
        # The session's own record is still on its way.
        tables.db.execute(
            "INSERT INTO sessions (session_id, visitor, start_s, end_s, seen_s, score) VALUES (?, ?, ?, ?, ?, ?)",
            (flag.session_id, flag.visitor_id, flag.ts, flag.ts, told_s, flag.score),
        )
        _apply_earlier_records(tables, flag.session_id, flag.visitor_id)
    tables.db.execute(
        "UPDATE sessions SET verdict = ?, stage = ?, flagged_s = ?, seen_s = max(seen_s, ?) WHERE session_id = ?",
        (flag.verdict, flag.stage, told_s, told_s, flag.session_id),
    )
    tables.shift("verdict", before[3] if before else "", flag.verdict)
    tables.shift("stage", before[4] if before else "", flag.stage)
    _replace_reasons(tables, flag.session_id, [reason.id for reason in flag.reasons])
    _see_visitor(tables, flag.visitor_id, flag.ts, flag.ts, flags=1)
    tables.db.execute(
        "UPDATE visitors SET verdict = ?, stage = ?, flagged_s = ?, until_s = ? WHERE visitor = ?",
        (flag.verdict, flag.stage, told_s, flag.until, flag.visitor_id),
    )
    tables.db.execute("UPDATE events SET kept = 1 WHERE visitor = ? AND kept = 0", (flag.visitor_id,))


def _apply_earlier_records(tables: Tables, session_id: str, visitor: str) -> None:
    """Brings a new row of a session up to the scores and labels that were read before it: topics come in any order."""
    tables.db.execute(
        "UPDATE sessions SET answered = ? WHERE session_id = ?", (is_answered(tables, session_id, visitor), session_id)
    )
    for columns in ("score, model", "unusual"):
        first = columns.partition(",")[0]
        found = tables.db.execute(
            f"SELECT {columns} FROM revisions WHERE session_id = ? AND {first} IS NOT NULL"
            " ORDER BY revision DESC LIMIT 1",
            (session_id,),
        ).fetchone()
        if found is not None:
            marks = ", ".join("?" * len(found))
            tables.db.execute(f"UPDATE sessions SET ({columns}) = ({marks}) WHERE session_id = ?", (*found, session_id))


def _state(session: Session) -> str:
    if not session.final:
        return "open"
    return "merged" if session.merged_into else "split" if session.split else "closed"


def _row(tables: Tables, session_id: str) -> tuple[int, int, str, str, str] | None:
    found: tuple[int, int, str, str, str] | None = tables.db.execute(
        "SELECT n, revision, state, verdict, stage FROM sessions WHERE session_id = ?", (session_id,)
    ).fetchone()
    return found


def _keep_revision(tables: Tables, session: Session, told_s: float, body: bytes) -> None:
    tables.db.execute(
        "INSERT INTO revisions (session_id, revision, told_s, ts, events, body) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO UPDATE SET told_s = excluded.told_s, ts = excluded.ts, events = excluded.events,"
        " body = excluded.body",
        (session.session_id, session.revision, told_s, session.end, session.events, body),
    )
    if session.revision > RECENT_BODIES:
        _drop_bodies(tables, session.session_id, session.revision - RECENT_BODIES + 1)


def _drop_bodies(tables: Tables, session_id: str, below: int) -> None:
    """Of revisions below a number that no flag names: the newest one's body is in the session's own row too."""
    tables.db.execute(
        "UPDATE revisions SET body = NULL WHERE session_id = ? AND revision < ? AND body IS NOT NULL"
        " AND revision NOT IN (SELECT revision FROM flags WHERE flags.session_id = revisions.session_id)",
        (session_id, below),
    )


def _replace_reasons(tables: Tables, session_id: str, reasons: Sequence[str]) -> None:
    before = {name for (name,) in tables.db.execute("SELECT reason FROM reasons WHERE session_id = ?", (session_id,))}
    after = set(reasons)
    for name in before - after:
        tables.db.execute("DELETE FROM reasons WHERE reason = ? AND session_id = ?", (name, session_id))
        tables.shift("reason", name, "")
    for name in after - before:
        tables.db.execute(
            "INSERT INTO reasons SELECT ?, session_id, end_s FROM sessions WHERE session_id = ?", (name, session_id)
        )
        tables.shift("reason", "", name)


def _see_visitor(  # noqa: PLR0913 -- what a row has
    tables: Tables, visitor: str, first_s: float, last_s: float, *, sessions: int = 0, flags: int = 0
) -> None:
    tables.db.execute(
        "INSERT INTO visitors (visitor, first_s, last_s, sessions, flags) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO UPDATE"
        " SET first_s = min(first_s, excluded.first_s), last_s = max(last_s, excluded.last_s),"
        " sessions = sessions + excluded.sessions, flags = flags + excluded.flags",
        (visitor, first_s, last_s, sessions, flags),
    )
