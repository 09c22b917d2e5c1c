"""Writes events, late events, dead letters and limits into the store."""

from __future__ import annotations

from contextlib import suppress

import msgspec

from streams.dead_letter import names_in
from streams.decode import at_the_gate
from streams.read_record import LARGEST_BYTES
from streams.sessionize.watermark import HEADER as WATERMARK_HEADER
from weir.console.store.schema import packed
from weir.console.store.tables import Tables
from weir.contracts import Event, Limit
from weir.contracts.fast import decoder
from weir.kafka.records import LogRecord
from weir.times import BadTimeError, to_epoch_s

_event = decoder(Event)
_limit = decoder(Limit)
LARGEST_KEPT_BYTES = 16_384
"""Of larger events the store has only the position; pages read them from the topic."""
HEAD_BYTES = 2_048
"""Most bytes of a dead letter that are stored to be shown."""


def take_event(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.events`; invalid events are left to their dead letters."""
    told_s = record.timestamp / 1_000
    if any(name == WATERMARK_HEADER for name, _ in record.headers):
        return
    tables.count("arrived", "events", told_s)
    if record.value is None or at_the_gate(record.value, LARGEST_BYTES) is not None:
        return
    with suppress(msgspec.DecodeError, UnicodeDecodeError, BadTimeError):
        event = _event(record.value)
        ts = to_epoch_s(event.ts)
        body = packed(record.value) if len(record.value) <= LARGEST_KEPT_BYTES else None
        flagged = tables.db.execute(
            "SELECT 1 FROM visitors WHERE visitor = ? AND verdict NOT IN ('', 'allow') AND last_s >= ?",
            (event.visitor_id, ts - 86_400),
        ).fetchone()
        tables.db.execute(
            "INSERT INTO events (visitor, event_id, ts, told_s, type, partition, offset, kept, body)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(event.visitor_id, event.event_id, ts, told_s, event.type, record.partition, record.offset),
                *(int(flagged is not None), body),
            ),
        )


def take_late(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.late`."""
    told_s = record.timestamp / 1_000
    tables.count("arrived", "late", told_s)
    event = _event(record.value or b"")
    tables.db.execute(
        "INSERT OR IGNORE INTO late VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            *(record.partition, record.offset, told_s, event.visitor_id, event.event_id, to_epoch_s(event.ts)),
            packed(record.value) if record.value and len(record.value) <= LARGEST_KEPT_BYTES else None,
        ),
    )


def take_dead_letter(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.dead-letter`."""
    told_s = record.timestamp / 1_000
    headers = {name: value.decode(errors="replace") for name, value in record.headers}
    value = record.value or b""
    visitor, event_id = names_in(value)
    origin = ":".join(headers.get(name) or "?" for name in ("topic", "partition", "offset"))
    tables.count("arrived", "dead letters", told_s)
    tables.db.execute(
        "INSERT OR IGNORE INTO dead_letters VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(record.partition, record.offset, told_s, headers.get("reason", "?"), headers.get("detail", "")),
            *(origin, headers.get("weir-producer") or headers.get("topic") or "?"),
            *(visitor or _text(record.key), event_id, len(value), value[:HEAD_BYTES]),
        ),
    )


def take_limit(tables: Tables, record: LogRecord) -> None:
    """Takes a record of `weir.limits`; a tombstone removes the limit."""
    if record.value is None:
        kind, _, rest = (record.key or b"").decode(errors="replace").partition(":")
        subject, _, limit_id = rest.rpartition(":")
        tables.db.execute(
            "DELETE FROM limits WHERE subject = ? AND kind = ? AND limit_id = ?", (subject, kind, limit_id)
        )
        return
    limit = _limit(record.value)
    told_s = record.timestamp / 1_000
    tables.count("limit", limit.kind, told_s)
    tables.db.execute(
        "INSERT OR REPLACE INTO limits VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        (
            *(limit.subject, limit.kind, limit.limit, told_s, limit.until, limit.observed, limit.window_s),
            limit.reason,
        ),
    )


def _text(key: bytes | None) -> str | None:
    return key.decode(errors="replace") if key else None
