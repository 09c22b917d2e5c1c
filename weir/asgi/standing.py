"""Decides whether to refuse a client by limits and flags: plain values, bounded, with the time passed in."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass

from weir.contracts import Flag, Limit
from weir.networks import Networks

MOST = 200_000
"""Most limits, flags and visitors that are kept, each. The oldest are dropped, and their clients are let through."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """The response to a refused request."""

    status: int
    """429: over a limit, try again later. 403: blocked."""
    reason: str
    """For the log, and for the client that is refused."""
    retry_after_s: float = 0.0


@dataclass(frozen=True, slots=True)
class _Held:
    until_s: float
    reason: str
    spares_known_after: int | None


class Standing:
    """The limits and flags in force on visitors, addresses and accounts; one thread may update while others read.

    Unknown clients are let through, so a web server without a connection to Kafka serves all clients.

    Args:
        networks: The networks of the limits' file: the subject of each address, and the trusted addresses.
        block_s: Time for which a `block` without `until` is in force; flags of older versions have no `until`.
        throttle_s: Likewise for a `throttle`.
        refuses_blocked: Whether a `block` is refused; if not, only limits and `throttle` are.
        most: Most limits, flags and visitors that are kept, each.
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
        """Applies a record of `weir.limits` that was written at `told_s`.

        The limit is in force until `until` (event time), and at most `retry_after_s` after it was written.
        """
        until_s = min(limit.until, told_s + limit.retry_after_s)
        held = _Held(until_s, limit.reason or f"Over the limit {limit.limit}.", limit.spares_known_after)
        with self._lock:
            key = (limit.kind, limit.subject)
            self._limits[key] = {**self._limits.get(key, {}), limit.limit: held}
            self._limits.move_to_end(key)
            _bound(self._limits, self._most)

    def take_flag(self, flag: Flag, told_s: float) -> None:
        """Applies a record of `weir.flags` that was written at `told_s`; the newest flag of a session is in force.

        It is in force until `until` (event time), and at most as long after it was written as `until` is after `ts`.
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
        """The response to refuse a request with, None to serve it; counts the request for its visitor."""
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
        """Number of the visitor's requests before this one."""
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
