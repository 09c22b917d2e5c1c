"""Budgets of addresses over all partitions, in two phases, because bots drop their cookies.

```
 partition 0 ─► AddressSums ─┐  a record a window: its busiest addresses and their cost
 partition 1 ─► AddressSums ─┼─► weir.rules ─► AddressVerdicts, the same in every worker
 partition 2 ─► AddressSums ─┘
```

The sums are those of the window before, so a verdict comes one window (10 s of event time) late at most. What a
partition leaves out of a window is below `FLOOR_SHARE` of a budget an address, and whatever comes after `TRACKED`
addresses; that is the error. A bucket takes a sum whole, at the window's end. Both sides are bounded.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rules.limits.budgets import BucketState, Budget, spend
from weir.contracts.rules_record import AddressSums as AddressSumsRecord

WINDOW_S = 10.0
FLOOR_SHARE = 0.02
"""An address is named once it spends this share of a budget in one window of one partition."""
TRACKED = 20_000
"""Addresses that a partition counts in a window; further ones are left out."""
NAMED = 500
"""Addresses that one record names, the busiest ones."""
REMEMBERED = 50_000
"""Addresses of which a worker keeps a bucket, the ones heard of last."""


class AddressSums:
    """One partition's side for one budget: adds up costs by address, a window of event time after the other."""

    def __init__(self, partition: int, budget: Budget) -> None:
        self._partition = partition
        self._limit = budget.id
        self._floor = budget.capacity * FLOOR_SHARE
        self._window = -1
        self._costs: dict[str, float] = {}

    def add(self, address: str, ts: float, cost: float) -> AddressSumsRecord | None:
        """Counts an event; gives the window before, if this event ends it and somebody in it was busy."""
        window = int(ts // WINDOW_S)
        ended = self._end() if window > self._window else None
        self._window = max(self._window, window)
        costs = self._costs
        if address in costs:
            costs[address] += cost
        elif len(costs) < TRACKED:
            costs[address] = cost
        return ended

    def _end(self) -> AddressSumsRecord | None:
        busy = sorted(
            ((cost, address) for address, cost in self._costs.items() if cost >= self._floor),
            key=lambda entry: (-entry[0], entry[1]),
        )
        self._costs = {}
        if not busy:
            return None
        return AddressSumsRecord(
            partition=self._partition,
            window_start=self._window * WINDOW_S,
            window_s=WINDOW_S,
            limit=self._limit,
            costs={address: cost for cost, address in busy[:NAMED]},
        )


@dataclass(frozen=True, slots=True)
class AddressVerdict:
    """An address is over a budget."""

    address: str
    limit: str
    version: str
    reason: str
    observed: float
    window_s: float
    until: float
    retry_after_s: float
    crossed_at: float
    """Event time at which the budget was crossed: the same verdict keeps it."""


class AddressVerdicts:
    """Every worker's side: buckets of the addresses that any partition named.

    One thread may offer while others ask: what they see is replaced as a whole, never changed.
    """

    def __init__(self, budgets: Sequence[Budget]) -> None:
        self._budgets = tuple(budgets)
        self._clock = 0.0
        self._buckets: OrderedDict[str, dict[str, BucketState]] = OrderedDict()
        self._verdicts: Mapping[str, Mapping[str, AddressVerdict]] = {}
        """By address and budget; other threads read it, so neither it nor what it holds is ever changed."""

    def offer(self, record: AddressSumsRecord) -> None:
        """Spends what a partition saw; the same records in the same order give the same verdicts."""
        ts = record.window_start + record.window_s
        self._clock = max(self._clock, ts)
        budgets = [budget for budget in self._budgets if record.limit in ("", budget.id)]
        crossed: dict[str, dict[str, AddressVerdict]] = {}
        for address, cost in record.costs.items():
            buckets = self._buckets.setdefault(address, {})
            self._buckets.move_to_end(address)
            for budget in budgets:
                verdict = _spend(address, budget, buckets, ts, cost)
                if verdict is not None:
                    crossed.setdefault(address, {})[budget.id] = verdict
        while len(self._buckets) > REMEMBERED:
            self._buckets.popitem(last=False)
        self._verdicts = self._holding(crossed)

    def verdict(self, address: str | None) -> AddressVerdict | None:
        """The verdict on an address, while it holds; of several, the one that holds longest."""
        found = self._verdicts.get(address) if address is not None else None
        return max(found.values(), key=lambda verdict: (verdict.until, verdict.limit)) if found else None

    def held(self) -> list[AddressVerdict]:
        """The verdicts that hold."""
        return [verdict for found in self._verdicts.values() for verdict in found.values()]

    def _holding(self, crossed: Mapping[str, Mapping[str, AddressVerdict]]) -> dict[str, dict[str, AddressVerdict]]:
        """What holds of the verdicts so far and of these; an address whose bucket was forgotten has none."""
        holding: dict[str, dict[str, AddressVerdict]] = {}
        for address in [*self._verdicts, *(address for address in crossed if address not in self._verdicts)]:
            found = {**self._verdicts.get(address, {}), **crossed.get(address, {})}
            held = {limit: verdict for limit, verdict in found.items() if verdict.until > self._clock}
            if held and address in self._buckets:
                holding[address] = held
        return holding


def _spend(
    address: str, budget: Budget, buckets: dict[str, BucketState], ts: float, cost: float
) -> AddressVerdict | None:
    spent = spend(budget, buckets.get(budget.id), ts, cost)
    buckets[budget.id] = spent.state
    if not spent.crossed:
        return None
    return AddressVerdict(
        address=address,
        limit=budget.id,
        version=budget.version,
        reason=budget.reason,
        observed=spent.observed,
        window_s=budget.window_s,
        until=spent.until,
        retry_after_s=spent.retry_after_s,
        crossed_at=spent.state.clock,
    )
