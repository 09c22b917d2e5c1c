"""In which order contestants run: run 1 of each, then run 2 of each, so that a slow minute hits everybody."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

Name = TypeVar("Name")
PART_S = 600.0
"""No part takes longer."""


@dataclass(frozen=True)
class Deadline:
    """When a part has to be over."""

    limit_s: float = PART_S
    clock: Callable[[], float] = time.monotonic
    begun_s: float = field(default=-1.0)

    def __post_init__(self) -> None:
        """The time runs from now on, unless another beginning is said."""
        if self.begun_s < 0:
            object.__setattr__(self, "begun_s", self.clock())

    def fits(self, more_s: float) -> bool:
        """Whether something that takes so long still ends in time."""
        return self.clock() - self.begun_s + more_s <= self.limit_s


def interleaved(names: Sequence[Name], runs: int) -> list[tuple[int, Name]]:
    """Number of the run, from 1 on, and who runs."""
    return [(number, name) for number in range(1, runs + 1) for name in names]


def in_time(names: Sequence[Name], runs: int, deadline: Deadline) -> Iterator[tuple[int, Name]]:
    """The same order, but no round begins that would not end in time if it took as long as the one before."""
    begun_s, at = 0.0, 0
    for number, name in interleaved(names, runs):
        if number != at:
            now_s = deadline.clock()
            if at and not deadline.fits(now_s - begun_s):
                return
            begun_s, at = now_s, number
        yield number, name
