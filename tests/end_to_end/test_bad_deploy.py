"""After a bad deploy, of a worker or of a producer, the worker stops; what is mended goes on as if it had not been."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from tests.streams.engine.topics import read_all
from tests.support.polling import PATIENCE_S
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, SESSIONS

pytestmark = pytest.mark.kafka

ALLOWED = 500
"""Dead letters, with settings as they come: half of a window of 1,000 records."""
START_S = 1_700_000_000.0


@pytest.fixture
def weir(new_weir: Callable[..., Weir]) -> Weir:
    return new_weir(partitions=1)


def event(number: int, **more: object) -> bytes:
    body = {"event_id": f"e{number}", "visitor_id": f"v{number % 9}", "type": "click", "ts": START_S + number}
    return json.dumps(body | more).encode()


def send(settings: Settings, values: list[bytes]) -> None:
    client = producer(settings)
    for value in values:
        client.produce(settings.names.public(EVENTS), value, json.loads(value).get("visitor_id", "nobody").encode())
    assert client.flush(30) == 0


def letters(weir: Weir) -> int:
    return sum(1 for _ in records(weir.settings, DEAD_LETTER))


def position(weir: Weir) -> int:
    """Up to where the events are done with, as the state says."""
    written = read_all(weir.settings, weir.settings.names.state("sessionize"), 0)
    newest = {record.key: record.value for record in written}
    return int(json.loads(newest[b"p"] or b"")["inputs"][weir.settings.names.public(EVENTS)]["next"])


def counted(weir: Weir) -> int:
    """Events in sessions, each session by its newest revision."""
    newest: dict[str, int] = {}
    for record in records(weir.settings, SESSIONS):
        session = json.loads(record.value or b"")
        newest[session["session_id"]] = session["events"]
    return sum(newest.values())


def send_once_more(weir: Weir, value: bytes, folder: Path) -> None:
    """An event that was counted already, and the end of the input, so that each session has its final record."""
    file = folder / "last.jsonl"
    file.write_bytes(value + b"\n")
    weir.run("produce", file, "--end-of-input")


@pytest.mark.controls
def test_a_producers_bad_release_stops_the_worker_before_the_topic_is_drained(weir: Weir, tmp_path: Path) -> None:
    good, bad = [event(number) for number in range(300)], [b'{"visitor_id": "v1"}'] * 2_000
    send(weir.settings, [*good, *bad, *map(event, range(300, 400))])
    # However often a supervisor starts it again, with whatever batches.
    for batch in (2_000, 70):
        worker = weir.start_worker("sessionize", WEIR_MAX_BATCH_RECORDS=str(batch))
        assert worker.wait(PATIENCE_S) == 1, weir.logs()
        assert position(weir) <= len(good) + ALLOWED
        assert letters(weir) <= ALLOWED
    told = weir.logs()
    assert f"Too many dead letters: {ALLOWED + 1} of the last 1,000 records of partition 0" in told
    assert "Most are missing_field (A required field is missing)" in told
    assert "dead_letter_cap=1" in told
    assert "Traceback" not in told

    worker = weir.start_worker("sessionize", WEIR_DEAD_LETTER_CAP="1")
    weir.wait_until(lambda: position(weir) >= len(good) + len(bad) + 100, "the topic drained on purpose")
    assert weir.stop(worker) == 0
    assert letters(weir) == len(bad)

    # With the cap back, what was drained on purpose doesn't count.
    send(weir.settings, bad[:ALLOWED])
    worker = weir.start_worker("sessionize")
    weir.wait_until(lambda: letters(weir) == len(bad) + ALLOWED, "as many as may be")
    send_once_more(weir, good[0], tmp_path)
    weir.wait_until(lambda: counted(weir) == 400, "all that was good")
    assert weir.stop(worker) == 0


def test_a_workers_bad_settings_stop_it_and_the_mended_one_counts_each_event_once(weir: Weir, tmp_path: Path) -> None:
    sent = [event(number, text="x" * 1_500) for number in range(1_500)]
    send(weir.settings, sent)
    worker = weir.start_worker("sessionize", WEIR_MAX_RECORD_BYTES="1024", WEIR_MAX_BATCH_RECORDS="90")
    assert worker.wait(PATIENCE_S) == 1, weir.logs()
    assert "Most are too_large" in weir.logs()
    refused = letters(weir)
    assert 0 < refused <= ALLOWED

    worker = weir.start_worker("sessionize", WEIR_MAX_AHEAD_S="100000")
    weir.wait_until(lambda: position(weir) >= 1_500, "the records that were read again")
    assert letters(weir) == refused
    # Sessions are still open: gap and grace are half an hour, and the events are of 25 minutes.
    for _ in range(2):
        weir.run("dead-letters", "replay")
    weir.wait_until(lambda: position(weir) >= 1_500 + refused, "the dead letters that were sent again")
    send_once_more(weir, sent[0], tmp_path)
    weir.wait_until(lambda: counted(weir) == 1_500, "all events")
    assert weir.stop(worker) == 0
    there = Counter(record.value for record in records(weir.settings, EVENTS))
    assert sum(there[value] for value in sent) == len(sent) + refused + 1
    assert "Traceback" not in weir.logs()
