"""Records that a stranger made to stop a worker: each has an end, and what comes after it is worked on."""

from __future__ import annotations

import json
import time

import pytest
from confluent_kafka import Producer

from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from weir.topics import DEAD_LETTER, EVENTS, LABELS, SESSIONS

pytestmark = pytest.mark.kafka
LARGE = 20_000_000
"""Bytes: more than any topic takes, and some kilobytes when compressed, which is what brokers measure."""


def event(visitor: str) -> bytes:
    return json.dumps({"event_id": visitor, "visitor_id": visitor, "type": "ping", "ts": time.time()}).encode()


def test_records_that_are_small_only_while_compressed_stop_no_worker(weir: Weir) -> None:
    settings = weir.settings
    options = {"compression.type": "zstd", "message.max.bytes": 10 * LARGE, "partitioner": "murmur2_random"}
    client = Producer(settings.client_options() | options)
    names = settings.names
    client.produce(names.public(EVENTS), b"0" * LARGE, b"ann")
    client.produce(names.public(EVENTS), b"{}", b"k" * LARGE)
    client.produce(names.public(EVENTS), event("bob"), b"another key", headers=[("x", b"0" * LARGE)])
    client.produce(names.public(LABELS), b"0" * LARGE, b"ann")
    for visitor in ("ann", "cy", "dan", "eve"):
        client.produce(names.public(EVENTS), event(visitor), visitor.encode())
    assert client.flush(60) == 0
    weir.start_worker("sessionize,join")

    def visitors() -> set[str]:
        return {json.loads(record.value or b"")["visitor_id"] for record in records(settings, SESSIONS)}

    weir.wait_until(lambda: visitors() == {"ann", "bob", "cy", "dan", "eve"}, "a session of each visitor")
    weir.wait_until(lambda: len(list(records(settings, DEAD_LETTER))) == 3, "a letter for each record that is none")
    assert "refused" not in weir.logs()
