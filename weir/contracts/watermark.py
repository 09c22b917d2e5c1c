"""A watermark record, by which wall time enters the input."""

from __future__ import annotations

from typing import Literal

from weir.contracts.base import EpochSeconds, Record


class Watermark(Record):
    """A record of `weir.events` with header `weir-watermark` (its value: the kind): readers take the maximum."""

    watermark: EpochSeconds
    """UTC seconds since the epoch; clamped to the append time like an event's `ts`."""
    kind: Literal["idle", "end-of-input"]
    """Kind of the watermark; a backfill ignores those of kind `idle`."""
