"""Dead letters: the bytes as received, with the reason and where they came from in headers.

The topic takes larger records than the events topic does, so that a letter fits whatever it wraps.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Protocol

import msgspec

from streams.engine.task import Headers, InputRecord, Output
from streams.intake.formats.line import BadLine
from streams.intake.reasons import Reason
from weir import __version__
from weir.topics import DEAD_LETTER

FILE_PREFIX = "file:"
"""Before a file's name where a topic's would stand; no topic can have such a name."""
MAX_DETAIL_CHARACTERS = 500


class _HasHeaders(Protocol):
    @property
    def headers(self) -> Headers: ...


def dead_letter(record: InputRecord, reason: Reason, detail: str) -> Output:
    """The letter for a record that was refused; key and value are as received."""
    origin = {
        "topic": record.topic,
        "partition": str(record.partition),
        "offset": str(record.offset),
        "timestamp": str(record.timestamp),
    }
    return Output(DEAD_LETTER, record.key, record.value, _headers(reason, detail, origin))


def bad_line_letter(line: BadLine) -> Output:
    """The letter for a line of a file that never became an event.

    `topic` is `file:` and the file's name, `partition` 0, `offset` the line's number from 1, `timestamp` 0.
    """
    origin = {"topic": FILE_PREFIX + line.source, "partition": "0", "offset": str(line.number), "timestamp": "0"}
    return Output(DEAD_LETTER, None, line.raw, _headers(line.reason, line.detail, origin))


def dead_letter_line(key: bytes | None, value: bytes | None, headers: Headers) -> bytes:
    """A letter as one line of JSON: `headers`, `key` and `value`; bytes that are no text as `{"base64": …}`."""
    return msgspec.json.encode(
        {"headers": {name: _readable(text) for name, text in headers}, "key": _readable(key), "value": _readable(value)}
    )


def header(letter: _HasHeaders, name: str) -> str:
    """The text of a letter's header, empty where there is none; of several, the last counts."""
    return next((text for known, text in reversed(letter.headers) if known == name), b"").decode(errors="replace")


def _headers(reason: Reason, detail: str, origin: Mapping[str, str]) -> Headers:
    texts = {
        "reason": reason.value,
        "detail": detail[:MAX_DETAIL_CHARACTERS],
        **origin,
        "weir-version": __version__,
    }
    return tuple((name, text.encode(errors="replace")) for name, text in texts.items())


def _readable(data: bytes | None) -> str | dict[str, str] | None:
    if data is None:
        return None
    try:
        return data.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(data).decode()}
