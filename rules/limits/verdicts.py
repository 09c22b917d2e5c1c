"""Who is over a limit that several partitions count for: the same in every worker, since all read the same sums.

Delay: a sum is that of the window before, so a verdict comes one window of event time (10 s) late, and by as much as
the partition's traffic takes to end the window (`rules/limits/window.py`). Error: a bucket takes a window's
sum whole, at its end, as if it had all been spent then; what sums leave out is in `rules/limits/sums.py`. The sums of
a partition that is behind come late: what would have refilled since is not charged any more. Bounded by `REMEMBERED`.
"""

from __future__ import annotations

import base64
import math
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, TypeVar

from rules.limits.budgets import BucketState, Budget, spend
from rules.limits.distinct import Distinct, DistinctLimit
from weir.contracts.rules_record import AddressSums, DistinctSums
from weir.contracts.session import Session
from weir.networks import Networks

Kind = Literal["visitor", "address", "account"]
Subject = tuple[Kind, str]
REMEMBERED = 50_000
"""Subjects whose buckets a worker keeps, the most recently updated ones."""
REMEMBERED_SETS = 10_000
"""Subjects of which a worker keeps sets, likewise: at most 2 KB each."""
LEAP_S = 900.0
"""A partition whose time leaps further ahead is believed once it, or another one, is there a second time."""


@dataclass(frozen=True, slots=True)
class SubjectVerdict:
    """A subject is over a limit."""

    kind: Kind
    subject: str
    limit: str
    version: str
    reason: str
    observed: float
    window_s: float
    until: float
    retry_after_s: float
    crossed_at: float
    """Event time at which the limit was crossed: the same verdict keeps it."""
    of: str = ""
    """What there are too many different ones of; empty where too much was spent."""

    @property
    def text(self) -> str:
        """For a person."""
        what = f"had {self.observed:.0f} {self.of}" if self.of else f"spent {self.observed:.0f}"
        return f"The {self.kind} {what} in {self.window_s:.0f} s. {self.reason}"

    def meets(self, ts: float) -> bool:
        """Whether it applies to a session whose newest event is at `ts`, and not before its window."""
        return self.crossed_at - self.window_s <= ts < self.until


Verdicts = Mapping[Subject, Mapping[str, SubjectVerdict]]


class Clock:
    """Event time over all partitions: the newest that is credible."""

    def __init__(self) -> None:
        self._times: dict[int, float] = {}
        self.now = 0.0

    def take(self, partition: int, ts: float) -> float:
        """Takes a partition's event time; returns it, or the newest credible time if nothing confirms a leap."""
        is_first, before = not self._times, self._times.get(partition)
        self._times[partition] = ts
        credible = [
            time
            for number, time in self._times.items()
            if time <= self.now
            or (number == partition and before is not None and abs(time - before) <= LEAP_S)
            or any(abs(time - other) <= LEAP_S for one, other in self._times.items() if one != number)
        ]
        if credible:
            self.now = max(credible)
        elif is_first:
            self.now = ts
        return ts if ts <= self.now + LEAP_S else self.now


