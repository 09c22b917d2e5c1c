from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from streams.intake.bad_lines import bad_line_letter
from streams.intake.files import read
from streams.intake.line import BadLine, Line
from streams.produce.run import Produced, produce
from tests.support.patience import give_up_after
from weir.errors import ClusterError, WorkError
from weir.kafka.admin import admin
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import LogRecord, Output
from weir.kafka.sender import producer
from weir.partitioner import partition_for
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, Topic

pytestmark = pytest.mark.kafka
GONE = "127.0.0.1:1"


def event(number: int, visitor: str, ts: float) -> bytes:
    return json.dumps({"event_id": f"e{number}", "visitor_id": visitor, "type": "click", "ts": ts}).encode()


def lines_of(tmp_path: Path, *values: bytes) -> list[Line | BadLine]:
    path = tmp_path / "events.jsonl"
    path.write_bytes(b"\n".join(values) + b"\n")
    return list(read("events", str(path)))


def records(settings: Settings, topic: Topic) -> list[LogRecord]:
    return list(read_all(settings, topic))


def watermarks(settings: Settings) -> dict[int, list[float]]:
    found: dict[int, list[float]] = {}
    for record in records(settings, EVENTS):
        if dict(record.headers).get("weir-watermark") == b"end-of-input":
            assert record.key is None
            found.setdefault(record.partition, []).append(json.loads(record.value or b"")["watermark"])
    return found


def test_events_go_byte_for_byte_to_their_visitors_partition_in_order(installation: Settings, tmp_path: Path) -> None:
    values = [event(n, f"v{n % 7}", 1_000.0 + n) for n in range(200)]
    produced = produce(installation, lines_of(tmp_path, *values))
    assert produced == Produced(lines=200, events=200)
    sent = records(installation, EVENTS)
    assert sorted(record.value or b"" for record in sent) == sorted(values)
    for record in sent:
        assert record.partition == partition_for(record.key or b"", installation.partitions)
        assert json.loads(record.value or b"")["visitor_id"].encode() == record.key
    of_one = [json.loads(record.value or b"")["event_id"] for record in sent if record.key == b"v3"]
    assert of_one == [f"e{n}" for n in range(200) if n % 7 == 3]


def test_what_is_no_event_is_dead_lettered_with_the_bytes_and_reason_that_replay_gives(
    installation: Settings, tmp_path: Path
) -> None:
    lines = lines_of(
        tmp_path, b"{}", event(1, "v", 1.0), b"\xff\xfe", b'{"event_id":', b'{"a":"' + b"x" * 1_500_000 + b'"}'
    )
    produced = produce(installation, lines)
    assert (produced.events, produced.dead_letters.total()) == (1, 4)
    letters = [bad_line_letter(line) for line in lines if isinstance(line, BadLine)]
    arrived = {(record.value, record.headers) for record in records(installation, DEAD_LETTER)}
    assert arrived == {(letter.value, letter.headers) for letter in letters}


def test_the_end_of_input_is_beyond_gap_and_grace_of_each_partitions_greatest_time(
    installation: Settings, tmp_path: Path
) -> None:
    visitors = {partition_for(f"v{n}".encode(), 2): f"v{n}" for n in range(20)}
    produce(installation, lines_of(tmp_path, event(1, visitors[0], 5_000.0)))
    produced = produce(
        installation,
        lines_of(tmp_path, event(2, visitors[0], 1_000.0), event(3, visitors[1], 2_000.5)),
        end_of_input=True,
    )
    assert produced.ended_partitions == [0, 1]
    ahead = installation.gap_s + installation.grace_s + 1e-6
    assert watermarks(installation) == {0: [round(5_000.0 + ahead, 6)], 1: [round(2_000.5 + ahead, 6)]}


