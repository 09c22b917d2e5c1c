"""Faust as its documentation has it: an agent over the events, a table by visitor, an output topic."""

from __future__ import annotations

from typing import Any

import faust

from bench.contestants.peers import fold

app = faust.App(
    fold.GROUP,
    broker=f"kafka://{fold.BOOTSTRAP}",
    store="memory://",
    datadir=fold.STATE,
    topic_partitions=fold.PARTITIONS,
    value_serializer="raw",
    key_serializer="raw",
    web_enabled=False,
    consumer_auto_offset_reset="earliest",
    # More of everything at once than by default: it takes what it can get.
    broker_max_poll_records=5_000,
    stream_buffer_maxsize=16_384,
    producer_linger=0.02,
    producer_compression_type="lz4",
    topic_disable_leader=True,
)
events = app.topic(fold.INPUT, key_type=bytes, value_type=bytes, partitions=fold.PARTITIONS)
sessions = app.topic(fold.OUTPUT, key_type=bytes, value_type=bytes, partitions=fold.PARTITIONS)
visitors = app.Table("visitors", key_type=bytes, value_type=bytes, partitions=fold.PARTITIONS)


async def work(stream: Any) -> None:  # noqa: ANN401 -- Faust's own type is generic in what it doesn't know
    """Folds one event after another."""
    async for key, value in stream.items():
        state = visitors.get(key)
        visitor = fold.decode_state(state) if state is not None else fold.PeerVisitor()
        record = fold.take(visitor, fold.decode(value))
        visitors[key] = fold.encode_state(visitor)
        if record is not None:
            await sessions.send(key=key, value=record)


app.agent(events)(work)

if __name__ == "__main__":
    app.main()
