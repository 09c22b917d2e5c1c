"""Token buckets in event time.

A bucket holds up to `capacity` tokens and refills with the events' own time: its clock is the greatest `ts` that it
saw, so that a replay spends as the live stream did, and an older event refills nothing. Once an event can't be paid,
the limit is crossed: until the bucket has refilled to its recovery level, every event is over and takes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from rules.limits.assets import ASSET, Assets
from rules.limits.distinct import DistinctLimit
from weir.networks import AddressRules, Network

DEFAULT_COST = 1.0


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """A limit as configured; `rules/limits/files.py` checks its figures."""

    id: str
    kind: Literal["visitor", "address", "account"]
    """Whose budget it is."""
    capacity: float
    """Tokens of a full bucket: what may be spent at once."""
    refill_per_s: float
    """Tokens that come back a second: what may be spent for ever."""
    recovery_share: float = 0.5
    """Part of the capacity that must have come back before a crossed limit lets anything through again."""
    costs: dict[str, float] = {}
    """Cost of an event by its type; `asset` is the cost of any asset whose type is not named."""
    default_cost: float = DEFAULT_COST
    """Cost of an event of any other type."""
    reason: str = ""
    """Explanation for people of what it means to exceed the limit."""
    version: str = ""
    """Of the file that it comes from."""

    @property
    def window_s(self) -> float:
        """Time in which an empty bucket fills."""
        return self.capacity / self.refill_per_s

    @property
    def recovery_level(self) -> float:
        """Tokens at which a crossed limit has recovered."""
        return self.capacity * self.recovery_share

    def cost(self, event_type: str, *, is_asset: bool = False) -> float:
        """What an event of this type costs; 0 is free."""
        other = self.costs.get(ASSET, self.default_cost) if is_asset else self.default_cost
        return self.costs.get(event_type, other)


@dataclass(frozen=True)
class Budgets:
    """All limits of an installation, in the order of their file."""

    version: str = ""
    visitor: tuple[Budget, ...] = ()
    address: tuple[Budget, ...] = ()
    account: tuple[Budget, ...] = ()
    distinct: tuple[DistinctLimit, ...] = ()
    """Limits of how many different ones there may be."""
    networks: tuple[Network, ...] = ()
    """Addresses that are treated in their own way."""
    addresses: AddressRules = field(default_factory=AddressRules)
    """How other addresses are charged."""
    assets: Assets = field(default_factory=Assets)
    """What counts as an asset."""

    @property
    def shared(self) -> tuple[Budget, ...]:
        """Budgets that visitors in several partitions spend together."""
        return self.address + self.account

    @cached_property
    def by_id(self) -> Mapping[str, Budget]:
        """Budget by its id."""
        return {budget.id: budget for budget in self.visitor + self.shared}


def named_types(budgets: Iterable[Budget], *, assets_are_priced: bool) -> set[str]:
    """Types of events that some budget has a cost of its own for.

    Where assets are priced, `asset` is no type: an event of that type may have failed, and then costs what others do.
    """
    types = {event_type for budget in budgets for event_type in budget.costs}
    return types - {ASSET} if assets_are_priced else types


class BucketState(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What is remembered of a bucket: small, since every visitor has some."""

    tokens: float
    clock: float
    """Greatest `ts` seen."""
    over_until: float
    """A crossed limit has not recovered before; 0 when it has."""
    full_at: float
    """When the bucket was last full."""
    spent: float
    """Cost of all events since then."""


class Spent(msgspec.Struct, frozen=True, gc=False):
    """What became of one event."""

    state: BucketState
    """The bucket afterwards."""
    over: bool = False
    """The budget does not cover this event."""
    crossed: bool = False
    """This event crossed the limit: the first that is over since the bucket was new, or had recovered."""
    observed: float = 0.0
    """At a crossing: cost spent within the budget's window. Past one window since the bucket was full, it is the mean
    over that time."""
    until: float = 0.0
    """When over: event time from which on events are let through again."""
    retry_after_s: float = 0.0
    """When over: `until`, counted from the bucket's clock."""


def spend(budget: Budget, state: BucketState | None, ts: float, cost: float, *, drains: bool = False) -> Spent:
    """Takes an event's cost from a bucket; None is a bucket that saw nothing yet.

    Pure: the same state and event give the same. `observed` at a crossing is more than the budget's capacity. With
    `drains` the cost is that of many events: those that the bucket still covered have emptied it.
    """
    if state is None:
        tokens, clock, full_at = budget.capacity, ts, ts
        over_until = spent = 0.0
    else:
        tokens, clock, over_until = state.tokens, state.clock, state.over_until
        full_at, spent = state.full_at, state.spent
        if ts > clock:
            tokens += (ts - clock) * budget.refill_per_s
            clock = ts
            if over_until and ts >= over_until:
                over_until = 0.0
                # Rounding must not cost the recovered their first event.
                tokens = max(tokens, budget.recovery_level)
            if tokens >= budget.capacity:
                tokens, full_at, spent = budget.capacity, ts, 0.0
    spent += cost
    if not over_until:
        if cost <= tokens:
            return Spent(BucketState(tokens - cost, clock, 0.0, full_at, spent))
        return _cross(budget, BucketState(0.0 if drains else tokens, clock, 0.0, full_at, spent))
    after = BucketState(tokens, clock, over_until, full_at, spent)
    return Spent(after, over=True, until=over_until, retry_after_s=over_until - clock)


def _cross(budget: Budget, state: BucketState) -> Spent:
    # At least one token's time: an event may be dearer than what is left above the recovery level.
    missing = max(budget.recovery_level - state.tokens, 1.0)
    wait_s = missing / budget.refill_per_s
    since_full_s = max(state.clock - state.full_at, budget.window_s)
    until = state.clock + wait_s
    return Spent(
        msgspec.structs.replace(state, over_until=until),
        over=True,
        crossed=True,
        observed=state.spent * budget.window_s / since_full_s,
        until=until,
        retry_after_s=until - state.clock,
    )


def load_budgets(path: Path | None = None) -> Budgets:
    """The budgets of a YAML file; the shipped ones without one.

    Raises:
        RulesError: the file can't be read, or is refused; the error lists all problems.
    """
    # Loading needs YAML and pydantic; spending, and the state that holds buckets, need neither.
    from rules.limits.files import read_budgets  # noqa: PLC0415

    return read_budgets(path)
