"""Simulates delivery over a network: events arrive nearly in order, some late, some twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Any

from streams.demo.traffic import TrafficEvent, traffic_events
from streams.demo.visitor import Visitor, chance

REPEATED_SHARE = 0.03
SLOW_SHARE = 0.01
USUAL_DELAY_S = 0.05
SLOW_DELAY_S = (0.5, 2.0)
REPEAT_DELAY_S = (0.1, 2.0)


@dataclass(frozen=True, slots=True)
class Sending:
    """One event with the time at which it is sent, in seconds from the start."""

    at_s: float
    event: dict[str, Any]
    visitor: Visitor
    is_repeat: bool


def traffic(seed: int, rate: float, start_s: float, pace: float = 1.0) -> Iterator[Sending]:
    """Endless events in the order in which they are sent; see `traffic_events` for the parameters."""
    return delivered(traffic_events(seed, rate / (1 + REPEATED_SHARE), start_s, pace), seed)


def delivered(events: Iterable[TrafficEvent], seed: int) -> Iterator[Sending]:
    """Every event in the order of sending, after a delay; `REPEATED_SHARE` of the events are sent twice."""
    random = Random(f"{seed}/delivery")
    on_the_way: list[tuple[float, int, Sending]] = []

    def send(at_s: float, event: TrafficEvent, *, is_repeat: bool) -> None:
        sending = Sending(at_s, event.event, event.visitor, is_repeat)
        heappush(on_the_way, (at_s, next(tie), sending))

    tie = iter(range(2**63))
    for event in events:
        # Later events are sent after this event's time, so earlier sendings are in their final order.
        while on_the_way and on_the_way[0][0] <= event.at_s:
            yield heappop(on_the_way)[2]
        at_s = event.at_s + random.expovariate(1 / USUAL_DELAY_S)
        if chance(random, SLOW_SHARE):
            at_s += random.uniform(*SLOW_DELAY_S)
        send(at_s, event, is_repeat=False)
        if chance(random, REPEATED_SHARE):
            send(at_s + random.uniform(*REPEAT_DELAY_S), event, is_repeat=True)
    while on_the_way:
        yield heappop(on_the_way)[2]