class SharedVerdicts:
    """Every worker's side: buckets and sets of the subjects that any partition named.

    One thread may offer while others ask: what they see is replaced as a whole, never changed.
    """

    def __init__(
        self,
        budgets: Sequence[Budget],
        limits: Sequence[DistinctLimit] = (),
        networks: Networks | None = None,
    ) -> None:
        self._budgets = {budget.id: budget for budget in budgets}
        self._limits = {limit.id: limit for limit in limits}
        self._networks = networks or Networks()
        self._clock = Clock()
        self._buckets: OrderedDict[Subject, dict[str, BucketState]] = OrderedDict()
        self._sets: OrderedDict[tuple[str, str], tuple[float, Distinct]] = OrderedDict()
        self._next_end = math.inf
        """When the first of the verdicts ends."""
        self._latest = 0.0
        self._forgot = False
        """Whether a subject had to go of which a verdict may hold."""
        self._verdicts: Verdicts = {}
        """Other threads read it, so it is replaced and never changed."""

    @property
    def remembered(self) -> tuple[int, int]:
        """Subjects with buckets, and with sets."""
        return len(self._buckets), len(self._sets)

    def offer(self, record: AddressSums) -> None:
        """Spends what a partition saw; the same records in the same order give the same verdicts."""
        ts = self._clock.take(record.partition, record.window_start + record.window_s)
        asked = [self._budgets[record.limit]] if record.limit in self._budgets else []
        if not record.limit:
            asked = [budget for budget in self._budgets.values() if budget.kind == "address"]
        crossed: list[SubjectVerdict] = []
        for subject, cost in record.costs.items():
            for budget in asked:
                verdict = self._spend(budget, subject, ts, cost)
                if verdict is not None:
                    crossed.append(verdict)
        self._forgot |= _forget_oldest(self._buckets, REMEMBERED)
        self._replace(crossed)

    def offer_sets(self, record: DistinctSums) -> None:
        """Adds what a partition counted."""
        ts = self._clock.take(record.partition, record.told_at)
        limit = self._limits.get(record.limit)
        if limit is None:
            return
        crossed: list[SubjectVerdict] = []
        for subject, data in record.sets.items():
            try:
                found = Distinct.from_bytes(base64.b64decode(data, validate=True))
            except ValueError:
                continue  # another version wrote it
            verdict = self._count(limit, subject, found, record.window_start, ts)
            if verdict is not None:
                crossed.append(verdict)
        self._forgot |= _forget_oldest(self._sets, REMEMBERED_SETS)
        self._replace(crossed)

    def on(self, session: Session) -> tuple[SubjectVerdict, ...]:
        """The verdicts that apply to a session: on its visitor, its address and its accounts, in this order.

        A known visitor is not meant by an address's: it has a budget of its own, and others may have spent.
        """
        if not self._verdicts:
            return ()
        rules = self._networks.rules
        address = ""
        if session.ip is not None:
            place = self._networks.place(session.ip)
            if place.frees(session.user_agent):
                return ()
            known = session.events >= rules.known_after and not session.rate_limited
            address = "" if known else place.subject
        subjects: list[Subject] = [("visitor", session.visitor_id), ("address", address)]
        subjects += [("account", account) for account in session.account_ids]
        found = (verdict for subject in subjects for verdict in self._verdicts.get(subject, {}).values())
        return tuple(verdict for verdict in found if verdict.meets(session.end))

    @property
    def verdicts(self) -> Verdicts:
        """What holds, by subject and limit: another object as soon as anything changes."""
        return self._verdicts

    def held(self) -> list[SubjectVerdict]:
        """The verdicts that hold."""
        return [verdict for found in self._verdicts.values() for verdict in found.values()]

    def spares_known_after(self, verdict: SubjectVerdict) -> int | None:
        """From how many events on visitors are not meant by a verdict; None where all are."""
        return self._networks.rules.known_after if verdict.kind == "address" else None

    def _spend(self, budget: Budget, name: str, ts: float, cost: float) -> SubjectVerdict | None:
        subject: Subject = (budget.kind, name)
        buckets = self._buckets.setdefault(subject, {})
        self._buckets.move_to_end(subject)
        before = buckets.get(budget.id)
        if before is not None and before.clock > self._clock.now + LEAP_S:
            before = None  # its time was wrong: it would not refill before that comes
        elif before is not None and before.clock - ts > budget.window_s:
            return None  # published so late that the whole budget would be refilled
        spent = spend(budget, before, ts, cost, drains=True)
        buckets[budget.id] = spent.state
        if not spent.crossed:
            return None
        return SubjectVerdict(
            kind=budget.kind,
            subject=name,
            limit=budget.id,
            version=budget.version,
            reason=budget.reason,
            observed=spent.observed,
            window_s=budget.window_s,
            until=spent.until,
            retry_after_s=spent.retry_after_s,
            crossed_at=spent.state.clock,
        )

    def _count(
        self, limit: DistinctLimit, name: str, found: Distinct, start: float, ts: float
    ) -> SubjectVerdict | None:
        key = (limit.id, name)
        begun, known = self._sets.get(key, (start, found))
        if begun > start:
            return None  # of a window that is over
        if begun < start:
            known = found
        elif known is not found:
            known.merge(found)
        self._sets[key] = (start, known)
        self._sets.move_to_end(key)
        until = start + limit.window_s
        held = self._verdicts.get((limit.kind, name), {}).get(limit.id)
        if len(known) <= limit.at_most or (held is not None and held.until == until):
            return None
        return SubjectVerdict(
            kind=limit.kind,
            subject=name,
            limit=limit.id,
            version=limit.version,
            reason=limit.reason,
            observed=float(len(known)),
            window_s=limit.window_s,
            until=until,
            retry_after_s=max(0.0, until - ts),
            crossed_at=ts,
            of=limit.of,
        )

    def _replace(self, crossed: Sequence[SubjectVerdict]) -> None:
        """What holds of the verdicts so far and of these."""
        now = self._clock.now
        is_back, self._latest = now < self._latest, now
        if not (crossed or is_back or now >= self._next_end or self._forgot):
            return
        self._forgot = False
        holding: dict[Subject, dict[str, SubjectVerdict]] = {}
        for verdict in [*self.held(), *crossed]:
            if verdict.until > now and verdict.crossed_at <= now + LEAP_S and self._is_remembered(verdict):
                holding.setdefault((verdict.kind, verdict.subject), {})[verdict.limit] = verdict
        self._verdicts = holding
        self._next_end = min((verdict.until for verdict in self.held()), default=math.inf)

    def _is_remembered(self, verdict: SubjectVerdict) -> bool:
        if verdict.of:
            return (verdict.limit, verdict.subject) in self._sets
        return (verdict.kind, verdict.subject) in self._buckets


_Key = TypeVar("_Key")
_Kept = TypeVar("_Kept")


def _forget_oldest(kept: OrderedDict[_Key, _Kept], most: int) -> bool:
    """Whether there was one to forget."""
    is_full = len(kept) > most
    while len(kept) > most:
        kept.popitem(last=False)
    return is_full
