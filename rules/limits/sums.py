"""Sums by address and account that one partition publishes for the others, because bots drop their cookies.

```
 partition 0 ─► Sums ─┐  a record a window and limit: its busiest subjects
 partition 1 ─► Sums ─┼─► weir.rules ─► SharedVerdicts, the same in every worker
 partition 2 ─► Sums ─┘
```

Bounded: `rules/limits/heavy.py` and `rules/limits/counts.py` bound what is kept. A record leaves out
subjects that spent less than `floor_of` a budget in the window, and those behind the first `NAMED`.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec

from rules.limits.budgets import Budget, named_types
from rules.limits.counts import CountsState, DistinctCounts, take_entry
from rules.limits.distinct import Distinct, DistinctLimit
from rules.limits.heavy import HeavyCosts
from rules.limits.window import WINDOW_S, Window
from weir.contracts.rules_record import AddressSums, DistinctSums

FLOOR_SHARE = 0.02
"""A subject is named from this share of a budget in one window of one partition on, if not earlier."""
FLOOR_REFILL_SHARE = 0.25
"""It is named earlier if that much of what a window refills could hide in all partitions together."""
NAMED = 500
"""Subjects that one record names, the busiest ones."""

Charges = tuple[tuple[HeavyCosts, float], ...]
COSTS, SET = b"c", b"d"
"""Type bytes of state entries: what all subjects of a budget spent; the set of one subject of a limit."""
_PARTIES = ("visitor", "address", "account")
_COUNTED = ("visitors", "addresses", "accounts")
_ACCOUNT = 2


class SumsState(msgspec.Struct, array_like=True):
    """A partition's sums at rest. New fields go to the end, with a default."""

    start: float
    ahead: list[float]
    behind: tuple[int, int]
    costs: dict[str, tuple[dict[str, float], float]]
    """By limit: costs, and what may be missing in each."""
    counts: dict[str, CountsState]
    written: list[bytes] = []
    """Keys of the existing entries; not written."""


def floor_of(budget: Budget, partitions: int) -> float:
    """What a subject must spend in a window of one partition to be named."""
    hidden = FLOOR_REFILL_SHARE * budget.refill_per_s * WINDOW_S / partitions
    return min(budget.capacity * FLOOR_SHARE, hidden)


