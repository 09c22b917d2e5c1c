"""The newest closed sessions of the store, with their human labels."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import cast

from streams.join.session_labels import SessionLabeller
from weir.console.store.looking import read_session
from weir.console.store.reading import Row, StoreReader
from weir.console.store.schema import unpacked
from weir.contracts import Label, Session
from weir.contracts.label import REPORT_PREFIX, WEAK_PREFIX, AnswerValue

MOST_SESSIONS = 3_000
MOST_LABELS = 20_000
NEWEST = (
    "SELECT session_id, score, body FROM sessions WHERE state IN ('closed', 'split') AND body IS NOT NULL"
    " ORDER BY end_s DESC LIMIT ?"
)
_ANSWERED = (
    "SELECT session_id, score, body FROM sessions WHERE visitor IN (SELECT visitor FROM labels"
    " WHERE source NOT LIKE :weak AND source NOT LIKE :report ORDER BY told_s DESC LIMIT :labels)"
    " AND state IN ('closed', 'split') AND body IS NOT NULL ORDER BY end_s DESC LIMIT :sessions"
)


@dataclass(frozen=True, slots=True)
class LabelledSession:
    """A session with its human label: True for `bad`, False for `good`, None without a label."""

    session: Session
    is_bad: bool | None


def newest(store: StoreReader, at_most: int = MOST_SESSIONS) -> list[Row]:
    """Rows of the newest sessions that are closed and were not merged into another."""
    return store.rows(NEWEST, (at_most,))


def answered(store: StoreReader, at_most: int = MOST_SESSIONS) -> list[Row]:
    """Rows of the newest closed sessions of visitors with human labels."""
    given = {"weak": f"{WEAK_PREFIX}%", "report": f"{REPORT_PREFIX}%", "labels": MOST_LABELS, "sessions": at_most}
    return store.rows(_ANSWERED, given)


def labels(store: StoreReader) -> list[Row]:
    """The last human labels, without visitors' reports and weak labels."""
    return store.rows(
        "SELECT * FROM labels WHERE source NOT LIKE ? AND source NOT LIKE ? ORDER BY told_s DESC LIMIT ?",
        (f"{WEAK_PREFIX}%", f"{REPORT_PREFIX}%", MOST_LABELS),
    )


def decoded(rows: Iterable[Row]) -> list[Session]:
    """The decoded sessions of rows."""
    return [read_session(unpacked(row["body"])) for row in rows]


def judged(sessions: Iterable[Session], label_rows: Sequence[Row]) -> list[LabelledSession]:
    """Each session with its human label, as `weir rules stats` counts it."""
    found: list[LabelledSession] = []
    work = SessionLabeller(
        map(_label, label_rows), lambda session, is_bad: found.append(LabelledSession(session, is_bad))
    )
    for session in sessions:
        work.session(session)
    work.finish()
    return found


def scored(rows: Sequence[Row], label_rows: Sequence[Row]) -> list[tuple[float, bool]]:
    """The champion's scores of sessions with human labels, each with whether the label is `bad`."""
    scores = {row["session_id"]: row["score"] for row in rows if row["score"] is not None}
    return [
        (scores[one.session.session_id], one.is_bad)
        for one in judged(decoded(rows), label_rows)
        if one.is_bad is not None and one.session.session_id in scores
    ]


def _label(row: Row) -> Label:
    return Label.model_construct(
        visitor_id=row["visitor"],
        session_id=row["session_id"],
        ts=row["ts"],
        label=cast("AnswerValue", row["label"]),
        category=row["category"],
        source=row["source"],
        weight=row["weight"],
    )
