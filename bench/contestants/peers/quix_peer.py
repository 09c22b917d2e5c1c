"""Quix Streams as its documentation has it: a stateful function over a dataframe, exactly-once."""

from __future__ import annotations

from typing import Any

from quixstreams import Application

from bench.contestants.peers import fold

STATE_KEY = "visitor"


def work(value: bytes, state: Any) -> bytes | None:  # noqa: ANN401 -- Quix Streams is not installed where types are checked
    """Folds an event into its visitor's state."""
    known = state.get_bytes(STATE_KEY)
    visitor = fold.decode_state(known) if known is not None else fold.PeerVisitor()
    record = fold.take(visitor, fold.decode(value))
    state.set_bytes(STATE_KEY, fold.encode_state(visitor))
    return record


def main() -> None:
    """Runs until a signal ends it."""
    app = Application(
        broker_address=fold.BOOTSTRAP,
        consumer_group=fold.GROUP,
        auto_offset_reset="earliest",
        state_dir=f"{fold.STATE}/quix",
        processing_guarantee="exactly-once",
        auto_create_topics=True,
        commit_interval=1.0,
        producer_extra_config={"compression.type": "lz4", "linger.ms": 50},
        consumer_extra_config={"fetch.max.bytes": 52_428_800, "queued.min.messages": 100_000},
        loglevel="ERROR",
    )
    events = app.topic(fold.INPUT, key_deserializer="bytes", value_deserializer="bytes")
    sessions = app.topic(fold.OUTPUT, key_serializer="bytes", value_serializer="bytes")
    frame = app.dataframe(events)
    frame = frame.apply(work, stateful=True)
    frame = frame[frame.apply(lambda record: record is not None)]
    frame.to_topic(sessions)
    app.run()


if __name__ == "__main__":
    main()
