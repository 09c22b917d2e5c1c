"""What one partition tells the others of the addresses and accounts that it saw, because bots drop their cookies.

```
 partition 0 ─► Sums ─┐  a record a window and limit: its busiest subjects
 partition 1 ─► Sums ─┼─► weir.rules ─► SharedVerdicts, the same in every worker
 partition 2 ─► Sums ─┘
```

Bounded: `rules/limits/heavy.py` and `rules/limits/distinct.py` say what is kept. What is left out of a record:
subjects that spent less than `floor_of` a budget in the window, and those behind the first `NAMED`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from rules.limits.budgets import Budget
from rules.limits.distinct import Distinct, DistinctLimit, hashed
from rules.limits.heavy import HeavyCosts
from rules.limits.window import WINDOW_S, Window
from weir.contracts.rules_record import AddressSums, DistinctSums

FLOOR_SHARE = 0.02
"""A subject is named from this share of a budget in one window of one partition on, if not earlier."""
FLOOR_REFILL_SHARE = 0.25
"""It is named earlier if that much of what a window refills could hide in all partitions together."""
NAMED = 500
"""Subjects that one record names, the busiest ones."""
NAMED_SETS = 200
"""Subjects whose sets one record names: a set is longer than a sum."""
SETS = 1_024
"""Subjects of a limit that a partition keeps sets of when it has to let some go; twice as many in between."""

Charges = tuple[tuple[HeavyCosts, float], ...]
_PARTIES = ("visitor", "address", "account")
_COUNTED = ("visitors", "addresses", "accounts")
_ACCOUNT = 2


class CountsState(msgspec.Struct, array_like=True):
    """One limit's sets at rest."""

    number: int
    sets: dict[str, bytes]
    touched: list[str]
    missed: int


class SumsState(msgspec.Struct, array_like=True):
    """A partition's sums at rest. New fields go to the end, with a default."""

    start: float
    ahead: list[float]
    behind: tuple[int, int]
    costs: dict[str, tuple[dict[str, float], float]]
    """By limit: costs, and what may be missing in each."""
    counts: dict[str, CountsState]


def floor_of(budget: Budget, partitions: int) -> float:
    """What a subject must spend in a window of one partition to be named."""
    hidden = FLOOR_REFILL_SHARE * budget.refill_per_s * WINDOW_S / partitions
    return min(budget.capacity * FLOOR_SHARE, hidden)


