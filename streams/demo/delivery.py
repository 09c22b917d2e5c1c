"""Simulates delivery over a network: events arrive nearly in order, some late, some twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from random import Random
from typing import Any

from streams.demo.traffic import Happening, happenings
from streams.demo.visitor import Visitor, chance

REPEATED_SHARE = 0.03
SLOW_SHARE = 0.01
USUAL_DELAY_S = 0.05
SLOW_DELAY_S = (0.5, 2.0)
REPEAT_DELAY_S = (0.1, 2.0)


@dataclass(frozen=True, slots=True)
class Sending:
    """One event on its way: when it is sent, in seconds from the start."""

    at_s: float
    event: dict[str, Any]
    visitor: Visitor
    is_repeat: bool


def traffic(seed: int, rate: float, start_s: float, pace: float = 1.0) -> Iterator[Sending]:
    """Events in the order in which they are sent, without end; see `happenings` for the parameters."""
    return delivered(happenings(seed, rate / (1 + REPEATED_SHARE), start_s, pace), seed)


def delivered(events: Iterable[Happening], seed: int) -> Iterator[Sending]:
    """Every event once, a few twice, none before it happened, in the order of sending."""
    random = Random(f"{seed}/delivery")
    on_the_way: list[tuple[float, int, Sending]] = []

    def send(at_s: float, event: Happening, *, is_repeat: bool) -> None:
        sending = Sending(at_s, event.event, event.visitor, is_repeat)
        heappush(on_the_way, (at_s, next(tie), sending))

    tie = iter(range(2**63))
    for event in events:
        # What is sent before this event happens can't be overtaken any more.
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
