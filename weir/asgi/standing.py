"""Who is to be refused, as limits and flags say: plain values, bounded, with the time passed in."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from weir.contracts import Flag, Limit
from weir.networks import Networks

MOST = 200_000
"""Limits, flags and visitors that are remembered, each; the oldest ones are forgotten, and let through."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """What is answered."""

    status: int
    """429: too much, come back later. 403: not at all."""
    reason: str
    """For the log, and for the client that is refused."""
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Held:
    until_s: float
    reason: str
    spares_known_after: int | None


class Standing:
    """What is known of visitors, addresses and accounts; one thread may update it while others ask.

    Whatever is unknown is let through: a web server whose Kafka is away serves everybody.

    Args:
        networks: As the limits' file has them: which subject an address is charged to, and which addresses are trusted.
        block_s: How long a `block` holds that does not say until when, as flags of older versions don't.
        throttle_s: Likewise for a `throttle`.
        refuses_blocked: Whether a `block` is answered at all; without, only limits and `throttle` are.
        most: How much is remembered of each kind.
    """

    def __init__(
        self,
        networks: Networks | None = None,
        *,
        block_s: float = 3_600.0,
        throttle_s: float = 60.0,
        refuses_blocked: bool = True,
        most: int = MOST,
    ) -> None:
        self._networks = networks or Networks()
        self._block_s = block_s
        self._throttle_s = throttle_s
        self._refuses_blocked = refuses_blocked
        self._most = most
        self._limits: OrderedDict[tuple[str, str], dict[str, _Held]] = OrderedDict()
        self._flags: OrderedDict[str, dict[str, tuple[float, Refusal]]] = OrderedDict()
        self._seen: OrderedDict[str, int] = OrderedDict()
        self._lock = threading.Lock()

    def take_limit(self, limit: Limit, told_s: float) -> None:
        """Takes a record of `weir.limits`, and when it was written.

        `until` is event time, which a replayed log has none of now; a record that came late must not hold longer.
        """
        until_s = min(limit.until, told_s + limit.retry_after_s)
        held = _Held(until_s, limit.reason or f"Over the limit {limit.limit}.", limit.spares_known_after)
        with self._lock:
            key = (limit.kind, limit.subject)
            self._limits[key] = {**self._limits.get(key, {}), limit.limit: held}
            self._limits.move_to_end(key)
            _bound(self._limits, self._most)

    def take_flag(self, flag: Flag, told_s: float) -> None:
        """Takes a record of `weir.flags`, and when it was written; the newest one of a session holds.

        It holds until its `until`, which is event time: a flag that came late, as of a replayed log, holds no longer.
        """
        reason = flag.reasons[0].text if flag.reasons else f"Decided by {flag.stage}."
        with self._lock:
            flags = {name: one for name, one in self._flags.get(flag.visitor_id, {}).items() if one[0] > told_s}
            flags.pop(flag.session_id, None)
            if flag.verdict == "block" and self._refuses_blocked:
                flags[flag.session_id] = (_until_s(flag, told_s, self._block_s), Refusal(403, reason))
            elif flag.verdict == "throttle":
                until_s = _until_s(flag, told_s, self._throttle_s)
                flags[flag.session_id] = (until_s, Refusal(429, reason, max(1.0, until_s - told_s)))
            self._flags[flag.visitor_id] = flags
            self._flags.move_to_end(flag.visitor_id)
            if not flags:
                del self._flags[flag.visitor_id]
            _bound(self._flags, self._most)

    def refusal(
        self,
        now_s: float,
        *,
        visitor: str | None = None,
        address: str | None = None,
        account: str | None = None,
        user_agent: str | None = None,
    ) -> Refusal | None:
        """What to answer to a request, None to serve it; counts it as one of the visitor's."""
        place = self._networks.place(address) if address else None
        with self._lock:
            known = self._count(visitor)
            if place is not None and place.frees(user_agent):
                return None
            found = [refused for until_s, refused in self._of_flags(visitor) if until_s > now_s]
            subjects = [("visitor", visitor), ("address", place.subject if place else None), ("account", account)]
            for kind, subject in subjects:
                for held in self._limits.get((kind, subject), {}).values() if subject else ():
                    spares = held.spares_known_after
                    if held.until_s > now_s and (spares is None or known < spares):
                        found.append(Refusal(429, held.reason, held.until_s - now_s))
        return max(found, key=_severity) if found else None

    def _count(self, visitor: str | None) -> int:
        """How many requests of the visitor came before this one."""
        if not visitor:
            return 0
        before = self._seen.get(visitor, 0)
        self._seen[visitor] = before + 1
        self._seen.move_to_end(visitor)
        _bound(self._seen, self._most)
        return before

    def _of_flags(self, visitor: str | None) -> list[tuple[float, Refusal]]:
        return [*self._flags.get(visitor, {}).values()] if visitor else []


def _until_s(flag: Flag, told_s: float, held_s: float) -> float:
    if flag.until is None:
        return told_s + held_s
    return min(flag.until, told_s + max(0.0, flag.until - flag.ts))


def _severity(refused: Refusal) -> tuple[bool, float]:
    return refused.status == 403, refused.retry_after_s  # noqa: PLR2004 -- its name in HTTP


def _bound(kept: OrderedDict, most: int) -> None:  # type: ignore[type-arg]  # of anything
    while len(kept) > most:
        kept.popitem(last=False)
