"""The states of a partition's life, what exists only while it is recovered, and what all partitions share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from streams.engine.cap import DeadLetterWatch
from streams.engine.exposition import Exposition
from streams.engine.flush import Flusher
from streams.engine.plan import Threads
from weir.settings import Settings

if TYPE_CHECKING:
    from streams.engine.partition import StagePartition


class PartitionState(Enum):
    """Where a partition is in its life."""

    RECOVERING = "recovering"
    """Its state is not in memory, or no longer whole; a recovery is under way or asked for."""
    READY = "ready"
    SUSPENDED = "suspended"
    """The group may be giving the partition to another worker; its state may be in memory or not."""
    ABANDONED = "abandoned"
    """Given up; the partition takes no batches any more."""


@dataclass(frozen=True, slots=True)
class PartitionContext:
    """What all partitions of a worker share."""

    settings: Settings
    threads: Threads
    exposition: Exposition
    fail: Callable[[Exception], None]
    """Ends the process with an error message."""
    repair: Callable[[StagePartition], None]
    """Has a partition whose flush was refused recovered, and its fetching set back."""
    is_current: Callable[[], bool] = lambda: True
    """Whether the group's last assignment to this worker still holds; asked from any thread."""


@dataclass(slots=True)
class Recovered:
    """What exists only while the state in memory is whole."""

    flusher: Flusher
    positions: dict[str, int]
    """By full topic name: position up to which the input is folded in memory."""
    watches: Mapping[str, DeadLetterWatch]
    """By full topic name: share of dead letters."""