def test_a_second_end_never_goes_behind_the_first_and_a_partition_without_events_has_none(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    installation = new_installation(partitions=3)
    visitor = next(f"v{n}" for n in range(50) if partition_for(f"v{n}".encode(), 3) == 1)
    produce(installation, lines_of(tmp_path, event(1, visitor, 9_000.0)), end_of_input=True)
    produce(installation, [], end_of_input=True)
    (first, second) = watermarks(installation)[1]
    assert second >= first
    assert set(watermarks(installation)) == {1}


def test_a_time_ahead_of_the_brokers_clock_counts_as_its_arrival(installation: Settings, tmp_path: Path) -> None:
    produce(installation, lines_of(tmp_path, event(1, "v", 7_000_000_000.0)), end_of_input=True)
    ((watermark,),) = watermarks(installation).values()
    assert abs(watermark - installation.gap_s - installation.grace_s - time.time()) < 120


def test_the_end_is_not_declared_while_somebody_else_sends(installation: Settings, tmp_path: Path) -> None:
    other = producer(installation)
    lines = lines_of(tmp_path, event(1, "v", 1.0), event(2, "v", 2.0))

    def with_another_producer_at_work() -> object:
        for line in lines:
            other.produce(installation.names.public(EVENTS), key=b"w", value=event(3, "w", 3.0))
            other.flush(10)
            yield line

    with pytest.raises(WorkError, match="2 events meanwhile"):
        produce(installation, with_another_producer_at_work(), end_of_input=True)  # type: ignore[arg-type]
    assert not watermarks(installation)


def test_watermarks_of_workers_are_no_other_producer(installation: Settings, tmp_path: Path) -> None:
    sender = BulkSender(installation)

    def with_an_idle_worker() -> object:
        yield from lines_of(tmp_path, event(1, "v", 1_000.0))
        mark = b'{"kind":"idle","watermark":90000.0}'
        sender.send(Output(EVENTS, None, mark, (("weir-watermark", b"idle"),), partition_for(b"v", 2)))
        sender.flush()

    produce(installation, with_an_idle_worker(), end_of_input=True)  # type: ignore[arg-type]
    assert list(watermarks(installation).values()) == [[90_000.0]]


def test_a_rate_is_kept(installation: Settings, tmp_path: Path) -> None:
    lines = lines_of(tmp_path, *(event(n, "v", 1.0) for n in range(21)))
    started = time.monotonic()
    produce(installation, lines, rate=50)
    assert 0.4 <= time.monotonic() - started < 5


def test_a_broker_that_is_not_there_is_one_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    give_up_after(monkeypatch)
    with pytest.raises(ClusterError, match="No Kafka broker answers"):
        produce(Settings(bootstrap_servers=GONE), lines_of(tmp_path, event(1, "v", 1.0)))


def test_topics_that_are_missing_or_of_another_width_are_told(
    new_installation: Callable[..., Settings], tmp_path: Path
) -> None:
    lines = lines_of(tmp_path, event(1, "v", 1.0))
    with pytest.raises(ClusterError, match="the topic is missing"):
        produce(new_installation(topics=False), lines)
    other = new_installation(partitions=2)
    with pytest.raises(ClusterError, match="number of partitions is 2, should be 3"):
        produce(other.model_copy(update={"partitions": 3}), lines)


def test_the_reader_sees_committed_records_alone_and_reaches_the_end_behind_markers(installation: Settings) -> None:
    name = installation.names.public(EVENTS)
    transactional = producer(installation, transactional_id=f"{name}-test")
    transactional.init_transactions(10)
    for value, commit in ((b"kept", True), (b"taken back", False)):
        transactional.begin_transaction()
        transactional.produce(name, value, partition=0)
        transactional.flush(10)
        if commit:
            transactional.commit_transaction(10)
        else:
            transactional.abort_transaction(10)
    assert [record.value for record in records(installation, EVENTS)] == [b"kept"]


def test_nothing_of_the_reader_stays_with_the_broker(installation: Settings) -> None:
    records(installation, EVENTS)
    client = admin(installation)  # A client that goes away never answers.
    groups = client.list_consumer_groups().result(30).valid
    assert f"{installation.application_id}.reader" not in {group.group_id for group in groups}
