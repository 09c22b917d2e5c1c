"""What ends workers for good, and so can't happen in the middle of a run: input that is lost.

After the judgement, on the same cluster with the same state: each must end a worker by itself, with a clear word.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from confluent_kafka import TopicPartition

from tests.chaos.arena import Arena
from tests.chaos.member import Member, environment_of, launch
from weir.kafka.admin import admin, create_topics
from weir.kafka.reader import LogReader
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS

END_TIMEOUT_S = 120.0
UNREAD = 200
GONE_TIMEOUT_S = 30.0


@dataclass(frozen=True)
class Stopped:
    """How a worker took the loss of its input."""

    loss: str
    code: int | None
    """None: it went on."""
    words: str
    is_clear: bool
    """Whether it ended by itself, said why, and made an error of it."""


def epilogue(place: Arena, folder: Path) -> list[Stopped]:
    """Takes input away in both ways; for clusters that nobody needs any more."""
    return [
        _stopped(place, folder, "retention overtakes a stopped worker", _overtake, "retention has deleted"),
        _stopped(place, folder, "the topic is deleted and made again", _make_again, "deleted and made again"),
    ]


def _stopped(place: Arena, folder: Path, loss: str, lose: Callable[[Settings], None], word: str) -> Stopped:
    lose(place.direct)
    member = launch(f"epilogue-{word.split(maxsplit=1)[0]}", folder, environment_of(place.proxied))
    code = _code(member)
    words = " ".join(member.told.strip().splitlines()[-1:])
    return Stopped(loss, code, words, is_clear=code is not None and code > 0 and word in words)


def _code(member: Member) -> int | None:
    deadline = time.monotonic() + END_TIMEOUT_S
    while (code := member.process.poll()) is None and time.monotonic() < deadline:
        time.sleep(0.1)
    if code is None:
        member.process.kill()
        member.process.wait()
    return code


def _overtake(settings: Settings) -> None:
    """Events that nobody has read, and that are deleted."""
    topic = settings.names.public(EVENTS)
    sender = producer(settings)
    for number in range(UNREAD):
        sender.produce(topic, b"unread", partition=number % settings.partitions)
    sender.flush()
    with LogReader(settings, [topic]) as reader:
        ends = [TopicPartition(topic, number, span.end) for (_, number), span in reader.ranges().items()]
    client = admin(settings)
    for future in client.delete_records(ends).values():
        future.result()


def _make_again(settings: Settings) -> None:
    topic = settings.names.public(EVENTS)
    client = admin(settings)
    client.delete_topics([topic])[topic].result()
    deadline = time.monotonic() + GONE_TIMEOUT_S
    while topic in client.list_topics(timeout=GONE_TIMEOUT_S).topics and time.monotonic() < deadline:
        time.sleep(0.05)
    create_topics(settings)
