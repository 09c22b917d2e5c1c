"""Event time of a partition: what moves it, and what keeps lying clocks from moving it."""

from __future__ import annotations

import msgspec

from weir.contracts.fast import decoder, encode
from weir.contracts.gate import gate
from weir.contracts.watermark import Watermark
from weir.kafka.records import InputRecord, Output
from weir.topics import EVENTS

HEADER = "weir-watermark"
"""Header of a watermark record; its value is the kind."""

_PROBLEM = f"The record has the header {HEADER}, and its value is no watermark"
_decode = decoder(Watermark)


class BadWatermarkError(ValueError):
    """A record calls itself a watermark and is none."""


def clamped(ts: float, append_ms: int, max_ahead_s: float) -> float:
    """`ts`, or the append time where `ts` is more than `max_ahead_s` ahead of it."""
    appended = append_ms / 1000.0
    return ts if ts - appended <= max_ahead_s else max(appended, 0.0)


def read_watermark(record: InputRecord, max_bytes: int) -> float:
    """The absolute watermark that a record carries, as its sender says.

    Raises:
        BadWatermarkError: its value is no `Watermark`.
    """
    value = record.value or b""
    fault = gate(value, max_bytes)
    if fault is not None:
        raise BadWatermarkError(f"{_PROBLEM}: {fault}.")
    try:
        return _decode(value).watermark
    except msgspec.DecodeError as error:
        raise BadWatermarkError(f"{_PROBLEM}: {error}.") from error


def idle_watermark(partition: int, watermark: float) -> Output:
    """The record by which a partition's owner says that time has passed in silence."""
    value = encode(Watermark(watermark=round(watermark, 6), kind="idle"))
    return Output(EVENTS, None, value, ((HEADER, b"idle"),), partition)
