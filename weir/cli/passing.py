"""Shows new events together with late events and dead letters, for `weir tail events`."""

from __future__ import annotations

import msgspec

from streams.dead_letter import names_in
from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from weir.cli.record_text import json_line, line_of, printable, text_headers
from weir.contracts import Event
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, LATE, Topic

TOPICS: tuple[Topic, ...] = (EVENTS, LATE, DEAD_LETTER)
"""The topics that are followed; the outcome of most events is only in their sessions."""
_WORDS = {EVENTS.name: "event", LATE.name: "late", DEAD_LETTER.name: "dead letter"}
_WIDTH = max(map(len, _WORDS.values()))
_event = decoder(Event)


def visitor_of(topic: Topic, record: LogRecord) -> str | None:
    """The visitor of the record's event; None if the record does not have it."""
    value = record.value or b""
    if topic is not DEAD_LETTER:
        try:
            return _event(value).visitor_id
        except (msgspec.DecodeError, UnicodeDecodeError):
            pass
    named, _ = names_in(value)
    return named or (record.key.decode(errors="replace") if record.key else None)


class Passing:
    """Shows events, late events and dead letters, each line with its kind.

    Args:
        settings: have the topics' full names.
        visitor: the visitor whose records are shown; None for all.
    """

    def __init__(self, settings: Settings, visitor: str | None) -> None:
        self._topics = {settings.names.public(topic): topic for topic in TOPICS}
        self._visitor = visitor

    def is_wanted(self, record: LogRecord) -> bool:
        """Whether the record is shown: watermarks are not."""
        topic = self._topics[record.topic]
        if topic is EVENTS and any(name == WATERMARK_HEADER for name, _ in record.headers):
            return False
        return self._visitor is None or visitor_of(topic, record) == self._visitor

    def line(self, record: LogRecord) -> str:
        """For people: the kind of the record, the event's position, and the record."""
        topic = self._topics[record.topic]
        return f"{_WORDS[topic.name]:<{_WIDTH}}  {self._place(topic, record):<10}  {line_of(topic.name, record)}"

    def json(self, record: LogRecord) -> str:
        """For programs: topic, partition and offset, and the record as in the tail of its topic."""
        topic = self._topics[record.topic]
        where = f'"topic":"{topic.name}","partition":{record.partition},"offset":{record.offset}'
        return f'{{{where},"record":{json_line(topic.name, record)}}}'

    @staticmethod
    def _place(topic: Topic, record: LogRecord) -> str:
        """The event's position in the events topic, which headers of late events and dead letters have too."""
        if topic is EVENTS:
            return f"{record.partition}:{record.offset}"
        headers = text_headers(record)
        return printable(f"{headers.get('partition') or '?'}:{headers.get('offset') or '?'}"[:30])
