"""Two deployments that should not be one beside the other: they are heard of, and nothing is lost or doubled."""

from __future__ import annotations

import itertools
import json
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.end_to_end.conftest import Weir
from tests.end_to_end.observed import records
from weir.kafka.sender import producer
from weir.topics import EVENTS, SESSIONS

pytestmark = pytest.mark.kafka
VISITORS = 20


def test_deployments_that_share_a_stage_under_one_application_id_lose_and_double_nothing(
    weir: Weir, tmp_path: Path
) -> None:
    client, numbers, begun_s = producer(weir.settings), itertools.count(), time.time() - 10_000
    sent: Counter[str] = Counter()

    def event(number: int) -> bytes:
        visitor = f"v{number % VISITORS}"
        sent[visitor] += 1
        return json.dumps({"event_id": f"{number}", "visitor_id": visitor, "type": "ping", "ts": begun_s}).encode()

    def send() -> None:
        for _ in range(VISITORS):
            number = next(numbers)
            client.produce(weir.settings.names.public(EVENTS), event(number), f"v{number % VISITORS}".encode())
        assert client.flush(30) == 0

    # Other stages are another group, and each group gives its worker all partitions.
    weir.start_worker("sessionize,score")
    other = weir.start_worker("sessionize")
    logs = sorted(weir.folder.glob("worker-*.log"))

    def both_were_fenced() -> bool:
        send()
        return all("lost its partitions, leaves the group and joins again" in log.read_text() for log in logs)

    weir.wait_until(both_were_fenced, "two workers that have fenced each other")
    weir.stop(other)
    last = tmp_path / "last.jsonl"
    last.write_bytes(event(next(numbers)) + b"\n")
    weir.run("produce", last, "--end-of-input")

    def counted() -> dict[str, list[int]]:
        found: dict[str, list[int]] = {}
        for session in (json.loads(record.value or b"") for record in records(weir.settings, SESSIONS)):
            if session["final"]:
                found.setdefault(session["visitor_id"], []).append(session["events"])
        return found

    weir.wait_until(lambda: len(counted()) == VISITORS, "a closed session of each visitor")
    assert counted() == {visitor: [number] for visitor, number in sent.items()}
