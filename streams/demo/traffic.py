"""Generates endless traffic from a seed, without a clock and without Kafka."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count
from random import Random
from typing import Any

from streams.demo import abuse, clients, shopper
from streams.demo.visitor import Act, Behaviour, Kind, Visitor, chance


@dataclass(frozen=True, slots=True)
class Manner:
    """How visitors of a kind behave, and how many events of the traffic are theirs."""

    behaviour: Behaviour
    mean_events: float
    share: float
    """Of the traffic's events; all shares add up to 1."""
    address: Callable[[Random], str]
    disguised: float
    """Share of the kind's visitors that call themselves a browser."""
    tools: tuple[str, ...] = ()


MANNERS: Mapping[Kind, Manner] = {
    Kind.SHOPPER: Manner(shopper.acts, shopper.MEAN_EVENTS, 0.70, clients.home_address, 1.0),
    Kind.SCRAPER: Manner(abuse.scrapes, abuse.MEAN_SCRAPES, 0.14, clients.rented_address, 0.6, clients.LIBRARIES),
    Kind.SCANNER: Manner(abuse.probes, abuse.MEAN_PROBES, 0.06, clients.rented_address, 0.3, clients.SCANNERS),
    Kind.SPAMMER: Manner(abuse.spams, abuse.MEAN_SPAMS, 0.04, clients.home_address, 1.0),
    Kind.STUFFER: Manner(abuse.attempts, abuse.MEAN_ATTEMPTS, 0.06, clients.campaign_address, 1.0),
}
# Longer than nearly all visits last, so that at offset 0 the site is as busy as ever after.
WARM_UP_S = 600.0


@dataclass(frozen=True, slots=True)
class Happening:
    """One event as it happens: when, in seconds from the start, and whose it is."""

    at_s: float
    event: dict[str, Any]
    visitor: Visitor


@dataclass(slots=True)
class _Visit:
    visitor: Visitor
    acts: Iterator[Act]
    done: int = 0


def happenings(seed: int, rate: float, start_s: float, pace: float = 1.0) -> Iterator[Happening]:
    """Events in the order in which they happen, without end, from offset 0 on.

    Args:
        seed: the same seed gives the same traffic.
        rate: events a second, on average.
        start_s: what offset 0 is in the events' `ts`, UTC seconds since the epoch.
        pace: how many times faster than life everybody is.
    """
    for at_s, visit, act in _acts(seed, rate, pace):
        visit.done += 1
        if at_s < 0:
            continue
        visitor = visit.visitor
        event = {
            "event_id": f"{visitor.visitor_id}-{visit.done}",
            "visitor_id": visitor.visitor_id,
            "ts": round(start_s + at_s, 3),
            "ip": visitor.ip,
            "user_agent": visitor.user_agent,
        }
        event |= {name: value for name, value in act.fields.items() if value is not None}
        yield Happening(at_s, event, visitor)


def _acts(seed: int, rate: float, pace: float) -> Iterator[tuple[float, _Visit, Act]]:
    """Lets visitors arrive and act, in order of time; begins before offset 0, on an empty site."""
    arrivals = _arrivals(seed, rate, -WARM_UP_S / pace)
    arrival_s, arriving = next(arrivals)
    tie = count()
    # Time, a number that no other has, the visit, its next act: equal times compare no further than the number.
    waiting: list[tuple[float, int, _Visit, Act]] = []

    def wait(after_s: float, visit: _Visit) -> None:
        act = next(visit.acts, None)
        if act is not None:
            heappush(waiting, (after_s + act.after_s / pace, next(tie), visit, act))

    while True:
        while not waiting or arrival_s <= waiting[0][0]:
            wait(arrival_s, arriving)
            arrival_s, arriving = next(arrivals)
        at_s, _, visit, act = heappop(waiting)
        yield at_s, visit, act
        wait(at_s, visit)


def _arrivals(seed: int, rate: float, first_s: float) -> Iterator[tuple[float, _Visit]]:
    """Visitors of all kinds come independently of each other, each kind as often as its share asks."""
    random = Random(seed)
    kinds = tuple(MANNERS)
    per_s = [rate * manner.share / manner.mean_events for manner in MANNERS.values()]
    at_s = first_s
    for number in count(1):
        at_s += random.expovariate(sum(per_s))
        kind = random.choices(kinds, per_s)[0]
        yield at_s, _visit(kind, Random(f"{seed}/{number}"))


def _visit(kind: Kind, random: Random) -> _Visit:
    manner = MANNERS[kind]
    is_disguised = chance(random, manner.disguised)
    visitor = Visitor(
        visitor_id=f"{random.getrandbits(64):016x}",
        kind=kind,
        ip=manner.address(random),
        user_agent=random.choice(clients.BROWSERS if is_disguised else manner.tools),
    )
    return _Visit(visitor, manner.behaviour(random))
