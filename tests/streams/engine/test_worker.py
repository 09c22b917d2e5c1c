"""Whole workers on a real broker: members of a group, killed, paused, joined and left by others."""

from __future__ import annotations

import random
import signal
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition

from tests.streams.engine.topics import counts, once_each, read_all, send_aborted, send_events
from tests.streams.engine.workers import WorkerProcess, workers
from tests.support.polling import eventually
from weir.kafka.admin import admin, create_topics
from weir.settings import Settings
from weir.topics import EVENTS, SESSIONS

pytestmark = pytest.mark.kafka


@pytest.fixture
def settings(new_installation: Callable[..., Settings]) -> Settings:
    return new_installation(
        partitions=4,
        checkpoint_interval_s=0.5,
        session_timeout_s=3,
        transaction_timeout_s=3,
        max_batch_records=200,
        model_key=None,
    )


def visitors(number: int, seed: int) -> list[str]:
    chance = random.Random(seed)
    return [f"v{chance.randrange(50)}" for _ in range(number)]


def all_counted(settings: Settings, events: Sequence[str]) -> Callable[[], bool]:
    """Whether the outputs are complete; what they are is for the test to compare."""
    return lambda: sum(map(len, counts(settings).values())) >= len(events)


def committed(settings: Settings) -> int:
    consumer = Consumer(settings.client_options() | {"group.id": f"{settings.application_id}.sessionize"})
    topic = settings.names.public(EVENTS)
    offsets = consumer.committed([TopicPartition(topic, number) for number in range(settings.partitions)], 10)
    consumer.close()
    return sum(max(0, where.offset) for where in offsets)


def test_a_worker_works_in_batches_tells_of_itself_and_ends_cleanly(settings: Settings, tmp_path: Path) -> None:
    events = visitors(3_000, seed=1)
    send_events(settings, events[:1_000])
    send_aborted(settings, ["ghost"] * 20)
    send_events(settings, events[1_000:])
    with workers(settings, tmp_path, "only") as [worker]:
        worker.wait_until_ready()
        eventually(all_counted(settings, events))
        assert counts(settings) == once_each(events)
        assert worker.answers("/live") == 200
        assert worker.metric("weir_batch_records_total") == 3_000
        assert worker.metric("weir_batch_seconds_count") < 300
        assert worker.metric("weir_events_total", outcome="folded") == 3_000
        eventually(lambda: worker.metric("weir_lag_records") == 0)
        assert worker.metric("weir_ready") == 1
        # 3000 records, 20 aborted ones, and the marker of their abortion: the group's offsets tell no lag either.
        eventually(lambda: committed(settings) >= 3_021, what="offsets committed to the group")
        assert worker.stop() == 0
        assert "Traceback" not in worker.told
    with workers(settings, tmp_path, "next") as [worker]:
        worker.wait_until_ready()
        assert "0 records replayed" in worker.told
        send_events(settings, ["late"])
        events.append("late")
        eventually(all_counted(settings, events))
        assert worker.metric("weir_batch_records_total") == 1
    assert counts(settings) == once_each(events)


def test_kill_9_at_any_moment_leaves_each_event_counted_once(settings: Settings, tmp_path: Path) -> None:
    def has_joined(worker: WorkerProcess) -> bool:
        return "probes at" in worker.told

    def has_recovered_something(worker: WorkerProcess) -> bool:
        return "recovered in" in worker.told

    def has_done_some(worker: WorkerProcess) -> bool:
        return worker.metric("weir_batch_records_total") > 300

    def has_done_much(worker: WorkerProcess) -> bool:
        return worker.metric("weir_batch_records_total") > 3_000

    events: list[str] = []
    for attempt, moment in enumerate([has_done_some, has_recovered_something, has_done_much, has_joined]):
        with workers(settings, tmp_path, f"worker{attempt}") as [worker]:
            more = visitors(5_000, seed=attempt)
            send_events(settings, more)
            events += more
            eventually(partial(moment, worker))
            worker.kill()
    with workers(settings, tmp_path, "last") as [worker]:
        eventually(all_counted(settings, events))
        assert worker.stop() == 0
    assert counts(settings) == once_each(events)