class Counts:
    """Of one limit: how many different ones each subject has, for the subjects that have most.

    A subject that had to go begins anew: it is told at most `missed` too low.
    """

    def __init__(self, limit: DistinctLimit, partitions: int) -> None:
        self.limit = limit
        # A visitor is in one partition alone; of others, all partitions together miss less than half of the limit.
        self._floor = limit.at_most + 1 if limit.kind == "visitor" else max(1, limit.at_most // (2 * partitions))
        self._number = -1
        self._sets: dict[str, Distinct] = {}
        self._touched: dict[str, None] = {}
        self.missed = 0

    def __contains__(self, subject: str) -> bool:
        """Whether a set is kept of the subject."""
        return subject in self._sets

    def add(self, subject: str, value: str) -> None:
        """Counts a value of a subject."""
        found = self._sets.get(subject)
        if found is None:
            if len(self._sets) >= 2 * SETS:
                self._purge()
            found = self._sets[subject] = Distinct()
        found.add(hashed(value))
        self._touched[subject] = None

    def turn(self, start: float) -> None:
        """From here on the window that begins at `start` is counted in."""
        number = int(start // self.limit.window_s)
        if number != self._number:
            self._number = number
            self._sets = {}
            self._touched = {}
            self.missed = 0

    def told(self) -> dict[str, Distinct]:
        """Sets that changed since the last call and are large enough, the largest ones first."""
        sized = ((len(self._sets[subject]), subject) for subject in self._touched)
        large = sorted(((size, subject) for size, subject in sized if size >= self._floor), key=_largest_first)
        self._touched = {}
        return {subject: self._sets[subject] for _, subject in large[:NAMED_SETS]}

    @property
    def window_start(self) -> float:
        """Event time at which the window that is counted in began."""
        return self._number * self.limit.window_s

    @property
    def state(self) -> CountsState:
        """What `restore` takes."""
        sets = {subject: found.to_bytes() for subject, found in self._sets.items()}
        return CountsState(self._number, sets, list(self._touched), self.missed)

    def restore(self, state: CountsState) -> None:
        """Goes on where the state was taken."""
        self._number = state.number
        self._sets = {subject: Distinct.from_bytes(data) for subject, data in state.sets.items()}
        self._touched = dict.fromkeys(state.touched)
        self.missed = state.missed

    def _purge(self) -> None:
        sized = sorted(((len(found), subject) for subject, found in self._sets.items()), key=_largest_first)
        self.missed += sized[SETS][0]
        stay = {subject for _, subject in sized[:SETS]}
        self._sets = {subject: found for subject, found in self._sets.items() if subject in stay}
        self._touched = {subject: None for subject in self._touched if subject in stay}


class Sums:
    """A partition's sums, over all its visitors, for budgets and limits of distinct ones."""

    def __init__(
        self, partition: int, partitions: int, budgets: Sequence[Budget], limits: Sequence[DistinctLimit]
    ) -> None:
        self._partition = partition
        self._partitions = partitions
        self._budgets = [budget for budget in budgets if budget.kind != "visitor"]
        self._costs = {budget.id: HeavyCosts() for budget in self._budgets}
        self.arrivals = [Counts(limit, partitions) for limit in limits if limit.of != "items"]
        """To be counted by `arrive`."""
        self.items = [Counts(limit, partitions) for limit in limits if limit.of == "items"]
        """To be counted by whoever knows items."""
        self._arriving = [
            (counts, _PARTIES.index(counts.limit.kind), _COUNTED.index(counts.limit.of)) for counts in self.arrivals
        ]
        self.need_accounts = all(_ACCOUNT in places for _, *places in self._arriving)
        """Whether `arrive` does nothing where there is no account."""
        self.window = Window()
        self._charge()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to sum up."""
        return not (self._budgets or self.arrivals or self.items)

    def spend(self, address: str, account: str | None, event_type: str, price: float) -> None:
        """Charges an event; `price` is the part of its cost that the address pays, which may be nobody."""
        by_address, by_account = self.charges.get(event_type, self.other_charges)
        if address:
            for sums, cost in by_address:
                costs = sums.costs
                if address in costs:
                    costs[address] += cost * price
                else:
                    sums.add(address, cost * price)
        if account is not None:
            for sums, cost in by_account:
                sums.add(account, cost)

    def arrive(self, visitor: str, address: str, account: str | None) -> None:
        """Counts who is where: to be called when a visitor comes, and now and then."""
        known = (visitor, address, account)
        for counts, subject, value in self._arriving:
            whose, which = known[subject], known[value]
            if whose and which:
                counts.add(whose, which)

    def end_window(self, before: float) -> Iterator[AddressSums | DistinctSums]:
        """What is to be told of the window that began at `before`, now that `window` has moved."""
        start = max(0.0, min(before, self.window.start))
        for budget in self._budgets:
            sums = self._costs[budget.id]
            busy = sums.busiest(floor_of(budget, self._partitions), NAMED)
            if busy:
                yield self._cost_record(budget, start, busy, sums.missed)
        for counts in (*self.arrivals, *self.items):
            sets = counts.told()
            if sets:
                yield self._set_record(counts, start + WINDOW_S, sets)
            counts.turn(self.window.start)
        self._costs = {budget.id: HeavyCosts() for budget in self._budgets}
        self._charge()

    @property
    def state(self) -> SumsState:
        """What `restore` takes."""
        costs = {name: (sums.costs, sums.missed) for name, sums in self._costs.items()}
        counts = {one.limit.id: one.state for one in (*self.arrivals, *self.items)}
        return SumsState(*self.window.state, costs, counts)

    def restore(self, state: SumsState) -> None:
        """Goes on where the state was taken; what it knows of limits that are gone is dropped."""
        self.window = Window(state.start, state.ahead, state.behind)
        for name, (costs, missed) in state.costs.items():
            if name in self._costs:
                self._costs[name] = HeavyCosts(costs=costs, missed=missed)
        for counts in (*self.arrivals, *self.items):
            if counts.limit.id in state.counts:
                counts.restore(state.counts[counts.limit.id])
            else:
                counts.turn(self.window.start)
        self._charge()

    def _charge(self) -> None:
        """Works out what an event of each type costs, since it is asked for every event."""
        types = {event_type for budget in self._budgets for event_type in budget.costs}
        self.charges = {event_type: self._charged(event_type) for event_type in types}
        self.other_charges = self._charged("")

    def _charged(self, event_type: str) -> tuple[Charges, Charges]:
        def of(kind: str) -> Iterable[tuple[HeavyCosts, float]]:
            for budget in self._budgets:
                cost = budget.cost(event_type)
                if budget.kind == kind and cost > 0.0:
                    yield self._costs[budget.id], cost

        return tuple(of("address")), tuple(of("account"))

    def _cost_record(self, budget: Budget, start: float, busy: dict[str, float], missed: float) -> AddressSums:
        return AddressSums(
            partition=self._partition,
            window_start=start,
            window_s=WINDOW_S,
            limit=budget.id,
            costs=busy,
            missed=missed,
        )

    def _set_record(self, counts: Counts, told_at: float, sets: dict[str, Distinct]) -> DistinctSums:
        return DistinctSums(
            partition=self._partition,
            window_start=max(0.0, counts.window_start),
            window_s=counts.limit.window_s,
            told_at=told_at,
            limit=counts.limit.id,
            sets={subject: base64.b64encode(found.to_bytes()).decode() for subject, found in sets.items()},
        )


def _largest_first(entry: tuple[int, str]) -> tuple[int, str]:
    size, subject = entry
    return -size, subject
