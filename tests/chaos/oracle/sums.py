"""What a partition must tell the others of its addresses and accounts, window by window.

Silences: a window is ten seconds that begin at a multiple of ten. It ends with the eighth event behind its end; the
next is the one of the least of these times. After 64 events more than a window before its beginning, if they are more
than half of all since the first, it goes back to the last one's. What is outside of it counts in it. An event over a
visitor's own budget costs nobody else; a visitor's event pays a part from the tenth of its session on. An address is
charged as it stands, an IPv6 one by its first 64 bits, one that is neither as it was sent, cut to 64 characters. Who is
where is counted at an event's power of two in its session, at each login, and at another address than the session's
first. Sets are told where they have grown since, and have a share of the limit; counting begins anew with the limit's
window. Items are not judged: they are told of visitors beyond the limit alone.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from ipaddress import IPv6Address, ip_address, ip_network

from tests.chaos.oracle.expected import Sum
from tests.chaos.oracle.reading import Fields
from tests.chaos.oracle.records import Distinct, Settings
from tests.chaos.oracle.session import Session
from tests.chaos.oracle.spending import cost_of

WINDOW_S = 10.0
AHEAD, BEHIND = 8, 64
EXACT = 2_048
"""Subjects of which sums are exact."""


@dataclass
class Sums:
    """One partition's, and what it must have told so far, by key."""

    partition: int
    settings: Settings
    told: dict[bytes, list[Sum]]
    start: float | None = None
    ahead: list[float] = field(default_factory=list)
    behind: list[int] = field(default_factory=list)
    spent: defaultdict[str, defaultdict[str, float]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(float))
    )
    sets: defaultdict[str, defaultdict[str, set[str]]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(set))
    )
    grown: defaultdict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    number: dict[str, int] = field(default_factory=dict)

    def take(self, event: Fields, session: Session, ts: float, folded: int, *, is_over: bool) -> None:
        """Counts an event that was folded; `folded` of them there were in the partition."""
        if not (self.settings.shared or self.settings.distinct):
            return
        self._turn(ts, folded)
        address, account = subject_of(event["ip"]), event["account_id"]
        if not is_over:
            part = 1.0 if session.events < self.settings.known_after else self.settings.known_price
            for budget in self.settings.shared:
                cost = cost_of(budget, event, self.settings.assets)
                subject = address if budget.kind == "address" else account
                if cost > 0 and subject:
                    self.spent[budget.id][subject] += cost * part if budget.kind == "address" else cost
        is_elsewhere = event["ip"] != session.firsts.get("ip")
        if session.events.bit_count() == 1 or event["type"] == "login" or is_elsewhere:
            known = {"visitor": event["visitor_id"], "address": address, "account": account}
            for limit in self.settings.distinct:
                subject, value = known[limit.kind], known[limit.of]
                if subject and value:
                    self.sets[limit.id][subject].add(value)
                    self.grown[limit.id].add(subject)

    def _turn(self, ts: float, folded: int) -> None:
        if self.start is None:
            self._begin(ts)
        elif ts >= self.start + WINDOW_S:
            self.ahead.append(ts)
            if len(self.ahead) == AHEAD:
                self._end(min(self.ahead))
        elif ts < self.start - WINDOW_S:
            self.behind.append(folded)
            if len(self.behind) == BEHIND:
                if folded - self.behind[0] < 2 * BEHIND:
                    self._end(ts)
                self.behind = []

    def _begin(self, ts: float) -> None:
        self.start = ts // WINDOW_S * WINDOW_S
        self.ahead, self.behind = [], []
        for limit in self.settings.distinct:
            number = int(self.start // limit.window_s)
            if self.number.get(limit.id) != number:
                self.number[limit.id] = number
                self.sets[limit.id].clear()
                self.grown[limit.id].clear()

    def _end(self, ts: float) -> None:
        before = self.start or 0.0
        start = max(0.0, min(before, ts // WINDOW_S * WINDOW_S))
        for budget in self.settings.shared:
            hidden = 0.25 * budget.refill_per_s * WINDOW_S / self.settings.partitions
            spent, floor = self.spent[budget.id], min(0.02 * budget.capacity, hidden)
            told = Sum.of(start, spent, floor, is_exact=len(spent) <= EXACT)
            self.told[f"sums/{self.partition}/{budget.id}".encode()].append(told)
        self.spent.clear()
        for limit in self.settings.distinct:
            sets = self.sets[limit.id]
            truth = {subject: float(len(sets[subject])) for subject in self.grown[limit.id]}
            self.told[f"distinct/{self.partition}/{limit.id}".encode()].append(self._of_sets(limit, truth, start))
            self.grown[limit.id].clear()
        self._begin(ts)

    def _of_sets(self, limit: Distinct, truth: dict[str, float], start: float) -> Sum:
        begun = max(0.0, self.number[limit.id] * limit.window_s)
        floor = max(1, limit.at_most // (2 * self.settings.partitions))
        return Sum.of(begun, truth, floor, start + WINDOW_S, is_exact=len(self.sets[limit.id]) <= EXACT)


def subject_of(ip: str | None) -> str:
    """As whom an address is charged; empty for none."""
    if ip is None:
        return ""
    try:
        address = ip_address(ip.strip().partition("%")[0])
    except ValueError:
        return ip[:64].strip()
    if isinstance(address, IPv6Address):
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)