def test_partitions_move_between_workers_in_the_middle_of_the_work(settings: Settings, tmp_path: Path) -> None:
    events: list[str] = []

    def send(seed: int) -> None:
        more = visitors(4_000, seed)
        send_events(settings, more)
        events.extend(more)

    with workers(settings, tmp_path, "first") as [first]:
        first.wait_until_ready()
        send(1)
        with workers(settings, tmp_path, "second") as [second]:
            second.wait_until_ready()
            eventually(lambda: first.answers("/ready") == 200)
            send(2)
            eventually(all_counted(settings, events))
            who = {
                dict(record.headers)["worker"]
                for number in range(settings.partitions)
                for record in read_all(settings, settings.names.public(SESSIONS), number)
            }
            assert who == {str(first.pid).encode(), str(second.pid).encode()}
            send(3)
            assert first.stop() == 0
            send(4)
            eventually(all_counted(settings, events))
            assert second.stop() == 0
    assert counts(settings) == once_each(events)


def test_an_owner_that_was_paused_too_long_is_fenced_and_joins_again(settings: Settings, tmp_path: Path) -> None:
    events = visitors(2_000, seed=3)
    with workers(settings, tmp_path, "paused") as [paused]:
        paused.wait_until_ready()
        send_events(settings, events[:1_000])
        eventually(lambda: counts(settings))
        paused.send(signal.SIGSTOP)
        with workers(settings, tmp_path, "other") as [other]:
            other.wait_until_ready()
            send_events(settings, events[1_000:])
            eventually(all_counted(settings, events))
            paused.send(signal.SIGCONT)
            more = visitors(1_000, seed=33)
            eventually(
                lambda: paused.answers("/ready") == 200 and paused.partitions, what="the paused worker at work again"
            )
            send_events(settings, more)
            eventually(all_counted(settings, [*events, *more]))
            assert "Traceback" not in paused.told
            assert other.stop() == 0
        assert paused.stop() == 0
    assert counts(settings) == once_each([*events, *more])


def test_a_topic_made_again_stops_the_worker_with_a_clear_word(settings: Settings, tmp_path: Path) -> None:
    send_events(settings, visitors(100, seed=4))
    with workers(settings, tmp_path, "before") as [worker]:
        eventually(lambda: counts(settings))
        assert worker.stop() == 0
    client = admin(settings)
    topic = settings.names.public(EVENTS)
    for future in client.delete_topics([topic]).values():
        future.result()
    eventually(lambda: topic not in client.list_topics(timeout=10).topics)
    create_topics(settings)
    with workers(settings, tmp_path, "after") as [worker]:
        assert worker.wait() == 1
        assert "deleted and made again" in worker.told
        assert "Traceback" not in worker.told


def test_retention_overtaking_a_running_worker_stops_it_with_a_clear_word(settings: Settings, tmp_path: Path) -> None:
    with workers(settings, tmp_path, "slow") as [worker]:
        worker.wait_until_ready()
        worker.send(signal.SIGSTOP)
        send_events(settings, visitors(100, seed=5))
        client, topic = admin(settings), settings.names.public(EVENTS)
        all_of_it = [TopicPartition(topic, number, -1) for number in range(settings.partitions)]
        for future in client.delete_records(all_of_it).values():
            future.result()
        worker.send(signal.SIGCONT)
        assert worker.wait() == 1
        assert "gone from the log: offset 0 of partition" in worker.told
        assert "Traceback" not in worker.told


def test_a_broker_that_is_not_there_and_a_missing_topic_are_told_in_a_sentence(
    settings: Settings, new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    nowhere = settings.model_copy(update={"bootstrap_servers": "127.0.0.1:9", "recovery_timeout_s": 1.0})
    bare = new_installation(topics=False, model_key=None)
    with workers(nowhere, tmp_path, "nowhere") as [lost], workers(bare, tmp_path, "bare") as [without]:
        assert lost.wait() == 1
        assert lost.told.startswith("No Kafka broker answers at 127.0.0.1:9.")
        assert without.wait() == 1
        assert "missing" in without.told
        assert len(lost.told.splitlines()) == len(without.told.splitlines()) == 1
