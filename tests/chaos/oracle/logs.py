"""The oracle's edge: committed records from Kafka, or from a file of JSON lines that was made of them."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from tests.chaos.oracle.records import Record

SILENCE_S = 30.0
_BATCH = 500


def read(bootstrap_servers: str, topic: str, only: int | None = None) -> Iterator[Record]:
    """Every committed record that a topic, or one partition of it, has by now; each partition's in order of offsets.

    Raises:
        TimeoutError: the brokers fell silent before the end.
    """
    consumer = Consumer(
        {
            "bootstrap.servers": bootstrap_servers,
            "group.id": "oracle",  # the client wants one; nothing is subscribed or committed
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
            "auto.offset.reset": "error",
            # What is fetched ahead lies in memory, too.
            "queued.max.messages.kbytes": 8_192,
        }
    )
    try:
        partitions = consumer.list_topics(topic, timeout=SILENCE_S).topics[topic].partitions
        wanted = set(partitions) if only is None else {only}
        begin = {at: consumer.get_watermark_offsets(TopicPartition(topic, at), timeout=SILENCE_S) for at in wanted}
        consumer.assign([TopicPartition(topic, at, first) for at, (first, _) in begin.items()])
        yield from _until_the_end(consumer, wanted)
    finally:
        consumer.close()


@dataclass(frozen=True)
class Topic(Iterable[Record]):
    """A topic that nobody writes to any more: read anew each time that it is gone through."""

    bootstrap_servers: str
    name: str

    def __iter__(self) -> Iterator[Record]:
        return read(self.bootstrap_servers, self.name)


def _until_the_end(consumer: Consumer, unfinished: set[int]) -> Iterator[Record]:
    deadline = time.monotonic() + SILENCE_S
    while unfinished:
        for message in consumer.consume(_BATCH, 0.2):
            deadline = time.monotonic() + SILENCE_S
            error = message.error()
            if error is None:
                yield _record(message)
            elif error.code() == KafkaError._PARTITION_EOF:  # its public name
                unfinished.discard(cast("int", message.partition()))
            else:
                raise KafkaException(error)
        if time.monotonic() > deadline:
            raise TimeoutError(f"Nothing came for {SILENCE_S:.0f} s, and partitions {unfinished} have no end yet.")


def _record(message: Message) -> Record:
    headers = cast("list[tuple[str, bytes | None]]", message.headers() or [])
    return Record(
        topic=cast("str", message.topic()),
        partition=cast("int", message.partition()),
        offset=cast("int", message.offset()),
        key=_plain(message.key()),
        value=_plain(message.value()),
        headers=tuple((name, value or b"") for name, value in headers),
        timestamp=message.timestamp()[1],
    )


def _plain(data: str | bytes | None) -> bytes | None:
    return data.encode() if isinstance(data, str) else data


def dump(records: Iterable[Record], path: Path) -> None:
    """Writes records to a file, one a line."""
    with path.open("w") as file:
        for record in records:
            headers = [[name, _text(value)] for name, value in record.headers]
            plain = record._replace(key=None, value=None, headers=())
            file.write(json.dumps([*plain, _text(record.key), _text(record.value), headers]) + "\n")


def load(path: Path) -> Iterator[Record]:
    """The records that `dump` wrote."""
    with path.open() as file:
        for line in file:
            topic, partition, offset, _, _, _, timestamp, key, value, headers = json.loads(line)
            pairs = tuple((name, _bytes(text) or b"") for name, text in headers)
            yield Record(topic, partition, offset, _bytes(key), _bytes(value), pairs, timestamp)


def _text(data: bytes | None) -> str | None:
    return None if data is None else base64.b64encode(data).decode()


def _bytes(text: str | None) -> bytes | None:
    return None if text is None else base64.b64decode(text)
