from __future__ import annotations

from collections.abc import Mapping

import pytest

from streams.engine.exposition import Exposition
from streams.engine.health import Health, StallWatch
from weir.errors import ClusterError, LostInputError, WorkError
from weir.kafka.records import PartitionId

HERE: PartitionId = ("events", 0)
WALL_S = 1_700_000_000.0


class PlainCluster:
    """A cluster that says what it was told to say."""

    def __init__(self) -> None:
        self.ends: dict[PartitionId, int] = {HERE: 100}
        self.ids = {"events": "first"}
        self.is_there = True

    def stable_ends(self, partitions: list[PartitionId]) -> dict[PartitionId, int]:
        return {where: self.ends[where] for where in partitions}

    def topic_ids(self, topics: list[str]) -> Mapping[str, str]:
        if not self.is_there:
            raise ClusterError("No broker answers.")
        return {topic: self.ids[topic] for topic in topics}


@pytest.fixture
def cluster() -> PlainCluster:
    return PlainCluster()


@pytest.fixture
def exposition() -> Exposition:
    return Exposition()


@pytest.fixture
def health(cluster: PlainCluster, exposition: Exposition) -> Health:
    return Health(cluster, exposition, {"events": "sessionize"}, stall_timeout_s=10)


def test_a_position_that_stands_still_with_records_waiting_stalls() -> None:
    watch = StallWatch(10)
    watch.see({HERE: 5}, {HERE: 9}, now_s=0)
    watch.see({HERE: 5}, {HERE: 9}, now_s=10)
    assert watch.stalled(10) is None
    assert watch.stalled(11) == HERE


def test_a_position_that_moves_or_has_nothing_to_read_does_not_stall() -> None:
    watch = StallWatch(10)
    watch.see({HERE: 5}, {HERE: 9}, now_s=0)
    watch.see({HERE: 6}, {HERE: 9}, now_s=9)
    assert watch.stalled(18) is None
    watch.see({HERE: 9}, {HERE: 9}, now_s=30)
    assert watch.stalled(39) is None


def test_a_partition_that_was_handed_over_does_not_stall() -> None:
    watch = StallWatch(10)
    watch.see({HERE: 5}, {HERE: 9}, now_s=0)
    watch.see({}, {}, now_s=1)
    assert watch.stalled(100) is None


def test_silence_of_the_brokers_is_no_proof_of_life() -> None:
    watch = StallWatch(10)
    watch.see({}, {}, now_s=0)
    watch.see({}, None, now_s=11)
    assert watch.is_unanswered(11)


def test_lag_is_told_by_stage_topic_and_partition(health: Health, exposition: Exposition) -> None:
    health.check({HERE: 93}, 0, WALL_S)
    assert b'weir_lag_records{partition="0",stage="sessionize",topic="events"} 7.0' in exposition.text()
    health.check({}, 1, WALL_S)
    assert b"weir_lag_records{" not in exposition.text()


def test_a_stall_ends_the_worker_and_is_seen_by_the_probe(health: Health) -> None:
    health.check({HERE: 93}, 0, WALL_S)
    assert health.is_alive
    with pytest.raises(WorkError, match="Partition 0 of events has not moved for 10 s"):
        health.check({HERE: 93}, 11, WALL_S)
    assert not health.is_alive


def test_a_topic_made_again_under_the_reader_is_lost_input(health: Health, cluster: PlainCluster) -> None:
    health.check({HERE: 93}, 0, WALL_S)
    cluster.ids["events"] = "second"
    with pytest.raises(LostInputError, match="deleted and made again"):
        health.check({HERE: 93}, 1, WALL_S)


def test_brokers_that_are_away_for_a_moment_end_nothing(health: Health, cluster: PlainCluster) -> None:
    health.check({HERE: 93}, 0, WALL_S)
    cluster.is_there = False
    health.check({HERE: 93}, 5, WALL_S)
    cluster.is_there = True
    health.check({HERE: 94}, 9, WALL_S)
    cluster.is_there = False
    with pytest.raises(WorkError, match="have not described"):
        health.check({HERE: 94}, 30, WALL_S)


def test_progress_is_told_in_wall_time_while_stalls_are_judged_by_a_clock_that_nobody_sets(
    health: Health, exposition: Exposition
) -> None:
    health.check({HERE: 93}, 0, WALL_S)
    health.check({HERE: 93}, 4, WALL_S + 4)
    assert b'weir_progress_timestamp_seconds{stage="sessionize"} 1.7e+09' in exposition.text()
    health.check({HERE: 93}, 5, WALL_S + 86_400)
    assert health.is_alive
