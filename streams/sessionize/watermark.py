"""Watermark records, and the clamp that keeps wrong clocks from advancing a partition's event time."""

from __future__ import annotations

import msgspec

from weir.contracts.fast import decoder, encode
from weir.contracts.gate import gate
from weir.contracts.watermark import Watermark
from weir.kafka.records import InputRecord, Output
from weir.topics import EVENTS

HEADER = "weir-watermark"
"""Header of a watermark record; its value is the kind of watermark."""

_PROBLEM = f"The record has the header {HEADER}, but its value is not a watermark"
_decode = decoder(Watermark)


class BadWatermarkError(ValueError):
    """A record has the header of a watermark, but its value is not one."""


def clamped(ts: float, append_ms: int, max_ahead_s: float) -> float:
    """`ts`, or the append time if `ts` is more than `max_ahead_s` ahead of it."""
    appended = append_ms / 1000.0
    return ts if ts - appended <= max_ahead_s else max(appended, 0.0)


def read_watermark(record: InputRecord, max_bytes: int) -> float:
    """The watermark in a record, before any clamp.

    Raises:
        BadWatermarkError: The record's value is not a `Watermark`.
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
    """The record with which a partition's owner advances event time after silence."""
    value = encode(Watermark(watermark=round(watermark, 6), kind="idle"))
    return Output(EVENTS, None, value, ((HEADER, b"idle"),), partition)
