"""Collects all records of the topics about one visitor, session or event."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Literal

import msgspec

from streams.dead_letter import names_in
from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from weir.cli.output import progress
from weir.cli.spans import span_of, spans_of, time_s
from weir.kafka.lookup import Mention, ranges_of, read_ranges
from weir.kafka.reader import LogReader
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import (
    ACTIONS,
    ANSWERS,
    DEAD_LETTER,
    EVENTS,
    FLAGS,
    LABELS,
    LATE,
    LIMITS,
    REVIEWS,
    SCORES,
    SESSIONS,
    Topic,
)

Kind = Literal["visitor", "session", "event"]
LOOKED_INTO: tuple[Topic, ...] = (
    *(EVENTS, LATE, DEAD_LETTER, SESSIONS, SCORES, FLAGS, REVIEWS, LABELS, ANSWERS, LIMITS, ACTIONS),
)
"""Topics with records about visitors, in the order in which they are shown."""
MOST_RECORDS = 20_000
"""Most records that are kept of each topic, the newest."""


class _Names(msgspec.Struct):
    """The visitor, session and event that a record is about; its other fields are not checked."""

    visitor_id: object = None
    session_id: object = None
    event_id: object = None
    subject: object = None


_decode = msgspec.json.Decoder(_Names).decode


@dataclass(slots=True)
class KnownRecords:
    """The records about one visitor, session or event."""

    name: str
    kind: Kind
    visitor: str | None
    """The visitor of the session or event; None if a dead letter does not name one."""
    records: dict[Topic, list[LogRecord]]
    """Records by topic, each topic's in the order of its partitions."""
    found: Mapping[Topic, int] = field(default_factory=dict)
    """Number of records by topic, which may be more than `records` has."""


def known_of(settings: Settings, name: str) -> KnownRecords | None:
    """The records about a visitor of this name, else about a session or an event; None if there are none.

    Raises:
        ClusterError: the cluster is unreachable, or lacks a topic.
    """
    of_visitor = _of_visitor(settings, name)
    if of_visitor is not None:
        return of_visitor
    naming = {topic: records for topic, records in _naming(settings, name).items() if records}
    if not naming:
        return None
    every = [(topic, record, _names(topic, record)) for topic, records in naming.items() for record in records]
    kind: Kind = "session" if any(names.session_id == name for _, _, names in every) else "event"
    visitor = next((one for _, _, names in every if isinstance(one := names.visitor_id, str)), None)
    whole = _of_visitor(settings, visitor) if visitor is not None else None
    if whole is None:
        return KnownRecords(name, kind, visitor, naming, {topic: len(records) for topic, records in naming.items()})
    chosen = _of_session(whole, name) if kind == "session" else _of_event(whole, name)
    return KnownRecords(name, kind, visitor, chosen, {topic: len(records) for topic, records in chosen.items()})


def _of_visitor(settings: Settings, visitor: str) -> KnownRecords | None:
    """The records about a visitor; of topics that are keyed by visitor, only the visitor's partition is read."""
    kept: dict[Topic, deque[LogRecord]] = {topic: deque(maxlen=MOST_RECORDS) for topic in LOOKED_INTO}
    found = Counter[Topic]()
    for topic, record in _mentioning(settings, visitor, visitor):
        names = _names(topic, record)
        if visitor in (names.visitor_id, names.subject):
            kept[topic].append(record)
            found[topic] += 1
    if not found:
        return None
    return KnownRecords(
        visitor, "visitor", visitor, {topic: [*records] for topic, records in kept.items() if records}, found
    )


def _naming(settings: Settings, name: str) -> dict[Topic, list[LogRecord]]:
    """Records about a session or an event of that name, in any partition."""
    kept: dict[Topic, deque[LogRecord]] = {topic: deque(maxlen=MOST_RECORDS) for topic in LOOKED_INTO}
    for topic, record in _mentioning(settings, name, None):
        names = _names(topic, record)
        if name in (names.session_id, names.event_id):
            kept[topic].append(record)
    return {topic: [*records] for topic, records in kept.items()}


def _mentioning(settings: Settings, name: str, visitor: str | None) -> Iterator[tuple[Topic, LogRecord]]:
    topics = {settings.names.public(topic): topic for topic in LOOKED_INTO}
    mention = Mention(name)
    with LogReader(settings, [*topics]) as reader:
        ranges = ranges_of(reader, settings, LOOKED_INTO, visitor)
        with progress("read", ranges.records, "records") as advance:
            for record in read_ranges(reader, ranges, advance):
                if record in mention and not any(header == WATERMARK_HEADER for header, _ in record.headers):
                    yield topics[record.topic], record


def _of_session(whole: KnownRecords, session_id: str) -> dict[Topic, list[LogRecord]]:
    """The records about one session among a visitor's records, with the events and labels in the session's time."""
    start_s, end_s = span_of(whole.records.get(SESSIONS, ()), session_id) or (1.0, 0.0)
    chosen: dict[Topic, list[LogRecord]] = {}
    for topic, records in whole.records.items():
        chosen[topic] = [
            record
            for record in records
            if (topic is EVENTS and start_s <= (time_s(record) or 0.0) <= end_s)
            or _names(topic, record).session_id == session_id
            or (topic is ANSWERS)
        ]
    return {topic: records for topic, records in chosen.items() if records}


def _of_event(whole: KnownRecords, event_id: str) -> dict[Topic, list[LogRecord]]:
    """The records about one event among a visitor's records, and the sessions that span the event's time."""
    chosen = {
        topic: [record for record in whole.records.get(topic, ()) if _names(topic, record).event_id == event_id]
        for topic in (EVENTS, LATE, DEAD_LETTER)
    }
    times = [at_s for record in chosen[EVENTS] if (at_s := time_s(record)) is not None]
    spanning = {
        session_id
        for session_id, (start_s, end_s) in spans_of(whole.records.get(SESSIONS, ())).items()
        if any(start_s <= at_s <= end_s for at_s in times)
    }
    for topic in (SESSIONS, SCORES, FLAGS, REVIEWS, LABELS, ACTIONS):
        records = whole.records.get(topic, ())
        chosen[topic] = [record for record in records if _names(topic, record).session_id in spanning]
    return {topic: records for topic, records in chosen.items() if records}


def _names(topic: Topic, record: LogRecord) -> _Names:
    value = record.value or b""
    key = record.key.decode(errors="replace") if record.key else None
    if topic is DEAD_LETTER:
        visitor, event_id = names_in(value)
        return _Names(visitor_id=visitor or key, event_id=event_id)
    try:
        names = _decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        # An unreadable record's visitor is read from its key.
        return _Names(visitor_id=key if topic.key == "visitor id" else None)
    if topic in {EVENTS, LATE}:
        return _Names(names.visitor_id, event_id=names.event_id)
    if topic is LIMITS:
        return _Names(subject=names.subject)
    return _Names(names.visitor_id, names.session_id)
