"""`weir show`: all records of the topics about a visitor, a session or an event."""

from __future__ import annotations

import dataclasses
import sys
from collections.abc import Iterable
from contextlib import suppress
from typing import Annotated, Any

import msgspec
import typer

from streams.produce.event_outcome import DeadLetterCause, EventOutcome, SessionInterval, outcome, refused
from weir.cli.known import LOOKED_INTO, KnownRecords, known_of
from weir.cli.options import Json, with_settings
from weir.cli.output import print_json
from weir.cli.record_text import json_line, line_of, printable, text_headers
from weir.cli.spans import spans_of, time_s
from weir.contracts import Event, Flag
from weir.contracts.fast import decoder
from weir.errors import WorkError
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, FLAGS, LATE, SESSIONS, Topic

command = typer.Typer()
MOST_LINES = 50
"""Most records of each topic that are shown as text, the newest."""
TITLES = {
    "events": "Events",
    "late": "Late events",
    "dead-letter": "Dead letters",
    "sessions": "Revisions of sessions",
    "scores": "Scores, with the cascade's verdict",
    "flags": "Flags",
    "reviews": "Questions",
    "labels": "Labels",
    "answers": "Answers and reports in force",
    "limits": "Limits",
    "actions": "Actions in the console",
}
_event = decoder(Event)
_flag = decoder(Flag)


@command.command()
@with_settings
def show(
    settings: Settings,
    *,
    name: Annotated[str, typer.Argument(metavar="VISITOR|SESSION|EVENT", help="An id, as its records have it.")],
    as_json: Json = False,
) -> None:
    """All records of the topics about a visitor, a session or an event: outcomes, verdicts, reasons, labels.

    The name is first looked up as a visitor's, in that visitor's partition; then as a session's or an event's, in all
    partitions, which takes a while for large topics. With --json the result is one object with the original records. An
    event's outcome is read from dead letters and late events. Whether it was a duplicate, and its session, are derived
    from neighbouring records, and marked so.
    """
    known = known_of(settings, name)
    if known is None:
        raise WorkError(
            f"No topic has a record of {printable(name)}.",
            "Give the id exactly as it was sent. Retention removes records after days; `weir dead-letters list` shows "
            "refused records.",
        )
    if as_json:
        print_json(_as_object(known))
        return
    for line in _lines(known):
        sys.stdout.write(f"{line}\n")


def outcomes(known: KnownRecords) -> list[tuple[LogRecord, EventOutcome]]:
    """The outcome of each event, in the events' order, and of dead letters whose event is no longer on its topic."""
    places = {_origin(record): record for record in known.records.get(DEAD_LETTER, ())}
    late = {_origin(record) for record in known.records.get(LATE, ())}
    sessions = spans_of(known.records.get(SESSIONS, ()))
    spans = [SessionInterval(session_id, start_s, end_s) for session_id, (start_s, end_s) in sessions.items()]
    before: dict[str, list[Event]] = {}
    found_outcomes: list[tuple[LogRecord, EventOutcome]] = []
    for record in known.records.get(EVENTS, ()):
        place = _place(record)
        event = None
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            event = _event(record.value or b"")
        earlier = before.setdefault(event.event_id, []) if event is not None else []
        letter = places.pop(place, None)
        found = outcome(
            event,
            time_s(record) or 0.0,
            refusal=_refusal(letter) if letter is not None else None,
            is_late=place in late,
            earlier=earlier,
            sessions=spans,
        )
        found_outcomes.append((record, found))
        if event is not None:
            earlier.append(event)
    return [*found_outcomes, *((letter, refused(_refusal(letter))) for letter in places.values())]


def _as_object(known: KnownRecords) -> dict[str, Any]:
    became = {_place(record): found for record, found in outcomes(known)}

    def as_object(topic: Topic, record: LogRecord) -> dict[str, Any]:
        value = msgspec.Raw(json_line(topic.name, record).encode())
        one = {"partition": record.partition, "offset": record.offset, "record": value}
        found = became.get(_place(record))
        return one if found is None else one | {"became": dataclasses.asdict(found)}

    return {
        "name": known.name,
        "kind": known.kind,
        "visitor": known.visitor,
        "found": {topic.name.replace("-", "_"): known.found[topic] for topic in LOOKED_INTO if known.found.get(topic)},
    } | {
        topic.name.replace("-", "_"): [as_object(topic, record) for record in known.records.get(topic, ())]
        for topic in LOOKED_INTO
    }


def _lines(known: KnownRecords) -> Iterable[str]:
    whose = f" of visitor {printable(known.visitor)}" if known.visitor not in {None, known.name} else ""
    yield f"{known.kind.capitalize()} {printable(known.name)}{whose}"
    became = {_place(record): found for record, found in outcomes(known)}
    for topic in LOOKED_INTO:
        records = known.records.get(topic, [])
        if not records:
            continue
        number = known.found.get(topic, len(records))
        older = f", the newest {MOST_LINES} of {number:,} (--json has more)" if number > MOST_LINES else ""
        yield ""
        yield f"{TITLES[topic.name]}{older}"
        for record in records[-MOST_LINES:]:
            yield f"  {line_of(topic.name, record)}"
            yield from (f"    {line}" for line in _more(topic, record, became))


def _more(topic: Topic, record: LogRecord, became: dict[tuple[str, int, int], EventOutcome]) -> Iterable[str]:
    """Further lines of a record: an event's outcome, or a flag's reasons."""
    found = became.get(_place(record))
    if found is not None:
        how = " (concluded)" if found.is_derived else ""
        session = f" {found.session_id}" if found.session_id else ""
        yield printable(f"{found.what}{session}{how}: {found.said}")
        if found.advice:
            yield printable(found.advice)
    if topic is FLAGS:
        with suppress(msgspec.DecodeError, UnicodeDecodeError):
            for reason in _flag(record.value or b"").reasons:
                yield printable(f"{reason.id} {reason.version}: {reason.text}")


def _origin(record: LogRecord) -> tuple[str, int, int]:
    """The position in the headers of a late event or a dead letter, else the record's own position."""
    headers = text_headers(record)
    try:
        return headers.get("topic", ""), int(headers.get("partition", "")), int(headers.get("offset", ""))
    except ValueError:
        return _place(record)


def _place(record: LogRecord) -> tuple[str, int, int]:
    return record.topic, record.partition, record.offset


def _refusal(letter: LogRecord) -> DeadLetterCause:
    headers = text_headers(letter)
    return DeadLetterCause(headers.get("reason", ""), headers.get("detail", ""))
