"""Records of `weir.rules`: packs for all workers, and each partition's sums of addresses and accounts."""

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
    """By field, the share of ordinary texts that the pack's patterns flagged when the pack was published."""
    ordinary_texts: dict[str, str] = Field(default_factory=dict)
    """By field, the hash of the ordinary texts."""


class CurrentPack(Record):
    """The version of a pack that is in force, in place of the version in the workers' files. Key `<pack>/current`.

    A tombstone with this key puts the files' version in force again.
    """

    kind: Literal["current"] = "current"
    """Distinguishes this record from the topic's others."""
    pack: str
    """Name of the pack."""
    version: str
    """Version that is in force."""
    before: Annotated[list[str], Field(max_length=20)]
    """Earlier versions, oldest first: for rollbacks, and for workers that can't use the current version."""
    at: EpochSeconds
    """Time of the decision: UTC seconds since the epoch."""
    by: Annotated[str, Field(max_length=256)]
    """Name of the person who put the version in force."""
    why: Annotated[str, Field(max_length=1_024)]
    """The reason, as that person gave it."""


class AddressSums(Record):
    """Costs of one partition's busiest addresses or accounts in one window. Key `sums/<partition>/<limit>`."""

    kind: Literal["sums"] = "sums"
    """Distinguishes this record from the topic's others."""
    partition: Count
    """Partition whose events are summed."""
    window_start: EpochSeconds
    """Event time at which the window begins."""
    window_s: float
    """Length of the window, in seconds."""
    limit: str = ""
    """The budget of the costs; empty for all budgets of addresses."""
    costs: dict[str, float]
    """Address or account, by the budget's kind, to the cost of its events in the window."""
    missed: Annotated[float, Field(ge=0)] = 0.0
    """Cost that each of them may have spent beyond that, if there were more subjects than a partition keeps."""


class DistinctSums(Record):
    """Distinct values of the subjects of one partition. Key `distinct/<partition>/<limit>`."""

    kind: Literal["distinct"] = "distinct"
    """Distinguishes this record from the topic's others."""
    partition: Count
    """Partition whose events are counted."""
    window_start: EpochSeconds
    """Event time at which counting began."""
    window_s: Annotated[float, Field(gt=0)]
    """Length of the limit's window, in seconds."""
    told_at: EpochSeconds
    """Event time up to which values are counted."""
    limit: str
    """The limit that the sets belong to."""
    sets: dict[str, str]
    """Subject to its set since counting began: hashes if they are few, else the registers of a HyperLogLog; base64."""
