"""A visitor's budgets, spent event by event in event time."""

from __future__ import annotations

from collections.abc import Sequence

from rules.limits.budgets import BucketState, Budget, Spent, named_types, spend
from streams.sessionize.open_session import VisitorState
from weir.contracts.fast import encode
from weir.contracts.limit import Limit
from weir.kafka.records import Output
from weir.topics import LIMITS


class Charges:
    """Costs of each event type by budget; computed once, as they are needed for every event."""

    def __init__(self, budgets: Sequence[Budget], *, assets_are_priced: bool = False) -> None:
        self._known = {budget.id for budget in budgets}
        self._most = len(budgets)
        types = named_types(budgets, assets_are_priced=assets_are_priced)
        self._by_type = {event_type: _charged(budgets, event_type) for event_type in types}
        self._other = _charged(budgets, "")
        self._assets_by_type = {event_type: _charged(budgets, event_type, is_asset=True) for event_type in types}
        self._other_assets = _charged(budgets, "", is_asset=True)

    def spend(
        self,
        visitor: VisitorState,
        event_type: str,
        ts: float,
        price: float = 1.0,
        is_asset: bool = False,  # noqa: FBT001, FBT002 -- keywords cost a tenth of the call
    ) -> Sequence[tuple[Budget, Spent]]:
        """Takes an event's cost from each budget; returns the budgets that the event exceeds.

        `price` is the share of the cost that is charged. An event without cost for a budget never exceeds it.
        """
        over: list[tuple[Budget, Spent]] = []
        if not price:
            return over
        buckets = visitor.buckets
        if is_asset:
            charged = self._assets_by_type.get(event_type, self._other_assets)
        else:
            charged = self._by_type.get(event_type, self._other)
        for budget, cost in charged:
            spent = spend(budget, buckets.get(budget.id), ts, cost * price)
            buckets[budget.id] = spent.state
            if spent.over:
                over.append((budget, spent))
        if len(buckets) > self._most:
            self._drop_unknown(buckets)
        return over

    def _drop_unknown(self, buckets: dict[str, BucketState]) -> None:
        for name in [name for name in buckets if name not in self._known]:
            del buckets[name]


def limit(visitor: str, budget: Budget, spent: Spent) -> Output:
    """The record of `weir.limits` for a visitor's crossed budget."""
    record = Limit(
        subject=visitor,
        kind="visitor",
        limit=budget.id,
        observed=spent.observed,
        window_s=budget.window_s,
        until=spent.until,
        retry_after_s=spent.retry_after_s,
        reason=budget.reason,
    )
    return Output(LIMITS, f"visitor:{visitor}:{budget.id}".encode(), encode(record))


def _charged(budgets: Sequence[Budget], event_type: str, *, is_asset: bool = False) -> tuple[tuple[Budget, float], ...]:
    costs = ((budget, budget.cost(event_type, is_asset=is_asset)) for budget in budgets)
    return tuple((budget, cost) for budget, cost in costs if cost > 0.0)
