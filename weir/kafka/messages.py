"""A client's message as a plain record."""

from __future__ import annotations

from operator import methodcaller
from typing import cast

from confluent_kafka import Message

from weir.kafka.records import LogRecord


def record_of(message: Message, *, with_headers: bool = True) -> LogRecord:
    """A client's message as everybody else knows records; headers cost as much as all the rest."""
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
    """A message's headers; none where a name is no UTF-8, which Kafka takes and the client can't read."""
    try:
        # The client gives pairs; its stubs know a dictionary as well, which is for sending.
        pairs = cast("list[tuple[str, str | bytes | None]]", _checked_headers(message) or [])
    except SystemError:
        return ()
    return tuple((name, _bytes(value) or b"") for name, value in pairs)


# The client's call fails, and gives pairs without a name all the same. A plain call that has become hot doesn't look
# whether it failed, and to touch such a pair would end the process; a call from C always looks.
_checked_headers = methodcaller("headers")


def _bytes(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data
