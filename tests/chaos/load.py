"""Traffic that doesn't stop for faults: a process of its own, `python -m tests.chaos.load SETTINGS SEED RATE TOLD`.

Which events there are, and which of them are sent a second time, is the seed's choice; when they arrive is the
machine's. It ends on SIGTERM, after every event is acknowledged, and tells in a file what it sent.
"""

from __future__ import annotations

import json
import random
import signal
import sys
import time
from collections import Counter, deque
from pathlib import Path

from confluent_kafka import Producer

from tests.chaos.answers import EVENTS_A_LABEL, People
from tests.chaos.traffic import MISPLACED, POISON, Bounds, traffic
from weir.kafka.sender import producer
from weir.settings import Settings
from weir.topics import EVENTS, LABELS

REMEMBERED_S = 15.0
"""An event comes again after so long at most: longer than a worker takes to die and come back."""
TWICE_SHARE = 0.05
STEP_S = 0.02


class Load:
    """Sends traffic at a rate, one event in twenty a second time, and labels of people about its visitors."""

    def __init__(self, settings: Settings, seed: int, rate: float) -> None:
        self._topic = settings.names.public(EVENTS)
        self._rate = rate
        self._traffic = traffic(seed, Bounds(settings.gap_s, settings.grace_s, settings.max_record_bytes))
        self._again = random.Random(seed + 1)
        self._labels = settings.names.public(LABELS)
        self._people = People(seed + 2)
        self._earlier: deque[tuple[float, bytes | None, bytes]] = deque(maxlen=int(rate * REMEMBERED_S))
        # Outages are longer than any timeout; what was sent has to arrive all the same.
        self._producer: Producer = producer(
            settings,
            linger_ms=5,
            message_timeout_ms=0,
            reconnect_backoff_max_ms=500,
            queue_buffering_max_messages=1_000_000,
        )
        self._kinds: Counter[str] = Counter()
        self._twice: Counter[tuple[int, int]] = Counter()
        self._not_sent = 0
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
                self._send(self._topic, *self._next())
                sent += 1
                if sent % EVENTS_A_LABEL == 0:
                    for key, value in self._people.say(time.time()):
                        self._send(self._labels, key, value)
            self._producer.poll(STEP_S)
        self._producer.flush()

    def told(self) -> str:
        """What was sent: by kind, and how many a second time, by the seconds of their first and second sending."""
        twice = [[*seconds, count] for seconds, count in sorted(self._twice.items())]
        return json.dumps(
            {"kinds": self._kinds, "twice": twice, "not_sent": self._not_sent, "labels": self._people.kinds}
        )

    def _next(self) -> tuple[bytes | None, bytes]:
        now_s = time.time()
        if self._earlier and self._again.random() < TWICE_SHARE:
            before_s, key, value = self._again.choice(self._earlier)
            self._twice[int(before_s), int(now_s)] += 1
            return key, value
        made = next(self._traffic)
        self._kinds.update(made.kinds)
        if made.key is not None and not {MISPLACED, POISON} & set(made.kinds):
            self._people.saw(made.key.decode())
        value = made.at(now_s)
        self._earlier.append((now_s, made.key, value))
        return made.key, value

    def _send(self, topic: str, key: bytes | None, value: bytes) -> None:
        try:
            self._producer.produce(topic, value, key)
        except BufferError:
            # An outage: what can't wait here was never sent.
            self._not_sent += 1
            self._producer.poll(STEP_S)


def main(settings_file: str, seed: str, rate: str, told: str) -> None:
    """Sends until SIGTERM."""
    load = Load(Settings.model_validate_json(Path(settings_file).read_text()), int(seed), float(rate))
    signal.signal(signal.SIGTERM, load.end)
    load.run()
    Path(told).write_text(load.told())


if __name__ == "__main__":
    main(*sys.argv[1:])
