"""Sends events at a rate, each at its own moment: `python -m bench.measure.sender SENDING`, by `latency.py`."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from random import Random

from bench.measures.load import EVENT, TOOL
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS

TOOL_EVERY = 25
VISITORS = 20_000
STEP_S = 0.001
BROWSER = b"Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"


def main(file: str) -> None:
    """Sends all of it."""
    given = json.loads(Path(file).read_text())
    settings = Settings.model_validate(given["settings"])
    rate, begin = float(given["rate"]), float(given["begin"])
    client = producer(settings, linger_ms=2, queue_buffering_max_messages=1_000_000)
    topic, random = settings.names.public(EVENTS), Random(1)
    total, sent = int(rate * given["seconds"]), 0
    while sent < total:
        due = min(int((time.time() - begin) * rate) + 1, total)
        for number in range(sent, due):
            is_tool = number % TOOL_EVERY == 0
            name = b"tool-%d" % number if is_tool else b"visitor-%d" % random.randrange(VISITORS)
            address = (number >> 16 & 255, number >> 8 & 255, number & 255)
            kind, agent = b"page_view", TOOL if is_tool else BROWSER
            client.produce(
                topic, EVENT % (number, name, kind, begin + number / rate, number % 997, *address, agent), name
            )
        sent = max(sent, due)
        client.poll(0)
        time.sleep(STEP_S)
    client.flush()


if __name__ == "__main__":
    main(sys.argv[1])
