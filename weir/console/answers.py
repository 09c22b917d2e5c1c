"""The label of an answer, its undoing and its effect: plain functions over the store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from pydantic import ValidationError

from weir.console.access.roles import Person
from weir.console.installation import Installation
from weir.console.store.people import ACTION_HEADER
from weir.console.store.reading import Row, StoreReader
from weir.contracts import Action, Label
from weir.contracts.action import ActionKind
from weir.contracts.fast import encode
from weir.contracts.label import WITHDRAWN, AnswerValue, LabelValue
from weir.errors import UsageError
from weir.kafka.records import Output
from weir.topics import LABELS

CATEGORIES = ("scraper", "spam", "credential stuffing", "scanner", "injection", "fraud", "bot", "other")
"""Kinds of abuse that a page offers; a label may have any other."""
SITTING_S = 12 * 3_600.0
"""Answers of at most this age belong to the present sitting."""
_KINDS: dict[str, tuple[ActionKind, LabelValue | None]] = {
    "good": ("answer", "good"),
    "bad": ("answer", "bad"),
    "unsure": ("unsure", None),
    "skip": ("skip", None),
}


@dataclass(frozen=True, slots=True)
class Effect:
    """The effect of a reviewer's answers of this sitting."""

    answers: int
    freed: int
    """Flagged visitors that a label `good` of this reviewer lets through now."""
    stopped: int
    """Visitors that a label `bad` of this reviewer flags now."""
    version_before: str | None
    """The champion when the first of the answers was given."""
    version_now: str | None
    examples: int | None
    """Training examples since the champion was trained; None: unknown."""


def action_of(  # noqa: PLR0913 -- one parameter a field
    *,
    action_id: str,
    now_s: float,
    who: str,
    kind: str,
    session_id: str,
    visitor: str,
    category: str,
    why: str,
    queue: str,
    rules: Sequence[str],
) -> Action:
    """The action of an answer, an "unsure" or a skip.

    Raises:
        UsageError: the answer is none of these.
    """
    if kind not in _KINDS:
        raise UsageError("The answer is not one of good, bad, unsure and skip.", "Use the page's buttons or keys.")
    known, label = _KINDS[kind]
    try:
        return Action(
            action_id=action_id,
            at=now_s,
            who=who,
            kind=known,
            why=why,
            session_id=session_id,
            visitor_id=visitor,
            label=label,
            category=(category[:128] or None) if label == "bad" else None,
            asked=queue[:512] or None,
            rules=list(rules),
        )
    except ValidationError as error:
        raise UsageError(f"The answer is refused: {error.errors()[0]['msg']}.", "Shorten it.") from error


def label_of(action: Action, source: str | None = None) -> Output:
    """The label for an answer, or for the undoing of an answer.

    Args:
        action: the action of the label.
        source: the author of the answer that is undone.
    """
    value: AnswerValue = WITHDRAWN if action.kind == "undo" else cast("LabelValue", action.label)
    label = Label(
        visitor_id=cast("str", action.visitor_id),
        session_id=action.session_id,
        ts=action.at,
        label=value,
        category=action.category if value == "bad" else None,
        source=source or action.who,
    )
    headers = ((ACTION_HEADER, action.action_id.encode()),)
    return Output(LABELS, label.visitor_id.encode(), encode(label), headers)


def undoable(store: StoreReader, action_id: str, person: Person) -> Row:
    """The action that a person may undo.

    Raises:
        UsageError: there is no such action, it is undone already, or it is another person's.
    """
    row = store.row("SELECT * FROM actions WHERE action_id = ?", (action_id,))
    if row is None or row["kind"] not in {"answer", "unsure", "skip"}:
        raise UsageError("There is no such action to undo.", "The page Audit shows all actions.")
    if row["undone"]:
        raise UsageError("This action is undone already.", "The page Audit shows all actions.")
    if row["who"] != person.name and person.role != "operate":
        raise UsageError(f"This is {row['who']}'s answer.", "Only its author or an operator can undo it: ask one.")
    return row


def stands(store: StoreReader, row: Row) -> bool:
    """Whether an answer is its author's newest on its session: undoing an older one does not change the newer one."""
    newer = store.row(
        "SELECT 1 FROM actions WHERE who = ? AND session_id = ? AND kind = 'answer' AND undone = 0 AND at_s > ?",
        (row["who"], row["session_id"], row["at_s"]),
    )
    return newer is None


def undo_of(row: Row, *, action_id: str, now_s: float, who: str, why: str) -> Action:
    """The action that undoes another one."""
    return Action(
        action_id=action_id,
        # A source's later label overrides its earlier one, so the time must be later even if this clock is behind.
        at=max(now_s, row["at_s"] + 0.001),
        who=who,
        kind="undo",
        why=why,
        session_id=row["session_id"],
        visitor_id=row["visitor"],
        label=row["label"],
        category=row["category"],
        undoes=row["action_id"],
    )


def mine(store: StoreReader, who: str, at_most: int = 8) -> list[Row]:
    """The newest actions that a person can undo."""
    return store.rows(
        "SELECT * FROM actions WHERE who = ? AND kind IN ('answer', 'unsure', 'skip') AND undone = 0"
        " ORDER BY at_s DESC LIMIT ?",
        (who, at_most),
    )


def effect_of(store: StoreReader, installation: Installation, who: str, now_s: float) -> Effect:
    """The effect of a person's answers of this sitting."""
    rows = store.rows(
        "SELECT at_s, visitor, label FROM actions WHERE who = ? AND kind = 'answer' AND undone = 0 AND at_s >= ?"
        " ORDER BY at_s",
        (who, now_s - SITTING_S),
    )
    freed = stopped = 0
    for visitor, label in {row["visitor"]: row["label"] for row in rows}.items():
        seen = store.row("SELECT verdict, stage FROM visitors WHERE visitor = ?", (visitor,))
        if seen is not None and seen["stage"] == "people":
            freed += label == "good" and seen["verdict"] == "allow"
            stopped += label == "bad" and seen["verdict"] != "allow"
    before, now, examples = _versions(installation, rows[0]["at_s"] if rows else now_s)
    return Effect(len(rows), freed, stopped, before, now, examples)


def _versions(installation: Installation, since_s: float) -> tuple[str | None, str | None, int | None]:
    ledger = installation.ledger
    if ledger is None:
        return None, None, None
    with installation.lock:
        made = [
            one
            for one in sorted(ledger.decisions.values(), key=lambda one: one.number)
            if one.kind in {"promotion", "refresh", "rollback"}
        ]
        now = ledger.champion.version if ledger.champion is not None else None
        earlier = [one.version for one in made if one.decided_at <= since_s]
        serving = ledger.snapshots.get(now) if now else None
        end = installation.training_end
    examples = max(0, end - serving.trained_to_offset) if serving is not None else None
    return (earlier[-1] if earlier else None), now, examples
