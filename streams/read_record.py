"""Reads records between stages. An invalid record becomes a dead letter, as it would stop one worker after another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec
from pydantic import BaseModel

from streams.dead_letter import dead_letter
from streams.decode import Refused, at_the_gate, decode
from streams.task import Effects
from weir.contracts import Event
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.contracts.fast import decoder
from weir.kafka.records import InputRecord

Record = TypeVar("Record")

LARGEST_BYTES = 16 * 1024 * 1024
"""Greatest `max.message.bytes` of Weir's topics."""


def read_record(
    record: InputRecord, read: Callable[[bytes], Record], effects: Effects, max_bytes: int = LARGEST_BYTES
) -> Record | None:
    """Decodes the value with `read`, a derived decoder; if that fails, writes a dead letter and returns None."""
    found = _read(record.value, read, max_bytes)
    if not isinstance(found, Refused):
        return found
    effects.outputs.append(dead_letter(record, found.reason, found.detail))
    effects.count("dead_letters", found.reason)
    return None


def value_reader(contract: type[BaseModel], max_event_bytes: int) -> Callable[[bytes | None], Any | Refused]:
    """Makes a function that decodes a contract's values as the stages do: events by `decode`, others by `_read`.

    The function returns the derived struct, or the reason for which there is none.
    """
    if contract is Event:
        return lambda value: _event_or_refused(value, max_event_bytes)
    read = decoder(contract)
    return lambda value: _read(value, read, LARGEST_BYTES)


def _event_or_refused(value: bytes | None, max_bytes: int) -> Any:  # noqa: ANN401 -- the derived struct's type
    found = decode(value, max_bytes)
    return found if isinstance(found, Refused) else found.event


def _read(value: bytes | None, read: Callable[[bytes], Record], max_bytes: int) -> Record | Refused:
    if not value:
        return Refused(DeadLetterReason.EMPTY_VALUE, "The record has no value.")
    refused = at_the_gate(value, max_bytes)
    if refused is not None:
        return refused
    try:
        return read(value)
    except msgspec.ValidationError as error:
        return Refused(DeadLetterReason.WRONG_TYPE, str(error))
    except msgspec.DecodeError as error:
        return Refused(DeadLetterReason.NOT_JSON, str(error))
