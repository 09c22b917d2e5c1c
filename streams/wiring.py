"""The stages that a driver runs: their inputs, the factory of their tasks, and the topics that each worker follows."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from streams.task import Task
from weir.topics import Topic

TakeEntry = Callable[[bytes, bytes | None], None]
"""Takes key and value of a record; None for a key that was removed."""
Followed = tuple[Topic, TakeEntry]
"""A topic that each worker reads from its beginning, and the function that takes its records."""


@dataclass(frozen=True, slots=True)
class Wiring:
    """The stages and their inputs."""

    inputs: Mapping[str, tuple[Topic, ...]]
    """Input topics by stage, in the order in which records pass through the stages."""
    visitors: int
    """Partitions of the topics that are keyed by visitor."""
    make_task: Callable[[str, int], Task]
    """Makes a stage's task for a partition."""
    followed: Sequence[Followed] = ()
