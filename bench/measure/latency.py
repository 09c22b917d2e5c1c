"""From an event to its flag, at a steady rate, counted from the moment at which the event was *meant* to be sent.

A sender that falls behind, because the broker or the machine does, would hide just the waits that matter if its own
clock were asked (coordinated omission). So each event has its moment by its number, and is late from there on. Events
of visitors whose tool the heuristics know bring about a flag each, at their first event; the others are shoppers'.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from bench.contestants.contestant import RunEnvironment
from bench.contestants.weir import Weir
from bench.events.spec import LogSpec
from bench.measure.arena import arena
from bench.measure.process import running
from bench.measure.scale import _until_ready
from bench.measures.results import say
from weir.topics import FLAGS

WARM_S = 5.0
"""Of the sending; not counted."""
AFTER_S = 10.0
ROOT = Path(__file__).parents[2]
QUANTILES = (0.5, 0.9, 0.99, 0.999)
ONE_PROCESS = Weir("weir-flags", "Weir", "", processes=("sessionize,score",))
TWO_PROCESSES = Weir("weir-flags-two", "Weir", "", processes=("sessionize", "score"))


def measure_latency(rate: float, seconds: float, home: Path) -> dict[str, Any]:
    """Milliseconds of every flag, for both stages in one process and for one process each."""
    found: dict[str, Any] = {"rate": rate, "seconds": seconds}
    with arena(home / "expected") as place:
        for name, weir in (("one process", ONE_PROCESS), ("a process a stage", TWO_PROCESSES)):
            log = place.log(LogSpec(events=0, closes=False))
            here = log.place(weir.name)
            weir.lay_out(here)
            commands = weir.commands(here)
            with running(commands, here.folder) as started:
                for command in commands:
                    _until_ready(command.status_url, started.begun_s)
                before = started.cpu_s()
                latencies = _drive(here, rate, seconds)
                share = (started.cpu_s() - before) / seconds
            ordered = sorted(latencies)
            found[name] = {
                "flags": len(ordered),
                "quantiles_ms": {f"{share:g}": _quantile(ordered, share) for share in QUANTILES},
                "greatest_ms": ordered[-1] if ordered else None,
                "latencies_ms": [round(one, 2) for one in ordered[:: max(len(ordered) // 5_000, 1)]],
                "busy": share,
            }
            say(f"{name}: {found[name]['flags']} flags, {found[name]['quantiles_ms']}")
    return found


def _drive(place: RunEnvironment, rate: float, seconds: float) -> list[float]:
    """Sends from a process of its own and reads the flags meanwhile; milliseconds."""
    begin = time.time() + 2.0
    given = place.folder / "sending.json"
    said = {"settings": place.settings.model_dump(mode="json", exclude_defaults=True), "rate": rate}
    given.write_text(json.dumps(said | {"seconds": seconds, "begin": begin}))
    consumer = Consumer(
        {
            **place.settings.client_options(),
            "group.id": "bench.latency",
            "isolation.level": "read_committed",
            "enable.auto.commit": False,
            "fetch.wait.max.ms": 10,
        }
    )
    topic = place.settings.names.public(FLAGS)
    partitions = consumer.list_topics(topic, timeout=10.0).topics[topic].partitions
    consumer.assign([TopicPartition(topic, partition, 0) for partition in partitions])
    sender = subprocess.Popen([sys.executable, "-m", "bench.measure.sender", str(given)], cwd=ROOT)
    latencies = []
    try:
        while time.time() < begin + seconds + AFTER_S:
            for message in consumer.consume(500, 0.01):
                now, key = time.time(), message.key()
                if not isinstance(key, bytes) or not key.startswith(b"tool-"):
                    continue
                meant = begin + int(key[5:]) / rate
                if meant >= begin + WARM_S:
                    latencies.append((now - meant) * 1_000)
            if sender.poll() and sender.returncode:
                raise RuntimeError("The sender ended by an error.")
    finally:
        sender.kill()
        sender.wait()
        consumer.close()
    return latencies


def _quantile(ordered: list[float], share: float) -> float | None:
    return round(ordered[min(int(len(ordered) * share), len(ordered) - 1)], 2) if ordered else None
