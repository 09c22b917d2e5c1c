"""Dead letters sent again: each once, whoever is killed or comes between."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition

from streams.dead_letter import dead_letter
from streams.engine.stamp import Stamps
from streams.engine.transaction import BrokenTransactionError
from streams.produce.dead_letters import REPLAYED_HEADER, DeadLetterFilter
from streams.produce.ledger import DeadLetterPosition, ReplayLedger, read_notes
from streams.produce.resend import DeadLetterResend, ResendRequest, plan
from tests.support.polling import PATIENCE_S, eventually
from weir.contracts.dead_letter_reason import DeadLetterReason
from weir.errors import FencedError, WorkError
from weir.kafka.admin import admin, create_topics
from weir.kafka.bulk_sender import BulkSender
from weir.kafka.reader import read_all
from weir.kafka.records import LogRecord, Output
from weir.settings import Settings
from weir.topics import DEAD_LETTER, EVENTS, REPLAYS, Topic

pytestmark = pytest.mark.kafka
WEIR = Path(sys.executable).with_name("weir")
ALL = ResendRequest()


@pytest.fixture
def settings(new_installation: Callable[..., Settings]) -> Settings:
    return new_installation(transaction_timeout_s=5)


def fill(settings: Settings, number: int, first: int = 0) -> None:
    """So many letters that would be taken now."""
    sender = BulkSender(settings)
    for index in range(first, first + number):
        event = {"event_id": f"e{index}", "visitor_id": f"v{index % 7}", "type": "click", "ts": 1_000 + index}
        record = LogRecord(settings.names.public(EVENTS), 0, index, 0, b"v", json.dumps(event).encode())
        sender.send(dead_letter(record, DeadLetterReason.TOO_LARGE, "Too large."))
    sender.flush()


def records(settings: Settings, topic: Topic) -> list[LogRecord]:
    return list(read_all(settings, topic))


def events(settings: Settings) -> Counter[str]:
    """How often each event lies there, committed."""
    return Counter(json.loads(record.value or b"")["event_id"] for record in records(settings, EVENTS))


def are_there(settings: Settings, at_least: int) -> bool:
    return events(settings).total() >= at_least


def once(number: int) -> Counter[str]:
    return Counter(f"e{index}" for index in range(number))


def resend(settings: Settings, wish: ResendRequest = ALL) -> int:
    return DeadLetterResend(settings, wish, plan(settings, wish)).run()


@contextmanager
def replay(settings: Settings, *options: str) -> Iterator[subprocess.Popen[str]]:
    """A replay in a process of its own."""
    given = {
        "BOOTSTRAP_SERVERS": settings.bootstrap_servers,
        "APPLICATION_ID": settings.application_id,
        "TOPIC_PREFIX": settings.topic_prefix,
        "PARTITIONS": str(settings.partitions),
        "TRANSACTION_TIMEOUT_S": str(settings.transaction_timeout_s),
    }
    process = subprocess.Popen(
        [WEIR, "dead-letters", "replay", *options],
        env=os.environ | {f"WEIR_{name}": value for name, value in given.items()},
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_replay_that_is_killed_half_way_and_called_again_sends_each_event_once(settings: Settings) -> None:
    fill(settings, 300)
    for step in (1, 2):
        with replay(settings, "--rate", "60") as process:
            eventually(partial(are_there, settings, 60 * step), what="the first of the events")
            process.send_signal(signal.SIGKILL)
    sent = len(read_notes(settings))
    assert 120 <= sent < 300
    assert sum(events(settings).values()) == sent
    assert resend(settings) == 300 - sent
    assert events(settings) == once(300)
    assert resend(settings) == 0


def test_of_two_replays_at_once_the_older_ends_and_each_event_is_sent_once(settings: Settings) -> None:
    fill(settings, 200)
    with replay(settings, "--rate", "40") as process:
        eventually(partial(are_there, settings, 20), what="the first of the events")
        assert resend(settings) <= 180
        _, told = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 1
    assert "Another replay of dead letters has taken over" in told
    assert "Traceback" not in told
    assert events(settings) == once(200)


def test_an_event_and_its_note_are_real_together_or_not_at_all(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(settings, 30)
    refusals = iter([True, False, False, True])

    class Doubtful(ReplayLedger):
        """Two of its sendings end without an answer, the one before and the other after they are real."""

        def send(self, letters: object, run: str) -> None:
            if next(refusals, False):
                raise BrokenTransactionError("no")
            super().send(letters, run)  # type: ignore[arg-type]  # as it came
            if next(refusals, False):
                raise BrokenTransactionError("no answer")

    monkeypatch.setattr("streams.produce.resend.ReplayLedger", Doubtful)
    monkeypatch.setattr("streams.produce.resend._RETRY_S", 0.0)
    monkeypatch.setattr("streams.produce.resend.CHUNK_RECORDS", 10)
    told: list[float] = []
    assert DeadLetterResend(settings, ALL, plan(settings, ALL), told.append).run() == sum(told) == 30
    assert events(settings) == once(30)


def test_brokers_that_go_on_refusing_are_told_with_what_was_sent(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(settings, 30)

    class Refusing(ReplayLedger):
        def send(self, letters: object, run: str) -> None:
            if len(self.notes) == 10:
                raise BrokenTransactionError("not today")
            super().send(letters, run)  # type: ignore[arg-type]  # as it came

    monkeypatch.setattr("streams.produce.resend.ReplayLedger", Refusing)
    monkeypatch.setattr("streams.produce.resend._RETRY_S", 0.0)
    monkeypatch.setattr("streams.produce.resend.CHUNK_RECORDS", 10)
    with pytest.raises(WorkError, match=r"not today.*10 dead letters were sent"):
        resend(settings)
    monkeypatch.undo()
    assert resend(settings) == 20
    assert events(settings) == once(30)


def test_letters_that_come_later_are_sent_by_the_next_replay(settings: Settings) -> None:
    fill(settings, 5)
    planned = plan(settings, ALL)
    fill(settings, 5, first=5)
    assert DeadLetterResend(settings, ALL, planned).run() == 5
    assert events(settings) == once(5)
    assert resend(settings) == 5
    assert events(settings) == once(10)


def test_some_are_sent_now_and_the_rest_later_and_all_of_them_again_only_on_purpose(settings: Settings) -> None:
    fill(settings, 10)
    assert resend(settings, ResendRequest(at_most=4)) == 4
    assert plan(settings, ResendRequest(at_most=4)).sent_before == 4
    assert resend(settings, ResendRequest(DeadLetterFilter(reasons=["not_json"]))) == 0
    assert resend(settings) == 6
    assert events(settings) == once(10)
    assert resend(settings, ResendRequest(again=True)) == 10
    assert events(settings) == once(10) + once(10)


def test_notes_of_letters_that_are_gone_are_gone_with_them(settings: Settings) -> None:
    fill(settings, 40)
    resend(settings)
    client = admin(settings)
    oldest = {record.partition: record for record in reversed(records(settings, DEAD_LETTER))}
    places = [TopicPartition(one.topic, partition, one.offset + 5) for partition, one in oldest.items()]
    for future in client.delete_records(places).values():
        future.result()
    there: set[DeadLetterPosition] = {(record.partition, record.offset) for record in records(settings, DEAD_LETTER)}
    assert resend(settings) == 0
    assert set(read_notes(settings)) == there
    assert len(there) < 40


def test_a_dead_letter_topic_that_was_made_again_has_other_letters_in_the_same_places(settings: Settings) -> None:
    fill(settings, 6)
    resend(settings)
    client = admin(settings)
    name = settings.names.public(DEAD_LETTER)
    for future in client.delete_topics([name]).values():
        future.result()
    eventually(lambda: name not in client.list_topics(timeout=10).topics)
    create_topics(settings)
    fill(settings, 6, first=6)
    assert read_notes(settings) == {}
    assert resend(settings) == 6
    assert events(settings) == once(12)


def test_what_strangers_write_to_the_ledger_changes_nothing(settings: Settings) -> None:
    fill(settings, 3)
    sender = BulkSender(settings)._producer
    for key, value in (
        (b"0/0", b"not JSON"),
        (b"1/1", b"{}"),
        (b"a/b", b"{}"),
        (b"mark", b"anybody's"),
        (b"\xff", b""),
    ):
        sender.produce(settings.names.public(REPLAYS), value, key)
    sender.flush()
    assert resend(settings) == 3
    assert events(settings) == once(3)


def test_a_replay_that_was_overtaken_before_it_began_is_told_so(settings: Settings) -> None:
    fill(settings, 3)
    older, newer = ReplayLedger(settings), ReplayLedger(settings)
    older.take_over()
    newer.take_over()
    with pytest.raises(FencedError):
        older.send([((0, 0), Output(EVENTS, b"v", b"{}"))], "older")
    assert not events(settings)
    older.close()
    newer.close()


def test_where_a_letter_came_from_goes_along(settings: Settings) -> None:
    fill(settings, 1)
    resend(settings)
    (event,), (letter,) = records(settings, EVENTS), records(settings, DEAD_LETTER)
    assert event.value == letter.value
    stamped, *_ = event.headers[::-1]
    assert stamped == Stamps(REPLAYS.name, 0).header(1)
    assert dict(event.headers[:-1]) == {
        REPLAYED_HEADER: f"{letter.topic}/{letter.partition}/{letter.offset}".encode(),
        "weir-replayed-origin": f"{settings.names.public(EVENTS)}/0/0".encode(),
    }


def test_a_rate_is_kept(settings: Settings) -> None:

    fill(settings, 30)
    begun = time.monotonic()
    resend(settings, ResendRequest(rate=20))
    assert 1.0 <= time.monotonic() - begun < 20
