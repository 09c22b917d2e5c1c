"""Sends due records: the traffic's events, some of them also cut in half, and the moderators' labels."""

from __future__ import annotations

from dataclasses import dataclass

from streams.demo.delivery import Sending, traffic
from streams.demo.moderator import Moderators
from streams.demo.truth import TruthFiles
from weir.contracts.fast import encode
from weir.kafka.sender import Producer
from weir.topics import EVENTS, LABELS, Names

BROKEN_EVERY = 400
"""After each `BROKEN_EVERY` events, half of an event is sent, which becomes a dead letter."""
_AT_ONCE = 2_000


@dataclass
class Sent:
    """Numbers of sent records."""

    events: int = 0
    """Events including repeated events, without broken ones."""
    repeats: int = 0
    broken: int = 0
    labels: int = 0
    refused: int = 0
    """Records that the broker didn't accept."""


class Sender:
    """Sends the records of all visitors and moderators by one producer."""

    def __init__(self, producer: Producer, names: Names, truth: TruthFiles, moderators: Moderators) -> None:
        self.sent = Sent()
        self._producer = producer
        self._events, self._labels = names.public(EVENTS), names.public(LABELS)
        self._truth = truth
        self._moderators = moderators

    def begin(self, seed: int, rate: float, start_s: float, pace: float) -> None:
        """Starts the traffic at `start_s`; see `streams.demo.traffic.traffic_events`."""
        self._start_s = start_s
        self._traffic = traffic(seed, rate, start_s, pace)
        self._next = next(self._traffic)

    def send_due(self, now_s: float) -> None:
        """Sends the records that are due by `now_s`, at most `_AT_ONCE` events, so that the view is not delayed."""
        for _ in range(_AT_ONCE):
            if self._start_s + self._next.at_s > now_s:
                break
            self._send(self._next)
            self._next = next(self._traffic)
        for label in self._moderators.due_labels(now_s):
            self._produce(self._labels, label.visitor_id, encode(label))
            self.sent.labels += 1
        self._producer.poll(0)

    def flush(self, timeout_s: float = 15.0) -> int:
        """Waits until all records are acknowledged; returns the number of records that were not within the timeout."""
        return int(self._producer.flush(timeout_s))

    def _send(self, sending: Sending) -> None:
        self._truth.add(sending.visitor)
        self._moderators.add_event(sending.visitor, sending.event["ts"])
        value = encode(sending.event)
        self._produce(self._events, sending.visitor.visitor_id, value)
        self.sent.events += 1
        self.sent.repeats += sending.is_repeat
        if self.sent.events % BROKEN_EVERY == 0:
            self._produce(self._events, sending.visitor.visitor_id, value[: len(value) // 2])
            self.sent.broken += 1

    def _produce(self, topic: str, key: str, value: bytes) -> None:
        self._producer.produce(topic, key=key.encode(), value=value, on_delivery=self._delivered)

    def _delivered(self, error: object, _: object) -> None:
        self.sent.refused += error is not None
