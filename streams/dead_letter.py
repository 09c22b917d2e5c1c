"""Dead letters: the bytes as received, with reason and origin in headers.

The topic's `max.message.bytes` is greater than the events topic's, so that a dead letter can contain the record. But
brokers measure compressed batches: a record of some kilobytes may have many megabytes uncompressed, and a dead letter
that the topic refuses would stop its partition for ever. Of a record that is too large, a dead letter contains the
beginning, and a header has the size.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from typing import Any, Protocol

import msgspec

from weir import __version__
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.kafka.records import Headers, InputRecord, Output
from weir.topics import DEAD_LETTER

FILE_PREFIX = "file:"
"""Prefix of a file's name in the header `topic`; no topic's name can contain a colon."""
CUT_HEADER = "weir-cut"
"""Header of a dead letter with a part of its record: the size of key and value in bytes."""
MOST_BYTES = DEAD_LETTER.max_message_bytes - 64 * 1024
"""Greatest size of key and value in a complete dead letter; the rest is for headers and framing."""
KEPT_BYTES = 64 * 1024
"""Bytes of the key, and of the value, that are kept of a larger record."""
MAX_DETAIL_CHARACTERS = 500
MOST_LOOKED_AT_BYTES = 16_384
"""Larger dead letters are not searched for names."""


class _HasHeaders(Protocol):
    @property
    def headers(self) -> Headers: ...


def dead_letter(record: InputRecord, reason: DeadLetterReason, detail: str) -> Output:
    """The dead letter of a refused record, with key and value as received unless they are too large."""
    origin = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
    }
    key, value, headers = record.key, record.value, letter_headers(reason, detail, origin)
    size = len(key or b"") + len(value or b"")
    if size > MOST_BYTES:
        key, value = key and key[:KEPT_BYTES], value and value[:KEPT_BYTES]
        headers = (*headers, (CUT_HEADER, b"%d" % size))
    return Output(DEAD_LETTER, key, value, headers)


def letter_headers(reason: DeadLetterReason, detail: str, origin: Mapping[str, str]) -> Headers:
    """Headers of a dead letter: the reason, an error message, and the origin of the record or line."""
    texts = {
        "reason": reason.value,
        "detail": detail[:MAX_DETAIL_CHARACTERS],
        **origin,
        "weir-version": __version__,
    }
    return tuple((name, text.encode(errors="replace")) for name, text in texts.items())


def dead_letter_line(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    """A dead letter as a line of JSON with `headers`, `key` and `value`; bytes that aren't UTF-8 as `{"base64": …}`."""
    return msgspec.json.encode(
        {"headers": {name: _readable(text) for name, text in headers}, "key": _readable(key), "value": _readable(value)}
    )


def header(dead_letter: _HasHeaders, name: str) -> str:
    """The text of a dead letter's header, empty if there is none; of several, the last counts."""
    return next((text for known, text in reversed(dead_letter.headers) if known == name), b"").decode(errors="replace")


def names_in(value: bytes) -> tuple[str | None, str | None]:
    """Visitor and event id of a refused record, as far as its JSON can be read."""
    if len(value) > MOST_LOOKED_AT_BYTES:
        return None, None
    try:
        found: Any = json.loads(value)
    except (ValueError, RecursionError):
        return None, None
    if not isinstance(found, dict):
        return None, None
    visitor, event_id = found.get("visitor_id"), found.get("event_id")
    return visitor if isinstance(visitor, str) else None, event_id if isinstance(event_id, str) else None


def _readable(data: bytes | None) -> str | dict[str, str] | None:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
