"""Progress of a worker: lag by stage and partition, and the watch that ends a worker without progress."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Protocol

from streams.engine.exposition import Exposition
from weir.errors import LostInputError, WorkError
from weir.kafka.records import PartitionId

log = logging.getLogger("weir.health")


class StallWatch:
    """Finds input that has been waiting for too long while its position did not change.

    Time is passed in, and must be monotonic: a wall clock that is set would end every worker at once.
    """

    def __init__(self, timeout_s: float) -> None:
        self._timeout_s = timeout_s
        self._positions: dict[PartitionId, int] = {}
        self._moved_at_s: dict[PartitionId, float] = {}
        self._answered_at_s: float | None = None

    def see(self, positions: Mapping[PartitionId, int], ends: Mapping[PartitionId, int] | None, now_s: float) -> None:
        """Takes the positions of all owned partitions, and the ends of their input; None if no broker answered."""
        if ends is not None or self._answered_at_s is None:
            self._answered_at_s = now_s
        for where in set(self._moved_at_s) - set(positions):
            del self._moved_at_s[where]
        for where, position in positions.items():
            moved = self._positions.get(where) != position
            idle = ends is not None and ends.get(where, position) <= position
            if moved or idle or where not in self._moved_at_s:
                self._moved_at_s[where] = now_s
        self._positions = dict(positions)

    def moved_at_s(self, where: PartitionId) -> float:
        """When it last moved, or had nothing to do."""
        return self._moved_at_s[where]

    def is_unanswered(self, now_s: float) -> bool:
        """Whether the end of the input has been unknown for too long."""
        return self._answered_at_s is not None and now_s - self._answered_at_s > self._timeout_s

    def stalled(self, now_s: float) -> PartitionId | None:
        """What has stood still for too long, if anything has."""
        for where, at_s in self._moved_at_s.items():
            if now_s - at_s > self._timeout_s:
                return where
        return None


class Cluster(Protocol):
    """What health asks of the brokers; `weir.kafka.observer.Observer` answers."""

    def stable_ends(self, partitions: list[PartitionId]) -> dict[PartitionId, int]:
        """Last stable offsets."""

    def topic_ids(self, topics: list[str]) -> Mapping[str, str]:
        """Ids of topics."""


class Health:
    """Lag, stalls and lost input of one worker. `check` blocks: call it from a thread."""

    def __init__(
        self, cluster: Cluster, exposition: Exposition, stage_of: Mapping[str, str], stall_timeout_s: float
    ) -> None:
        self._cluster = cluster
        self._exposition = exposition
        self._stage_of = stage_of
        self._stall_timeout_s = stall_timeout_s
        self._watch = StallWatch(stall_timeout_s)
        self._topic_ids: dict[str, str] = {}
        self.lag: dict[PartitionId, int] = {}
        """Committed records not yet worked on, as last known."""
        self.is_alive = True

    def check(self, positions: Mapping[PartitionId, int], monotonic_s: float, wall_s: float) -> None:
        """Asks the brokers where the input ends, and compares with the positions of all owned partitions.

        Stalls are judged by `monotonic_s`; `wall_s`, since the epoch, is for what is shown alone.

        Raises:
            LostInputError: an input topic was deleted and made again.
            WorkError: nothing has moved for too long, or no broker has answered.
        """
        ends = self._ends(positions)
        self._watch.see(positions, ends, monotonic_s)
        if ends is not None:
            self._report(positions, ends, wall_s - monotonic_s, wall_s)
        stalled, unanswered = self._watch.stalled(monotonic_s), self._watch.is_unanswered(monotonic_s)
        self.is_alive = stalled is None and not unanswered
        if unanswered:
            raise WorkError(
                f"The brokers have not described the input topics for {self._stall_timeout_s:g} s.",
                "This worker ends; see that they are up and the topics there, and start it again.",
            )
        if stalled is not None:
            topic, partition = stalled
            raise WorkError(
                f"Partition {partition} of {topic} has not moved for {self._stall_timeout_s:g} s, though records wait.",
                "This worker ends; look at its log and at the brokers, and start it again.",
            )

    def _ends(self, positions: Mapping[PartitionId, int]) -> dict[PartitionId, int] | None:
        try:
            self._compare_ids(self._cluster.topic_ids(sorted(self._stage_of)))
            return self._cluster.stable_ends(list(positions))
        except LostInputError:
            raise
        except WorkError as error:
            log.warning("%s", error)
            return None

    def _compare_ids(self, ids: Mapping[str, str]) -> None:
        for topic, topic_id in ids.items():
            if self._topic_ids.setdefault(topic, topic_id) != topic_id:
                raise LostInputError(
                    f"{topic} was deleted and made again while it was being read.",
                    "Restore the topic, or start under another application id to begin with what is there.",
                )

    def _report(
        self, positions: Mapping[PartitionId, int], ends: Mapping[PartitionId, int], epoch_s: float, wall_s: float
    ) -> None:
        self.lag = {where: max(0, ends[where] - position) for where, position in positions.items() if where in ends}
        lags: dict[tuple[str, ...], float] = {
            (self._stage_of[topic], topic, str(number)): lag for (topic, number), lag in self.lag.items()
        }
        self._exposition.replace("lag_records", lags)
        for stage in set(self._stage_of.values()):
            moved_at_s = [self._watch.moved_at_s(where) for where in positions if self._stage_of[where[0]] == stage]
            moved_s = min(moved_at_s) + epoch_s if moved_at_s else wall_s
            self._exposition.set(moved_s, "progress_timestamp_seconds", stage)
