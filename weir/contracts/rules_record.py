"""Records of `weir.rules`: packs as every worker needs them, and local sums per address."""

from __future__ import annotations

from typing import Literal

from weir.contracts.base import Count, EpochSeconds, Record


class PackVersion(Record):
    """One version of a rule pack. Key `<pack>/<version>`."""

    kind: Literal["pack"] = "pack"
    pack: str
    version: str
    source: str
    """The YAML as written."""


class AddressSums(Record):
    """What one partition saw of its busiest addresses in one window of event time. Key `sums/<partition>/<limit>`."""

    kind: Literal["sums"] = "sums"
    partition: Count
    window_start: EpochSeconds
    window_s: float
    limit: str = ""
    """The budget whose costs these are; empty for all budgets."""
    costs: dict[str, float]
    """Address to the cost of its events in the window."""
