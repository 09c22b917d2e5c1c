"""What goes wrong, and when: a seed's plan. The same seed gives the same plan."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "workers": ("kill", "kill_again_while_it_recovers", "pause_past_the_session", "terminate"),
    "brokers": ("bounce", "hard_bounce", "outage"),
    "rebalances": ("storm", "more_workers_than_partitions", "rolling_restart"),
    "network": ("delay", "cut", "half_open"),
    "log": ("offsets_reset",),
}
"""Faults by family; each is a method of `tests.chaos.faults.Faults`."""
QUIET_S = 8.0
"""Before the first fault and after the last: something has to be under way, and to come back."""


@dataclass(frozen=True, slots=True)
class Planned:
    """A fault and the second of the run at which it begins, at the earliest: faults don't overlap."""

    at_s: float
    family: str
    fault: str
    seed: int
    """Of the fault's own choices: which worker, how long."""


def plan(seed: int, seconds: float, every_s: float, families: Sequence[str] = tuple(FAMILIES)) -> list[Planned]:
    """A fault every so often, all of them in turn before one comes a second time, in an order of the seed's."""
    randomness = random.Random(seed)
    faults = [(family, fault) for family in families for fault in FAMILIES[family]]
    made: list[Planned] = []
    at_s = QUIET_S
    while at_s < seconds - QUIET_S:
        turn = len(made) % len(faults)
        if turn == 0:
            randomness.shuffle(faults)
        family, fault = faults[turn]
        made.append(Planned(round(at_s, 2), family, fault, randomness.randrange(2**31)))
        at_s += every_s * randomness.uniform(0.7, 1.3)
    return made
