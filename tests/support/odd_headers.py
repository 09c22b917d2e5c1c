"""`python -m tests.support.odd_headers SERVERS TOPIC KEY VALUE`: sends a record with a header whose name is no UTF-8.

Kafka takes it; no client's own functions make one, so that of aiokafka that is written in Python is given a name that
encodes to such bytes. A process of its own, since the change concerns all producers in it.
"""

from __future__ import annotations

import asyncio
import sys

import aiokafka  # type: ignore[import-untyped]  # it has no stubs
from aiokafka.producer import message_accumulator  # type: ignore[import-untyped]  # likewise
from aiokafka.producer import producer as producer_module
from aiokafka.record.default_records import _DefaultRecordBatchBuilderPy  # type: ignore[import-untyped]  # likewise

UNREADABLE = b"\xff\xfe"


class OddName(str):
    """A name that no reader can decode."""

    __slots__ = ()

    def encode(self, encoding: str = "utf-8", errors: str = "strict") -> bytes:  # noqa: ARG002 -- overrides
        """Bytes that are no text."""
        return UNREADABLE


def batch_of(records: list[tuple[bytes, bytes, list[tuple[str, bytes]]]], base: int = 0) -> bytes:
    """A batch of keys, values and headers, as a broker gives it."""
    builder = _DefaultRecordBatchBuilderPy(
        magic=2,
        compression_type=0,
        is_transactional=False,
        producer_id=-1,
        producer_epoch=-1,
        base_sequence=-1,
        batch_size=1_000_000,
    )
    for offset, (key, value, headers) in enumerate(records):
        builder.append(offset, 1_000, key, value, headers)
    data = bytearray(builder.build())
    data[:8] = base.to_bytes(8, "big")
    return bytes(data)


async def _send(servers: str, topic: str, key: str, value: str) -> None:
    message_accumulator.DefaultRecordBatchBuilder = _DefaultRecordBatchBuilderPy
    producer_module.DefaultRecordBatchBuilder = _DefaultRecordBatchBuilderPy
    producer = aiokafka.AIOKafkaProducer(bootstrap_servers=servers)
    await producer.start()
    try:
        await producer.send_and_wait(topic, value.encode(), key.encode(), headers=[(OddName("x"), b"1")])
    finally:
        await producer.stop()


if __name__ == "__main__":
    asyncio.run(_send(*sys.argv[1:]))
