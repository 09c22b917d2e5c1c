"""Decodes only the times of sessions and events from their records."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from weir.kafka.records import LogRecord
from weir.times import BadTimeError, to_epoch_s


class _Span(msgspec.Struct):
    session_id: str
    start: float
    end: float
    merged_into: str | None = None


class _Time(msgspec.Struct):
    ts: float | str


_read_span = msgspec.json.Decoder(_Span).decode
_read_time = msgspec.json.Decoder(_Time).decode


def spans_of(sessions: Iterable[LogRecord]) -> dict[str, tuple[float, float]]:
    """Start and end of each session in its newest revision; sessions that another took over are left out."""
    spans: dict[str, tuple[float, float]] = {}
    for record in sessions:
        one = _span(record)
        if one is not None:
            spans[one.session_id] = (one.start, one.end)
            if one.merged_into is not None:
                del spans[one.session_id]
    return spans


def span_of(sessions: Iterable[LogRecord], session_id: str) -> tuple[float, float] | None:
    """Start and end of a session in its newest revision, even if another session took it over."""
    spans = [one for record in sessions if (one := _span(record)) is not None and one.session_id == session_id]
    return (spans[-1].start, spans[-1].end) if spans else None


def time_s(event: LogRecord) -> float | None:
    """The time of an event; None if the record has no valid time."""
    try:
        return to_epoch_s(_read_time(event.value or b"").ts)
    except (msgspec.DecodeError, UnicodeDecodeError, BadTimeError):
        return None


def _span(session: LogRecord) -> _Span | None:
    try:
        return _read_span(session.value or b"")
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
