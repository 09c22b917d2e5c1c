"""Converts a client's messages to plain records."""

from __future__ import annotations

from operator import methodcaller
from typing import cast

from confluent_kafka import Message

from weir.kafka.records import LogRecord


def record_of(message: Message, *, with_headers: bool = True) -> LogRecord:
    """The message as a `LogRecord`. Headers take as long as all other fields, so callers may leave them out."""
    return LogRecord(
        topic=message.topic() or "",
        partition=message.partition() or 0,
        offset=message.offset() or 0,
        timestamp=message.timestamp()[1],
        key=_bytes(message.key()),
        value=_bytes(message.value()),
        headers=headers_of(message) if with_headers else (),
    )


def headers_of(message: Message) -> tuple[tuple[str, bytes], ...]:
    """A message's headers; empty if a header's name is not UTF-8, which Kafka accepts and the client can't read."""
    try:
        # The client returns pairs; its stubs also have a dictionary, which is only for sending.
        pairs = cast("list[tuple[str, str | bytes | None]]", _checked_headers(message) or [])
    except SystemError:
        return ()
    return tuple((name, _bytes(value) or b"") for name, value in pairs)


# If a name is not UTF-8, the client sets an exception and still returns pairs without names. A specialized call of the
# interpreter doesn't check for the exception, and reading such a pair would crash the process; a call from C checks.
_checked_headers = methodcaller("headers")


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
