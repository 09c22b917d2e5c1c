"""The tables, each with its topic and contract; their columns are derived in `columns.py`."""

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
    """The time field by whose UTC day the table is partitioned."""
    meaning: str
    keeps: Callable[[Any], bool] = _all
    """Whether a decoded record has a row in the table."""


SESSIONS_TABLE = Table(
    "sessions", SESSIONS, Session, "start", "Closed sessions, each once", lambda session: session.final
)
FLAGS_TABLE = Table("flags", FLAGS, Flag, "ts", "Verdicts on sessions, the older ones of a session too")
LATE_TABLE = Table("late_events", LATE, Event, "ts", "Late events, which came after their session had closed")
LABELS_TABLE = Table("labels", LABELS, Label, "ts", "Labels on sessions, by people and by Weir itself")
EXAMPLES_TABLE = Table("examples", TRAINING, TrainingExample, "labelled_at", "Labels joined with the scored features")
SCORES_TABLE = Table(
    "scores",
    SCORES,
    Score,
    "ts",
    "The champion's score of each revision, with the scored features",
    lambda score: score.champion,
)
EVENTS_TABLE = Table("events", EVENTS, Event, "ts", "Events as producers sent them")
"""For `weir export` alone: no stage writes it, and it is not among `TABLES`."""

TABLES = (SESSIONS_TABLE, FLAGS_TABLE, LATE_TABLE, LABELS_TABLE, EXAMPLES_TABLE, SCORES_TABLE)
BY_NAME = {table.name: table for table in TABLES}
