"""Which tables there are, of which topic and contract each is; their columns are derived in `columns.py`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from weir.contracts import Flag, Label, Score, Session, TrainingExample
from weir.contracts.base import Record
from weir.contracts.event import Event
from weir.topics import EVENTS, FLAGS, LABELS, LATE, SCORES, SESSIONS, TRAINING, Topic


def _all(_: Any) -> bool:  # noqa: ANN401 -- any record
    return True


@dataclass(frozen=True, slots=True)
class Table:
    """One table: a row for each record of its topic that `keeps` takes."""

    name: str
    topic: Topic
    contract: type[Record]
    moment: str
    """The field whose UTC day a row is filed under."""
    meaning: str
    keeps: Callable[[Any], bool] = _all
    """Whether a record, as its derived decoder gives it, is a row."""


SESSIONS_TABLE = Table(
    "sessions", SESSIONS, Session, "start", "Sessions as they closed, each once", lambda session: session.final
)
FLAGS_TABLE = Table("flags", FLAGS, Flag, "ts", "Verdicts, newer ones of a session beside older ones")
LATE_TABLE = Table("late_events", LATE, Event, "ts", "Events that came after their session had closed")
LABELS_TABLE = Table("labels", LABELS, Label, "ts", "Answers about sessions, of people and of Weir itself")
EXAMPLES_TABLE = Table("examples", TRAINING, TrainingExample, "labelled_at", "Answers with the features as scored")
SCORES_TABLE = Table(
    "scores",
    SCORES,
    Score,
    "ts",
    "The champion's scores, each revision's, with the features as scored",
    lambda score: score.champion,
)
EVENTS_TABLE = Table("events", EVENTS, Event, "ts", "Events as producers sent them")
"""For `weir export` alone: no stage writes it, and it is not among `TABLES`."""

TABLES = (SESSIONS_TABLE, FLAGS_TABLE, LATE_TABLE, LABELS_TABLE, EXAMPLES_TABLE, SCORES_TABLE)
BY_NAME = {table.name: table for table in TABLES}
