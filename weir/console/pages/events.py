"""Outcomes of events, from the store and on request from the events topic."""

from __future__ import annotations

import dataclasses
from typing import Any

import msgspec
from starlette.responses import Response
from starlette.routing import BaseRoute

from weir.console.context import Console
from weir.console.on_demand import Read
from weir.console.pages.shared import ForbiddenError, Visit, as_json, page, render, see_other
from weir.console.store.event_outcomes import Became, became, newest
from weir.console.store.reading import Row
from weir.errors import UsageError
from weir.kafka.records import LogRecord
from weir.topics import EVENTS

READ = "read events on demand"
MOST_CHARACTERS = 64 * 1024
"""Most bytes of one event that are shown."""
LARGEST_OFFSET = 2**62


def events(console: Console, visit: Visit) -> Response:
    """The newest events, or the outcomes of one event or of a visitor's events."""
    query = visit.query
    if "offset" in query:
        return _one(console, visit)
    event_id, visitor = query.get("q", "").strip(), query.get("visitor", "").strip()
    is_asked = bool(event_id or visitor)
    found = became(console.store, event_id, visitor, console.settings.names.public(EVENTS), 50) if is_asked else []
    read = _read(console, visit, visitor, wanted=not found)
    if visit.wants_json:
        return as_json({"events": [_as_object(one) for one in found], "read": _read_as_object(read)})
    return render(
        console,
        visit,
        "events.html",
        event_id=event_id,
        visitor=visitor,
        is_asked=is_asked,
        found=found,
        newest=[] if is_asked else newest(console.store),
        read=read,
        hits=[one for one in read.found if not event_id or one.event_id == event_id] if read is not None else [],
        may_read=visit.person.may(READ),
    )


def stop(console: Console, visit: Visit) -> Response:
    """Ends the user's reading, and drops the found events."""
    console.on_demand.cancel(visit.person.name)
    form = visit.form
    if form.get("again"):
        return see_other("/events", visitor=form.get("visitor", ""), q=form.get("q", ""), on_demand="1")
    return see_other("/events", visitor=form.get("visitor", ""), q=form.get("q", ""), on_demand="0")


def _read(console: Console, visit: Visit, visitor: str, *, wanted: bool) -> Read | None:
    """The reading on demand that the page shows: begun if the store has nothing, or on request."""
    if not visitor or not visit.person.may(READ):
        return None
    asked = visit.query.get("on_demand", "")
    if asked == "1" or (wanted and asked != "0"):
        return console.on_demand.read(visit.person.name, visitor)
    return console.on_demand.held(visit.person.name, visitor)


def _one(console: Console, visit: Visit) -> Response:
    """One complete event by its position, such as an event that is too large for the store.

    Raises:
        UsageError: the position is not valid.
        ForbiddenError: the user may not read on demand.
    """
    partition, offset = _number(visit, "partition"), _number(visit, "offset")
    if not visit.person.may(READ):
        raise ForbiddenError(f"The role {visit.person.role} may not read events on demand.", "Ask an operator.")
    record = console.on_demand.event_at(partition, offset)
    text = (record.value or b"").decode(errors="replace") if record is not None else ""
    if visit.wants_json:
        return as_json({"partition": partition, "offset": offset, "value": text if record is not None else None})
    return render(
        console,
        visit,
        "event.html",
        200 if record is not None else 404,
        partition=partition,
        offset=offset,
        record=record,
        size=_size(record),
        text=text[:MOST_CHARACTERS],
        is_cut=len(text) > MOST_CHARACTERS,
    )


def _number(visit: Visit, name: str) -> int:
    value = visit.query.get(name, "")
    if not (value.isascii() and value.isdigit()) or int(value[:20]) > LARGEST_OFFSET or len(value) > 20:  # noqa: PLR2004 -- digits of an offset
        raise UsageError("The position in the events topic is not valid.", "Follow a link of the page of events.")
    return int(value)


def _size(record: LogRecord | None) -> int:
    return len(record.value or b"") if record is not None else 0


def _as_object(one: Became) -> dict[str, Any]:
    return {
        "became": dataclasses.asdict(one.outcome),
        "at": _place(one.row),
        "event": msgspec.to_builtins(one.event) if one.event is not None else None,
        "dead_letter": _place(one.letter),
        "late": _place(one.late),
    }


def _place(row: Row | None) -> dict[str, int] | None:
    return {"partition": row["partition"], "offset": row["offset"]} if row is not None else None


def _read_as_object(read: Read | None) -> dict[str, Any] | None:
    if read is None:
        return None
    return {
        "share": read.share,
        "is_over": read.is_over,
        "is_cut": read.is_cut,
        "is_whole": read.is_whole,
        "error": read.error,
        "found": [
            {
                "partition": one.partition,
                "offset": one.offset,
                "event_id": one.event_id,
                "event": msgspec.to_builtins(one.event) if one.event is not None else None,
            }
            for one in read.found
        ],
    }


ROUTES: tuple[BaseRoute, ...] = (
    page("/events", events),
    page("/events/stop", stop, READ, methods=("POST",)),
)
