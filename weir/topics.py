"""The topic catalogue, from which topics are created, checked, documented and deployed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from pydantic import BaseModel

from weir.contracts import (
    Action,
    Answers,
    DeadLetterHeaders,
    Event,
    Flag,
    Label,
    Limit,
    Record,
    Review,
    Score,
    Session,
    Snapshot,
    TrainingExample,
)
from weir.contracts.rules_record import PackVersion

Cleanup = Literal["delete", "compact", "compact,delete"]
Width = Literal["visitors", "small", "one"]
DAY_MS = 86_400_000


@dataclass(frozen=True, slots=True)
class Topic:
    """A topic with the configuration that Weir needs; `name` is without the installation's prefix."""

    name: str
    key: str
    meaning: str
    contract: type[Record] | None
    width: Width
    """`visitors`: the number of the setting `partitions`; `small`: at most four; `one`: exactly one."""
    cleanup: Cleanup
    retention_ms: int | None
    """None: records are not deleted by age (compacted topics)."""
    log_append_time: bool = False
    max_message_bytes: int = 2 * 1024 * 1024
    reread_ms: int | None = None
    """Of a compacted topic that is read from its beginning at each start: age from which records are compacted."""

    def partitions(self, visitors: int) -> int:
        """The topic's number of partitions, if topics that are keyed by visitor have `visitors` partitions."""
        return {"visitors": visitors, "small": min(4, visitors), "one": 1}[self.width]

    def configuration(self) -> dict[str, str]:
        """The topic's settings in Kafka's own names."""
        settings = {
            "cleanup.policy": self.cleanup,
            "max.message.bytes": str(self.max_message_bytes),
            "message.timestamp.type": "LogAppendTime" if self.log_append_time else "CreateTime",
        }
        if self.retention_ms is not None:
            settings["retention.ms"] = str(self.retention_ms)
        if self.reread_ms is not None:
            # Kafka compacts only closed segments.
            settings |= {"min.compaction.lag.ms": str(self.reread_ms), "segment.ms": str(self.reread_ms)}
        return settings


EVENTS = Topic(
    "events",
    "visitor id",
    "one raw event; now and then a watermark record",
    Event,
    "visitors",
    "delete",
    7 * DAY_MS,
    log_append_time=True,
)
SESSIONS = Topic(
    "sessions",
    "visitor id",
    "a session aggregate: running revisions and one final",
    Session,
    "visitors",
    "delete",
    30 * DAY_MS,
)
SCORES = Topic(
    "scores",
    "visitor id",
    "a revision's features as scored, score and model version",
    Score,
    "visitors",
    "delete",
    365 * DAY_MS,
)
FLAGS = Topic("flags", "visitor id", "a verdict with its reasons", Flag, "visitors", "delete", 30 * DAY_MS)
LIMITS = Topic(
    "limits",
    "kind:subject:limit",
    "a subject over a limit, and the end of that state",
    Limit,
    "small",
    "compact,delete",
    DAY_MS,
)
REVIEWS = Topic("reviews", "session id", "a question for a person", Review, "small", "delete", 30 * DAY_MS)
LABELS = Topic(
    "labels",
    "visitor id",
    "an answer about a session",
    Label,
    "visitors",
    "delete",
    365 * DAY_MS,
    # Programs of others write here: a record with an old timestamp would be deleted before it is read, which stops
    # the worker.
    log_append_time=True,
)
ANSWERS = Topic(
    "answers",
    "visitor id",
    "all answers and reports in force about a visitor, each with its end",
    Answers,
    "visitors",
    "compact,delete",
    30 * DAY_MS,
)
ACTIONS = Topic(
    "actions",
    "action id",
    "an action of a console's user: user, time, reason",
    Action,
    "small",
    "compact,delete",
    365 * DAY_MS,
    # As for labels: records of a console whose clock is wrong must not be deleted early.
    log_append_time=True,
)
TRAINING = Topic(
    "training",
    "example id",
    "features as scored, label, weight and source; its order is the model's history",
    TrainingExample,
    "one",
    "delete",
    365 * DAY_MS,
)
MODELS = Topic(
    "models",
    "<id>/<version>, <id>/draft, champion, trial, decision/<number>",
    "signed snapshots; the champion's version; decisions with author and reason",
    Snapshot,
    "one",
    "compact",
    None,
    max_message_bytes=16 * 1024 * 1024,
)
RULES = Topic(
    "rules",
    "<pack>/<version>, <pack>/current, sums/<partition>/<limit>, distinct/<partition>/<limit>",
    "rule packs and which version of each is in force, and sums of addresses and accounts, that every worker needs",
    PackVersion,
    "one",
    "compact",
    None,
    # A worker that starts needs the sums of the last hour to find the subjects over a limit.
    reread_ms=3_600_000,
)
DEAD_LETTER = Topic(
    "dead-letter",
    "as received",
    "the bytes as received; reason and origin in headers",
    DeadLetterHeaders,
    "small",
    "delete",
    14 * DAY_MS,
    max_message_bytes=4 * 1024 * 1024,
)
REPLAYS = Topic(
    "replays",
    "<partition>/<offset> of the dead letter",
    "a note that a dead letter was sent again; private to `weir dead-letters`",
    None,
    "one",
    "compact",
    None,
)
LATE = Topic(
    "late",
    "visitor id",
    "an event that came after its session's grace, as received",
    Event,
    "visitors",
    "delete",
    14 * DAY_MS,
)

PUBLIC = (
    EVENTS,
    SESSIONS,
    SCORES,
    FLAGS,
    LIMITS,
    REVIEWS,
    LABELS,
    ANSWERS,
    ACTIONS,
    TRAINING,
    MODELS,
    RULES,
    DEAD_LETTER,
    REPLAYS,
    LATE,
)
BY_NAME = {topic.name: topic for topic in PUBLIC}


def state_topic(stage: str) -> Topic:
    """The private state of a stage; named `<application>.<stage>.state`, without the public prefix."""
    width: Width = "one" if stage == "train" else "visitors"
    return Topic(
        f"{stage}.state",
        "type byte + id",
        f"private state of {stage}",
        None,
        width,
        "compact",
        None,
        max_message_bytes=16 * 1024 * 1024,
    )


STAGES = ("sessionize", "score", "join", "train")
"""The stages in the order in which they process an event; each is an agent, and a worker runs one or more."""

TABLE_STAGE = "table"
"""The stage that writes tables and no topics; it runs only if it is named, in a separate group."""


@dataclass(frozen=True, slots=True)
class Names:
    """The full topic names of one installation."""

    prefix: str
    application_id: str

    def public(self, topic: Topic) -> str:
        """`<prefix>.<name>`."""
        return f"{self.prefix}.{topic.name}"

    def state(self, stage: str) -> str:
        """`<application>.<stage>.state`."""
        return f"{self.application_id}.{stage}.state"

    def all(self) -> Iterator[tuple[str, Topic]]:
        """Every topic of the installation with its full name."""
        for topic in PUBLIC:
            yield self.public(topic), topic
        for stage in STAGES:
            yield self.state(stage), state_topic(stage)


def contracts() -> list[type[BaseModel]]:
    """The contract of each public topic, each once, in the catalogue's order."""
    return list(dict.fromkeys(topic.contract for topic in PUBLIC if topic.contract is not None))
