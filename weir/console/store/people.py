"""Writes questions, labels, answers and actions into the store."""

from __future__ import annotations

import json

from weir.console.store.schema import packed
from weir.console.store.tables import Tables
from weir.contracts import Action, Answers, Label, Review
from weir.contracts.fast import decoder
from weir.contracts.label import WITHDRAWN, kind_of
from weir.kafka.records import LogRecord

_review = decoder(Review)
_label = decoder(Label)
_answers = decoder(Answers)
_action = decoder(Action)
ACTION_HEADER = "weir-action"
"""Header of a label that the console wrote: the id of the action that it came from."""


def take_review(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.reviews`; a newer question about a session replaces the older one."""
    review = _review(record.value or b"")
    doubt = abs(review.score - 0.5) if review.score is not None else 0.0
    reasons = json.dumps([{"id": reason.id, "text": reason.text} for reason in review.reasons])
    # The labels that contradict each other were given before the question, so only a later label answers it.
    since_s = record.timestamp / 1_000 if review.why == "conflict" else 0.0
    answered = is_answered(tables, review.session_id, review.visitor_id, since_s)
    tables.db.execute(
        "INSERT OR REPLACE INTO questions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(review.session_id, review.visitor_id, review.ts, record.timestamp / 1_000, review.why, review.score),
            *(doubt, reasons, answered),
        ),
    )
    tables.count("question", review.why, record.timestamp / 1_000)


def take_label(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.labels`."""
    label = _label(record.value or b"")
    told_s = record.timestamp / 1_000
    action = dict(record.headers).get(ACTION_HEADER, b"").decode(errors="replace") or None
    added = tables.db.execute(
        "INSERT OR IGNORE INTO labels VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(record.partition, record.offset, told_s, label.visitor_id, label.session_id, label.ts, label.label),
            *(label.category, label.source, label.weight, action),
        ),
    ).rowcount
    if not added:
        return
    kind = kind_of(label.source)
    tables.count("label", f"{kind} {label.label}", told_s)
    if kind == "people":
        _settle_question(tables, label)


def take_answers(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.answers`; a tombstone removes the visitor's answers."""
    if record.value is None:
        tables.db.execute("DELETE FROM answers WHERE visitor = ?", ((record.key or b"").decode(errors="replace"),))
        return
    answers = _answers(record.value)
    tables.db.execute(
        "INSERT OR REPLACE INTO answers VALUES (?, ?, ?)",
        (answers.visitor_id, record.timestamp / 1_000, packed(record.value)),
    )


def take_action(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.actions`."""
    if record.value is None:
        tables.db.execute("DELETE FROM actions WHERE action_id = ?", ((record.key or b"").decode(errors="replace"),))
        return
    action = _action(record.value)
    undone = tables.db.execute("SELECT 1 FROM actions WHERE undoes = ?", (action.action_id,)).fetchone() is not None
    tables.db.execute(
        "INSERT OR IGNORE INTO actions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(action.action_id, action.at, action.who, action.kind, action.why, action.session_id, action.visitor_id),
            *(action.label, action.category, action.undoes, undone, json.dumps(action.rules), packed(record.value)),
        ),
    )
    if action.undoes is not None:
        tables.db.execute("UPDATE actions SET undone = 1 WHERE action_id = ?", (action.undoes,))


def _settle_question(tables: Tables, label: Label) -> None:
    """Marks the questions of a label as answered, or as open again if no label is left."""
    sessions = [label.session_id] if label.session_id else _questions_of(tables, label.visitor_id)
    for session_id in sessions:
        if label.label == WITHDRAWN:
            answered = is_answered(tables, session_id, label.visitor_id)
        elif label.session_id:
            answered = 1
        else:
            continue
        for table in ("questions", "sessions"):
            tables.db.execute(f"UPDATE {table} SET answered = ? WHERE session_id = ?", (answered, session_id))


def _questions_of(tables: Tables, visitor: str) -> list[str]:
    found = tables.db.execute("SELECT session_id FROM labels WHERE visitor = ? AND session_id IS NOT NULL", (visitor,))
    return sorted({session_id for (session_id,) in found})


def is_answered(tables: Tables, session_id: str, visitor: str, since_s: float = 0.0) -> int:
    """Whether the newest label of any person on a session is an answer: 1, else 0.

    Args:
        tables: the store.
        session_id: the session.
        visitor: the session's visitor: a withdrawal without a session withdraws all labels of its source on them.
        since_s: only answers that were written later count.
    """
    found = tables.db.execute(
        "SELECT source, label, told_s FROM labels WHERE session_id = ? OR (session_id IS NULL"
        " AND label = 'withdrawn' AND visitor = ?) ORDER BY told_s, partition, offset",
        (session_id, visitor),
    )
    newest = {source: (label, told_s) for source, label, told_s in found if kind_of(source) == "people"}
    return int(any(label != WITHDRAWN and told_s > since_s for label, told_s in newest.values()))
