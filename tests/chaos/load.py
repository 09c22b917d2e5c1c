"""Traffic that doesn't stop for faults: a process of its own, `python -m tests.chaos.load SETTINGS SEED RATE`.

Which events there are, and which of them are repeated, late, misplaced or broken, is the seed's choice; when they
arrive is the machine's. It ends on SIGTERM, after every event is acknowledged.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from confluent_kafka import Producer

from weir.cluster import producer
from weir.settings import Settings
from weir.topics import EVENTS

VISITORS_AT_ONCE = 2_000
NEW_VISITORS_EVERY = 25
"""Events after which one visitor leaves and another comes."""
HOT = "visitor-hot"
HOT_SPELL = 40_000
"""Events of a spell; in every second one, half of the traffic is one visitor's."""
REMEMBERED = 20_000
STEP_S = 0.02
TYPES = ("page_view",) * 8 + ("click", "search", "add_to_cart", "purchase", "of-our-own")
BROKEN = (
    b"not JSON",
    b'{"event_id": "x", "visitor_id": "anna"',
    b'{"event_id": "x", "visitor_id": "anna", "type": "click"}',
    b'{"event_id": 7, "visitor_id": "anna", "type": "click", "ts": 1767225600}',
    b'{"event_id": "x", "visitor_id": "\xff", "type": "click", "ts": 1767225600}',
)

Sent = tuple[bytes | None, bytes]
"""Key and value."""


def traffic(seed: int, reach_s: float) -> Iterator[tuple[float, Sent]]:
    """Endless events; each comes with the seconds by which its time differs from its sending.

    Args:
        seed: of all choices.
        reach_s: how far a straggler may be behind and still find its session open, about.
    """
    randomness = random.Random(seed)
    number = 0
    while True:
        number += 1
        first = number // NEW_VISITORS_EVERY
        name = f"visitor-{first + randomness.randrange(VISITORS_AT_ONCE)}"
        if (number // HOT_SPELL) % 2 and randomness.random() < 0.5:
            name = HOT
        key: bytes | None = name.encode()
        chance = randomness.random()
        if chance < 0.001:
            yield 0.0, (key, randomness.choice(BROKEN))
            continue
        if chance < 0.003:
            key = randomness.choice([None, b"somebody else"])
        yield _shift_s(randomness, reach_s), (key, _event(randomness, number, name))


def _shift_s(randomness: random.Random, reach_s: float) -> float:
    """Most are on time; some come up to the bound of what is late, some beyond; some clocks are wrong."""
    chance = randomness.random()
    if chance < 0.8:
        return 0.0
    if chance < 0.98:
        return -randomness.uniform(0.0, reach_s)
    if chance < 0.99:
        return -randomness.uniform(reach_s, 3 * reach_s)
    return randomness.choice([0.5, 3_600.0]) if chance < 0.992 else 0.0


def _event(randomness: random.Random, number: int, name: str) -> bytes:
    what = randomness.choice(TYPES)
    event: dict[str, Any] = {
        "event_id": str(number),
        "visitor_id": name,
        "type": what,
        "ts": None,
        "url": f"/products/{randomness.randrange(500)}",
        "ip": f"10.0.{randomness.randrange(20)}.{randomness.randrange(200)}",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:147.0) Gecko/20100101 Firefox/147.0",
    }
    if what == "purchase":
        event |= {"value": float(randomness.randint(1, 90)), "currency": "EUR", "item_id": "item-1"}
    if randomness.random() < 0.002:
        event["user_agent"] = "sqlmap/1.8 (https://sqlmap.org)"
    return json.dumps(event).encode()


class Load:
    """Sends traffic at a rate, one event in twenty a second time."""

    def __init__(self, settings: Settings, seed: int, rate: float) -> None:
        self._topic = settings.names.public(EVENTS)
        self._rate = rate
        self._traffic = traffic(seed, settings.gap_s + settings.grace_s)
        self._again = random.Random(seed + 1)
        self._earlier: deque[Sent] = deque(maxlen=REMEMBERED)
        # Outages are longer than any timeout; what was sent has to arrive all the same.
        self._producer: Producer = producer(
            settings,
            linger_ms=5,
            message_timeout_ms=0,
            reconnect_backoff_max_ms=500,
            queue_buffering_max_messages=1_000_000,
        )
        self._ended = False

    def end(self, *_: object) -> None:
        """Sends nothing more."""
        self._ended = True

    def run(self) -> None:
        """Sends until `end`, then waits until everything has arrived."""
        sent, begun_s = 0, time.monotonic()
        while not self._ended:
            due = int((time.monotonic() - begun_s) * self._rate)
            while sent < due and not self._ended:
                self._send(*self._next())
                sent += 1
            self._producer.poll(STEP_S)
        self._producer.flush()

    def _next(self) -> Sent:
        if self._earlier and self._again.random() < 0.05:
            return self._again.choice(self._earlier)
        shift_s, (key, value) = next(self._traffic)
        value = value.replace(b'"ts": null', b'"ts": %.3f' % (time.time() + shift_s))
        self._earlier.append((key, value))
        return key, value

    def _send(self, key: bytes | None, value: bytes) -> None:
        try:
            self._producer.produce(self._topic, value, key)
        except BufferError:
            # An outage: what can't wait here was never sent.
            self._producer.poll(STEP_S)


def main(settings_file: str, seed: str, rate: str) -> None:
    """Sends until SIGTERM."""
    load = Load(Settings.model_validate_json(Path(settings_file).read_text()), int(seed), float(rate))
    signal.signal(signal.SIGTERM, load.end)
    load.run()


if __name__ == "__main__":
    main(*sys.argv[1:])
