"""What goes wrong, and when: a seed's plan. The same seed gives the same plan."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

FAMILIES: Mapping[str, tuple[str, ...]] = {
    "workers": (
        "kill",
        "kill_again_while_it_recovers",
        "kill_amid_a_flush",
        "kill_before_the_commit",
        "kill_amid_the_commit",
        "kill_before_the_acknowledgement",
        "kill_after_the_fence",
        "kill_after_the_marker",
        "kill_amid_the_fold",
        "kill_while_it_hands_over",
        "pause_past_the_session",
        "terminate",
        "memory_pressure",
    ),
    "brokers": (
        "bounce",
        "hard_bounce",
        "bounce_of_all",
        "outage",
        "start_while_down",
        "coordinator_killed",
        "full_disk",
    ),
    "rebalances": (
        "storm",
        "more_workers_than_partitions",
        "rolling_restart",
        "start_together",
        "start_together_and_kill_one",
    ),
    "network": ("delay", "cut", "half_open"),
    "log": ("offsets_reset",),
}
"""Faults by family; each is a method of `tests.chaos.faults.Faults`."""
FAMILY = {fault: family for family, faults in FAMILIES.items() for fault in faults}
SEVERAL_NODES: Mapping[str, str] = {
    "bounce_of_all": "with one node it is the hard bounce",
    "coordinator_killed": "with one node it is the hard bounce",
}
"""What only a cluster of several nodes can suffer, and why not one node."""
HASTY_SHARE = 0.2
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
    is_followed_at_once: bool = False
    """Whether the next one comes while what this one broke is still coming back."""


def plan(  # noqa: PLR0913, PLR0917 -- what a command line says of a run
    seed: int, seconds: float, every_s: float, only: Sequence[str] = tuple(FAMILY), nodes: int = 3, part: int = 1
) -> list[Planned]:
    """A fault every so often, all of them in turn before one comes a second time, in an order of the seed's.

    `part` 2 begins where the plan of part 1 ends, and so on: a long run in parts, each of so many seconds.
    """
    randomness = random.Random(seed)
    faults = [fault for fault in FAMILY if fault in only and fault not in impossible(nodes)]
    order: list[str] = []
    made: list[Planned] = []
    for _ in range(part):
        made, at_s = [], QUIET_S
        while faults and at_s < seconds - QUIET_S:
            if not order:
                order = faults.copy()
                randomness.shuffle(order)
            fault = order.pop(0)
            own, hasty = randomness.randrange(2**31), randomness.random() < HASTY_SHARE
            made.append(Planned(round(at_s, 2), FAMILY[fault], fault, own, hasty))
            at_s += randomness.uniform(0.5, 3.0) if hasty else every_s * randomness.uniform(0.7, 1.3)
    return made


def impossible(nodes: int) -> Mapping[str, str]:
    """Faults that can't happen on so many nodes, and why."""
    return SEVERAL_NODES if nodes == 1 else {}