class Sums:
    """A partition's sums, over all its visitors, for budgets and limits of distinct ones."""

    def __init__(
        self,
        partition: int,
        partitions: int,
        budgets: Sequence[Budget],
        limits: Sequence[DistinctLimit],
        *,
        assets_are_priced: bool = False,
    ) -> None:
        self._assets_are_priced = assets_are_priced
        self._partition = partition
        self._partitions = partitions
        self._budgets = [budget for budget in budgets if budget.kind != "visitor"]
        self._costs = {budget.id: HeavyCosts() for budget in self._budgets}
        self.arrivals = [DistinctCounts(limit, partitions) for limit in limits if limit.of != "items"]
        """To be counted by `arrive`."""
        self.items = [DistinctCounts(limit, partitions) for limit in limits if limit.of == "items"]
        """To be counted by a caller that knows items."""
        self._arriving = [
            (counts, _PARTIES.index(counts.limit.kind), _COUNTED.index(counts.limit.of)) for counts in self.arrivals
        ]
        self.need_accounts = all(_ACCOUNT in places for _, *places in self._arriving)
        """Whether `arrive` does nothing where there is no account."""
        self._counts = (*self.arrivals, *self.items)
        self._written: dict[str, bytes] = {}
        self._gone: list[bytes] = []
        """Entries of limits that are no longer there."""
        self.window = Window()
        self._charge()

    @property
    def is_idle(self) -> bool:
        """Whether there is nothing to sum up."""
        return not (self._budgets or self.arrivals or self.items)

    def spend(
        self,
        address: str,
        account: str | None,
        event_type: str,
        price: float,
        is_asset: bool = False,  # noqa: FBT001, FBT002 -- keywords cost a tenth of the call
    ) -> None:
        """Charges an event; `price` is the share of its cost that the address pays; without an address, nothing."""
        if is_asset:
            by_address, by_account = self.asset_charges.get(event_type, self.other_asset_charges)
        else:
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
        """Adds to the sets of distinct visitors, addresses and accounts; called for new visitors, and at intervals."""
        known = (visitor, address, account)
        for counts, subject, value in self._arriving:
            whose, which = known[subject], known[value]
            if whose and which:
                counts.add(whose, which)

    def end_window(self, before: float) -> Iterator[AddressSums | DistinctSums]:
        """Yields the records to publish for the window that began at `before`, after `window` has moved on."""
        start = max(0.0, min(before, self.window.start))
        for budget in self._budgets:
            sums = self._costs[budget.id]
            busy = sums.busiest(floor_of(budget, self._partitions), NAMED)
            if busy:
                yield self._cost_record(budget, start, busy, sums.missed)
        for counts in self._counts:
            sets = counts.take_changed()
            if sets:
                yield self._set_record(counts, start + WINDOW_S, sets)
            counts.turn(self.window.start)
        # What each type is charged stays: it refers to these very sums.
        for sums in self._costs.values():
            sums.begin_anew()

    @property
    def state(self) -> SumsState:
        """What `restore` takes."""
        costs = {name: (sums.costs, sums.missed) for name, sums in self._costs.items()}
        counts = {one.limit.id: one.state for one in self._counts}
        written = [COSTS + name.encode() for name in self._written]
        written += [_set_key(one.limit.id, subject) for one in self._counts for subject in one.written]
        return SumsState(*self.window.state, costs, counts, written + self._gone)

    @property
    def head(self) -> SumsState:
        """The state without the entries that `changes` returns; its size is bounded."""
        return SumsState(*self.window.state, {}, {one.limit.id: one.head for one in self._counts})

    def changes(self) -> Iterator[tuple[bytes, bytes | None]]:
        """State entries that changed since the last call; None for those to delete."""
        yield from ((key, None) for key in self._gone)
        self._gone = []
        for name, sums in self._costs.items():
            entry = _encode_costs((sums.costs, sums.missed)) if sums.costs or name in self._written else b""
            if entry and self._written.get(name) != entry:
                self._written[name] = entry
                yield COSTS + name.encode(), entry
        for one in self._counts:
            yield from ((_set_key(one.limit.id, subject), entry) for subject, entry in one.changes())

    def restore(self, state: SumsState) -> None:
        """Restores a state; entries of limits that no longer exist are dropped."""
        self.window = Window(state.start, state.ahead, state.behind)
        for name, (costs, missed) in state.costs.items():
            if name in self._costs:
                self._costs[name] = HeavyCosts(costs=costs, missed=missed)
        for counts in self._counts:
            if counts.limit.id in state.counts:
                counts.restore(state.counts[counts.limit.id])
            else:
                counts.turn(self.window.start)
        for key in state.written:
            self._note_written(key)
        self._charge()

    def _note_written(self, key: bytes) -> None:
        limit, _, subject = key[1:].decode().partition("/")
        counts = next((one for one in self._counts if one.limit.id == limit), None)
        if key[:1] == SET and counts is not None:
            counts.note_written(subject)
        elif key[:1] == COSTS and limit in self._costs:
            self._written[limit] = b""
        else:
            self._gone.append(key)

    def _charge(self) -> None:
        """Computes the cost of an event of each type in advance, since each event needs it."""
        types = named_types(self._budgets, assets_are_priced=self._assets_are_priced)
        self.charges = {event_type: self._charged(event_type) for event_type in types}
        self.other_charges = self._charged("")
        self.asset_charges = {event_type: self._charged(event_type, is_asset=True) for event_type in types}
        self.other_asset_charges = self._charged("", is_asset=True)

    def _charged(self, event_type: str, *, is_asset: bool = False) -> tuple[Charges, Charges]:
        def of(kind: str) -> Iterable[tuple[HeavyCosts, float]]:
            for budget in self._budgets:
                cost = budget.cost(event_type, is_asset=is_asset)
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

    def _set_record(self, counts: DistinctCounts, told_at: float, sets: dict[str, Distinct]) -> DistinctSums:
        return DistinctSums(
            partition=self._partition,
            window_start=max(0.0, counts.window_start),
            window_s=counts.limit.window_s,
            told_at=told_at,
            limit=counts.limit.id,
            sets={subject: base64.b64encode(found.to_bytes()).decode() for subject, found in sets.items()},
        )


def with_entries(head: SumsState, entries: Mapping[bytes, bytes]) -> SumsState:
    """The whole state again, from its head and the entries that are there.

    Raises:
        msgspec.DecodeError: something else wrote them.
        ValueError: likewise.
    """
    for key, entry in entries.items():
        limit, _, subject = key[1:].decode().partition("/")
        if key[:1] == COSTS:
            head.costs[limit] = _decode_costs(entry)
        elif limit in head.counts:
            take_entry(head.counts[limit], subject, entry)
    head.written = list(entries)
    return head


_encode_costs = msgspec.msgpack.Encoder().encode
_decode_costs = msgspec.msgpack.Decoder(tuple[dict[str, float], float]).decode


def _set_key(limit: str, subject: str) -> bytes:
    return SET + f"{limit}/{subject}".encode()
