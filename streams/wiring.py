"""What a driver is given to drive: which stages there are, who makes their tasks, and what every worker follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from streams.task import Task
from weir.topics import Topic

TakeEntry = Callable[[bytes, bytes | None], None]
"""Takes key and value of a record; None for a key that was removed."""
Followed = tuple[Topic, TakeEntry]
"""A topic that every worker reads from its beginning, and who takes its records."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """Which stages there are, and what connects them."""

    inputs: Mapping[str, tuple[Topic, ...]]
    """What each stage reads, in the order of an event's way."""
    visitors: int
    """Partitions of the topics that are keyed by visitor."""
    make_task: Callable[[str, int], Task]
    """Makes a stage's task for a partition."""
    followed: Sequence[Followed] = ()
