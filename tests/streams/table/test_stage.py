from __future__ import annotations

import re
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from deltalake import DeltaTable

from streams.table.accept import accept, table_positions
from tests.streams.table import killed
from tests.streams.table.records import session
from tests.support.polling import eventually
from weir.kafka.admin import admin, create_topics
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import SESSIONS

pytestmark = [pytest.mark.kafka, pytest.mark.slow]


@pytest.fixture
def settings(new_installation: Callable[..., Settings], tmp_path: Path) -> Settings:
    tables = str(tmp_path / "tables")
    return new_installation(table_uri=tables, table_commit_s=0.2, session_timeout_s=6)


def send(settings: Settings, *numbers: int) -> None:
    client = producer(settings)
    for number in numbers:
        client.produce(settings.names.public(SESSIONS), session(number), b"v%d" % number)
    assert client.flush(30) == 0


def numbers(settings: Settings) -> list[int]:
    """The sessions in the table."""
    uri = f"{settings.table_uri}/sessions"
    if not DeltaTable.is_deltatable(uri):
        return []
    return sorted(DeltaTable(uri).to_pyarrow_table(columns=["events"])["events"].to_pylist())


@contextmanager
def worker(settings: Settings, folder: Path, name: str = "worker") -> Iterator[subprocess.Popen[bytes]]:
    process, _ = killed.start(settings, folder, name, ("never", 0))
    try:
        yield process
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0, log_of(folder, name)
    finally:
        process.kill()
        process.wait()


def log_of(folder: Path, name: str = "worker") -> str:
    return (folder / f"{name}.log").read_text()


def until_written(settings: Settings, *wanted: int) -> None:
    eventually(lambda: numbers(settings) == list(wanted), what=lambda: f"{wanted}, {numbers(settings)}")


def test_workers_that_are_killed_while_they_write_lose_and_double_nothing(settings: Settings, tmp_path: Path) -> None:
    outcome = killed.run(settings, tmp_path, kills=3)
    assert outcome.found == outcome.expected
    assert outcome.kills.total() >= 3


def test_a_topic_that_was_made_again_is_written_from_its_beginning(settings: Settings, tmp_path: Path) -> None:
    send(settings, 1, 2, 3)
    with worker(settings, tmp_path):
        until_written(settings, 1, 2, 3)
    topic = settings.names.public(SESSIONS)
    client = admin(settings)
    for future in client.delete_topics([topic]).values():
        future.result()
    eventually(lambda: topic not in client.list_topics(timeout=10).topics)
    create_topics(settings)
    send(settings, 4)
    with worker(settings, tmp_path, "again"):
        until_written(settings, 1, 2, 3, 4)
    assert "topic was created anew" in log_of(tmp_path, "again")


def test_a_table_that_is_an_older_copy_gets_what_it_lacks(settings: Settings, tmp_path: Path) -> None:
    send(settings, 1)
    with worker(settings, tmp_path):
        until_written(settings, 1)
    shutil.copytree(str(settings.table_uri), tmp_path / "copy")
    send(settings, 2, 3)
    with worker(settings, tmp_path):
        until_written(settings, 1, 2, 3)
    shutil.rmtree(str(settings.table_uri))
    (tmp_path / "copy").rename(str(settings.table_uri))
    send(settings, 4)
    with worker(settings, tmp_path):
        until_written(settings, 1, 2, 3, 4)


def test_tables_that_were_moved_away_stop_the_stage_until_that_is_accepted(settings: Settings, tmp_path: Path) -> None:
    send(settings, 1)
    with worker(settings, tmp_path):
        until_written(settings, 1)
        # What tells a table that is new from one that was lost is what the group has committed.
        group = f"{settings.application_id}.table"
        eventually(lambda: _has_committed(settings, group))
    shutil.rmtree(str(settings.table_uri))
    process, _ = killed.start(settings, tmp_path, "moved", ("never", 0))
    assert process.wait(60) == 1
    assert "has no position of" in log_of(tmp_path, "moved")
    assert {one.table for one in accept(settings)} >= {"sessions"}
    with worker(settings, tmp_path, "accepted"):
        until_written(settings, 1)
    assert all(one.lag == 0 for one in table_positions(settings))


def test_a_store_that_is_away_costs_time_and_loses_nothing(settings: Settings, tmp_path: Path) -> None:
    send(settings, 1)
    with worker(settings, tmp_path):
        until_written(settings, 1)
        address = re.search(r"probes at (http://\S+)", log_of(tmp_path))
        assert address is not None
        tables, away = Path(str(settings.table_uri)), tmp_path / "away"
        tables.rename(away)
        tables.write_text("no folder")
        send(settings, 2)
        eventually(lambda: "tables can't be written" in log_of(tmp_path), what="a word about the store")
        assert httpx.get(f"{address[1]}/ready").status_code == 503
        assert httpx.get(f"{address[1]}/live").status_code == 200
        tables.unlink()
        away.rename(tables)
        until_written(settings, 1, 2)
        eventually(lambda: httpx.get(f"{address[1]}/ready").status_code == 200)


def test_two_workers_share_the_partitions_and_one_takes_over_when_the_other_leaves(
    settings: Settings, tmp_path: Path
) -> None:
    with worker(settings, tmp_path, "one"):
        with worker(settings, tmp_path, "two"):
            send(settings, *range(10))
            until_written(settings, *range(10))
        send(settings, *range(10, 20))
        until_written(settings, *range(20))
        address = re.search(r"probes at (http://\S+)", log_of(tmp_path, "one"))
        assert address is not None
        told = httpx.get(f"{address[1]}/metrics").text
        assert re.search(r'weir_table_commits_total\{end="committed",table="sessions"\} [1-9]', told)
        assert re.search(r'weir_table_rows_total\{table="sessions"\} [1-9]', told)
        assert re.search(r'weir_table_commit_seconds_count\{table="sessions"\} [1-9]', told)
        assert 'weir_table_rows_waiting{table="sessions"} 0.0' in told


def _has_committed(settings: Settings, group: str) -> bool:
    from confluent_kafka import ConsumerGroupTopicPartitions, TopicPartition  # noqa: PLC0415 -- one test's

    topic = settings.names.public(SESSIONS)
    asked = ConsumerGroupTopicPartitions(group, [TopicPartition(topic, one) for one in range(settings.partitions)])
    client = admin(settings)
    found = client.list_consumer_group_offsets([asked])[group].result(10).topic_partitions
    return any(one.offset > 0 for one in found)
