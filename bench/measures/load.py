"""Steady traffic at a rate: `python -m bench.measures.load SETTINGS RATE`. It ends on SIGTERM, when all has arrived.

A thousand visitors at once, twenty events each; one visitor in ten is a tool whose name the heuristics know, so that
flags come out all the time. Nothing in it changes with time but the names: what grows in a worker grows by itself.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.measures.place import Site
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS

VISITORS_AT_ONCE = 1_000
EVENTS_EACH = 20
TOOL_EVERY = 10
STEP_S = 0.01
END_TIMEOUT_S = 60.0
ROOT = Path(__file__).parents[2]
TYPES = (b"page_view", b"page_view", b"page_view", b"page_view", b"click", b"search", b"add_to_cart")
BROWSER = b"Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0"
TOOL = b"sqlmap/1.8 (https://sqlmap.org)"
EVENT = (
    b'{"event_id":"%d","visitor_id":"%b","type":"%b","ts":%.3f,"url":"/products/%d",'
    b'"referrer":"https://example.org/","ip":"10.%d.%d.%d","user_agent":"%b"}'
)


def event(number: int, visitor: int, ts: float, kind: bytes = b"page_view") -> tuple[bytes, bytes]:
    """Key and value of an event; what a visitor uses and where it comes from follows from its number."""
    name = b"visitor-%d" % visitor
    agent = BROWSER if visitor % TOOL_EVERY else TOOL
    address = (visitor >> 16 & 255, visitor >> 8 & 255, visitor & 255)
    return name, EVENT % (number, name, kind, ts, number % 997, *address, agent)


def send(settings: Settings, rate: float, is_over: list[bool]) -> None:
    """Sends until `is_over` holds something, then waits until everything has arrived."""
    client = producer(settings, linger_ms=5, queue_buffering_max_messages=1_000_000)
    topic, randomness = settings.names.public(EVENTS), random.Random(1)
    sent, begun_s = 0, time.monotonic()
    while not is_over:
        due = int((time.monotonic() - begun_s) * rate)
        for number in range(sent, due):
            visitor = number // EVENTS_EACH + randomness.randrange(VISITORS_AT_ONCE)
            key, value = event(number, visitor, time.time(), randomness.choice(TYPES))
            client.produce(topic, value, key)
        sent = max(sent, due)
        client.poll(STEP_S)
    client.flush()


@contextmanager
def load(place: Site, rate: float) -> Iterator[None]:
    """Traffic from a process of its own while the context lasts.

    Raises:
        RuntimeError: it ended by an error.
    """
    given = place.folder / "load.json"
    given.write_text(place.settings.model_dump_json(exclude_defaults=True))
    process = subprocess.Popen([sys.executable, "-m", "bench.measures.load", str(given), str(rate)], cwd=ROOT)
    try:
        yield
        process.terminate()
        if process.wait(END_TIMEOUT_S):
            raise RuntimeError("The load ended by an error; it is printed above.")
    finally:
        process.kill()
        process.wait()


def main(settings_file: str, rate: str) -> None:
    """Sends until SIGTERM."""
    is_over: list[bool] = []
    signal.signal(signal.SIGTERM, lambda *_: is_over.append(True))
    send(Settings.model_validate_json(Path(settings_file).read_text()), float(rate), is_over)


if __name__ == "__main__":
    main(*sys.argv[1:])
