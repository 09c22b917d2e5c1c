"""Records of `weir.rules`: packs as every worker needs them, and local sums of addresses and accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import Count, EpochSeconds, Record, Share


class PackVersion(Record):
    """One version of a rule pack. Key `<pack>/<version>`."""

    kind: Literal["pack"] = "pack"
    """Distinguishes this record from the topic's others."""
    pack: str
    """Name of the pack."""
    version: str
    """Version of the pack."""
    source: str
    """The YAML as written."""
    ordinary_flagged: dict[str, Share] = Field(default_factory=dict)
    """By field, the share of ordinary texts that its patterns would flag, when it was published."""
    ordinary_texts: dict[str, str] = Field(default_factory=dict)
    """By field, the hash of these texts."""


class CurrentPack(Record):
    """Which version of a pack is in force, whatever the workers' files say. Key `<pack>/current`.

    A tombstone there puts the files' version in force again.
    """

    kind: Literal["current"] = "current"
    """Distinguishes this record from the topic's others."""
    pack: str
    """Name of the pack."""
    version: str
    """Version that is in force."""
    before: Annotated[list[str], Field(max_length=20)]
    """Versions that were in force before, oldest first: the way back, and what holds where this one can't be used."""
    at: EpochSeconds
    """When it was put in force: UTC seconds since the epoch."""
    by: Annotated[str, Field(max_length=256)]
    """Who put it in force."""
    why: Annotated[str, Field(max_length=1_024)]
    """The reason, as that person gave it."""


class AddressSums(Record):
    """What one partition saw of its busiest addresses or accounts in one window. Key `sums/<partition>/<limit>`."""

    kind: Literal["sums"] = "sums"
    """Distinguishes this record from the topic's others."""
    partition: Count
    """Partition whose events are summed."""
    window_start: EpochSeconds
    """Event time at which the window begins."""
    window_s: float
    """Length of the window, in seconds."""
    limit: str = ""
    """The budget whose costs these are; empty for all budgets of addresses."""
    costs: dict[str, float]
    """Address or account, as the budget's kind says, to the cost of its events in the window."""
    missed: Annotated[float, Field(ge=0)] = 0.0
    """What each of them may have spent beyond that, where there were more than a partition keeps."""


class DistinctSums(Record):
    """How many different ones subjects of one partition have. Key `distinct/<partition>/<limit>`."""

    kind: Literal["distinct"] = "distinct"
    """Distinguishes this record from the topic's others."""
    partition: Count
    """Partition whose events are counted."""
    window_start: EpochSeconds
    """Event time at which counting began."""
    window_s: Annotated[float, Field(gt=0)]
    """Length of the limit's window, in seconds."""
    told_at: EpochSeconds
    """Event time up to which was counted."""
    limit: str
    """The limit whose sets these are."""
    sets: dict[str, str]
    """Subject to its set since counting began: hashes while they are few, HyperLogLog's registers past that; base64."""
