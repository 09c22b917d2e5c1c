"""A visitor's budgets, spent event by event in event time."""

from __future__ import annotations

from collections.abc import Sequence

from rules.limits.budgets import BucketState, Budget, Spent, spend
from streams.engine.task import Output
from streams.sessionize.state import VisitorState
from weir.contracts.fast import encode
from weir.contracts.limit import Limit
from weir.topics import LIMITS


def spend_budgets(
    budgets: Sequence[Budget], visitor: VisitorState, event_type: str, ts: float
) -> tuple[bool, Sequence[tuple[Budget, Spent]]]:
    """Takes an event's cost from each budget: whether one of them is over, and those that were crossed just now.

    An event that is free for a budget doesn't touch it, and is never over it.
    """
    buckets = visitor.buckets
    over = False
    crossed: list[tuple[Budget, Spent]] = []
    for budget in budgets:
        cost = budget.cost(event_type)
        if cost <= 0.0:
            continue
        spent = spend(budget, buckets.get(budget.id), ts, cost)
        buckets[budget.id] = spent.state
        if spent.over:
            over = True
            if spent.crossed:
                crossed.append((budget, spent))
    if len(buckets) > len(budgets):
        _drop_unknown(budgets, buckets)
    return over, crossed


def limit(visitor: str, budget: Budget, spent: Spent) -> Output:
    """The record that says that a visitor is over a budget."""
    record = Limit(
        subject=visitor,
        kind="visitor",
        limit=budget.id,
        observed=spent.observed,
        window_s=budget.window_s,
        until=spent.until,
        retry_after_s=spent.retry_after_s,
    )
    return Output(LIMITS, f"visitor:{visitor}:{budget.id}".encode(), encode(record))


def _drop_unknown(budgets: Sequence[Budget], buckets: dict[str, BucketState]) -> None:
    known = {budget.id for budget in budgets}
    for name in [name for name in buckets if name not in known]:
        del buckets[name]
