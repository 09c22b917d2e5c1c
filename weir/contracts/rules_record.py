"""Records of `weir.rules`: packs as every worker needs them, and local sums of addresses and accounts."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from weir.contracts.base import Count, EpochSeconds, Record


class PackVersion(Record):
    """One version of a rule pack. Key `<pack>/<version>`."""

    kind: Literal["pack"] = "pack"
    pack: str
    version: str
    source: str
    """The YAML as written."""


class CurrentPack(Record):
    """Which version of a pack is in force, whatever the workers' files say. Key `<pack>/current`.

    A tombstone there puts the files' version in force again.
    """

    kind: Literal["current"] = "current"
    pack: str
    version: str
    before: Annotated[list[str], Field(max_length=20)]
    """Versions that were in force before, oldest first: the way back, and what holds where this one can't be used."""
    at: EpochSeconds
    by: Annotated[str, Field(max_length=256)]
    """Who put it in force."""
    why: Annotated[str, Field(max_length=1_024)]


class AddressSums(Record):
    """What one partition saw of its busiest addresses or accounts in one window. Key `sums/<partition>/<limit>`."""

    kind: Literal["sums"] = "sums"
    partition: Count
    window_start: EpochSeconds
    window_s: float
    limit: str = ""
    """The budget whose costs these are; empty for all budgets of addresses."""
    costs: dict[str, float]
    """Address or account, as the budget's kind says, to the cost of its events in the window."""
    missed: Annotated[float, Field(ge=0)] = 0.0
    """What each of them may have spent beyond that, where there were more than a partition keeps."""


class DistinctSums(Record):
    """How many different ones subjects of one partition have. Key `distinct/<partition>/<limit>`."""

    kind: Literal["distinct"] = "distinct"
    partition: Count
    window_start: EpochSeconds
    """Event time at which counting began."""
    window_s: Annotated[float, Field(gt=0)]
    told_at: EpochSeconds
    """Event time up to which was counted."""
    limit: str
    """The limit whose sets these are."""
    sets: dict[str, str]
    """Subject to its set since counting began: hashes while they are few, HyperLogLog's registers past that; base64."""
