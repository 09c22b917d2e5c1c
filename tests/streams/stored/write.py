"""Writes what the stages keep half way through a made-up log, with their model records: see the README beside it."""

from __future__ import annotations

import base64
import gzip
import json
import sys
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from streams.intake.line import Line
from streams.replay.run import Replay
from streams.stages import Resources
from tests.support.crowd import crowd
from weir.contracts import Label
from weir.kafka.records import LogRecord
from weir.settings import Settings
from weir.topics import MODELS, Topic

KEY = "key of the stored states"
VISITORS = 90
CUT = 60
NOW_S = 1_767_300_000.0


def entries() -> tuple[dict[str, list[tuple[str, str]]], list[dict[str, str]]]:
    """State entries by stage and partition, and the records of the models topic."""
    settings = Settings(
        partitions=2, model_key=SecretStr(KEY), gate_window=50, gate_every=10, gate_min_people=10, rollout_answers=4
    )
    made = crowd(VISITORS, honest=True)
    labels = [Label.model_validate(label) for label in made.labels[:CUT]]
    models: list[dict[str, str]] = []

    def sink(topic: Topic, record: LogRecord) -> None:
        if topic == MODELS and record.key is not None and record.value is not None:
            models.append({"key": record.key.decode(), "value": record.value.decode()})

    work = Replay(Resources.from_settings(settings, now=lambda: NOW_S), labels, sink, NOW_S)
    until = made.labels[CUT]["ts"]
    shoppers = [event for event in made.events if event["ts"] < until]
    for number, event in enumerate(sorted([*shoppers, *hostile(until)], key=lambda event: event["ts"])):
        work.read(Line("crowd", number, event["visitor_id"].encode(), json.dumps(event).encode(), event["ts"]))
    work._flow.settle()
    # An answer that finds no session waits.
    work._learn(Label(visitor_id="nobody", session_id="nowhere", ts=until, label="bad", source="moderation"))
    states = {
        f"{stage}/{partition}": {key: value for key, value in task.changes() if value is not None}
        for (stage, partition), task in work._flow._tasks.items()
    }
    return {name: coded(kept) for name, kept in sorted(states.items())}, models


def hostile(until: float) -> list[dict[str, Any]]:
    """Events of one visitor over a budget and with a payload, so that every kind of entry is there."""
    who = {"visitor_id": "hostile", "ip": "192.0.2.9", "user_agent": "sqlmap/1.7", "account_id": "eve"}
    what = {"type": "page_view", "url": "/?q=1' or '1'='1"}
    return [{"event_id": f"h{n}", "ts": until - 100 + n / 50} | who | what for n in range(400)]


def coded(kept: dict[bytes, bytes]) -> list[tuple[str, str]]:
    """Entries as JSON has them."""
    return [(base64.b64encode(key).decode(), base64.b64encode(value).decode()) for key, value in sorted(kept.items())]


if __name__ == "__main__":
    states, models = entries()
    Path(sys.argv[1]).write_bytes(gzip.compress(json.dumps({"states": states, "models": models}).encode(), mtime=0))
