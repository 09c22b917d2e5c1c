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
class KindProfile:
    """Behaviour of the visitors of one kind, and their share of the traffic."""

    behaviour: Behaviour
    mean_events: float
    share: float
    """Share of the traffic's events; the shares of all kinds add up to 1."""
    address: Callable[[Random], str]
    disguised: float
    """Share of the kind's visitors that send a browser's user agent."""
    tools: tuple[str, ...] = ()


PROFILES: Mapping[Kind, KindProfile] = {
    Kind.SHOPPER: KindProfile(shopper.acts, shopper.MEAN_EVENTS, 0.70, clients.home_address, 1.0),
    Kind.SCRAPER: KindProfile(abuse.scrapes, abuse.MEAN_SCRAPES, 0.14, clients.rented_address, 0.6, clients.LIBRARIES),
    Kind.SCANNER: KindProfile(abuse.probes, abuse.MEAN_PROBES, 0.06, clients.rented_address, 0.3, clients.SCANNERS),
    Kind.SPAMMER: KindProfile(abuse.spams, abuse.MEAN_SPAMS, 0.04, clients.home_address, 1.0),
    Kind.STUFFER: KindProfile(abuse.attempts, abuse.MEAN_ATTEMPTS, 0.06, clients.campaign_address, 1.0),
}
# Longer than nearly all visits, so that the rate of events at offset 0 is the same as later.
WARM_UP_S = 600.0


@dataclass(frozen=True, slots=True)
class TrafficEvent:
    """One event with its visitor and its time in seconds from the start."""

    at_s: float
    event: dict[str, Any]
    visitor: Visitor


@dataclass(slots=True)
class _Visit:
    visitor: Visitor
    acts: Iterator[Act]
    done: int = 0


def traffic_events(seed: int, rate: float, start_s: float, pace: float = 1.0) -> Iterator[TrafficEvent]:
    """Endless events in the order of time, from offset 0 on.

    Args:
        seed: Seed of the traffic; the same seed gives the same traffic.
        rate: Mean number of events a second.
        start_s: Time of offset 0 in the events' `ts`, UTC seconds since the epoch.
        pace: Factor by which visitors are faster than real ones.
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
        yield TrafficEvent(at_s, event, visitor)


def _acts(seed: int, rate: float, pace: float) -> Iterator[tuple[float, _Visit, Act]]:
    """Acts of all visits in the order of time; they begin before offset 0, with no visitors on the site."""
    arrivals = _arrivals(seed, rate, -WARM_UP_S / pace)
    arrival_s, arriving = next(arrivals)
    tie = count()
    # Time, unique number, visit, next act. The number orders entries with equal times, as visits can't be compared.
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
    """Arrivals as a Poisson process; each kind's rate gives it its share of the events."""
    random = Random(seed)
    kinds = tuple(PROFILES)
    per_s = [rate * profile.share / profile.mean_events for profile in PROFILES.values()]
    at_s = first_s
    for number in count(1):
        at_s += random.expovariate(sum(per_s))
        kind = random.choices(kinds, per_s)[0]
        yield at_s, _visit(kind, Random(f"{seed}/{number}"))


def _visit(kind: Kind, random: Random) -> _Visit:
    profile = PROFILES[kind]
    is_disguised = chance(random, profile.disguised)
    visitor = Visitor(
        visitor_id=f"{random.getrandbits(64):016x}",
        kind=kind,
        ip=profile.address(random),
        user_agent=random.choice(clients.BROWSERS if is_disguised else profile.tools),
    )
    return _Visit(visitor, profile.behaviour(random))
