"""The record of a person's action in the console."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import Carried, EpochSeconds, Identifier, Record, ShortText
from weir.contracts.label import LabelValue

ActionKind = Literal[
    "answer",
    "unsure",
    "skip",
    "undo",
    "save_queue",
    "remove_queue",
    "promote",
    "rollback",
    "replay_dead_letters",
]


class Action(Record):
    """Topic `weir.actions`, key `action_id`. Skips, saved queues and the audit are rebuilt from these records."""

    action_id: Identifier
    """Chosen by the page that requests the action, so that a request that is sent twice is done once."""
    at: EpochSeconds
    """Time of the action: UTC seconds since the epoch."""
    who: Identifier
    """The person's name at log-in; of an `answer` or `undo`, also the source of the label."""
    kind: ActionKind
    """`answer`: a label was written; `unsure`, `skip`: the person did not decide; `undo`: an answer was withdrawn, or
    a skip forgotten; `save_queue`, `remove_queue`: a search was kept as a queue; the rest changed models or sent dead
    letters again."""
    why: ShortText = ""
    """The reason, in the person's words."""
    session_id: Identifier | None = None
    """The session that the action is about."""
    visitor_id: Identifier | None = None
    """The session's visitor."""
    label: LabelValue | None = None
    """Of an `answer`: the label; of its `undo`: the label that is withdrawn."""
    category: Annotated[str, Field(max_length=128)] | None = None
    """Of an `answer`: the kind of abuse."""
    undoes: Identifier | None = None
    """Of an `undo`: the action that is undone."""
    asked: Annotated[str, Field(max_length=512)] | None = None
    """Of an answer, `unsure` or `skip`: the queue of the question."""
    rules: list[str] = Field(default_factory=list)
    """Ids of the reasons of the session's flag at the time of the action."""
    details: dict[str, Carried] = Field(default_factory=dict)
    """Further facts by kind: a queue's name and search, a model's versions, or the number of dead letters."""
