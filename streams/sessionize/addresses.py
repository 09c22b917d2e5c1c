"""What this partition tells the others of its addresses: bots drop their cookies, and keep their address.

The sums decide nothing here, and no session depends on them; they start anew with their worker.
"""

from __future__ import annotations

from collections.abc import Sequence

from rules.limits.addresses import AddressSums
from rules.limits.budgets import Budget
from streams.engine.task import Output
from weir.contracts.fast import encode
from weir.topics import RULES

Charged = tuple[tuple[AddressSums, float], ...]


class AddressCosts:
    """Sums of what addresses spend, one for each budget; what an event of each type costs is worked out once."""

    def __init__(self, partition: int, budgets: Sequence[Budget]) -> None:
        self._partition = partition
        sums = [(budget, AddressSums(partition, budget)) for budget in budgets]
        types = {event_type for budget in budgets for event_type in budget.costs}
        self._by_type = {event_type: _charged(sums, event_type) for event_type in types}
        self._other = _charged(sums, "")

    def add(self, address: str, event_type: str, ts: float, outputs: list[Output]) -> None:
        """Counts an event; a window that it ends goes to `outputs`."""
        for sums, cost in self._by_type.get(event_type, self._other):
            ended = sums.add(address, ts, cost)
            if ended is not None:
                key = f"sums/{self._partition}/{ended.limit}".encode()
                outputs.append(Output(RULES, key, encode(ended)))


def _charged(sums: Sequence[tuple[Budget, AddressSums]], event_type: str) -> Charged:
    return tuple((collector, cost) for budget, collector in sums if (cost := budget.cost(event_type)) > 0.0)
