"""Token buckets in event time.

Silences: a bucket is full at first. An event that it can't pay crosses the limit; from there on every event is over,
and takes nothing, until the bucket has refilled to its recovery level (for one token's time at least). A free event
does not touch a bucket. `observed` is what was spent since the bucket was full, brought to one window if that is longer
ago. Tokens are doubles. An asset has a type or an extension of one, was read (GET or HEAD, in capitals or not, or no
method given) and found (a status below 400, 499, or none); the extension is what follows the last dot behind the last
slash before a query or a fragment.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from tests.chaos.oracle.reading import Fields
from tests.chaos.oracle.records import Assets, Budget


def cost_of(budget: Budget, event: Fields, assets: Assets | None) -> float:
    """What an event costs: by its own type, else as an asset if it is one, else as any other."""
    costs, name = budget.costs, event["type"]
    if assets is None:
        return costs.get(name, budget.default_cost)
    if name in costs and name != "asset":
        return costs[name]
    return costs.get("asset", budget.default_cost) if _is_asset(event, assets) else budget.default_cost


def _is_asset(event: Fields, assets: Assets) -> bool:
    if (event["status"] or 0) >= 400 and event["status"] != 499:
        return False
    if event["method"] not in {None, "GET", "HEAD", "get", "head"}:
        return False
    name = (event["url"] or "").split("#")[0].split("?")[0].split("/")[-1].lower()
    return event["type"] in assets.types or ("." in name and name.split(".")[-1] in assets.extensions)


@dataclass(slots=True)
class Bucket:
    """What is left of one budget of a visitor."""

    budget: Budget
    tokens: float
    clock: float
    full_at: float
    spent: float = 0.0
    closed_until: float | None = None

    def take(self, ts: float, cost: float) -> tuple[bool, dict[str, Any] | None]:
        """Whether an event is over the budget, and what is published if it is the first."""
        if ts > self.clock:
            self._refill(ts)
        self.spent += cost
        if self.closed_until is not None:
            return True, None
        if cost <= self.tokens:
            self.tokens -= cost
            return False, None
        return True, self._cross()

    def _refill(self, ts: float) -> None:
        budget = self.budget
        self.tokens += (ts - self.clock) * budget.refill_per_s
        self.clock = ts
        if self.closed_until is not None and ts >= self.closed_until:
            self.closed_until = None
            self.tokens = max(self.tokens, budget.capacity * budget.recovery_share)
        if self.tokens >= budget.capacity:
            self.tokens, self.full_at, self.spent = budget.capacity, ts, 0.0

    def _cross(self) -> dict[str, Any]:
        budget = self.budget
        window_s = budget.capacity / budget.refill_per_s
        missing = max(budget.capacity * budget.recovery_share - self.tokens, 1.0)
        self.closed_until = self.clock + missing / budget.refill_per_s
        return {
            "limit": budget.id,
            "kind": "visitor",
            "observed": self.spent * window_s / max(self.clock - self.full_at, window_s),
            "window_s": window_s,
            "until": self.closed_until,
            "retry_after_s": self.closed_until - self.clock,
        }


@dataclass(slots=True)
class Purse:
    """All buckets of a visitor: they live as long as the visitor has open sessions."""

    budgets: tuple[Budget, ...]
    assets: Assets | None
    buckets: dict[str, Bucket] = field(default_factory=dict)

    def spend(self, event: Fields, ts: float) -> tuple[list[str], list[dict[str, Any]]]:
        """Ids of the budgets that are over, and the limits that were crossed just now."""
        those_over: list[str] = []
        crossed = []
        for budget in self.budgets:
            cost = cost_of(budget, event, self.assets)
            if cost <= 0:
                continue
            bucket = self.buckets.get(budget.id)
            if bucket is None:
                bucket = self.buckets[budget.id] = Bucket(budget, budget.capacity, ts, ts)
            over, limit = bucket.take(ts, cost)
            those_over += [budget.id] if over else []
            crossed += [limit | {"reason": budget.reason}] if limit else []
        return those_over, crossed
